package wire

import (
	"slices"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/session"
)

// Sessions follows the sessions that spans belong to and writes on each span how far its session had come, and the loops that it
// showed first. It comes after an Annotator, whose verdicts it completes. It is safe for concurrent use.
type Sessions struct {
	tracker *session.Tracker
	options AnnotateOptions
	workers sync.Pool // of *worker
}

// NewSessions follows sessions with a tracker.
func NewSessions(tracker *session.Tracker, options AnnotateOptions) *Sessions {
	s := &Sessions{tracker: tracker, options: options}
	s.workers.New = func() any { return &worker{reader: NewReader()} }
	return s
}

// Followed is what a session made of one span.
type Followed struct {
	Span ptrace.Span
	Call *genai.Call
	session.Sighting
}

// Limit writes on the span the limit that its session reached with it. What an earlier pass wrote is taken away: whoever decides
// which sessions may go on tells it once.
func (f *Followed) Limit(limit session.Limit) {
	if limit == "" {
		f.Span.Attributes().Remove(AttrSessionLimit)
		return
	}
	f.Span.Attributes().PutStr(AttrSessionLimit, string(limit))
}

// Name learns which sessions the traces belong to, so that a span without a name finds its session through its trace.
func (s *Sessions) Name(td ptrace.Traces) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if id, ok := span.Attributes().Get(attrConversation); ok {
					s.tracker.Name(span.TraceID(), id.Str())
				}
			}
		}
	}
}

// Foresee is Name for data that no Annotator has written on, where each dialect names the session in its own place.
func (s *Sessions) Foresee(td ptrace.Traces) {
	w := s.workers.Get().(*worker)
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if call, ok := w.reader.Read(rs.Resource(), ss.Scope(), span); ok {
					s.tracker.Name(span.TraceID(), call.SessionID)
				}
			}
		}
	}
	s.workers.Put(w)
}

// Follow adds a span of a call to its session, and what the session shows to its verdict. It writes nothing.
func (s *Sessions) Follow(a *Annotated) session.Sighting {
	sighting := s.tracker.Observe(observed(a.Span, a.Call))
	for i := range sighting.Findings {
		a.Result.Find(sighting.Findings[i])
	}
	if len(sighting.Findings) > 0 {
		a.Verdict = failure.Judge(a.Result.Findings)
	}
	return sighting
}

// Traces follows every span that speaks of GenAI, writes on it what that showed, and hands it to each; which may be nil. The
// data must be mutable.
func (s *Sessions) Traces(td ptrace.Traces, each func(Followed)) {
	s.Name(td)
	w := s.workers.Get().(*worker)
	for _, rs := range td.ResourceSpans().All() {
		resource := rs.Resource()
		for _, ss := range rs.ScopeSpans().All() {
			scope := ss.Scope()
			for _, span := range ss.Spans().All() {
				call, ok := w.reader.Read(resource, scope, span)
				if !ok {
					continue
				}
				sighting := s.tracker.Observe(observed(span, call))
				if each != nil {
					each(Followed{Span: span, Call: call, Sighting: sighting})
				}
				s.write(w, span, &sighting)
			}
		}
	}
	// Not deferred: a worker that a panic left half way is not used again.
	s.workers.Put(w)
}

// attrConversation is where Normalise puts the name of the session, whatever the dialect.
const attrConversation = "gen_ai.conversation.id"

func observed(span ptrace.Span, call *genai.Call) *session.Observed {
	o := &session.Observed{Trace: span.TraceID(), Start: nanos(span.StartTimestamp()), Call: call}
	id := span.SpanID()
	copy(o.Span[:], id[:])
	if outcome, ok := span.Attributes().Get(AttrToolOutcome); ok {
		o.ToolFailed = outcome.Str() == score.OutcomeFailed
	}
	if cost, ok := span.Attributes().Get(AttrCostUSD); ok && cost.Type() == pcommon.ValueTypeDouble {
		o.CostUSD = cost.Double()
	}
	return o
}

func (s *Sessions) write(w *worker, span ptrace.Span, sighting *session.Sighting) {
	attrs := span.Attributes()
	loops := loopsWritten(span)
	if len(sighting.Findings) > 0 {
		// The verdict is made again, of what it was made of and of what the session adds.
		w.result.Reset()
		readBack(span, &w.result)
		for i := range sighting.Findings {
			w.result.Find(sighting.Findings[i])
			if detail := sighting.Findings[i].Detail; !slices.Contains(loops, detail) {
				loops = append(loops, detail)
			}
		}
		verdict := failure.Judge(w.result.Findings)
		attrs.RemoveIf(func(key string, _ pcommon.Value) bool { return ofVerdict(key) })
		writeVerdict(attrs, &verdict, s.options)
	}
	attrs.PutStr(AttrSessionID, string(sighting.ID))
	attrs.PutInt(AttrSessionTurns, int64(sighting.Turns))
	attrs.PutInt(AttrSessionModelCalls, int64(sighting.Models))
	attrs.PutInt(AttrSessionToolCalls, int64(sighting.Tools))
	if sighting.Spend > 0 {
		attrs.PutDouble(AttrSessionCostUSD, sighting.Spend)
	}
	if len(sighting.Findings) > 0 {
		list := attrs.PutEmptySlice(AttrSessionLoops)
		for _, detail := range loops {
			list.AppendEmpty().SetStr(detail)
		}
	}
}

// ofVerdict reports whether an attribute is part of the verdict.
func ofVerdict(key string) bool {
	switch key {
	case AttrErrorClass, AttrErrorBucket, AttrErrorDetail, AttrErrorClasses, AttrErrorEvidence, AttrFingerprint:
		return true
	}
	return false
}

// loopsWritten are the loops that an earlier pass found on a span.
func loopsWritten(span ptrace.Span) (details []string) {
	value, ok := span.Attributes().Get(AttrSessionLoops)
	if !ok || value.Type() != pcommon.ValueTypeSlice {
		return nil
	}
	for _, v := range value.Slice().All() {
		if session.IsLoop(v.Str()) && len(details) < maxLoops {
			details = append(details, v.Str())
		}
	}
	return details
}

const maxLoops = 4
