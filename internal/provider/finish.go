package provider

import "strings"

// Canonical finish reasons. A reason that is not in the table is kept in lower case, because emitters and providers add
// new ones.
const (
	FinishStop              = "stop"
	FinishLength            = "length"
	FinishToolCall          = "tool_call"
	FinishContentFilter     = "content_filter"
	FinishRefusal           = "refusal"
	FinishPause             = "pause" // a server tool paused the turn and the client continues it: not a failure
	FinishMalformedToolCall = "malformed_tool_call"
	FinishMalformedOutput   = "malformed_output"
	FinishCompaction        = "compaction"
	FinishCancelled         = "cancelled"
	FinishTimeout           = "timeout"
	FinishError             = "error"
)

// finishReasons maps the reasons of providers, gateways and SDKs, folded by foldReason, to canonical ones.
var finishReasons = map[string]string{
	"stop":              FinishStop,
	"end_turn":          FinishStop,
	"stop_sequence":     FinishStop,
	"complete":          FinishStop,
	"completed":         FinishStop,
	"eos":               FinishStop,
	"eos_token":         FinishStop,
	"finished":          FinishStop,
	"finish":            FinishStop,
	"stop_criteria_met": FinishStop,
	"end":               FinishStop,
	"done":              FinishStop,
	"success":           FinishStop,
	"succeeded":         FinishStop,
	"stopped":           FinishStop,
	"normal":            FinishStop,
	"end_of_turn":       FinishStop,
	"turn_complete":     FinishStop,
	"end_of_text":       FinishStop,
	"endoftext":         FinishStop,
	"end_of_sequence":   FinishStop,
	"eot":               FinishStop,
	"stop_token":        FinishStop,
	"stop_sequences":    FinishStop,
	"stop_string":       FinishStop,
	"stop_word":         FinishStop,
	"word":              FinishStop, // llama.cpp
	"message_stop":      FinishStop,
	"finish_stop":       FinishStop,

	"length":                        FinishLength,
	"max_tokens":                    FinishLength,
	"max_output_tokens":             FinishLength,
	"model_length":                  FinishLength,
	"max_completion_tokens":         FinishLength,
	"max_prompt_tokens":             FinishLength,
	"max_length":                    FinishLength,
	"error_limit":                   FinishLength,
	"limit":                         FinishLength,
	"token_limit":                   FinishLength,
	"max_new_tokens":                FinishLength,
	"maximum_tokens":                FinishLength,
	"max_token":                     FinishLength,
	"max_tokens_reached":            FinishLength,
	"max_tokens_exceeded":           FinishLength,
	"length_limit":                  FinishLength,
	"output_limit":                  FinishLength,
	"output_token_limit":            FinishLength,
	"truncated":                     FinishLength,
	"context_length":                FinishLength,
	"context_limit":                 FinishLength,
	"context_window_exceeded":       FinishLength,
	"context_overflow":              FinishLength,
	"prompt_too_long":               FinishLength,
	"incomplete":                    FinishLength,
	"model_context_window_exceeded": FinishLength,
	"context_length_exceeded":       FinishLength,
	"context_window":                FinishLength,

	"tool_call":       FinishToolCall,
	"tool_calls":      FinishToolCall,
	"tool_use":        FinishToolCall,
	"function_call":   FinishToolCall,
	"function_calls":  FinishToolCall,
	"tool_execution":  FinishToolCall,
	"requires_action": FinishToolCall,

	"content_filter":           FinishContentFilter,
	"content_filtered":         FinishContentFilter,
	"guardrail_intervened":     FinishContentFilter,
	"safety":                   FinishContentFilter,
	"recitation":               FinishContentFilter,
	"prohibited_content":       FinishContentFilter,
	"blocklist":                FinishContentFilter,
	"spii":                     FinishContentFilter,
	"image_safety":             FinishContentFilter,
	"image_prohibited_content": FinishContentFilter,
	"image_recitation":         FinishContentFilter,
	"language":                 FinishContentFilter,
	"error_toxic":              FinishContentFilter,
	"model_armor":              FinishContentFilter,
	"jailbreak":                FinishContentFilter,
	"blocked":                  FinishContentFilter,
	"sensitive":                FinishContentFilter,
	"content_policy":           FinishContentFilter,
	"content_policy_violation": FinishContentFilter,
	"moderation":               FinishContentFilter,
	"guardrail":                FinishContentFilter,
	"guardrails":               FinishContentFilter,
	"tripwire":                 FinishContentFilter,
	"filtered":                 FinishContentFilter,
	"policy_violation":         FinishContentFilter,

	"refusal": FinishRefusal,
	"refused": FinishRefusal,

	"pause":      FinishPause,
	"pause_turn": FinishPause,
	// A person is asked before the turn goes on: Mastra, Strands, Letta.
	"suspended":         FinishPause,
	"interrupt":         FinishPause,
	"requires_approval": FinishPause,

	"malformed_function_call": FinishMalformedToolCall,
	"unexpected_tool_call":    FinishMalformedToolCall,
	"error_tool_call":         FinishMalformedToolCall,
	"malformed_tool_use":      FinishMalformedToolCall,
	"malformed_tool_call":     FinishMalformedToolCall,

	"malformed_model_output": FinishMalformedOutput,

	"compaction": FinishCompaction,

	"cancelled":        FinishCancelled,
	"canceled":         FinishCancelled,
	"client_cancelled": FinishCancelled,
	"turn_detected":    FinishCancelled,
	"run_cancelled":    FinishCancelled,
	"abort":            FinishCancelled,
	"aborted":          FinishCancelled,
	"user_cancel":      FinishCancelled,
	"user_cancelled":   FinishCancelled,
	"user_canceled":    FinishCancelled,
	"user_abort":       FinishCancelled,

	"timeout":     FinishTimeout,
	"run_expired": FinishTimeout,
	"time_limit":  FinishTimeout,

	"error":                        FinishError,
	"other":                        FinishError,
	"unknown":                      FinishError,
	"finish_reason_unspecified":    FinishError,
	"unspecified":                  FinishError,
	"image_other":                  FinishError,
	"no_image":                     FinishError,
	"failed":                       FinishError,
	"run_failed":                   FinishError,
	"insufficient_system_resource": FinishError,
	"too_many_tool_calls":          FinishError,
	"rag_query_when_rag_disabled":  FinishError,
	"network_error":                FinishError,
	"connection_error":             FinishError,
	"llm_api_error":                FinishError,
}

