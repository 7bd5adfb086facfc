package cases

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

func newSet(t *testing.T) *score.Set {
	t.Helper()
	config, err := scorers.Parse([]byte(`
version: 1
rules:
  - {name: refund_limit, fail: 'any(calls, .name == "issue_refund" and .args.amount > 500)'}
  - {name: fragile, when: 'call.prompt_name == "odd"', fail: 'tool_args["x"].amount > 3'}
services: {shop: {pii: off}}
`))
	require.NoError(t, err)
	set, err := scorers.New(config)
	require.NoError(t, err)
	return set
}

const tools = `tools: [{name: issue_refund, parameters: {type: object, properties: {amount: {type: number}}}}]`

func TestCases(t *testing.T) {
	set := newSet(t)
	for text, want := range map[string][]string{
		"calls: [{name: issue_refund, args: {amount: 700}}], found: [refund_limit], not_found: [pii], " + tools:         nil,
		"calls: [{name: issue_refund, args: {amount: 7}}], found: [], " + tools:                                         nil,
		"calls: [{name: issue_refund, args: {amount: 7}}], not_found: [refund_limit]":                                   nil,
		"calls: [{name: issue_refund, args: {amount: x}}], found: [tool_call_malformed/type_mismatch], " + tools:        {"refund_limit failed: runtime_error: "},
		"calls: [{name: issue_refund, args: {amount: 7}}], found: [refund_limit]":                                       {"refund_limit must be found; nothing is found"},
		"calls: [{name: issue_refund, args: {amount: 700}}], found: []":                                                 {"nothing must be found; found is bad_answer/rule by refund_limit"},
		"calls: [{name: issue_refund, args: {amount: 700}}], not_found: [bad_answer]":                                   {"bad_answer must not be found; found is bad_answer/rule by refund_limit"},
		"ask: hi, answer: 'Write to jane.roe@mailhost.de', found: [unsafe/pii_leak]":                                    nil,
		"ask: hi, answer: 'Write to jane.roe@mailhost.de', service: shop, found: []":                                    nil,
		"answer: hello, prompt: odd, found: []":                                                                         {"fragile failed: runtime_error: "},
		"answer: '{\"a\": 1}', schema: {type: object, required: [b]}, found: [json_schema]":                             nil,
		"call: {operation: chat, error: {is_error: true, type: RateLimitError, http_status: 429}}, found: [rate_limit]": nil,
	} {
		list, err := Parse([]byte("version: 1\ncases: [{"+text+"}]"), set)
		require.NoError(t, err, text)
		got := list[0].Check(set)
		require.Len(t, got, len(want), "%s: %v", text, got)
		for i := range want {
			require.True(t, strings.HasPrefix(got[i], want[i]), "%s: %v", text, got)
		}
	}
}

// TestMistakes: each is one line.
func TestMistakes(t *testing.T) {
	set := newSet(t)
	for text, want := range map[string]string{
		"": "the file is empty",
		"version: 2\ncases: [{answer: a, found: []}]": "version must be 1, got 2",
		"version: 1":                       "cases must not be empty",
		"version: 1\ncases: [{answer: a}]": "cases[0]: found must be given",
		"version: 1\ncases: [{name: n, anwser: a, found: []}]":                                  `line 2: cases[0]: unknown key "anwser", expected one of name, call`,
		"version: 1\ncases: [{name: n, answer: a, found: [telepathy]}]":                         `cases[0] (n): found[0] must be a scorer or rule that is on, a class, or class/detail, got "telepathy"`,
		"version: 1\ncases: [{answer: a, not_found: [refusal/oops]}]":                           `not_found[0] must be`,
		"version: 1\ncases: [{answer: a, found: [], tools: nope}]":                              `cases[0]: tools: must be JSON, got "nope"`,
		"version: 1\ncases: [{answer: a, found: [], call: {}}]":                                 "call must be given alone",
		"version: 1\ncases: [{call: {cost_usd: much}, found: []}]":                              "call must be as faultline score --call prints it",
		"version: 1\ncases: [{calls: [{args: {}}], found: []}]":                                 "calls[0].name must not be empty",
		"version: 1\ncases: [{name: n, answer: a, found: []}, {name: n, answer: a, found: []}]": `cases[1].name must be unique, got "n" twice`,
	} {
		_, err := Parse([]byte(text), set)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "\n", text)
	}
}
