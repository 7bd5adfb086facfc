package runner

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/genai"
)

// refund is a row in which a tool was called after a lookup.
func refund(t *testing.T, id string) dataset.Row {
	t.Helper()
	row := dataset.Row{ID: id, Service: "returns-bot", PromptName: "returns"}
	require.NoError(t, json.Unmarshal([]byte(`{"operation": "chat", "request_model": "gpt-4.1",
		"system_instructions": "Be brief.",
		"input_messages": [
			{"role": "user", "text": "Refund order 4471."},
			{"role": "assistant", "tool_calls": [{"id": "c1", "name": "find", "arguments": {"id": 4471}}]},
			{"role": "tool", "tool_results": [{"id": "c1", "result": {"total": 20}}]}],
		"tool_definitions": [{"type": "function", "name": "find", "description": "d", "parameters": {"type": "object"}}],
		"output_schema": {"type": "object"},
		"output_messages": [{"role": "assistant", "text": "no"}]}`), &row.Call))
	return row
}

func TestCase(t *testing.T) {
	row := refund(t, "r1")
	c := NewCase(&row)
	got, err := json.Marshal(c)
	require.NoError(t, err)
	require.JSONEq(t, `{"row": "r1", "run": 1, "hash": "`+c.Hash+`", "operation": "chat", "service": "returns-bot",
		"prompt_name": "returns", "model": "gpt-4.1", "input": "Refund order 4471.", "system": "Be brief.",
		"messages": [
			{"role": "user", "content": "Refund order 4471."},
			{"role": "assistant", "content": "", "tool_calls": [
				{"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{\"id\":4471}"}}]},
			{"role": "tool", "content": "{\"total\":20}", "tool_call_id": "c1"}],
		"tools": [{"type": "function", "function": {"name": "find", "description": "d", "parameters": {"type": "object"}}}],
		"schema": {"type": "object"}}`, string(got))
	require.NotContains(t, string(got), `"no"`, "the failing answer is not shown to the system")

	other := refund(t, "r2")
	require.Equal(t, c.Hash, NewCase(&other).Hash, "the hash is of the content")
	other.Service = "else"
	require.NotEqual(t, c.Hash, NewCase(&other).Hash)

	tool := dataset.Row{ID: "t"}
	require.NoError(t, json.Unmarshal([]byte(`{"operation": "execute_tool", "tool": {"name": "pay", "arguments": {"n": 1}}}`),
		&tool.Call))
	c = NewCase(&tool)
	require.Equal(t, &Function{Name: "pay", Arguments: `{"n":1}`}, c.Tool)
	require.Equal(t, c.Tool.Arguments, c.Input)

	search := dataset.Row{ID: "s"}
	require.NoError(t, json.Unmarshal([]byte(`{"operation": "retrieval", "retrieval": {"query": "shoes",
		"documents": [{"id": "a", "content": "old"}]}}`), &search.Call))
	c = NewCase(&search)
	require.Equal(t, "shoes", c.Input)
	require.Empty(t, c.Documents, "what it found is the answer")
}

