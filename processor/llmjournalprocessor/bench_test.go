package llmjournalprocessor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/faultline-otel/faultline/internal/spanattr"
	"github.com/faultline-otel/faultline/processor/llmjournalprocessor/internal/metadata"
)

// request is 100 traces of six spans with 29 attributes and 3.4 KB each, of which some traces have a failing span.
func request(run byte, failing int) ptrace.Traces {
	td := ptrace.NewTraces()
	all := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for trace := range 100 {
		for id := range byte(6) {
			span := all.AppendEmpty()
			span.SetTraceID(pcommon.TraceID{1, run, byte(trace)})
			span.SetSpanID(pcommon.SpanID{1, id})
			for i := range 28 {
				span.Attributes().PutStr(fmt.Sprintf("gen_ai.attribute.%d", i), strings.Repeat("x", 118))
			}
			span.Attributes().PutStr(spanattr.AttrCoverage, "scored")
			if id == 5 && trace < failing {
				span.Attributes().PutStr(spanattr.AttrErrorClass, "refusal")
			}
		}
	}
	return td
}

// bare is an entry in front of a consumer that does nothing.
func bare(tb testing.TB) *entry {
	tb.Helper()
	h := files(tb, tb.TempDir())
	shared, err := acquire(entryID)
	require.NoError(tb, err)
	cfg := createDefaultConfig().(*Config)
	cfg.Storage, cfg.MaxSpans = &storageID, 1<<30
	cfg.MaxSpansPerTrace = 1 << 30
	set := processortest.NewNopSettings(metadata.Type)
	set.ID = entryID
	e, err := newEntry(tb.Context(), set, cfg, shared, consumertest.NewNop())
	require.NoError(tb, err)
	e.pair.exit = &exit{started: true, Traces: consumertest.NewNop()}
	require.NoError(tb, e.start(tb.Context(), h))
	tb.Cleanup(func() { require.NoError(tb, e.shutdown(tb.Context())) })
	return e
}

func TestARequestWithoutFailuresIsNotTouched(t *testing.T) {
	e := bare(t)
	td := request(0, 0)
	td.MarkReadOnly()
	require.Zero(t, testing.AllocsPerRun(20, func() {
		out, err := e.processTraces(t.Context(), td)
		if err != nil || out != td {
			t.Error("it was changed")
		}
	}))
}

// BenchmarkEntry writes what it finds with file_storage, and removes it again. ns/op is for 600 spans.
func BenchmarkEntry(b *testing.B) {
	for _, failing := range []int{0, 1, 5} {
		b.Run(fmt.Sprintf("%d%%", failing), func(b *testing.B) {
			e := bare(b)
			requests := make([]ptrace.Traces, 64)
			for i := range requests {
				requests[i] = request(byte(i), failing)
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				td := requests[n%len(requests)]
				n++
				if _, err := e.processTraces(b.Context(), td); err != nil {
					b.Fatal(err)
				}
				if n%len(requests) == 0 && failing > 0 { // another process: what came before is forgotten
					b.StopTimer()
					for _, entry := range e.pair.journal.Entries() {
						e.pair.journal.Discard(entry)
					}
					b.StartTimer()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*600), "ns/span")
		})
	}
}
