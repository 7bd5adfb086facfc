package pipeline

import (
	"cmp"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// ReviewTraces groups the spans of the wanted traces by trace, with the records that earlier stages wrote on them. If
// wanted is nil, it takes all traces. Traces come in the order of their first span. ReviewTraces takes every span of a
// trace, because the spans around a failure explain it. It ignores spans without a trace or span id. The caller may
// keep the calls.
func ReviewTraces(td ptrace.Traces, wanted map[string]bool) []review.Trace {
	var traces []review.Trace
	unwanted := map[pcommon.TraceID]bool{}
	reader := readers.Get().(*dialect.Reader)
	defer readers.Put(reader)
	index := map[pcommon.TraceID]int{}
	for _, rs := range td.ResourceSpans().All() {
		service, environment := dialect.ServiceOf(rs.Resource())
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if span.TraceID().IsEmpty() || span.SpanID().IsEmpty() {
					continue
				}
				if unwanted[span.TraceID()] {
					continue
				}
				at, seen := index[span.TraceID()]
				if !seen {
					if wanted != nil && !wanted[span.TraceID().String()] {
						unwanted[span.TraceID()] = true
						continue
					}
					at = len(traces)
					index[span.TraceID()] = at
					traces = append(traces, review.Trace{ID: span.TraceID().String()})
				}
				t := &traces[at]
				t.Environment = cmp.Or(t.Environment, environment)
				var e Entry
				e.Record.Read(span)
				s := reviewSpan(span, &e.Record)
				s.Cut = e.Record.ContentBytes > 0
				s.Service = service
				if call, ok := reader.Read(rs.Resource(), ss.Scope(), span); ok {
					step(call, &e.Record)
					s.Call = call.Clone()
					scorers := spanattr.ScorersOf(rs.Resource())
					if e.Record.OwnScorers {
						scorers = e.Record.Scorers
					}
					s.Skipped = e.Record.Skipped(scorers, call, false)
					if cost := e.Record.Cost.USD; cost.Set {
						s.Call.CostUSD = cost
					}
					e.take(call)
					if e.Record.CallHash == 0 && e.Session.Kind != session.Other {
						e.Session.Digest = session.NewDigest(call, nil)
					}
					if hash := attempted(&e, s.Error); hash != 0 {
						s.CallHash = spanattr.Hex(hash)
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

// reviewSpan returns a span without its service and its call.
func reviewSpan(span ptrace.Span, r *spanattr.Record) review.Span {
	s := review.Span{
		ID: span.SpanID().String(), ParentID: span.ParentSpanID().String(), Name: span.Name(),
		Start: span.StartTimestamp().AsTime(), Duration: duration(span),
		Error: span.Status().Code() == ptrace.StatusCodeError, Message: span.Status().Message(),
		Verdict: r.Verdict, Outcome: cmp.Or(r.ToolOutcome, r.RetrievalOutcome),
	}
	s.Finding = failure.Finding{} // the verdict already holds it
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Class != s.Class && f.Detail != "" {
			s.Others = append(s.Others, *f)
		}
	}
	if span.StartTimestamp() == 0 {
		s.Start = span.EndTimestamp().AsTime()
	}
	for _, scorer := range r.Suspects() {
		s.Suspects = append(s.Suspects, strings.Clone(scorer)) // the caller may keep it
	}
	if len(r.Scores) > 0 {
		s.Scores = make(map[string]float64, len(r.Scores))
		for i := range r.Scores {
			s.Scores[r.Scores[i].Scorer] = r.Scores[i].Value
			if r.Scores[i].Failed {
				s.Failing = append(s.Failing, strings.Clone(r.Scores[i].Scorer))
			}
		}
	}
	return s
}

// duration returns 0 if a time is missing or the clock went back.
func duration(span ptrace.Span) time.Duration {
	start, end := span.StartTimestamp(), span.EndTimestamp()
	if start == 0 || end <= start {
		return 0
	}
	return end.AsTime().Sub(start.AsTime())
}
