package llmfailureprocessor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// TestModelsWithoutAPriceAreBounded checks that a bounded number of models is counted by name, whatever names spans
// have, and that every call is counted once.
func TestModelsWithoutAPriceAreBounded(t *testing.T) {
	p := start(t, "{}")
	const calls = 5000
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i := range calls {
		a := spans.AppendEmpty().Attributes()
		a.PutStr("gen_ai.operation.name", "chat")
		switch i % 4 {
		case 0:
			a.PutStr("gen_ai.request.model", fmt.Sprint("model-", i))
		case 1:
			a.PutStr("gen_ai.request.model", strings.Repeat("m", 10_000))
		case 2:
			a.PutStr("gen_ai.request.model", "model\xff")
		}
	}
	for range 2 {
		again := ptrace.NewTraces()
		td.CopyTo(again)
		p.annotate(t, again)
	}
	m, err := p.telemetry.GetMetric("otelcol_llm_failure_unpriced_calls")
	require.NoError(t, err)
	points := m.Data.(metricdata.Sum[int64]).DataPoints
	require.LessOrEqual(t, len(points), maxLabels+2)
	total := int64(0)
	byModel := map[string]int64{}
	for _, point := range points {
		model, _ := point.Attributes.Value("model")
		byModel[model.AsString()] = point.Value
		total += point.Value
	}
	require.Equal(t, int64(2*calls), total)
	require.Equal(t, int64(2*calls/4), byModel[noLabel])
	require.Greater(t, byModel[otherLabel], int64(calls))
}

// TestUnknownOperationsAreCountedByName checks that a model call with an operation name that nobody knows is counted,
// scored and priced, and that its name shows in a bounded number of series.
func TestUnknownOperationsAreCountedByName(t *testing.T) {
	p := start(t, "{}")
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i := range 3 * maxLabels {
		a := spans.AppendEmpty().Attributes()
		a.PutStr("gen_ai.operation.name", fmt.Sprint("compose-", i/2))
		a.PutStr("gen_ai.request.model", "gpt-4o-mini")
		a.PutInt("gen_ai.usage.input_tokens", 1000)
		a.PutInt("gen_ai.usage.output_tokens", 16)
		a.PutStr("gen_ai.response.finish_reasons", "length")
	}
	p.annotate(t, td)
	cost, ok := spans.At(0).Attributes().Get("app.llm.cost.usd")
	require.True(t, ok)
	require.InDelta(t, 0.00015+0.0000096, cost.Double(), 1e-9)
	class, _ := spans.At(0).Attributes().Get("app.llm.error_class")
	require.Equal(t, "truncation", class.Str())

	m, err := p.telemetry.GetMetric("otelcol_llm_failure_unknown_operations")
	require.NoError(t, err)
	byName, total := map[string]int64{}, int64(0)
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		name, _ := point.Attributes.Value("operation")
		byName[name.AsString()] = point.Value
		total += point.Value
	}
	require.Len(t, byName, maxLabels+1)
	require.Equal(t, int64(3*maxLabels), total)
}
