package genai

import (
	"encoding/json"
	"slices"
)

// callJSON is the JSON form of a Call: the keys that `faultline score --call` prints and that dataset rows hold.
type callJSON struct {
	Operation              string       `json:"operation,omitempty"`
	Provider               string       `json:"provider,omitempty"`
	ProviderRaw            string       `json:"provider_raw,omitempty"`
	RequestModel           string       `json:"request_model,omitempty"`
	ResponseModel          string       `json:"response_model,omitempty"`
	Model                  string       `json:"model,omitempty"`
	ResponseID             string       `json:"response_id,omitempty"`
	FinishReasons          []string     `json:"finish_reasons,omitempty"`
	FinishReasonsCanonical []string     `json:"finish_reasons_canonical,omitempty"`
	LLM                    Opt[bool]    `json:"is_llm_call,omitzero"`
	WorkflowName           string       `json:"workflow_name,omitempty"`
	Usage                  Usage        `json:"usage,omitzero"`
	Tokens                 Tokens       `json:"tokens,omitzero"`
	Input                  []Message    `json:"input_messages,omitempty"`
	Output                 []Message    `json:"output_messages,omitempty"`
	System                 string       `json:"system_instructions,omitempty"`
	Tools                  []string     `json:"tools,omitempty"`
	ToolDefinitions        Value        `json:"tool_definitions,omitzero"`
	Tool                   toolJSON     `json:"tool,omitzero"`
	SessionID              string       `json:"session_id,omitempty"`
	UserID                 string       `json:"user_id,omitempty"`
	AgentName              string       `json:"agent_name,omitempty"`
	Temperature            Opt[float64] `json:"temperature,omitzero"`
	MaxTokens              Opt[int64]   `json:"max_tokens,omitzero"`
	TopP                   Opt[float64] `json:"top_p,omitzero"`
	Seed                   Opt[int64]   `json:"seed,omitzero"`
	ResponseFormat         string       `json:"response_format,omitempty"`
	OutputType             string       `json:"output_type,omitempty"`
	OutputSchema           Value        `json:"output_schema,omitzero"`
	Streaming              Opt[bool]    `json:"streaming,omitzero"`
	TTFT                   Opt[float64] `json:"ttft_ms,omitzero"`
	CostUSD                Opt[float64] `json:"cost_usd,omitzero"`
	PromptName             string       `json:"prompt_name,omitempty"`
	PromptVersion          string       `json:"prompt_version,omitempty"`
	Refusal                string       `json:"refusal,omitempty"`
	Error                  Error        `json:"error,omitzero"`
	Retrieval              *Retrieval   `json:"retrieval,omitempty"`
}

type toolJSON struct {
	Name      string `json:"name,omitempty"`
	CallID    string `json:"call_id,omitempty"`
	Arguments Value  `json:"arguments,omitzero"`
	Result    Value  `json:"result,omitzero"`
	Status    string `json:"status,omitempty"`
}

// MarshalJSON loads all content and writes the call.
func (c *Call) MarshalJSON() ([]byte, error) {
	// Content first: loading it may fill scalar fields.
	input, system, output, refusal := c.Input(), c.System(), c.Output(), c.Refusal()
	tools := make([]string, 0, len(c.Tools()))
	for _, t := range c.Tools() {
		tools = append(tools, t.Name)
	}
	j := callJSON{
		Input: input, System: system, Output: output, Refusal: refusal, Tools: tools,
		ToolDefinitions: Value{Text: c.ToolDefinitions()},
		OutputSchema:    Value{Text: c.OutputSchema()},
		Tool: toolJSON{
			Name: c.ToolName, CallID: c.ToolCallID, Status: c.ToolStatus,
			Arguments: c.ToolArguments(), Result: c.ToolResult(),
		},
	}
	if r := c.Retrieval(); r.Query != "" || len(r.Documents) > 0 || r.Empty {
		j.Retrieval = r
	}
	j.Operation, j.Provider, j.ProviderRaw = c.Operation, c.Provider, c.ProviderRaw
	j.RequestModel, j.ResponseModel, j.Model, j.ResponseID = c.RequestModel, c.ResponseModel, c.Model, c.ResponseID
	j.FinishReasons, j.FinishReasonsCanonical = c.FinishReasons, c.FinishReasonsCanonical
	j.LLM, j.WorkflowName, j.Usage, j.Tokens = c.LLM, c.WorkflowName, c.Usage, c.Tokens
	j.SessionID, j.UserID, j.AgentName = c.SessionID, c.UserID, c.AgentName
	j.Temperature, j.MaxTokens, j.TopP, j.Seed = c.Temperature, c.MaxTokens, c.TopP, c.Seed
	j.ResponseFormat, j.OutputType, j.Streaming, j.TTFT = c.ResponseFormat, c.OutputType, c.Streaming, c.TTFT
	j.CostUSD, j.PromptName, j.PromptVersion, j.Error = c.CostUSD, c.PromptName, c.PromptVersion, c.Error
	return json.Marshal(&j)
}

// UnmarshalJSON reads a call as MarshalJSON wrote it. Tool definitions are read again from their JSON.
func (c *Call) UnmarshalJSON(b []byte) error {
	var j callJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	c.Reset(nil)
	c.Operation, c.Provider, c.ProviderRaw = j.Operation, j.Provider, j.ProviderRaw
	c.RequestModel, c.ResponseModel, c.Model, c.ResponseID = j.RequestModel, j.ResponseModel, j.Model, j.ResponseID
	c.FinishReasons, c.FinishReasonsCanonical = slices.Clone(j.FinishReasons), slices.Clone(j.FinishReasonsCanonical)
	c.LLM, c.WorkflowName, c.Usage, c.Tokens = j.LLM, j.WorkflowName, j.Usage, j.Tokens
	c.SessionID, c.UserID, c.AgentName = j.SessionID, j.UserID, j.AgentName
	c.Temperature, c.MaxTokens, c.TopP, c.Seed = j.Temperature, j.MaxTokens, j.TopP, j.Seed
	c.ResponseFormat, c.OutputType, c.Streaming, c.TTFT = j.ResponseFormat, j.OutputType, j.Streaming, j.TTFT
	c.CostUSD, c.PromptName, c.PromptVersion, c.Error = j.CostUSD, j.PromptName, j.PromptVersion, j.Error
	c.ToolName, c.ToolCallID, c.ToolStatus = j.Tool.Name, j.Tool.CallID, j.Tool.Status
	content := Content{
		Input: j.Input, Output: j.Output, System: j.System, Refusal: j.Refusal,
		ToolDefinitions: j.ToolDefinitions.Text, ToolArguments: j.Tool.Arguments, ToolResult: j.Tool.Result,
		OutputSchema: j.OutputSchema.Text,
	}
	content.Tools, _ = ParseTools(content.ToolDefinitions)
	if len(content.Tools) == 0 {
		for _, name := range j.Tools {
			content.Tools = append(content.Tools, Tool{Name: name})
		}
	}
	if j.Retrieval != nil {
		content.Retrieval = *j.Retrieval
	}
	c.SetContent(content)
	return nil
}
