package wire

import (
	"slices"
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
	for _, t := range c.gather(td) {
		for _, p := range t.places {
			p.span.Attributes().RemoveIf(func(key string, _ pcommon.Value) bool { return ofCause(key) })
		}
		if !t.failed { // most of what is sampled by chance: its content is not read
			continue
		}
		for i, p := range t.places {
			if call, ok := c.reader.Read(p.resource, p.scope, p.span); ok {
				describe(&t.nodes[i], call)
			}
			if parent, ok := t.index[p.span.ParentSpanID()]; ok && parent != i {
				t.nodes[i].Parent = parent
			}
		}
		cause := failure.FindCause(t.nodes)
		t.explain(&cause)
		id := t.places[0].span.TraceID()
		if cause.Primary < 0 || cause.Resolved || settled(id) {
			continue
		}
		primary := t.places[cause.Primary].span
		for _, p := range t.places {
			if p.span == primary || p.span.ParentSpanID().IsEmpty() {
				p.span.Attributes().PutStr(AttrTraceClass, string(cause.Finding.Class))
				p.span.Attributes().PutStr(AttrTracePrimary, primary.SpanID().String())
			}
		}
		if each != nil {
			each(TraceCause{Trace: id, Primary: primary, Finding: cause.Finding, Spans: len(t.places)})
		}
	}
}

// place is where a span stands.
type place struct {
	resource pcommon.Resource
	scope    pcommon.InstrumentationScope
	span     ptrace.Span
}

// wholeTrace is the spans of one trace, each once.
type wholeTrace struct {
	places []place
	nodes  []failure.Node // of the places
	index  map[pcommon.SpanID]int
	failed bool
}

// gather sorts spans by their trace, in the order of the data, with what failed on each.
func (c *Causes) gather(td ptrace.Traces) []*wholeTrace {
	var list []*wholeTrace
	byID := map[pcommon.TraceID]*wholeTrace{}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				t, ok := byID[span.TraceID()]
				if !ok {
					t = &wholeTrace{index: map[pcommon.SpanID]int{}}
					byID[span.TraceID()] = t
					list = append(list, t)
				}
				if _, twice := t.index[span.SpanID()]; twice {
					continue
				}
				t.index[span.SpanID()] = len(t.places)
				t.places = append(t.places, place{rs.Resource(), ss.Scope(), span})
				n := failure.Node{
					ID: span.SpanID().String(), Parent: -1, Start: nanos(span.StartTimestamp()), End: nanos(span.EndTimestamp()),
					Error: span.Status().Code() == ptrace.StatusCodeError, Findings: c.findings(span),
				}
				t.failed = t.failed || len(n.Findings) > 0
				t.nodes = append(t.nodes, n)
			}
		}
	}
	return list
}

// findings are those that the verdict on a span tells of.
func (c *Causes) findings(span ptrace.Span) []failure.Finding {
	c.result.Reset()
	readBack(span, &c.result)
	loops := loopsWritten(span)
	for i := range c.result.Findings {
		if f := &c.result.Findings[i]; f.Class == failure.RetryLoop && f.Detail == "" && len(loops) > 0 { // a class that did not name the span has no detail
			f.Detail = loops[0]
		}
	}
	return slices.Clone(c.result.Findings)
}

// describe says what was tried with a call.
func describe(n *failure.Node, call *genai.Call) {
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

// explain writes on each failed span which other explains it, and whether it was made good.
func (t *wholeTrace) explain(cause *failure.Cause) {
	for i, p := range t.places {
		if by := cause.CausedBy[i]; by >= 0 {
			p.span.Attributes().PutStr(AttrCausedBy, t.places[by].span.SpanID().String())
		}
		if cause.Recovered[i] {
			p.span.Attributes().PutBool(AttrRecovered, true)
		}
	}
}

// IncidentOf is the class that the incident of a trace began with, written on a span.
func IncidentOf(span ptrace.Span) failure.Class {
	v, ok := span.Attributes().Get(AttrTraceClass)
	if !ok {
		return ""
	}
	return failure.Class(v.Str())
}

func ofCause(key string) bool {
	return key == AttrTraceClass || key == AttrTracePrimary || key == AttrCausedBy || key == AttrRecovered
}

// nanos is a time that can be compared: those after the year 2262 are as late as can be.
func nanos(t pcommon.Timestamp) int64 { return int64(min(t, 1<<63-1)) }
