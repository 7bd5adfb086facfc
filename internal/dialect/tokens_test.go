package dialect

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
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

// TestCountsThatContradictEachOther checks the rule for parts that are larger than their sum, and the mark.
func TestCountsThatContradictEachOther(t *testing.T) {
	for name, c := range map[string]struct {
		attributes map[string]any
		want       genai.Tokens
		problem    string
	}{
		"more cached than input": {map[string]any{
			"gen_ai.provider.name": "openai", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.cache_read.input_tokens": 900,
		}, genai.Tokens{UncachedInput: genai.Some[int64](100), CacheRead: genai.Some[int64](900)}, "cached_above_input"},
		"more cached than input, but the total says so": {map[string]any{
			"gen_ai.provider.name": "openai", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.cache_read.input_tokens": 900,
			"gen_ai.usage.output_tokens": 7, "gen_ai.usage.total_tokens": 1007,
		}, genai.Tokens{
			UncachedInput: genai.Some[int64](100), CacheRead: genai.Some[int64](900), Output: genai.Some[int64](7),
		}, ""},
		"more cached than input, in the counts of Anthropic": {map[string]any{
			"gen_ai.provider.name": "anthropic", "gen_ai.usage.input_tokens": 100,
			"gen_ai.usage.cache_read.input_tokens": 900,
		}, genai.Tokens{UncachedInput: genai.Some[int64](100), CacheRead: genai.Some[int64](900)}, ""},
		"more reasoning than output": {map[string]any{
			"gen_ai.provider.name": "openai", "gen_ai.usage.output_tokens": 10, "gen_ai.usage.reasoning.output_tokens": 90,
		}, genai.Tokens{Output: genai.Some[int64](10), Reasoning: genai.Some[int64](90)}, "reasoning_above_output"},
		"more reasoning than output, in the counts of xAI": {map[string]any{
			"gen_ai.provider.name": "xai", "gen_ai.usage.output_tokens": 10, "gen_ai.usage.reasoning.output_tokens": 90,
		}, genai.Tokens{Output: genai.Some[int64](10), Reasoning: genai.Some[int64](90)}, ""},
		"both, and the first is named": {map[string]any{
			"gen_ai.usage.input_tokens": 1, "gen_ai.usage.cache_write.input_tokens": 2,
			"gen_ai.usage.output_tokens": 1, "gen_ai.usage.reasoning.output_tokens": 2,
		}, genai.Tokens{
			UncachedInput: genai.Some[int64](1), CacheWrite: genai.Some[int64](2),
			Output: genai.Some[int64](1), Reasoning: genai.Some[int64](2),
		}, "cached_above_input"},
		"more sound than tokens": {map[string]any{
			"gen_ai.usage.output_tokens": 10, "gen_ai.usage.audio.output_tokens": 90,
		}, genai.Tokens{Output: genai.Some[int64](10), OutputAudio: genai.Some[int64](10)}, "media_above_tokens"},
		"more pictures than text": {map[string]any{
			"gen_ai.usage.input_tokens": 10, "gen_ai.usage.audio.input_tokens": 8, "gen_ai.usage.image.input_tokens": 3,
		}, genai.Tokens{
			UncachedInput: genai.Some[int64](10), InputAudio: genai.Some[int64](8), InputImage: genai.Some[int64](2),
		}, "media_above_tokens"},
		"sound that can only be cached": {map[string]any{
			"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 6,
			"gen_ai.usage.audio.input_tokens": 9,
		}, genai.Tokens{
			UncachedInput: genai.Some[int64](4), CacheRead: genai.Some[int64](6),
			InputAudio: genai.Some[int64](4), CacheReadAudio: genai.Some[int64](5),
		}, ""},
		"counts of nothing": {map[string]any{
			"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 0,
			"gen_ai.usage.reasoning.output_tokens": 0, "gen_ai.usage.audio.input_tokens": 0,
		}, genai.Tokens{UncachedInput: genai.Some[int64](10), CacheRead: genai.Some[int64](0)}, ""},
		"an object of zeros beside counts": {map[string]any{
			"langsmith.span.kind": "llm", "langsmith.usage_metadata": `{"input_tokens":0,"output_tokens":0}`,
			"ai.operationId": "ai.generateText.doGenerate", "ai.usage.inputTokens": 10, "ai.usage.outputTokens": 5,
		}, genai.Tokens{UncachedInput: genai.Some[int64](10), Output: genai.Some[int64](5)}, ""},
		"an object of zeros alone": {map[string]any{
			"langsmith.span.kind": "llm", "langsmith.usage_metadata": `{"input_tokens":0,"output_tokens":0}`,
		}, genai.Tokens{UncachedInput: genai.Some[int64](0), Output: genai.Some[int64](0)}, ""},
		"an object of cached tokens alone": {map[string]any{
			"langsmith.span.kind": "llm", "gen_ai.usage.input_tokens": 9,
			"langsmith.usage_metadata": `{"input_tokens":0,"input_token_details":{"cache_read":9}}`,
		}, genai.Tokens{UncachedInput: genai.Some[int64](0), CacheRead: genai.Some[int64](9)}, "cached_above_input"},
		"huge": {map[string]any{
			"gen_ai.usage.input_tokens": 1, "gen_ai.usage.cache_read.input_tokens": int64(math.MaxInt64),
			"gen_ai.usage.cache_write.input_tokens": int64(math.MaxInt64), "gen_ai.usage.output_tokens": 5,
			"gen_ai.usage.reasoning.output_tokens": int64(math.MaxInt64), "gen_ai.usage.total_tokens": 1,
		}, genai.Tokens{
			UncachedInput: genai.Some[int64](1), CacheRead: genai.Some[int64](math.MaxInt64),
			CacheWrite: genai.Some[int64](math.MaxInt64), Output: genai.Some[int64](5),
			Reasoning: genai.Some[int64](math.MaxInt64),
		}, "cached_above_input"},
	} {
		t.Run(name, func(t *testing.T) {
			resource, scope, span := emptySpan("")
			span.SetName("chat c")
			require.NoError(t, span.Attributes().FromRaw(c.attributes))
			reader := NewReader(nil)
			call, ok := reader.Read(resource, scope, span)
			require.True(t, ok)
			require.Equal(t, c.want, call.Tokens)
			require.Equal(t, c.problem, reader.UsageProblem())
		})
	}
}

