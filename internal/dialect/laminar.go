package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// Laminar: input and output as JSON. Model calls come from instrumentations that follow OpenLLMetry or the conventions.
// A cached span replays an earlier answer, so it is no call.
var (
	keyLMType   = intern(inLaminar, "lmnr.span.type")
	keyLMInput  = intern(inLaminar, "lmnr.span.input")
	keyLMOutput = intern(inLaminar, "lmnr.span.output")
)

var laminar = dialect{
	bit:   inLaminar,
	takes: []key{keyLMInput},
	gives: []key{keyLMOutput},
	scalars: func(r *Reader, c *genai.Call) {
		kind := r.str(keyLMType)
		if kind == "CACHED" {
			c.LLM = genai.Some(false)
			c.Operation = genai.OpSpan
		}
		fill(&c.Operation, kindOperation(kind))
		if c.Operation == genai.OpExecuteTool {
			fill(&c.ToolName, r.span.Name())
		}
	},
	about: []emitter{{
		name: "Laminar (lmnr)", seen: "source and tests of 0.7",
		reads: "kind, input, output, session, user; model and usage from the conventions",
		needs: "content is on; `LMNR_TRACE_CONTENT=false` turns it off",
	}},
}
