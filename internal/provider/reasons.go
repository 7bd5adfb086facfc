package provider

import "github.com/faultline-otel/faultline/internal/failure"

// reasons maps raw finish reasons, folded, to fine classes. A reason that is not listed is a normal end.
var reasons = map[string]fine{
	"length": outputLimit, "max_tokens": outputLimit, "max_output_tokens": outputLimit,
	"max_completion_tokens": outputLimit,
	"max_length":            outputLimit, "incomplete": outputLimit,
	"max_prompt_tokens": contextLength, "model_length": contextLength, "model_context_window_exceeded": contextLength,
	"context_length_exceeded": contextLength, "context_window": contextLength, "error_limit": contextLength,
	"content_filter": contentFilter, "content_filtered": contentFilter, "guardrail_intervened": contentFilter,
	"safety":     contentFilter,
	"recitation": contentFilter, "prohibited_content": contentFilter, "blocklist": contentFilter, "spii": contentFilter,
	"image_safety": contentFilter, "image_prohibited_content": contentFilter, "image_recitation": contentFilter,
	"language":    contentFilter,
	"error_toxic": contentFilter, "model_armor": contentFilter, "jailbreak": contentFilter, "blocked": contentFilter,
	"refusal": refusal, "refused": refusal,
	"malformed_function_call": badToolCall, "unexpected_tool_call": badToolCall, "error_tool_call": badToolCall,
	"malformed_tool_use": badToolCall, "malformed_tool_call": badToolCall, "malformed_model_output": notJSON,
	"too_many_tool_calls": loop,
	"error":               serverError, "failed": serverError, "run_failed": serverError, "image_other": serverError,
	"no_image":                     serverError,
	"insufficient_system_resource": overloaded, "timeout": timeout, "run_expired": timeout,
	"rag_query_when_rag_disabled": invalid,
	"cancelled":                   cancelled, "canceled": cancelled, "client_cancelled": cancelled,
	"turn_detected": cancelled, "run_cancelled": cancelled,
	"abort": cancelled, "aborted": cancelled,
	// The answer broke off: Vercel AI SDK, gateways, Zhipu.
	"interrupted": streamCut, "disconnected": streamCut, "stream_cut": streamCut, "stream_closed": streamCut,
	"stream_interrupted": streamCut, "connection_lost": streamCut, "partial": streamCut, "not_finished": streamCut,
	"network_error": connection, "connection_error": connection,
	// Servers of open models, watsonx, Zhipu, Aleph Alpha, Gemini, Mastra.
	"limit": outputLimit, "token_limit": outputLimit, "max_new_tokens": outputLimit, "maximum_tokens": outputLimit,
	"max_token": outputLimit, "max_tokens_reached": outputLimit, "max_tokens_exceeded": outputLimit,
	"length_limit": outputLimit, "output_limit": outputLimit, "output_token_limit": outputLimit, "truncated": outputLimit,
	"context_length": contextLength, "context_limit": contextLength, "context_window_exceeded": contextLength,
	"context_overflow": contextLength, "prompt_too_long": contextLength,
	"sensitive": contentFilter, "content_policy": contentFilter, "content_policy_violation": contentFilter,
	"moderation": contentFilter, "guardrail": contentFilter, "guardrails": contentFilter, "tripwire": contentFilter,
	"filtered": contentFilter, "policy_violation": contentFilter, "time_limit": timeout,
	"malformed_response": notJSON, "missing_thought_signature": invalid, "invalid_tool_call": badToolCall,
	"user_cancel": cancelled, "user_cancelled": cancelled, "user_canceled": cancelled, "user_abort": cancelled,
	// Codes of responses that failed.
	"server_error": serverError, "rate_limit_exceeded": throttled, "invalid_prompt": contentFilter,
	"insufficient_quota": quota, "vector_store_timeout": timeout, "bio_policy": contentFilter,
	"image_content_policy_violation": contentFilter, "data_residency_mismatch": invalid, "invalid_image": invalid,
	"invalid_image_url": invalid, "invalid_image_format": invalid, "failed_to_download_image": invalid,
	// An agent was stopped: Agent Client Protocol, Claude Agent SDK, Letta.
	"max_turns": loop, "max_turn_requests": loop, "error_max_turns": loop, "max_steps": loop, "max_iterations": loop,
	"error_max_budget_usd": budget, "error_max_structured_output_retries": notJSON,
	"error_during_execution": serverError, "llm_api_error": serverError, "insufficient_credits": quota,
}

// geminiReasons are reasons with a different meaning elsewhere: "other" has no class for Vercel, but is a fault for
// Gemini.
var geminiReasons = map[string]fine{"other": serverError}

// Stop returns the outcome for the finish reasons of a call: the worst over its choices. It needs raw reasons, because
// the reasons that a gateway maps them to have lost detail.
func Stop(provider string, raw []string) Outcome {
	worst := Outcome{}
	for _, r := range raw {
		folded := r
		f, ok := reasons[folded]
		if !ok {
			folded = foldReason(r)
			f, ok = reasons[folded]
		}
		if !ok && (provider == Gemini || provider == VertexAI || provider == GoogleGenAI) {
			f, ok = geminiReasons[folded]
		}
		if !ok {
			continue
		}
		if o := f.outcome("finish", folded); severity(o) > severity(worst) {
			worst = o
		}
	}
	return worst
}

// severity orders outcomes.
func severity(o Outcome) int {
	switch {
	case o.Class == failure.ProviderError || o.Class == failure.Timeout:
		return 5
	case o.Class == failure.Refusal:
		return 4
	case o.Class == failure.Truncation:
		return 3
	case o.Class != "":
		return 2
	case o.Cancelled:
		return 1
	}
	return 0
}
