package llmreviewextension

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/faultline-otel/faultline/extension/llmreviewextension/internal/metadata"
	"github.com/faultline-otel/faultline/extension/llmreviewextension/internal/metadatatest"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
	"github.com/faultline-otel/faultline/internal/review"
)

// joinOften makes the extension look for fresh signals all the time.
func joinOften(t *testing.T) {
	t.Helper()
	before := joinEvery
	joinEvery = 10 * time.Millisecond
	t.Cleanup(func() { joinEvery = before })
}

func joins(t *testing.T, e *judgetest.Embeddings) *Config {
	t.Helper()
	cfg := config(t)
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"embeddings": map[string]any{"endpoint": e.Endpoint(), "model": "stand-in"},
	}).Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	return cfg
}

// TestSignalsOfEqualMeaningAreJoined: a failing endpoint is logged and asked again. It delays neither ingest nor the
// page.
func TestSignalsOfEqualMeaningAreJoined(t *testing.T) {
	joinOften(t)
	model := judgetest.NewEmbeddings(t, nil)
	model.Set(64, func([]string) judgetest.Answer {
		return judgetest.Answer{Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": "1"}, Body: "{}"}
	})
	core, logs := observer.New(zapcore.WarnLevel)
	telemetry := componenttest.NewTelemetry()
	set := extensiontest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	created, err := NewFactory().Create(t.Context(), set, joins(t, model))
	require.NoError(t, err)
	require.NoError(t, created.Start(t.Context(), newHost()))
	store := created.(*reviewExtension).store
	const other = "fedcba9876543210"
	require.NoError(t, store.Put(t.Context(), []review.Trace{failed(1, signalPrint), failed(2, other)}))
	eventually(t, func() bool {
		return logs.FilterMessage("No embeddings of signals; they are asked for again").Len() == 1
	})
	g, err := store.Signal(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, 1, g.Total)

	model.Set(64, func([]string) judgetest.Answer { return judgetest.Answer{} })
	eventually(t, func() bool {
		g, err := store.Signal(t.Context(), other)
		require.NoError(t, err)
		return g.ID == signalPrint && g.Total == 2
	})
	ignore := []metricdatatest.Option{metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars()}
	metadatatest.AssertEqualLlmReviewEmbeddingFailures(t, telemetry, []metricdata.DataPoint[int64]{{
		Value: 1, Attributes: attribute.NewSet(attribute.String("obstacle", "rate_limited")),
	}}, ignore...)
	metadatatest.AssertEqualLlmReviewSignalsJoined(t, telemetry, []metricdata.DataPoint[int64]{{Value: 1}}, ignore...)

	// The other replica has no turn.
	replica := &joining{
		extension: created.(*reviewExtension), lease: store.Checkpoint("embeddings"), process: "another",
	}
	more, err := replica.round(t.Context())
	require.NoError(t, err)
	require.False(t, more)

	// A request on its way does not hold up the end.
	asked := len(model.Asked())
	model.Set(64, func([]string) judgetest.Answer { return judgetest.Answer{Delay: time.Hour} })
	require.NoError(t, store.Put(t.Context(), []review.Trace{failed(3, "0123456789fedcba")}))
	eventually(t, func() bool { return len(model.Asked()) > asked })
	require.NoError(t, created.Shutdown(t.Context()))
	require.NoError(t, telemetry.Shutdown(t.Context()))
}

func TestEmbeddingsSayWhatIsWrong(t *testing.T) {
	for want, keys := range map[string]map[string]any{
		`embeddings: endpoint must be the address of an API, got ""`: {"endpoint": ""},
		`embeddings: timeout must be positive, got -1s`:              {"timeout": "-1s"},
		`embeddings: model must be the name of a model, got ""`:      {"model": ""},
		`embeddings: dimensions must be 0 to 8192, got 9000`:         {"dimensions": 9000},
		`embeddings: near must be above 0 and at most 1, got 1.5`:    {"near": 1.5},
		`embeddings: classes must be of the taxonomy, got "wrong"`:   {"classes": []string{"wrong"}},
		`embeddings: batch must be 1 to 256, got 0`:                  {"batch": 0},
	} {
		all := map[string]any{"endpoint": "http://localhost:1/v1", "model": "m"}
		maps.Copy(all, keys)
		cfg := config(t)
		require.NoError(t, confmap.NewFromStringMap(map[string]any{"embeddings": all}).Unmarshal(cfg))
		require.ErrorContains(t, confmap.Validate(cfg), want)
	}
	c := defaultEmbeddings()
	c.Model = "m"
	require.Equal(t, "m", c.settings().Name)
	c.Dimensions, c.Classes = 256, []string{"timeout"}
	require.Equal(t, "m/256", c.settings().Name)
	require.Len(t, c.settings().Classes, 1)
}
