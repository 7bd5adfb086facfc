package pipeline

import (
	"slices"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Sessions is the second stage: it adds calls to their sessions, and writes on each span how far its session had come
// and which loops it showed first. It comes after a Scorer, whose verdicts it completes. It is safe for concurrent use.
type Sessions struct {
	tracker *session.Tracker
	workers sync.Pool // of *sessionWorker
}

type sessionWorker struct {
	spans  *Spans
	writer spanattr.Writer
}

// NewSessions makes a stage that follows sessions with a tracker.
func NewSessions(tracker *session.Tracker) *Sessions {
	s := &Sessions{tracker: tracker}
	s.workers.New = func() any {
		spans := NewSpans()
		spans.digests = digestEverySpan
		return &sessionWorker{spans: spans}
	}
	return s
}

// Traces adds every GenAI span to its session and writes on it what that showed. limit is asked for the limit that the
// session reached with the span, "" for none; it may be nil. The batch of the request may be nil. The data must be
// mutable.
func (s *Sessions) Traces(td ptrace.Traces, b *Batch, limit func(*session.Observation) string) {
	w := s.workers.Get().(*sessionWorker)
	s.index(td)
	w.spans.Begin(b)
	for _, rs := range td.ResourceSpans().All() {
		resource := rs.Resource()
		for _, ss := range rs.ScopeSpans().All() {
			scope := ss.Scope()
			for _, span := range ss.Spans().All() {
				e := w.spans.Entry(resource, scope, span)
				if !e.GenAI {
					continue
				}
				hadCost := e.Record.Session.CostUSD.Set
				o := s.Observe(e)
				if hadCost && !e.Record.Session.CostUSD.Set {
					spanattr.EraseSessionCost(span)
				}
				parts := spanattr.Sessions
				if len(o.Findings) > 0 {
					parts |= spanattr.Verdict
				}
				if e.Record.Session.Limit != "" {
					spanattr.EraseLimit(span)
				}
				if e.Record.Session.Limit = ""; limit != nil {
					e.Record.Session.Limit = limit(&o)
				}
				w.writer.Write(span, &e.Record, parts)
				e.settle(span)
			}
		}
	}
	w.spans.End()
	// Not deferred: a worker that a panic left half way is not used again.
	s.workers.Put(w)
}

// index learns which sessions the traces of a request belong to, so that a span that names none finds its session
// through its trace.
func (s *Sessions) index(td ptrace.Traces) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if id, ok := span.Attributes().Get(spanattr.AttrConversation); ok {
					s.tracker.Name(span.TraceID(), id.Str())
				}
			}
		}
	}
}

// Observe adds the span of an entry to its session, and what that shows to the record of the entry.
func (s *Sessions) Observe(e *Entry) session.Observation {
	o := s.tracker.Observe(&e.Facts.Session)
	of := &e.Record.Session
	of.SetID(string(o.ID), e.trace)
	of.Turns, of.ModelCalls, of.ToolCalls = int64(o.Turns), int64(o.Models), int64(o.Tools)
	of.CostUSD = genai.Opt[float64]{Value: o.Spend, Set: o.Spend > 0}
	for i := range o.Findings {
		if detail := o.Findings[i].Detail; !slices.Contains(of.Loops, detail) {
			of.Loops = append(of.Loops, detail)
		}
	}
	if len(o.Findings) > 0 {
		e.Record.AddFindings(o.Findings...)
	}
	return o
}

// nanos is a time that can be compared: times after the year 2262 are as late as can be.
func nanos(t pcommon.Timestamp) int64 { return int64(min(t, 1<<63-1)) }
