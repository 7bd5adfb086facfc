package pipeline

import (
	"cmp"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
	"github.com/faultline-otel/faultline/internal/triage"
)

// Incidents finds the root causes of traces that arrive in portions. It adds spans one by one and keeps little of each.
// Only one goroutine may use it at a time.
type Incidents struct {
	traces map[pcommon.TraceID]*traceBuffer
}

// NewIncidents returns an Incidents without spans.
func NewIncidents() *Incidents { return &Incidents{traces: map[pcommon.TraceID]*traceBuffer{}} }

// Incident is the root cause of the failures of one trace, and how its spans relate to it.
type Incident struct {
	Primary   pcommon.SpanID // the span with the root cause
	Finding   failure.Finding
	causedBy  map[pcommon.SpanID]pcommon.SpanID
	recovered map[pcommon.SpanID]bool
	spans     []triage.Span // ordered by start
}

// Steps groups the spans of the trace by step.
func (i *Incident) Steps() []triage.Step { return triage.GroupByStep(i.spans) }

// CausedBy returns the span whose failure explains the failure of a span.
func (i *Incident) CausedBy(span pcommon.SpanID) (cause pcommon.SpanID, ok bool) {
	cause, ok = i.causedBy[span]
	return cause, ok
}

// Recovered reports whether the failed call of a span succeeded later.
func (i *Incident) Recovered(span pcommon.SpanID) bool { return i.recovered[span] }

// Add adds a span with its entry. If a span arrives twice, the first one counts.
func (n *Incidents) Add(span ptrace.Span, e *Entry) {
	t, ok := n.traces[span.TraceID()]
	if !ok {
		t = &traceBuffer{}
		n.traces[span.TraceID()] = t
	}
	t.add(span, e)
}

// Of returns the incident of a trace, or nil if nothing failed. After Of, no span may be added to the trace.
func (n *Incidents) Of(trace pcommon.TraceID) *Incident {
	t, ok := n.traces[trace]
	if !ok || !t.failed {
		return nil
	}
	if t.incident == nil {
		t.incident = t.find()
		t.spans = nil
	}
	return t.incident
}

// traceBuffer collects the spans of one trace.
type traceBuffer struct {
	spans    []spanRecord
	failed   bool
	incident *Incident // set by Incidents.Of
}

// spanRecord is the part of a span that is kept. It is small, because most spans did not fail.
type spanRecord struct {
	id, parent  pcommon.SpanID
	start, end  int64
	call        uint64 // session.Digest.Call, or 0 if unknown
	name        string
	step        failure.Step
	outcome     string
	agent, fail bool
	failure     *spanFailure // nil if nothing failed
}

type spanFailure struct {
	findings []failure.Finding
	verdict  failure.Verdict
}

func (t *traceBuffer) add(span ptrace.Span, e *Entry) {
	r := &e.Record
	p := spanRecord{
		id: span.SpanID(), parent: span.ParentSpanID(),
		start: nanos(span.StartTimestamp()), end: nanos(span.EndTimestamp()),
		name: span.Name(), outcome: cmp.Or(r.RetrievalOutcome, r.ToolOutcome),
		fail: span.Status().Code() == ptrace.StatusCodeError,
	}
	if r.Verdict.Failed() {
		t.failed = true
		p.failure = &spanFailure{findings: slices.Clone(r.Findings), verdict: r.Verdict}
	}
	if e.GenAI {
		p.step = stepOf(&e.Facts)
		p.agent = e.Operation == genai.OpInvokeAgent
		p.call = attempted(e, p.fail)
	}
	t.spans = append(t.spans, p)
}

// attempted returns a hash of what a call tried, or 0 if that is unknown. A model call without recorded content counts
// as a retry only after an error.
func attempted(e *Entry, failed bool) uint64 {
	r := &e.Record
	if e.Session.Kind == session.ModelCall && r.Coverage == spanattr.NoContent && r.Verdict.Failed() && !failed {
		return 0
	}
	return cmp.Or(e.Session.Digest.Call, r.CallHash)
}

// stepOf returns the step of a call in producing an answer.
func stepOf(f *Facts) failure.Step {
	return triage.StepOf(&genai.Call{Operation: f.Operation, LLM: genai.Some(f.IsInference)})
}

// find finds the root cause of the spans collected so far.
func (t *traceBuffer) find() *Incident {
	seen := make(map[pcommon.SpanID]bool, len(t.spans))
	t.spans = slices.DeleteFunc(t.spans, func(p spanRecord) bool {
		twice := seen[p.id]
		seen[p.id] = true
		return twice
	})
	nodes, parents := make([]failure.Node, len(t.spans)), make([]string, len(t.spans))
	for i := range t.spans {
		nodes[i], parents[i] = t.spans[i].node(), t.spans[i].parent.String()
	}
	failure.Link(nodes, parents)
	cause := failure.FindCause(nodes)
	found := &Incident{causedBy: map[pcommon.SpanID]pcommon.SpanID{}, recovered: map[pcommon.SpanID]bool{}}
	if cause.Primary >= 0 && !cause.Resolved {
		found.Primary, found.Finding = t.spans[cause.Primary].id, cause.Finding
	}
	for i := range t.spans {
		if by := cause.CausedBy[i]; by >= 0 {
			found.causedBy[t.spans[i].id] = t.spans[by].id
		}
		if cause.Recovered[i] {
			found.recovered[t.spans[i].id] = true
		}
	}
	slices.SortStableFunc(t.spans, func(a, b spanRecord) int { return cmp.Compare(a.start, b.start) })
	for i := range t.spans {
		found.spans = append(found.spans, t.spans[i].triaged())
	}
	return found
}

// node returns the span as root cause analysis needs it, without its parent.
func (p *spanRecord) node() failure.Node {
	n := failure.Node{ID: p.id.String(), Start: p.start, End: p.end, Agent: p.agent, Error: p.fail}
	if p.call != 0 {
		n.Operation = strconv.FormatUint(p.call, 16)
	}
	if p.failure != nil {
		n.Findings = p.failure.findings
	}
	return n
}

// triaged returns the span as triage needs it.
func (p *spanRecord) triaged() triage.Span {
	s := triage.Span{ID: p.id.String(), Name: p.name, Step: p.step, Outcome: p.outcome}
	if !p.parent.IsEmpty() {
		s.Parent = p.parent.String()
	}
	if f := p.failure; f != nil {
		s.Verdict = f.verdict
	}
	return s
}
