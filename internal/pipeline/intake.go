package pipeline

import (
	"strconv"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Kept is what decides whether people see a trace that sampling kept.
type Kept struct {
	ID        string
	Trace     pcommon.TraceID
	Service   string // of its first GenAI span
	Session   string // of its first GenAI span that names one
	GenAI     bool
	Failed    bool
	Suspected bool
	Complaint bool // it carries bad feedback, on itself or on another trace
	// Probability is that with which the trace was kept, where its spans say it.
	Probability genai.Opt[float64]
}

// readers are pooled, because a reader is large and sampling hands on each trace by itself.
var readers = sync.Pool{New: func() any { return dialect.NewReader(nil) }}

// KeptTraces lists the traces of a batch in the order of their first span. It reads no content. Spans without a trace
// or span id are only counted as ignored, and GenAI spans that no Scorer saw as unscored too. below is the bound of bad
// feedback.
func KeptTraces(td ptrace.Traces, below float64) (traces []Kept, ignored, unscored int) {
	reader := readers.Get().(*dialect.Reader)
	defer readers.Put(reader)
	index := map[pcommon.TraceID]int{}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				id := span.TraceID()
				if id.IsEmpty() || span.SpanID().IsEmpty() {
					ignored++
					continue
				}
				at, seen := index[id]
				if !seen {
					at = len(traces)
					index[id] = at
					traces = append(traces, Kept{ID: id.String(), Trace: id})
				}
				k := &traces[at]
				k.Failed = k.Failed || spanattr.Failed(span)
				k.Complaint = k.Complaint || complains(span, below)
				if p, ok := sampledWith(span.TraceState().AsRaw()); ok && (!k.Probability.Set || p < k.Probability.Value) {
					k.Probability = genai.Some(p)
				}
				coverage, scored := span.Attributes().Get(spanattr.AttrCoverage)
				isCall := scored && coverage.Str() != string(spanattr.NotLLM)
				if !scored || isCall && k.Session == "" {
					if call, ok := reader.Read(rs.Resource(), ss.Scope(), span); ok {
						isCall = true
						if k.Session == "" {
							k.Session = strings.Clone(call.SessionID)
						}
						if !scored {
							unscored++
						}
					}
				}
				if !isCall {
					continue
				}
				if _, suspected := span.Attributes().Get(spanattr.AttrSuspects); suspected {
					k.Suspected = true
				}
				if !k.GenAI {
					k.GenAI = true
					k.Service, _ = dialect.ServiceOf(rs.Resource())
				}
			}
		}
	}
	return traces, ignored, unscored
}

// maxThresholdDigits is the length of a sampling threshold of full precision, in hex digits.
const maxThresholdDigits = 14

// sampledWith reads the probability that a trace state has of sampling: ot=th:<threshold>, of which trailing zeros are
// left out. ok is false without a valid one.
func sampledWith(state string) (probability float64, ok bool) {
	for member := range strings.SplitSeq(state, ",") {
		fields, ours := strings.CutPrefix(strings.Trim(member, " \t"), "ot=")
		if !ours {
			continue
		}
		for field := range strings.SplitSeq(fields, ";") {
			digits, is := strings.CutPrefix(field, "th:")
			if !is || len(digits) == 0 || len(digits) > maxThresholdDigits {
				continue
			}
			n, err := strconv.ParseUint(digits, 16, 64)
			if err != nil {
				return 0, false
			}
			n <<= 4 * (maxThresholdDigits - len(digits))
			return 1 - float64(n)/(1<<56), true
		}
	}
	return 0, false
}

// IsBadFeedback reports whether somebody was not content: a user, or one that does not say what it is, gave a failing
// label or a value below the bound. Scorers and judges give no feedback.
func IsBadFeedback(e *spanattr.Evaluation, below float64) bool {
	switch e.By {
	case spanattr.EvaluatorScorer, spanattr.EvaluatorJudge:
		return false
	case spanattr.EvaluatorUser, spanattr.EvaluatorPerson:
	default:
		if e.Version != "" || e.JudgeModel != "" {
			return false
		}
	}
	return e.Failed || e.Value.Set && e.Value.Value < below
}

func complains(span ptrace.Span, below float64) bool {
	beside := spanattr.EvaluationsBeside(span)
	for i := range beside {
		if beside[i].Name != "" && !beside[i].IsReview() && IsBadFeedback(&beside[i], below) {
			return true
		}
	}
	return false
}

