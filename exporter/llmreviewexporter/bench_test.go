package llmreviewexporter

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/exporter/llmreviewexporter/internal/metadata"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// BenchmarkNoItem is a trace as tail_sampling hands it on, of six calls with 3 KB of text each, that is no item.
func BenchmarkNoItem(b *testing.B) {
	cfg := createDefaultConfig().(*Config)
	cfg.Random = RandomConfig{}
	_, h := open(b)
	e, err := createTraces(b.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(b, err)
	require.NoError(b, e.Start(b.Context(), h))
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for n := range 6 {
		span := spans.AppendEmpty()
		span.SetSpanID(pcommon.SpanID{7: byte(n + 1)})
		a := span.Attributes()
		a.PutStr("gen_ai.operation.name", "chat")
		a.PutStr("gen_ai.request.model", "m")
		a.PutStr("gen_ai.input.messages", strings.Repeat("x", 3000))
		a.PutStr(spanattr.AttrCoverage, string(spanattr.Scored))
		for key := range strings.FieldsSeq("a b c d e f g h i j k l m n o p q r s t") {
			a.PutStr("app."+key, "value")
		}
		a.PutStr("gen_ai.conversation.id", "")
	}
	var id pcommon.TraceID
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		binary.BigEndian.PutUint64(id[:], uint64(n+1))
		session := "session-" + id.String()
		for _, span := range spans.All() {
			span.SetTraceID(id)
			span.Attributes().PutStr("gen_ai.conversation.id", session)
		}
		if err := e.ConsumeTraces(b.Context(), td); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	require.NoError(b, e.Shutdown(b.Context()))
}

// BenchmarkLatest is a batch of 20 traces of three calls each, with 3 KB of text a call, that the exporter before
// sampling remembers.
func BenchmarkLatest(b *testing.B) {
	_, h := open(b)
	cfg := createDefaultConfig().(*Config)
	cfg.Recent = RecentConfig{Only: true, MaxSizeMiB: 64}
	e, err := createTraces(b.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(b, err)
	require.NoError(b, e.Start(b.Context(), h))
	td := received(b, batchOf(b, 20, strings.Repeat("x", 3000)))
	b.ReportAllocs()
	for b.Loop() {
		if err := e.ConsumeTraces(b.Context(), td); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	require.NoError(b, e.Shutdown(b.Context()))
}
