package sqlstore_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/postgres/postgrestest"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
)

// TestAYearOfRetention lets a year go by in fast motion: what is kept, its size and the time of a Put stay the same.
// FAULTLINE_YEAR is the number of flagged traces a day.
func TestAYearOfRetention(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes a year of items")
	}
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "review.db")
		aYear(t, open(t, path), func() int64 {
			info, err := os.Stat(path)
			require.NoError(t, err)
			return info.Size()
		})
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := postgrestest.Start(t).DSN(t)
		s := onPostgres(t, dsn)
		db, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close(t.Context())) }()
		aYear(t, s, func() (size int64) {
			_, err := db.Exec(t.Context(), `VACUUM`) // as the server does within a minute
			require.NoError(t, err)
			require.NoError(t, db.QueryRow(t.Context(), `SELECT SUM(pg_total_relation_size(c.oid))::bigint FROM pg_class c
				WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace`).Scan(&size))
			return size
		})
	})
}

func aYear(t *testing.T, s *sqlstore.Store, size func() int64) {
	t.Helper()
	perDay := 10
	if text := os.Getenv("FAULTLINE_YEAR"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		perDay = n
	}
	const day, days, month = 24 * time.Hour, 365, 30
	limits := map[review.State]review.Limits{
		review.Open: {MaxAge: 30 * day, MaxItems: 20 * perDay}, review.Reviewed: {MaxAge: 60 * day, MaxItems: 10 * perDay},
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	sqlstore.SetNow(s, func() time.Time { return now })
	var sizes []int64
	took := make([][]time.Duration, days/month+1)
	n := 0
	for d := range days {
		now = now.Add(day)
		traces := make([]review.Trace, perDay)
		for i := range traces {
			n++
			traces[i] = conversation(n)
			traces[i].Spans[0].Fingerprint, traces[i].Spans[0].Start = fingerprint(n/7), now
		}
		began := time.Now()
		require.NoError(t, s.Put(t.Context(), traces))
		took[d/month] = append(took[d/month], time.Since(began))
		_, err := s.LabelMany(t.Context(), review.Selection{TraceIDs: []string{traces[0].ID, traces[1].ID}},
			review.Label{Decision: review.Confirmed, Class: failure.Refusal})
		require.NoError(t, err)
		for {
			removed, err := s.Sweep(t.Context(), limits)
			require.NoError(t, err)
			if removed == 0 {
				break
			}
		}
		require.NoError(t, s.AgeSignals(t.Context()))
		if d%month == month-1 {
			sizes = append(sizes, size())
		}
	}
	require.Equal(t, 20*perDay+min(2*61, 10*perDay), total(t, s))
	page, err := s.Signals(t.Context(), review.SignalFilter{})
	require.NoError(t, err)
	t.Logf("%d items came, %d are kept, of %d signals; size by month %d KiB", n, total(t, s), page.Total, kib(sizes))
	for m, times := range took {
		slices.Sort(times)
		t.Logf("month %2d: a Put p50 %v", m+1, times[len(times)/2].Round(10*time.Microsecond))
	}
	require.Less(t, slices.Max(sizes[2:]), 2*sizes[2], "from the third month on the size hardly grows")
}

func kib(sizes []int64) (kib []int64) {
	for _, size := range sizes {
		kib = append(kib, size>>10)
	}
	return kib
}
