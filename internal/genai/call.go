// Package genai models one GenAI operation, independent of the dialect that recorded it.
//
// Scorers, rules, metrics, review pages and dataset rows all read a Call. Its scalar fields are filled when the span
// is read. Its content (messages, tool definitions, tool arguments and results, retrieved documents) is parsed on
// first use, by the accessor methods, because parsing content is the expensive part.
package genai

// Operation names of the OpenTelemetry GenAI conventions, and of the outer steps that frameworks record. Other names
// are kept unchanged.
const (
	OpChat           = "chat"
	OpTextCompletion = "text_completion"
	OpEmbeddings     = "embeddings"
	OpRetrieval      = "retrieval"
	OpExecuteTool    = "execute_tool"
	OpInvokeAgent    = "invoke_agent"
	OpCreateAgent    = "create_agent"
	OpAgentStep      = "agent_step"
	OpWorkflow       = "workflow"
	OpTask           = "task"
	OpChain          = "chain"
	OpInteraction    = "interaction"
	OpInvocation     = "invocation"
	OpGuardrail      = "guardrail"
	OpSpan           = "span"
	OpOther          = "other"
)

// Call is one GenAI operation. The zero value is an empty call; Reset makes a used one empty again and keeps the
// capacity of its slices. A Call is not safe for concurrent use, since its accessors load content.
//
// The JSON keys are a contract: `faultline score --call` prints them, and the review store and datasets hold them.
// Fields tagged "-" stand under the keys of callJSON.
type Call struct {
	Operation string `json:"operation,omitempty"`
	// OperationRaw is the name on the span, where nobody told us what it stands for.
	OperationRaw string `json:"operation_raw,omitempty"`
	// Provider is the canonical name of the OTel GenAI conventions: openai, anthropic, aws.bedrock, ….
	Provider string `json:"provider,omitempty"`
	// ProviderRaw is the name on the span, where that is a framework or an unusual spelling.
	ProviderRaw  string `json:"provider_raw,omitempty"`
	RequestModel string `json:"request_model,omitempty"`
	// ResponseModel is the model that answered.
	ResponseModel string `json:"response_model,omitempty"`
	// Model is set instead of RequestModel and ResponseModel where the dialect has one slot for either.
	Model      string `json:"model,omitempty"`
	ResponseID string `json:"response_id,omitempty"`

	FinishReasons []string `json:"finish_reasons,omitempty"` // raw, one a choice
	// FinishReasonsCanonical are stop, length, tool_call, content_filter, refusal, pause, error, ….
	FinishReasonsCanonical []string `json:"finish_reasons_canonical,omitempty"`

	// LLM is true for the model call itself. It is false for a span that repeats or sums up calls of other spans: those
	// are counted and priced, once. It is unset where the operation alone tells.
	LLM          Opt[bool] `json:"is_llm_call,omitzero"`
	WorkflowName string    `json:"workflow_name,omitempty"`

	Usage  Usage  `json:"usage,omitzero"`
	Tokens Tokens `json:"tokens,omitzero"`

	SessionID string `json:"session_id,omitempty"`
	UserID    string `json:"user_id,omitempty"`
	AgentName string `json:"agent_name,omitempty"`
	// AgentVersion is the version of the agent that made the call.
	AgentVersion string `json:"agent_version,omitempty"`

	Temperature Opt[float64] `json:"temperature,omitzero"`
	MaxTokens   Opt[int64]   `json:"max_tokens,omitzero"`
	TopP        Opt[float64] `json:"top_p,omitzero"`
	TopK        Opt[float64] `json:"top_k,omitzero"`
	Seed        Opt[int64]   `json:"seed,omitzero"`
	// ResponseFormat is the format that the request asked for: json_schema, json_object, text.
	ResponseFormat string       `json:"response_format,omitempty"`
	OutputType     string       `json:"output_type,omitempty"`
	Streaming      Opt[bool]    `json:"streaming,omitzero"`
	TTFT           Opt[float64] `json:"ttft_ms,omitzero"`  // from request to first chunk
	CostUSD        Opt[float64] `json:"cost_usd,omitzero"` // as the emitter reported it
	PromptName     string       `json:"prompt_name,omitempty"`
	PromptVersion  string       `json:"prompt_version,omitempty"`
	Error          Error        `json:"error,omitzero"`
	ToolName       string       `json:"-"` // the tool that an execute_tool span ran
	ToolCallID     string       `json:"-"`
	ToolStatus     string       `json:"-"` // as reported: ok, error, …
	// StatusOK is true where the span of a tool has status OK. Instrumentations set it where nothing was raised.
	StatusOK bool `json:"status_ok,omitempty"`
	// ContentTruncated is true where content was cut before it reached us, or is longer than what is read.
	ContentTruncated bool `json:"content_truncated,omitempty"`
	// ContentMissing is true where the SDK recorded no content.
	ContentMissing bool    `json:"content_missing,omitempty"`
	DurationMillis float64 `json:"duration_ms,omitempty"`
	ServiceName    string  `json:"service_name,omitempty"`
	ServiceVersion string  `json:"service_version,omitempty"`
	DeploymentEnv  string  `json:"deployment_environment,omitempty"`

	content Content
	loaded  Part
	loader  Loader
}

// Error is the failure that the span reports. HTTPStatus is 0 where unknown.
type Error struct {
	IsError    bool   `json:"is_error,omitempty"`
	Type       string `json:"type,omitempty"`
	Message    string `json:"message,omitempty"`
	HTTPStatus int    `json:"http_status,omitempty"`
	// Raiser is the function that raised it, where the span has the stack. Functions of the language are passed over.
	Raiser string `json:"raiser,omitempty"`
}

