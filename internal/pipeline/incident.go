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

// Incidents finds the root causes of traces that come in many portions: spans are added one by one, and a little is kept
// of each. One goroutine uses it at a time.
type Incidents struct {
	traces map[pcommon.TraceID]*traceBuffer
}

// NewIncidents makes one without spans.
func NewIncidents() *Incidents { return &Incidents{traces: map[pcommon.TraceID]*traceBuffer{}} }

// Incident is the root cause of the failures of one trace, and how its spans stand to it.
type Incident struct {
	Primary   pcommon.SpanID // of the span that has the root cause
	Finding   failure.Finding
	causedBy  map[pcommon.SpanID]pcommon.SpanID
	recovered map[pcommon.SpanID]bool
	spans     []triage.Span // ordered by start
}

// Steps lays the spans of the trace out step by step.
func (i *Incident) Steps() []triage.Step { return triage.GroupByStep(i.spans) }

// CausedBy is the span whose failure explains what failed on a span.
func (i *Incident) CausedBy(span pcommon.SpanID) (cause pcommon.SpanID, ok bool) {
	cause, ok = i.causedBy[span]
	return cause, ok
}

// Recovered reports whether what failed on a span succeeded later.
func (i *Incident) Recovered(span pcommon.SpanID) bool { return i.recovered[span] }

// Add adds a span with its entry. Where a span comes again, the first one counts.
func (n *Incidents) Add(span ptrace.Span, e *Entry) {
	t, ok := n.traces[span.TraceID()]
	if !ok {
		t = &traceBuffer{}
		n.traces[span.TraceID()] = t
	}
	t.add(span, e)
}

// Of is the incident of a trace, nil where nothing failed. Once it was asked for, nothing may be added to the trace.
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

// traceBuffer is what came of one trace.
type traceBuffer struct {
	spans    []spanRecord
	failed   bool
	incident *Incident // once it was asked for
}

// spanRecord is what is kept of a span. Most did not fail, so it is little.
type spanRecord struct {
	id, parent  pcommon.SpanID
	start, end  int64
	call        uint64 // session.Digest.Call, 0 where unknown
	name        string
	step        failure.Step
	outcome     string
	agent, fail bool
	failure     *spanFailure // nil where nothing failed
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

// attempted identifies what a call tried, 0 where that is not known. A model call whose content was not recorded is
// taken to be tried again only after an error.
func attempted(e *Entry, failed bool) uint64 {
	r := &e.Record
	if e.Session.Kind == session.ModelCall && r.Coverage == spanattr.NoContent && r.Verdict.Failed() && !failed {
		return 0
	}
	return cmp.Or(e.Session.Digest.Call, r.CallHash)
}

// stepOf is the step of making an answer that a call is.
func stepOf(f *Facts) failure.Step {
	return triage.StepOf(&genai.Call{Operation: f.Operation, LLM: genai.Some(f.IsInference)})
}

// find finds the root cause of what came of the trace.
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

// node is a span as far as its root cause goes, without its parent.
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

// triaged is a span as far as triage goes.
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
