package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Vercel AI SDK up to version 6, and version 7 in its legacy mode: one outer span for the whole loop, and an inner span
// for each model call.
var (
	keyAIOperation   = intern(inVercel, "ai.operationId")
	keyAIProvider    = intern(inVercel, "ai.model.provider")
	keyAIModel       = intern(inVercel, "ai.model.id")
	keyAIRespModel   = intern(inVercel, "ai.response.model")
	keyAIRespID      = intern(inVercel, "ai.response.id")
	keyAIFinish      = intern(inVercel, "ai.response.finishReason")
	keyAIFinishOld   = intern(inVercel, "ai.finishReason")
	keyAIMessages    = intern(inVercel, "ai.prompt.messages")
	keyAIPrompt      = intern(inVercel, "ai.prompt")
	keyAITools       = intern(inVercel, "ai.prompt.tools")
	keyAIText        = intern(inVercel, "ai.response.text")
	keyAIObject      = intern(inVercel, "ai.response.object")
	keyAIReasoning   = intern(inVercel, "ai.response.reasoning")
	keyAICalls       = intern(inVercel, "ai.response.toolCalls")
	keyAITextOld     = intern(inVercel, "ai.result.text")
	keyAIObjectOld   = intern(inVercel, "ai.result.object")
	keyAICallsOld    = intern(inVercel, "ai.result.toolCalls")
	keyAIMetadata    = intern(inVercel, "ai.response.providerMetadata")
	keyAIFirstChunk  = intern(inVercel, "ai.response.msToFirstChunk")
	keyAIFirstOld    = intern(inVercel, "ai.stream.msToFirstChunk")
	keyAIInput       = intern(inVercel, "ai.usage.inputTokens")
	keyAIOutput      = intern(inVercel, "ai.usage.outputTokens")
	keyAITotal       = intern(inVercel, "ai.usage.totalTokens")
	keyAIPromptTok   = intern(inVercel, "ai.usage.promptTokens")
	keyAIComplTok    = intern(inVercel, "ai.usage.completionTokens")
	keyAIEmbedTok    = intern(inVercel, "ai.usage.tokens")
	keyAICached      = intern(inVercel, "ai.usage.cachedInputTokens")
	keyAICacheRead   = intern(inVercel, "ai.usage.inputTokenDetails.cacheReadTokens")
	keyAICacheWrite  = intern(inVercel, "ai.usage.inputTokenDetails.cacheWriteTokens")
	keyAINoCache     = intern(inVercel, "ai.usage.inputTokenDetails.noCacheTokens")
	keyAIReasonTok   = intern(inVercel, "ai.usage.outputTokenDetails.reasoningTokens")
	keyAIReasonOld   = intern(inVercel, "ai.usage.reasoningTokens")
	keyAITemperature = intern(inVercel, "ai.settings.temperature")
	keyAIMaxOutput   = intern(inVercel, "ai.settings.maxOutputTokens")
	keyAIMaxTokens   = intern(inVercel, "ai.settings.maxTokens")
	keyAITopP        = intern(inVercel, "ai.settings.topP")
	keyAISeed        = intern(inVercel, "ai.settings.seed")
	keyAIOutputKind  = intern(inVercel, "ai.settings.output")
	keyAISchema      = intern(inVercel, "ai.schema")
	keyAIFunction    = intern(inVercel, "ai.telemetry.functionId")
	keyAILangfuse    = intern(inVercel, "ai.telemetry.metadata.langfusePrompt")
	keyAIToolName    = intern(inVercel, "ai.toolCall.name")
	keyAIToolID      = intern(inVercel, "ai.toolCall.id")
	keyAIToolArgs    = intern(inVercel, "ai.toolCall.args")
	keyAIToolResult  = intern(inVercel, "ai.toolCall.result")
	keyAIDocuments   = intern(inVercel, "ai.documents")
	keyAIName        = intern(0, "operation.name")
)

var vercel = dialect{
	bit:        inVercel,
	input:      []key{keyAIMessages, keyAIPrompt},
	tools:      []key{keyAITools},
	toolArgs:   []key{keyAIToolArgs},
	toolResult: []key{keyAIToolResult},
	schema:     []key{keyAISchema},
	documents:  []key{keyAIDocuments},
	usage: &usageKeys{
		inputTokens:     {keyAIInput, keyAIPromptTok, keyAIEmbedTok},
		outputTokens:    {keyAIOutput, keyAIComplTok},
		totalTokens:     {keyAITotal},
		cacheRead:       {keyAICacheRead, keyAICached},
		cacheWrite:      {keyAICacheWrite},
		reasoningTokens: {keyAIReasonTok, keyAIReasonOld},
		noCache:         {keyAINoCache},
	},
	carries: []key{keyAIText, keyAIObject, keyAICalls, keyAITextOld, keyAIObjectOld, keyAICallsOld},
	scalars: func(r *Reader, c *genai.Call) {
		id := r.str(keyAIOperation)
		if id == "" {
			id, _, _ = strings.Cut(r.str(keyAIName), " ")
		}
		r.vercelOperation(c, id)
		r.setProvider(c, r.str(keyAIProvider))
		fill(&c.RequestModel, r.str(keyAIModel))
		fill(&c.ResponseModel, r.str(keyAIRespModel))
		fill(&c.ResponseID, r.str(keyAIRespID))
		if reason := r.str(keyAIFinish, keyAIFinishOld); reason != "" && len(c.FinishReasons) == 0 {
			c.FinishReasons = append(c.FinishReasons, reason)
		}
		fillOpt(&c.TTFT, r.float(keyAIFirstChunk, keyAIFirstOld))
		fillOpt(&c.Temperature, r.float(keyAITemperature))
		fillOpt(&c.MaxTokens, r.count(keyAIMaxOutput, keyAIMaxTokens))
		fillOpt(&c.TopP, r.float(keyAITopP))
		fillOpt(&c.Seed, r.count(keyAISeed))
		switch {
		case r.has(keyAISchema):
			fill(&c.ResponseFormat, "json_schema")
		case r.str(keyAIOutputKind) == "object" || r.str(keyAIOutputKind) == "no-schema":
			fill(&c.ResponseFormat, "json_object")
		}
		fill(&c.ToolName, r.str(keyAIToolName))
		fill(&c.ToolCallID, r.str(keyAIToolID))
		if r.has(keyAILangfuse) {
			c.PromptName, c.PromptVersion = promptReference(contentText(r, keyAILangfuse))
		}
		if r.marks&inSentry == 0 { // Sentry has already summed them up
			r.vercelUsage(c)
		}
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		return part == genai.PartOutput && r.vercelOutput(c, content)
	},
	about: []emitter{
		{
			name: "Vercel AI SDK", seen: "spans of ai 6.0 and 7.0; documentation of 4 and 5",
			reads: "model calls, the loop around them, messages, answer, tools, usage, finish reason, first chunk, " +
				"metadata",
			lacks: "HTTP status of a failed call",
			needs: "`experimental_telemetry: {isEnabled: true}`; `recordInputs` and `recordOutputs` are on",
		},
	},
}

