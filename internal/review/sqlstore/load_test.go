package sqlstore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/postgres/postgrestest"
)

// TestIngestLoad measures ingest, with the processor time of this process and of the database: FAULTLINE_LOAD=1.
func TestIngestLoad(t *testing.T) { underLoad(t, ingest) }

// TestClaimLoad measures what a claim costs, and how long people wait for one: FAULTLINE_LOAD=1.
func TestClaimLoad(t *testing.T) { underLoad(t, claims) }

func underLoad(t *testing.T, measure func(t *testing.T, s review.Store, server func() time.Duration)) {
	t.Helper()
	if os.Getenv("FAULTLINE_LOAD") == "" {
		t.Skip("FAULTLINE_LOAD=1 measures")
	}
	t.Run("sqlite", func(t *testing.T) {
		measure(t, open(t, filepath.Join(t.TempDir(), "review.db")), func() time.Duration { return 0 })
	})
	t.Run("postgres", func(t *testing.T) {
		server := postgrestest.Start(t, postgrestest.Durable)
		measure(t, onPostgres(t, server.DSN(t)), func() time.Duration { return server.CPU(t) })
	})
}

// spent returns the processor time of this process.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func ingest(t *testing.T, s review.Store, server func() time.Duration) {
	t.Helper()
	const batch, batches = 50, 100
	all := make([][]review.Trace, batches)
	for i := range all {
		for n := range batch {
			all[i] = append(all[i], conversation(i*batch+n+1))
		}
	}
	began, here, there := time.Now(), spent(t), server()
	for _, traces := range all {
		require.NoError(t, s.Put(t.Context(), traces))
	}
	spans := batch * batches * len(all[0][0].Spans)
	here, there = spent(t)-here, server()-there
	t.Logf("ingest: %d spans, %.0f/s, %.0f per second of processor time (%v here, %v in the server)", spans,
		float64(spans)/time.Since(began).Seconds(), float64(spans)/(here+there).Seconds(),
		here.Round(time.Millisecond), there.Round(time.Millisecond))
}

func claims(t *testing.T, s review.Store, server func() time.Duration) {
	t.Helper()
	const reviewers, items, alone = 200, 5000, 500
	for n := 0; n < items; n += 500 {
		traces := make([]review.Trace, 500)
		for i := range traces {
			traces[i] = failingTrace(n + i + 1)
		}
		require.NoError(t, s.Put(t.Context(), traces))
	}
	one := review.Claimant{ID: "one", For: time.Hour}
	began, here, there := time.Now(), spent(t), server()
	var claiming time.Duration
	for range alone {
		at := time.Now()
		id, err := s.ClaimNext(t.Context(), review.Filter{}, "", one)
		require.NoError(t, err)
		claiming += time.Since(at)
		_, err = s.AddLabel(t.Context(), review.Label{TraceID: id, Decision: review.Confirmed, By: one.ID})
		require.NoError(t, err)
	}
	t.Logf("one reviewer: claim %v, label %v; processor time of both %v here, %v in the server",
		(claiming / alone).Round(time.Microsecond), ((time.Since(began) - claiming) / alone).Round(time.Microsecond),
		((spent(t) - here) / alone).Round(time.Microsecond), ((server() - there) / alone).Round(time.Microsecond))

	measureClaims(t, s, reviewers, 10, 0)
	measureClaims(t, s, reviewers, 10, time.Second)
	measureClaims(t, s, reviewers, 5, 3*time.Second)
}

// measureClaims lets people claim and judge cases. Each looks at a case for some time; with none, all claim at once and
// nobody judges.
func measureClaims(t *testing.T, s review.Store, reviewers, each int, reading time.Duration) {
	t.Helper()
	var mu sync.Mutex // guards took
	var took []time.Duration
	var wait sync.WaitGroup
	for n := range reviewers {
		wait.Go(func() {
			by := review.Claimant{ID: fmt.Sprint("reviewer ", n), For: time.Hour}
			time.Sleep(time.Duration(n) * reading / time.Duration(reviewers))
			for range each {
				began := time.Now()
				id, err := s.ClaimNext(t.Context(), review.Filter{}, "", by)
				d := time.Since(began)
				if errors.Is(err, review.ErrNotFound) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				took = append(took, d)
				mu.Unlock()
				if reading == 0 {
					return
				}
				time.Sleep(reading)
				_, err = s.AddLabel(t.Context(), review.Label{TraceID: id, Decision: review.Confirmed, By: by.ID})
				assert.NoError(t, err)
			}
		})
	}
	wait.Wait()
	slices.Sort(took)
	require.NotEmpty(t, took)
	t.Logf("%d reviewers who read for %v: a claim p50 %v, p99 %v, max %v", reviewers, reading,
		took[len(took)/2].Round(10*time.Microsecond), took[len(took)*99/100].Round(10*time.Microsecond),
		took[len(took)-1].Round(10*time.Microsecond))
}
