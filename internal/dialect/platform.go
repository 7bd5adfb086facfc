package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// kindOperation maps the kind of span that a tracing platform records to an operation. The platforms use one
// vocabulary, in different cases. "" stays "".
func kindOperation(kind string) string {
	switch strings.ToLower(kind) {
	case "":
		return ""
	case "llm", "model", "generation", "chat", "completion", "chat_model":
		return genai.OpChat
	case "embedding", "embeddings", "embed":
		return genai.OpEmbeddings
	case "tool", "function":
		return genai.OpExecuteTool
	case "agent":
		return genai.OpInvokeAgent
	case "retriever", "retrieval", "rag", "query":
		return genai.OpRetrieval
	case "rerank", "reranker":
		return "rerank"
	case "chain":
		return genai.OpChain
	case "workflow", "pipeline", "entry":
		return genai.OpWorkflow
	case "task", "component", "module":
		return genai.OpTask
	case "step":
		return genai.OpAgentStep
	case "guardrail":
		return genai.OpGuardrail
	case "span", "default", "base", "custom", "executor", "server", "client", "unknown":
		return genai.OpSpan
	}
	return genai.OpOther
}

// isModelOperation reports whether an operation is a request to a model for an answer.
func isModelOperation(operation string) bool {
	return operation == genai.OpChat || operation == genai.OpTextCompletion || operation == "generate_content"
}

// loadPair fills a part from the input and the output of a span, as messages, as a tool's arguments and result, or as
// the query and documents of a retrieval, by its operation.
func (r *Reader) loadPair(
	c *genai.Call, content *genai.Content, part genai.Part, input, output string,
) bool {
	isTool, isRetrieval := c.Operation == genai.OpExecuteTool, c.Operation == genai.OpRetrieval
	switch part {
	case genai.PartInput:
		return !isTool && !isRetrieval && !blankText(input) && r.messagesFrom(c, content, input, false)
	case genai.PartOutput:
		return !isTool && !isRetrieval && !blankText(output) && r.messagesFrom(c, content, output, true)
	case genai.PartTool:
		if isTool && content.ToolArguments.IsZero() && input != "" {
			content.ToolArguments = valueOf(input)
		}
		if isTool && content.ToolResult.IsZero() && output != "" {
			content.ToolResult = valueOf(output)
		}
	case genai.PartRetrieval:
		if isRetrieval {
			fill(&content.Retrieval.Query, queryText(input))
			if len(content.Retrieval.Documents) == 0 {
				content.Retrieval.Documents = appendDocuments(content.Retrieval.Documents, output)
			}
		}
	}
	return false
}
