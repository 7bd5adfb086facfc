package dialect

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Attributes of the OpenTelemetry GenAI conventions, current and legacy. Most emitters write some of them.
var (
	keyOperation     = intern(inOTel, "gen_ai.operation.name")
	keyProvider      = intern(inOTel, "gen_ai.provider.name")
	keySystem        = intern(inOTel, "gen_ai.system")
	keyRequestModel  = intern(inOTel, "gen_ai.request.model")
	keyResponseModel = intern(inOTel, "gen_ai.response.model")
	keyResponseID    = intern(inOTel, "gen_ai.response.id")
	keyFinishReasons = intern(inOTel, "gen_ai.response.finish_reasons")
	keyFinishReason  = intern(inOTel, "gen_ai.response.finish_reason") // Semantic Kernel
	keyConversation  = intern(inOTel, "gen_ai.conversation.id")
	keyAgentName     = intern(inOTel, "gen_ai.agent.name")
	keyWorkflowName  = intern(inOTel, "gen_ai.workflow.name")
	keyOutputType    = intern(inOTel, "gen_ai.output.type")
	keyTemperature   = intern(inOTel, "gen_ai.request.temperature")
	keyMaxTokens     = intern(inOTel, "gen_ai.request.max_tokens")
	keyTopP          = intern(inOTel, "gen_ai.request.top_p")
	keyTopK          = intern(inOTel, "gen_ai.request.top_k")
	keySeed          = intern(inOTel, "gen_ai.request.seed")
	keyStream        = intern(inOTel, "gen_ai.request.stream")
	keyIsStream      = intern(inOTel, "gen_ai.request.is_stream")
	keyStreaming     = intern(inOTel, "gen_ai.request.streaming")
	keyFirstChunk    = intern(inOTel, "gen_ai.response.time_to_first_chunk")
	keyFirstChunkOp  = intern(inOTel, "gen_ai.client.operation.time_to_first_chunk")
	keyFirstToken    = intern(inOTel, "gen_ai.server.time_to_first_token")
	keyPromptName    = intern(inOTel, "gen_ai.prompt.name")
	keyPromptVersion = intern(inOTel, "gen_ai.prompt.version")
	keyCost          = intern(inOTel, "gen_ai.usage.cost")

	keyInputTokens     = intern(inOTel, "gen_ai.usage.input_tokens")
	keyOutputTokens    = intern(inOTel, "gen_ai.usage.output_tokens")
	keyTotalTokens     = intern(inOTel, "gen_ai.usage.total_tokens")
	keyPromptTokens    = intern(inOTel, "gen_ai.usage.prompt_tokens")
	keyCompletionToks  = intern(inOTel, "gen_ai.usage.completion_tokens")
	keyCacheRead       = intern(inOTel, "gen_ai.usage.cache_read.input_tokens")
	keyCacheWrite      = intern(inOTel, "gen_ai.usage.cache_write.input_tokens")
	keyCacheCreation   = intern(inOTel, "gen_ai.usage.cache_creation.input_tokens")
	keyFlatCacheRead   = intern(inOTel, "gen_ai.usage.cache_read_input_tokens")
	keyFlatCacheWrite  = intern(inOTel, "gen_ai.usage.cache_write_input_tokens")
	keyFlatCacheCreate = intern(inOTel, "gen_ai.usage.cache_creation_input_tokens")
	keyCachedTokens    = intern(inOTel, "gen_ai.usage.cached_tokens")
	keyReasoning       = intern(inOTel, "gen_ai.usage.reasoning.output_tokens")
	keyFlatReasoning   = intern(inOTel, "gen_ai.usage.reasoning_tokens")
	keyFlatReasoning2  = intern(inOTel, "gen_ai.usage.reasoning_output_tokens")

	keyToolName   = intern(inOTel, "gen_ai.tool.name")
	keyToolCallID = intern(inOTel, "gen_ai.tool.call.id")
	keyToolStatus = intern(inOTel, "gen_ai.tool.status")
	keyToolArgs   = intern(inOTel, "gen_ai.tool.call.arguments")
	keyToolResult = intern(inOTel, "gen_ai.tool.call.result")
	keyToolDefs   = intern(inOTel, "gen_ai.tool.definitions")

	keyInputMessages  = intern(inOTel, "gen_ai.input.messages")
	keyOutputMessages = intern(inOTel, "gen_ai.output.messages")
	keyInstructions   = intern(inOTel, "gen_ai.system_instructions")
	keyQuery          = intern(inOTel, "gen_ai.retrieval.query.text")
	keyDocuments      = intern(inOTel, "gen_ai.retrieval.documents")
	keyMemoryQuery    = intern(inOTel, "gen_ai.memory.query.text")
	keyMemoryRecords  = intern(inOTel, "gen_ai.memory.records")
	keyPromptJSON     = intern(inOTel, "gen_ai.prompt")
	keyCompletionJSON = intern(inOTel, "gen_ai.completion")
	keyResponseFormat = intern(inOTel, "gen_ai.openai.request.response_format")
	keyOutputSchema   = intern(inOTel, "gen_ai.request.structured_output_schema")

	keyErrorType    = intern(0, "error.type")
	keyErrorMessage = intern(0, "error.message")
	keyStatusCode   = intern(0, "http.response.status_code")
	keyStatusCode2  = intern(0, "http.status_code")
	keySession      = intern(0, "session.id")
	keyUser         = intern(0, "user.id")
	keyEndUser      = intern(0, "enduser.id")
)

