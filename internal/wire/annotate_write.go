package wire

import (
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/score"
)

// Limits of what is written on one span, whatever was found.
const (
	maxEvaluations = 32
	maxProblems    = 16
	maxProblem     = 128 // bytes
)

// labelFailed is the gen_ai.evaluation.score.label of a score below its threshold.
const labelFailed = "fail"

// write puts what was found on the span. Nothing of an earlier pass is there any more.
func (w *worker) write(span ptrace.Span, out *Annotated, options AnnotateOptions) {
	r, v := out.Result, &out.Verdict
	attrs := span.Attributes()
	room := attrs.Len() + 1 + len(r.Scores)
	if v.Failed() {
		room += 6
	}
	if out.Cost.USD.Set {
		room += 3
	}
	if r.ToolOutcome != "" || r.RetrievalOutcome != "" {
		room++
	}
	if r.Cancelled {
		room++
	}
	if len(r.Problems) > 0 {
		room++
	}
	attrs.EnsureCapacity(room)

	// Cost comes first: it is overwritten in place by the next pass, what follows is taken away and put at the end again.
	out.Cost.write(span)
	attrs.PutStr(AttrCoverage, string(out.Coverage))
	if v.Failed() {
		writeVerdict(attrs, v, options)
	}
	if r.Cancelled {
		attrs.PutBool(AttrCancelled, true)
	}
	if r.ToolOutcome != "" {
		attrs.PutStr(AttrToolOutcome, r.ToolOutcome)
	}
	if r.RetrievalOutcome != "" {
		attrs.PutStr(AttrRetrievalOutcome, r.RetrievalOutcome)
	}
	failing := 0
	for i := range r.Scores {
		s := &r.Scores[i]
		attrs.PutDouble(w.scoreKey(s.Scorer), s.Value)
		if s.Failed {
			failing++
		}
	}
	if failing > 0 {
		writeEvaluations(span, r, min(failing, maxEvaluations), options)
	}
	if len(r.Problems) > 0 {
		writeProblems(attrs, r.Problems)
	}
}

func writeVerdict(attrs pcommon.Map, v *failure.Verdict, options AnnotateOptions) {
	attrs.PutStr(AttrErrorClass, string(v.Class))
	attrs.PutStr(AttrErrorBucket, string(v.Bucket))
	attrs.PutStr(AttrErrorDetail, v.Detail)
	classes := attrs.PutEmptySlice(AttrErrorClasses)
	classes.EnsureCapacity(len(v.Classes))
	for _, c := range v.Classes {
		classes.AppendEmpty().SetStr(string(c))
	}
	attrs.PutStr(AttrErrorEvidence, evidence(v.Evidence, v.Finding.Excerpt, options))
	attrs.PutStr(AttrFingerprint, v.Fingerprint)
}

// evidence is what a finding says, fit for an attribute: valid UTF-8 of at most failure.MaxEvidence bytes.
func evidence(text, excerpt string, options AnnotateOptions) string {
	if options.Content && excerpt != "" {
		// Of a long excerpt only what can be shown is copied.
		text += ": " + clip(excerpt, failure.MaxEvidence)
	}
	return clip(text, failure.MaxEvidence)
}

// writeEvaluations adds an event for each of the first n failing scores, at the end of the span: the time at which its
// answer was known, and the same in every pass.
func writeEvaluations(span ptrace.Span, r *score.Result, n int, options AnnotateOptions) {
	events := span.Events()
	events.EnsureCapacity(events.Len() + n)
	for i := range r.Scores {
		s := &r.Scores[i]
		if !s.Failed {
			continue
		}
		if n--; n < 0 {
			return
		}
		event := events.AppendEmpty()
		event.SetName(EventEvaluation)
		event.SetTimestamp(span.EndTimestamp())
		attrs := event.Attributes()
		attrs.EnsureCapacity(5)
		attrs.PutStr(AttrEvaluationName, s.Scorer)
		attrs.PutDouble(AttrEvaluationValue, s.Value)
		attrs.PutStr(AttrEvaluationLabel, labelFailed)
		attrs.PutStr(AttrEvaluationVersion, s.Version)
		for j := range r.Findings {
			if f := &r.Findings[j]; f.Scorer == s.Scorer {
				attrs.PutStr(AttrEvaluationExplain, evidence(f.Evidence, f.Excerpt, options))
				break
			}
		}
	}
}

// writeProblems lists what scorers could not do, as scorer:reason, each once.
func writeProblems(attrs pcommon.Map, problems []score.Problem) {
	list := attrs.PutEmptySlice(AttrProblems)
	list.EnsureCapacity(min(len(problems), maxProblems))
next:
	for i := range problems {
		if list.Len() == maxProblems {
			return
		}
		p := &problems[i]
		for j := range problems[:i] {
			if problems[j].Scorer == p.Scorer && problems[j].Reason == p.Reason {
				continue next
			}
		}
		list.AppendEmpty().SetStr(clip(p.Scorer+":"+p.Reason, maxProblem))
	}
}

// written reports whether an attribute is one that write puts on a span and that another pass replaces. Cost is not among
// them: see costWritten.
func written(key string) bool {
	if !ours(key) {
		return false
	}
	switch key {
	case AttrErrorClass, AttrErrorBucket, AttrErrorDetail, AttrErrorClasses, AttrErrorEvidence, AttrFingerprint,
		AttrCoverage, AttrToolOutcome, AttrRetrievalOutcome, AttrCancelled, AttrProblems:
		return true
	}
	return strings.HasPrefix(key, AttrScorePrefix) || key == AttrScorers || key == AttrOwnDialect
}

// annotated reports whether the span carries anything that an earlier pass wrote.
func annotated(span ptrace.Span) bool {
	for key := range span.Attributes().All() {
		if written(key) {
			return true
		}
	}
	return false
}

// erase takes away what an earlier pass wrote. Evaluations by others stay: ours are those that name the scorer's version.
func erase(span ptrace.Span) {
	span.Attributes().RemoveIf(func(key string, _ pcommon.Value) bool { return written(key) })
	span.Events().RemoveIf(func(event ptrace.SpanEvent) bool {
		if event.Name() != EventEvaluation {
			return false
		}
		_, ours := event.Attributes().Get(AttrEvaluationVersion)
		return ours
	})
}

// clip makes a text valid UTF-8 and at most n bytes long, ending what was cut with an ellipsis.
func clip(s string, n int) string {
	if len(s) > n {
		const ellipsis = "…"
		end := n - len(ellipsis)
		for end > 0 && !utf8.RuneStart(s[end]) {
			end--
		}
		// The copy lets go of the text that it was cut from.
		s = strings.ToValidUTF8(s[:end], "?") + ellipsis
	}
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "?")
}
