package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// kindOperation maps the kind of span that a tracing platform records to an operation. The platforms use one
// vocabulary, in different cases. "" stays "".
func kindOperation(kind string) string {
	key := operationKey(kind)
	switch key {
	case "":
		return ""
	case "model", "completion", "chat_model":
		return genai.OpChat
	case "rag", "query":
		return genai.OpRetrieval
	case "pipeline", "entry":
		return genai.OpWorkflow
	case "component", "module":
		return genai.OpTask
	case "default", "base", "custom", "executor", "server", "client", "unknown":
		return genai.OpSpan
	case "reranker":
		return opRerank
	}
	if operation := operations[key]; operation != "" {
		return operation
	}
	return genai.OpOther
}

// isModelOperation reports whether an operation is a request to a model for an answer.
func isModelOperation(operation string) bool {
	return inference(operation) && operation != genai.OpEmbeddings
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
