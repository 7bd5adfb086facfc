package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// Weave reads the conventions and OpenInference, and adds a thread and a kind.
var keyWeaveKind = intern(inWeave, "weave.span.kind")

var weave = dialect{
	bit: inWeave,
	scalars: func(r *Reader, c *genai.Call) {
		if c.Operation == "" {
			c.Operation = kindOperation(r.str(keyWeaveKind))
		}
	},
	about: []emitter{{
		name: "Weave (Weights & Biases)", seen: "source and documentation of 2026",
		reads: "kind and thread; everything else from the conventions or OpenInference",
		lacks: "calls of the Weave SDK itself do not travel as OpenTelemetry spans",
	}},
}
