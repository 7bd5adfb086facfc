package failure

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func of(class Class, detail string) []Finding { return []Finding{{Class: class, Detail: detail}} }

// avalanche is one fault that shows as five symptoms.
func avalanche() []Node {
	return []Node{
		{ID: "root", Parent: -1, Start: 0, End: 100, Agent: true, Error: true, Findings: of(Timeout, ClientDeadline)},
		{ID: "chat 1", Parent: 0, Start: 1, End: 10, Findings: append(of(ToolCallMalformed, UnparsableArguments), of(Truncation, OutputLimit)...)},
		{ID: "tool 1", Parent: 0, Start: 11, End: 20, Error: true, Findings: of(ToolError, ToolFailed)},
		{ID: "chat 2", Parent: 0, Start: 21, End: 30},
		{ID: "tool 2", Parent: 0, Start: 31, End: 40, Error: true, Findings: append(of(ToolError, ToolFailed), of(RetryLoop, Repeat)...)},
	}
}

// shuffled gives the nodes in another order.
func shuffled(r *rand.Rand, nodes []Node) []Node {
	place := r.Perm(len(nodes))
	list := make([]Node, len(nodes))
	for i, n := range nodes {
		if n.Parent >= 0 {
			n.Parent = place[n.Parent]
		}
		list[place[i]] = n
	}
	return list
}

func TestOneFaultWithFiveSymptomsIsOneIncident(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		nodes := shuffled(r, avalanche())
		c := FindCause(nodes)
		require.Equal(t, "chat 1", nodes[c.Primary].ID)
		require.Equal(t, Truncation, c.Finding.Class)
		for i, n := range nodes {
			if len(n.Findings) > 0 && i != c.Primary {
				require.Equal(t, c.Primary, c.CausedBy[i], n.ID)
			} else {
				require.Equal(t, -1, c.CausedBy[i], n.ID)
			}
		}
	}
}

func TestWhatSucceededLaterIsNoCause(t *testing.T) {
	nodes := []Node{
		{ID: "root", Parent: -1, Start: 0, End: 100, Agent: true},
		{ID: "chat 1", Parent: 0, Start: 1, End: 10, Operation: "chat m", Error: true, Findings: of(RateLimit, Throttled)},
		{ID: "chat 2", Parent: 0, Start: 11, End: 20, Operation: "chat m"},
	}
	c := FindCause(nodes)
	require.Equal(t, []bool{false, true, false}, c.Recovered)
	require.True(t, c.Resolved, "no incident")
	require.Equal(t, 1, c.Primary, "and yet a failure to review")
	require.Equal(t, RateLimit, c.Finding.Class)
	require.Equal(t, []int{-1, -1, -1}, c.CausedBy)

	c = FindCause(append(nodes[:3:3], Node{ID: "chat 3", Parent: 0, Start: 21, End: 30, Findings: of(Truncation, OutputLimit)}))
	require.Equal(t, 3, c.Primary, "the failure that lasts")
	require.False(t, c.Resolved)

	c = FindCause(append(nodes[:3:3], Node{ID: "chat 3", Parent: 0, Start: 21, End: 30, Findings: of(Unsafe, Jailbreak)}))
	require.Equal(t, 3, c.Primary, "safety findings do not recover")
	require.False(t, c.Resolved)

	nodes[0].Findings = of(BadAnswer, OffTopic) // it ended badly nevertheless
	c = FindCause(nodes)
	require.Equal(t, 1, c.Primary, "the earliest that nothing explains")
	require.False(t, c.Resolved)
}

func TestLink(t *testing.T) {
	nodes := []Node{{ID: "a"}, {ID: "b"}, {ID: "b"}, {ID: "c"}, {ID: "d"}}
	Link(nodes, []string{"", "a", "b", "c", "elsewhere"})
	var parents []int
	for _, n := range nodes {
		parents = append(parents, n.Parent)
	}
	require.Equal(t, []int{-1, 0, 1, -1, -1}, parents)
}

func TestOfFailuresThatEndTogetherTheInnerIsThePrimary(t *testing.T) {
	nodes := []Node{{ID: "a", Parent: -1, Start: 0, End: 9, Findings: of(Timeout, "")}, {ID: "b", Start: 1, End: 9, Findings: of(Timeout, "")}}
	require.Equal(t, 1, FindCause(nodes).Primary)
}

