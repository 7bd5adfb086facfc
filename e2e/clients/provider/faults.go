package provider

import "net/http"

// fault is an error as one API words it.
type fault struct {
	status              int
	kind, code, message string
}

// openAIFaults are the errors of OpenAI, and of Azure where it filters a prompt.
var openAIFaults = map[Fault]fault{
	RateLimited: {
		http.StatusTooManyRequests, "requests", "rate_limit_exceeded",
		"Rate limit reached for gpt-4o-mini in organization org-x on requests per min (RPM): Limit 3, Used 3, " +
			"Requested 1. Please try again in 20s.",
	},
	QuotaExceeded: {
		http.StatusTooManyRequests, "insufficient_quota", "insufficient_quota",
		"You exceeded your current quota, please check your plan and billing details.",
	},
	ServerError: {
		http.StatusInternalServerError, "server_error", "",
		"The server had an error while processing your request. Sorry about that!",
	},
	Overloaded: {
		http.StatusServiceUnavailable, "server_error", "",
		"The engine is currently overloaded, please try again later.",
	},
	Unauthorized: {
		http.StatusUnauthorized, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-12***90ab.",
	},
	UnknownModel: {
		http.StatusNotFound, "invalid_request_error", "model_not_found",
		"The model `gpt-9` does not exist or you do not have access to it.",
	},
	ContextLength: {
		http.StatusBadRequest, "invalid_request_error", "context_length_exceeded",
		"This model's maximum context length is 128000 tokens. However, your messages resulted in 130123 tokens.",
	},
	PromptFiltered: {
		http.StatusBadRequest, "", "content_filter",
		"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
	},
}

// anthropicFaults are the errors of Anthropic. It filters no prompt with an error.
var anthropicFaults = map[Fault]fault{
	RateLimited: {
		http.StatusTooManyRequests, "rate_limit_error", "",
		"This request would exceed the rate limit for your organization of 50,000 input tokens per minute.",
	},
	QuotaExceeded: {
		http.StatusBadRequest, "invalid_request_error", "",
		"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to purchase credits.",
	},
	ServerError:  {http.StatusInternalServerError, "api_error", "", "Internal server error"},
	Overloaded:   {529, "overloaded_error", "", "Overloaded"},
	Unauthorized: {http.StatusUnauthorized, "authentication_error", "", "invalid x-api-key"},
	UnknownModel: {http.StatusNotFound, "not_found_error", "", "model: claude-9"},
	ContextLength: {
		http.StatusBadRequest, "invalid_request_error", "", "prompt is too long: 208310 tokens > 200000 maximum",
	},
	PromptFiltered: {
		http.StatusBadRequest, "invalid_request_error", "", "Output blocked by content filtering policy",
	},
}

// geminiFaults are the errors of Gemini.
var geminiFaults = map[Fault]fault{
	RateLimited: {
		http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "",
		"You exceeded your current quota, please check your plan and billing details. * Quota exceeded for metric: " +
			"generativelanguage.googleapis.com/generate_content_requests_per_minute, limit: 10 Please retry in 20s.",
	},
	QuotaExceeded: {
		http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "",
		"You exceeded your current quota, please check your plan and billing details.",
	},
	ServerError:  {http.StatusInternalServerError, "INTERNAL", "", "An internal error has occurred."},
	Overloaded:   {http.StatusServiceUnavailable, "UNAVAILABLE", "", "The model is overloaded. Please try again later."},
	Unauthorized: {http.StatusUnauthorized, "UNAUTHENTICATED", "", "API key not valid. Please pass a valid API key."},
	UnknownModel: {http.StatusNotFound, "NOT_FOUND", "", "models/gemini-9 is not found for API version v1beta"},
	ContextLength: {
		http.StatusBadRequest, "INVALID_ARGUMENT", "",
		"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
	},
	PromptFiltered: {http.StatusBadRequest, "INVALID_ARGUMENT", "", "The prompt was blocked by the safety settings."},
}

// fault writes an error. It asks clients to retry soon, so that tests do not wait.
func (w *writer) fault(api API, f Fault) {
	retry := []string{"Retry-After-Ms", "20", "Retry-After", "0"}
	switch api {
	case Anthropic:
		e := anthropicFaults[f]
		w.send(e.status, object{
			"type": "error", "error": object{"type": e.kind, "message": e.message}, "request_id": "req_" + w.id,
		}, retry...)
	case Gemini:
		e := geminiFaults[f]
		w.send(e.status, object{"error": object{"code": e.status, "message": e.message, "status": e.kind}}, retry...)
	default:
		e := openAIFaults[f]
		body := object{"message": e.message, "type": e.kind, "param": nil, "code": e.code}
		for _, key := range []string{"type", "code"} {
			if body[key] == "" {
				body[key] = nil
			}
		}
		w.send(e.status, object{"error": body}, retry...)
	}
}
