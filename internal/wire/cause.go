package wire

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// Attributes of the verdict on a whole trace.
const (
	// AttrTraceClass is on the span that the incident began with, and on the root span.
	AttrTraceClass = "app.llm.trace.error_class"
	// AttrTracePrimary is the span that it began with, on those two. An incident is counted where it is the span's own.
	AttrTracePrimary = "app.llm.trace.primary_span_id"
	// AttrCausedBy is the span whose failure explains what failed here.
	AttrCausedBy = "app.llm.caused_by"
	// AttrRecovered says that what failed here succeeded later.
	AttrRecovered = "app.llm.recovered"
)

// Causes finds what the failures of traces began with, and writes it on their spans. It comes after all that finds failures. It
// is used by one goroutine at a time.
type Causes struct {
	reader *Reader
	result score.Result
}

// NewCauses makes one.
func NewCauses() *Causes { return &Causes{reader: NewReader()} }

// TraceCause is what one trace's failures began with.
type TraceCause struct {
	Trace   pcommon.TraceID
	Primary ptrace.Span
	Finding failure.Finding
	Spans   int
}

// Traces writes the cause on the spans of each trace in the data and hands it to each, which may be nil. A trace without a failure
// has none. Of a trace of which settled says that it was decided before, only the explanations within the data are written: what
// comes late is no second incident.
func (c *Causes) Traces(td ptrace.Traces, settled func(pcommon.TraceID) bool, each func(TraceCause)) {
	type trace struct {
		nodes []failure.Node
		spans []ptrace.Span
		index map[pcommon.SpanID]int
	}
	traces := map[pcommon.TraceID]*trace{}
	var order []pcommon.TraceID
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				t, ok := traces[span.TraceID()]
				if !ok {
					t = &trace{index: map[pcommon.SpanID]int{}}
					traces[span.TraceID()] = t
					order = append(order, span.TraceID())
				}
				if _, twice := t.index[span.SpanID()]; twice {
					continue
				}
				t.index[span.SpanID()] = len(t.nodes)
				t.nodes = append(t.nodes, c.node(rs.Resource(), ss.Scope(), span))
				t.spans = append(t.spans, span)
			}
		}
	}
	for _, id := range order {
		t := traces[id]
		for i, span := range t.spans {
			t.nodes[i].Parent = -1
			if parent, ok := t.index[span.ParentSpanID()]; ok && parent != i {
				t.nodes[i].Parent = parent
			}
		}
		cause := failure.FindCause(t.nodes)
		for i, span := range t.spans {
			span.Attributes().RemoveIf(func(key string, _ pcommon.Value) bool { return ofCause(key) })
			if by := cause.CausedBy[i]; by >= 0 {
				span.Attributes().PutStr(AttrCausedBy, t.spans[by].SpanID().String())
			}
			if cause.Recovered[i] {
				span.Attributes().PutBool(AttrRecovered, true)
			}
		}
		if cause.Primary < 0 || settled(id) {
			continue
		}
		primary := t.spans[cause.Primary]
		for i, span := range t.spans {
			if i == cause.Primary || span.ParentSpanID().IsEmpty() {
				span.Attributes().PutStr(AttrTraceClass, string(cause.Finding.Class))
				span.Attributes().PutStr(AttrTracePrimary, primary.SpanID().String())
			}
		}
		if each != nil {
			each(TraceCause{Trace: id, Primary: primary, Finding: cause.Finding, Spans: len(t.spans)})
		}
	}
}

func ofCause(key string) bool {
	return key == AttrTraceClass || key == AttrTracePrimary || key == AttrCausedBy || key == AttrRecovered
}

// node reads what the verdict on a span says.
func (c *Causes) node(resource pcommon.Resource, scope pcommon.InstrumentationScope, span ptrace.Span) failure.Node {
	n := failure.Node{
		ID: span.SpanID().String(), Start: nanos(span.StartTimestamp()), End: nanos(span.EndTimestamp()), Error: span.Status().Code() == ptrace.StatusCodeError,
	}
	c.result.Reset()
	readBack(span, &c.result)
	loops := loopsWritten(span)
	for _, f := range c.result.Findings {
		if f.Class == failure.RetryLoop && f.Detail == "" && len(loops) > 0 { // a class that did not name the span has no detail
			f.Detail = loops[0]
		}
		n.Findings = append(n.Findings, f)
	}
	if call, ok := c.reader.Read(resource, scope, span); ok {
		switch {
		case call.Operation == genai.OpInvokeAgent:
			n.Agent = true
		case call.Operation == genai.OpExecuteTool:
			if arguments := call.ToolArguments().Text; arguments != "" { // else nobody knows whether it is the same
				n.Operation = "tool " + call.ToolName + "\n" + arguments
			}
		case call.IsLLMCall():
			// A retry sends the same conversation again. Where none was recorded, only an error is taken to be tried again.
			if input := call.Input(); len(input) > 0 || n.Error || len(n.Findings) == 0 {
				n.Operation = "model " + call.AnyModel() + "\n" + strconv.Itoa(len(input)) + "\n" + call.Question()
			}
		}
	}
	return n
}

// nanos is a time that can be compared: those after the year 2262 are as late as can be.
func nanos(t pcommon.Timestamp) int64 { return int64(min(t, 1<<63-1)) }
