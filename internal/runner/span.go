package runner

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Marks are what the runner writes on the resource of a run, by attribute.
type Marks map[string]string

// marks returns the marks of a run.
func (c *Case) marks(runner string) Marks {
	return Marks{
		spanattr.AttrDatasetRow: c.Row, spanattr.AttrDatasetRun: strconv.Itoa(c.Run),
		spanattr.AttrDatasetCase: c.Hash, spanattr.AttrDatasetRunner: runner,
	}
}

// The part of OTLP/JSON that a run needs.
type (
	request struct {
		ResourceSpans []resourceSpans `json:"resourceSpans"`
	}
	resourceSpans struct {
		Resource   attributes   `json:"resource"`
		ScopeSpans []scopeSpans `json:"scopeSpans"`
	}
	scopeSpans struct {
		Scope struct {
			Name string `json:"name"`
		} `json:"scope"`
		Spans []span `json:"spans"`
	}
	span struct {
		TraceID string `json:"traceId"`
		SpanID  string `json:"spanId"`
		Name    string `json:"name"`
		Kind    int    `json:"kind"`
		Start   string `json:"startTimeUnixNano"`
		End     string `json:"endTimeUnixNano"`
		attributes
	}
	attributes struct {
		Attributes []attribute `json:"attributes,omitempty"`
	}
	attribute struct {
		Key   string `json:"key"`
		Value value  `json:"value"`
	}
	value struct {
		String *string  `json:"stringValue,omitempty"`
		Int    string   `json:"intValue,omitempty"` // OTLP/JSON writes 64-bit numbers as strings
		Double *float64 `json:"doubleValue,omitempty"`
		Array  *array   `json:"arrayValue,omitempty"`
	}
	array struct {
		Values []value `json:"values"`
	}
)

const kindClient = 3

func (a *attributes) text(key, text string) {
	if text != "" {
		a.Attributes = append(a.Attributes, attribute{key, value{String: &text}})
	}
}

func (a *attributes) number(key string, n int64) {
	if n > 0 {
		a.Attributes = append(a.Attributes, attribute{key, value{Int: strconv.FormatInt(n, 10)}})
	}
}

func (a *attributes) json(key string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain data
	}
	a.text(key, string(b))
}

// scopeName is the instrumentation that the runner's spans name.
const scopeName = "faultline.run"

// trace returns the run as one OTLP/JSON request on one line. A run that failed has its reason on the resource and no
// answer, so that nothing is judged.
func (c *Case) trace(a *Answer, marks Marks, failed error) ([]byte, error) {
	s := span{
		TraceID: randomID(16), SpanID: randomID(8), Kind: kindClient, Name: c.Operation,
		Start: unix(a.Began), End: unix(a.Ended),
	}
	s.text("gen_ai.operation.name", c.Operation)
	if failed == nil {
		c.question(&s.attributes, a)
		c.answer(&s.attributes, a)
	}
	rs := resourceSpans{ScopeSpans: []scopeSpans{{Spans: []span{s}}}}
	rs.ScopeSpans[0].Scope.Name = scopeName
	rs.Resource.text("service.name", cmp.Or(c.Service, "faultline-run"))
	for _, key := range []string{
		spanattr.AttrDatasetRow, spanattr.AttrDatasetRun, spanattr.AttrDatasetCase, spanattr.AttrDatasetRunner,
	} {
		rs.Resource.text(key, marks[key])
	}
	if failed != nil {
		rs.Resource.text(spanattr.AttrDatasetError, oneLine(failed.Error()))
	}
	return json.Marshal(request{[]resourceSpans{rs}})
}

