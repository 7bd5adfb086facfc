package dialect

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/faultline-otel/faultline/internal/genai"
)

// addRecord adds one log record for a span to a cache.
func addRecord(t *testing.T, cache *LogContentCache, span pcommon.SpanID, at int, event string, body any) {
	t.Helper()
	logs := plog.NewLogs()
	record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetSpanID(span)
	record.SetTimestamp(pcommon.Timestamp(at))
	record.Attributes().PutStr("event.name", event)
	require.NoError(t, record.Body().FromRaw(body))
	cache.Add(logs)
}

func TestLogContentJoinsItsSpan(t *testing.T) {
	cache := NewLogContentCache(0, 0)
	r := NewReader(cache)
	resource, scope, span := emptySpan("opentelemetry.instrumentation.openai_v2")
	span.SetName("chat gpt-4o")
	span.SetSpanID(pcommon.SpanID{1})
	span.Attributes().PutStr("gen_ai.system", "openai")
	addRecord(t, cache, pcommon.SpanID{1}, 3, "gen_ai.choice",
		map[string]any{
			"index": 0, "finish_reason": "length",
			"message": map[string]any{"role": "assistant", "content": "half"},
		})
	addRecord(t, cache, pcommon.SpanID{1}, 1, "gen_ai.system.message", map[string]any{"content": "be nice"})
	addRecord(t, cache, pcommon.SpanID{1}, 2, "gen_ai.user.message", map[string]any{"content": "hi"})
	addRecord(t, cache, pcommon.SpanID{1}, 2, "some.other.event", map[string]any{"content": "not a message"})
	addRecord(t, cache, pcommon.SpanID{2}, 2, "gen_ai.user.message", map[string]any{"content": "of another span"})
	call, ok := r.Read(resource, scope, span)
	require.True(t, ok)
	require.Equal(t, []string{"length"}, call.FinishReasons, "finish reasons are read at once, because verdicts depend on them")
	require.Equal(t, []genai.Message{{Role: "system", Text: "be nice"}, {Role: "user", Text: "hi"}}, call.Input())
	require.Equal(t, "half", call.Output()[0].Text)
	require.False(t, call.ContentMissing || call.ContentTruncated)
}

func TestInputAndOutputInOneRecord(t *testing.T) {
	cache := NewLogContentCache(0, 0)
	r := NewReader(cache)
	resource, scope, span := emptySpan("opentelemetry.instrumentation.langchain")
	span.SetSpanID(pcommon.SpanID{1})
	span.Attributes().PutStr("traceloop.span.kind", "workflow")
	messages := func(text, role string) map[string]any {
		return map[string]any{"messages": []any{map[string]any{"content": text, "role": role}}}
	}
	addRecord(t, cache, pcommon.SpanID{1}, 1, "opentelemetry.instrumentation.langchain", map[string]any{
		"input":  messages(`{"inputs": {"messages": [{"role": "user", "content": "hi"}]}, "kwargs": {}}`, "user"),
		"output": messages(`{"outputs": {"messages": [{"type": "human", "content": "hi"}, {"type": "ai", "content": "hello"}]}}`, "assistant"),
	})
	call, ok := r.Read(resource, scope, span)
	require.True(t, ok)
	require.Equal(t, "hi", call.Input()[0].Text)
	require.Len(t, call.Output(), 1)
	require.Equal(t, "hello", call.Output()[0].Text)
}

func TestLogContentIsBoundedInBytesAndTime(t *testing.T) {
	clock := time.Unix(0, 0)
	cache := NewLogContentCache(40_000, time.Minute)
	cache.now = func() time.Time { return clock }
	add := func(span pcommon.SpanID) {
		addRecord(t, cache, span, 1, "gen_ai.choice", map[string]any{"message": map[string]any{"content": "on its way"}})
	}
	first := pcommon.SpanID{1}
	add(first)
	require.Len(t, cache.of(pcommon.TraceID{}, first), 1)
	require.Len(t, cache.of(pcommon.TraceID{}, first), 1, "records stay, because spans may arrive twice")
	require.Empty(t, cache.of(pcommon.TraceID{}, pcommon.SpanID{9}))

	clock = clock.Add(40 * time.Second)
	require.Len(t, cache.of(pcommon.TraceID{}, first), 1)
	clock = clock.Add(40 * time.Second)
	require.Empty(t, cache.of(pcommon.TraceID{}, first), "too old")

	for i := range 10_000 {
		last := pcommon.SpanID{3, byte(i >> 8), byte(i)}
		add(last)
		require.LessOrEqual(t, cache.Bytes(), int64(40_000+400))
		require.NotEmpty(t, cache.of(pcommon.TraceID{}, last))
	}
	require.Empty(t, cache.of(pcommon.TraceID{}, pcommon.SpanID{3}), "the first record is dropped")
}
