package rule

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
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
	require.Zero(t, s.when.needs)
	require.Equal(t, genai.PartOutput, s.fail.needs, "only what the expressions name is loaded")

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
		Output: []genai.Message{
			{ToolCalls: []genai.ToolCall{{Name: "lookup_order", Arguments: genai.Value{Text: `{"id": 7}`}}}},
		},
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

// TestRuleLoadsWhatItNeeds: a rule that does not apply to a call reads nothing of its content, one that does only what
// it names.
func TestRuleLoadsWhatItNeeds(t *testing.T) {
	all := genai.PartInput | genai.PartOutput | genai.PartTools | genai.PartTool | genai.PartSchema | genai.PartRetrieval
	for _, c := range []struct {
		rule score.Rule
		want genai.Part
	}{
		{score.Rule{When: `call.operation == "embeddings"`, Fail: `output contains "x"`}, 0},
		{score.Rule{When: `call.operation == "chat"`, Fail: `output contains "x"`}, genai.PartOutput},
		{score.Rule{When: `input contains "x"`, Fail: `output contains "x"`}, genai.PartInput},
		{score.Rule{Fail: `call.model == "x"`}, 0},
		{score.Rule{Fail: `"x" in tools`}, genai.PartTools},
	} {
		c.rule.Name = "r"
		s, err := New(c.rule)
		require.NoError(t, err)
		call := &genai.Call{Operation: "chat"}
		var r score.Result
		s.Score(call, &r)
		for part := genai.PartInput; part <= genai.PartRetrieval; part <<= 1 {
			require.Equal(t, c.want&part != 0, call.Loaded(part), "%s: part %b of %b", c.rule.Fail, part, all)
		}
	}
}

// TestRuleSeesCallsAndAnswers: what an expression can ask of several calls, of JSON and of the scorers before it.
func TestRuleSeesCallsAndAnswers(t *testing.T) {
	says := func(name, arguments string) genai.ToolCall {
		return genai.ToolCall{Name: name, Arguments: genai.Value{Text: arguments}}
	}
	call := &genai.Call{Operation: "chat"}
	call.SetContent(genai.Content{
		Input: []genai.Message{{Role: "assistant", ToolCalls: []genai.ToolCall{says("verify", "{}")}}},
		Output: []genai.Message{{
			Text: `{"total": 1200.5, "items": [{"price": 7}, {"price": "8"}, 9], "note": "-3 of A4, 1,200.50 EUR"}`,
			ToolCalls: []genai.ToolCall{
				says("refund", `{"amount": 20}`), says("refund", `{"amount": 700, "to": {"city": "Bern"}}`), says("mail", "no JSON"),
			},
		}},
	})
	for fail, want := range map[string]bool{
		`any(calls, .name == "refund" and .args.amount > 500)`:               true,
		`any(calls, .name == "mail" and .args.amount == nil)`:                true,
		`any(calls, at(.args, "to.city") == "Bern")`:                         true,
		`all(calls, at(.args, "to.city") == "Bern")`:                         false,
		`steps == ["verify", "refund", "refund", "mail"]`:                    true,
		`findIndex(steps, # == "verify") < findIndex(steps, # == "refund")`:  true,
		`at(json, "total") > 1000 and type(at(json, "nothing.in")) == "nil"`: true,
		`at(json, "items.1.price") == "8"`:                                   true,
		`at(json, "items.*.price") == [7.0, "8", nil]`:                       true,
		`len(at(json, "total.*.price")) == 0`:                                true,
		`numbers == [1200.5, 7, 8, 9, -3, 1200.5]`:                           true,
		`"relevance" in scores and scores["relevance"] < 0.5`:                true,
		`"refusal" in scores`:                                                false,
		`"bad_answer/off_topic" in found`:                                    true,
	} {
		s, err := New(score.Rule{Name: "r", Fail: fail})
		require.NoError(t, err, fail)
		r := score.Result{Scores: []score.Score{{Scorer: "relevance", Value: 0.3}}}
		r.Find(failure.Finding{Class: failure.BadAnswer, Detail: failure.OffTopic})
		s.Score(call, &r)
		require.Empty(t, r.Problems, fail)
		require.Equal(t, want, len(r.Findings) == 2, fail)
	}
}

