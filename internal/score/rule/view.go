package rule

import (
	"encoding/json"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// View is what an expression can name. Tags are the names.
type View struct {
	Call       CallView       `expr:"call"`
	Input      string         `expr:"input"`       // the last message of the user
	Messages   []string       `expr:"messages"`    // the texts of all input messages, oldest first
	System     string         `expr:"system"`      // the system instructions
	Output     string         `expr:"output"`      // the text of the answer, choices joined with newlines
	ToolCalls  []string       `expr:"tool_calls"`  // names of the tools that the answer calls
	ToolArgs   map[string]any `expr:"tool_args"`   // their arguments by tool name, the last call of each; those that an execute_tool span ran with
	Tools      []string       `expr:"tools"`       // names of the tools that were offered
	ToolResult string         `expr:"tool_result"` // what an execute_tool span got
	Documents  []string       `expr:"documents"`   // contents of retrieved documents
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
	ServiceName   string    `expr:"service_name"`
	Environment   string    `expr:"deployment_environment"`
	ToolName      string    `expr:"tool_name"`
	ToolStatus    string    `expr:"tool_status"`
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
	Status  int64  `expr:"http_status"`
}

// parts says which content each name of the view needs. It lists every name.
var parts = map[string]genai.Part{
	"call": 0, "input": genai.PartInput, "messages": genai.PartInput, "system": genai.PartInput, "output": genai.PartOutput,
	"tool_calls": genai.PartOutput, "tool_args": genai.PartOutput | genai.PartTool, "refusal": genai.PartOutput, "tools": genai.PartTools,
	"tool_result": genai.PartTool, "documents": genai.PartRetrieval,
}

// Bounds of what an expression sees of a call, which was written by strangers.
const (
	maxText     = 64 << 10 // bytes of each text: the head of what is longer
	maxMessages = 512      // of a conversation: its end
	maxCalls    = 256      // tool calls of an answer, tools, documents
)

// newView fills the scalar part of the view.
func newView(c *genai.Call) *View {
	return &View{Call: CallView{
		Operation: c.Operation, Provider: c.Provider, Model: c.AnyModel(), RequestModel: c.RequestModel, ResponseModel: c.ResponseModel,
		PromptName: c.PromptName, PromptVersion: c.PromptVersion, AgentName: c.AgentName, SessionID: c.SessionID, UserID: c.UserID,
		ServiceName: c.ServiceName, Environment: c.DeploymentEnv, ToolName: c.ToolName, ToolStatus: c.ToolStatus,
		FinishReasons: c.FinishReasons, Streaming: c.Streaming.Value, TTFT: c.TTFT.Value, Duration: c.DurationMillis,
		CostUSD: c.CostUSD.Value, Temperature: c.Temperature.Value, MaxTokens: c.MaxTokens.Value,
		Usage: UsageView{
			Input: c.Usage.Input.Value, Output: c.Usage.Output.Value, Total: c.Usage.Total.Value,
			CacheRead: c.Usage.CacheRead.Value, CacheWrite: c.Usage.CacheWrite.Value, Reasoning: c.Usage.Reasoning.Value,
		},
		Error: ErrorView{c.Error.IsError, clip(c.Error.Type), clip(c.Error.Message), int64(c.Error.HTTPStatus)},
	}}
}

// load fills the parts of the content that are needed, and loads no others.
func (v *View) load(c *genai.Call, needs genai.Part) {
	if needs&genai.PartInput != 0 {
		v.System = clip(c.System())
		input := c.Input()
		for _, m := range input[max(0, len(input)-maxMessages):] {
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
		for _, t := range c.Tools()[:min(len(c.Tools()), maxCalls)] {
			v.Tools = append(v.Tools, t.Name)
		}
	}
	if needs&genai.PartTool != 0 && c.Operation == genai.OpExecuteTool {
		v.ToolResult = clip(c.ToolResult().Text)
		v.argue(c.ToolName, c.ToolArguments().Text)
	}
	if needs&genai.PartRetrieval != 0 {
		documents := c.Retrieval().Documents
		for _, d := range documents[:min(len(documents), maxCalls)] {
			v.Documents = append(v.Documents, clip(d.Content))
		}
	}
}

func (v *View) output(c *genai.Call) {
	v.Refusal = clip(c.Refusal())
	output := c.Output()
	if len(output) == 1 { // no copy of the common case
		v.Output = clip(output[0].Text)
	} else {
		var b strings.Builder
		for i := range output {
			if text := output[i].Text; text != "" && b.Len() < maxText {
				if b.Len() > 0 {
					b.WriteByte('\n')
				}
				b.WriteString(clip(text))
			}
		}
		v.Output = clip(b.String())
	}
	for i := range output {
		for _, call := range output[i].ToolCalls {
			if len(v.ToolCalls) == maxCalls {
				return
			}
			v.ToolCalls = append(v.ToolCalls, call.Name)
			v.argue(call.Name, call.Arguments.Text)
		}
	}
}

func (v *View) argue(tool, arguments string) {
	if v.ToolArgs == nil {
		v.ToolArgs = map[string]any{}
	}
	v.ToolArgs[tool] = decoded(arguments)
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
