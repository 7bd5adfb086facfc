package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Semantic Kernel, Microsoft Agent Framework, Azure AI and Spring AI follow the conventions. They put content into
// events and have a few names of their own.
var (
	keyAFFunction = intern(inAgentFramework, "agent_framework.function.name")
	keyAFSpring   = intern(inAgentFramework, "spring.ai.kind")
	keySKArgs     = intern(0, "sk.function.arguments")
	keySKResult   = intern(0, "sk.function.result")
	keySpringIn   = intern(inOTel, "spring.ai.tool.call.arguments")
	keySpringOut  = intern(inOTel, "spring.ai.tool.call.result")
	keySpringTool = intern(inOTel, "spring.ai.tool.definition.name")
)

var agentFramework = dialect{
	bit:        inAgentFramework | inOTel,
	toolArgs:   []key{keySKArgs, keySpringIn},
	toolResult: []key{keySKResult, keySpringOut},
	scalars: func(r *Reader, c *genai.Call) {
		fill(&c.ToolName, r.str(keyAFFunction, keySpringTool))
		switch kind := strings.ToLower(r.str(keyAFSpring)); kind {
		case "tool_call":
			fill(&c.Operation, genai.OpExecuteTool)
		case "chat_client", "advisor":
			fill(&c.Operation, genai.OpChain)
		case "vector_store":
			fill(&c.Operation, genai.OpRetrieval)
		}
	},
}
