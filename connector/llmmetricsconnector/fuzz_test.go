package llmmetricsconnector

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// FuzzConsumeTraces counts arbitrary input: every span counts once by coverage, and published metrics match their
// definitions.
func FuzzConsumeTraces(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	require.NoError(f, err)
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		require.NoError(f, err)
		for _, section := range archive.Files {
			if section.Name == "in" {
				f.Add(section.Data, 50)
				f.Add(section.Data, 1)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(b)
		if err != nil {
			return
		}
		cfg := createDefaultConfig().(*Config)
		cfg.MaxSeries, cfg.MaxSeriesPerService = max(limit, 1), max(limit/2, 1)
		sink := &consumertest.MetricsSink{}
		c := started(t, cfg, sink)
		td.MarkReadOnly()
		require.NoError(t, c.ConsumeTraces(t.Context(), td))
		require.NoError(t, c.Shutdown(t.Context()))
		requireCatalog(t, c.counter.began, sink.AllMetrics())
		total := int64(0)
		for m := range published(sink.AllMetrics()) {
			if m.Name() == "llm.spans" && m.Type() == pmetric.MetricTypeSum {
				for _, p := range m.Sum().DataPoints().All() {
					total += p.IntValue()
				}
			}
		}
		require.Equal(t, int64(td.SpanCount()), total)
	})
}

// FuzzConsumeLogs counts arbitrary input as evaluations: only valid scores count.
func FuzzConsumeLogs(f *testing.F) {
	logs := plog.NewLogs()
	evaluation(
		logs,
		"shop",
		map[string]any{spanattr.AttrEvaluationName: "judge", spanattr.AttrEvaluationValue: 0.5, spanattr.AttrStratum: "random"},
	)
	evaluation(
		logs,
		"",
		map[string]any{
			spanattr.AttrEvaluationName:  "judge",
			spanattr.AttrEvaluationLabel: "fail",
			"gen_ai.request.model":       []any{"x"},
		},
	)
	b, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	require.NoError(f, err)
	f.Add(b, 50)
	f.Add(b, 1)
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(b)
		if err != nil {
			return
		}
		cfg := createDefaultConfig().(*Config)
		cfg.MaxSeries, cfg.MaxSeriesPerService = max(limit, 1), max(limit/2, 1)
		e := open(t, cfg, componenttest.NewNopHost())
		ld.MarkReadOnly()
		require.NoError(t, e.evaluations.ConsumeLogs(t.Context(), ld))
		began := e.spans.(*spans).counter.began
		e.close(t)
		requireCatalog(t, began, e.metrics.AllMetrics())
		count, sum := int64(0), 0.0
		for m := range published(e.metrics.AllMetrics()) {
			if m.Type() != pmetric.MetricTypeSum {
				continue
			}
			for _, p := range m.Sum().DataPoints().All() {
				switch m.Name() {
				case catalog.ScoreCount.Name:
					count += p.IntValue()
				case catalog.ScoreSum.Name:
					sum += p.DoubleValue()
				}
			}
		}
		require.LessOrEqual(t, count, int64(ld.LogRecordCount()))
		require.LessOrEqual(t, sum, float64(count))
		require.GreaterOrEqual(t, sum, 0.0)
	})
}