// TestUsageObjects checks the spellings of usage objects: the counts, and the schema that tells how to split them.
func TestUsageObjects(t *testing.T) {
	for raw, want := range map[string]struct {
		usage string
		form  form
	}{
		`{"prompt_tokens":9,"completion_tokens":8,"total_tokens":17,"prompt_tokens_details":{"cached_tokens":3,"audio_tokens":2},
			"completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":1}}`: {
			`{"input":9,"output":8,"total":17,"cache_read":3,"reasoning":4,"input_audio":2,"output_audio":1}`, formOpenAI,
		},
		`{"input_tokens":9,"output_tokens":8,"input_tokens_details":{"cached_tokens":3,"cache_write_tokens":2},
			"output_tokens_details":{"reasoning_tokens":4}}`: {
			`{"input":9,"output":8,"cache_read":3,"cache_write":2,"reasoning":4}`, formOpenAI,
		},
		`{"input_tokens":9,"output_tokens":8,"input_token_details":{"audio":2,"cache_read":3,
			"cached_tokens_details":{"audio_tokens":1}},"output_token_details":{"audio":5,"reasoning":4}}`: {
			`{"input":9,"output":8,"cache_read":3,"reasoning":4,"input_audio":2,"cache_read_audio":1,"output_audio":5}`,
			formNormalised,
		},
		`{"input_tokens":9,"output_tokens":8,"cache_read_input_tokens":3,"cache_creation_input_tokens":7,
			"cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":2},"output_tokens_details":{"thinking_tokens":4}}`: {
			`{"input":9,"output":8,"cache_read":3,"cache_write":7,"reasoning":4}`, formAnthropic,
		},
		`{"input_tokens":9,"cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":2}}`: {
			`{"input":9,"cache_write":7}`, 0,
		},
		`{"inputTokens":9,"outputTokens":8,"totalTokens":29,"cacheReadInputTokens":7,"cacheWriteInputTokens":5}`: {
			`{"input":9,"output":8,"total":29,"cache_read":7,"cache_write":5}`, formBedrock,
		},
		`{"promptTokenCount":9,"candidatesTokenCount":8,"thoughtsTokenCount":4,"cachedContentTokenCount":3,"totalTokenCount":21,
			"promptTokensDetails":[{"modality":"TEXT","tokenCount":2},{"modality":"IMAGE","tokenCount":5},{"modality":"AUDIO","tokenCount":2}],
			"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":6},7,{"modality":"AUDIO"}],"cacheTokensDetails":[{"tokenCount":1,"modality":"AUDIO"}]}`: {
			`{"input":9,"output":8,"total":21,"cache_read":3,"reasoning":4,"input_audio":2,"input_image":5,"output_image":6,
				"cache_read_audio":1}`, formGemini,
		},
		`{"inputTokens":{"total":9,"noCache":4,"cacheRead":3,"cacheWrite":2},"outputTokens":{"total":8,"text":4,"reasoning":4}}`: {
			`{"input":9,"output":8,"cache_read":3,"cache_write":2,"reasoning":4}`, formAISDK,
		},
		`{"prompt_tokens":9,"completion_tokens":8,"prompt_cache_hit_tokens":3,"prompt_cache_miss_tokens":6}`: {
			`{"input":9,"output":8,"cache_read":3}`, formOpenAI,
		},
		`{"billed_units":{"input_tokens":9,"output_tokens":8},"tokens":{"input_tokens":900,"output_tokens":800}}`: {
			`{"input":9,"output":8}`, 0,
		},
		`"{\"input\":9}"`: {`{"input":9}`, 0},
		`{"input_tokens":"9","output_tokens":-1,"total_tokens":1.5,"usage":{"usage":{"usage":{"usage":{"output_tokens":3}}}}}`: {
			`{"input":9}`, 0,
		},
		`[1]`:           {`{}`, 0},
		`{"input":9,"o`: {`{"input":9}`, 0},
	} {
		var u genai.Usage
		require.Equal(t, want.form, readUsage(raw, &u), raw)
		got, err := json.Marshal(u)
		require.NoError(t, err)
		require.JSONEq(t, want.usage, string(got), raw)
	}
}

