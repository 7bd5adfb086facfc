package spanattr

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

func TestEvaluationsAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		attributes map[string]any
		want       Evaluation
	}{
		"a judge": {
			map[string]any{
				AttrEvaluationName: "groundedness", AttrEvaluationValue: 0.25, AttrEvaluationLabel: "fail",
				AttrJudgePromptVersion: "g-3", AttrStratum: "random",
				"gen_ai.provider.name": "OpenAI", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-x",
				"gen_ai.prompt.name": "support", "gen_ai.prompt.version": "7",
			},
			Evaluation{
				Name: "groundedness", By: EvaluatorJudge, Version: "g-3", Stratum: "random",
				Label: "fail", Value: genai.Some(0.25), Failed: true,
				Provider: "openai", Operation: "chat", Model: "gpt-x", PromptName: "support", PromptVersion: "7",
			},
		},
		"a person's label alone": {
			map[string]any{AttrEvaluationName: "helpful", AttrEvaluationLabel: "Thumbs_Down"},
			Evaluation{Name: "helpful", Label: "Thumbs_Down", Value: genai.Some(0.0), Failed: true},
		},
		"a person who passes it": {
			map[string]any{AttrEvaluationName: "helpful", AttrEvaluationLabel: "pass"},
			Evaluation{Name: "helpful", Label: "pass", Value: genai.Some(1.0)},
		},
		"a class means failure": {map[string]any{
			AttrEvaluationName: "g", AttrEvaluationValue: 0.5,
			AttrErrorClass: "hallucination",
		}, Evaluation{
			Name: "g", Value: genai.Some(0.5), Failed: true,
			Class: failure.Hallucination,
		}},
		"an unknown class": {map[string]any{
			AttrEvaluationName: "g", AttrEvaluationValue: 0.5,
			AttrErrorClass: "x",
		}, Evaluation{Name: "g", Value: genai.Some(0.5)}},
		"a passing label beside a class": {map[string]any{
			AttrEvaluationName: "g", AttrEvaluationValue: 1.0,
			AttrEvaluationLabel: "pass", AttrErrorClass: "refusal",
		}, Evaluation{Name: "g", Label: "pass", Value: genai.Some(1.0)}},
		"a scorer of another pipeline": {map[string]any{
			AttrEvaluationName: "g", AttrEvaluationValue: int64(1),
			AttrEvaluationVersion: "1-a",
		}, Evaluation{Name: "g", Version: "1-a", Value: genai.Some(1.0)}},
		"a label that is neither": {map[string]any{
			AttrEvaluationName: "tone", AttrEvaluationLabel: "formal",
			AttrStratum: "made up",
		}, Evaluation{Name: "tone", Label: "formal"}},
		"a probability that is none": {
			map[string]any{AttrEvaluationName: "g", AttrProbability: 1.5, AttrEvaluator: "somebody"}, Evaluation{Name: "g"},
		},
		"a value that is not finite": {
			map[string]any{AttrEvaluationName: "g", AttrEvaluationValue: math.NaN()},
			Evaluation{Name: "g"},
		},
		"nothing": {map[string]any{}, Evaluation{}},
	} {
		record := plog.NewLogRecord()
		record.SetEventName(EventEvaluation)
		require.NoError(t, record.Attributes().FromRaw(c.attributes))
		got, ok := EvaluationOf(record)
		require.True(t, ok, name)
		require.Equal(t, c.want, got, name)
	}
}

func TestOtherRecordsAreNotEvaluations(t *testing.T) {
	record := plog.NewLogRecord()
	record.Attributes().PutStr(AttrEvaluationName, "g")
	_, ok := EvaluationOf(record)
	require.False(t, ok)
	record.Attributes().PutStr("event.name", EventEvaluation) // as older SDKs name events
	_, ok = EvaluationOf(record)
	require.True(t, ok)
	record.SetEventName("gen_ai.choice")
	_, ok = EvaluationOf(record)
	require.False(t, ok)
}

func TestEvaluationsAreWritten(t *testing.T) {
	for _, e := range []Evaluation{
		{Name: "g"},
		{
			Name: "groundedness", By: EvaluatorJudge, Version: "v", Stratum: StratumSuspect, Probability: genai.Some(0.25),
			Label: "fail", Value: genai.Some(0.25), Failed: true, Class: failure.Hallucination, Detail: "contradicted",
			Explanation: "the second claim is not in the document", JudgeModel: "m", Provider: "openai", Operation: "chat",
			Model: "gpt-x", PromptName: "support", PromptVersion: "7",
			Suspicion: SuspicionConfirmed, SuspicionOf: []string{"groundedness"}, Untrusted: true, CostUSD: genai.Some(0.002), Session: "c1",
		},
		{
			Name: "review", By: EvaluatorPerson, Reviewer: "Ann", Label: "rejected", Value: genai.Some(1.0),
			Stratum: StratumRandom, Probability: genai.Some(0.01),
		},
		{Name: "thumbs", By: EvaluatorUser, Label: "thumbs_down", Value: genai.Some(0.0), Failed: true},
		{Name: "refusal", By: EvaluatorScorer, Version: "4-x", Value: genai.Some(0.4)},
	} {
		record := plog.NewLogRecord()
		e.Write(record)
		got, ok := EvaluationOf(record)
		require.True(t, ok)
		require.Equal(t, e, got)
	}
}