// EvaluationsOnSpans reads the evaluations by others on spans. They are about the span, or the spans that it links to.
func EvaluationsOnSpans(td ptrace.Traces, below float64) (all []review.Evaluation) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				beside := spanattr.EvaluationsBeside(span)
				if len(beside) == 0 {
					continue
				}
				trace, id, at := span.TraceID(), span.SpanID(), span.EndTimestamp()
				if judged := spanattr.Judged(span); len(judged) > 0 {
					trace, id = judged[0].TraceID(), judged[0].SpanID()
				}
				for i := range beside {
					all = appendEvaluation(all, &beside[i], trace, id, rs.Resource(), at, below)
				}
			}
		}
	}
	return all
}

// EvaluationsInLogs reads the evaluations in log records. Those without a name or a trace id are only counted as
// ignored. The labels of our own reviewers are left out: they come from the store.
func EvaluationsInLogs(ld plog.Logs, below float64) (all []review.Evaluation, ignored int) {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				e, ok := spanattr.EvaluationOf(record)
				if !ok {
					continue
				}
				at := record.Timestamp()
				if at == 0 {
					at = record.ObservedTimestamp()
				}
				before := len(all)
				all = appendEvaluation(all, &e, record.TraceID(), record.SpanID(), rl.Resource(), at, below)
				if len(all) == before && !e.IsReview() {
					ignored++
				}
			}
		}
	}
	return all, ignored
}

func appendEvaluation(
	all []review.Evaluation, e *spanattr.Evaluation, trace pcommon.TraceID, span pcommon.SpanID, of pcommon.Resource,
	at pcommon.Timestamp, below float64,
) []review.Evaluation {
	if e.Name == "" || trace.IsEmpty() || e.IsReview() {
		return all
	}
	service, environment := dialect.ServiceOf(of)
	r := review.Evaluation{
		TraceID: trace.String(), Name: strings.Clone(e.Name), By: string(e.By), Version: strings.Clone(e.Version),
		Label: strings.Clone(e.Label), Value: e.Value, Failed: e.Failed, Class: e.Class, Detail: strings.Clone(e.Detail),
		Explanation: strings.Clone(e.Explanation), JudgeModel: strings.Clone(e.JudgeModel),
		Reviewer: strings.Clone(e.Reviewer), Stratum: e.Stratum, Probability: e.Probability.Value,
		Suspicion: e.Suspicion, Untrusted: e.Untrusted, CostUSD: e.CostUSD,
		Bad: IsBadFeedback(e, below), Service: strings.Clone(service), Environment: strings.Clone(environment),
	}
	for _, scorer := range e.SuspicionOf {
		r.SuspicionOf = append(r.SuspicionOf, strings.Clone(scorer))
	}
	if !span.IsEmpty() {
		r.SpanID = span.String()
	}
	if at != 0 {
		r.Time = at.AsTime()
	}
	return append(all, r)
}

// LabelEvaluation returns the evaluation of a span that a change of a label is.
func LabelEvaluation(c *review.LabelChange, notes bool) (e spanattr.Evaluation) {
	e = spanattr.Evaluation{
		Name: spanattr.EvaluationReview, By: spanattr.EvaluatorPerson, Reviewer: c.Label.Reviewer,
		Label: string(c.Label.Decision), Scope: string(c.Label.Scope), Severity: string(c.Label.Severity),
		Bulk: c.Label.Batch != "", Model: c.Model, PromptName: c.PromptName, PromptVersion: c.PromptVersion,
	}
	switch {
	case c.Undone:
		e.Label = spanattr.LabelUndone
	case c.Label.Decision == review.Confirmed:
		e.Value, e.Failed = genai.Some(0.0), true
		e.Class, e.Detail = c.Label.Class, c.Label.Detail
	case c.Label.Decision == review.Rejected:
		e.Value = genai.Some(1.0)
	}
	if notes && !c.Undone {
		e.Explanation = c.Label.Note
	}
	switch c.Stratum.Source {
	case review.SourceVerdict:
		e.Stratum = spanattr.StratumFlagged
	case review.SourceSuspicion:
		e.Stratum = spanattr.StratumSuspect
	case review.SourceRandom:
		e.Stratum = spanattr.StratumRandom
	}
	if e.Stratum != "" && c.Stratum.Probability > 0 {
		e.Probability = genai.Some(c.Stratum.Probability)
	}
	return e
}
