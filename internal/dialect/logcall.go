package dialect

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
)

// SpanOfRecord fills an empty span with the model call that a log record describes, so that it can be read like any
// other. It returns false for other records, and for a record that names a span: that span is the call.
//
// Coding agents send their requests as log records, by default without spans. The event of the conventions may stand
// alone too. Gemini CLI writes both for one call.
func SpanOfRecord(scope pcommon.InstrumentationScope, record plog.LogRecord, span ptrace.Span) bool {
	if !record.SpanID().IsEmpty() {
		return false
	}
	name := eventName(record)
	a := record.Attributes()
	to := span.Attributes()
	switch kind := agentEventKind(name); {
	case isCallEvent(name, kind, a):
		to.PutStr("gen_ai.operation.name", genai.OpChat)
		model := firstText(a, "model", "gen_ai.request.model")
		putText(to, "gen_ai.request.model", model)
		putText(to, "gen_ai.provider.name", agentProvider(name, model))
		putText(to, "gen_ai.response.id", firstText(a, "request_id", "auth.request_id", "gen_ai.response.id"))
		putText(to, "gen_ai.conversation.id", named(firstText(a, "session.id", "conversation.id")))
		putText(to, "user.id", firstText(a, "user.id", "user.account_uuid", "user.account_id"))
		event := span.Events().AppendEmpty()
		event.SetName(name)
		a.CopyTo(event.Attributes())
	case name == eventDetails && scopeMarks(scope.Name())&inCLI == 0:
		a.CopyTo(to)
	default:
		return false
	}
	for key, value := range a.All() { // of an earlier pass
		if strings.HasPrefix(key, "app.llm.") {
			value.CopyTo(to.PutEmpty(key))
		}
	}
	span.SetName("llm_request") // the name that Claude Code gives to its own
	end := record.Timestamp()
	if end == 0 {
		end = record.ObservedTimestamp()
	}
	span.SetEndTimestamp(end)
	span.SetStartTimestamp(end)
	if ms := countAttribute(a, "duration_ms"); ms.Set && uint64(ms.Value) < uint64(end)/1e6 {
		span.SetStartTimestamp(end - pcommon.Timestamp(ms.Value)*1e6)
	}
	return true
}

// isCallEvent reports whether an agent's event stands for one request: the one that every request ends with. Codex
// writes its requests apart from the ends of their streams, so there only a failed request is one.
func isCallEvent(name, kind string, a pcommon.Map) bool {
	codex := strings.HasPrefix(name, "codex.")
	switch kind {
	case "api_request":
		return strings.HasPrefix(name, "claude_code.") || codex && failedEvent(a)
	case "api_response", "api_error":
		return !codex
	case "sse_event":
		return ofKind(name, a, usageEvents)
	case "websocket_request":
		return failedEvent(a)
	}
	return false
}

// OnlyInRecords reports whether a record describes a request of which its agent sends no span. Codex has spans of
// answers only.
func OnlyInRecords(record plog.LogRecord) bool {
	return strings.HasPrefix(eventName(record), "codex.") && failedEvent(record.Attributes())
}

func failedEvent(a pcommon.Map) bool {
	var e genai.Error
	lendError(a, &e)
	return e.IsError
}

// agentProvider returns the provider that an agent asks, or "" if its model is not of the agent's own vendor.
func agentProvider(name, model string) string {
	switch {
	case strings.HasPrefix(name, "claude_code."):
		return "anthropic"
	case strings.HasPrefix(model, "gemini"):
		return "gcp.gemini"
	case strings.HasPrefix(name, "codex.") && (strings.HasPrefix(model, "gpt-") || strings.HasPrefix(model, "codex-")):
		return "openai"
	}
	return ""
}

func putText(attributes pcommon.Map, name, text string) {
	if text != "" {
		attributes.PutStr(name, text)
	}
}

// OfAgent reports whether the last span read is a coding agent's, which may describe the call in a log record too.
func (r *Reader) OfAgent() bool { return r.marks&(inClaudeCode|inCodex|inCLI|inAgentEvents) != 0 }
