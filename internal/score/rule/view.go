package rule

import (
	"encoding/json"
	"strings"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/genai"
)

// View is what an expression can name: the tag expr is the name, doc its description in docs/reference/rules.md.
type View struct {
	Call       CallView       `expr:"call" doc:"the call itself, see below"`
	Input      string         `expr:"input" doc:"the last message of the user"`
	Messages   []string       `expr:"messages" doc:"the texts of all input messages, oldest first"`
	System     string         `expr:"system" doc:"the system instructions"`
	Output     string         `expr:"output" doc:"the text of the answer, its choices joined with newlines"`
	ToolCalls  []string       `expr:"tool_calls" doc:"names of the tools that the answer calls"`
	ToolArgs   map[string]any `expr:"tool_args" doc:"arguments by tool name: the last call of each, or those of an execute_tool span"`
	Tools      []string       `expr:"tools" doc:"names of the tools that were offered"`
	ToolResult string         `expr:"tool_result" doc:"the result of an execute_tool span"`
	Documents  []string       `expr:"documents" doc:"contents of the documents that a retrieval span found"`
	Refusal    string         `expr:"refusal" doc:"the provider's own refusal field"`

	Calls      []CalledView       `expr:"calls" doc:"the calls of the answer with their arguments, or the one of an execute_tool span; see below"`
	Parameters []ParameterView    `expr:"parameters" doc:"the parameters of the tools that are called, with arguments and descriptions; see below"`
	Steps      []string           `expr:"steps" doc:"names of all tools called in the conversation, oldest first, those of the answer last"`
	JSON       any                `expr:"json" doc:"the answer as a JSON value, nil where it is none"`
	Numbers    []float64          `expr:"numbers" doc:"the numbers in the text of the answer, such as 1,200.50"`
	Scores     map[string]float64 `expr:"scores" doc:"scores by scorer; a scorer that had nothing to judge is not in it"`
	Found      []string           `expr:"found" doc:"failures that the scorers and the rules before this one found, as class/detail"`
}

// CalledView is a call of a tool.
type CalledView struct {
	Name string         `expr:"name" doc:"the tool"`
	Args map[string]any `expr:"args" doc:"its arguments; empty where they are no JSON object"`
}

// CallView is the scalar part of a call. A number that was not recorded is 0, a text "".
type CallView struct {
	Operation     string    `expr:"operation" doc:"chat, execute_tool, embeddings, retrieval, invoke_agent, …"`
	Provider      string    `expr:"provider" doc:"canonical name: openai, anthropic, aws.bedrock, …"`
	Model         string    `expr:"model" doc:"the most precise name in the span"`
	RequestModel  string    `expr:"request_model" doc:"the requested model"`
	ResponseModel string    `expr:"response_model" doc:"the model that answered"`
	PromptName    string    `expr:"prompt_name" doc:"name of the prompt template"`
	PromptVersion string    `expr:"prompt_version" doc:"its version"`
	AgentName     string    `expr:"agent_name" doc:"the agent that made the call"`
	AgentVersion  string    `expr:"agent_version" doc:"its version"`
	SessionID     string    `expr:"session_id" doc:"the conversation"`
	UserID        string    `expr:"user_id" doc:"the user"`
	ServiceName   string    `expr:"service_name" doc:"service.name of the resource"`
	Environment   string    `expr:"deployment_environment" doc:"deployment.environment.name of the resource"`
	ToolName      string    `expr:"tool_name" doc:"the tool that an execute_tool span ran"`
	ToolStatus    string    `expr:"tool_status" doc:"how it ended, as reported"`
	FinishReasons []string  `expr:"finish_reasons" doc:"as the provider spells them, one a choice"`
	Streaming     bool      `expr:"streaming" doc:"whether the answer was streamed"`
	TTFT          float64   `expr:"ttft_ms" doc:"milliseconds until its first chunk"`
	Duration      float64   `expr:"duration_ms" doc:"milliseconds from start to end"`
	CostUSD       float64   `expr:"cost_usd" doc:"as the span reports it"`
	Temperature   float64   `expr:"temperature" doc:"as requested"`
	MaxTokens     int64     `expr:"max_tokens" doc:"as requested"`
	Usage         UsageView `expr:"usage" doc:"token counts, as reported"`
	Error         ErrorView `expr:"error" doc:"the failure as the span reports it"`
}

// UsageView is the token counts as emitted.
type UsageView struct {
	Input      int64 `expr:"input" doc:"of the prompt; whether cached tokens are in it depends on the emitter"`
	Output     int64 `expr:"output" doc:"of the answer"`
	Total      int64 `expr:"total" doc:"of both"`
	CacheRead  int64 `expr:"cache_read" doc:"read from the prompt cache"`
	CacheWrite int64 `expr:"cache_write" doc:"written to it"`
	Reasoning  int64 `expr:"reasoning" doc:"spent on reasoning"`
}

// ErrorView is the failure as the span reports it.
type ErrorView struct {
	IsError bool   `expr:"is_error" doc:"whether it failed"`
	Type    string `expr:"type" doc:"exception or code"`
	Message string `expr:"message" doc:"its message"`
	Status  int64  `expr:"http_status" doc:"HTTP status, 0 where unknown"`
}

