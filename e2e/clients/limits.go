package clients

// Groups of scenarios.
const (
	rejected  = "filter_prompt always_429 quota error_500 overloaded unauthorized unknown_model context_length"
	failed    = rejected + " broken_stream timeout"
	answered  = "good conversation cached reasoning length refusal refusal_text filter empty tool_* schema_* once_429"
	malformed = "tool_type tool_missing tool_unknown tool_not_json"
	violated  = "schema_bad schema_not_json"
)

// nothing is the result where no span of the SDK is exported.
var nothing = fields{"class": "", "tokens": "0 0 0 0 0", "cost": "0.00000000", "session": "", "calls": "0"}

// anything is the value of a field that is not compared.
const anything = "*"

// Limits are the limits of APIs, SDKs and instrumentations. A later row wins.
var Limits = []Limit{
	// APIs.
	{
		"anthropic-*/* vercel*/anthropic*", "reasoning",
		fields{"tokens": "42 0 0 512 0"},
		"the API counts no reasoning tokens apart",
	},
	{
		"anthropic-*/*", "filter",
		fields{"class": "refusal/model_refusal"},
		"the API has one stop reason for a refusal and a filter",
	},
	{
		"anthropic-*/messages vercel*/anthropic", "tool_not_json",
		fields{"class": "tool_call_malformed/missing_required"},
		"the API sends arguments as JSON, and here empty; only a stream can carry broken ones",
	},
	{
		"anthropic-*/stream vercel*/anthropic-stream", "broken_stream",
		fields{"tokens": anything, "cost": anything},
		"the start of the stream tells the input tokens",
	},
	{
		"google-langsmith/* vercel*/google*", "refusal",
		fields{"class": "refusal/content_filter"},
		"the API has no refusal but its filter",
	},
	{
		"google-langsmith/*", "tool_not_json",
		fields{"class": "tool_call_malformed/provider_rejected"},
		"the API rejects a malformed call itself",
	},
	{"google-langsmith/*", "timeout", fields{"class": "cancelled"}, "the SDK reports its own timeout as an abort"},

	// OpenInference.
	{"openai-openinference/* openai-traceloop/*", failed, nothing, "exports no span of a call that fails"},
	{
		"openai-openinference/stream", answered,
		fields{"tokens": "0 0 0 0 0", "cost": "estimated"},
		"records no usage of a streamed chat",
	},
	{
		"openai-openinference/stream", "refusal",
		fields{"class": "bad_answer/empty"},
		"records an empty answer in place of a streamed refusal",
	},
	{
		"openai-openinference/responses-stream", "length filter",
		fields{"class": "provider_error/server_error", "tokens": "0 0 0 0 0", "cost": "0.00000000"},
		"records an error without a word for a streamed response that is incomplete",
	},
	{
		"langchain-openinference/chat langchain-openinference/stream langchain-openinference/agent", "refusal",
		fields{"class": ""},
		"records no refusal",
	},
	{
		"langchain-*/agent vercel*/*", "schema_bad schema_not_json",
		fields{"class": ""},
		"records no response format",
	},
	{
		"langchain-*/agent", "tool_not_json",
		fields{"calls": "1", "tokens": "42 0 0 24 0", "cost": "0.00002070"},
		"the agent ends at a call that does not parse",
	},

	// Traceloop.
	{
		"openai-traceloop/chat openai-traceloop/responses langchain-traceloop/chat langchain-traceloop/stream " +
			"langchain-traceloop/agent openai-contrib/*", "cached",
		fields{"tokens": "2048 0 0 24 0", "cost": "0.00032160"},
		"records no cached tokens",
	},
	{
		"openai-traceloop/chat openai-traceloop/responses langchain-traceloop/chat langchain-traceloop/stream " +
			"langchain-traceloop/agent openai-contrib/* vercel/[^a]*", "reasoning",
		fields{"tokens": "42 0 0 512 0"},
		"records no reasoning tokens",
	},
	{
		"openai-traceloop/stream", answered,
		fields{"tokens": anything, "cost": anything},
		"counts the tokens of a stream itself, or not at all",
	},
	{
		"openai-traceloop/stream", "refusal",
		fields{"class": "bad_answer/empty"},
		"records an empty answer in place of a streamed refusal",
	},
	{
		"openai-traceloop/responses", "refusal " + malformed,
		fields{"class": ""},
		"records no refusal and no tool call of the Responses API",
	},
	{
		"openai-traceloop/* anthropic-traceloop/* openai-contrib/* openai-langfuse/responses*", violated,
		fields{"class": ""},
		"records no response format",
	},
	{
		"anthropic-traceloop/* openai-contrib/* anthropic-native/*", "tool_type tool_missing tool_unknown",
		fields{"class": ""},
		"records no tool definitions",
	},
	{
		"anthropic-traceloop/messages anthropic-native/messages", "tool_not_json",
		fields{"class": ""},
		"records no tool definitions",
	},
	{
		"anthropic-traceloop/stream", "tool_not_json",
		fields{"class": ""},
		"records {} in place of arguments of a stream that do not parse",
	},
	{"anthropic-traceloop/stream", rejected + " timeout", nothing, "exports no span of a call that fails"},
	{"anthropic-traceloop/stream", "length filter", fields{"class": ""}, "records no stop reason of a stream"},
	{
		"anthropic-openinference/*", "broken_stream",
		fields{"session": "trace"},
		"the instrumentation never ends its span of a broken stream, and only that span names the session",
	},
	{"langchain-traceloop/*", "*", fields{"session": "trace"}, "records no session"},
	{"langchain-traceloop/*", malformed, fields{"class": ""}, "records no tool definitions, and arguments as text"},
	{
		"langchain-traceloop/chat langchain-traceloop/stream langchain-traceloop/agent", "refusal",
		fields{"class": ""},
		"records no refusal",
	},
	{"langchain-traceloop/stream", "schema_not_json", fields{"class": ""}, "records no response format"},
	{
		"langchain-traceloop/chat langchain-traceloop/stream langchain-traceloop/responses", "schema_bad",
		fields{"class": ""},
		"records no response format",
	},
	{
		"langchain-traceloop/responses", answered,
		fields{"tokens": "0 0 0 0 0", "cost": "estimated"},
		"records no usage of the Responses API",
	},
	{
		"langchain-traceloop/responses", "length refusal filter empty",
		fields{"class": ""},
		"records no finish reason and no empty answer of the Responses API",
	},
	{
		"langchain-*/chat langchain-*/responses", "schema_not_json",
		fields{"tokens": "0 0 0 0 0", "cost": "0.00000000"},
		"the SDK throws before the usage is recorded",
	},

	// OpenTelemetry contrib.
	{"openai-contrib/*", "*", fields{"session": "trace"}, "records no session"},
	{"openai-contrib/chat openai-contrib/stream", "refusal", fields{"class": ""}, "records no refusal"},
	{"openai-contrib/stream", "broken_stream", nothing, "never ends the span of a stream that breaks"},
	{
		"openai-contrib/responses", "length",
		fields{"class": ""},
		"records the finish reason stop for a response that is incomplete",
	},
	{
		"openai-contrib/responses", "filter",
		fields{"class": "bad_answer/empty"},
		"records the finish reason stop for a response that is incomplete",
	},

	// Langfuse.
	{
		"openai-langfuse/chat openai-langfuse/stream", "length filter",
		fields{"class": ""},
		"records no finish reason",
	},
	{"openai-langfuse/stream", "refusal", fields{"class": ""}, "records no refusal of a stream"},
	{
		"openai-langfuse/stream openai-langfuse/responses-stream", "broken_stream",
		fields{"class": "", "calls": "0"},
		"never ends the span of a stream that breaks",
	},

	// The tracing of the Anthropic SDK.
	{
		"anthropic-native/*", "filter_prompt quota context_length",
		fields{"class": "provider_error/invalid_request"},
		"records no message of an error",
	},
	{
		"anthropic-native/stream", "refusal_text empty tool_not_json " + violated,
		fields{"class": ""},
		"records no content of a stream",
	},
	{"anthropic-native/messages", "schema_bad", fields{"class": ""}, "records no response format"},

	// AI SDK.
	{
		"vercel*/chat* vercel*/responses* vercel*/anthropic*", "refusal",
		fields{"class": "refusal/content_filter"},
		"reports a refusal as content-filter",
	},
	{"vercel*/google*", "tool_not_json", fields{
		"class": "provider_error/server_error", "calls": "1", "tokens": "42 0 0 24 0", "cost": "0.00007260",
	}, "reports the finish reason error for a malformed call"},
	{"vercel*/*-stream", "timeout", fields{"class": ""}, "records nothing of a stream that is aborted"},

	// OpenAI Agents.
	{"agents-openinference/*", "*", fields{"session": "trace"}, "records no session"},
	{
		"agents-openinference/chat", "tool_type tool_missing",
		fields{"class": ""},
		"records no tool definitions of a chat",
	},
	{
		"agents-openinference/chat", "schema_bad",
		fields{"class": "schema_violation/not_json"},
		"records no response format of a chat, and the error does not say what does not fit",
	},
	{"agents-openinference/*", "tool_unknown", fields{
		"calls": "1", "tokens": "42 0 0 24 0", "cost": "0.00002070",
	}, "gives up at a call of an unknown tool"},
	{"agents-openinference/mcp", "tool_fails", fields{"class": ""}, "drops isError of an MCP result"},

	// Mastra.
	{"mastra/*", "refusal", fields{"class": "refusal/content_filter"}, "reports a refusal as content-filter"},
	{
		"mastra/*", "tool_type tool_missing tool_not_json",
		fields{"class": "tool_error/failed"},
		"records no tool definitions; its own check fails the tool",
	},
	{"mastra/*", "tool_unknown", fields{"class": ""}, "records no tool definitions"},
	{"mastra/*", "timeout", fields{"class": ""}, "records nothing of a call that is aborted"},
	{
		"mastra/*", "once_429",
		fields{"class": "rate_limit/throttled", "tokens": "0 0 0 0 0", "cost": "0.00000000"},
		"does not retry",
	},

	// Genkit.
	{"genkit/*", "*", fields{"session": "trace"}, "records no session"},
	{"genkit/*", "tool_type tool_missing tool_unknown tool_fails", fields{
		"calls": "1", "tokens": "42 0 0 24 0", "cost": "0.00002070",
	}, "gives up at the first malformed call and the first tool that fails"},
	{
		"genkit/*", "tool_not_json",
		fields{"calls": "1", "tokens": "0 0 0 0 0", "cost": "0.00000000"},
		"throws before the answer is recorded",
	},
	{
		"genkit/*", "schema_not_json",
		fields{"tokens": "0 0 0 0 0", "cost": "0.00000000"},
		"throws before the answer is recorded",
	},
}
