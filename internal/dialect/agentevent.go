package dialect

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Coding agents describe requests, tools and prompts in events: log records that name a span, or span events. This
// dialect adds to a span what its events say. SpanOfRecord reads a request whose record names no span.
var agentEvents = dialect{
	bit: inAgentEvents,
	scalars: func(r *Reader, c *genai.Call) {
		if c.Operation == "" && !r.has(keyOperation) {
			// Codex attaches events to whatever span is current.
			if _, ok := r.agentEvent(toolEvents); ok {
				c.Operation = genai.OpExecuteTool
			} else if !c.Usage.Input.Set && !c.Usage.Output.Set {
				c.Operation = genai.OpOther
			}
		}
		switch {
		case c.Operation == genai.OpExecuteTool:
			if event, ok := r.agentEvent(toolEvents); ok {
				fill(&c.ToolName, firstText(event, "tool_name", "function_name"))
				fill(&c.ToolCallID, firstText(event, "call_id", "tool_use_id"))
				if ok, known := parseBool(attributeText(event, "success")); known && !ok {
					fill(&c.ToolStatus, "error")
					lendError(event, &c.Error)
				}
			}
		case isModelOperation(c.Operation):
			if event, ok := r.agentEvent(usageEvents); ok {
				r.agentUsage(c, event)
			}
			r.agentError(c)
		case c.Operation == genai.OpInteraction, c.Operation == genai.OpOther:
			r.agentError(c)
		}
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		switch part {
		case genai.PartInput, genai.PartOutput:
			text := r.agentText(c.Operation, part)
			return text != "" && r.messagesFrom(c, content, text, part == genai.PartOutput)
		case genai.PartTool:
			event, ok := r.agentEvent(toolEvents)
			if !ok || c.Operation != genai.OpExecuteTool {
				return false
			}
			for _, side := range [...]struct {
				dst   *genai.Value
				names []string
			}{{&content.ToolArguments, toolArgNames}, {&content.ToolResult, toolResultNames}} {
				if text := firstText(event, side.names...); side.dst.IsZero() && text != "" {
					side.dst.Text = text
				}
			}
			return !content.ToolArguments.IsZero() && !content.ToolResult.IsZero()
		}
		return false
	},
	holds: (*Reader).hasAgentContent,
	about: []emitter{{
		name: "Coding agents: log events",
		seen: "source of Codex, qwen-code and Gemini CLI, documentation of Claude Code, 2026",
		reads: "error, tokens, cost, prompt, tool arguments and results of the span that the record names; a request " +
			"without a span is a call of its own",
		lacks: "sessions and review cases of calls without a span",
		needs: "traces beside logs for sessions; `OTEL_LOG_USER_PROMPTS=1`, `OTEL_LOG_TOOL_DETAILS=1`, `OTEL_LOG_RAW_API_BODIES=1` " +
			"(Claude Code), `otel.log_user_prompt` (Codex), `telemetry.logPrompts` (Gemini CLI)",
	}},
}

// The events of one kind, over all agents, without the prefix of the agent.
var (
	requestEvents = []string{"api_request", "api_response", "api_error", "sse_event", "websocket_request"}
	usageEvents   = []string{"api_request", "api_response", "sse_event"}
	toolEvents    = []string{"tool_result", "tool_call"}
)

// Where events hold content.
var (
	toolArgNames    = []string{"arguments", "tool_input", "tool_parameters", "function_args"}
	toolResultNames = []string{"output", "tool_output"}
)

// agentEventKind returns an agent's event without the prefix, or "" for any other event.
func agentEventKind(name string) string {
	if name == "" {
		return ""
	}
	kind, ok := "", false
	switch name[0] {
	case 'c':
		if kind, ok = strings.CutPrefix(name, "codex."); !ok {
			kind, ok = strings.CutPrefix(name, "claude_code.")
		}
	case 'g':
		kind, ok = strings.CutPrefix(name, "gemini_cli.")
	case 'q':
		kind, ok = strings.CutPrefix(name, "qwen-code.")
	}
	if !ok {
		return ""
	}
	switch kind {
	case "api_request", "api_response", "api_error", "api_request_body", "api_response_body", "sse_event",
		"websocket_request", "tool_result", "tool_call", "user_prompt":
		return kind
	}
	return ""
}

func isAgentEvent(name string) bool { return agentEventKind(name) != "" }

// agentEvent returns the attributes of the span's last event of one of some kinds. An event of Codex about a part of a
// stream says nothing about the request, unless the part failed or ended the stream.
func (r *Reader) agentEvent(kinds []string) (pcommon.Map, bool) {
	for _, l := range slices.Backward(r.logs) {
		if a := l.record.Attributes(); ofKind(l.name, a, kinds) {
			return a, true
		}
	}
	for i := r.span.Events().Len() - 1; i >= 0; i-- {
		event := r.span.Events().At(i)
		if ofKind(event.Name(), event.Attributes(), kinds) {
			return event.Attributes(), true
		}
	}
	return pcommon.Map{}, false
}

