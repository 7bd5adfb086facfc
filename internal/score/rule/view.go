package rule

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// maxText bounds each text that an expression sees, in bytes: the head of what is longer.
const maxText = 64 << 10

// View is what an expression can name. Tags are the names.
type View struct {
	Call       CallView       `expr:"call"`
	Input      string         `expr:"input"`      // the last message of the user
	Messages   []string       `expr:"messages"`   // the texts of all input messages, oldest first
	System     string         `expr:"system"`     // the system instructions
	Output     string         `expr:"output"`     // the text of the answer, choices joined with newlines
	ToolCalls  []string       `expr:"tool_calls"` // names of the tools that the answer calls
	ToolArgs   map[string]any `expr:"tool_args"`  // their arguments by tool name, the last call of each
	Tools      []string       `expr:"tools"`      // names of the tools that were offered
	ToolResult string         `expr:"tool_result"`
	Documents  []string       `expr:"documents"` // contents of retrieved documents
	Refusal    string         `expr:"refusal"`
}

// CallView is the scalar part of a call. Numbers that were not recorded are 0, texts "".
type CallView struct {
	Operation     string    `expr:"operation"`
	Provider      string    `expr:"provider"`
	Model         string    `expr:"model"`
	RequestModel  string    `expr:"request_model"`
	ResponseModel string    `expr:"response_model"`
	PromptName    string    `expr:"prompt_name"`
	PromptVersion string    `expr:"prompt_version"`
	AgentName     string    `expr:"agent_name"`
	SessionID     string    `expr:"session_id"`
	UserID        string    `expr:"user_id"`
	ToolName      string    `expr:"tool_name"`
	FinishReasons []string  `expr:"finish_reasons"`
	Streaming     bool      `expr:"streaming"`
	TTFT          float64   `expr:"ttft_ms"`
	Duration      float64   `expr:"duration_ms"`
	CostUSD       float64   `expr:"cost_usd"`
	Temperature   float64   `expr:"temperature"`
	MaxTokens     int64     `expr:"max_tokens"`
	Usage         UsageView `expr:"usage"`
	Error         ErrorView `expr:"error"`
}

// UsageView is the token counts as the emitter wrote them.
type UsageView struct {
	Input      int64 `expr:"input"`
	Output     int64 `expr:"output"`
	Total      int64 `expr:"total"`
	CacheRead  int64 `expr:"cache_read"`
	CacheWrite int64 `expr:"cache_write"`
	Reasoning  int64 `expr:"reasoning"`
}

// ErrorView is what the span says of its failure.
type ErrorView struct {
	IsError bool   `expr:"is_error"`
	Type    string `expr:"type"`
	Message string `expr:"message"`
}

// parts says which content each name of the view needs. It lists every name.
var parts = map[string]genai.Part{
	"call": 0, "input": genai.PartInput, "messages": genai.PartInput, "system": genai.PartInput, "output": genai.PartOutput,
	"tool_calls": genai.PartOutput, "tool_args": genai.PartOutput, "refusal": genai.PartOutput, "tools": genai.PartTools,
	"tool_result": genai.PartTool, "documents": genai.PartRetrieval,
}

// Names are the names that an expression can use, sorted.
func Names() []string { return tagsOf(reflect.TypeFor[View]()) }

func callNames() []string { return tagsOf(reflect.TypeFor[CallView]()) }

func tagsOf(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		names = append(names, f.Tag.Get("expr"))
	}
	slices.Sort(names)
	return names
}

// newView fills the view, loading no more content than is needed.
func newView(c *genai.Call, needs genai.Part) View {
	v := View{Call: CallView{
		Operation: c.Operation, Provider: c.Provider, Model: c.AnyModel(), RequestModel: c.RequestModel, ResponseModel: c.ResponseModel,
		PromptName: c.PromptName, PromptVersion: c.PromptVersion, AgentName: c.AgentName, SessionID: c.SessionID, UserID: c.UserID,
		ToolName: c.ToolName, FinishReasons: c.FinishReasons, Streaming: c.Streaming.Value, TTFT: c.TTFT.Value, Duration: c.DurationMillis,
		CostUSD: c.CostUSD.Value, Temperature: c.Temperature.Value, MaxTokens: c.MaxTokens.Value,
		Usage: UsageView{
			Input: c.Usage.Input.Value, Output: c.Usage.Output.Value, Total: c.Usage.Total.Value,
			CacheRead: c.Usage.CacheRead.Value, CacheWrite: c.Usage.CacheWrite.Value, Reasoning: c.Usage.Reasoning.Value,
		},
		Error: ErrorView{c.Error.IsError, c.Error.Type, clip(c.Error.Message)},
	}}
	if needs&genai.PartInput != 0 {
		v.System = clip(c.System())
		for _, m := range c.Input() {
			v.Messages = append(v.Messages, clip(m.Text))
			if m.Role == "user" && m.Text != "" {
				v.Input = clip(m.Text)
			}
		}
	}
	if needs&genai.PartOutput != 0 {
		v.output(c)
	}
	if needs&genai.PartTools != 0 {
		for _, t := range c.Tools() {
			v.Tools = append(v.Tools, t.Name)
		}
	}
	if needs&genai.PartTool != 0 {
		v.ToolResult = clip(c.ToolResult().Text)
	}
	if needs&genai.PartRetrieval != 0 {
		for _, d := range c.Retrieval().Documents {
			v.Documents = append(v.Documents, clip(d.Content))
		}
	}
	return v
}

func (v *View) output(c *genai.Call) {
	v.Refusal = clip(c.Refusal())
	var texts []string
	for _, m := range c.Output() {
		if m.Text != "" {
			texts = append(texts, m.Text)
		}
		for _, call := range m.ToolCalls {
			v.ToolCalls = append(v.ToolCalls, call.Name)
			if v.ToolArgs == nil {
				v.ToolArgs = map[string]any{}
			}
			v.ToolArgs[call.Name] = decoded(call.Arguments.Text)
		}
	}
	v.Output = clip(strings.Join(texts, "\n"))
}

// decoded is the JSON value of arguments, or their text where they are none or too large.
func decoded(arguments string) any {
	var value any
	if len(arguments) > maxText || json.Unmarshal([]byte(arguments), &value) != nil {
		return clip(arguments)
	}
	return value
}

func clip(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}
