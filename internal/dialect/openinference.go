package dialect

import (
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// OpenInference (Arize Phoenix): flattened messages, and the provider's request and response as JSON beside them.
var (
	keyOIKind       = intern(inOpenInference, "openinference.span.kind")
	keyOIProvider   = intern(inOpenInference, "llm.provider")
	keyOISystem     = intern(inOpenInference, "llm.system")
	keyOIRequest    = intern(inOpenInference, "llm.request.model_name")
	keyOIResponse   = intern(inOpenInference, "llm.response.model_name")
	keyOIModel      = intern(inOpenInference, "llm.model_name")
	keyOIFinish     = intern(inOpenInference, "llm.finish_reason")
	keyOIParams     = intern(inOpenInference, "llm.invocation_parameters")
	keyOIPrompt     = intern(inOpenInference, "llm.token_count.prompt")
	keyOICompletion = intern(inOpenInference, "llm.token_count.completion")
	keyOITotal      = intern(inOpenInference, "llm.token_count.total")
	keyOICacheRead  = intern(inOpenInference, "llm.token_count.prompt_details.cache_read")
	keyOICacheWrite = intern(inOpenInference, "llm.token_count.prompt_details.cache_write")
	keyOICacheInput = intern(inOpenInference, "llm.token_count.prompt_details.cache_input")
	keyOIReasoning  = intern(inOpenInference, "llm.token_count.completion_details.reasoning")
	keyOIAudioIn    = intern(inOpenInference, "llm.token_count.prompt_details.audio")
	keyOIAudioOut   = intern(inOpenInference, "llm.token_count.completion_details.audio")
	keyOIImageIn    = intern(inOpenInference, "llm.token_count.prompt_details.image")
	keyOIImageOut   = intern(inOpenInference, "llm.token_count.completion_details.image")
	keyOICost       = intern(inOpenInference, "llm.cost.total")
	keyOICostIn     = intern(inOpenInference, "llm.cost.prompt")
	keyOICostOut    = intern(inOpenInference, "llm.cost.completion")
	keyOIInput      = intern(inOpenInference, "input.value")
	keyOIOutput     = intern(inOpenInference, "output.value")
	keyOIOutMime    = intern(0, "output.mime_type")
	keyOIToolName   = intern(0, "tool.name")
	keyOIToolID     = intern(0, "tool.id")
	keyOIToolCallID = intern(0, "tool_call.id")
	keyOIAgent      = intern(0, "agent.name")
	keyOINode       = intern(0, "graph.node.id")
	keyOIToolsJSON  = intern(inOpenInference, "llm.tools")
	keyOIQuery      = intern(inOpenInference, "reranker.query")
	keyOIEmbedding  = intern(0, "embedding.model_name")
	keyOIReranker   = intern(0, "reranker.model_name")
)

var openInference = dialect{
	bit:   inOpenInference,
	takes: []key{keyOIInput},
	gives: []key{keyOIOutput},
	tools: []key{keyOIToolsJSON},
	query: []key{keyOIQuery},
	usage: &usageKeys{
		inputTokens:     {keyOIPrompt},
		outputTokens:    {keyOICompletion},
		totalTokens:     {keyOITotal},
		cacheRead:       {keyOICacheRead, keyOICacheInput},
		cacheWrite:      {keyOICacheWrite},
		reasoningTokens: {keyOIReasoning},
		inputAudio:      {keyOIAudioIn},
		outputAudio:     {keyOIAudioOut},
		inputImage:      {keyOIImageIn},
		outputImage:     {keyOIImageOut},
	},
	scalars: func(r *Reader, c *genai.Call) {
		kind := r.str(keyOIKind)
		fill(&c.Operation, openInferenceOperation(kind))
		r.setProvider(c, r.name(keyOIProvider))
		r.setProvider(c, r.name(keyOISystem))
		if r.has(keyOIParams) {
			r.requested.read(contentText(r, keyOIParams))
			r.requested.apply(c)
		}
		r.openInferenceModels(c)
		if len(c.FinishReasons) == 0 {
			r.addReasons(c, keyOIFinish)
		}
		fillOpt(&c.CostUSD, r.float(keyOICost))
		if in, out := r.float(keyOICostIn), r.float(keyOICostOut); in.Set && out.Set {
			fillOpt(&c.CostUSD, genai.Some(in.Value+out.Value))
		}
		if kind == "TOOL" {
			fill(&c.ToolName, r.str(keyOIToolName))
			fill(&c.ToolCallID, r.str(keyOIToolID, keyOIToolCallID))
		}
		if kind == "AGENT" {
			fill(&c.AgentName, r.str(keyOINode))
		}
		fillOpt(&c.TTFT, r.eventOffset("First Token Stream Event"))
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		switch part {
		case genai.PartInput:
			if r.families&flatInput != 0 && r.readFlat(c, content, false, "llm.input_messages.") {
				r.systemOfRequest(content)
				return true
			}
		case genai.PartOutput:
			return r.openInferenceOutput(c, content)
		case genai.PartTools:
			if r.families&flatTools != 0 {
				return r.readFlatTools(content)
			}
			return r.toolsOfRequest(content, keyOIParams) || r.toolsOfRequest(content, keyOIInput)
		case genai.PartRetrieval:
			if r.families&flatDocuments != 0 && r.readFlatDocuments(content) {
				if r.has(keyOIInput) {
					fill(&content.Retrieval.Query, queryText(contentText(r, keyOIInput)))
				}
				return true
			}
		}
		return false
	},
	about: []emitter{
		{
			name: "OpenInference (Arize Phoenix)", seen: "spans of openai 4.2, anthropic 0.2 (JavaScript), crewai 0.1 (Python)",
			reads: "kind, messages, provider's request and response, tools, usage, cost, documents, session, user, " +
				"prompt",
			lacks: "the OpenAI instrumentation exports no span of a rejected call",
			needs: "content is on; `OPENINFERENCE_HIDE_INPUTS=true` and `OPENINFERENCE_HIDE_OUTPUTS=true` turn it off",
		},
	},
}

func openInferenceOperation(kind string) string {
	switch strings.ToUpper(kind) {
	case "":
		return ""
	case "LLM":
		return genai.OpChat
	case "CHAIN":
		return genai.OpChain
	case "TOOL":
		return genai.OpExecuteTool
	case "AGENT":
		return genai.OpInvokeAgent
	case "RETRIEVER":
		return genai.OpRetrieval
	case "EMBEDDING":
		return genai.OpEmbeddings
	case "GUARDRAIL":
		return genai.OpGuardrail
	case "RERANKER":
		return "rerank"
	}
	return genai.OpOther
}

// openInferenceModels reads the models. llm.model_name is the response model if another attribute holds the request
// model, and the request model otherwise.
func (r *Reader) openInferenceModels(c *genai.Call) {
	request, either := r.str(keyOIRequest, keyOIEmbedding, keyOIReranker), r.str(keyOIModel)
	fill(&request, r.requested.model)
	fill(&c.ResponseModel, r.str(keyOIResponse))
	switch {
	case request != "":
		fill(&c.RequestModel, request)
		fill(&c.ResponseModel, either)
	default:
		fill(&c.RequestModel, either)
	}
}

// openInferenceOutput reads the flattened output, which holds only the first choice. It reads the other choices and
// refusals from the response JSON.
func (r *Reader) openInferenceOutput(c *genai.Call, content *genai.Content) bool {
	flat := r.families&flatOutput != 0 && r.readFlat(c, content, true, "llm.output_messages.")
	if !r.has(keyOIOutput) || c.Operation != genai.OpChat && c.Operation != genai.OpTextCompletion {
		return flat
	}
	if r.str(keyOIOutMime) == "text/plain" {
		return flat
	}
	text := contentText(r, keyOIOutput)
	if flat && !strings.HasPrefix(text, "{") {
		return true
	}
	p := parser{answer: true}
	p.value(text, "assistant")
	if !flat || len(p.dst) > len(content.Output) || hollow(content.Output) && !hollow(p.dst) {
		if len(p.dst) == 0 && p.refusal == "" {
			return flat
		}
		return r.keep(c, content, &p)
	}
	// The response repeats the flattened messages and completes them.
	fill(&content.Refusal, p.refusal)
	fill(&c.ResponseID, p.id)
	for i := range p.dst {
		fill(&content.Output[i].FinishReason, p.dst[i].FinishReason)
		fill(&content.Output[i].Reasoning, p.dst[i].Reasoning)
	}
	return true
}

// hollow reports whether messages hold nothing but their roles. The instrumentation for LangChain flattens texts, and
// no lists of parts.
func hollow(messages []genai.Message) bool {
	return !slices.ContainsFunc(messages, func(m genai.Message) bool { return !m.IsEmpty() || m.Reasoning != "" })
}

// systemOfRequest reads the system instructions, which requests of Anthropic and Gemini hold apart from the messages.
func (r *Reader) systemOfRequest(content *genai.Content) {
	for _, k := range [...]key{keyOIParams, keyOIInput} {
		if !r.has(k) || content.System != "" {
			continue
		}
		if text := contentText(r, k); strings.Contains(text, `"system`) {
			content.System = systemIn(text)
		}
	}
}

// systemIn returns the system member at the top level of a request's JSON.
func systemIn(text string) string {
	c := cursor{s: text}
	if !c.open('{') {
		return ""
	}
	for key := ""; c.member(&key); {
		switch key {
		case "system", "system_instruction", "systemInstruction", "instructions":
			if raw := c.raw(); raw != "null" {
				p := parser{}
				return p.textOf(raw)
			}
		default:
			c.skip()
		}
	}
	return ""
}

// toolsOfRequest reads the tool definitions inside a request's JSON.
func (r *Reader) toolsOfRequest(content *genai.Content, k key) bool {
	if !r.has(k) {
		return false
	}
	text := contentText(r, k)
	if !strings.Contains(text, "tool") && !strings.Contains(text, "unction") {
		return false
	}
	return r.readTools(content, toolsIn(text, 0))
}

// toolsIn returns the JSON of the tool definitions inside a request's JSON, or "".
func toolsIn(text string, depth int) string {
	c := cursor{s: text}
	if c.space() == '"' {
		return toolsIn(c.str(), depth+1)
	}
	if depth > maxRequestNesting || !c.open('{') {
		return ""
	}
	for key := ""; c.member(&key); {
		switch key {
		case "tools", "functions", "function_tools":
			if raw := c.raw(); strings.HasPrefix(raw, "[") && len(raw) > 2 {
				return raw
			}
		case "args": // of the function that sent the request
			for args := (cursor{s: strings.TrimPrefix(c.raw(), "[")}); args.element(); {
				if found := toolsIn(args.raw(), depth+1); found != "" {
					return found
				}
			}
		case "config", "toolConfig", "kwargs", "invocation_params", "generationConfig":
			if raw := c.raw(); strings.HasPrefix(raw, "{") {
				if found := toolsIn(raw, depth+1); found != "" {
					return found
				}
			}
		default:
			c.skip()
		}
	}
	return ""
}

// eventOffset returns the time from the start of the span to its first event of that name, in milliseconds.
func (r *Reader) eventOffset(name string) genai.Opt[float64] {
	for i := range r.span.Events().Len() {
		event := r.span.Events().At(i)
		if event.Name() == name && event.Timestamp() > r.span.StartTimestamp() && r.span.StartTimestamp() > 0 {
			return genai.Some(float64(event.Timestamp()-r.span.StartTimestamp()) / 1e6)
		}
	}
	return genai.Opt[float64]{}
}
