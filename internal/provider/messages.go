package provider

// pattern is a set of substrings of a message, all of which must occur.
type pattern struct {
	fine  fine
	parts []string
}

// patterns are tried in order: context length comes before content filters, quotas and rate limits, and general errors
// come last. They match in lower case, on the head of a message.
var patterns = group(
	// The model's output could not be parsed as a tool call: gpt-oss on vLLM, Gemini, Groq, Ollama.
	words(badToolCall, "unexpected tokens remaining in message header", "malformed function call",
		"malformed_function_call", "invalid tool call",
		"failed to parse tool call", "failed to call a function", "tool_use_failed", "could not parse tool call",
		"tool call validation failed",
		"error parsing tool call", "unexpected tool call", "unexpected_tool_call", "invalid function call",
		"malformed_tool_use"),
	words(notJSON, "failed to validate json", "json_validate_failed"), // Groq
	words(contextLength, "maximum context length", "exceed context limit", "model's maximum context limit",
		"longer than the model's context length",
		"string too long. expected a string with maximum length", "prompt is too long", "prompt: length",
		"too many tokens", "too many input tokens",
		"input is too long", "expected maxlength:", "request payload size exceeds", "length limit exceeded"),
	[]pattern{
		{contextLength, []string{"inputs", "max_new_tokens", "must be <="}},
		{contextLength, []string{"input token count", "exceeds the maximum"}},
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
		{quota, []string{"quota", "perday"}},
		{quota, []string{"quota", "per day"}},
		{quota, []string{"quota", "per_day"}},
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
		{notFound, []string{"model", "does not exist"}},
		{notFound, []string{"model", "not found"}},
		{notFound, []string{"unknown provider", "model="}},
	},
	words(connection, "connection error", "connection refused", "connection reset",
		"failed to establish a new connection", "upstream connect error",
		"name or service not known", "certificate verify failed"),
	// not just "ssl", which is part of too many words
	words(connection, "ssl error", "ssl:", "[ssl", "sslerror", "ssl handshake", "tls:"),
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
	words(cancelled, "context canceled", "context cancelled", "client disconnected", "request was aborted",
		"operation was aborted", "request aborted",
		"cancelled by user", "canceled by user"),
)

func words(f fine, texts ...string) []pattern {
	list := make([]pattern, len(texts))
	for i, text := range texts {
		list[i] = pattern{f, []string{text}}
	}
	return list
}

func group(lists ...[]pattern) []pattern {
	var all []pattern
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
