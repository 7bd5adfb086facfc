package dialect

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Claude Code and the Agent SDK have their own telemetry: bare attribute names, input tokens without cached ones, and
// "success" as a string. The spans of the Claude API follow the conventions (anthropicSDK).
var (
	keyCCType      = intern(0, "span.type")
	keyCCModel     = intern(0, "model")
	keyCCInput     = intern(0, "input_tokens")
	keyCCOutput    = intern(0, "output_tokens")
	keyCCRead      = intern(0, "cache_read_tokens")
	keyCCWrite     = intern(0, "cache_creation_tokens")
	keyCCStop      = intern(0, "stop_reason")
	keyCCTTFT      = intern(0, "ttft_ms")
	keyCCPrompt    = intern(0, "user_prompt")
	keyCCTool      = intern(0, "tool_name")
	keyCCToolUse   = intern(0, "tool_use_id")
	keyCCToolInput = intern(0, "tool.input")
	keyCCToolOut   = intern(0, "tool.output")
	keyCCSuccess   = intern(0, "success")
	keyCCCost      = intern(0, "cost_usd")
	keyCCStatus    = intern(0, "status_code")
	keyCCRequestID = intern(0, "request_id")

	keyAnthropicStop    = intern(inAnthropicSDK, "anthropic.message.stop_reason")
	keyAnthropicRequest = intern(inAnthropicSDK, "anthropic.request.id")
)

var claudeCode = dialect{
	bit:        inClaudeCode,
	input:      []key{keyCCPrompt},
	toolArgs:   []key{keyCCToolInput},
	toolResult: []key{keyCCToolOut},
	scalars: func(r *Reader, c *genai.Call) {
		fill(&c.Operation, claudeCodeOperation(r.str(keyCCType), r.span.Name()))
		switch c.Operation {
		case genai.OpChat:
			r.setProvider(c, "anthropic")
			fill(&c.RequestModel, r.str(keyRequestModel, keyCCModel))
			fill(&c.ResponseID, r.str(keyCCRequestID))
			r.countUsage(&c.Usage, &claudeCodeUsage)
			if len(c.FinishReasons) == 0 {
				r.addReasons(c, keyCCStop)
			}
			fillOpt(&c.TTFT, r.float(keyCCTTFT))
			fillOpt(&c.CostUSD, r.float(keyCCCost))
		case genai.OpExecuteTool:
			name := r.str(keyOIToolName, keyCCTool)
			if _, after, ok := strings.Cut(r.span.Name(), "tool:"); ok {
				fill(&name, after)
			}
			fill(&c.ToolName, name)
			fill(&c.ToolCallID, r.str(keyOIToolID, keyCCToolUse))
		}
		if success := r.flag(keyCCSuccess); success.Set && !success.Value {
			c.Error.IsError = true
			fill(&c.Error.Message, r.str(keyLogError))
			if c.Operation == genai.OpExecuteTool {
				fill(&c.ToolStatus, "error")
			}
			if code := r.count(keyCCStatus).Value; code >= 400 && code < 600 {
				c.Error.HTTPStatus = int(code)
			}
		}
	},
	about: []emitter{
		{
			name: "Claude Code, Claude Agent SDK", seen: "recorded spans; documentation of 2026",
			reads: "interactions, model requests with usage and time to first token, tools",
			lacks: "messages of a request, unless its log events hold them",
			needs: "`CLAUDE_CODE_ENABLE_TELEMETRY=1`, `CLAUDE_CODE_ENHANCED_TELEMETRY_BETA=1`, " +
				"`OTEL_TRACES_EXPORTER=otlp`, `OTEL_LOG_USER_PROMPTS=1`",
		},
	},
}

// claudeCodeUsage is read only on model calls, because its names are common words.
var claudeCodeUsage = usageKeys{
	inputTokens:  {keyCCInput},
	outputTokens: {keyCCOutput},
	cacheRead:    {keyCCRead},
	cacheWrite:   {keyCCWrite},
}

func claudeCodeOperation(typ, name string) string {
	kind := firstOf(strings.TrimPrefix(name, "claude_code."), typ)
	if typ != "" {
		kind = typ
	}
	switch kind {
	case "interaction":
		return genai.OpInteraction
	case "llm_request":
		return genai.OpChat
	case "tool", "tool_execution", "tool.execution":
		return genai.OpExecuteTool
	}
	return genai.OpOther
}

// isClaudeCode distinguishes the span.type of Claude Code from other uses of that attribute.
func isClaudeCode(attributes pcommon.Map) bool {
	v, ok := attributes.Get("span.type")
	if !ok {
		return false
	}
	switch v.Str() {
	case "interaction", "llm_request", "tool_execution":
		return true
	}
	return false
}

var anthropicSDK = dialect{
	bit: inAnthropicSDK,
	scalars: func(r *Reader, c *genai.Call) {
		name := r.span.Name()
		switch {
		case strings.HasPrefix(name, "anthropic.tool_use"):
			fill(&c.Operation, genai.OpExecuteTool)
			fill(&c.ToolName, firstOf(r.str(keyToolName), strings.TrimSpace(strings.TrimPrefix(name, "anthropic.tool_use"))))
		case strings.HasPrefix(name, "anthropic.messages") || strings.HasPrefix(name, "anthropic.beta.messages"):
			fill(&c.Operation, firstOf(r.named.operation, genai.OpChat))
		case !r.has(keyOperation) && r.marks&inOpenLLMetry == 0: // OpenLLMetry has names such as anthropic.chat
			fill(&c.Operation, genai.OpOther)
		}
		fill(&c.ResponseID, r.str(keyResponseID, keyCCRequestID, keyAnthropicRequest))
		for _, k := range [...]key{keyAnthropicStop, keyCCStop} {
			if len(c.FinishReasons) == 0 {
				r.addReasons(c, k)
			}
		}
		r.setProvider(c, "anthropic")
	},
	about: []emitter{
		{
			name: "Anthropic SDKs and Claude API", seen: "documentation of 2026 (beta)",
			reads: "what the conventions hold, tool use spans, request id",
			lacks: "content",
			needs: "`ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE=content`",
		},
	},
}
