package llmmetricsconnector

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/sample"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/session"
)

// annotated are traces after llm_failure with all default scorers, and llm_session.
func annotated(tb testing.TB, td ptrace.Traces) ptrace.Traces {
	tb.Helper()
	set, err := scorers.New(scorers.Default())
	require.NoError(tb, err)
	tracker, err := session.New(session.DefaultSettings(), time.Now)
	require.NoError(tb, err)
	pipeline.NewScorer(set, pipeline.ScorerOptions{}).Traces(td, nil, nil)
	pipeline.NewSessions(tracker).Traces(td, nil, nil)
	// Marshal and unmarshal, so that the memory layout is that of received spans.
	b, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	require.NoError(tb, err)
	td, err = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(b)
	require.NoError(tb, err)
	td.MarkReadOnly()
	return td
}

// sampled is the traffic of four apps in four dialects: the bundled sample.
func sampled(tb testing.TB, traces int) ptrace.Traces {
	tb.Helper()
	all := ptrace.NewTraces()
	for _, t := range sample.Generate(traces, sample.BundledSeed) {
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(t.OTLP)
		require.NoError(tb, err)
		td.ResourceSpans().MoveAndAppendTo(all.ResourceSpans())
	}
	return all
}

// wide are chat spans with the 29 attributes of the spans in the benchmark of the whole Collector.
func wide() ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "support-bot")
	rs.Resource().Attributes().PutStr("deployment.environment.name", "prod")
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("opentelemetry.instrumentation.openai_v2")
	for i := range 100 {
		s := ss.Spans().AppendEmpty()
		s.SetName("chat gpt-5")
		s.SetTraceID(pcommon.TraceID{1, byte(i / 8)})
		s.SetSpanID(pcommon.SpanID{2, byte(i)})
		s.SetStartTimestamp(1_764_000_000_000_000_000)
		s.SetEndTimestamp(1_764_000_001_500_000_000)
		a := s.Attributes()
		for _, kv := range [][2]string{
			{"gen_ai.operation.name", "chat"},
			{"gen_ai.provider.name", "openai"},
			{"gen_ai.request.model", "gpt-5"},
			{"gen_ai.response.model", "gpt-5-2026-08-01"},
			{"gen_ai.response.id", "chatcmpl-123"},
			{"gen_ai.conversation.id", fmt.Sprint("conv-", i/8)},
			{"gen_ai.agent.name", "support-agent"},
			{"server.address", "api.openai.com"},
			{"gen_ai.prompt.name", "support"},
			{"gen_ai.prompt.version", "7"},
			{"enduser.id", "u1"},
			{"app.tenant", "t"},
			{"app.feature", "chat"},
			{"thread.name", "worker-3"},
			{"gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"Where is my parcel?"}]}]`},
			{"gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"It is on its way and ` +
				`arrives tomorrow."}],"finish_reason":"stop"}]`},
		} {
			a.PutStr(kv[0], kv[1])
		}
		a.PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr("stop")
		a.PutDouble("gen_ai.request.temperature", 0.2)
		a.PutInt("gen_ai.request.max_tokens", 1024)
		a.PutInt("gen_ai.usage.input_tokens", 1234)
		a.PutInt("gen_ai.usage.output_tokens", int64(200+i))
		for n := a.Len(); n < 29; n++ {
			a.PutStr(fmt.Sprint("app.attribute.", n), "value")
		}
	}
	return td
}

// BenchmarkSpan measures the cost per span. The bound is 1.5 µs.
func BenchmarkSpan(b *testing.B) {
	web := wide() // spans of HTTP servers with one GenAI span
	for i, s := range web.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		if i > 0 {
			s.Attributes().Clear()
			for n := range 29 {
				s.Attributes().PutStr(fmt.Sprint("http.attribute.", n), "value")
			}
		}
	}
	web.ResourceSpans().At(0).ScopeSpans().At(0).Scope().SetName("otelhttp")
	for _, traffic := range []struct {
		name          string
		td            ptrace.Traces
		onlyIncidents bool
	}{
		{"sample", annotated(b, sampled(b, 100)), false},
		{"wide", annotated(b, wide()), false},
		{"web", annotated(b, web), false},
		{"unscored", wide(), false},
		{"incidents", annotated(b, wide()), true},
	} {
		td := traffic.td
		b.Run(traffic.name, func(b *testing.B) {
			cfg := createDefaultConfig().(*Config)
			cfg.OnlyIncidents = traffic.onlyIncidents
			c := started(b, cfg, consumertest.NewNop())
			require.NoError(b, c.ConsumeTraces(b.Context(), td))
			b.ReportAllocs()
			for b.Loop() {
				_ = c.ConsumeTraces(b.Context(), td)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*td.SpanCount()), "ns/span")
			require.NoError(b, c.Shutdown(b.Context()))
		})
	}
}
