package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// CrewAI's own telemetry tells of crews and tools without model data, beside the spans of a real instrumentation: it is
// known so that it is not counted twice.
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
}
