package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// OpenLLMetry (Traceloop): flattened prompts and completions. Newer versions write the current conventions instead.
var (
	keyTLType       = intern(inOpenLLMetry, "llm.request.type")
	keyTLKind       = intern(inOpenLLMetry, "traceloop.span.kind")
	keyTLEntity     = intern(inOpenLLMetry, "traceloop.entity.name")
	keyTLInput      = intern(inOpenLLMetry, "traceloop.entity.input")
	keyTLOutput     = intern(inOpenLLMetry, "traceloop.entity.output")
	keyTLWorkflow   = intern(inOpenLLMetry, "traceloop.workflow.name")
	keyTLTotal      = intern(inOpenLLMetry, "llm.usage.total_tokens")
	keyTLStreaming  = intern(inOpenLLMetry, "llm.is_streaming")
	keyTLStreaming2 = intern(inOpenLLMetry, "gen_ai.is_streaming")
	keyTLProvider   = intern(inOpenLLMetry, "traceloop.association.properties.ls_provider")
	keyTLStop       = intern(inOpenLLMetry, "llm.response.finish_reason")
	keyTLStop2      = intern(inOpenLLMetry, "llm.response.stop_reason")

	// Names that are older than the conventions.
	keyTLVendor     = intern(inOpenLLMetry, "llm.vendor")
	keyTLRequest    = intern(inOpenLLMetry, "llm.request.model")
	keyTLResponse   = intern(inOpenLLMetry, "llm.response.model")
	keyTLPromptToks = intern(inOpenLLMetry, "llm.usage.prompt_tokens")
	keyTLComplToks  = intern(inOpenLLMetry, "llm.usage.completion_tokens")
	keyTLCacheRead  = intern(inOpenLLMetry, "llm.usage.cache_read_input_tokens")
	keyTLCacheMade  = intern(inOpenLLMetry, "llm.usage.cache_creation_input_tokens")
	keyTLReasoning  = intern(inOpenLLMetry, "llm.usage.reasoning_tokens")
	keyTLMax        = intern(inOpenLLMetry, "llm.request.max_tokens")
	keyTLTemp       = intern(inOpenLLMetry, "llm.temperature")
	keyTLTopP       = intern(inOpenLLMetry, "llm.top_p")
	keyTLTopK       = intern(inOpenLLMetry, "llm.top_k")
)

var openLLMetry = dialect{
	bit:   inOpenLLMetry,
	takes: []key{keyTLInput},
	gives: []key{keyTLOutput},
	usage: &usageKeys{
		inputTokens:     {keyTLPromptToks},
		outputTokens:    {keyTLComplToks},
		totalTokens:     {keyTLTotal},
		cacheRead:       {keyTLCacheRead},
		cacheWrite:      {keyTLCacheMade},
		reasoningTokens: {keyTLReasoning},
	},
	scalars: func(r *Reader, c *genai.Call) {
		fill(&c.Operation, traceloopOperation(r.str(keyTLType), r.str(keyTLKind)))
		r.setProvider(c, r.name(keyTLProvider))
		r.setProvider(c, r.name(keyTLVendor))
		fill(&c.RequestModel, r.str(keyTLRequest))
		fill(&c.ResponseModel, r.str(keyTLResponse))
		fillOpt(&c.MaxTokens, r.count(keyTLMax))
		fillOpt(&c.Temperature, r.float(keyTLTemp))
		fillOpt(&c.TopP, r.float(keyTLTopP))
		fillOpt(&c.TopK, r.float(keyTLTopK))
		fillOpt(&c.Streaming, r.flag(keyTLStreaming, keyTLStreaming2))
		fill(&c.WorkflowName, r.str(keyTLWorkflow))
		switch r.str(keyTLKind) {
		case "agent":
			fill(&c.AgentName, r.str(keyTLEntity))
		case "tool":
			fill(&c.ToolName, r.str(keyTLEntity))
		}
		if len(c.FinishReasons) == 0 {
			r.addReasons(c, keyTLStop)
			r.addReasons(c, keyTLStop2)
		}
		if r.families&flatCompletion != 0 && len(c.FinishReasons) == 0 {
			r.flatReasons(c)
		}
		fillOpt(&c.TTFT, r.eventOffset("llm.content.completion.chunk"))
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		switch {
		case part == genai.PartInput && r.families&flatPrompt != 0:
			return r.readFlat(c, content, false, "gen_ai.prompt.", "llm.prompts.")
		case part == genai.PartOutput && r.families&flatCompletion != 0:
			return r.readFlat(c, content, true, "gen_ai.completion.", "llm.completions.")
		case part == genai.PartTools && r.families&flatFunctions != 0:
			return r.readFlatTools(content)
		}
		return false
	},
	about: []emitter{
		{
			name: "OpenLLMetry (Traceloop)", seen: "spans of openai 0.27 (JavaScript), openai 0.33 and langchain 0.48 (Python)",
			reads: "prompts and completions, tools, usage, workflow, association properties, prompt registry",
			lacks: "the JavaScript OpenAI instrumentation exports no span of a rejected call; refusals",
			needs: "content is on; `TRACELOOP_TRACE_CONTENT=false` turns it off",
		},
	},
}

func traceloopOperation(request, kind string) string {
	switch request {
	case "chat":
		return genai.OpChat
	case "completion":
		return genai.OpTextCompletion
	case "embedding":
		return genai.OpEmbeddings
	case "rerank":
		return "rerank"
	}
	switch kind {
	case "workflow":
		return genai.OpWorkflow
	case "task":
		return genai.OpTask
	case "agent":
		return genai.OpInvokeAgent
	case "tool":
		return genai.OpExecuteTool
	}
	return ""
}

// flatReasons reads gen_ai.completion.N.finish_reason.
func (r *Reader) flatReasons(c *genai.Call) {
	for _, f := range r.flatFields("gen_ai.completion.", "llm.completions.") {
		if f.group == groupMessage && f.name == "finish_reason" {
			if reason := textOfValue(f.value); reason != "" {
				c.FinishReasons = append(c.FinishReasons, reason)
			}
		}
	}
}
