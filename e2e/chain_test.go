package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/faultline-otel/faultline/connector/llmmetricsconnector"
	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/sample"
	"github.com/faultline-otel/faultline/internal/spanattr"
	"github.com/faultline-otel/faultline/processor/llmfailureprocessor"
	"github.com/faultline-otel/faultline/processor/llmrootcauseprocessor"
	"github.com/faultline-otel/faultline/processor/llmsessionprocessor"
)

// processorOf starts a processor in front of a consumer.
func processorOf(t *testing.T, f processor.Factory, settings map[string]any, next consumer.Traces) processor.Traces {
	t.Helper()
	cfg := f.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(cfg))
	p, err := f.CreateTraces(t.Context(), processortest.NewNopSettings(f.Type()), cfg, next)
	require.NoError(t, err)
	started(t, p)
	return p
}

func started(t *testing.T, c component.Component) {
	t.Helper()
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, c.Shutdown(context.WithoutCancel(t.Context()))) })
}

// metricsOf starts llm_metrics.
func metricsOf(t *testing.T) consumer.Traces {
	t.Helper()
	f := llmmetricsconnector.NewFactory()
	set := connectortest.NewNopSettings(f.Type())
	c, err := f.CreateTracesToMetrics(t.Context(), set, f.CreateDefaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	started(t, c)
	return c
}

// each gives a request to several consumers, as the Collector does between a pipeline and what follows it.
type each []consumer.Traces

func (each) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (e each) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	for _, next := range e {
		if err := next.ConsumeTraces(ctx, td); err != nil {
			return err
		}
	}
	return nil
}

func parsed(t *testing.T, raw []byte) ptrace.Traces {
	t.Helper()
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(raw)
	require.NoError(t, err)
	return td
}

// TestContentIsParsedOnce: what llm_failure parsed of a request, llm_session and llm_metrics do not parse again.
// llm_rootcause parses nothing, and the review queue parses each part of a kept call once.
func TestContentIsParsedOnce(t *testing.T) {
	count := func(raw []byte, next consumer.Traces) uint64 {
		before := dialect.Loads()
		require.NoError(t, processorOf(t, llmfailureprocessor.NewFactory(), nil, next).
			ConsumeTraces(t.Context(), parsed(t, raw)))
		return dialect.Loads() - before
	}
	const parts = 6 // of a call: input, output, tools, tool, schema, retrieval
	for _, trace := range sample.Generate(40, 11) {
		alone := count(trace.OTLP, consumertest.NewNop())
		require.NotZero(t, alone)
		sink := new(consumertest.TracesSink)
		chain := processorOf(t, llmsessionprocessor.NewFactory(), nil, each{metricsOf(t), sink})
		require.Equal(t, alone, count(trace.OTLP, chain), "before tail_sampling")

		// tail_sampling hands a trace on in a request of its own.
		before, kept := dialect.Loads(), new(consumertest.TracesSink)
		cause := processorOf(t, llmrootcauseprocessor.NewFactory(), nil, kept)
		require.NoError(t, cause.ConsumeTraces(t.Context(), sink.AllTraces()[0]))
		require.Equal(t, before, dialect.Loads(), "the root cause compares hashes")
		calls := 0
		for _, t := range pipeline.ReviewTraces(kept.AllTraces()[0], nil) {
			for i := range t.Spans {
				if t.Spans[i].Call != nil {
					calls++
				}
			}
		}
		require.LessOrEqual(t, dialect.Loads()-before, uint64(parts*calls), "after it")
	}
}

// invoices is an agent that sends the same invoice to several customers: four calls of one tool, which say the same but
// for the address.
func invoices() ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i, to := range []string{"ada@acme.pt", "bob@globex.com", "eve@initech.org", "joe@umbrella.net"} {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{7})
		span.SetSpanID(pcommon.SpanID{byte(i + 1)})
		span.SetName("execute_tool send_invoice")
		start := time.Unix(1_790_000_000+int64(i), 0)
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Second / 2)))
		for key, value := range map[string]string{
			"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "send_invoice", "gen_ai.conversation.id": "c",
			"gen_ai.tool.call.arguments": `{"to":"` + to + `","invoice":17}`, "gen_ai.tool.call.result": "sent",
		} {
			span.Attributes().PutStr(key, value)
		}
	}
	return td
}

// TestRedactionMakesNoLoop: four invoices to four customers are no loop, though they look the same once the addresses
// are redacted. That holds where one Collector redacts and follows sessions, and where an agent redacts for a gateway.
func TestRedactionMakesNoLoop(t *testing.T) {
	redacting := map[string]any{"redact": []any{"pii"}}
	for _, gateway := range []bool{false, true} {
		sink := new(consumertest.TracesSink)
		sessions := processorOf(t, llmsessionprocessor.NewFactory(), nil, sink)
		var next consumer.Traces = sessions
		agent := new(consumertest.TracesSink)
		if gateway {
			next = agent
		}
		require.NoError(t, processorOf(t, llmfailureprocessor.NewFactory(), redacting, next).
			ConsumeTraces(t.Context(), invoices()))
		if gateway { // over the wire
			raw, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(agent.AllTraces()[0])
			require.NoError(t, err)
			td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(raw)
			require.NoError(t, err)
			require.NoError(t, sessions.ConsumeTraces(t.Context(), td))
		}
		for _, span := range sink.AllTraces()[0].ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			arguments, _ := span.Attributes().Get("gen_ai.tool.call.arguments")
			require.Contains(t, arguments.Str(), "[redacted:email]")
			record := spanattr.Of(span)
			require.False(t, record.Verdict.Failed(), "%s: %s", span.Name(), record.Verdict.Evidence)
			require.NotEmpty(t, record.Session.ID)
		}
	}
}
