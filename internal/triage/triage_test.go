package triage

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// of is a verdict of classes, the first of which names it.
func of(classes ...failure.Class) failure.Verdict { return detailed("", "", classes...) }

func detailed(detail, evidence string, classes ...failure.Class) failure.Verdict {
	return failure.Verdict{Class: classes[0], Detail: detail, Evidence: evidence, Classes: classes}
}

// TestATraceIsLaidOutByStep: a question is answered from nothing, a tool is called wrongly and fails, and the agent
// passes it on.
func TestATraceIsLaidOutByStep(t *testing.T) {
	steps := GroupByStep([]Span{
		{ID: "root", Name: "POST /ask"},
		{ID: "agent", Parent: "root", Name: "invoke_agent", Step: failure.Routing, Verdict: of(failure.ToolError)},
		{ID: "search", Parent: "agent", Name: "search", Step: failure.Retrieval, Outcome: score.OutcomeEmpty},
		{
			ID: "embed", Parent: "search", Name: "embed", Step: failure.Retrieval,
			Verdict: detailed(failure.Throttled, "HTTP status 429", failure.RateLimit),
		},
		{
			ID: "chat", Parent: "agent", Name: "chat", Step: failure.Generation,
			Verdict: detailed(failure.OutputLimit, "cut", failure.Truncation, failure.ToolCallMalformed),
		},
		{
			ID: "tool", Parent: "agent", Name: "refund", Step: failure.Upstream, Outcome: score.OutcomeFailed,
			Verdict: detailed(failure.ToolFailed, "", failure.ToolError),
		},
		{ID: "find", Parent: "agent", Name: "find_order", Step: failure.Upstream, Outcome: score.OutcomeEmpty},
		{
			ID: "slow", Parent: "agent", Name: "wait", Step: failure.Upstream, Outcome: score.OutcomeOK,
			Verdict: of(failure.Timeout),
		},
	})
	require.Equal(t, []Step{
		{Step: failure.Retrieval, Spans: 2, Findings: []Finding{
			{"search", "search", failure.Finding{Evidence: noDocuments}},
			{"embed", "embed", failure.Finding{Class: failure.RateLimit, Detail: failure.Throttled, Evidence: "HTTP status 429"}},
		}},
		{Step: failure.Generation, Spans: 1, Findings: []Finding{
			{"chat", "chat", failure.Finding{Class: failure.Truncation, Detail: failure.OutputLimit, Evidence: "cut"}},
		}},
		{Step: failure.Routing, Spans: 1, Findings: []Finding{
			{"chat", "chat", failure.Finding{Class: failure.ToolCallMalformed}},
		}},
		{Step: failure.Upstream, Spans: 3, Findings: []Finding{
			{"tool", "refund", failure.Finding{Class: failure.ToolError, Detail: failure.ToolFailed}},
			{"find", "find_order", failure.Finding{Evidence: noResult}},
			{"slow", "wait", failure.Finding{Class: failure.Timeout}},
		}},
	}, steps)
}

// TestAnOuterStepThatFailsByItselfIsListed: only what it passes on is not.
func TestAnOuterStepThatFailsByItselfIsListed(t *testing.T) {
	steps := GroupByStep([]Span{
		{ID: "a", Step: failure.Routing, Verdict: of(failure.Timeout, failure.RateLimit)},
		{ID: "b", Parent: "a", Step: failure.Generation, Verdict: of(failure.RateLimit)},
		{ID: "c", Parent: "b", Step: failure.Generation, Verdict: of(failure.RateLimit)},
	})
	require.Equal(t, []Finding{{"a", "", failure.Finding{Class: failure.Timeout}}}, steps[2].Findings)
	require.Len(t, steps[1].Findings, 2)
}

// TestEveryClassHasAPlace: whatever the operation is.
func TestEveryClassHasAPlace(t *testing.T) {
	for _, operation := range []string{genai.OpChat, genai.OpRetrieval, genai.OpEmbeddings, genai.OpExecuteTool, genai.OpInvokeAgent, genai.OpOther, ""} {
		for _, c := range failure.Classes() {
			n := 0
			for _, s := range GroupByStep([]Span{{ID: "s", Step: StepOf(&genai.Call{Operation: operation}), Verdict: of(c.Class)}}) {
				n += len(s.Findings)
			}
			require.Equal(t, 1, n, "%s on %s", c.Class, operation)
		}
	}
}

func TestStepOf(t *testing.T) {
	for want, call := range map[failure.Step]genai.Call{
		failure.Retrieval:  {Operation: genai.OpEmbeddings},
		failure.Generation: {Operation: genai.OpChat},
		failure.Routing:    {Operation: genai.OpChat, LLM: genai.Some(false)}, // the outer step of another call
		failure.Upstream:   {Operation: genai.OpExecuteTool},
	} {
		require.Equal(t, want, StepOf(&call))
	}
}

// TestHostileSpansAreBounded: circles, a deep chain that fails everywhere, more findings than a person reads.
func TestHostileSpansAreBounded(t *testing.T) {
	const n = 50_000
	spans := make([]Span, n)
	for i := range spans {
		spans[i] = Span{ID: strconv.Itoa(i), Parent: strconv.Itoa((i + 1) % n), Step: failure.Routing, Verdict: of(failure.Timeout)}
	}
	spans[0].Step = failure.Generation
	spans = append(spans, Span{ID: "self", Parent: "self", Step: failure.Upstream, Verdict: of(failure.ToolError)})
	began := time.Now()
	steps := GroupByStep(spans)
	require.Less(t, time.Since(began), 5*time.Second)
	require.Len(t, steps[3].Findings, 1)
	for i := range spans {
		spans[i].Parent = ""
	}
	steps = GroupByStep(spans)
	require.Len(t, steps[2].Findings, maxFindings)
	require.Equal(t, n-1-maxFindings, steps[2].More)
}