// retrievalTopK name how many documents a retrieval asked for: the conventions now and before, and vector stores.
var retrievalTopK = []key{
	intern(inOTel, "gen_ai.retrieval.top_k"), keyTopK, intern(inVectorStore, "db.vector.query.top_k"),
	intern(0, "db.pinecone.query.top_k"), intern(0, "retrieval.top_k"),
}

var otel = dialect{
	bit:        inOTel,
	input:      []key{keyInputMessages},
	output:     []key{keyOutputMessages},
	system:     []key{keyInstructions},
	tools:      []key{keyToolDefs},
	toolArgs:   []key{keyToolArgs},
	toolResult: []key{keyToolResult},
	takes:      []key{keyPromptJSON},
	gives:      []key{keyCompletionJSON},
	schema:     []key{keyOutputSchema, keyResponseFormat},
	query:      []key{keyQuery, keyMemoryQuery},
	documents:  []key{keyDocuments, keyMemoryRecords},
	usage: &usageKeys{
		inputTokens:     {keyInputTokens, keyPromptTokens},
		outputTokens:    {keyOutputTokens, keyCompletionToks},
		totalTokens:     {keyTotalTokens},
		cacheRead:       {keyCacheRead, keyFlatCacheRead, keyCachedTokens},
		cacheWrite:      {keyCacheWrite, keyCacheCreation, keyFlatCacheWrite, keyFlatCacheCreate},
		reasoningTokens: {keyReasoning, keyFlatReasoning, keyFlatReasoning2},
	},
	scalars: func(r *Reader, c *genai.Call) {
		fill(&c.Operation, r.named.operation)
		r.setProvider(c, r.str(keyProvider))
		r.setProvider(c, r.str(keySystem))
		fill(&c.RequestModel, r.str(keyRequestModel))
		fill(&c.ResponseModel, r.str(keyResponseModel))
		fill(&c.ResponseID, r.str(keyResponseID))
		if len(c.FinishReasons) == 0 {
			r.addReasons(c, keyFinishReasons)
			r.addReasons(c, keyFinishReason)
		}
		fill(&c.WorkflowName, r.str(keyWorkflowName))
		fill(&c.OutputType, r.str(keyOutputType))
		fillOpt(&c.Temperature, r.float(keyTemperature))
		fillOpt(&c.MaxTokens, r.count(keyMaxTokens))
		fillOpt(&c.TopP, r.float(keyTopP))
		fillOpt(&c.TopK, r.float(keyTopK))
		fillOpt(&c.Seed, r.count(keySeed))
		fillOpt(&c.Streaming, r.flag(keyStream, keyIsStream, keyStreaming))
		if seconds := r.float(keyFirstChunk, keyFirstChunkOp); seconds.Set {
			fillOpt(&c.TTFT, genai.Some(seconds.Value*1000))
		}
		fillOpt(&c.TTFT, r.firstToken())
		fillOpt(&c.CostUSD, r.float(keyCost))

		fill(&c.ToolName, r.str(keyToolName))
		fill(&c.ToolCallID, r.str(keyToolCallID))
		fill(&c.ToolStatus, r.str(keyToolStatus))
		if r.has(keyResponseFormat) {
			r.requested.readFormat(contentText(r, keyResponseFormat))
		}
		if r.has(keyOutputSchema) {
			fill(&c.ResponseFormat, "json_schema")
		}
		r.requested.apply(c)
	},
	about: []emitter{
		{
			name: "OpenTelemetry GenAI conventions",
			seen: "conventions 1.27 to 1.41 and their own repository; spans of openai 0.21 (JavaScript), botocore 0.54, " +
				"google_genai",
			reads: "everything that they name, current and legacy, in attributes, events and log records",
			lacks: "refusals, HTTP status, schema of the answer",
			needs: "`OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true` (`span_only` or `event_only` in new " +
				"versions)",
		},
	},
}

func (r *Reader) addReasons(c *genai.Call, k key) {
	if r.has(k) {
		c.FinishReasons = appendStrings(c.FinishReasons, r.at[k])
	}
}

// firstToken reads gen_ai.server.time_to_first_token. Strands writes integer milliseconds. Others write seconds, as for
// the metric of that name.
func (r *Reader) firstToken() genai.Opt[float64] {
	value := r.float(keyFirstToken)
	if value.Set && r.at[keyFirstToken].Type() == pcommon.ValueTypeDouble && r.marks&inStrands == 0 {
		value.Value *= 1000
	}
	return value
}