// TestRuleSeesParameters: what the definitions of tools say stands beside the arguments, in whatever shape they came.
func TestRuleSeesParameters(t *testing.T) {
	const definitions = `[
		{"type": "function", "function": {"name": "refund", "parameters": {"type": "object", "required": ["amount"], "properties": {
			"amount": {"type": "number", "description": "In EUR, at most 500"}, "day": {"type": "string", "description": "As YYYY-MM-DD"},
			"by": {"type": ["string", "null"]}, "any": true}}}},
		{"name": "mail", "input_schema": {"properties": {"day": {"description": "as yyyy-mm-dd, or a word"}}}},
		{"name": "broken", "parameters": {"properties": ["day"]}}, {"name": "bare"}]`
	call := &genai.Call{Operation: "chat"}
	content := genai.Content{ToolDefinitions: definitions}
	var err error
	content.Tools, err = genai.ParseTools(definitions)
	require.NoError(t, err)
	for _, c := range [][2]string{
		{"refund", `{"amount": 20, "other": 1}`},
		{"mail", `{"day": "Friday"}`},
		{"broken", `{"day": "Friday"}`},
		{"bare", `{"day": "Friday"}`},
		{"unknown", `{"day": "Friday"}`},
		{"refund", "no JSON"},
	} {
		content.Output = append(content.Output, genai.Message{ToolCalls: []genai.ToolCall{
			{Name: c[0], Arguments: genai.Value{Text: c[1]}},
		}})
	}
	call.SetContent(content)
	for fail, want := range map[string]bool{
		`map(parameters, .tool + "." + .name) == ["refund.amount", "refund.any", "refund.by", "refund.day", "mail.day",
			"refund.amount", "refund.any", "refund.by", "refund.day"]`: true,
		`any(parameters, .about contains "yyyy-mm-dd" and .value == "Friday")`:                  true,
		`any(parameters, .required and .value == nil)`:                                          true,
		`count(parameters, .value != nil) == 2`:                                                 true,
		`any(parameters, .about contains "at most 500" and .type == "number" and .value == 21)`: false,
		`any(parameters, .name == "by" and .type != "")`:                                        false,
	} {
		s, err := New(score.Rule{Name: "r", Fail: fail})
		require.NoError(t, err, fail)
		var r score.Result
		s.Score(call, &r)
		require.Empty(t, r.Problems, fail)
		require.Equal(t, want, len(r.Findings) == 1, fail)
	}

	ran := &genai.Call{Operation: "execute_tool", ToolName: "mail"}
	ran.SetContent(genai.Content{
		Tools: content.Tools, ToolDefinitions: definitions, ToolArguments: genai.Value{Text: `{"day": "soon"}`},
	})
	s, err := New(score.Rule{Name: "r", Fail: `parameters[0].value == "soon" and len(parameters) == 1`})
	require.NoError(t, err)
	var r score.Result
	s.Score(ran, &r)
	require.Len(t, r.Findings, 1)
}

// TestRuleSeesTools: the arguments that a tool ran with have the name of those that a model asked for.
func TestRuleSeesTools(t *testing.T) {
	call := &genai.Call{Operation: "execute_tool", ToolName: "issue_refund", ToolStatus: "ok"}
	call.SetContent(
		genai.Content{ToolArguments: genai.Value{Text: `{"amount": 700}`}, ToolResult: genai.Value{Text: "done"}},
	)
	s, err := New(
		score.Rule{
			Name: "r",
			When: `call.tool_name == "issue_refund"`,
			Fail: `tool_args["issue_refund"].amount > 500 and tool_result == "done"`,
		},
	)
	require.NoError(t, err)
	var r score.Result
	s.Score(call, &r)
	require.Len(t, r.Findings, 1)

	// A missing value is not a failure of the call. It is reported as a problem.
	s, err = New(score.Rule{Name: "r", Fail: `tool_args["lookup"].amount > 500`})
	require.NoError(t, err)
	r.Reset()
	s.Score(call, &r)
	require.Empty(t, r.Findings)
	require.Equal(t, "runtime_error", r.Problems[0].Reason)
}

