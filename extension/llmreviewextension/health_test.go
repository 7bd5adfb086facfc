package llmreviewextension

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/faultline-otel/faultline/extension/llmreviewextension/internal/metadatatest"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
)

// health returns the value and the reason of the metric.
func health(t *testing.T, telemetry *componenttest.Telemetry) (works int64, reason string) {
	t.Helper()
	m, err := telemetry.GetMetric("otelcol_llm_review_store_healthy")
	require.NoError(t, err)
	points := m.Data.(metricdata.Gauge[int64]).DataPoints
	require.Len(t, points, 1)
	value, _ := points[0].Attributes.Value("reason")
	return points[0].Value, value.AsString()
}

// recoveries returns the counter of one kind.
func recoveries(t *testing.T, telemetry *componenttest.Telemetry, reason, outcome string) int64 {
	t.Helper()
	m, err := telemetry.GetMetric("otelcol_llm_review_store_recoveries")
	require.NoError(t, err)
	for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
		if want := attribute.NewSet(attribute.String("reason", reason), attribute.String("outcome", outcome)); p.Attributes == want {
			return p.Value
		}
	}
	require.Fail(t, "no such series", "%s %s", reason, outcome)
	return 0
}

// observed starts an extension and returns what it logs and measures.
func observed(t *testing.T, cfg *Config, h *host) (*reviewExtension, *componenttest.Telemetry, *observer.ObservedLogs) {
	t.Helper()
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context()))) })
	set := metadatatest.NewSettings(telemetry)
	core, logs := observer.New(zap.InfoLevel)
	set.Logger = zap.New(core)
	e, err := NewFactory().Create(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), h))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.WithoutCancel(t.Context()))) })
	return e.(*reviewExtension), telemetry, logs
}

// TestADeletedFileIsReportedAndWrittenAgain: status, metric, log and counter say so, and no item is lost at the restart.
func TestADeletedFileIsReportedAndWrittenAgain(t *testing.T) {
	cfg, h := config(t), newHost()
	path := cfg.Store.SQLite.Get().Path
	e, telemetry, logs := observed(t, cfg, h)
	works, reason := health(t, telemetry)
	require.Equal(t, int64(1), works)
	require.Equal(t, "ok", reason)
	require.Zero(t, recoveries(t, telemetry, "deleted", "kept"))
	require.NoError(t, e.store.Put(t.Context(), pipeline.ReviewTraces(refused(), nil)))

	require.NoError(t, os.Remove(path))
	event := <-h.reported
	require.Equal(t, componentstatus.StatusRecoverableError, event.Status())
	require.ErrorContains(t, event.Err(), "deleted")
	require.Equal(t, componentstatus.StatusOK, (<-h.reported).Status())
	require.Eventually(t, func() bool { return recoveries(t, telemetry, "deleted", "kept") == 1 }, 5*time.Second, time.Millisecond)
	errors := logs.FilterLevelExact(zap.ErrorLevel).All()
	require.Len(t, errors, 2)
	require.Equal(t, path, errors[1].ContextMap()["file"])
	require.Equal(t, int64(1), errors[1].ContextMap()["items"])
	require.NoError(t, e.Shutdown(t.Context()))

	again, _, _ := observed(t, cfg, newHost())
	page, err := again.store.Items(t.Context(), review.Filter{})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
}

// TestADamagedFileDoesNotStopTheStart: the Collector starts, says which file was set aside, and serves.
func TestADamagedFileDoesNotStopTheStart(t *testing.T) {
	cfg := config(t)
	settings := cfg.Store.SQLite.Get()
	e, _, _ := observed(t, cfg, newHost())
	require.NoError(t, e.store.Put(t.Context(), pipeline.ReviewTraces(refused(), nil)))
	require.NoError(t, e.Shutdown(t.Context()))
	data, err := os.ReadFile(settings.Path)
	require.NoError(t, err)
	clear(data[4096:]) // all pages but the first
	require.NoError(t, os.WriteFile(settings.Path, data, 0o600))

	settings.OnDamage = Refuse
	refusing, err := NewFactory().Create(t.Context(), metadatatest.NewSettings(componenttest.NewTelemetry()), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, refusing.Start(t.Context(), newHost()), "open review store "+settings.Path)
	require.NoError(t, refusing.Shutdown(t.Context()))

	settings.OnDamage = Quarantine
	e, telemetry, logs := observed(t, cfg, newHost())
	require.Equal(t, int64(1), recoveries(t, telemetry, "damaged", "lost"))
	entries := logs.FilterLevelExact(zap.ErrorLevel).All()
	require.Len(t, entries, 1)
	require.FileExists(t, entries[0].ContextMap()["aside"].(string))
	require.Equal(t, review.Healthy, e.store.Health())
}

// TestAStoreThatCannotRecoverStaysInError: the metric and the page say so until it can.
func TestAStoreThatCannotRecoverStaysInError(t *testing.T) {
	cfg, h := config(t), newHost()
	cfg.Store.SQLite.Get().MinFreeMiB = maxMinFreeMiB
	e, telemetry, logs := observed(t, cfg, h)
	require.Equal(t, componentstatus.StatusRecoverableError, (<-h.reported).Status())
	works, reason := health(t, telemetry)
	require.Zero(t, works)
	require.Equal(t, "disk_full", reason)
	unavailable := (*review.UnavailableError)(nil)
	require.ErrorAs(t, e.store.Put(t.Context(), pipeline.ReviewTraces(refused(), nil)), &unavailable)
	address := logs.FilterMessage("Serving the review page").All()[0].ContextMap()["address"].(string)
	status, body := get(t, "http://"+address+"/")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "almost full")
	require.NoError(t, e.Shutdown(t.Context()))
	require.Empty(t, logs.FilterLevelExact(zap.WarnLevel).All(), "what is known is not reported again")
}
