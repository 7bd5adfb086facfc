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

// TestATraceIsLaidOutByStep: a question is answered from nothing, a tool is called wrongly and fails, and the agent passes it on.
func TestATraceIsLaidOutByStep(t *testing.T) {
	steps := Of([]Span{
		{ID: "root", Name: "POST /ask"},
		{ID: "agent", Parent: "root", Name: "invoke_agent", At: failure.Routing, Classes: []failure.Class{failure.ToolError}},
		{ID: "search", Parent: "agent", Name: "search", At: failure.Retrieval, Outcome: score.OutcomeEmpty},
		{ID: "embed", Parent: "search", Name: "embed", At: failure.Retrieval, Classes: []failure.Class{failure.RateLimit}, Detail: failure.Throttled, Evidence: "HTTP status 429"},
		{ID: "chat", Parent: "agent", Name: "chat", At: failure.Generation, Classes: []failure.Class{failure.Truncation, failure.ToolCallMalformed}, Detail: failure.OutputLimit, Evidence: "cut"},
		{ID: "tool", Parent: "agent", Name: "refund", At: failure.Upstream, Outcome: score.OutcomeFailed, Classes: []failure.Class{failure.ToolError}, Detail: failure.ToolFailed},
		{ID: "find", Parent: "agent", Name: "find_order", At: failure.Upstream, Outcome: score.OutcomeEmpty},
		{ID: "slow", Parent: "agent", Name: "wait", At: failure.Upstream, Outcome: score.OutcomeOK, Classes: []failure.Class{failure.Timeout}},
	})
	require.Equal(t, []Step{
		{Step: failure.Retrieval, Spans: 2, Findings: []Finding{
			{SpanID: "search", Name: "search", Evidence: noDocuments},
			{SpanID: "embed", Name: "embed", Class: failure.RateLimit, Detail: failure.Throttled, Evidence: "HTTP status 429"},
		}},
		{Step: failure.Generation, Spans: 1, Findings: []Finding{{SpanID: "chat", Name: "chat", Class: failure.Truncation, Detail: failure.OutputLimit, Evidence: "cut"}}},
		{Step: failure.Routing, Spans: 1, Findings: []Finding{{SpanID: "chat", Name: "chat", Class: failure.ToolCallMalformed}}},
		{Step: failure.Upstream, Spans: 3, Findings: []Finding{
			{SpanID: "tool", Name: "refund", Class: failure.ToolError, Detail: failure.ToolFailed},
			{SpanID: "find", Name: "find_order", Evidence: noResult},
			{SpanID: "slow", Name: "wait", Class: failure.Timeout},
		}},
	}, steps)
}

// TestAnOuterStepThatFailsByItselfIsListed: only what it passes on is not.
func TestAnOuterStepThatFailsByItselfIsListed(t *testing.T) {
	steps := Of([]Span{
		{ID: "a", At: failure.Routing, Classes: []failure.Class{failure.Timeout, failure.RateLimit}},
		{ID: "b", Parent: "a", At: failure.Generation, Classes: []failure.Class{failure.RateLimit}},
		{ID: "c", Parent: "b", At: failure.Generation, Classes: []failure.Class{failure.RateLimit}},
	})
	require.Equal(t, []Finding{{SpanID: "a", Class: failure.Timeout}}, steps[2].Findings)
	require.Len(t, steps[1].Findings, 2)
}

// TestEveryClassHasAPlace: whatever the operation is.
func TestEveryClassHasAPlace(t *testing.T) {
	for _, operation := range []string{genai.OpChat, genai.OpRetrieval, genai.OpEmbeddings, genai.OpExecuteTool, genai.OpInvokeAgent, genai.OpOther, ""} {
		for _, c := range failure.Classes() {
			n := 0
			for _, s := range Of([]Span{{ID: "s", At: At(&genai.Call{Operation: operation}), Classes: []failure.Class{c.Class}}}) {
				n += len(s.Findings)
			}
			require.Equal(t, 1, n, "%s on %s", c.Class, operation)
		}
	}
}

func TestAt(t *testing.T) {
	for want, call := range map[failure.Step]genai.Call{
		failure.Retrieval:  {Operation: genai.OpEmbeddings},
		failure.Generation: {Operation: genai.OpChat},
		failure.Routing:    {Operation: genai.OpChat, LLM: genai.Some(false)}, // the outer step of another call
		failure.Upstream:   {Operation: genai.OpExecuteTool},
	} {
		require.Equal(t, want, At(&call))
	}
}

// TestStrangersSpansAreBounded: circles, a deep chain that fails everywhere, more findings than anybody reads.
func TestStrangersSpansAreBounded(t *testing.T) {
	const n = 50_000
	spans := make([]Span, n)
	for i := range spans {
		spans[i] = Span{ID: strconv.Itoa(i), Parent: strconv.Itoa((i + 1) % n), At: failure.Routing, Classes: []failure.Class{failure.Timeout}}
	}
	spans[0].At = failure.Generation
	spans = append(spans, Span{ID: "self", Parent: "self", At: failure.Upstream, Classes: []failure.Class{failure.ToolError}})
	began := time.Now()
	steps := Of(spans)
	require.Less(t, time.Since(began), 5*time.Second)
	require.Len(t, steps[3].Findings, 1)
	for i := range spans {
		spans[i].Parent = ""
	}
	steps = Of(spans)
	require.Len(t, steps[2].Findings, maxFindings)
	require.Equal(t, n-1-maxFindings, steps[2].More)
}
