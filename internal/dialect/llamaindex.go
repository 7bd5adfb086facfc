package dialect

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// LlamaIndex's own OpenTelemetry integration names spans after methods, and puts everything else into span events named
// after the classes of its instrumentation. Old versions keep only members that are scalars or lists of scalars.
var (
	_ = intern(inLlamaIndex, "llamaindex.run_id")
	_ = intern(inLlamaIndex, "llamaindex.step_name")
)

var llamaIndex = dialect{
	bit: inLlamaIndex,
	scalars: func(r *Reader, c *genai.Call) {
		for i := range r.span.Events().Len() {
			event := r.span.Events().At(i)
			fill(&c.Operation, llamaIndexOperation(event.Name()))
			r.llamaIndexModel(c, event.Attributes())
		}
		if !r.has(keyOperation) {
			fill(&c.Operation, llamaIndexSpan(r.span.Name()))
		}
		if c.Operation == genai.OpExecuteTool {
			fill(&c.ToolName, r.str(keyToolName))
		}
		fillOpt(&c.TTFT, r.eventOffset("LLMChatInProgressEvent"))
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		found := false
		for i := range r.span.Events().Len() {
			event := r.span.Events().At(i)
			a := event.Attributes()
			switch event.Name() {
			case "LLMChatStartEvent", "LLMCompletionStartEvent":
				if text := firstOf(r.attribute(a, "messages"), r.attribute(a, "prompt")); part == genai.PartInput && text != "" {
					found = r.messagesFrom(c, content, text, false) || found
				}
			case "LLMChatEndEvent", "LLMCompletionEndEvent":
				if text := r.attribute(a, "response"); part == genai.PartOutput && text != "" {
					found = r.messagesFrom(c, content, text, true) || found
				}
			case "RetrievalStartEvent":
				if part == genai.PartRetrieval {
					fill(&content.Retrieval.Query, queryText(r.attribute(a, "str_or_query_bundle")))
				}
			case "RetrievalEndEvent":
				if nodes := r.attribute(a, "nodes"); part == genai.PartRetrieval && len(content.Retrieval.Documents) == 0 {
					content.Retrieval.Documents = appendDocuments(content.Retrieval.Documents, nodes)
					content.Retrieval.Empty = len(content.Retrieval.Documents) == 0 && emptyList(nodes)
					found = found || len(content.Retrieval.Documents) > 0 || content.Retrieval.Empty
				}
			}
		}
		return found
	},
	holds: (*Reader).hasLlamaIndexContent,
	about: []emitter{{
		name: "LlamaIndex (llama-index-observability-otel)", seen: "source of 2025 and 2026",
		reads: "model, messages, answer and usage from events; retrievals",
		lacks: "old versions drop every member that is an object: messages, answer, model and nodes",
		needs: "`genai_enabled=True` writes the conventions instead",
	}},
}

func llamaIndexOperation(event string) string {
	switch event {
	case "LLMChatStartEvent", "LLMChatEndEvent", "LLMChatInProgressEvent":
		return genai.OpChat
	case "LLMCompletionStartEvent", "LLMCompletionEndEvent", "LLMCompletionInProgressEvent":
		return genai.OpTextCompletion
	case "EmbeddingStartEvent", "EmbeddingEndEvent":
		return genai.OpEmbeddings
	case "RetrievalStartEvent", "RetrievalEndEvent":
		return genai.OpRetrieval
	case "ReRankStartEvent", "ReRankEndEvent":
		return "rerank"
	case "AgentRunStepStartEvent":
		return genai.OpAgentStep
	case "AgentChatWithStepStartEvent":
		return genai.OpInvokeAgent
	case "QueryStartEvent":
		return genai.OpChain
	}
	return ""
}

// llamaIndexSpan returns the operation of a span without a telling event, from the class and method in its name.
func llamaIndexSpan(name string) string {
	class, _, _ := strings.Cut(name, ".")
	switch {
	case class == "FunctionTool" || class == "QueryEngineTool":
		return genai.OpExecuteTool
	case strings.HasSuffix(class, "Workflow"):
		return genai.OpWorkflow
	case strings.HasSuffix(class, "Agent"):
		return genai.OpInvokeAgent
	}
	return genai.OpSpan
}

// llamaIndexModel reads the model and the usage of a request from an event.
func (r *Reader) llamaIndexModel(c *genai.Call, event pcommon.Map) {
	if !isModelOperation(c.Operation) && c.Operation != genai.OpEmbeddings {
		return
	}
	fill(&c.RequestModel, firstText(event, "model_dict.model_name", "model_dict.model", "model_name"))
	if text := r.attribute(event, "model_dict"); text != "" {
		r.requested.read(text)
		r.requested.apply(c)
		fill(&c.RequestModel, r.requested.model)
	}
	text := r.attribute(event, "response")
	if !strings.HasPrefix(text, "{") {
		return
	}
	if n, ok := memberNumber(text, 0, "prompt_tokens", "input_tokens"); ok && n >= 0 {
		fillOpt(&c.Usage.Input, genai.Some(n))
	}
	if n, ok := memberNumber(text, 0, "completion_tokens", "output_tokens"); ok && n >= 0 {
		fillOpt(&c.Usage.Output, genai.Some(n))
	}
}

// hasLlamaIndexContent reports whether an event holds messages, an answer or documents.
func (r *Reader) hasLlamaIndexContent(*genai.Call) bool {
	for i := range r.span.Events().Len() {
		event := r.span.Events().At(i)
		if llamaIndexOperation(event.Name()) != "" && firstText(event.Attributes(), "messages", "prompt", "response",
			"nodes", "str_or_query_bundle") != "" {
			return true
		}
	}
	return false
}
