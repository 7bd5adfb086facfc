package dialect

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

// One Anthropic answer wrote 1163 tokens to the cache, and another read 1000 tokens from it. The token counts must not
// depend on the emitter.
func TestTokensAreCountedOnceForEveryEmitter(t *testing.T) {
	const wrote = `{"tokens":{"uncached_input":4,"cache_write":1163,"output":187}}`
	const read = `{"tokens":{"uncached_input":5000,"cache_read":1000,"output":10}}`
	checkCases(t, map[string]spanCase{
		"conventions, inclusive": {name: "chat c", attributes: map[string]any{
			"gen_ai.provider.name": "anthropic", "gen_ai.usage.input_tokens": 1167, "gen_ai.usage.output_tokens": 187,
			"gen_ai.usage.cache_creation.input_tokens": 1163,
		}, want: wrote},
		"conventions of the new repository": {name: "chat c", attributes: map[string]any{
			"gen_ai.provider.name": "anthropic", "gen_ai.usage.input_tokens": 1167, "gen_ai.usage.output_tokens": 187,
			"gen_ai.usage.cache_write.input_tokens": 1163,
		}, want: wrote},
		"openllmetry for JavaScript, exclusive": {
			scope: "@traceloop/instrumentation-anthropic", name: "chat c",
			attributes: map[string]any{
				"gen_ai.provider.name": "anthropic", "gen_ai.usage.input_tokens": 4, "gen_ai.usage.output_tokens": 187,
				"gen_ai.usage.total_tokens":                191,
				"gen_ai.usage.cache_creation.input_tokens": 1163, "gen_ai.usage.cache_read.input_tokens": 0,
			}, want: wrote,
		},
		"openinference": {name: "Anthropic Messages", attributes: map[string]any{
			"openinference.span.kind": "LLM", "llm.token_count.prompt": 1167, "llm.token_count.completion": 187,
			"llm.token_count.prompt_details.cache_write": 1163,
		}, want: wrote},
		"claude code": {name: "claude_code.llm_request", attributes: map[string]any{
			"input_tokens": 4, "output_tokens": 187, "cache_creation_tokens": 1163,
		}, want: wrote},
		"langfuse": {name: "x", attributes: map[string]any{
			"langfuse.observation.type":          "generation",
			"langfuse.observation.usage_details": `{"input":4,"input_cache_creation":1163,"output":187,"total":1354}`,
		}, want: wrote},
		"vercel 5, count in the metadata": {scope: "ai", name: "ai.generateText.doGenerate", attributes: map[string]any{
			"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "anthropic.messages",
			"ai.usage.inputTokens": 4, "ai.usage.outputTokens": 187,
			"ai.response.providerMetadata": `{"anthropic":{"cacheCreationInputTokens":1163}}`,
		}, want: wrote},
		"vercel 6": {scope: "ai", name: "ai.generateText.doGenerate", attributes: map[string]any{
			"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "anthropic.messages",
			"ai.usage.inputTokens": 1167, "ai.usage.outputTokens": 187,
			"ai.usage.inputTokenDetails.noCacheTokens": 4, "ai.usage.inputTokenDetails.cacheWriteTokens": 1163,
		}, want: wrote},
		"litellm": {scope: "litellm", name: "litellm_request", attributes: map[string]any{
			"gen_ai.usage.input_tokens": 1167, "gen_ai.usage.output_tokens": 187,
			"gen_ai.usage.cache_creation_input_tokens": 1163,
		}, want: wrote},
		"conventions, a read from the cache": {name: "chat c", attributes: map[string]any{
			"gen_ai.usage.input_tokens": 6000, "gen_ai.usage.output_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 1000,
		}, want: read},
		"claude code, a read from the cache": {name: "claude_code.llm_request", attributes: map[string]any{
			"input_tokens": 5000, "output_tokens": 10, "cache_read_tokens": 1000,
		}, want: read},
		"strands on Bedrock, recognized by the total": {scope: "strands.telemetry.tracer", name: "chat", attributes: map[string]any{
			"gen_ai.system": "strands-agents", "gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 10,
			"gen_ai.usage.total_tokens":            6010,
			"gen_ai.usage.cache_read_input_tokens": 1000,
		}, want: read},
		"openllmetry for JavaScript, a read from the cache": {
			scope: "@traceloop/instrumentation-anthropic", name: "chat c",
			attributes: map[string]any{
				"gen_ai.usage.input_tokens": 5000, "gen_ai.usage.output_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 1000,
			}, want: read,
		},
	})
}

func TestReasoningIsPartOfTheOutput(t *testing.T) {
	checkCases(t, map[string]spanCase{
		"conventions": {name: "chat c", attributes: map[string]any{
			"gen_ai.usage.output_tokens": 100, "gen_ai.usage.reasoning.output_tokens": 60,
		}, want: `{"tokens":{"output":40,"reasoning":60}}`},
		"gemini counts thoughts apart": {name: "chat c", attributes: map[string]any{
			"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 100, "gen_ai.usage.reasoning.output_tokens": 60,
			"gen_ai.usage.total_tokens": 170,
		}, want: `{"tokens":{"uncached_input":10,"output":100,"reasoning":60}}`},
		"more than the output": {name: "chat c", attributes: map[string]any{
			"gen_ai.usage.output_tokens": 20, "gen_ai.usage.reasoning_tokens": 60,
		}, want: `{"tokens":{"output":20,"reasoning":60}}`},
	})
}

func TestNormaliseCountsAsTheConventionsDo(t *testing.T) {
	resource, scope, span := emptySpan("")
	span.SetName("claude_code.llm_request")
	require.NoError(t, span.Attributes().FromRaw(map[string]any{
		"input_tokens": 4, "output_tokens": 7, "cache_read_tokens": 100, "model": "claude-x", "session.id": "s",
		"gen_ai.request.model": "kept",
	}))
	call, ok := NewReader(nil).Read(resource, scope, span)
	require.True(t, ok)
	spanattr.Normalise(span, call)
	got := span.Attributes().AsRaw()
	require.Equal(t, int64(104), got["gen_ai.usage.input_tokens"])
	require.Equal(t, int64(100), got["gen_ai.usage.cache_read.input_tokens"])
	require.Equal(t, "anthropic", got["gen_ai.provider.name"])
	require.Equal(t, "chat", got["gen_ai.operation.name"])
	require.Equal(t, "s", got["gen_ai.conversation.id"])
	require.Equal(t, "kept", got["gen_ai.request.model"])
	before := span.Attributes().Len()
	call, _ = NewReader(nil).Read(resource, scope, span)
	require.Equal(t, int64(4), call.Tokens.UncachedInput.Value, "normalised attributes must not change the call")
	spanattr.Normalise(span, call)
	require.Equal(t, before, span.Attributes().Len())
}

func TestNormaliseLeavesOuterStepsUncounted(t *testing.T) {
	resource, scope, span := emptySpan("ai")
	require.NoError(t, span.Attributes().FromRaw(map[string]any{
		"ai.operationId":       "ai.generateText",
		"ai.usage.inputTokens": 5, "ai.model.id": "m",
	}))
	call, _ := NewReader(nil).Read(resource, scope, span)
	spanattr.Normalise(span, call)
	_, ok := span.Attributes().Get("gen_ai.usage.input_tokens")
	require.False(t, ok)
}