// unspaced maps the reasons without their underscores to themselves: .NET, Java and the Model Context Protocol write
// MaxTokens and stopSequence.
var unspaced = func() map[string]string {
	all := map[string]string{}
	for reason := range finishReasons {
		all[strings.ReplaceAll(reason, "_", "")] = reason
	}
	return all
}()

// Finish is the canonical form of a raw finish reason, "" for "". It ignores case, hyphens and an enum prefix
// ("FinishReason.STOP"). The canonical form has less detail: decide on the raw reason where both are known.
func Finish(raw string) string {
	// Common values are in the table as they are: no folding, no allocation.
	if c, ok := finishReasons[raw]; ok {
		return c
	}
	folded := foldReason(raw)
	if c, ok := finishReasons[folded]; ok {
		return c
	}
	return folded
}

// FinishOverContext reports whether a raw finish reason means that the context window was full. Finish maps these to
// FinishLength.
func FinishOverContext(raw string) bool {
	switch foldReason(raw) {
	case "model_context_window_exceeded", "context_length_exceeded", "context_window", "model_length", "error_limit",
		"max_prompt_tokens":
		return true
	}
	return false
}

func foldReason(raw string) string {
	raw = strings.TrimSpace(raw)
	if i := strings.LastIndexByte(raw, '.'); i >= 0 {
		raw = raw[i+1:]
	}
	folded := strings.ReplaceAll(strings.ToLower(raw), "-", "_")
	if _, known := finishReasons[folded]; known {
		return folded
	}
	folded = strings.TrimPrefix(strings.ReplaceAll(folded, " ", "_"), "finish_reason_")
	if known, ok := unspaced[folded]; ok {
		return known
	}
	return folded
}
