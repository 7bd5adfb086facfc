package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// LiveKit Agents are voice agents. Attributes with content were renamed to lk.pii.*, and both spellings occur.
var (
	keyLKChat      = intern(inLiveKit, "lk.chat_ctx")
	keyLKChatPII   = intern(inLiveKit, "lk.pii.chat_ctx")
	keyLKUser      = intern(inLiveKit, "lk.user_input")
	keyLKUserPII   = intern(inLiveKit, "lk.pii.user_input")
	keyLKText      = intern(inLiveKit, "lk.response.text")
	keyLKTextPII   = intern(inLiveKit, "lk.pii.response.text")
	keyLKCalls     = intern(inLiveKit, "lk.response.function_calls")
	keyLKCallsPII  = intern(inLiveKit, "lk.pii.response.function_calls")
	keyLKTTFT      = intern(inLiveKit, "lk.response.ttft")
	keyLKTool      = intern(inLiveKit, "lk.function_tool.name")
	keyLKToolID    = intern(inLiveKit, "lk.function_tool.id")
	keyLKToolError = intern(inLiveKit, "lk.function_tool.is_error")
	keyLKArgs      = intern(inLiveKit, "lk.function_tool.arguments")
	keyLKArgsPII   = intern(inLiveKit, "lk.pii.function_tool.arguments")
	keyLKOutput    = intern(inLiveKit, "lk.function_tool.output")
	keyLKOutputPII = intern(inLiveKit, "lk.pii.function_tool.output")
)

var livekit = dialect{
	bit:        inLiveKit,
	input:      []key{keyLKChatPII, keyLKChat, keyLKUserPII, keyLKUser},
	output:     []key{keyLKTextPII, keyLKText},
	toolArgs:   []key{keyLKArgsPII, keyLKArgs},
	toolResult: []key{keyLKOutputPII, keyLKOutput},
	carries:    []key{keyLKCalls, keyLKCallsPII},
	scalars: func(r *Reader, c *genai.Call) {
		switch r.span.Name() {
		case "function_tool":
			fill(&c.Operation, genai.OpExecuteTool)
		case "llm_request":
			fill(&c.Operation, genai.OpChat)
		case "llm_node", "llm_request_run", "llm_fallback_adapter":
			// These spans are around or inside llm_request, which is the call.
			fill(&c.Operation, genai.OpChat)
			c.LLM = genai.Some(false)
		case "agent_turn", "on_enter", "on_exit", "user_turn":
			fill(&c.Operation, genai.OpAgentStep)
		case "agent_session", "start_agent_activity":
			fill(&c.Operation, genai.OpInvokeAgent)
		default:
			if !r.has(keyOperation) {
				fill(&c.Operation, genai.OpOther)
			}
		}
		fill(&c.ToolName, r.str(keyLKTool))
		fill(&c.ToolCallID, r.str(keyLKToolID))
		if failed := r.flag(keyLKToolError); failed.Set && failed.Value {
			c.Error.IsError = true
			fill(&c.ToolStatus, "error")
		}
		if seconds := r.float(keyLKTTFT); seconds.Set && seconds.Value >= 0 {
			fillOpt(&c.TTFT, genai.Some(seconds.Value*1000))
		}
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		if part != genai.PartOutput {
			return false
		}
		p := parser{answer: true, dst: content.Output[:0]}
		m := p.add("assistant")
		for _, k := range [...]key{keyLKTextPII, keyLKText} {
			if m.Text == "" && r.has(k) {
				m.Text = contentText(r, k)
			}
		}
		for _, k := range [...]key{keyLKCallsPII, keyLKCalls} {
			if len(m.ToolCalls) == 0 && r.has(k) {
				p.calls(&fields{toolCalls: r.toolText(r.at[k])}, m)
			}
		}
		return (m.Text != "" || len(m.ToolCalls) > 0) && r.keep(c, content, &p)
	},
	about: []emitter{
		{
			name: "LiveKit Agents", seen: "source of 2026",
			reads: "model requests, chat context, answer, tools, time to first token",
			lacks: "a session id",
			needs: "content is on; `lk.pii.*` in new versions",
		},
	},
}
