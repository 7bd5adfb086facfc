package wire

import (
	"cmp"
	"encoding/binary"
	"slices"

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
	index    map[pcommon.SpanID]int
	spans    []piece
	failed   bool
	incident *Incident // once it was asked for
}

type piece struct {
	id, parent pcommon.SpanID
	node       failure.Node
	place      triage.Span
}

// Add adds a span with all that was found on it. A span that comes again is the one that came first.
func (n *Incidents) Add(a *Annotated) {
	t, ok := n.traces[a.Span.TraceID()]
	if !ok {
		t = &pieces{index: map[pcommon.SpanID]int{}}
		n.traces[a.Span.TraceID()] = t
	}
	id := a.Span.SpanID()
	if _, twice := t.index[id]; twice {
		return
	}
	p := piece{id: id, parent: a.Span.ParentSpanID()}
	p.node = failure.Node{
		ID: id.String(), Parent: -1, Start: nanos(a.Span.StartTimestamp()), End: nanos(a.Span.EndTimestamp()),
		Error: a.Span.Status().Code() == ptrace.StatusCodeError, Findings: told(a),
	}
	v := &a.Verdict
	p.place = triage.Span{
		ID: p.node.ID, Name: a.Span.Name(), Outcome: cmp.Or(a.Result.RetrievalOutcome, a.Result.ToolOutcome), Classes: v.Classes, Detail: v.Detail, Evidence: v.Evidence,
	}
	if a.Call != nil {
		p.place.At = triage.At(a.Call)
		describe(&p.node, a.Call)
		if p.node.Operation != "" { // it is compared, and nothing else
			p.node.Operation = string(binary.LittleEndian.AppendUint64(nil, xxhash.Sum64String(p.node.Operation)))
		}
	}
	t.index[id] = len(t.spans)
	t.spans = append(t.spans, p)
	t.failed = t.failed || v.Failed()
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
		t.spans, t.index = nil, nil
	}
	return t.incident
}

func (t *pieces) find() *Incident {
	nodes := make([]failure.Node, len(t.spans))
	places := make([]triage.Span, len(t.spans))
	for i := range t.spans {
		p := &t.spans[i]
		if parent, ok := t.index[p.parent]; ok && parent != i {
			p.node.Parent = parent
		}
		if !p.parent.IsEmpty() {
			p.place.Parent = p.parent.String()
		}
		nodes[i], places[i] = p.node, p.place
	}
	cause := failure.FindCause(nodes)
	found := &Incident{causedBy: map[pcommon.SpanID]pcommon.SpanID{}, made: map[pcommon.SpanID]bool{}}
	if cause.Primary >= 0 {
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
	found.Steps = triage.Of(sorted)
	return found
}
