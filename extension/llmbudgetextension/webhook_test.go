package llmbudgetextension

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/faultline-otel/faultline/internal/budget"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/webhook"
)

// receiver takes webhooks, or answers with a status.
type receiver struct {
	mu     sync.Mutex
	status int
	keys   []string
	bodies []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys, r.bodies = append(r.keys, request.Header.Get(webhook.HeaderKey)), append(r.bodies, string(body))
	if r.status != 0 {
		w.WriteHeader(r.status)
	}
}

func (r *receiver) seen() (keys, bodies []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.keys...), append([]string(nil), r.bodies...)
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status, r.keys, r.bodies = status, nil, nil
}

// TestWebhooksOutliveARestart: what the receiver did not take comes again with the same key and body. What it took does
// not, though every session is counted up to its limit again.
func TestWebhooksOutliveARestart(t *testing.T) {
	var hooks receiver
	server := httptest.NewServer(&hooks)
	defer server.Close()
	f := filestorage.NewFactory()
	id := component.NewID(f.Type())
	settings := f.CreateDefaultConfig().(*filestorage.Config)
	settings.Directory = t.TempDir()
	files, err := f.Create(t.Context(), extensiontest.NewNopSettings(f.Type()), settings)
	require.NoError(t, err)
	h := authenticated{id: files}
	require.NoError(t, files.Start(t.Context(), h))
	defer func() { require.NoError(t, files.Shutdown(context.WithoutCancel(t.Context()))) }()
	begin := func() *budgetExtension {
		b := newStarted(t, func(c *Config) {
			c.Webhook = Webhook{URL: server.URL, Secret: "secret", MaxWaiting: 100}
			c.Storage = &id
		}, h)
		require.Equal(t, []component.ID{id}, b.Dependencies())
		for _, s := range []session.ID{"a", "b"} {
			b.Breaker().Record(session.Usage{Session: s, USD: 6})
		}
		return b
	}

	hooks.answer(http.StatusServiceUnavailable)
	b := begin()
	require.Eventually(t, func() bool { keys, _ := hooks.seen(); return len(keys) >= 2 }, 5*time.Second, time.Millisecond)
	require.NoError(t, b.Shutdown(t.Context()))
	keys, bodies := hooks.seen()
	before := map[string]string{}
	for i := range keys {
		before[keys[i]] = bodies[i]
	}
	require.Len(t, before, 2)

	hooks.answer(0)
	b = begin()
	require.Eventually(t, func() bool { return b.outbox.Waiting() == 0 }, 5*time.Second, time.Millisecond)
	keys, bodies = hooks.seen()
	require.Len(t, keys, 2)
	for i := range keys {
		require.Equal(t, before[keys[i]], bodies[i])
	}
	require.NoError(t, b.Shutdown(t.Context()))

	hooks.answer(0)
	b = begin() // no news
	require.NoError(t, b.Shutdown(t.Context()))
	keys, _ = hooks.seen()
	require.Empty(t, keys)

	b = begin()
	_, known := b.Breaker().Reset("a")
	require.True(t, known)
	require.Equal(t, budget.Closed, b.Breaker().Get("a").State)
	require.NoError(t, b.Shutdown(t.Context()))
	keys, _ = hooks.seen()
	require.Equal(t, []string{"61/closed/1"}, keys)
}

// TestWebhooksAreCounted: each ends in one counter.
func TestWebhooksAreCounted(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	defer func() { require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context()))) }()
	var hooks receiver
	server := httptest.NewServer(&hooks)
	defer server.Close()
	config := createDefaultConfig().(*Config)
	config.HTTP.NetAddr.Endpoint = "127.0.0.1:0"
	config.Limits = budget.Limits{USD: 5}
	config.Webhook = Webhook{URL: server.URL, Secret: "secret", MaxWaiting: 2}
	b, err := newBudget(telemetry.NewTelemetrySettings(), component.MustNewID("llm_budget"), config)
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context(), componenttest.NewNopHost()))
	sum := func(name string) (total int64) {
		m, err := telemetry.GetMetric("otelcol_llm_budget_webhook_" + name)
		require.NoError(t, err)
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				total += p.Value
			}
		case metricdata.Gauge[int64]:
			total = data.DataPoints[0].Value
		}
		return total
	}
	require.Zero(t, sum("sent"))
	require.Zero(t, sum("dropped"))
	b.Breaker().Record(session.Usage{Session: "taken", USD: 6})
	require.Eventually(t, func() bool { return sum("sent") == 1 }, 5*time.Second, time.Millisecond)
	hooks.answer(http.StatusBadRequest)
	b.Breaker().Record(session.Usage{Session: "refused", USD: 6})
	require.Eventually(t, func() bool { // it is counted after it has left the outbox
		_, err := telemetry.GetMetric("otelcol_llm_budget_webhook_failures")
		return err == nil
	}, 5*time.Second, time.Millisecond)
	require.Zero(t, b.outbox.Waiting())
	require.Equal(t, int64(1), sum("failures"))
	server.Close()
	for _, s := range []session.ID{"a", "b", "c", "d", "e"} {
		b.Breaker().Record(session.Usage{Session: s, USD: 6})
		require.Eventually(t, func() bool { return b.outbox.Waiting() > 0 }, time.Second, time.Millisecond)
	}
	require.Equal(t, int64(2), sum("waiting"))
	require.Equal(t, int64(3), sum("dropped"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.cancel()
	_ = b.Shutdown(ctx)
}
