package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

func TestScorersAreNamedOnTheResourceAndOnSpansThatKeepTheirScores(t *testing.T) {
	scored := func(_ *genai.Call, r *score.Result, s score.Scorer) { r.Add(s, 1, false) }
	const content = `[{"role":"assistant","parts":[{"type":"text","content":"hello"}]}]`
	td, span := oneChat("gen_ai.output.messages", content)
	resource := td.ResourceSpans().At(0).Resource()
	agent := saying(scored)
	agent.Traces(td, nil, nil)
	require.Equal(t, "finder=7", spanattr.ScorersOf(resource))
	require.Empty(t, recordOf(span).Scorers, "what holds for all is not said on each")

	// A gateway with other scorers: it scores again what it can, and keeps the rest.
	span.Attributes().Remove("gen_ai.output.messages")
	fresh := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty()
	fresh.Attributes().PutStr("gen_ai.operation.name", "chat")
	gateway := NewScorer(score.NewSet(finder{scored}, another{}), ScorerOptions{})
	for range 2 { // and what it does again changes nothing
		gateway.Traces(td, nil, nil)
		require.Equal(t, "finder=7 another=2", spanattr.ScorersOf(resource))
		require.Equal(t, "finder=7", recordOf(span).Scorers)
		require.Empty(t, recordOf(fresh).Scorers)
	}
	// The agent scores it again once the content is there.
	span.Attributes().PutStr("gen_ai.output.messages", content)
	gateway.Traces(td, nil, nil)
	require.Empty(t, recordOf(span).Scorers)
}

func TestSpansOfAnOlderAgentHaveNoVersion(t *testing.T) {
	td, span := oneChat(spanattr.AttrCoverage, string(spanattr.Scored)) // its content is gone, and its resource names no scorers
	span.Attributes().PutDouble(spanattr.AttrScorePrefix+"finder", 1)
	fresh := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty()
	fresh.Attributes().PutStr("gen_ai.operation.name", "chat")
	saying(func(_ *genai.Call, r *score.Result, s score.Scorer) { r.Add(s, 1, false) }).Traces(td, nil, nil)
	require.True(t, recordOf(span).OwnScorers)
	require.Empty(t, recordOf(span).Scorers)
}

// another is a second scorer of tests.
type another struct{}

func (another) Name() string                     { return "another" }
func (another) Version() string                  { return "2" }
func (another) Score(*genai.Call, *score.Result) {}
