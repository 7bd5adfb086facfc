package toolcall

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

const definitions = `[{"type": "function", "name": "issue_refund", "parameters": {"type": "object", "required": ["order_id", "amount"], "properties": {
	"order_id": {"type": "string", "pattern": "^[0-9]+$"}, "amount": {"type": "number", "exclusiveMinimum": 0}, "currency": {"type": "string", "enum": ["EUR", "USD"]},
	"lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}, "n": {"type": "integer"}}, "required": ["sku"]}},
	"meta": {"type": "object", "additionalProperties": {"type": "string"}}, "note": {"type": "string", "nullable": true}}}},
	{"type": "function", "function": {"name": "list_orders", "parameters": {"type": "object", "properties": {}}}},
	{"name": "old", "input_schema": {"type": "OBJECT", "properties": {"n": {"type": "INTEGER"}, "f": {"type": "float"}, "x": {"type": "any"}}}},
	{"name": "bare"}]`

func run(tb testing.TB, output ...genai.Message) score.Result {
	tb.Helper()
	s, err := New(Config{})
	require.NoError(tb, err)
	return runWith(s, definitions, output...)
}

func runWith(s *Scorer, definitions string, output ...genai.Message) score.Result {
	call := &genai.Call{Operation: genai.OpChat}
	tools, _ := genai.ParseTools(definitions)
	call.SetContent(genai.Content{Output: output, Tools: tools, ToolDefinitions: definitions})
	var r score.Result
	s.Score(call, &r)
	return r
}

func calls(name, arguments string) genai.Message {
	return genai.Message{
		Role:      "assistant",
		ToolCalls: []genai.ToolCall{{Name: name, Arguments: genai.Value{Text: arguments}}},
	}
}

func TestArguments(t *testing.T) {
	for name, c := range map[string]struct {
		tool, arguments string
		want            []string // detail and where
	}{
		"fits":                          {"issue_refund", `{"order_id": "4471", "amount": 19.99, "currency": "EUR"}`, nil},
		"5.0 is an integer":             {"issue_refund", `{"order_id": "1", "amount": 1, "lines": [{"sku": "a", "n": 5.0}]}`, nil},
		"an integer is a number":        {"issue_refund", `{"order_id": "1", "amount": 5}`, nil},
		"a nullable null":               {"issue_refund", `{"order_id": "1", "amount": 5, "note": null}`, nil},
		"free properties":               {"issue_refund", `{"order_id": "1", "amount": 5, "meta": {"a": "b"}}`, nil},
		"no arguments":                  {"list_orders", ``, nil},
		"nothing is known of it":        {"bare", `{"x": 1}`, nil},
		"types of other providers":      {"old", `{"n": 3, "f": 1.5, "x": [1]}`, nil},
		"unknown tool":                  {"send_refund", `{}`, []string{"unknown_tool unknown_tool"}},
		"no JSON":                       {"issue_refund", `{"order_id": "4471", "amount": }`, []string{"unparsable_arguments unparsable"}},
		"cut":                           {"issue_refund", `{"order_id": "44`, []string{"unparsable_arguments unparsable"}},
		"a list":                        {"issue_refund", `["4471"]`, []string{"arguments_not_object not_object"}},
		"encoded twice":                 {"issue_refund", `"{\"order_id\": \"1\"}"`, []string{"arguments_not_object not_object"}},
		"missing":                       {"issue_refund", `{"amount": 3}`, []string{"missing_required required /order_id"}},
		"missing deeper":                {"issue_refund", `{"order_id": "1", "amount": 3, "lines": [{"n": 1}]}`, []string{"missing_required required /lines/*/sku"}},
		"a parameter that does not be":  {"issue_refund", `{"order_id": "1", "amount": 3, "reason": "x"}`, []string{"unexpected_param additionalProperties /reason"}},
		"type":                          {"issue_refund", `{"order_id": "1", "amount": "19,99"}`, []string{"type_mismatch type /amount"}},
		"type in free properties":       {"issue_refund", `{"order_id": "1", "amount": 3, "meta": {"a": 1}}`, []string{"type_mismatch type /meta/a"}},
		"half an integer":               {"old", `{"n": 3.5}`, []string{"type_mismatch type /n"}},
		"enum":                          {"issue_refund", `{"order_id": "1", "amount": 3, "currency": "GBP"}`, []string{"enum_violation enum /currency"}},
		"bound":                         {"issue_refund", `{"order_id": "1", "amount": 0}`, []string{"constraint_violation exclusiveMinimum /amount"}},
		"pattern":                       {"issue_refund", `{"order_id": "A1", "amount": 3}`, []string{"constraint_violation pattern /order_id"}},
		"everything at once, in order":  {"issue_refund", `{"currency": "x", "zz": 1}`, []string{"missing_required required /order_id", "missing_required required /amount", "enum_violation enum /currency", "unexpected_param additionalProperties /zz"}},
		"a closed tool takes nothing":   {"list_orders", `{"page": 1}`, []string{"unexpected_param additionalProperties /page"}},
		"null where a string is wanted": {"issue_refund", `{"order_id": null, "amount": 3}`, []string{"type_mismatch type /order_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, calls(c.tool, c.arguments))
			var got []string
			for _, f := range r.Findings {
				require.Equal(t, failure.ToolCallMalformed, f.Class)
				require.True(t, failure.ValidDetail(f.Class, f.Detail))
				require.Equal(t, Name, f.Scorer)
				require.Equal(t, c.tool, f.Tool)
				require.NotContains(t, f.Evidence, "19,99", "evidence holds no values")
				got = append(got, f.Detail+" "+f.Where)
			}
			require.Equal(t, c.want, got)
			require.Len(t, r.Scores, 1)
			require.Equal(t, len(c.want) > 0, r.Scores[0].Failed)
			require.Empty(t, r.Problems)
		})
	}
}