// parts maps every name of the view to the content that it needs.
var parts = map[string]genai.Part{
	"call": 0, "input": genai.PartInput, "messages": genai.PartInput, "system": genai.PartInput,
	"output":     genai.PartOutput,
	"tool_calls": genai.PartOutput, "tool_args": genai.PartOutput | genai.PartTool, "refusal": genai.PartOutput,
	"tools": genai.PartTools,
	"calls": genai.PartOutput | genai.PartTool, "parameters": genai.PartOutput | genai.PartTool | genai.PartTools,
	"steps": genai.PartInput | genai.PartOutput, "json": genai.PartOutput,
	"numbers": genai.PartOutput, "scores": 0, "found": 0,
	"tool_result": genai.PartTool, "documents": genai.PartRetrieval,
}

// Bounds of what an expression sees of a call, which is untrusted input.
const (
	maxText     = 64 << 10 // bytes of each text: longer texts are cut
	maxMessages = 512      // of a conversation: its end
	maxCalls    = 256      // tool calls of an answer, tools, documents
)

// newView fills the scalar part of the view.
func newView(c *genai.Call) *View {
	return &View{Call: CallView{
		Operation: c.Operation, Provider: c.Provider, Model: c.AnyModel(), RequestModel: c.RequestModel,
		ResponseModel: c.ResponseModel,
		PromptName:    c.PromptName, PromptVersion: c.PromptVersion, AgentName: c.AgentName,
		AgentVersion: c.AgentVersion, SessionID: c.SessionID,
		UserID:      c.UserID,
		ServiceName: c.ServiceName, Environment: c.DeploymentEnv, ToolName: c.ToolName, ToolStatus: c.ToolStatus,
		FinishReasons: c.FinishReasons, Streaming: c.Streaming.Value, TTFT: c.TTFT.Value, Duration: c.DurationMillis,
		CostUSD: c.CostUSD.Value, Temperature: c.Temperature.Value, MaxTokens: c.MaxTokens.Value,
		Usage: UsageView{
			Input:      c.Usage.Input.Value,
			Output:     c.Usage.Output.Value,
			Total:      c.Usage.Total.Value,
			CacheRead:  c.Usage.CacheRead.Value,
			CacheWrite: c.Usage.CacheWrite.Value,
			Reasoning:  c.Usage.Reasoning.Value,
		},
		Error: ErrorView{
			c.Error.IsError,
			clip.Text(c.Error.Type, maxText),
			clip.Text(c.Error.Message, maxText),
			int64(c.Error.HTTPStatus),
		},
	}}
}

// load fills the parts of the content that are needed, and no others.
func (v *View) load(c *genai.Call, needs genai.Part) {
	if needs&genai.PartInput != 0 {
		v.System = clip.Text(c.System(), maxText)
		input := c.Input()
		for _, m := range input[max(0, len(input)-maxMessages):] {
			v.Messages = append(v.Messages, clip.Text(m.Text, maxText))
			if m.Role == "user" && m.Text != "" {
				v.Input = clip.Text(m.Text, maxText)
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
		v.ToolResult = clip.Text(c.ToolResult().Text, maxText)
		v.argue(c.ToolName, c.ToolArguments().Text)
	}
	if needs&genai.PartRetrieval != 0 {
		documents := c.Retrieval().Documents
		for _, d := range documents[:min(len(documents), maxCalls)] {
			v.Documents = append(v.Documents, clip.Text(d.Content, maxText))
		}
	}
}

func (v *View) output(c *genai.Call) {
	v.Refusal = clip.Text(c.Refusal(), maxText)
	output := c.Output()
	if len(output) == 1 { // the common case needs no copy
		v.Output = clip.Text(output[0].Text, maxText)
	} else {
		var b strings.Builder
		for i := range output {
			if text := output[i].Text; text != "" && b.Len() < maxText {
				if b.Len() > 0 {
					b.WriteByte('\n')
				}
				b.WriteString(clip.Text(text, maxText))
			}
		}
		v.Output = clip.Text(b.String(), maxText)
	}
	budget := maxArguments
	for i := range output {
		for _, call := range output[i].ToolCalls {
			if len(v.ToolCalls) == maxCalls {
				return
			}
			v.ToolCalls = append(v.ToolCalls, call.Name)
			if budget -= len(call.Arguments.Text); budget >= 0 {
				v.argue(call.Name, call.Arguments.Text)
			}
		}
	}
}

func (v *View) argue(tool, arguments string) {
	if v.ToolArgs == nil {
		v.ToolArgs = map[string]any{}
	}
	v.ToolArgs[tool] = decoded(arguments)
}

// decoded returns the JSON value of arguments, or their text if they are not JSON or too large.
func decoded(arguments string) any {
	var value any
	if len(arguments) > maxText || json.Unmarshal([]byte(arguments), &value) != nil {
		return clip.Text(arguments, maxText)
	}
	return value
}
