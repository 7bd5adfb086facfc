package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
)

// Gemini CLI and its forks follow the conventions with operation names of their own. The input and output of a tool
// span are the scheduler's request and response. qwen-code also has the spans of Claude Code under its own prefix.
var (
	keyCLICallID   = intern(inOTel, "gen_ai.tool.call_id")
	keyCLIToolID   = intern(0, "tool.call_id")
	keyCLIThoughts = intern(0, "thoughts_token_count")
	keyCLIStatus   = intern(0, "error_status_code")
	keyCLISubagent = intern(0, "qwen-code.subagent.name")
)

// promptIDDivider separates the session from the turn in the id of a prompt.
const promptIDDivider = "########"

var cli = dialect{
	bit: inCLI | inOTel,
	scalars: func(r *Reader, c *genai.Call) {
		if name, ok := strings.CutPrefix(r.span.Name(), "qwen-code."); ok {
			r.qwen(c, name)
			return
		}
		if strings.Contains(r.str(keyPromptName), promptIDDivider) {
			r.forget(keyPromptName) // the id of one turn, not the name of a prompt
		}
		switch r.str(keyOperation) {
		case "llm_call":
			if r.scopeMarks&inCLI != 0 && strings.HasPrefix(r.str(keyRequestModel), "gemini") {
				r.setProvider(c, provider.Gemini)
			}
		case "tool_call":
			fill(&c.ToolCallID, r.str(keyCLICallID))
			if r.has(keyOutputMessages) && memberText(contentText(r, keyOutputMessages), "status") == "error" {
				c.Error.IsError = true
				fill(&c.ToolStatus, "error")
				response := memberRaw(contentText(r, keyOutputMessages), "response")
				fill(&c.Error.Message, memberText(memberRaw(response, "error"), "message"))
			}
		}
	},
	load: func(r *Reader, _ *genai.Call, content *genai.Content, part genai.Part) bool {
		if r.str(keyOperation) != "tool_call" {
			return false
		}
		args, result := r.member(keyInputMessages, "args"), r.member(keyOutputMessages, "response")
		switch part {
		case genai.PartInput, genai.PartOutput:
			return args != "" || result != "" // these hold no messages
		case genai.PartTool:
			if content.ToolArguments.IsZero() && args != "" {
				content.ToolArguments = valueOf(args)
			}
			if content.ToolResult.IsZero() && result != "" {
				content.ToolResult = valueOf(result)
			}
			return !content.ToolArguments.IsZero() && !content.ToolResult.IsZero()
		}
		return false
	},
	about: []emitter{{
		name: "Gemini CLI and forks (qwen-code)", seen: "source and documentation of 2026",
		reads: "model calls with usage, messages, tools and finish reasons; tool calls with arguments and results; " +
			"turns and subagents",
		lacks: "content beyond 10,000 characters is cut (Gemini CLI)",
		needs: "`telemetry.enabled` and `telemetry.traces`; `telemetry.logPrompts` for content",
	}},
}

// member returns the JSON of a member of the object in an attribute, or "".
func (r *Reader) member(k key, name string) string {
	if !r.has(k) {
		return ""
	}
	return memberRaw(contentText(r, k), name)
}

// qwen reads a span of qwen-code. It gets the name without the prefix.
func (r *Reader) qwen(c *genai.Call, name string) {
	switch name {
	case "interaction":
		fill(&c.Operation, genai.OpInteraction)
	case "llm_request":
		fill(&c.Operation, r.named.operation)
		fill(&c.Operation, genai.OpChat)
		fillOpt(&c.TTFT, r.float(keyCCTTFT))
		u := &c.Usage
		fillOpt(&u.Input, r.count(keyInputTokens, keyCCInput))
		fillOpt(&u.Output, r.count(keyOutputTokens, keyCCOutput))
		fillOpt(&u.Reasoning, r.count(keyCLIThoughts)) // part of the output
	case "tool":
		fill(&c.Operation, genai.OpExecuteTool)
		fill(&c.ToolName, r.str(keyToolName, keyOIToolName, keyCCTool))
		fill(&c.ToolCallID, r.str(keyToolCallID, keyCLIToolID))
	case "subagent":
		fill(&c.Operation, genai.OpInvokeAgent)
		fill(&c.AgentName, r.str(keyAgentName, keyCLISubagent))
	default: // the steps of a tool, and hooks
		fill(&c.Operation, genai.OpOther)
	}
	if code := r.count(keyCLIStatus).Value; code >= 400 && code < 600 {
		c.Error.HTTPStatus = int(code)
	}
}