func TestEvidenceSaysWhatToDo(t *testing.T) {
	r := run(t, calls("issue_refund", `{"order_id": "1", "amount": "19,99", "lines": [{"sku": 7}]}`))
	require.Equal(t, "issue_refund.amount is a string; the tool's schema wants a number", r.Findings[0].Evidence)
	require.Equal(t, "issue_refund.lines[0].sku is an integer; the tool's schema wants a string", r.Findings[1].Evidence)
	require.Equal(t, `"19,99"`, r.Findings[0].Excerpt)
}

// TestToolsThatRan: an execute_tool span says with what its tool ran, and some say how it is defined.
func TestToolsThatRan(t *testing.T) {
	s, err := New(Config{})
	require.NoError(t, err)
	ran := func(name, arguments, definitions string) score.Result {
		call := &genai.Call{Operation: genai.OpExecuteTool, ToolName: name}
		call.SetContent(
			genai.Content{ToolArguments: genai.Value{Text: arguments, Structured: true}, ToolDefinitions: definitions},
		)
		var r score.Result
		s.Score(call, &r)
		return r
	}
	r := ran("issue_refund", `{"order_id": "4471", "amount": "x"}`, definitions)
	require.Len(t, r.Findings, 1)
	require.Equal(t, failure.TypeMismatch, r.Findings[0].Detail)
	require.False(t, ran("issue_refund", `{"order_id": "4471", "amount": 3}`, definitions).Scores[0].Failed)
	require.Empty(t, ran("issue_refund", `{}`, "").Scores, "no definitions")
	require.Empty(t, ran("other", `{}`, definitions).Scores, "it ran, so it is known to someone")
}

func TestNoArgumentsRecordedAsNull(t *testing.T) {
	null := calls("list_orders", "")
	null.ToolCalls[0].Arguments = genai.Value{Text: "null", Structured: true}
	require.Empty(t, run(t, null).Findings, "how a recorder spells none")
	require.Len(t, run(t, calls("list_orders", "null")).Findings, 1, "what the model wrote")
}

