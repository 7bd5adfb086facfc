package gate

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/genai/genaitest"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// TestACallScoresTheSameFromADataset: what a dataset loses of a call makes rules silent in CI that fire in the
// stream, and answers empty that were none.
func TestACallScoresTheSameFromADataset(t *testing.T) {
	config := scorers.Default()
	config.Rules = []score.Rule{
		{Name: "service", Fail: `call.service_name == "shop" and call.deployment_environment == "production"`},
		{Name: "slow", Fail: `call.duration_ms > 5000`},
	}
	set, err := scorers.New(config)
	require.NoError(t, err)
	call := func(change func(*genai.Call, *genai.Content)) *genai.Call {
		c := &genai.Call{Operation: genai.OpChat, FinishReasons: []string{"stop"}, FinishReasonsCanonical: []string{"stop"}}
		content := genai.Content{
			Input:  []genai.Message{{Role: genai.RoleUser, Text: "Draw a cat."}},
			Output: []genai.Message{{Role: genai.RoleAssistant, FinishReason: "stop"}},
		}
		change(c, &content)
		c.SetContent(content)
		return c
	}
	for name, c := range map[string]struct {
		call *genai.Call
		want []failure.Class
	}{
		"a rule on the service": {call(func(c *genai.Call, content *genai.Content) {
			c.ServiceName, c.DeploymentEnv, content.Output[0].Text = "shop", "production", "I drew one for you."
		}), []failure.Class{failure.BadAnswer}},
		"a rule on the duration": {call(func(c *genai.Call, content *genai.Content) {
			c.DurationMillis, content.Output[0].Text = 6000, "I drew one for you."
		}), []failure.Class{failure.BadAnswer}},
		"an image is an answer": {call(func(_ *genai.Call, content *genai.Content) { content.Output[0].Media = true }), nil},
		"an empty answer":       {call(func(*genai.Call, *genai.Content) {}), []failure.Class{failure.BadAnswer}},
		"an answer that was not recorded": {call(func(c *genai.Call, content *genai.Content) {
			c.ContentMissing, content.Output = true, nil
		}), nil},
		"an answer that was cut": {call(func(c *genai.Call, content *genai.Content) {
			c.ContentTruncated, content.Output = true, nil
		}), nil},
		"every field": {genaitest.Full(t), []failure.Class{failure.ProviderError}},
	} {
		t.Run(name, func(t *testing.T) {
			live := scored(set, c.call)
			require.Equal(t, c.want, failure.Judge(live.Findings).Classes)
			var file bytes.Buffer
			require.NoError(t, dataset.Write(&file, []dataset.Row{{
				ID: "a", Version: dataset.Version, Decision: review.Confirmed, Class: failure.BadAnswer, Call: c.call,
			}}))
			rows, err := dataset.Read("d.jsonl", &file)
			require.NoError(t, err)
			read := scored(set, rows[0].Call)
			require.Equal(t, live.Findings, read.Findings)
			require.Equal(t, live.Scores, read.Scores)

			report := Decide(t.Context(), NewRunSet(NewCases(rows, set, nil)), nil, DefaultOptions())
			seen := slices.Contains(failure.Judge(live.Findings).Classes, failure.BadAnswer)
			require.Equal(t, !seen, report.Rows[0].Unseen, "the gate finds in a row what was found in the stream")
		})
	}
}

func scored(set *score.Set, call *genai.Call) score.Result {
	var r score.Result
	set.Score(call, &r)
	r.Findings, r.Scores = slices.Clone(r.Findings), slices.Clone(r.Scores)
	return r
}