func TestParseAnswer(t *testing.T) {
	for _, c := range []struct {
		name, out string
		want      Answer
		mistake   string
	}{
		{name: "text", out: "Yes.\n", want: Answer{Text: "Yes."}},
		{name: "nothing", out: "", want: Answer{}},
		{name: "two lines", out: "a\nb\n\n", want: Answer{Text: "a\nb"}},
		{name: "a structured answer", out: `{"total": 3}`, want: Answer{Text: `{"total": 3}`}},
		{name: "a list", out: `[1]`, want: Answer{Text: `[1]`}},
		{name: "broken JSON", out: `{"content": `, want: Answer{Text: `{"content": `}},
		{name: "another type of content", out: `{"content": [1]}`, want: Answer{Text: `{"content": [1]}`}},
		{
			name: "the short form", out: `{"content": "Hi", "model": "m", "usage": {"input_tokens": 3, "output_tokens": 1},
				"finish_reason": "length", "cost_usd": 0.5}`,
			want: Answer{Text: "Hi", Model: "m", InputTokens: 3, OutputTokens: 1, FinishReason: "length", CostUSD: 0.5},
		},
		{
			name: "calls, arguments as object and text", out: `{"tool_calls": [{"name": "a", "arguments": {"n": 1}},
				{"name": "b", "arguments": "{\"n\":2}"}]}`,
			want: Answer{ToolCalls: []Function{{"a", `{"n": 1}`}, {"b", `{"n":2}`}}},
		},
		{
			name: "a chat completion", out: `{"model": "m", "choices": [{"finish_reason": "tool_calls", "message": {"content": null,
				"tool_calls": [{"type": "function", "function": {"name": "a", "arguments": "{}"}}]}}],
				"usage": {"prompt_tokens": 7, "completion_tokens": 2}}`,
			want: Answer{
				ToolCalls: []Function{{"a", "{}"}}, Model: "m", FinishReason: "tool_calls", InputTokens: 7, OutputTokens: 2,
			},
		},
		{
			name: "a refusal", out: `{"choices": [{"finish_reason": "stop", "message": {"content": null, "refusal": "No."}}]}`,
			want: Answer{Text: "No.", FinishReason: "refusal"},
		},
		{name: "an error", out: `{"error": {"message": "quota"}}`, mistake: "the system reports\nquota"},
		{name: "an error in words", out: `{"error": "quota"}`, mistake: "the system reports\nquota"},
		{name: "an empty error", out: `{"error": null, "content": "x"}`, want: Answer{Text: "x"}},
		{name: "OTLP", out: ` {"resourceSpans": []}`, want: Answer{OTLP: []byte(` {"resourceSpans": []}`)}},
		{
			name: "OTLP with another key before", out: `{"a": 1, "resourceSpans": [1]}`,
			want: Answer{OTLP: []byte(`{"a": 1, "resourceSpans": [1]}`)},
		},
		{name: "compressed", out: "\x1f\x8b\x08", want: Answer{OTLP: []byte("\x1f\x8b\x08")}},
		{name: "protobuf", out: "\n\x20\x0a\x1e\x0a\x1c\x0a\x0c", want: Answer{OTLP: []byte("\n\x20\x0a\x1e\x0a\x1c\x0a\x0c")}},
		{name: "a text after empty lines", out: "\n\n  Hello there", want: Answer{Text: "\n\n  Hello there"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseAnswer([]byte(c.out))
			if c.mistake != "" {
				require.EqualError(t, err, c.mistake)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// attributesOf returns the text attributes of the resource and the span of a line.
func attributesOf(t *testing.T, line []byte) map[string]string {
	t.Helper()
	var r request
	require.NoError(t, json.Unmarshal(line, &r))
	all := map[string]string{}
	for _, list := range [][]attribute{
		r.ResourceSpans[0].Resource.Attributes, r.ResourceSpans[0].ScopeSpans[0].Spans[0].Attributes,
	} {
		for _, a := range list {
			if a.Value.String != nil {
				all[a.Key] = *a.Value.String
			}
		}
	}
	return all
}

func TestExec(t *testing.T) {
	row := refund(t, "r1")
	c := NewCase(&row)
	for _, test := range []struct{ command, text, mistake string }{
		{command: `cat | grep -o '"row":"r1"'`, text: `"row":"r1"`},
		{command: `echo $FAULTLINE_ROW $OTEL_RESOURCE_ATTRIBUTES`, text: "r1 app.llm.dataset.row=r1"},
		{command: `exit 0`},
		{command: `echo first >&2; echo "Error: no key" >&2; exit 3`, mistake: "exit status 3: Error: no key"},
		{command: `exit 1`, mistake: "exit status 1: it wrote no reason"},
		{command: `kill -9 $$`, mistake: "signal: killed: it wrote no reason"},
		{command: `no_such_command_here`, mistake: "cannot be run"},
		{command: `yes x | head -c 3000`, mistake: "the answer is larger than 64 MiB"},
	} {
		t.Run(test.command, func(t *testing.T) {
			answer, err := Exec{Command: test.command, limit: 2000}.Run(t.Context(), &c)
			if test.mistake != "" {
				require.ErrorContains(t, err, test.mistake)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.text, answer.Text)
		})
	}
}

// A command that hangs ends with everything that it started.
func TestExecEndsWithItsChildren(t *testing.T) {
	row := refund(t, "r1")
	c := NewCase(&row)
	file := filepath.Join(t.TempDir(), "late")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := Exec{Command: "(sleep 2; touch " + file + ") & sleep 30"}.Run(ctx, &c)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(began), 5*time.Second)
	time.Sleep(time.Until(began.Add(2500 * time.Millisecond))) // the child would have written it by now
	require.NoFileExists(t, file)
}

func TestKeysTellSystemsApart(t *testing.T) {
	program := filepath.Join(t.TempDir(), "app.py")
	require.NoError(t, os.WriteFile(program, []byte("1"), 0o600))
	command := Exec{Command: "python3 '" + program + "'"}
	before := command.Key()
	require.Equal(t, before, command.Key())
	require.NotEqual(t, before, Exec{Command: command.Command, Version: "2"}.Key())
	suite := Program{Args: []string{"python3", program}}
	suiteBefore := suite.Key()
	require.NoError(t, os.WriteFile(program, []byte("2"), 0o600))
	require.NotEqual(t, before, command.Key(), "the program changed")
	require.NotEqual(t, suiteBefore, suite.Key())
	require.NotEqual(t, OpenAI{Model: "a"}.Key(), OpenAI{Model: "b"}.Key())
	require.NotEqual(t, OpenAI{PromptText: "a"}.Key(), OpenAI{PromptText: "b"}.Key())
	require.Equal(t, OpenAI{APIKey: "a"}.Key(), OpenAI{APIKey: "b"}.Key())
}

func TestOpenAI(t *testing.T) {
	var got struct {
		Model          string
		Messages       []Message
		Tools          []Tool
		Temperature    float64
		ResponseFormat map[string]any `json:"response_format"`
	}
	busy := 1
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if busy--; busy >= 0 {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		if r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer secret" ||
			json.NewDecoder(r.Body).Decode(&got) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte(`{"model": "m-1", "choices": [{"message": {"content": "Done."}, "finish_reason": "stop"}]}`))
	}))
	defer server.Close()
	prompt, err := Template("prompt.txt", "Refund {{.Input}} in {{.Service}}.\n")
	require.NoError(t, err)
	row := refund(t, "r1")
	c := NewCase(&row)
	o := OpenAI{
		BaseURL: server.URL + "/v1/", APIKey: "secret", Model: "m", Prompt: prompt, Client: server.Client(),
		Parameters: map[string]json.RawMessage{"temperature": json.RawMessage("0.5")},
	}
	answer, err := o.Run(t.Context(), &c)
	require.NoError(t, err)
	require.Equal(t, "Done.", answer.Text)
	require.Equal(t, "m-1", answer.Model)
	require.Equal(t, "m", got.Model)
	require.InDelta(t, 0.5, got.Temperature, 0)
	require.Len(t, got.Messages, 4)
	require.Equal(t, Message{Role: "system", Content: "Refund Refund order 4471. in returns-bot."}, got.Messages[0])
	require.Equal(t, "find", got.Tools[0].Function.Name)
	require.Equal(t, "json_schema", got.ResponseFormat["type"])

	o.Prompt, o.Model = nil, ""
	_, err = o.Run(t.Context(), &c)
	require.NoError(t, err)
	require.Equal(t, "gpt-4.1", got.Model, "that of the row")
	require.Equal(t, "Be brief.", got.Messages[0].Content)

	o.APIKey = "wrong"
	_, err = o.Run(t.Context(), &c)
	require.ErrorContains(t, err, "400 Bad Request")
	c.Model = ""
	_, err = o.Run(t.Context(), &c)
	require.EqualError(t, err, "row r1 names no model; give one with --model")
	c.Operation = genai.OpExecuteTool
	_, err = o.Run(t.Context(), &c)
	require.ErrorContains(t, err, "cannot be asked of a model")
}

func TestHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/chat/r1":
			body := map[string]any{}
			if json.NewDecoder(r.Body).Decode(&body) != nil || r.Method != http.MethodPut || r.Header.Get("X-Key") != "k" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"out": []any{map[string]any{
				"text": "You said " + body["q"].(string), "calls": []any{map[string]any{"name": "f", "arguments": map[string]any{}}},
			}}})
		case "/fails":
			http.Error(w, `{"error": {"message": "no such order"}}`, http.StatusInternalServerError)
		default:
			_, _ = w.Write([]byte("plain"))
		}
	}))
	defer server.Close()
	t.Setenv("RUNNER_TEST_KEY", "k")
	row := refund(t, "r1")
	c := NewCase(&row)
	for _, test := range []struct{ name, file, text, mistake string }{
		{
			name: "a template", text: "You said Refund order 4471.",
			file: "url: " + server.URL + "/chat/{{.Row}}\nmethod: put\nheaders: {X-Key: '{{env \"RUNNER_TEST_KEY\"}}'}\n" +
				"body: '{\"q\": {{json .Input}}}'\nanswer: out.0.text\ntool_calls: out.0.calls\n",
		},
		{name: "defaults", file: "url: " + server.URL + "/\n", text: "plain"},
		{name: "no answer there", file: "url: " + server.URL + "/\nanswer: a.b\n", mistake: `the response has no a.b: "plain"`},
		{
			name: "an error", file: "url: " + server.URL + "/fails\n",
			mistake: "the server answers 500 Internal Server Error: no such order",
		},
		{name: "no address", file: "method: GET\n", mistake: `url must be an http or https address, got ""`},
		{name: "an unknown key", file: "url: http://x/\nbdy: x\n", mistake: "bdy"},
		{name: "an unknown field", file: "url: http://x/\nbody: '{{.Inptu}}'\n", mistake: "body must be a template of a case"},
		{name: "a broken template", file: "url: http://x/{{\n", mistake: "url must be a template of a case"},
		{name: "a method", file: "url: http://x/\nmethod: 'a b'\n", mistake: "method must be a method of HTTP"},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "request.yaml")
			require.NoError(t, os.WriteFile(name, []byte(test.file), 0o600))
			h, err := LoadHTTP(name, server.Client())
			var answer Answer
			if err == nil {
				answer, err = h.Run(t.Context(), &c)
			}
			if test.mistake != "" {
				require.ErrorContains(t, err, test.mistake)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.text, answer.Text)
		})
	}
}
