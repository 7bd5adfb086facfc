package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// CrewAI's own telemetry describes crews and tools but holds no model data. It runs beside a real instrumentation, so
// it is recognized to avoid counting calls twice.
var (
	_ = intern(inCrewAI, "crewai_version")
	_ = intern(0, "crew_key")
)

var crewAI = dialect{
	bit: inCrewAI,
	scalars: func(r *Reader, c *genai.Call) {
		if r.scopeMarks&inCrewAI != 0 {
			c.Operation = genai.OpOther
			c.LLM = genai.Some(false)
		}
	},
	about: []emitter{
		{
			name: "CrewAI telemetry", seen: "recorded spans of 2025",
			reads: "crews and tools as steps",
			lacks: "model calls: use OpenInference or OpenLLMetry beside it",
		},
	},
}
