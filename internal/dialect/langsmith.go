package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// LangSmith over OTel: gen_ai.prompt and gen_ai.completion hold whole runs as JSON. A failed run has status OK and an
// exception event. langsmith.trace.session_name is the project, not a session.
var (
	keyLSKind      = intern(inLangSmith, "langsmith.span.kind")
	keyLSProvider  = intern(inLangSmith, "langsmith.metadata.ls_provider")
	keyLSModelType = intern(inLangSmith, "langsmith.metadata.ls_model_type")
	keyLSModel     = intern(inLangSmith, "langsmith.metadata.ls_model_name")
	keyLSParams    = intern(inLangSmith, "langsmith.metadata.ls_invocation_params")
	keyLSMax       = intern(inLangSmith, "langsmith.metadata.ls_max_tokens")
	keyLSTemp      = intern(inLangSmith, "langsmith.metadata.ls_temperature")
	keyLSUsage     = intern(inLangSmith, "langsmith.usage_metadata")
	keyLSUsage2    = intern(inLangSmith, "langsmith.metadata.usage_metadata")
	keyLSInDetail  = intern(inOTel, "gen_ai.usage.input_token_details")
	keyLSOutDetail = intern(inOTel, "gen_ai.usage.output_token_details")
	keyLSStream    = intern(inLangSmith, "langsmith.request.streaming")
	_              = intern(inLangSmith, "langsmith.traceable")
	_              = intern(inLangSmith, "langsmith.trace.name")
)

var langsmith = dialect{
	bit: inLangSmith,
	scalars: func(r *Reader, c *genai.Call) {
		fill(&c.Operation, r.langsmithOperation())
		r.setProvider(c, r.name(keyLSProvider))
		fill(&c.RequestModel, r.str(keyRequestModel, keyLSModel))
		if r.has(keyLSParams) {
			r.requested.read(contentText(r, keyLSParams))
		}
		if r.has(keyPromptJSON) && r.str(keyLSKind) == "llm" {
			r.requested.read(contentText(r, keyPromptJSON))
		}
		r.requested.apply(c)
		fillOpt(&c.MaxTokens, r.count(keyLSMax))
		fillOpt(&c.Temperature, r.float(keyLSTemp))
		fillOpt(&c.Streaming, r.flag(keyLSStream))
		for _, k := range [...]key{keyLSUsage, keyLSUsage2} {
			if r.has(k) {
				r.readUsage(contentText(r, k), &c.Usage)
			}
		}
		if r.has(keyLSInDetail) {
			readParts(contentText(r, keyLSInDetail), inputTokens, &c.Usage)
		}
		if r.has(keyLSOutDetail) {
			readParts(contentText(r, keyLSOutDetail), outputTokens, &c.Usage)
		}
		if c.Operation == genai.OpExecuteTool {
			fill(&c.ToolName, firstOf(r.str(keyToolName), r.span.Name()))
		}
	},
	load: func(r *Reader, _ *genai.Call, content *genai.Content, part genai.Part) bool {
		return part == genai.PartTools && r.str(keyToolDefs) == "" &&
			(r.toolsOfRequest(content, keyPromptJSON) || r.toolsOfRequest(content, keyLSParams))
	},
	about: []emitter{
		{
			name: "LangSmith (LangChain, LangGraph)",
			seen: "spans of langsmith 0.12 (JavaScript), its exporter of the AI SDK too",
			reads: "kind, messages, tools, usage, parameters, finish reason, metadata, session and user from " +
				"metadata",
			lacks: "prompt versions; an error keeps the span status OK",
			needs: "`LANGSMITH_TRACING_MODE=otel` (JavaScript), `LANGSMITH_OTEL_ENABLED=true` (Python)",
		},
	},
}

// langsmithOperation reads the kind of the run. gen_ai.operation.name is "chat" even for completions, but the type of
// the model is reliable.
func (r *Reader) langsmithOperation() string {
	switch strings.ToLower(r.str(keyLSKind)) {
	case "llm":
		if r.str(keyLSModelType) == "llm" {
			return genai.OpTextCompletion
		}
		return genai.OpChat
	case "chain":
		return genai.OpChain
	case "tool":
		return genai.OpExecuteTool
	case "retriever":
		return genai.OpRetrieval
	case "embedding":
		return genai.OpEmbeddings
	case "prompt", "parser":
		return genai.OpOther
	}
	return ""
}
