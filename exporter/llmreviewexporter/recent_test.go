package llmreviewexporter

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/featuregate"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/xpdata/pref"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

// hold remembers a trace as a turn of a session, or of none.
func hold(r *recent, td ptrace.Traces, session string) {
	r.add(td, map[pcommon.TraceID]string{spanOf(td).TraceID(): session})
}

func traceID(n int) pcommon.TraceID { return spanOf(fine(n)).TraceID() }

func TestTheLatestTracesAreBounded(t *testing.T) {
	r := newRecent(10_000)
	size := 0
	for n := 1; n <= 200; n++ {
		hold(r, fine(n), "s"+strconv.Itoa(n%3))
		size = r.all[len(r.all)-1].size
		require.LessOrEqual(t, r.size, 10_000)
		require.Len(t, r.find(traceID(n)), 1)
	}
	kept := 10_000 / size
	require.Len(t, r.traces, kept)
	require.Len(t, r.sessions, 3)
	for n := 1; n <= 200; n++ {
		require.Equal(t, n > 200-kept, len(r.find(traceID(n))) == 1, n)
	}
	require.Less(t, len(r.all), 4*kept)
	hold(r, fine(200), "")
	require.Len(t, r.find(traceID(200)), 2, "portions of a trace")
	r.add(fine(201), map[pcommon.TraceID]string{})
	require.Empty(t, r.find(traceID(201)))
	for n := range 200 {
		hold(r, fine(n), "")
	}
	require.Empty(t, r.sessions, "it forgets sessions with their turns")
	hold(newRecent(0), fine(1), "")
}

// TestABatchOfSeveralTraces: each is remembered by itself, without the spans of the others.
func TestABatchOfSeveralTraces(t *testing.T) {
	td := fine(1)
	for n := 2; n <= 3; n++ {
		fine(n).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	}
	r := newRecent(1 << 20)
	r.add(td, map[pcommon.TraceID]string{traceID(1): "a", traceID(3): "b"})
	require.Empty(t, r.find(traceID(2)))
	found := r.find(traceID(3))
	require.Len(t, found, 1)
	require.Equal(t, 1, found[0].SpanCount())
	require.Equal(t, traceID(3), spanOf(found[0]).TraceID())
	require.Equal(t, traceID(1), spanOf(r.take("a")[0]).TraceID())
}

// batchOf is traces of three calls each, encoded.
func batchOf(tb testing.TB, traces int, text string) []byte {
	tb.Helper()
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for n := range 3 * traces {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{15: byte(n/3 + 1)})
		span.SetSpanID(pcommon.SpanID{7: byte(n + 1)})
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		span.Attributes().PutStr("gen_ai.conversation.id", "s")
		span.Attributes().PutStr("gen_ai.input.messages", text)
		span.Attributes().PutStr(spanattr.AttrCoverage, string(spanattr.Scored))
		for key := range strings.FieldsSeq("a b c d e f g h i j k l m n o p q r s t") {
			span.Attributes().PutStr("app."+key, "value")
		}
	}
	data, err := new(ptrace.ProtoMarshaler).MarshalTraces(td)
	require.NoError(tb, err)
	return data
}

// received decodes a batch as the receiver does it.
func received(tb testing.TB, data []byte) ptrace.Traces {
	tb.Helper()
	td, err := new(ptrace.ProtoUnmarshaler).UnmarshalTraces(data)
	require.NoError(tb, err)
	return td
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // also what finalizers and pools let go
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestMemoryOfTheLatestTraces: the bound is what they take, and what is not wanted of a batch is let go.
func TestMemoryOfTheLatestTraces(t *testing.T) {
	for name, text := range map[string]string{"attributes": "", "texts": strings.Repeat("x", 5000)} {
		t.Run(name, func(t *testing.T) {
			const limit = 16 << 20
			data := batchOf(t, 20, text)
			r, before := newRecent(limit), heap()
			for r.gone == 0 {
				r.add(received(t, data), map[pcommon.TraceID]string{{15: 1}: "", {15: 20}: ""})
			}
			taken := heap() - before
			require.Greater(t, taken, limit/2)
			require.Less(t, taken, limit*3/2)
			runtime.KeepAlive(r)
		})
	}
}

// TestSpansThatAreUsedAgain: with pooling, the Collector writes new spans over those of a batch that left.
func TestSpansThatAreUsedAgain(t *testing.T) {
	set := func(on bool) { require.NoError(t, featuregate.GlobalRegistry().Set(pref.UseProtoPooling.ID(), on)) }
	set(true)
	defer set(false)
	r, td := newRecent(1<<20), fine(1)
	name := spanOf(td).Name()
	hold(r, td, "")
	spanOf(td).SetName("of another trace")
	require.Equal(t, name, spanOf(r.find(traceID(1))[0]).Name())
}

func TestTurnsOfASessionAreBounded(t *testing.T) {
	r := newRecent(16 << 20)
	now := time.Unix(1e9, 0)
	r.now = func() time.Time { return now }
	for n := range maxEarlier + 10 {
		hold(r, spoken(byte(n+1), "many"), "many")
	}
	turns := r.take("many")
	require.Len(t, turns, maxEarlier)
	require.Equal(t, byte(11), spanOf(turns[0]).TraceID()[15], "the latest, the oldest first")
	require.Equal(t, byte(maxEarlier+10), spanOf(turns[maxEarlier-1]).TraceID()[15])
	require.Empty(t, r.take("many"), "each is passed on once")
	require.Len(t, r.find(spanOf(turns[0]).TraceID()), 1, "but it can still be found")
	hold(r, spoken(99, "many"), "many")
	require.Len(t, r.take("many"), 1, "a later turn begins anew")

	large := spoken(1, "large")
	spanOf(large).Attributes().PutStr("text", strings.Repeat("x", 900<<10))
	for range 10 {
		hold(r, large, "large")
	}
	require.Len(t, r.take("large"), 2, "bytes of one session")
	for n := range 40 {
		hold(r, large, strings.Repeat("s", n+1))
	}
	require.LessOrEqual(t, r.size, 16<<20)
	require.Empty(t, r.take("s"), "the session that said nothing for the longest time is forgotten")
	require.Len(t, r.take(strings.Repeat("s", 40)), 1)

	hold(r, spoken(1, "old"), "old")
	now = now.Add(earlierAge + time.Second)
	require.Empty(t, r.take("old"))
}
