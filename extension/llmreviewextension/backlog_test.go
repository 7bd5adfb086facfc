package llmreviewextension

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/faultline-otel/faultline/extension/llmreviewextension/internal/metadatatest"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

func TestBacklogIsInTheTelemetry(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context()))) })
	set := metadatatest.NewSettings(telemetry)
	e, err := NewFactory().Create(t.Context(), set, config(t))
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), newHost()))
	d := e.(*reviewExtension)
	read := func() (open int64, age float64) {
		d.backlog.read = time.Time{} // as after 15 s
		m, err := telemetry.GetMetric("otelcol_llm_review_open_items")
		require.NoError(t, err)
		open = m.Data.(metricdata.Gauge[int64]).DataPoints[0].Value
		m, err = telemetry.GetMetric("otelcol_llm_review_oldest_open_age_seconds")
		require.NoError(t, err)
		require.Equal(t, "s", m.Unit)
		return open, m.Data.(metricdata.Gauge[float64]).DataPoints[0].Value
	}
	open, age := read()
	require.Zero(t, open)
	require.Zero(t, age)
	span := review.Span{
		ID:      "0000000000000001",
		Name:    "chat",
		Class:   failure.Refusal,
		Classes: []failure.Class{failure.Refusal},
	}
	const trace = "00000000000000000000000000000001"
	require.NoError(
		t,
		d.store.Put(t.Context(), []review.Trace{{ID: trace, Service: "shop", Spans: []review.Span{span}}}),
	)
	open, age = read()
	require.Equal(t, int64(1), open)
	require.Positive(t, age)
	require.Less(t, age, 60.0)
	_, err = d.store.AddLabel(t.Context(), review.Label{TraceID: trace, Decision: review.Rejected})
	require.NoError(t, err)
	open, age = read()
	require.Zero(t, open)
	require.Zero(t, age)
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestBacklogIsCached(t *testing.T) {
	var b backlog
	asked := 0
	ask := func(ctx context.Context) (review.Backlog, error) {
		_, bounded := ctx.Deadline()
		require.True(t, bounded, "a reader of metrics does not wait forever")
		asked++
		return review.Backlog{Open: asked}, nil
	}
	for range 3 {
		got, err := b.get(t.Context(), ask)
		require.NoError(t, err)
		require.Equal(t, 1, got.Open)
	}
	b.read = b.read.Add(-backlogAge)
	got, err := b.get(t.Context(), ask)
	require.NoError(t, err)
	require.Equal(t, 2, got.Open)

	b.read = b.read.Add(-backlogAge)
	for range 2 {
		_, err = b.get(t.Context(), func(context.Context) (review.Backlog, error) {
			asked++
			return review.Backlog{}, errors.New("locked")
		})
		require.ErrorContains(t, err, "locked")
	}
	require.Equal(t, 3, asked)
}
