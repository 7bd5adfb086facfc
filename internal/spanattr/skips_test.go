package spanattr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

func TestSkipsSurviveTheSpan(t *testing.T) {
	span := ptrace.NewSpan()
	r := spanattr.Record{Coverage: spanattr.Scored, Skips: []score.Skip{
		{Scorer: "tool_arguments", Reason: score.InvalidSchema, Detail: "not written"},
		{Scorer: "groundedness", Reason: score.NoSources},
		{Scorer: "tool_arguments", Reason: score.NoDefinitions},
		{Scorer: "no name", Reason: score.NoSources},
	}}
	var w spanattr.Writer
	w.Write(span, &r, spanattr.Scores)
	v, _ := span.Attributes().Get(spanattr.AttrSkipped)
	require.Equal(t, "tool_arguments:invalid_schema groundedness:no_sources", v.Str(), "each scorer once")
	require.Equal(t, []score.Skip{
		{Scorer: "tool_arguments", Reason: score.InvalidSchema}, {Scorer: "groundedness", Reason: score.NoSources},
	}, spanattr.Of(span).Skips)
	require.True(t, spanattr.Of(span).Annotated)

	r.Skips = nil
	r.Annotated = true
	w.Write(span, &r, spanattr.Scores)
	_, stays := span.Attributes().Get(spanattr.AttrSkipped)
	require.False(t, stays, "an earlier pass is replaced")
}

func TestSpellingSkipsAgainAllocatesNothing(t *testing.T) {
	r := spanattr.Record{Coverage: spanattr.Scored, Skips: []score.Skip{{Scorer: "groundedness", Reason: score.NoSources}}}
	var w spanattr.Writer
	write := func() (allocations float64) {
		span := ptrace.NewSpan()
		span.Attributes().EnsureCapacity(16)
		return testing.AllocsPerRun(10, func() { w.Write(span, &r, spanattr.Scores) })
	}
	with := write()
	r.Skips = nil
	require.LessOrEqual(t, with, write()+1, "pdata allocates one value")
}

func TestHostileSkips(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "a": 0, "a:": 0, ":no_sources": 0, "a:made_up": 0, "a:no_sources": 1, "a:no_sources  b:off\n": 2,
		strings.Repeat("a:no_sources ", 100_000): 16,
	} {
		span := ptrace.NewSpan()
		span.Attributes().PutStr(spanattr.AttrSkipped, text)
		require.Len(t, spanattr.Of(span).Skips, want, "%.40q", text)
	}
}

func TestSkipOf(t *testing.T) {
	const scorers = "groundedness=1 tool_arguments=2 toxicity=1"
	chat, embedding := &genai.Call{Operation: genai.OpChat}, &genai.Call{Operation: genai.OpAgentStep}
	r := spanattr.Record{
		Coverage: spanattr.Scored, Scores: []score.Score{{Scorer: "toxicity"}},
		Skips: []score.Skip{{Scorer: "groundedness", Reason: score.NoSources}},
	}
	silent := spanattr.Record{Coverage: spanattr.NoContent}
	for _, c := range []struct {
		record  spanattr.Record
		scorer  string
		scorers string
		call    *genai.Call
		want    string
	}{
		{r, "toxicity", scorers, chat, ""},
		{r, "groundedness", scorers, chat, score.NoSources},
		{r, "tool_arguments", scorers, chat, score.NotApplicable},
		{r, "relevance", scorers, chat, score.Off},
		{r, "arguments", scorers, chat, score.Off},
		{r, "relevance", "", chat, score.NotApplicable},
		{silent, "toxicity", scorers, chat, score.NoContent},
		{silent, "toxicity", scorers, nil, score.NoContent},
		{silent, "toxicity", scorers, embedding, score.NotApplicable},
	} {
		require.Equal(t, c.want, c.record.SkipOf(c.scorer, c.scorers, c.call), "%s %v", c.scorer, c.record)
	}
}
