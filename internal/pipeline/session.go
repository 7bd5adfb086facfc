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

// Sessions is the second stage. It adds calls to their sessions. On each span it writes the state of the session and
// the loops that first showed on this span. It must run after a Scorer, whose verdicts it completes. It is safe for
// concurrent use.
type Sessions struct {
	tracker *session.Tracker
	workers sync.Pool // of *sessionWorker
}

type sessionWorker struct {
	spans  *Spans
	writer spanattr.Writer
}

// NewSessions returns a stage that uses a tracker.
func NewSessions(tracker *session.Tracker) *Sessions {
	s := &Sessions{tracker: tracker}
	s.workers.New = func() any {
		spans := NewSpans()
		spans.digests = digestEverySpan
		return &sessionWorker{spans: spans}
	}
	return s
}

// Traces adds every GenAI span to its session and writes the result on it. limit returns the limit that the session
// reached with the span, or "". limit and the batch of the request may be nil. The data must be mutable. Traces returns
// the number of GenAI spans that no Scorer saw.
func (s *Sessions) Traces(td ptrace.Traces, b *Batch, limit func(*session.Observation) string) (unscored int) {
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
				if e.Record.Coverage == "" {
					unscored++
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
	// Not deferred, so that a worker is not reused after a panic.
	s.workers.Put(w)
	return unscored
}

// index records which session each trace of a request belongs to, so that a span without a conversation finds its
// session through its trace.
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

// Observe adds the span of an entry to its session, and adds the result to the record of the entry.
func (s *Sessions) Observe(e *Entry) session.Observation {
	o := s.tracker.Observe(&e.Session)
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

// nanos returns a time as a signed number for comparison. It caps times after the year 2262.
func nanos(t pcommon.Timestamp) int64 { return int64(min(t, 1<<63-1)) }
