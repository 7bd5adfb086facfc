package wire

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score"
)

// ReviewTraces groups spans by trace, in the order in which traces first appear, with the verdicts and scores that an
// Annotator wrote on them. It takes every span of a trace, since the spans around a failure explain it. It leaves out
// spans without a trace or span id. The caller may keep the calls.
func ReviewTraces(td ptrace.Traces, r *Reader) []review.Trace {
	var traces []review.Trace
	index := map[pcommon.TraceID]int{}
	for _, rs := range td.ResourceSpans().All() {
		var resource genai.Call // what a resource says of every call on it
		readResource(rs.Resource(), &resource)
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if span.TraceID().IsEmpty() || span.SpanID().IsEmpty() {
					continue
				}
				at, seen := index[span.TraceID()]
				if !seen {
					at = len(traces)
					index[span.TraceID()] = at
					traces = append(traces, review.Trace{ID: span.TraceID().String()})
				}
				t := &traces[at]
				t.Environment = cmp.Or(t.Environment, resource.DeploymentEnv)
				s := reviewSpan(span)
				s.Service = resource.ServiceName
				if call, ok := r.Read(rs.Resource(), ss.Scope(), span); ok {
					s.Call = call.Clone()
					s.CallHash = callHash(&s)
					if v, ok := span.Attributes().Get(AttrCostUSD); ok && v.Type() == pcommon.ValueTypeDouble {
						s.Call.CostUSD = genai.Some(v.Double())
					}
				}
				t.Spans = append(t.Spans, s)
			}
		}
	}
	for i := range traces {
		t := &traces[i]
		t.Service = t.Spans[max(review.FindCause(t.Spans).Primary, 0)].Service
	}
	return traces
}

// callHash identifies what a span tried, "" where that is unknown.
func callHash(s *review.Span) string {
	node := s.Node()
	describe(&node, s.Call)
	if node.Operation == "" {
		return ""
	}
	return strconv.FormatUint(xxhash.Sum64String(node.Operation), 16)
}

// reviewSpan returns everything of a span but its service and its call.
func reviewSpan(span ptrace.Span) review.Span {
	s := review.Span{
		ID: span.SpanID().String(), ParentID: span.ParentSpanID().String(), Name: span.Name(),
		Start: span.StartTimestamp().AsTime(), Duration: duration(span),
		Error: span.Status().Code() == ptrace.StatusCodeError, Message: span.Status().Message(),
		Verdict: VerdictOf(span),
	}
	s.Finding = failure.Finding{} // it holds nothing that the verdict does not
	further := s.Class != failure.RetryLoop && slices.Contains(s.Classes, failure.RetryLoop)
	if loops := loopsWritten(span); further && len(loops) > 0 {
		s.Others = []failure.Finding{{Class: failure.RetryLoop, Detail: loops[0]}}
	}
	if span.StartTimestamp() == 0 {
		s.Start = span.EndTimestamp().AsTime()
	}
	for key, value := range span.Attributes().All() {
		if key == AttrToolOutcome || key == AttrRetrievalOutcome {
			s.Outcome = outcomeOf(value)
			continue
		}
		scorer, ok := strings.CutPrefix(key, AttrScorePrefix)
		if !ok || value.Type() != pcommon.ValueTypeDouble {
			continue
		}
		if s.Scores == nil {
			s.Scores = map[string]float64{}
		}
		s.Scores[scorer] = value.Double()
	}
	return s
}

// outcomeOf returns the outcome that an Annotator wrote, "" where the value is not an outcome.
func outcomeOf(v pcommon.Value) string {
	switch outcome := v.Str(); outcome {
	case score.OutcomeOK, score.OutcomeEmpty, score.OutcomeFailed:
		return outcome
	}
	return ""
}

// duration returns the duration of a span, 0 where the clock went back or a time is missing.
func duration(span ptrace.Span) time.Duration {
	start, end := span.StartTimestamp(), span.EndTimestamp()
	if start == 0 || end <= start {
		return 0
	}
	return end.AsTime().Sub(start.AsTime())
}
