package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// Inference servers (vLLM, SGLang) record one span a request, with the latencies of the engine in seconds. The client's
// span of the same request is its parent.
var (
	keyServerTTFT = intern(inServer, "gen_ai.latency.time_to_first_token")
	_             = intern(inServer, "gen_ai.latency.e2e")
	keyServerID   = intern(inOTel, "gen_ai.request.id")
)

var server = dialect{
	bit: inServer,
	scalars: func(r *Reader, c *genai.Call) {
		if !r.has(keyOperation) {
			fill(&c.Operation, genai.OpChat)
		}
		fill(&c.ResponseID, r.str(keyResponseID, keyServerID))
		if seconds := r.float(keyServerTTFT); seconds.Set && seconds.Value >= 0 {
			fillOpt(&c.TTFT, genai.Some(seconds.Value*1000))
		}
	},
	about: []emitter{{
		name: "vLLM, SGLang", seen: "source of vLLM and SGLang, 2026",
		reads: "usage, parameters, time to first token, request id",
		lacks: "messages, finish reasons; the model in most versions",
		needs: "`--otlp-traces-endpoint`",
	}},
}