func ofKind(name string, attributes pcommon.Map, kinds []string) bool {
	kind := agentEventKind(name)
	return slices.Contains(kinds, kind) && (kind != "sse_event" ||
		attributeText(attributes, "event.kind") == "response.completed" || attributeText(attributes, "error.message") != "")
}

// agentError lends the error of the last request that the events describe. An earlier error was followed by a retry.
func (r *Reader) agentError(c *genai.Call) {
	if event, ok := r.agentEvent(requestEvents); ok {
		lendError(event, &c.Error)
	}
}

// lendError fills an error from an event that describes a failure.
func lendError(event pcommon.Map, e *genai.Error) {
	message := firstText(event, "error.message", "error")
	status, _ := parseInt(firstText(event, "http.response.status_code", "status_code"))
	failed := status >= 400 && status < 600
	if ok, known := parseBool(attributeText(event, "success")); known {
		failed = failed || !ok
	}
	if !failed && message == "" {
		return
	}
	e.IsError = true
	fill(&e.Message, message)
	fill(&e.Type, firstText(event, "error_type", "error.type"))
	if status >= 400 && status < 600 && e.HTTPStatus == 0 {
		e.HTTPStatus = int(status)
	}
}

// agentUsage fills model, tokens and cost of a request whose span has none.
func (r *Reader) agentUsage(c *genai.Call, event pcommon.Map) {
	fill(&c.RequestModel, attributeText(event, "model"))
	fill(&c.ResponseID, attributeText(event, "request_id"))
	fillOpt(&c.CostUSD, floatAttribute(event, "cost_usd"))
	u := &c.Usage
	if u.Input.Set || u.Output.Set {
		return
	}
	u.Input = countAttribute(event, "input_token_count", "input_tokens")
	u.Output = countAttribute(event, "output_token_count", "output_tokens")
	fillOpt(&u.Total, countAttribute(event, "total_token_count"))
	fillOpt(&u.CacheRead, countAttribute(event, "cached_token_count", "cached_content_token_count", "cache_read_tokens"))
	fillOpt(&u.CacheWrite, countAttribute(event, "cache_creation_tokens"))
	fillOpt(&u.Reasoning, countAttribute(event, "reasoning_token_count", "thoughts_token_count"))
	if _, ok := event.Get("cache_creation_tokens"); ok { // Claude Code passes on the counts of Anthropic
		r.usage.by |= inClaudeCode
	}
}

// agentText returns the prompt or answer that the events of a span hold, or "".
func (r *Reader) agentText(operation string, part genai.Part) string {
	var names []string
	switch {
	case operation == genai.OpInteraction && part == genai.PartInput:
		names = []string{"prompt"}
	case isModelOperation(operation) && part == genai.PartInput:
		names = []string{"request_text", "body"}
	case isModelOperation(operation) && part == genai.PartOutput:
		names = []string{"response_text", "body"}
	default:
		return ""
	}
	for _, l := range slices.Backward(r.logs) {
		kind, a := agentEventKind(l.name), l.record.Attributes()
		if kind == "" || kind == "api_request_body" && part == genai.PartOutput ||
			kind == "api_response_body" && part == genai.PartInput {
			continue
		}
		for _, name := range names {
			if text := r.attribute(a, name); text != "" && !isRedacted(text) {
				return text
			}
		}
	}
	return ""
}

// isRedacted reports whether a text is what agents write in place of a prompt that they may not log.
func isRedacted(text string) bool { return text == "[REDACTED]" || text == "<REDACTED>" }

// hasAgentContent reports whether the events of the span hold content of the operation.
func (r *Reader) hasAgentContent(c *genai.Call) bool {
	if c.Operation == genai.OpExecuteTool {
		event, ok := r.agentEvent(toolEvents)
		return ok && (firstText(event, toolArgNames...) != "" || firstText(event, toolResultNames...) != "")
	}
	return r.agentText(c.Operation, genai.PartInput) != "" || r.agentText(c.Operation, genai.PartOutput) != ""
}

func firstText(attributes pcommon.Map, names ...string) string {
	for _, name := range names {
		if v, ok := attributes.Get(name); ok {
			if text := textOfValue(v); text != "" {
				return text
			}
		}
	}
	return ""
}

func countAttribute(attributes pcommon.Map, names ...string) genai.Opt[int64] {
	for _, name := range names {
		if v, ok := attributes.Get(name); ok {
			if n, ok := intOf(v); ok && n >= 0 {
				return genai.Some(n)
			}
		}
	}
	return genai.Opt[int64]{}
}

func floatAttribute(attributes pcommon.Map, name string) genai.Opt[float64] {
	if v, ok := attributes.Get(name); ok {
		if f, ok := floatOf(v); ok {
			return genai.Some(f)
		}
	}
	return genai.Opt[float64]{}
}
