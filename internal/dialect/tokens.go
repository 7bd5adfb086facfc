package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// policy describes how an emitter counts: whether input tokens include tokens read from and written to the cache, and
// whether output tokens include reasoning. The conventions include both. Emitters that pass on the counts of Anthropic
// or Bedrock do not.
type policy struct {
	inputExcludesCache      bool
	outputExcludesReasoning bool
	uncachedInput           genai.Opt[int64] // if the emitter states it separately
}

// tokens splits the usage into disjoint kinds, so that each token is counted and priced once.
func (p policy) tokens(c *genai.Call) {
	u, t := &c.Usage, &c.Tokens
	t.CacheRead, t.CacheWrite = u.CacheRead, u.CacheWrite
	cached := u.CacheRead.Value + u.CacheWrite.Value
	switch {
	case p.uncachedInput.Set:
		t.UncachedInput = p.uncachedInput
	case u.Input.Set:
		t.UncachedInput = u.Input
		if !p.excludesCache(u, cached) {
			t.UncachedInput.Value -= cached
		}
	}
	if !u.Output.Set {
		return
	}
	t.Output, t.Reasoning = u.Output, u.Reasoning
	if !p.excludesReasoning(u) {
		t.Output.Value -= u.Reasoning.Value
	}
}

// excludesCache uses the emitter's policy if that is known, and arithmetic otherwise. Cached tokens cannot be part of a
// smaller input. If the total equals input plus output plus cached tokens, the input excludes them.
func (p policy) excludesCache(u *genai.Usage, cached int64) bool {
	switch {
	case cached == 0:
		return true
	case p.inputExcludesCache, u.Input.Value < cached:
		return true
	case u.Total.Set && u.Output.Set:
		beside := u.Input.Value + u.Output.Value + cached
		return u.Total.Value == beside || u.Reasoning.Value > 0 && u.Total.Value == beside+u.Reasoning.Value
	}
	return false
}

func (p policy) excludesReasoning(u *genai.Usage) bool {
	reasoning := u.Reasoning.Value
	switch {
	case reasoning == 0, p.outputExcludesReasoning, reasoning > u.Output.Value:
		return true
	case u.Total.Set && u.Input.Set:
		return u.Total.Value == u.Input.Value+u.Output.Value+reasoning
	}
	return false
}

// readUsage reads a usage object in any spelling: OpenAI, Anthropic, Bedrock, Gemini, LangChain or Langfuse. It fills
// only what is not set yet.
func readUsage(raw string, u *genai.Usage) { readUsageAt(raw, u, 0) }

// maxUsageNesting bounds how deep details nest inside a usage object.
const maxUsageNesting = 3

func readUsageAt(raw string, u *genai.Usage, depth int) {
	c := cursor{s: raw}
	if c.space() == '"' {
		c = cursor{s: c.str()}
	}
	if !c.open('{') {
		return
	}
	for key := ""; c.member(&key); {
		var slot *genai.Opt[int64]
		switch key {
		case "input", "input_tokens", "inputTokens", "prompt_tokens", "promptTokens", "promptTokenCount",
			"prompt_token_count", "prompt":
			slot = &u.Input
		case "output", "output_tokens", "outputTokens", "completion_tokens", "completionTokens", "candidatesTokenCount",
			"candidates_token_count", "completion":
			slot = &u.Output
		case "total", "total_tokens", "totalTokens", "totalTokenCount", "total_token_count":
			slot = &u.Total
		case "cache_read", "cached_tokens", "cache_read_input_tokens", "cacheReadInputTokens", "input_cached_tokens",
			"cacheReadTokens", "cachedContentTokenCount", "cached_content_token_count", "cached_input_tokens",
			"input_cache_read", "cachedInputTokens", "cachedContentTokens":
			slot = &u.CacheRead
		case "cache_write", "cache_creation", "cache_creation_input_tokens", "cache_write_input_tokens",
			"cacheWriteInputTokens", "cacheCreationInputTokens", "cacheWriteTokens", "input_cache_creation",
			"cache_write_tokens", "cache_write_token_count":
			slot = &u.CacheWrite
		case "reasoning", "reasoning_tokens", "reasoningTokens", "output_reasoning_tokens", "thoughtsTokenCount",
			"thoughts_token_count", "output_reasoning", "thoughtsTokens":
			slot = &u.Reasoning
		case "input_tokens_details", "output_tokens_details", "prompt_tokens_details", "completion_tokens_details",
			"input_token_details", "output_token_details", "usage", "inputTokenDetails", "outputTokenDetails":
			if inner := c.raw(); depth < maxUsageNesting && strings.HasPrefix(inner, "{") {
				readUsageAt(inner, u, depth+1)
			}
			continue
		}
		if slot == nil {
			c.skip()
			continue
		}
		if c.space() == '{' { // AI SDK 6: {"total", "cacheRead", …}
			c.skip()
			continue
		}
		if n, ok := parseInt(c.scalar()); ok && n >= 0 {
			fillOpt(slot, genai.Some(n))
		}
	}
}
