package llmreviewextension

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
)

// TestTooManyItemsGo: a store that is beyond its limits at the start is brought back to them.
func TestTooManyItemsGo(t *testing.T) {
	cfg := config(t)
	cfg.Retention.Open = LimitsConfig{MaxItems: 10}
	store, err := sqlstore.Open(t.Context(), cfg.Store.SQLite.Get().Path)
	require.NoError(t, err)
	for n := range 300 {
		require.NoError(t, store.Put(t.Context(), []review.Trace{{
			ID:    fmt.Sprintf("%032x", n+1),
			Spans: []review.Span{{ID: fmt.Sprintf("%016x", n+1), Verdict: failure.Verdict{Class: failure.Refusal}}},
		}}))
	}
	require.NoError(t, store.Close())
	e, _ := start(t, cfg, newHost())
	kept := e.(*reviewExtension).ReviewStore()
	require.Eventually(t, func() bool {
		page, err := kept.Items(t.Context(), review.Filter{})
		return err == nil && page.Total == 10 && page.Items[9].TraceID == fmt.Sprintf("%032x", 291)
	}, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, e.Shutdown(t.Context()))
}
