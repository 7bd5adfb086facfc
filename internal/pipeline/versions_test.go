package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

func TestScorerVersionsOnResourceAndSpans(t *testing.T) {
	scored := func(_ *genai.Call, r *score.Result, s score.Scorer) { r.Add(s, 1, false) }
	const content = `[{"role":"assistant","parts":[{"type":"text","content":"hello"}]}]`
	td, span := oneChat("gen_ai.output.messages", content)
	resource := td.ResourceSpans().At(0).Resource()
	agent := saying(scored)
	agent.Traces(td, nil, nil)
	require.Equal(t, "finder=7", spanattr.ScorersOf(resource))
	require.Empty(t, recordOf(span).Scorers, "the resource holds the versions, so the span does not")

	// A gateway with other scorers scores again what it can and keeps the other scores.
	span.Attributes().Remove("gen_ai.output.messages")
	fresh := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty()
	fresh.Attributes().PutStr("gen_ai.operation.name", "chat")
	gateway := NewScorer(score.NewSet(finder{scored}, another{}), ScorerOptions{})
	for range 2 { // a second run changes nothing
		gateway.Traces(td, nil, nil)
		require.Equal(t, "finder=7 another=2", spanattr.ScorersOf(resource))
		require.Equal(t, "finder=7", recordOf(span).Scorers)
		require.Empty(t, recordOf(fresh).Scorers)
	}
	// The agent scores the span again after its content arrived.
	span.Attributes().PutStr("gen_ai.output.messages", content)
	gateway.Traces(td, nil, nil)
	require.Empty(t, recordOf(span).Scorers)
}

func TestSpansOfAnOlderAgentHaveNoVersion(t *testing.T) {
	// The span has no content, and its resource names no scorers.
	td, span := oneChat(spanattr.AttrCoverage, string(spanattr.Scored))
	span.Attributes().PutDouble(spanattr.AttrScorePrefix+"finder", 1)
	fresh := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty()
	fresh.Attributes().PutStr("gen_ai.operation.name", "chat")
	saying(func(_ *genai.Call, r *score.Result, s score.Scorer) { r.Add(s, 1, false) }).Traces(td, nil, nil)
	require.True(t, recordOf(span).OwnScorers)
	require.Empty(t, recordOf(span).Scorers)
}

// another is a second test scorer.
type another struct{}

func (another) Name() string                     { return "another" }
func (another) Version() string                  { return "2" }
func (another) Score(*genai.Call, *score.Result) {}