// vercelOperation reads ai.operationId. "ai.generateText" is the loop, and "ai.generateText.doGenerate" is a model call
// in it.
func (r *Reader) vercelOperation(c *genai.Call, id string) {
	switch {
	case !strings.HasPrefix(id, "ai."):
		return
	case id == "ai.toolCall":
		fill(&c.Operation, genai.OpExecuteTool)
		return
	case strings.HasSuffix(id, ".doEmbed"):
		fill(&c.Operation, genai.OpEmbeddings)
		c.LLM = genai.Some(true)
	case strings.HasSuffix(id, ".doGenerate"), strings.HasSuffix(id, ".doStream"):
		fill(&c.Operation, genai.OpChat)
		c.LLM = genai.Some(true)
	case strings.HasPrefix(id, "ai.embed"):
		fill(&c.Operation, genai.OpEmbeddings)
		c.LLM = genai.Some(false)
	case strings.HasPrefix(id, "ai.rerank"):
		fill(&c.Operation, "rerank")
	default:
		fill(&c.Operation, genai.OpInvokeAgent)
		c.LLM = genai.Some(false)
	}
	if strings.Contains(id, "tream") {
		c.Streaming = genai.Some(true)
	}
}

func (r *Reader) vercelUsage(c *genai.Call) {
	if r.usage.noCache.Set || r.has(keyAICacheRead) || r.has(keyAICacheWrite) || r.has(keyAIReasonTok) {
		r.usage.form = formAISDK
		return
	}
	// Before version 6 only the provider's metadata holds the tokens written to the cache.
	if r.has(keyAIMetadata) && r.apiOf(c)&ownCached != 0 {
		n, ok := memberNumber(contentText(r, keyAIMetadata), 0,
			"cacheCreationInputTokens", "cache_creation_input_tokens", "cacheWriteInputTokens")
		if ok && n > 0 {
			fillOpt(&c.Usage.CacheWrite, genai.Some(n))
		}
	}
}

// memberNumber finds a number by its name inside nested objects.
func memberNumber(text string, depth int, names ...string) (int64, bool) {
	c := cursor{s: text}
	if depth > maxRequestNesting || !c.open('{') {
		return 0, false
	}
	for key := ""; c.member(&key); {
		if c.space() == '{' {
			if n, ok := memberNumber(c.raw(), depth+1, names...); ok {
				return n, true
			}
			continue
		}
		value := c.scalar()
		for _, name := range names {
			if key == name {
				if n, ok := parseInt(value); ok {
					return n, true
				}
			}
		}
	}
	return 0, false
}

// vercelOutput assembles the answer. Text or object, reasoning and tool calls have their own attributes.
func (r *Reader) vercelOutput(c *genai.Call, content *genai.Content) bool {
	p := parser{answer: true, dst: content.Output[:0]}
	m := p.add("assistant")
	for _, k := range [...]key{keyAIText, keyAIObject, keyAITextOld, keyAIObjectOld} {
		if m.Text == "" && r.has(k) {
			m.Text = contentText(r, k)
		}
	}
	if r.has(keyAIReasoning) {
		m.Reasoning = plainText(contentText(r, keyAIReasoning))
	}
	for _, k := range [...]key{keyAICalls, keyAICallsOld} {
		if len(m.ToolCalls) > 0 || !r.has(k) {
			continue
		}
		p.calls(&fields{toolCalls: strings.TrimSpace(contentText(r, k))}, m)
	}
	if len(c.FinishReasons) > 0 {
		m.FinishReason = c.FinishReasons[0]
	}
	if m.Text == "" && m.Reasoning == "" && len(m.ToolCalls) == 0 && !r.has(keyAIText) {
		return false // an empty text was recorded, an absent one was not
	}
	c.ContentTruncated = c.ContentTruncated || p.cut
	return r.keep(c, content, &p)
}

// promptReference reads {"name": …, "version": …}.
func promptReference(text string) (name, version string) {
	c := cursor{s: text}
	if !c.open('{') {
		return "", ""
	}
	for key := ""; c.member(&key); {
		switch key {
		case "name":
			name = c.scalar()
		case "version":
			version = c.scalar()
		default:
			c.skip()
		}
	}
	return name, version
}
