package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// OpenClaw follows the conventions on model calls and tools. openclaw.model.usage repeats the sum of a turn's calls, so
// it is no call. A model call whose unit is a turn is such a sum as well: an agent behind it made the requests.
var (
	keyClawModel    = intern(inOpenClaw, "openclaw.model")
	keyClawProvider = intern(inOpenClaw, "openclaw.provider")
	keyClawAgent    = intern(inOpenClaw, "openclaw.agent")
	keyClawTool     = intern(inOpenClaw, "openclaw.toolName")
	keyClawOutcome  = intern(inOpenClaw, "openclaw.outcome")
	keyClawError    = intern(inOpenClaw, "openclaw.errorCategory")
	keyClawUnit     = intern(inOpenClaw, "openclaw.model_call.observation_unit")
	keyClawTTFB     = intern(inOpenClaw, "openclaw.model_call.time_to_first_byte_ms")
	keyClawSum      = intern(inOpenClaw, "openclaw.tokens.total")
	keyClawIn       = intern(inOpenClaw, "openclaw.content.input_messages")
	keyClawOut      = intern(inOpenClaw, "openclaw.content.output_messages")
	keyClawSystem   = intern(inOpenClaw, "openclaw.content.system_prompt")
	keyClawTools    = intern(inOpenClaw, "openclaw.content.tool_definitions")
	keyClawArgs     = intern(inOpenClaw, "openclaw.content.tool_input")
	keyClawResult   = intern(inOpenClaw, "openclaw.content.tool_output")
)

var openClaw = dialect{
	bit:        inOpenClaw,
	input:      []key{keyInputMessages, keyClawIn},
	output:     []key{keyOutputMessages, keyClawOut},
	system:     []key{keyClawSystem},
	tools:      []key{keyToolDefs, keyClawTools},
	toolArgs:   []key{keyClawArgs},
	toolResult: []key{keyClawResult},
	takes:      []key{keyOIInput},
	gives:      []key{keyOIOutput},
	scalars: func(r *Reader, c *genai.Call) {
		name := strings.TrimPrefix(r.span.Name(), "openclaw.")
		switch {
		case name == "model.usage" || r.has(keyClawSum):
			fill(&c.Operation, genai.OpInteraction)
			c.LLM = genai.Some(false)
		case r.str(keyClawUnit) == "turn":
			fill(&c.Operation, genai.OpInvokeAgent)
			c.LLM = genai.Some(false)
		case name == "model.call":
			fill(&c.Operation, firstOf(r.named.operation, genai.OpChat))
		case name == "tool.execution":
			fill(&c.Operation, genai.OpExecuteTool)
		case name == "run" || name == "harness.run":
			fill(&c.Operation, genai.OpInvokeAgent)
		case name == "message.processed":
			fill(&c.Operation, genai.OpInteraction)
		case !r.has(keyOperation):
			fill(&c.Operation, genai.OpOther)
		}
		r.setProvider(c, r.str(keyProvider, keySystem))
		r.setProvider(c, r.name(keyClawProvider))
		if model := r.name(keyClawModel); model != "unknown" {
			fill(&c.RequestModel, firstOf(r.str(keyRequestModel), model))
		}
		fillOpt(&c.TTFT, r.float(keyClawTTFB))
		fill(&c.AgentName, r.name(keyClawAgent))
		fill(&c.ToolName, r.str(keyToolName, keyClawTool))
		// A policy or the user denied a blocked tool: that is a decision, not a failure.
		if category := r.str(keyClawError); category != "" && r.str(keyClawOutcome) != "blocked" {
			c.Error.IsError = true
			fill(&c.Error.Type, firstOf(r.str(keyErrorType), category))
		}
	},
	about: []emitter{{
		name: "OpenClaw", seen: "source and documentation of 2026",
		reads: "model calls with usage and time to first byte, tools, runs; the sum of a turn is no call",
		lacks: "session ids, which the plugin leaves out on purpose",
		needs: "`diagnostics.otel.captureContent: true` for messages, tool input and output",
	}},
}
