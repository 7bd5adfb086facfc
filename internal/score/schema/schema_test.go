package schema

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

const invoice = `{"type": "object", "required": ["total"], "additionalProperties": false, "properties": {"total": {"type": "number"}, "day": {"type": "string", "format": "date"}}}`

func judge(t *testing.T, s *Scorer, call genai.Call, content genai.Content) score.Result {
	t.Helper()
	if call.Operation == "" {
		call.Operation = genai.OpChat
	}
	call.SetContent(content)
	var r score.Result
	s.Score(&call, &r)
	return r
}

func says(text string) []genai.Message { return []genai.Message{{Role: "assistant", Text: text}} }

func TestAnswerOfTheRequestedSchema(t *testing.T) {
	s, err := New(Config{}, "")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		answer, want, evidence string
	}{
		"follows":        {`{"total": 19.99}`, "", ""},
		"white space":    {"\n {\"total\": 1}\n", "", ""},
		"prose":          {"The total is 19.99.", "not_json", "is text"},
		"a code fence":   {"```json\n{\"total\": 1}\n```", "not_json", "code fence"},
		"cut off":        {`{"total": 19.`, "not_json", "not JSON"},
		"something more": {`{"total": 1} Anything else?`, "not_json", ""},
		"missing":        {`{}`, "required", "lacks total"},
		"type":           {`{"total": "19.99"}`, "type", "/total breaks type: the schema wants number"},
		"too much":       {`{"total": 1, "vat": 2}`, "additionalProperties", "forbids: vat"},
		"no date":        {`{"total": 1, "day": "tomorrow"}`, "format", "/day breaks format"},
	} {
		t.Run(name, func(t *testing.T) {
			r := judge(t, s, genai.Call{}, genai.Content{OutputSchema: invoice, Output: says(c.answer)})
			require.Empty(t, r.Problems)
			require.Len(t, r.Scores, 1)
			if c.want == "" {
				require.Empty(t, r.Findings)
				require.InDelta(t, 1, r.Scores[0].Value, 0)
				return
			}
			require.Len(t, r.Findings, 1)
			require.Equal(t, c.want, r.Findings[0].Detail)
			require.True(t, failure.ValidDetail(r.Findings[0].Class, r.Findings[0].Detail))
			require.Contains(t, r.Findings[0].Evidence, c.evidence)
			require.NotContains(t, r.Findings[0].Evidence, "19.99", "evidence holds no content")
		})
	}
}

func TestNotJudged(t *testing.T) {
	s, err := New(Config{}, "")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		call    genai.Call
		content genai.Content
	}{
		"no schema":      {genai.Call{}, genai.Content{Output: says("hello")}},
		"a tool call":    {genai.Call{}, genai.Content{OutputSchema: invoice, Output: []genai.Message{{ToolCalls: []genai.ToolCall{{Name: "f"}}}}}},
		"refused":        {genai.Call{}, genai.Content{OutputSchema: invoice, Output: says("I'm sorry"), Refusal: "I'm sorry"}},
		"filtered":       {genai.Call{FinishReasonsCanonical: []string{"content_filter"}}, genai.Content{OutputSchema: invoice, Output: says("")}},
		"failed":         {genai.Call{Error: genai.Error{IsError: true}}, genai.Content{OutputSchema: invoice}},
		"an outer step":  {genai.Call{Operation: genai.OpInvokeAgent}, genai.Content{OutputSchema: invoice, Output: says("hello")}},
		"not a whole":    {genai.Call{ContentTruncated: true}, genai.Content{OutputSchema: invoice, Output: says(`{"to`)}},
		"nothing at all": {genai.Call{}, genai.Content{OutputSchema: invoice}},
	} {
		t.Run(name, func(t *testing.T) {
			r := judge(t, s, c.call, c.content)
			require.Empty(t, r.Scores)
			require.Empty(t, r.Findings)
			require.Empty(t, r.Problems)
		})
	}
}

func TestSchemasOfTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "invoice.json"), []byte(invoice), 0o600))
	s, err := New(
		Config{
			Schemas: []Source{
				{Prompt: "invoice-extractor", File: "invoice.json"},
				{Model: "extract-*", File: filepath.Join(dir, "invoice.json")},
			},
		},
		dir,
	)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		call   genai.Call
		judged bool
	}{
		"its prompt": {genai.Call{PromptName: "invoice-extractor"}, true},
		"its model":  {genai.Call{ResponseModel: "extract-2"}, true},
		"its case":   {genai.Call{ResponseModel: "Extract-eu/2"}, true},
		"not whole":  {genai.Call{ResponseModel: "my-extract-2"}, false},
		"neither":    {genai.Call{PromptName: "other", RequestModel: "gpt-4.1"}, false},
	} {
		r := judge(t, s, c.call, genai.Content{Output: says(`{}`)})
		require.Equal(t, c.judged, len(r.Findings) == 1, name)
	}
}

func TestAModelPatternMustBeAGlob(t *testing.T) {
	_, err := New(Config{Schemas: []Source{{Model: "extract-[12]", File: "invoice.json"}}}, "")
	require.ErrorContains(t, err, "schemas[0].model must not contain ? [ ] { } or ")
}

