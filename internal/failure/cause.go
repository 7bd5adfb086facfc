package failure

import (
	"cmp"
	"slices"
)

// Node is the part of a span that FindCause needs.
type Node struct {
	ID     string
	Parent int // index of the parent, -1 where it is missing
	// Start and End are unix nanoseconds.
	Start, End int64
	// Agent is true for the run of an agent: failures within it may cause each other.
	Agent bool
	// Operation identifies the attempt: a tool with its arguments, or a model with its input. A later success of the
	// same operation recovers a failure. "" is unknown, and never the same.
	Operation string
	// Error is true where the span has status ERROR, or failed in a way that its class names.
	Error    bool
	Findings []Finding
}

// Link sets the parent of each node from the ids of the parents, in the order of the nodes. Of nodes with the same id
// the first is the parent.
func Link(nodes []Node, parents []string) {
	index := make(map[string]int, len(nodes))
	for i := range slices.Backward(nodes) {
		index[nodes[i].ID] = i
	}
	for i := range nodes {
		nodes[i].Parent = -1
		if parent, ok := index[parents[i]]; ok && parent != i {
			nodes[i].Parent = parent
		}
	}
}

// Cause is the root cause of the failures of a trace.
type Cause struct {
	// Primary is the index of the node with the root cause, -1 where nothing failed. Finding is the failure there.
	Primary int
	Finding Finding
	// Resolved is true where every failure recovered and the trace did not end badly. Such a trace is not an incident:
	// metrics and alerts do not count it. It still has a Primary, the first failure, for the review queue and datasets.
	Resolved bool
	// CausedBy gives, for each node whose failures all have an explanation, the node that explains the first of them.
	// It is -1 elsewhere.
	CausedBy []int
	// Recovered is true for each failed node whose operation succeeded later.
	Recovered []bool
}

// explanation says that failures of some kinds explain failures of others.
type explanation struct {
	causes, effects []ranked
	// within requires the cause to be on the span of the effect or inside it. Otherwise it may also end before it
	// starts.
	within bool
	// around requires the cause to be on a span around that of the effect.
	around bool
}

// The kinds of failures in the relation.
var (
	hopeless = []ranked{
		{ProviderError, []string{Auth, NotFound, InvalidRequest}},
		{RateLimit, []string{QuotaExceeded}},
	}
	transport = []ranked{
		{ProviderError, []string{ServerError, Overloaded, Connection}},
		{RateLimit, []string{Throttled}},
	}
	overflow    = []ranked{{Truncation, []string{ContextLength}}}
	cutOff      = []ranked{{Truncation, []string{OutputLimit, StreamCut}}}
	streamCut   = []ranked{{Truncation, []string{StreamCut}}}
	loops       = []ranked{{RetryLoop, []string{Repeat, NearRepeat, PingPong}}}
	tooMuch     = []ranked{{RetryLoop, []string{Runaway}}, {RateLimit, []string{Budget}}}
	emptyAnswer = []ranked{{BadAnswer, []string{Empty}}}
	unspecific  = []ranked{{ProviderError, []string{ServerError}}}
	// specific says what an unspecific error of the provider was, where a step around the call reports it.
	specific = slices.Concat(hopeless, overflow, all(Refusal), []ranked{
		{ProviderError, []string{Overloaded, Connection}},
		{RateLimit, []string{Throttled}},
		{Truncation, []string{OutputLimit}},
	})
)

func all(classes ...Class) []ranked {
	list := make([]ranked, len(classes))
	for i, c := range classes {
		list[i] = ranked{class: c}
	}
	return list
}

