package llmrootcauseprocessor

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	ours "github.com/faultline-otel/faultline/internal/componenttest"
	"github.com/faultline-otel/faultline/internal/spanattr"
	"github.com/faultline-otel/faultline/processor/llmrootcauseprocessor/internal/metadata"
	"github.com/faultline-otel/faultline/processor/llmrootcauseprocessor/internal/metadatatest"
)

// trace returns a root and a truncated child, or a late span of the same trace.
func trace(late bool) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	add := func(id, parent byte, class, detail string) {
		span := spans.AppendEmpty()
		span.SetTraceID([16]byte{1})
		span.SetSpanID([8]byte{id})
		if parent != 0 {
			span.SetParentSpanID([8]byte{parent})
		}
		if class != "" {
			span.Attributes().PutStr(spanattr.AttrErrorClass, class)
			span.Attributes().PutStr(spanattr.AttrErrorDetail, detail)
		}
	}
	if late {
		add(3, 1, "tool_error", "failed")
	} else {
		add(1, 0, "", "")
		add(2, 1, "truncation", "output_limit")
	}
	return td
}

func TestTraceIsOneIncident(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	set := processortest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	sink := new(consumertest.TracesSink)
	p, err := NewFactory().CreateTraces(t.Context(), set, createDefaultConfig(), sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	// The second batch is a late span, and the third is a duplicate of the first.
	for _, td := range []ptrace.Traces{trace(false), trace(true), trace(false)} {
		require.NoError(t, p.ConsumeTraces(t.Context(), td))
	}
	root := sink.AllTraces()[0].ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	class, _ := root.Attributes().Get(spanattr.AttrTraceClass)
	require.Equal(t, "truncation", class.Str())
	metadatatest.AssertEqualLlmRootcauseIncidents(t, telemetry, []metricdata.DataPoint[int64]{
		{Value: 1, Attributes: attribute.NewSet(attribute.String("class", "truncation"))},
	}, metricdatatest.IgnoreTimestamp())
	require.NoError(t, p.Shutdown(t.Context()))
}

func TestInvalidSettings(t *testing.T) {
	require.EqualError(t, confmap.Validate(&Config{}), "max_traces must be positive, got 0")
}

func TestConfigurationInTheReadmeIsValid(t *testing.T) {
	ours.README(t, NewFactory(), "README.md")
}