func TestMistakesAreNamed(t *testing.T) {
	for _, c := range []struct {
		rule score.Rule
		want []string
	}{
		{score.Rule{Name: "r", Fail: `outptu contains "x"`}, []string{"unknown name outptu", "output", "tool_calls"}},
		{score.Rule{Name: "r", Fail: `call.modell == "x"`}, []string{"fail: unknown name call.modell, call has ", "request_model"}},
		{score.Rule{Name: "r", Fail: `call.usage.inptu > 3`}, []string{"unknown name call.usage.inptu, call.usage has cache_read, cache_write, input, "}},
		{score.Rule{Name: "r", Fail: `call.eror.type == ""`}, []string{"unknown name call.eror, call has "}},
		{score.Rule{Name: "r", Fail: `outptu == "" and inptu == "" and call.x == 1`}, []string{"fail: unknown name outptu", "fail: unknown name inptu", "fail: unknown name call.x"}},
		{score.Rule{Name: "r", Fail: `output matches input`}, []string{"fail: the pattern of matches must be a constant text, got input"}},
		{score.Rule{Name: "r", Fail: `output matches "("`}, []string{"missing closing"}},
		{score.Rule{Name: "r", Fail: `output contains 3`}, []string{"mismatched types string and int"}},
		{score.Rule{Name: "r", Fail: `now() > 3`}, []string{"unknown name now"}},
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
		require.NotContains(t, err.Error(), "View", "no Go types in messages")
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
	for _, fail := range []string{strings.Repeat("true and ", 1500) + "true", strings.Repeat("(", 1<<20)} {
		_, err := New(score.Rule{Name: "r", Fail: fail})
		require.Error(t, err)
	}

	// A conversation of a million messages and an answer of a million calls.
	input, calls := make([]genai.Message, 1<<20), make([]genai.ToolCall, 1<<20)
	input[len(input)-1] = genai.Message{Role: "user", Text: "last"}
	for i := range calls {
		calls[i] = genai.ToolCall{Name: "f", Arguments: genai.Value{Text: `{"a": 1}`}}
	}
	call.SetContent(genai.Content{Input: input, Output: []genai.Message{{ToolCalls: calls}}})
	s, err := New(score.Rule{Name: "r", Fail: `len(messages) > 512 or len(tool_calls) > 256 or input != "last"`})
	require.NoError(t, err)
	var r score.Result
	s.Score(call, &r)
	require.Empty(t, r.Findings)
	require.Empty(t, r.Problems)
}

func BenchmarkRule(b *testing.B) {
	s, err := New(promised)
	require.NoError(b, err)
	call := &genai.Call{Operation: "chat"}
	call.SetContent(genai.Content{Output: []genai.Message{{Text: strings.Repeat("word ", 200)}}})
	var r score.Result
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		s.Score(call, &r)
	}
}

// TestMarkdownNamesEverything: what an expression can name is on the page, and says what it is.
func TestMarkdownNamesEverything(t *testing.T) {
	page := Markdown()
	for _, name := range append(Names(), "call.model", "call.usage.input", "call.error.http_status") {
		require.Regexp(
			t,
			"(?m)^\\| `"+regexp.QuoteMeta(name)+"` \\| (text|bool|number|map|value|list of (texts|numbers|maps)) \\| [^|]+ \\|$",
			page,
		)
	}
	require.NotContains(t, page, "|  |", "every name is explained")
	for name := range parts {
		require.Contains(t, Names(), name)
	}
	require.Len(t, parts, len(Names()))
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
