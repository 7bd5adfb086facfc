package provider

// pattern is a set of substrings of a message, all of which must occur.
type pattern struct {
	fine  fine
	parts []string
	marks []mark // of the parts
}

// Messages that tell nothing but that there was an error.
const (
	notSuccessful = "unsuccessful terminal state" // OpenAI Agents SDK
	endedInError  = "provider returned error"     // OpenRouter
)

// What decided where no row of a table did.
const (
	noTool       = "tool not found"
	missingModel = "model: " // Anthropic: all that it says is the name of the model that does not exist
)

// whole are messages of one or two words, which mean something only where they stand alone.
var whole = map[string]fine{
	"terminated": connection, "eof": connection, "aborted": connection, "closed": connection, // Node, Go, OkHttp
	"disconnected": connection, "load failed": connection, "timeout": clientTimeout, "canceled": cancelled,
	"cancelled": cancelled,
}

// absent are the words that follow the name of a tool which was not offered.
var absent = []string{
	"not found", "is not found", "was not found", "does not exist", "doesn't exist", "don't exist", "is not available",
	"is not registered", "is not defined", "is not a valid tool", "is unknown", "not in request.tools",
	"which was not in request.tools", "is not in the list", "not available", "could not be found",
}

// retryHints precede the time after which a limit allows the next call.
var retryHints = []string{
	"retry in", "try again in", "retry after", "retry-after", "retrydelay", "retry_delay", "retry_after", "retryafter",
	"wait",
}

