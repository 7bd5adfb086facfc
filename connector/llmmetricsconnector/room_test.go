package llmmetricsconnector

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/faultline-otel/faultline/connector/llmmetricsconnector/internal/metadatatest"
	"github.com/faultline-otel/faultline/internal/catalog"
)

// TestIdleSeriesEnd checks what backends see of a service that gives its series to another: points without a value. The
// log names each service that found no room once.
func TestIdleSeriesEnd(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.MaxSeries = 12 // spans by coverage of two services
	core, logs := observer.New(zap.WarnLevel)
	set := metadatatest.NewSettings(componenttest.NewTelemetry())
	set.Logger = zap.New(core)
	sink := &consumertest.MetricsSink{}
	c := createWith(t, set, cfg, sink)
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	now := time.Now()
	flush := func(at time.Time) (points map[string]pmetric.NumberDataPoint) {
		sink.Reset()
		require.NoError(t, c.counter.flush(t.Context(), at, false))
		points = map[string]pmetric.NumberDataPoint{}
		for m := range published(sink.AllMetrics()) {
			for _, p := range m.Sum().DataPoints().All() {
				if service, ok := p.Attributes().Get(string(catalog.ServiceName)); ok && m.Name() == catalog.Spans.Name {
					points[service.Str()] = p
				}
			}
		}
		return points
	}
	consume := func(service int) {
		td := plain(1)
		td.ResourceSpans().At(0).Resource().Attributes().PutStr("service.name", fmt.Sprint("service ", service))
		require.NoError(t, c.ConsumeTraces(t.Context(), td))
	}
	for service := range 4 {
		consume(service)
	}
	flush(now)
	values := flush(now)
	require.Len(t, values, 2)
	require.False(t, values["service 0"].Flags().NoRecordedValue())
	require.Equal(t, 2, logs.FilterMessageSnippet("no room").Len())
	consume(3)
	ended := flush(now.Add(cfg.SeriesIdle + time.Minute))
	require.True(t, ended["service 0"].Flags().NoRecordedValue())
	require.Equal(t, pmetric.NumberDataPointValueTypeEmpty, ended["service 0"].ValueType())
	require.Equal(t, values["service 0"].StartTimestamp(), ended["service 0"].StartTimestamp())
	consume(3)
	require.Contains(t, flush(now.Add(cfg.SeriesIdle+2*time.Minute)), "service 3")
	require.Equal(t, 2, logs.FilterMessageSnippet("no room").Len(), "each is named once")
	require.NoError(t, c.Shutdown(t.Context()))
}