func TestOnlyTheDefinitionOfTheToolMatters(t *testing.T) {
	s, err := New(Config{})
	require.NoError(t, err)
	two := `[{"name": "good", "parameters": {"properties": {}}}, {"name": "bad", "parameters": {"$ref": "https://example.com/x"}}]`
	r := runWith(s, two, calls("good", "{}"))
	require.Empty(t, r.Problems)
	require.Len(t, r.Scores, 1)
	r = runWith(s, two, calls("bad", "{}"))
	require.Equal(t, "invalid_schema", r.Problems[0].Reason)
	require.Empty(t, r.Scores, "what could not be checked is not good")
}

// TestWithoutDefinitions: arguments that are not JSON are wrong whatever the tool, and nothing else shows.
func TestWithoutDefinitions(t *testing.T) {
	s, err := New(Config{})
	require.NoError(t, err)
	r := runWith(s, "", calls("any", `{"a": 1, "b": x`))
	require.Equal(t, failure.UnparsableArguments, r.Findings[0].Detail)
	require.True(t, r.Scores[0].Failed)
	require.Empty(t, r.Skips)
	for _, arguments := range []string{`{"a": 1}`, "", "*** Begin Patch", "select 1"} {
		r = runWith(s, "", calls("any", arguments))
		require.Empty(t, r.Findings, arguments)
		require.Empty(t, r.Scores, arguments)
		require.Equal(t, score.NoDefinitions, r.Skips[0].Reason, arguments)
	}
	require.NotEmpty(t, runWith(s, "", calls("any", `["a"]`), calls("any", `{"a"`)).Findings)
}