// explanations is the relation "explains" between failures. It has no circles: a test orders it.
var explanations = []explanation{
	{causes: hopeless, effects: slices.Concat(all(Timeout), loops, tooMuch, emptyAnswer)},
	{causes: hopeless, effects: all(ToolError), within: true},
	{causes: transport, effects: slices.Concat(all(Timeout), loops, emptyAnswer, streamCut)},
	{causes: transport, effects: all(ToolError), within: true},
	// Frameworks keep the error for themselves and end the call with finish reason "error".
	{causes: specific, effects: unspecific, around: true},
	{causes: overflow, effects: slices.Concat(cutOff, emptyAnswer, loops, all(Hallucination))},
	{causes: all(Refusal), effects: slices.Concat(emptyAnswer, all(SchemaViolation, ToolCallMalformed), loops)},
	{
		causes:  cutOff,
		effects: slices.Concat(all(ToolCallMalformed, SchemaViolation, ToolError, Hallucination), emptyAnswer, loops),
	},
	{causes: all(ToolCallMalformed), effects: slices.Concat(all(ToolError, Timeout, Hallucination), loops)},
	{causes: all(SchemaViolation), effects: slices.Concat(loops, emptyAnswer)},
	{causes: all(ToolError), effects: slices.Concat(loops, all(Hallucination, Timeout), emptyAnswer)},
	{causes: loops, effects: slices.Concat(all(Timeout, Hallucination), tooMuch, emptyAnswer)},
	{causes: all(Timeout), effects: slices.Concat(emptyAnswer, all(Hallucination))},
}

func among(f *Finding, kinds []ranked) bool {
	return slices.ContainsFunc(kinds, func(k ranked) bool {
		return k.class == f.Class && (k.details == nil || slices.Contains(k.details, f.Detail))
	})
}

// symptom is a finding at its place.
type symptom struct {
	node    int
	finding *Finding
	time    int64 // the end of the span; the start for loops, which a session shows
}

// maxSymptoms bounds the failures of a trace that are compared with each other. The earliest are kept.
const maxSymptoms = 1000

// FindCause finds the root cause of a trace. It is the one definition of a trace's primary failure: the root cause on
// spans, incidents, the review queue and datasets all use it. It is a pure function of the nodes, whatever their
// order.
//
// The primary failure is the earliest failure that no other failure explains. Failures that recovered are left out,
// unless the trace ended badly or nothing else failed (see Cause.Resolved). A failure happens when its span ends, a
// loop when its span starts. Of failures at the same time, the one that ranks nearer to the cause comes first, then
// the inner span. Safety findings are never suppressed: they stand beside the cause, and are the cause only where
// nothing else failed.
func FindCause(nodes []Node) Cause {
	c := Cause{Primary: -1, CausedBy: make([]int, len(nodes)), Recovered: recovered(nodes)}
	var symptoms, unsafe []symptom
	outcome := false
	for i := range nodes {
		c.CausedBy[i] = -1
		for k := range nodes[i].Findings {
			f := &nodes[i].Findings[k]
			s := symptom{i, f, nodes[i].End}
			if f.Class == RetryLoop {
				s.time = nodes[i].Start
			}
			if f.Class == Unsafe {
				unsafe = append(unsafe, s)
				continue
			}
			symptoms = append(symptoms, s)
			outcome = outcome || rank(f) == lastRank
		}
		outcome = outcome || nodes[i].Parent < 0 && (nodes[i].Error || len(nodes[i].Findings) > 0)
	}
	earlier := func(a, b symptom) int {
		return cmp.Or(
			cmp.Compare(a.time, b.time), cmp.Compare(rank(a.finding), rank(b.finding)),
			cmp.Compare(nodes[b.node].Start, nodes[a.node].Start), cmp.Compare(nodes[a.node].ID, nodes[b.node].ID),
		)
	}
	lasting := func(s symptom) bool { return !c.Recovered[s.node] }
	if !outcome && len(symptoms) > 0 && len(unsafe) == 0 && !slices.ContainsFunc(symptoms, lasting) {
		first := slices.MinFunc(symptoms, earlier)
		c.Primary, c.Finding, c.Resolved = first.node, *first.finding, true
		return c
	}
	if !outcome {
		symptoms = slices.DeleteFunc(symptoms, func(s symptom) bool { return !lasting(s) })
	}
	slices.SortFunc(symptoms, earlier)
	symptoms = symptoms[:min(len(symptoms), maxSymptoms)]
	t := newTree(nodes)
	var roots []symptom
	for _, s := range symptoms {
		by := slices.IndexFunc(symptoms, func(cause symptom) bool { return t.explains(cause, s) })
		switch {
		case by < 0:
			roots = append(roots, s)
		case c.CausedBy[s.node] < 0 && symptoms[by].node != s.node:
			c.CausedBy[s.node] = symptoms[by].node
		}
	}
	if len(roots) == 0 {
		roots = unsafe
	}
	if len(roots) == 0 {
		return c
	}
	for _, r := range roots {
		c.CausedBy[r.node] = -1 // one of its failures has no explanation
	}
	first := slices.MinFunc(roots, earlier)
	c.Primary, c.Finding = first.node, *first.finding
	return c
}

