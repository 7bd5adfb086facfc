package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// Codex CLI writes hardly any attribute of the conventions. One span a turn holds the sum of the turn's usage. One span
// a response (handle_responses) holds the usage of that request, without its model. Requests and tool results are
// events (agentEvents).
var (
	keyCodexInput     = intern(inCodex, "codex.turn.token_usage.input_tokens")
	keyCodexCached    = intern(inCodex, "codex.turn.token_usage.cached_input_tokens")
	keyCodexWritten   = intern(inCodex, "codex.turn.token_usage.cache_write_input_tokens")
	keyCodexUncached  = intern(inCodex, "codex.turn.token_usage.non_cached_input_tokens")
	keyCodexOutput    = intern(inCodex, "codex.turn.token_usage.output_tokens")
	keyCodexReasoning = intern(inCodex, "codex.turn.token_usage.reasoning_output_tokens")
	keyCodexTotal     = intern(inCodex, "codex.turn.token_usage.total_tokens")
	keyCodexEffort    = intern(inCodex, "codex.turn.reasoning_effort")
	keyCodexCallTotal = intern(inCodex, "codex.usage.total_tokens")
	keyCodexCallThink = intern(inCodex, "codex.usage.reasoning_output_tokens")
	keyCodexThread    = intern(0, "thread.id")
)

var codex = dialect{
	bit: inCodex,
	usage: &usageKeys{
		inputTokens: {keyCodexInput}, outputTokens: {keyCodexOutput}, totalTokens: {keyCodexTotal, keyCodexCallTotal},
		cacheRead: {keyCodexCached}, cacheWrite: {keyCodexWritten}, noCache: {keyCodexUncached},
		reasoningTokens: {keyCodexReasoning, keyCodexCallThink},
	},
	scalars: func(r *Reader, c *genai.Call) {
		if !r.has(keyCodexEffort) && !r.has(keyCodexTotal) && !r.has(keyCodexInput) {
			fill(&c.Operation, genai.OpChat)
			return
		}
		fill(&c.Operation, genai.OpInteraction)
		c.LLM = genai.Some(false)
		fill(&c.RequestModel, r.str(keyRequestModel, keyCCModel))
		fill(&c.SessionID, r.name(keyConversation, keyCodexThread))
	},
	about: []emitter{{
		name: "Codex CLI", seen: "source of 2026",
		reads: "turn with model and usage, usage of each response, requests, tool results and errors from events",
		lacks: "messages; the model of a single response, which is taken from the span around it in the same request",
		needs: "`trace_exporter` under `[otel]` in `config.toml`; `log_user_prompt = true` for the prompt",
	}},
}