func TestPartsAreCountedInAnySpelling(t *testing.T) {
	for name, want := range map[string]string{
		"gen_ai.usage.prompt_cached_tokens": `{"cache_read":5}`, "gen_ai.usage.input_tokens.cache_read": `{"cache_read":5}`,
		"gen_ai.usage.cacheReadInputTokens": `{"cache_read":5}`, "llm.usage.cached_tokens": `{"cache_read":5}`,
		"gen_ai.usage.input_tokens.cache_creation":     `{"cache_write":5}`,
		"gen_ai.usage.input_cache_write_tokens":        `{"cache_write":5}`,
		"gen_ai.usage.reasoningTokens":                 `{"reasoning":5}`,
		"gen_ai.usage.output_thinking_tokens":          `{"reasoning":5}`,
		"llm.token_count.completion_details.thoughts":  `{"reasoning":5}`,
		"gen_ai.usage.input.audio_tokens":              `{"input_audio":5}`,
		"gen_ai.usage.completion_audio_tokens":         `{"output_audio":5}`,
		"gen_ai.usage.details.cache_audio_read_tokens": `{"cache_read_audio":5}`,
		"gen_ai.usage.prompt_image_tokens":             `{"input_image":5}`,
		"gen_ai.usage.output.image":                    `{"output_image":5}`,
		"gen_ai.usage.cache_read_cost":                 `{}`, "gen_ai.usage.cache_hit_rate": `{}`,
		"gen_ai.usage.thinking_budget": `{}`, "gen_ai.usage.cache_ttl_seconds": `{}`, "gen_ai.usage.searches": `{}`,
	} {
		got, err := json.Marshal(callOf(t, map[string]any{"gen_ai.operation.name": "chat", name: 5}).Usage)
		require.NoError(t, err)
		require.JSONEq(t, want, string(got), name)
	}
	call := callOf(t, map[string]any{
		"gen_ai.usage.cache_read.input_tokens": 5, "gen_ai.usage.cachedTokens": 7, "gen_ai.usage.cached": true,
	})
	require.Equal(t, genai.Some[int64](5), call.Usage.CacheRead, "a name of the conventions comes first")
	var u genai.Usage
	readUsage(`{"input_tokens":9,"cached_prompt_tokens":3,"cache_discount_usd":1,"reasoning_token_count":2}`, &u)
	require.Equal(t, genai.Usage{
		Input: genai.Some[int64](9), CacheRead: genai.Some[int64](3), Reasoning: genai.Some[int64](2),
	}, u)
}

func TestLangfuseBuckets(t *testing.T) {
	var u genai.Usage
	readBuckets(`{"input":1,"input_tool_tokens":2,"inputAudioTokens":3,"input_image":4,"cache_read_input_tokens":5,
		"input_cached_tokens":6,"input_cache_creation_5m":7,"cacheWriteInputTokens":8,"output":9,"output_text":10,
		"output_reasoning":11,"thoughtsTokenCount":12,"output_audio_tokens":13,"output_image":14,"total":15,"requests":16,
		"input_negative":-1,"input_text":"none"}`, &u)
	got, err := json.Marshal(u)
	require.NoError(t, err)
	require.JSONEq(t, `{"input":3,"input_audio":3,"input_image":4,"cache_read":11,"cache_write":15,"output":19,
		"reasoning":23,"output_audio":13,"output_image":14,"total":15}`, string(got))
}

// TestEveryPolicyIsReached checks that no row of the table hides a later one entirely, and that the last row takes all.
func TestEveryPolicyIsReached(t *testing.T) {
	last := policies[len(policies)-1]
	require.Equal(t, policy{emitter: last.emitter}, last)
	for i := range policies {
		for j := range policies[:i] {
			require.False(t, covers(&policies[j], &policies[i]), "%s hides %s", policies[j].emitter, policies[i].emitter)
		}
	}
}

// covers reports whether every span to which b applies is one to which a applies.
func covers(a, b *policy) bool {
	within := func(a, b uint32) bool { return a == 0 || b != 0 && b&^a == 0 }
	return within(uint32(a.by), uint32(b.by)) && within(uint32(a.marks), uint32(b.marks)) &&
		within(uint32(a.form), uint32(b.form)) && within(uint32(a.api), uint32(b.api)) &&
		(a.scope == "" || a.scope == b.scope)
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
