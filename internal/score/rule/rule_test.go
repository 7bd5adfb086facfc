package rule

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// promised is the example of the documentation.
var promised = score.Rule{
	Name: "refund_promised_not_issued", When: `call.operation == "chat"`,
	Fail:  `output contains "I have issued a refund" and not ("issue_refund" in tool_calls)`,
	Class: "hallucination", Detail: "claimed_action",
}

func TestRule(t *testing.T) {
	s, err := New(promised)
	require.NoError(t, err)
	require.Equal(t, genai.PartOutput, s.needs, "only what the expressions name is loaded")

	says := []genai.Message{{Role: "assistant", Text: "I have issued a refund of 19.99 EUR."}}
	does := []genai.Message{{Role: "assistant", Text: says[0].Text, ToolCalls: []genai.ToolCall{{Name: "issue_refund"}}}}
	for name, c := range map[string]struct {
		operation string
		output    []genai.Message
		scores    int
		fails     bool
	}{
		"claimed and not done": {"chat", says, 1, true},
		"claimed and done":     {"chat", does, 1, false},
		"not a chat":           {"embeddings", says, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			call, r := &genai.Call{Operation: c.operation}, score.Result{}
			call.SetContent(genai.Content{Output: c.output})
			s.Score(call, &r)
			require.Len(t, r.Scores, c.scores)
			require.Empty(t, r.Problems)
			if !c.fails {
				require.Empty(t, r.Findings)
				return
			}
			require.Equal(t, "hallucination", string(r.Findings[0].Class))
			require.Equal(t, "claimed_action", r.Findings[0].Detail)
			require.Contains(t, r.Findings[0].Evidence, promised.Name)
			require.NotContains(t, r.Findings[0].Evidence, "19.99", "evidence holds no content")
		})
	}
}

func TestRuleSeesTheCall(t *testing.T) {
	call := &genai.Call{
		Operation: "chat", RequestModel: "gpt-4.1", PromptName: "refunds", CostUSD: genai.Some(0.5),
		Usage: genai.Usage{Input: genai.Some(int64(2000))}, FinishReasons: []string{"stop"},
	}
	call.SetContent(genai.Content{
		Input:  []genai.Message{{Role: "user", Text: "Where is my order?"}, {Role: "tool", Text: "x"}},
		System: "Be brief.", Tools: []genai.Tool{{Name: "lookup_order"}},
		Output: []genai.Message{{ToolCalls: []genai.ToolCall{{Name: "lookup_order", Arguments: genai.Value{Text: `{"id": 7}`}}}}},
	})
	for _, fail := range []string{
		`call.model == "gpt-4.1" and call.prompt_name == "refunds"`,
		`call.cost_usd > 0.1 and call.usage.input >= 2000`,
		`"stop" in call.finish_reasons`,
		`input matches "(?i)where is" and len(messages) == 2 and system startsWith "Be"`,
		`tool_args["lookup_order"]["id"] == 7`,
		`all(tool_calls, # in tools)`,
		`let n = len(tool_calls); n == 1`,
		`not call.error.is_error`,
	} {
		s, err := New(score.Rule{Name: "r", Fail: fail})
		require.NoError(t, err, fail)
		var r score.Result
		s.Score(call, &r)
		require.Empty(t, r.Problems, fail)
		require.Len(t, r.Findings, 1, fail)
		require.Equal(t, "bad_answer/rule", string(r.Findings[0].Class)+"/"+r.Findings[0].Detail)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for _, c := range []struct {
		rule score.Rule
		want []string
	}{
		{score.Rule{Name: "r", Fail: `outptu contains "x"`}, []string{"unknown name outptu", "output", "tool_calls"}},
		{score.Rule{Name: "r", Fail: `call.modell == "x"`}, []string{"modell", "request_model"}},
		{score.Rule{Name: "r", Fail: `output +`}, []string{"fail:"}},
		{score.Rule{Name: "r", Fail: `output`}, []string{"fail:", "bool"}},
		{score.Rule{Name: "r", Fail: `call.cost_usd == "x"`}, []string{"fail:", "mismatched"}},
		{score.Rule{Name: "r", When: `telepathy`, Fail: `true`}, []string{"when: unknown name telepathy"}},
		{score.Rule{Name: "r", Fail: `true`, Class: "telepathy"}, []string{`class must be one of timeout, rate_limit`, `got "telepathy"`}},
		{score.Rule{Name: "r", Fail: `true`, Class: "refusal", Detail: "rule"}, []string{`detail must be one of model_refusal, content_filter`, `got "rule"`}},
		{score.Rule{Name: "r", When: `nope`, Fail: `nada`, Class: "nil"}, []string{"nope", "nada", "nil"}},
	} {
		_, err := New(c.rule)
		for _, want := range c.want {
			require.ErrorContains(t, err, want, c.rule.Fail)
		}
		for line := range strings.Lines(err.Error()) {
			require.NotContains(t, line, "^", "one line a mistake, no pictures")
		}
	}
}

func TestRuleIsBounded(t *testing.T) {
	call := &genai.Call{Operation: "chat"}
	call.SetContent(genai.Content{Output: []genai.Message{{Text: strings.Repeat("ä", 10<<20)}}})
	for _, fail := range []string{`len(output) > 70000`, `len(map(1..1000000, # * 2)) > 3`, `len(repeat("x", 100000000)) > 0`} {
		s, err := New(score.Rule{Name: "r", Fail: fail})
		require.NoError(t, err)
		var r score.Result
		s.Score(call, &r)
		require.Empty(t, r.Findings, fail)
	}
	_, err := New(score.Rule{Name: "r", Fail: strings.Repeat("true and ", 2000) + "true"})
	require.Error(t, err)
}

func TestVersionFollowsTheRule(t *testing.T) {
	a, err := New(promised)
	require.NoError(t, err)
	changed := promised
	changed.Fail += " and true"
	b, err := New(changed)
	require.NoError(t, err)
	require.NotEqual(t, a.Version(), b.Version())
}