// patterns are tried in order: context length comes before content filters, quotas and rate limits, and general errors
// come last. They match in lower case, on the head of a message.
var patterns = group(
	words(throttled, "please wait before trying again"), // Bedrock: "Too many tokens, please wait …"
	// What the caller sent was wrong, in words that are a fault of the model elsewhere.
	words(invalid, "invalid json payload", "invalid json schema", "invalid json body", "body is not valid json",
		"unknown tool type"),
	// A tool that was not offered: OpenAI Agents SDK, AI SDK, Pydantic AI, LangChain, ADK, Spring AI, CrewAI.
	words(unknownTool, "tool not found", "unknown tool", "no such tool", "unavailable tool", "is not a valid tool",
		"no tool named", "no tool with name", "no toolcallback found", "tool with name", "nonexistent tool",
		"non-existent tool", "not found in the tools_dict", "hallucinated tool", "not in request.tools",
		"only available actions"),
	words(badArguments, "invalid json input for tool", "invalid arguments for tool", "invalid input for tool",
		"failed to parse tool arguments", "failed to parse tool call arguments"),
	words(badToolCall, "exceeded max retries count"),
	// The model's output could not be parsed as a tool call: gpt-oss on vLLM, Gemini, Groq, Ollama.
	words(badToolCall, "unexpected tokens remaining in message header", "malformed function call",
		"malformed_function_call", "invalid tool call",
		"failed to parse tool call", "failed to call a function", "tool_use_failed", "could not parse tool call",
		"tool call validation failed",
		"error parsing tool call", "unexpected tool call", "unexpected_tool_call", "invalid function call",
		"malformed_tool_use"),
	words(notJSON, "failed to validate json", "json_validate_failed"), // Groq
	// An agent that did not end: LangGraph, OpenAI Agents SDK, LangChain, smolagents, LlamaIndex, ADK, Genkit, Claude
	// Code, Pydantic AI.
	words(loop, "recursion limit", "recursionlimit", "graph_recursion_limit", "graphrecursionerror", "max turns",
		"max_turns", "maxturns", "maximum turns", "maximum number of turns", "max iterations", "max_iterations",
		"maximum iterations", "maximum number of iterations", "iteration limit", "max steps", "max_steps",
		"maximum steps", "maximum number of steps", "number of llm calls limit", "maximum tool call iterations",
		"maximum number of tool calls", "request_limit of", "tool_calls_limit of", "model call limit",
		"tool call limit", "too many tool calls", "model_call_limit", "max_llm_calls", "maximum number of llm calls"),
	// Frameworks that got no answer or half an answer: Pydantic AI, OpenAI Agents SDK, AI SDK.
	words(empty, "received empty model response", "no content generated", "model returned an empty response"),
	words(outputLimit, "token limit exceeded while", "exceeded before any response was generated",
		"incomplete output due to a max_tokens", "length limit was reached"),
	words(contentFilter, "content filter triggered", "content filter was triggered", "rejected by the content filter",
		"generation blocked"), // Genkit
	words(serverError, notSuccessful),
	// A page of a proxy in place of JSON is a fault on the way to the provider.
	[]pattern{
		{fine: serverError, parts: []string{"not valid json", "<!doctype"}},
		{fine: serverError, parts: []string{"not valid json", "<html"}},
		{fine: serverError, parts: []string{"unexpected token '<'"}},
		{fine: serverError, parts: []string{"unexpected token < in json"}},
		{fine: serverError, parts: []string{"invalid character '<' looking for"}},
	},
	// Parsers of JSON: JavaScript, Python, Go, Rust, Java, .NET; and frameworks that wrap them.
	words(notJSON, "is not valid json", "end of json input", " in json at position", "json parsing failed",
		"json parse error", "jsondecodeerror", "jsonparseexception", "expecting value: line", "extra data: line",
		"expecting property name enclosed", "unterminated string starting at", "expecting ',' delimiter",
		"expecting ':' delimiter", "invalid json", "malformed json", "looking for beginning of value",
		"in literal true (expecting", "after object key:value pair", "expected value at line",
		"eof while parsing", "trailing characters at line", "is an invalid start of a value",
		"could not parse llm output", "could not parse the response", "output_parsing_failure",
		"failed to parse output as json", "failed to parse json", "unable to parse json",
		"invalid structured output"),
	words(notJSON, "response did not match schema"),
	// Genkit, OpenAI Agents SDK, Mastra.
	words(mismatch, "schema validation failed. parse errors", "did not match the expected schema",
		"structured output validation failed"),
	words(contextLength, "maximum context length", "exceed context limit", "model's maximum context limit",
		"longer than the model's context length",
		"string too long. expected a string with maximum length", "prompt is too long", "prompt: length",
		"too many tokens", "too many input tokens",
		"input is too long", "expected maxlength:", "request payload size exceeds", "length limit exceeded"),
	[]pattern{
		{fine: contextLength, parts: []string{"inputs", "max_new_tokens", "must be <="}},
		{fine: contextLength, parts: []string{"input token count", "exceeds the maximum"}},
	},
	words(contextLength, "exceeds context limit", "maximum context limit", "context_length_exceeded", "context window",
		"exceeds the context",
		"exceed the context", "context length exceeded", "context size", "reduce the length of the",
		"maximum prompt length", "maximum input length",
		"prompt contains too many"),
	words(contentFilter, "content_policy_violation", "content_filter_policy", "content management policy",
		"triggering azure openai's content management",
		"rejected as a result of the safety system", "rejected as a result of our safety system",
		"your task failed as a result of our safety system",
		"violating our usage policy", "content filtering policy", "output blocked by content filtering policy",
		"the response was blocked",
		"the model produced invalid content", "responsibleaipolicyviolation", "guardrail raised an exception",
		"blocked entity detected"),
	words(contentFilter, "blocked by content filter", "blocked by our content", "flagged as potentially violating",
		"blocked by the safety",
		"safety filter", "blocked due to safety", "prompt was blocked", "block_reason", "blockreason",
		"finish_reason: safety", "finish_reason: recitation",
		"finish_reason: prohibited_content", "finish_reason: blocklist", "finish_reason: spii",
		"data may contain inappropriate content",
		"content exists risk", "considered high risk", "violates our usage policies", "requires moderation",
		"flagged by moderation"),
	words(outputLimit, "finish_reason: max_tokens", "max_tokens or model output limit was reached"),
	words(quota, "insufficient_quota", "exceeded your current quota", "credit balance is too low", "billing",
		"token_quota_reached"),
	[]pattern{ // RESOURCE_EXHAUSTED with a QuotaFailure per day
		{fine: quota, parts: []string{"quota", "perday"}},
		{fine: quota, parts: []string{"quota", "per day"}},
		{fine: quota, parts: []string{"quota", "per_day"}},
	},
	words(quota, "insufficient credits", "insufficient balance", "requires more credits", "out of credits"),
	words(budget, "budget has been exceeded"),
	words(budget, "budget exceeded", "exceeded budget"),
	words(throttled, "rate limit", "service tier capacity exceeded", "request was throttled", "too many requests",
		"quota exceeded for",
		"429 quota exceeded", "request too large"),
	words(throttled, "rate_limit", "ratelimit", "rate-limit", "throttl", "resource has been exhausted",
		"resource_exhausted", "too many concurrent",
		"concurrency limit", "quota exceeded"),
	words(overloaded, "overloaded", "temporarily out of capacity", "no capacity", "currently unavailable",
		"temporarily unavailable",
		"503 service unavailable"),
	words(overloaded, "at capacity", "service unavailable", "model is not ready", "high demand", "no healthy upstream",
		"is currently loading",
		"server is busy", "no available server", "no instances available"),
	// Go
	words(clientTimeout, "context deadline exceeded", "client.timeout exceeded", "i/o timeout",
		"tls handshake timeout"),
	words(timeout, "timed out generating response", "a timeout occurred", "deadline expired", "deadline exceeded"),
	words(timeout, "gateway timeout", "gateway time-out", "upstream request timeout", "upstream timed out"),
	words(clientTimeout, "request timed out", "read timed out", "read operation timed out",
		"connect timeout on endpoint url", "timed out"),
	words(clientTimeout, "timeout of", "operation timeout", "due to timeout", "timeout exceeded"),
	words(auth, "incorrect api key", "invalid api key", "api key not valid", "api_key client option must be set",
		"incorrect authentication token",
		"unable to locate credentials", "security token included in the request is invalid", "invalid api token",
		"no api key provided",
		"authorization denied for", "a valid user token is required", "reauthentication is needed"),
	words(auth, "invalid x-api-key", "invalid_api_key", "api key expired", "api key is missing", "missing api key",
		"unauthorized", "permission denied",
		"authentication failed", "invalid credentials", "location is not supported", "access denied"),
	words(notFound, "model_not_found", "deploymentnotfound", "does not exist or you do not have access",
		"no such file or directory"),
	words(notFound, "model identifier is invalid", "model not found", "is not found for api version", "no such model",
		"is not a valid model",
		"no endpoints found", "model is not supported", "unknown model"),
	[]pattern{
		{fine: notFound, parts: []string{"model", "does not exist"}},
		{fine: notFound, parts: []string{"model", "not found"}},
		{fine: notFound, parts: []string{"unknown provider", "model="}},
	},
	words(connection, "connection error", "connection refused", "connection reset",
		"failed to establish a new connection", "upstream connect error",
		"name or service not known", "certificate verify failed"),
	// not just "ssl", which is part of too many words
	words(connection, "ssl error", "ssl:", "[ssl", "sslerror", "ssl handshake", "tls:"),
	words(connection, cutMessages...),
	words(connection, "other side closed", "forcibly closed", "network connection was lost", "network connection lost",
		"connection was closed", "connection was reset", "connection was aborted", "connection is closed",
		"connection has been closed", "connection terminated", "connectionterminated", "connection closed",
		"connection was forcibly", "socket closed", "socket is closed", "broken connection", "connection broken",
		"connection lost", "client connection lost", "use of closed network connection", "transport is closing",
		"transport connection", "goaway", "empty reply from server", "server closed the connection",
		"header parser received no bytes", "connection prematurely closed", "end of file reached",
		"error sending request for url", "error trying to connect", "tcp connect error", "dns error",
		"could not resolve host", "nodename nor servname", "getaddrinfo", "no such host is known", "cannot connect to",
		"could not connect", "unable to connect", "couldn't connect", "max retries exceeded with url",
		"error occurred while sending the request", "networkerror when attempting", "failed to fetch", "econnaborted",
		"before secure tls connection", "eof occurred in violation", "ssl connection could not be established",
		"pkix path building failed", "unable to verify the first certificate", "self-signed certificate",
		"self signed certificate", "certificate has expired", "x509:", "ehostunreach", "enetunreach", "epipe",
		"und_err_socket"),
	words(connection, "econnrefused", "econnreset", "enotfound", "eai_again", "socket hang up", "connection closed",
		"connection aborted",
		"network error", "fetch failed", "no such host", "broken pipe", "temporary failure in name resolution",
		"network is unreachable",
		"no route to host", "remote end closed connection", "server disconnected", "all connection attempts failed",
		"dial tcp", "proxy error",
		"peer closed connection", "incomplete chunked read", "premature close", "unexpected eof", "failed to connect"),
	words(serverError, "the server had an error processing your request", "web server is returning an unknown error",
		"internal server error",
		"an internal error has occurred", "invalid response from an upstream server", "unexpected server error"),
	words(serverError, "internal error", "bad gateway"),
	words(serverError, endedInError),
	words(cancelled, "context canceled", "context cancelled", "client disconnected", "request was aborted",
		"operation was aborted", "request aborted",
		"cancelled by user", "canceled by user", "user aborted", "user cancelled", "user canceled",
		"signal is aborted", "operation was canceled", "operation was cancelled", "task was canceled",
		"request was canceled", "request was cancelled"),
	// Control flow of LangGraph and Pydantic AI under exceptions without a name.
	words(cancelled, "interrupt(value=", "graphinterrupt", "approvalrequired", "calldeferred"),
)

func words(f fine, texts ...string) []pattern {
	list := make([]pattern, len(texts))
	for i, text := range texts {
		list[i] = pattern{fine: f, parts: []string{text}}
	}
	return list
}

func group(lists ...[]pattern) []pattern {
	var all []pattern
	for _, l := range lists {
		all = append(all, l...)
	}
	for i := range all {
		for _, part := range all[i].parts {
			all[i].marks = append(all[i].marks, markOf(part))
		}
	}
	return all
}