func TestSafetyIsNeverSuppressed(t *testing.T) {
	nodes := append(avalanche(), Node{ID: "chat 0", Parent: 0, Start: 0, End: 1, Findings: of(Unsafe, Jailbreak)})
	c := FindCause(nodes)
	require.Equal(t, "chat 1", nodes[c.Primary].ID)
	require.Equal(t, -1, c.CausedBy[5])
	c = FindCause(nodes[5:])
	require.Equal(t, Unsafe, c.Finding.Class)
}

func TestAToolsErrorNeedsTheProvidersInsideOfIt(t *testing.T) {
	nodes := []Node{
		{ID: "a", Parent: -1, Start: 0, End: 100, Agent: true},
		{ID: "b", Parent: 0, Start: 1, End: 10, Findings: of(ProviderError, ServerError)},
		{ID: "c", Parent: 0, Start: 11, End: 20, Findings: of(ToolError, ToolFailed)},
	}
	require.Equal(t, -1, FindCause(nodes).CausedBy[2])
	nodes[1].Parent, nodes[2].Start = 2, 0
	require.Equal(t, 1, FindCause(nodes).CausedBy[2])
}

// TestABareErrorYieldsToTheStepAroundIt: frameworks end a failed call with finish reason "error" and report the error
// itself on the run of the agent.
func TestABareErrorYieldsToTheStepAroundIt(t *testing.T) {
	nodes := []Node{
		{ID: "agent", Parent: -1, Start: 0, End: 100, Agent: true, Error: true, Findings: of(RateLimit, Throttled)},
		{ID: "step", Parent: 0, Start: 1, End: 60},
		{ID: "chat", Parent: 1, Start: 2, End: 50, Findings: of(ProviderError, ServerError)},
	}
	c := FindCause(nodes)
	require.Equal(t, 0, c.Primary)
	require.Equal(t, RateLimit, c.Finding.Class)
	require.Equal(t, []int{-1, -1, 0}, c.CausedBy)

	nodes[0].Findings = of(Timeout, ClientDeadline) // a deadline may pass because the provider fails
	require.Equal(t, 2, FindCause(nodes).Primary)

	nodes[0].Findings = of(RateLimit, Throttled)
	nodes[1].Parent = -1 // beside the agent, not inside of it
	require.Equal(t, -1, FindCause(nodes).CausedBy[2])
}

func TestTheRelationHasNoCircles(t *testing.T) {
	var kinds []Finding
	for _, info := range Classes() {
		for _, d := range info.Details {
			kinds = append(kinds, Finding{Class: info.Class, Detail: d.Name})
		}
	}
	// A kind that nothing left explains can be taken away; in the end none is left.
	for len(kinds) > 0 {
		rest := kinds[:0:0]
		for i := range kinds {
			explained := false
			for k := range kinds {
				for e := range explanations {
					explained = explained || among(&kinds[k], explanations[e].causes) && among(&kinds[i], explanations[e].effects)
				}
			}
			if explained {
				rest = append(rest, kinds[i])
			}
		}
		require.Less(t, len(rest), len(kinds), "%v", rest)
		kinds = rest
	}
}

func TestHostileTracesHaveACause(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	infos := Classes()
	for range 2000 {
		nodes := make([]Node, 1+r.IntN(12))
		failed := false
		for i := range nodes {
			nodes[i] = Node{ID: string(rune('a' + i)), Parent: r.IntN(len(nodes)+1) - 1, Start: r.Int64N(50), End: r.Int64N(50), Agent: r.IntN(3) == 0} // circles too
			for range r.IntN(3) {
				info := infos[r.IntN(len(infos))]
				nodes[i].Findings = append(nodes[i].Findings, Finding{Class: info.Class, Detail: info.Details[r.IntN(len(info.Details))].Name})
				failed = true
			}
		}
		c := FindCause(nodes)
		require.Equal(t, failed, c.Primary >= 0)
		again := shuffled(r, nodes)
		d := FindCause(again)
		if failed {
			require.Equal(t, nodes[c.Primary].ID, again[d.Primary].ID)
			require.Equal(t, c.Finding.Class, d.Finding.Class)
		}
	}
}

func TestAHugeTraceIsDecidedSoon(t *testing.T) {
	nodes := make([]Node, 20_000)
	for i := range nodes {
		nodes[i] = Node{ID: fmt.Sprintf("%05d", i), Parent: i - 1, Start: int64(i), End: int64(2*len(nodes) - i), Operation: "tool", Findings: of(ToolError, ToolFailed)} // a chain
	}
	began := time.Now()
	c := FindCause(nodes)
	require.Equal(t, len(nodes)-1, c.Primary)
	require.Less(t, time.Since(began), 5*time.Second)
}
