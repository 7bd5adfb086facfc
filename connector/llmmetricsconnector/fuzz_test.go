package llmmetricsconnector

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// FuzzConsumeTraces counts whatever a stranger sends: every span is counted once by coverage, and what is published fits its
// definition.
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