func TestProblems(t *testing.T) {
	s, err := New(Config{}, "")
	require.NoError(t, err)
	for reason, content := range map[string]genai.Content{
		"invalid_schema": {OutputSchema: `{"$ref": "https://example.com/x"}`, Output: says("{}")},
		"too_large":      {OutputSchema: `{"x": "` + strings.Repeat("x", 5<<20) + `"}`, Output: says("{}")},
		"too_deep":       {OutputSchema: invoice, Output: says(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000))},
	} {
		r := judge(t, s, genai.Call{}, content)
		require.Empty(t, r.Findings, reason)
		require.Len(t, r.Problems, 1, reason)
		require.Equal(t, reason, r.Problems[0].Reason)
	}
}

// TestJSONWithoutSchema: where the request asked for JSON and said no more, or its schema was not recorded.
func TestJSONWithoutSchema(t *testing.T) {
	s, err := New(Config{}, "")
	require.NoError(t, err)
	for name, call := range map[string]genai.Call{
		"json_object": {ResponseFormat: "json_object"}, "json_schema": {ResponseFormat: "json_schema"}, "output type": {OutputType: "json"},
	} {
		r := judge(t, s, call, genai.Content{Output: says(`{"anything": 1}`)})
		require.Empty(t, r.Findings, name)
		require.Len(t, r.Scores, 1, name)
		r = judge(t, s, call, genai.Content{Output: says("Here you are: {}")})
		require.Equal(t, "not_json", r.Findings[0].Detail, name)
	}
	require.Empty(
		t,
		judge(t, s, genai.Call{ResponseFormat: "text", OutputType: "text"}, genai.Content{Output: says("hello")}).Scores,
	)
}

func TestWorstOfSeveralChoices(t *testing.T) {
	s, err := New(Config{}, "")
	require.NoError(t, err)
	r := judge(
		t,
		s,
		genai.Call{},
		genai.Content{OutputSchema: invoice, Output: append(says(`{"total": 1}`), says(`{"total": "1"}`)...)},
	)
	require.Len(t, r.Scores, 1, "one score a call")
	require.True(t, r.Scores[0].Failed)
	require.Len(t, r.Findings, 1)
}

// TestTheSameAnswerGivesTheSameFinding, although the properties of an object have no order.
func TestTheSameAnswerGivesTheSameFinding(t *testing.T) {
	s, err := New(Config{}, "")
	require.NoError(t, err)
	var answer strings.Builder
	for i := range 60 {
		fmt.Fprintf(&answer, `"p%02d": 1, `, i)
	}
	schema := `{"additionalProperties": {"type": "string"}}`
	for range 20 {
		r := judge(t, s, genai.Call{}, genai.Content{OutputSchema: schema, Output: says("{" + answer.String() + `"q": 1}`)})
		require.Equal(t, "type /p00", r.Findings[0].Where)
	}
}

// BenchmarkAnswer is an answer of 2 KB that follows the schema of its request.
func BenchmarkAnswer(b *testing.B) {
	s, err := New(Config{}, "")
	require.NoError(b, err)
	call := &genai.Call{Operation: genai.OpChat}
	call.SetContent(genai.Content{
		OutputSchema: `{"type": "object", "properties": {"lines": {"type": "array", "items": ` + invoice + `}}, "required": ["lines"], "additionalProperties": false}`,
		Output:       says(`{"lines": [` + strings.Repeat(`{"total": 19.99, "day": "2026-11-23"}, `, 50) + `{"total": 1}]}`),
	})
	var r score.Result
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		s.Score(call, &r)
	}
	require.Empty(b, r.Findings)
}

// TestTimesWithoutAZone: Python declares date-time and writes local times.
func TestTimesWithoutAZone(t *testing.T) {
	for at, wrong := range map[string][2]int{
		"2026-03-01T10:00:00Z": {0, 0}, "2026-03-01T10:00:00": {0, 1}, "tomorrow": {1, 1},
	} {
		for i, config := range []Config{{}, {RequireZone: true}} {
			s, err := New(config, "")
			require.NoError(t, err)
			call := &genai.Call{Operation: genai.OpChat}
			call.SetContent(genai.Content{
				OutputSchema: `{"type":"object","properties":{"at":{"type":"string","format":"date-time"}}}`,
				Output:       []genai.Message{{Role: "assistant", Text: `{"at": "` + at + `"}`}},
			})
			var r score.Result
			s.Score(call, &r)
			require.Len(t, r.Findings, wrong[i], at)
		}
	}
}

// TestAnswerAfterAToolOfTheProvider: the text beside a search that the provider ran is the answer.
func TestAnswerAfterAToolOfTheProvider(t *testing.T) {
	for kind, want := range map[genai.ToolKind]int{genai.ToolProvider: 1, genai.ToolFunction: 0, genai.ToolCustom: 0} {
		s, err := New(Config{}, "")
		require.NoError(t, err)
		call := &genai.Call{Operation: genai.OpChat, ResponseFormat: "json_object"}
		call.SetContent(genai.Content{Output: []genai.Message{{
			Role: "assistant", Text: "no JSON", ToolCalls: []genai.ToolCall{{Name: "web_search", Kind: kind}},
		}}})
		var r score.Result
		s.Score(call, &r)
		require.Len(t, r.Findings, want, kind)
	}
}
