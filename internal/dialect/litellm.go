package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// LiteLLM proxy: litellm_request follows the conventions. Its child raw_gen_ai_request is the same call as sent to the
// provider.
var (
	keyLiteCost = intern(0, "gen_ai.cost.total_cost")
)

var liteLLM = dialect{
	bit: inLiteLLM,
	scalars: func(r *Reader, c *genai.Call) {
		if r.span.Name() == "raw_gen_ai_request" {
			c.LLM = genai.Some(false)
			fill(&c.Operation, genai.OpOther)
		}
		fillOpt(&c.CostUSD, r.float(keyLiteCost))
	},
	about: []emitter{
		{
			name: "LiteLLM proxy", seen: "recorded spans of 2025",
			reads: "requests as the conventions hold them, cost, user, session from metadata",
			lacks: "the raw request is a step of the call, not a second call",
			needs: "`callbacks: [\"otel\"]`; `turn_off_message_logging: false`",
		},
	},
}
