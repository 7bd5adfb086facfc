package provider

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFinish(t *testing.T) {
	for raw, want := range map[string]string{
		"": "", "stop": "stop", "STOP": "stop", "end_turn": "stop", "stop_sequence": "stop", "COMPLETE": "stop",
		"eos_token": "stop",
		"length":    "length", "MAX_TOKENS": "length", "max_output_tokens": "length", "model_length": "length",
		"model_context_window_exceeded": "length",
		"tool_calls":                    "tool_call", "tool-calls": "tool_call", "tool_use": "tool_call",
		"function_call": "tool_call", "TOOL_CALL": "tool_call",
		"content-filter": "content_filter", "content_filtered": "content_filter", "SAFETY": "content_filter",
		"RECITATION": "content_filter",
		"refusal":    "refusal", "pause_turn": "pause",
		"MALFORMED_FUNCTION_CALL": "malformed_tool_call", "malformed_tool_use": "malformed_tool_call",
		"error": "error", "OTHER": "error", "unknown": "error", "FINISH_REASON_UNSPECIFIED": "error",
		"FinishReason.STOP": "stop", "FinishReason.MAX_TOKENS": "length", "FINISH_REASON_STOP": "stop",
		"Tool Calls":    "tool_call",
		"Something-New": "something_new",
	} {
		require.Equal(t, want, Finish(raw), "raw %q", raw)
	}
}

func TestFinishOverContext(t *testing.T) {
	require.True(t, FinishOverContext("model_context_window_exceeded"))
	require.True(t, FinishOverContext("MODEL-LENGTH"))
	require.False(t, FinishOverContext("max_tokens"))
}

func TestFinishOfCommonReasonsDoesNotAllocate(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() { Finish("stop"); Finish("tool_calls"); Finish("end_turn") }))
}
