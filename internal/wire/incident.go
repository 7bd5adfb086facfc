package wire

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/cespare/xxhash/v2"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/triage"
)

// Incidents finds what the failures of traces began with, as Causes does, where a trace comes in many pieces: spans are added one by one,
// and a little is kept of each. It is used by one goroutine at a time.
type Incidents struct {
	traces map[pcommon.TraceID]*pieces
}

// NewIncidents makes one.
func NewIncidents() *Incidents { return &Incidents{traces: map[pcommon.TraceID]*pieces{}} }

// Incident is what the failures of one trace began with, and how it is laid out.
type Incident struct {
	Primary  pcommon.SpanID
	Finding  failure.Finding
	Steps    []triage.Step
	causedBy map[pcommon.SpanID]pcommon.SpanID
	made     map[pcommon.SpanID]bool // good
}

// CausedBy is the span whose failure explains what failed on a span.
func (i *Incident) CausedBy(span pcommon.SpanID) (cause pcommon.SpanID, ok bool) {
	cause, ok = i.causedBy[span]
	return cause, ok
}

// Recovered reports whether what failed on a span succeeded later.
func (i *Incident) Recovered(span pcommon.SpanID) bool { return i.made[span] }

// pieces is what came of one trace.
type pieces struct {
	spans    []piece
	failed   bool
	incident *Incident // once it was asked for
}

// piece is what is kept of a span. Most did not fail, so it is little.
type piece struct {
	id, parent  pcommon.SpanID
	start, end  int64
	operation   uint64 // hash of what was tried, 0 where nobody knows
	name        string
	at          failure.Step
	outcome     string
	agent, fail bool
	failure     *failed // nil where nothing failed
}

type failed struct {
	findings []failure.Finding
	verdict  failure.Verdict
}

// Add adds a span with all that was found on it. A span that comes again is the one that came first.
func (n *Incidents) Add(a *Annotated) {
	t, ok := n.traces[a.Span.TraceID()]
	if !ok {
		t = &pieces{}
		n.traces[a.Span.TraceID()] = t
	}
	p := piece{
		id: a.Span.SpanID(), parent: a.Span.ParentSpanID(), start: nanos(a.Span.StartTimestamp()), end: nanos(a.Span.EndTimestamp()),
		name: a.Span.Name(), outcome: cmp.Or(a.Result.RetrievalOutcome, a.Result.ToolOutcome), fail: a.Span.Status().Code() == ptrace.StatusCodeError,
	}
	if a.Verdict.Failed() {
		t.failed = true
		p.failure = &failed{findings: told(a), verdict: a.Verdict}
	}
	if a.Call != nil {
		node := failure.Node{Error: p.fail}
		if p.failure != nil {
			node.Findings = p.failure.findings
		}
		describe(&node, a.Call)
		p.at, p.agent = triage.StepOf(a.Call), node.Agent
		if node.Operation != "" { // it is compared, and nothing else
			p.operation = xxhash.Sum64String(node.Operation) | 1
		}
	}
	t.spans = append(t.spans, p)
}

// told are the findings on a span as its attributes tell them to those who come after.
func told(a *Annotated) []failure.Finding {
	findings := findingsOf(a.Verdict)
	for i := range findings {
		for j := range a.Result.Findings {
			if f := &a.Result.Findings[j]; findings[i].Detail == "" && f.Class == failure.RetryLoop && findings[i].Class == f.Class && session.IsLoop(f.Detail) {
				findings[i].Detail = f.Detail
			}
		}
	}
	return findings
}

// Of is the incident of a trace, nil where nothing failed. After it was asked for, nothing of the trace may be added.
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

func (t *pieces) find() *Incident {
	index := make(map[pcommon.SpanID]int, len(t.spans))
	t.spans = slices.DeleteFunc(t.spans, func(p piece) bool {
		_, twice := index[p.id]
		if !twice {
			index[p.id] = len(index)
		}
		return twice
	})
	nodes, places := make([]failure.Node, len(t.spans)), make([]triage.Span, len(t.spans))
	for i := range t.spans {
		nodes[i], places[i] = t.spans[i].node(), t.spans[i].place()
		if parent, ok := index[t.spans[i].parent]; ok && parent != i {
			nodes[i].Parent = parent
		}
	}
	cause := failure.FindCause(nodes)
	found := &Incident{causedBy: map[pcommon.SpanID]pcommon.SpanID{}, made: map[pcommon.SpanID]bool{}}
	if cause.Primary >= 0 && !cause.Resolved {
		found.Primary, found.Finding = t.spans[cause.Primary].id, cause.Finding
	}
	for i := range t.spans {
		if by := cause.CausedBy[i]; by >= 0 {
			found.causedBy[t.spans[i].id] = t.spans[by].id
		}
		if cause.Recovered[i] {
			found.made[t.spans[i].id] = true
		}
	}
	order := make([]int, len(nodes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(nodes[a].Start, nodes[b].Start) })
	sorted := make([]triage.Span, len(places))
	for i, from := range order {
		sorted[i] = places[from]
	}
	found.Steps = triage.GroupByStep(sorted)
	return found
}

// node is a span as far as its cause goes, without its parent.
func (p *piece) node() failure.Node {
	n := failure.Node{ID: p.id.String(), Parent: -1, Start: p.start, End: p.end, Agent: p.agent, Error: p.fail}
	if p.operation != 0 {
		n.Operation = strconv.FormatUint(p.operation, 16)
	}
	if p.failure != nil {
		n.Findings = p.failure.findings
	}
	return n
}

// place is a span as far as triage goes.
func (p *piece) place() triage.Span {
	s := triage.Span{ID: p.id.String(), Name: p.name, Step: p.at, Outcome: p.outcome}
	if !p.parent.IsEmpty() {
		s.Parent = p.parent.String()
	}
	if f := p.failure; f != nil {
		s.Verdict = f.verdict
	}
	return s
}
