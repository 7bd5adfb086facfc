package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// Semantic Kernel, Microsoft Agent Framework and Azure AI follow the conventions. They put content into events and have
// a few names of their own.
var (
	keyAFFunction = intern(inAgentFramework, "agent_framework.function.name")
	keySKArgs     = intern(0, "sk.function.arguments")
	keySKResult   = intern(0, "sk.function.result")
)

var agentFramework = dialect{
	bit:        inAgentFramework | inOTel,
	toolArgs:   []key{keySKArgs},
	toolResult: []key{keySKResult},
	scalars: func(r *Reader, c *genai.Call) {
		fill(&c.ToolName, r.str(keyAFFunction))
	},
	about: []emitter{
		{
			name:  "Semantic Kernel, Microsoft Agent Framework, Azure AI",
			seen:  "recorded spans of Semantic Kernel; source of 2026",
			reads: "the conventions, messages from events, functions, threads",
			lacks: "the provider, where the framework names itself",
			needs: "`enable_sensitive_data`, `AZURE_TRACING_GEN_AI_CONTENT_RECORDING_ENABLED`, " +
				"`SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE`",
		},
	},
}