// Content is the part of a Call that is read on first use. Its JSON keys are keys of the call.
type Content struct {
	Input  []Message `json:"input_messages,omitempty"`
	Output []Message `json:"output_messages,omitempty"`
	System string    `json:"system_instructions,omitempty"`
	// PromptVariables are the values that the prompt template was filled with.
	PromptVariables []Variable `json:"prompt_variables,omitempty"`
	Refusal         string     `json:"refusal,omitempty"` // the provider's own refusal field, not a guess from the text
	Tools           []Tool     `json:"tools,omitempty"`
	// ToolDefinitions is the JSON that Tools was read from, as it was sent. Caches of compiled definitions use it as
	// a key.
	ToolDefinitions string `json:"-"`
	ToolArguments   Value  `json:"-"`
	ToolResult      Value  `json:"-"`
	// OutputSchema is the JSON Schema that the request asked the answer to follow, "" where it asked for none.
	OutputSchema string    `json:"-"`
	Retrieval    Retrieval `json:"retrieval,omitzero"`
}

// Part is a portion of the content that loads together.
type Part uint8

// The parts of Content. PartInput is Input, System and PromptVariables; PartOutput is Output and Refusal; PartTools is
// Tools and ToolDefinitions; PartTool is ToolArguments and ToolResult; PartSchema is OutputSchema.
const (
	PartInput Part = 1 << iota
	PartOutput
	PartTools
	PartTool
	PartSchema
	PartRetrieval
)

// Loader fills parts of the content of a call, in any order and each once. It may also set scalar fields that only the
// content has.
type Loader interface {
	Load(c *Call, content *Content, part Part)
}

// Reset empties the call and sets the loader of its content. Without a loader the content is empty until SetContent.
func (c *Call) Reset(l Loader) {
	reasons, canonical := c.FinishReasons[:0], c.FinishReasonsCanonical[:0]
	input, output, tools := reusable(c.content.Input), reusable(c.content.Output), reusable(c.content.Tools)
	documents := reusable(c.content.Retrieval.Documents)
	*c = Call{} // in place: building and copying a value costs more, and needs a deep stack
	c.FinishReasons, c.FinishReasonsCanonical, c.loader = reasons, canonical, l
	c.content.Input, c.content.Output, c.content.Tools, c.content.Retrieval.Documents = input, output, tools, documents
}

// maxReused bounds the elements whose memory a Call keeps for the next one, so that a huge call does not stay for ever.
const maxReused = 1024

func reusable[T any](s []T) []T {
	if cap(s) > maxReused {
		return nil
	}
	return s[:0]
}

// SetContent sets the whole content at once, as when the call was read from a file.
func (c *Call) SetContent(content Content) {
	c.content, c.loaded, c.loader = content, ^Part(0), nil
}

func (c *Call) part(p Part) *Content {
	if c.loaded&p == 0 {
		c.loaded |= p
		if c.loader != nil {
			c.loader.Load(c, &c.content, p)
		}
	}
	return &c.content
}

// load loads all content.
func (c *Call) load() *Content {
	for part := PartInput; part <= PartRetrieval; part <<= 1 {
		c.part(part)
	}
	return &c.content
}

// Loaded reports whether a part of the content was loaded, or set with SetContent.
func (c *Call) Loaded(p Part) bool { return c.loaded&p == p }

// Input returns the conversation that was sent, oldest message first.
func (c *Call) Input() []Message { return c.part(PartInput).Input }

// System returns the system instructions, where they are recorded apart from the messages.
func (c *Call) System() string { return c.part(PartInput).System }

// PromptVariables returns the values that the prompt template was filled with, in the order of the span.
func (c *Call) PromptVariables() []Variable { return c.part(PartInput).PromptVariables }

// Output returns the answer, one message a choice.
func (c *Call) Output() []Message { return c.part(PartOutput).Output }

// Refusal returns the provider's own refusal field, "" without one.
func (c *Call) Refusal() string { return c.part(PartOutput).Refusal }

// Tools returns the tool definitions that the model was given.
func (c *Call) Tools() []Tool { return c.part(PartTools).Tools }

// ToolDefinitions returns the JSON text of Tools as it was sent.
func (c *Call) ToolDefinitions() string { return c.part(PartTools).ToolDefinitions }

// ToolArguments returns the arguments of the tool that an execute_tool span ran.
func (c *Call) ToolArguments() Value { return c.part(PartTool).ToolArguments }

// ToolResult returns the result of that tool.
func (c *Call) ToolResult() Value { return c.part(PartTool).ToolResult }

// OutputSchema returns the JSON Schema that the request asked for, "" without one.
func (c *Call) OutputSchema() string { return c.part(PartSchema).OutputSchema }

// Retrieval returns the query and the documents of a retrieval span.
func (c *Call) Retrieval() *Retrieval { return &c.part(PartRetrieval).Retrieval }

// IsLLMCall reports whether this is a request to a model, to be counted and priced: a model operation that is not the
// outer step of another one.
func (c *Call) IsLLMCall() bool {
	if c.LLM.Set {
		return c.LLM.Value
	}
	switch c.Operation {
	case OpChat, OpTextCompletion, OpEmbeddings, "generate_content":
		return true
	}
	return false
}

// AnyModel returns the most precise model name that the span has.
func (c *Call) AnyModel() string {
	switch {
	case c.ResponseModel != "":
		return c.ResponseModel
	case c.RequestModel != "":
		return c.RequestModel
	}
	return c.Model
}