// attempt identifies what a later success recovers.
type attempt struct {
	parent    int
	operation string
}

// recovered finds the failed nodes with a later sibling that did the same and succeeded.
func recovered(nodes []Node) []bool {
	succeeded := map[attempt]int64{} // start of the last success
	for i := range nodes {
		if n := &nodes[i]; n.Operation != "" && len(n.Findings) == 0 && !n.Error {
			a := attempt{n.Parent, n.Operation}
			succeeded[a] = max(succeeded[a], n.Start)
		}
	}
	list := make([]bool, len(nodes))
	for i := range nodes {
		if n := &nodes[i]; n.Operation != "" && len(n.Findings) > 0 {
			start, ok := succeeded[attempt{n.Parent, n.Operation}]
			list[i] = ok && start >= n.End
		}
	}
	return list
}

// tree answers how two nodes are related, without walking.
type tree struct {
	nodes []Node
	// A walk from the roots numbers the nodes. The descendants of a node have the numbers after its own up to its last.
	// Two spans may claim to be each other's parent: no root leads to them, and they have no descendants.
	number, last []int
	agent        []int // the nearest agent above a node, -1 where there is none
}

func newTree(nodes []Node) tree {
	t := tree{
		nodes:  nodes,
		number: make([]int, len(nodes)),
		last:   make([]int, len(nodes)),
		agent:  make([]int, len(nodes)),
	}
	children := make([][]int, len(nodes))
	var stack []int // a node to enter, or ^node to leave
	for i := range nodes {
		t.number[i], t.last[i], t.agent[i] = -1, -2, -1
		if p := nodes[i].Parent; p >= 0 {
			children[p] = append(children[p], i)
		} else {
			stack = append(stack, i)
		}
	}
	next := 0
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if i < 0 {
			t.last[^i] = next - 1
			continue
		}
		t.number[i] = next
		next++
		stack = append(stack, ^i)
		for _, child := range children[i] {
			t.agent[child] = t.agent[i]
			if nodes[i].Agent {
				t.agent[child] = i
			}
			stack = append(stack, child)
		}
	}
	return t
}

func (t *tree) explains(cause, effect symptom) bool {
	for i := range explanations {
		e := &explanations[i]
		if !among(cause.finding, e.causes) || !among(effect.finding, e.effects) {
			continue
		}
		if e.around {
			if cause.node != effect.node && t.inside(effect.node, cause.node) {
				return true
			}
			continue
		}
		if t.inside(cause.node, effect.node) {
			return true
		}
		if !e.within && t.nodes[cause.node].End <= t.nodes[effect.node].Start && t.related(cause.node, effect.node) {
			return true
		}
	}
	return false
}

// inside reports whether a node is another one, or one of its descendants.
func (t *tree) inside(node, of int) bool {
	return node == of || t.number[node] > t.number[of] && t.number[node] <= t.last[of]
}

// related reports whether two nodes have the same parent, or belong to the same run of an agent.
func (t *tree) related(a, b int) bool {
	return t.nodes[a].Parent == t.nodes[b].Parent || t.agent[a] >= 0 && t.agent[a] == t.agent[b]
}
