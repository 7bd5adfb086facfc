package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// Weave reads the conventions and OpenInference, and adds a thread and a kind.
var (
	keyWeaveKind   = intern(inWeave, "weave.span.kind")
	keyWeaveThread = intern(inOTel, "wandb.thread_id")
)

var weave = dialect{
	bit: inWeave | inOTel,
	scalars: func(r *Reader, c *genai.Call) {
		if c.Operation == "" {
			c.Operation = kindOperation(r.str(keyWeaveKind))
		}
		fill(&c.SessionID, r.name(keyWeaveThread))
	},
	about: []emitter{{
		name: "Weave (Weights & Biases)", seen: "source and documentation of 2026",
		reads: "kind and thread; everything else from the conventions or OpenInference",
		lacks: "calls of the Weave SDK itself do not travel as OpenTelemetry spans",
	}},
}
