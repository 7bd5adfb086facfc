package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// LiteLLM proxy: litellm_request follows the conventions. Its child raw_gen_ai_request is the same call as sent to the
// provider.
var (
	keyLiteUser    = intern(0, "metadata.user_api_key_user_id")
	keyLiteSession = intern(0, "metadata.session_id")
	keyLiteCost    = intern(0, "gen_ai.cost.total_cost")
)

var liteLLM = dialect{
	bit: inLiteLLM,
	scalars: func(r *Reader, c *genai.Call) {
		if r.span.Name() == "raw_gen_ai_request" {
			c.LLM = genai.Some(false)
			fill(&c.Operation, genai.OpOther)
		}
		fill(&c.UserID, r.name(keyLiteUser))
		fill(&c.SessionID, r.name(keyLiteSession))
		fillOpt(&c.CostUSD, r.float(keyLiteCost))
	},
}
