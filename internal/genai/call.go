// Package genai is one GenAI operation, free of the dialect that it was recorded in.
//
// A Call is what every scorer, rule, metric, review page and dataset row reads. Its scalar fields are filled when
// the span is read; its content (messages, tool definitions, tool arguments and results, retrieved documents) is
// read on first use through the accessor methods, because parsing content is what costs.
package genai

// Operation names: those of the OpenTelemetry GenAI conventions, plus the outer steps that frameworks record.
// Unknown names are kept as they came.
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

// Call is one GenAI operation. The zero value is an empty call; Reset makes a used one empty again, keeping the
// capacity of its slices. A Call is not safe for concurrent use, since its accessors load content.
type Call struct {
	Operation    string
	Provider     string // canonical name of OTel GenAI (openai, anthropic, aws.bedrock, …)
	ProviderRaw  string // what the span said, where that names a framework or an unusual spelling
	RequestModel string
	// ResponseModel is the model that answered. Model is set instead of both where the dialect has one slot for either.
	ResponseModel, Model string
	ResponseID           string

	FinishReasons          []string // raw, one a choice
	FinishReasonsCanonical []string // stop, length, tool_call, content_filter, refusal, pause, error, …

	// LLM says whether this span is the model call itself (true), or an outer step that repeats its inner call
	// (false: counted and priced once, at the inner one). Unset where the dialect does not nest.
	LLM          Opt[bool]
	WorkflowName string

	Usage  Usage
	Tokens Tokens

	SessionID, UserID, AgentName string

	Temperature, TopP Opt[float64]
	MaxTokens, Seed   Opt[int64]
	ResponseFormat    string // json_schema, json_object, text: what the request asked for
	OutputType        string
	Streaming         Opt[bool]
	TTFT              Opt[float64] // milliseconds from request to first chunk
	CostUSD           Opt[float64] // as reported by the emitter
	PromptName        string
	PromptVersion     string
	Error             Error
	ToolName          string // the tool that an execute_tool span ran
	ToolCallID        string
	ToolStatus        string // as reported: ok, error, …
	ContentTruncated  bool   // content was cut before it reached us
	ContentMissing    bool   // the SDK recorded no content
	DurationMillis    float64
	ServiceName       string
	DeploymentEnv     string

	content Content
	loaded  Part
	loader  Loader
}

// Error is what the span says of its failure. HTTPStatus is 0 where unknown.
type Error struct {
	IsError    bool   `json:"is_error,omitempty"`
	Type       string `json:"type,omitempty"`
	Message    string `json:"message,omitempty"`
	HTTPStatus int    `json:"http_status,omitempty"`
}

// Content is the part of a Call that is read on first use.
type Content struct {
	Input, Output []Message
	System        string
	Refusal       string // the provider's own refusal field, not a guess from the text
	Tools         []Tool
	// ToolDefinitions is the JSON that Tools was read from, in the shape it was sent: the key to caches of compiled definitions.
	ToolDefinitions string
	ToolArguments   Value
	ToolResult      Value
	// OutputSchema is the JSON Schema that the request asked the answer to follow, "" where it asked for none.
	OutputSchema string
	Retrieval    Retrieval
}

// Part names a portion of the content that loads together.
type Part uint8

// The parts of Content. PartInput is Input and System; PartOutput is Output and Refusal; PartTools is Tools and
// ToolDefinitions; PartTool is ToolArguments and ToolResult; PartSchema is OutputSchema.
const (
	PartInput Part = 1 << iota
	PartOutput
	PartTools
	PartTool
	PartSchema
	PartRetrieval
)

// Loader fills a part of the content of the call that it was given to. It must be able to load parts in any order
// and is called once a part. It may also set scalar fields that only the content carries.
type Loader interface {
	Load(c *Call, content *Content, part Part)
}

// Reset empties the call and gives it the loader of its content; nil means that the content is what SetContent says.
func (c *Call) Reset(l Loader) {
	reasons, canonical := c.FinishReasons[:0], c.FinishReasonsCanonical[:0]
	input, output, tools := reusable(c.content.Input), reusable(c.content.Output), reusable(c.content.Tools)
	documents := reusable(c.content.Retrieval.Documents)
	*c = Call{} // in place: a value that is made and copied costs more, and needs a deep stack
	c.FinishReasons, c.FinishReasonsCanonical, c.loader = reasons, canonical, l
	c.content.Input, c.content.Output, c.content.Tools, c.content.Retrieval.Documents = input, output, tools, documents
}

// maxReused bounds the elements whose memory a Call keeps for the next one: a single huge call must not stay for ever.
const maxReused = 1024

func reusable[T any](s []T) []T {
	if cap(s) > maxReused {
		return nil
	}
	return s[:0]
}

// SetContent gives the call its whole content at once, as when it was read from a file.
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

// Loaded reports whether a part of the content was read, or given by SetContent.
func (c *Call) Loaded(p Part) bool { return c.loaded&p == p }

// Input is the conversation that was sent, oldest message first.
func (c *Call) Input() []Message { return c.part(PartInput).Input }

// System is the system instructions, where they are recorded apart from the messages.
func (c *Call) System() string { return c.part(PartInput).System }

// Output is what the model answered, one message a choice.
func (c *Call) Output() []Message { return c.part(PartOutput).Output }

// Refusal is the provider's own refusal field, "" where there is none.
func (c *Call) Refusal() string { return c.part(PartOutput).Refusal }

// Tools are the tool definitions that the model was given.
func (c *Call) Tools() []Tool { return c.part(PartTools).Tools }

// ToolDefinitions is the JSON text of Tools as it was sent.
func (c *Call) ToolDefinitions() string { return c.part(PartTools).ToolDefinitions }

// ToolArguments are the arguments that an execute_tool span ran with.
func (c *Call) ToolArguments() Value { return c.part(PartTool).ToolArguments }

// ToolResult is what the tool returned.
func (c *Call) ToolResult() Value { return c.part(PartTool).ToolResult }

// OutputSchema is the JSON Schema that the request asked for, "" where none was.
func (c *Call) OutputSchema() string { return c.part(PartSchema).OutputSchema }

// Retrieval is the query and the documents of a retrieval span.
func (c *Call) Retrieval() *Retrieval { return &c.part(PartRetrieval).Retrieval }

// IsLLMCall reports whether this is a request to a model, counted and priced once: a model operation that is not
// the outer step of another one.
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

// AnyModel is the most precise model name that the span gives.
func (c *Call) AnyModel() string {
	switch {
	case c.ResponseModel != "":
		return c.ResponseModel
	case c.RequestModel != "":
		return c.RequestModel
	}
	return c.Model
}
