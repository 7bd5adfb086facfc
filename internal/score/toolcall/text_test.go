package toolcall

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

func TestCallInText(t *testing.T) {
	for text, want := range map[string]bool{
		`<tool_call>{"name": "issue_refund", "arguments": {}}</tool_call>`:               true,
		"```json\n{\"name\": \"issue_refund\", \"parameters\": {\"amount\": 3}}\n```":    true,
		"I will do it. {\"name\": \"issue_refund\", \"arguments\": {}}":                  true,
		"```python\nprint(default_api.issue_refund(amount=3))\n```":                      true,
		`{"name": "issue_refund", "description": "x", "parameters": {"type": "object"}}`: false,
		`issue_refund(order_id="4471", amount=3)`:                                        true,
		`[issue_refund(order_id="4471"), list_orders()]`:                                 true,
		`[TOOL_CALLS] [{"name": "list_orders"}]`:                                         true,
		`[TOOL_CALLS] [{"name": "x"}]`:                                                   false,
		`<|python_tag|>list_orders()`:                                                    true,
		`<function=issue_refund>{"amount": 3}</function>`:                                true,
		"<function_calls>\n<invoke name=\"issue_refund\">":                               true,
		"Thought: I need the orders.\nAction: list_orders\nAction Input: {}":             true,
		// Formats of other model families, whose server should have parsed them.
		"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>list_orders":              true,
		"<|tool_calls_section_begin|><|tool_call_begin|>functions.list_orders:0":              true,
		"<tool_call>list_orders\n<arg_key>page</arg_key><arg_value>1</arg_value></tool_call>": true,
		"<tool_call>\n<function=list_orders>\n<parameter=page>1</parameter>\n</function>":     true,
		`<TOOLCALL>[{"name": "list_orders", "arguments": {}}]</TOOLCALL>`:                     true,
		`functools[{"name": "list_orders", "arguments": {}}]`:                                 true,
		`{"tool_uses": [{"recipient_name": "functions.list_orders", "parameters": {}}]}`:      true,
		"<list_orders>\n<page>1</page>\n</list_orders>":                                       true,
		"<minimax:tool_call>\n<invoke name=\"list_orders\">":                                  true,
		"Action: ```json\n[{\"tool_name\": \"list_orders\", \"parameters\": {}}]\n```":        true,
		`<|channel|>commentary to=functions.issue_refund <|message|>{}`:                       true,
		"To refund, call `issue_refund(order_id, amount)` from your code.":                    false,
		"You can use the issue_refund tool for that.":                                         false,
		"```java\nissue_refund(\"4471\", 3);\n```":                                            false,
		`{"name": "Ada", "arguments": "none"}`:                                                false,
		"Here is the plan (in three steps): first, list_orders.":                              false,
		"Your refund of {amount} was issued <b>today</b>.":                                    false,
		"The tag <list_orders> is the list of orders; see (below).":                           false,
		"See [list_orders](https://example.com/list_orders) for more.":                        false,
		"for (;;) { s[\"name\"] = { \"name\": \"issue_refund\" } }":                           false,
		"Action: none is needed.":                                                             false,
	} {
		r := run(t, genai.Message{Role: "assistant", Text: text})
		require.Equal(t, want, len(r.Findings) == 1 && r.Findings[0].Detail == failure.CallInText, text)
	}
	for text, want := range map[string]bool{
		"The model writes its calls between <tool_call> and </tool_call>. One for list_orders would be short.":          false,
		"A block of <tool_call>list_orders</tool_call> is cut out by the server.":                                       true,
		"The server cuts <function_calls> out of the text; then list_orders runs.":                                      false,
		"In the log it is one object:\n```json\n{\"name\": \"list_orders\", \"arguments\": {}}\n```\nThe rest is time.": false,
		"A call looks like this:\n```\n{\"name\": \"list_orders\", \"arguments\": {}}\n```":                             false,
		"I fetch the orders.\n```json\n{\"name\": \"list_orders\", \"arguments\": {}}\n```":                             true,
		"It is sent as `{\"name\": \"list_orders\", \"arguments\": {}}` in the body.":                                   false,
		"`{\"name\": \"list_orders\", \"arguments\": {}}`":                                                              true,
		"{\"name\": \"list_orders\", \"parameters\": {\"type\": \"object\", \"properties\": {}}}":                       false,
		"{\"name\": \"list_orders\", \"description\": \"d\", \"parameters\": {\"properties\": {\"arguments\": {}}}}":    false,
		"```json\n{\"name\": \"x\"}\n```\nand then\n```json\n{\"name\": \"list_orders\", \"arguments\": {}}\n```":       true,
		"<tool_call>{\"name\": \"shutdown\", \"arguments\": {}}</tool_call>":                                            false,
		"leton\n{\"name\": \"list_orders\", \"arguments\": {}}\n</tool_call>":                                           true,
		"Now.<tool_call>list_orders<arg_key>page</arg_key><arg_value>1</arg_value></tool_call>":                         true,
	} {
		r := run(t, genai.Message{Role: "assistant", Text: text})
		require.Equal(t, want, len(r.Findings) == 1, text)
		if want {
			require.Equal(t, "a call of list_orders is written into the text of the answer", r.Findings[0].Evidence)
		}
	}
	both := calls("list_orders", "{}")
	both.Text = "I call issue_refund(order_id=1) next."
	require.Empty(t, run(t, both).Findings, "who calls natively may explain in text")
	far := strings.Repeat("I look at the orders. ", 4000)
	require.Len(
		t,
		run(t, genai.Message{Text: far + "<tool_call>list_orders</tool_call>"}).Findings,
		1,
		"at the end of a long text",
	)
}

// TestHostileTexts: what makes a search look far ahead, in as many places as there are.
func TestHostileTexts(t *testing.T) {
	began := time.Now()
	for _, part := range []string{"\n[", "<list_orders>", "Action:", `"name":"list_orders"`, "default_api.", "default_api.x(", "((((", "to=functions.", "<", `"name"`, "\\_", "'", "```x", "`", "a`{\"name\":\"list_orders\",\"args\":1}", "<tool_call>"} {
		run(t, genai.Message{Text: strings.Repeat(part, 10<<20/len(part))})
	}
	require.Less(t, time.Since(began), 20*time.Second)
}

// BenchmarkText is an answer of 3 KB with code in it, as most answers that hold a bracket are: no call.
func BenchmarkText(b *testing.B) {
	s, err := New(Config{})
	require.NoError(b, err)
	text := strings.Repeat(
		"You can compute it as follows (in Python), where `total` is the sum of the lines:\n\n```python\ntotals = {\"net\": sum(l[\"net\"] for l in lines)}\n"+
			"if totals[\"net\"] < 10 and rate > 0:\n    print(totals)\n```\n\n* the **rate** is 19 % <br>\n",
		12,
	)
	call := &genai.Call{Operation: genai.OpChat}
	tools, err := genai.ParseTools(definitions)
	require.NoError(b, err)
	call.SetContent(
		genai.Content{Output: []genai.Message{{Role: "assistant", Text: text}}, Tools: tools, ToolDefinitions: definitions},
	)
	var r score.Result
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Reset()
		s.Score(call, &r)
	}
	require.Empty(b, r.Findings)
}