// question writes what the system was given.
func (c *Case) question(s *attributes, a *Answer) {
	call := c.call
	s.text("gen_ai.provider.name", call.Provider)
	s.text("gen_ai.request.model", cmp.Or(a.Model, c.Model))
	s.text("gen_ai.prompt.name", c.PromptName)
	switch c.Operation {
	case genai.OpExecuteTool:
		s.text("gen_ai.tool.name", c.Tool.Name)
		s.text("gen_ai.tool.call.arguments", c.Tool.Arguments)
		return
	case genai.OpRetrieval:
		s.text("gen_ai.retrieval.query.text", c.Input)
		return
	}
	if c.System != "" {
		s.json("gen_ai.system_instructions", []part{{Type: "text", Content: new(c.System)}})
	}
	input := call.Input()
	for len(input) > 0 && (input[0].Role == genai.RoleSystem || input[0].Role == "developer") {
		input = input[1:]
	}
	s.json("gen_ai.input.messages", parts(input))
	s.text("gen_ai.tool.definitions", call.ToolDefinitions())
	s.text("gen_ai.request.structured_output_schema", call.OutputSchema())
	if len(c.Documents) > 0 {
		s.json("gen_ai.retrieval.documents", c.Documents)
	}
}

// answer writes what it answered.
func (c *Case) answer(s *attributes, a *Answer) {
	switch c.Operation {
	case genai.OpExecuteTool:
		s.text("gen_ai.tool.call.result", a.Text)
		return
	case genai.OpRetrieval:
		s.text("gen_ai.retrieval.documents", a.Text)
		return
	}
	reason := a.FinishReason
	if reason == "" {
		reason = "stop"
		if len(a.ToolCalls) > 0 {
			reason = "tool_call"
		}
	}
	m := messageJSON{Role: genai.RoleAssistant, FinishReason: reason, Parts: []part{}}
	if a.Text != "" || len(a.ToolCalls) == 0 {
		m.Parts = append(m.Parts, part{Type: "text", Content: new(a.Text)})
	}
	for i, call := range a.ToolCalls {
		m.Parts = append(m.Parts, part{
			Type: "tool_call", ID: "call_" + strconv.Itoa(i+1), Name: call.Name, Arguments: raw(call.Arguments),
		})
	}
	s.json("gen_ai.output.messages", []messageJSON{m})
	s.Attributes = append(s.Attributes, attribute{
		"gen_ai.response.finish_reasons", value{Array: &array{[]value{{String: &reason}}}},
	})
	s.text("gen_ai.response.model", a.Model)
	s.number("gen_ai.usage.input_tokens", a.InputTokens)
	s.number("gen_ai.usage.output_tokens", a.OutputTokens)
	if a.CostUSD > 0 {
		s.Attributes = append(s.Attributes, attribute{"gen_ai.usage.cost", value{Double: &a.CostUSD}})
	}
}

// part and messageJSON are the messages of the GenAI conventions.
type part struct {
	Type      string          `json:"type"`
	Content   *string         `json:"content,omitempty"`
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Response  json.RawMessage `json:"response,omitempty"`
}

type messageJSON struct {
	Role         string `json:"role"`
	Parts        []part `json:"parts"`
	FinishReason string `json:"finish_reason,omitempty"`
}

func parts(list []genai.Message) []messageJSON {
	out := make([]messageJSON, 0, len(list))
	for i := range list {
		m := messageJSON{Role: list[i].Role, Parts: []part{}}
		if list[i].Text != "" {
			m.Parts = append(m.Parts, part{Type: "text", Content: &list[i].Text})
		}
		for _, call := range list[i].ToolCalls {
			m.Parts = append(m.Parts, part{
				Type: "tool_call", ID: call.ID, Name: call.Name, Arguments: raw(call.Arguments.Text),
			})
		}
		for _, r := range list[i].ToolResults {
			m.Parts = append(m.Parts, part{Type: "tool_call_response", ID: r.ID, Response: raw(r.Result.Text)})
		}
		out = append(out, m)
	}
	return out
}

// raw returns JSON as it is, and any other text as a JSON string.
func raw(s string) json.RawMessage {
	if json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	b, _ := json.Marshal(s) //nolint:errchkjson // a string
	return b
}

func unix(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

func randomID(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// maxReason bounds the reason of a run without an answer.
const maxReason = 500

func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " ")
	if r := []rune(s); len(r) > maxReason {
		s = string(r[:maxReason]) + "…"
	}
	return s
}
