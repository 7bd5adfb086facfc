package pipeline

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Causes is the third stage. It finds the root cause of the failures of whole traces and writes it on their spans. It
// must run after every stage that finds failures. Only one goroutine may use it at a time.
type Causes struct {
	spans  *Spans
	writer spanattr.Writer
}

// NewCauses returns the stage.
func NewCauses() *Causes {
	c := &Causes{spans: NewSpans()}
	c.spans.digests = digestUnknown
	return c
}

// TraceCause is the root cause of one trace.
type TraceCause struct {
	Trace   pcommon.TraceID
	Primary ptrace.Span
	Finding failure.Finding
	Spans   int
}

// NeedsWrite reports whether Traces would change the data: something failed in it, or an earlier pass found a cause.
func (c *Causes) NeedsWrite(td ptrace.Traces) bool {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if spanattr.Failed(span) || spanattr.HasTrace(span) {
					return true
				}
			}
		}
	}
	return false
}

// Traces writes the root cause on the spans of each trace in the data and passes it to each, which may be nil. A trace
// without a failure has no cause. If settled reports that a trace was decided before, Traces writes only the
// explanations within the data, because late spans are not a second incident. The data must be mutable.
func (c *Causes) Traces(td ptrace.Traces, settled func(pcommon.TraceID) bool, each func(TraceCause)) {
	for _, t := range c.gather(td) {
		if !t.failed { // true of most traces sampled at random
			continue
		}
		incident := t.find()
		found := !incident.Primary.IsEmpty() && !settled(t.id)
		var primary ptrace.Span
		for _, span := range t.data {
			id := span.SpanID()
			trace := spanattr.Trace{Recovered: incident.Recovered(id)}
			if by, ok := incident.CausedBy(id); ok {
				trace.CausedBy = by.String()
			}
			if found && (id == incident.Primary || span.ParentSpanID().IsEmpty()) {
				trace.Class, trace.Primary = incident.Finding.Class, incident.Primary.String()
			}
			if id == incident.Primary {
				primary = span
			}
			c.writer.Write(span, &spanattr.Record{Trace: trace}, spanattr.Traces)
		}
		if found && each != nil {
			each(TraceCause{Trace: t.id, Primary: primary, Finding: incident.Finding, Spans: len(t.data)})
		}
	}
	c.spans.End()
}

// wholeTrace holds the spans of one trace, each once.
type wholeTrace struct {
	traceBuffer
	id   pcommon.TraceID
	data []ptrace.Span
}

// gather groups spans by trace, in the order of the data, and erases what an earlier pass wrote.
func (c *Causes) gather(td ptrace.Traces) []*wholeTrace {
	var list []*wholeTrace
	type key struct {
		trace pcommon.TraceID
		span  pcommon.SpanID
	}
	seen, byID := map[key]bool{}, map[pcommon.TraceID]*wholeTrace{}
	c.spans.Begin(nil)
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				spanattr.EraseTrace(span)
				t, ok := byID[span.TraceID()]
				if !ok {
					t = &wholeTrace{id: span.TraceID()}
					byID[span.TraceID()] = t
					list = append(list, t)
				}
				if k := (key{t.id, span.SpanID()}); !seen[k] {
					seen[k] = true
					t.data = append(t.data, span)
					t.add(span, c.spans.Entry(rs.Resource(), ss.Scope(), span))
				}
			}
		}
	}
	return list
}
