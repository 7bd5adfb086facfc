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
	require.LessOrEqual(t, len(points), maxUnpricedModels+2)
	total := int64(0)
	byModel := map[string]int64{}
	for _, point := range points {
		model, _ := point.Attributes.Value("model")
		byModel[model.AsString()] = point.Value
		total += point.Value
	}
	require.Equal(t, int64(2*calls), total)
	require.Equal(t, int64(2*calls/4), byModel[noModel])
	require.Greater(t, byModel[otherModel], int64(calls))
}