// TestToolsOfOthers: tools that the provider runs, that take free text, or that the definitions do not list.
func TestToolsOfOthers(t *testing.T) {
	s, err := New(Config{})
	require.NoError(t, err)
	const own = `{"type":"function","name":"save","parameters":{"type":"object","properties":{"n":{"type":"integer"}}}}`
	for name, c := range map[string]struct {
		definitions, tool, arguments string
		kind                         genai.ToolKind
		want                         string // detail, skip:reason, scored or nothing
	}{
		"run by the provider":         {own, "web_search", `{"q": 1}`, genai.ToolProvider, "nothing"},
		"the same name, not marked":   {own, "web_search", `{"q": 1}`, "", "unknown_tool"},
		"defined by the provider":     {own + `,{"type":"web_search_20250305","name":"web_search"}`, "web_search", `{"q": 1}`, "", "scored"},
		"by its type":                 {own + `,{"type":"web_search_preview"}`, "web_search", `{"q": 1}`, "", "scored"},
		"a part of code execution":    {own + `,{"type":"code_execution_20250825","name":"code_execution"}`, "bash_code_execution", `{"command": "ls"}`, "", "scored"},
		"another tool of no provider": {own + `,{"type":"code_execution_20250825","name":"code_execution"}`, "run_it", `{}`, "", "unknown_tool"},
		"search of Gemini":            {`{"googleSearch":{}},{"functionDeclarations":[` + own + `]}`, "google_search", `{"queries": []}`, "", "scored"},
		"pages of Gemini":             {`{"url_context":{},"functionDeclarations":[` + own + `]}`, "url_context", `{}`, "", "scored"},
		"not of Gemini's tools":       {`{"googleSearch":{},"functionDeclarations":[` + own + `]}`, "google_maps", `{}`, "", "unknown_tool"},
		"a part of Groq's browser":    {own + `,{"type":"browser_search"}`, "browser.open", `{}`, "", "scored"},
		"the computer of OpenAI":      {own + `,{"type":"computer_use_preview"}`, "computer_call", `{}`, "", "scored"},
		"custom":                      {own + `,{"type":"custom","name":"patch","format":{"type":"text"}}`, "patch", "*** Begin", genai.ToolCustom, "scored"},
		"custom, as a plain call":     {own + `,{"type":"custom","name":"patch"}`, "patch", "*** Begin", "", "scored"},
		"custom, in chat completions": {own + `,{"type":"custom","custom":{"name":"patch"}}`, "patch", "*** Begin", "", "scored"},
		"custom, with a schema":       {own + `,{"type":"custom","name":"put","input_schema":{"type":"object","required":["a"],"properties":{"a":{}}}}`, "put", "{}", "", "missing_required"},
		"inside of a namespace":       {`{"type":"namespace","name":"crm","tools":[` + own + `]}`, "save", `{"n": 1}`, "", "scored"},
		"with its namespace":          {`{"type":"namespace","name":"crm","tools":[` + own + `]}`, "crm.save", `{"n": "x"}`, "", "type_mismatch"},
		"not in the namespace":        {`{"type":"namespace","name":"crm","tools":[` + own + `]}`, "crm.drop", `{}`, "", "unknown_tool"},
		"an MCP server":               {own + `,{"type":"mcp","server_label":"wiki","server_url":"https://mcp.example.com"}`, "ask", `{"a": 1}`, "", "skip:no_definitions"},
		"an MCP server, not JSON":     {own + `,{"type":"mcp_toolset","mcp_server_name":"wiki"}`, "ask", `{"a": `, "", "unparsable_arguments"},
		"beside an MCP server":        {own + `,{"type":"mcp","server_label":"wiki"}`, "save", `{"n": "x"}`, "", "type_mismatch"},
		"an MCP server of Gemini":     {`{"functionDeclarations":[` + own + `]},{"mcpServers":[{"name":"wiki"}]}`, "ask", `{}`, "", "skip:no_definitions"},
		"a search for tools":          {own + `,{"type":"tool_search"}`, "crm_open", `{}`, "", "skip:no_definitions"},
		"a tool that loads tools":     {own + `,{"type":"function","name":"ToolSearch","parameters":{"type":"object"}}`, "mcp__crm__open", `{}`, "", "skip:no_definitions"},
		"a system tool of Bedrock":    {own + `,{"systemTool":{"name":"nova_grounding"}}`, "nova_grounding", `{"q": 1}`, "", "scored"},
		"a tool of the AI SDK":        {own + `,{"type":"provider-defined","id":"openai.web_search","name":"search","args":{}}`, "search", `{}`, "", "scored"},
	} {
		t.Run(name, func(t *testing.T) {
			m := calls(c.tool, c.arguments)
			m.ToolCalls[0].Kind = c.kind
			r := runWith(s, "["+c.definitions+"]", m)
			got := "nothing"
			switch {
			case len(r.Findings) > 0:
				got = r.Findings[0].Detail
			case len(r.Skips) > 0:
				got = "skip:" + r.Skips[0].Reason
				require.Empty(t, r.Scores)
			case len(r.Scores) > 0:
				got = "scored"
			}
			require.Equal(t, c.want, got)
			require.Empty(t, r.Problems)
		})
	}
}

// TestCutAtTheLimit: the finish reason of some servers hides that the arguments were cut.
func TestCutAtTheLimit(t *testing.T) {
	s, err := New(Config{})
	require.NoError(t, err)
	for used, want := range map[int64]failure.Class{64: failure.Truncation, 63: failure.ToolCallMalformed} {
		call := &genai.Call{Operation: genai.OpChat, MaxTokens: genai.Some[int64](64)}
		call.Usage.Output = genai.Some(used)
		call.SetContent(genai.Content{Output: []genai.Message{calls("save", `{"text": "It began`)}})
		var r score.Result
		s.Score(call, &r)
		require.Len(t, r.Findings, 1)
		require.Equal(t, want, r.Findings[0].Class)
		require.True(t, failure.ValidDetail(want, r.Findings[0].Detail))
	}
	wrong := &genai.Call{Operation: genai.OpChat, MaxTokens: genai.Some[int64](64)}
	wrong.Usage.Output = genai.Some[int64](64)
	wrong.SetContent(genai.Content{Output: []genai.Message{calls("save", `{"text": oops}`)}})
	var r score.Result
	s.Score(wrong, &r)
	require.Equal(t, failure.ToolCallMalformed, r.Findings[0].Class, "it was not cut")
}

