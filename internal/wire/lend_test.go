package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/faultline-otel/faultline/internal/genai"
)

// lend gives a reader one log record for a span.
func lend(t *testing.T, r *Reader, span pcommon.SpanID, at int, event string, body any) {
	t.Helper()
	logs := plog.NewLogs()
	record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetSpanID(span)
	record.SetTimestamp(pcommon.Timestamp(at))
	record.Attributes().PutStr("event.name", event)
	require.NoError(t, record.Body().FromRaw(body))
	r.Lend(logs)
}

func TestContentOfLogRecordsIsJoinedToTheirSpan(t *testing.T) {
	r := NewReader()
	resource, scope, span := emptySpan("opentelemetry.instrumentation.openai_v2")
	span.SetName("chat gpt-4o")
	span.SetSpanID(pcommon.SpanID{1})
	span.Attributes().PutStr("gen_ai.system", "openai")
	lend(t, r, pcommon.SpanID{1}, 3, "gen_ai.choice", map[string]any{"index": 0, "finish_reason": "length", "message": map[string]any{"role": "assistant", "content": "half"}})
	lend(t, r, pcommon.SpanID{1}, 1, "gen_ai.system.message", map[string]any{"content": "be nice"})
	lend(t, r, pcommon.SpanID{1}, 2, "gen_ai.user.message", map[string]any{"content": "hi"})
	lend(t, r, pcommon.SpanID{1}, 2, "some.other.event", map[string]any{"content": "not a message"})
	lend(t, r, pcommon.SpanID{2}, 2, "gen_ai.user.message", map[string]any{"content": "of another span"})
	call, ok := r.Read(resource, scope, span)
	require.True(t, ok)
	require.Equal(t, []string{"length"}, call.FinishReasons, "read at once: verdicts depend on it")
	require.Equal(t, []genai.Message{{Role: "system", Text: "be nice"}, {Role: "user", Text: "hi"}}, call.Input())
	require.Equal(t, "half", call.Output()[0].Text)
	require.Equal(t, Scored, CoverageOf(call))
}

func TestInputAndOutputInOneRecord(t *testing.T) {
	r := NewReader()
	resource, scope, span := emptySpan("opentelemetry.instrumentation.langchain")
	span.SetSpanID(pcommon.SpanID{1})
	span.Attributes().PutStr("traceloop.span.kind", "workflow")
	messages := func(text, role string) map[string]any {
		return map[string]any{"messages": []any{map[string]any{"content": text, "role": role}}}
	}
	lend(t, r, pcommon.SpanID{1}, 1, "opentelemetry.instrumentation.langchain", map[string]any{
		"input":  messages(`{"inputs": {"messages": [{"role": "user", "content": "hi"}]}, "kwargs": {}}`, "user"),
		"output": messages(`{"outputs": {"messages": [{"type": "human", "content": "hi"}, {"type": "ai", "content": "hello"}]}}`, "assistant"),
	})
	call, ok := r.Read(resource, scope, span)
	require.True(t, ok)
	require.Equal(t, "hi", call.Input()[0].Text)
	require.Len(t, call.Output(), 1)
	require.Equal(t, "hello", call.Output()[0].Text)
}
