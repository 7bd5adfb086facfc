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
}