func TestTimesWithoutAZone(t *testing.T) {
	const meeting = `[{"name":"meet","parameters":{"type":"object","properties":{"at":{"type":"string","format":"date-time"}}}}]`
	lenient, err := New(Config{})
	require.NoError(t, err)
	strict, err := New(Config{RequireZone: true})
	require.NoError(t, err)
	require.NotEqual(t, lenient.Version(), strict.Version())
	for at, wrong := range map[string][2]int{
		"2026-03-01T10:00:00Z": {0, 0}, "2026-03-01T10:00": {0, 1}, "tomorrow": {1, 1},
	} {
		for i, s := range []*Scorer{lenient, strict} {
			require.Len(t, runWith(s, meeting, calls("meet", `{"at": "`+at+`"}`)).Findings, wrong[i], at)
		}
	}
}

func TestNothingToJudge(t *testing.T) {
	s, err := New(Config{})
	require.NoError(t, err)
	require.Empty(t, runWith(s, "", calls("any", "{}")).Scores, "no definitions")
	require.Empty(t, run(t, genai.Message{Text: "It was refunded."}).Scores, "no call")
	require.Empty(t, run(t).Scores, "no answer")
}

func FuzzToolArguments(f *testing.F) {
	f.Add(definitions, "issue_refund", `{"order_id": "1", "amount": "x"}`, "")
	f.Add(`[{"name":"a","parameters":{"$ref":"#"}}]`, "a", `{"b":[1e999]}`, `<tool_call>a(`)
	f.Add(
		`{"functionDeclarations":[{"name":"a","parameters":{"type":["STRING",null],"enum":[1,{}]}}]}`,
		"a",
		`{"a":{"b":null}}`,
		"[a(",
	)
	for _, definitions := range sent(f) {
		f.Add(definitions, "lookup", `{"order_id": 7}`, "I will call it.")
	}
	f.Fuzz(func(t *testing.T, definitions, name, arguments, text string) {
		s, err := New(Config{})
		require.NoError(t, err)
		r := runWith(s, definitions, calls(name, arguments), genai.Message{Text: text})
		for _, p := range r.Problems {
			require.NotEqual(t, "panic", p.Reason)
		}
		for _, found := range r.Findings {
			require.True(t, failure.ValidDetail(found.Class, found.Detail))
		}
	})
}

// sent are tool definitions as instrumentations recorded them, none where the corpus is absent.
func sent(f *testing.F) []string {
	f.Helper()
	var list []string
	for _, file := range corpus.Dialects(f, 64<<10) {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		var values any
		require.NoError(f, json.Unmarshal(raw, &values))
		walk(values, func(text string) {
			if tools, err := genai.ParseTools(text); err == nil && len(tools) > 0 {
				list = append(list, text)
			}
		})
	}
	return list
}

// walk gives every string in a JSON value.
func walk(v any, each func(string)) {
	switch v := v.(type) {
	case string:
		each(v)
	case []any:
		for _, item := range v {
			walk(item, each)
		}
	case map[string]any:
		for _, item := range v {
			walk(item, each)
		}
	}
}

func BenchmarkToolArguments(b *testing.B) {
	s, err := New(Config{})
	require.NoError(b, err)
	call := &genai.Call{Operation: genai.OpChat}
	tools, err := genai.ParseTools(definitions)
	require.NoError(b, err)
	call.SetContent(genai.Content{
		Output: []genai.Message{
			calls("issue_refund", `{"order_id": "4471", "amount": 19.99, "currency": "EUR"}`),
		}, Tools: tools, ToolDefinitions: definitions,
	})
	var r score.Result
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		s.Score(call, &r)
	}
}
