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

// TestAYearOfRetention lets a year go by in fast motion: what is kept, its size and the times of a Put, a list and a
// claim stay the same. FAULTLINE_YEAR is the number of flagged traces a day: 86400 is one a second.
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
	const day, days, month, batch = 24 * time.Hour, 365, 30, 100
	// The default keeps 200,000 cases of each state. Of one a second these are 2.3 days: the store is filled anew as often
	// as then.
	kept := max(200_000*perDay/86_400, 2)
	limits := map[review.State]review.Limits{
		review.Open: {MaxAge: 30 * day, MaxItems: kept}, review.Reviewed: {MaxAge: 365 * day, MaxItems: kept},
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	sqlstore.SetNow(s, func() time.Time { return now })
	months := make([]struct {
		size             int64
		put, list, claim durations
	}, days/month)
	n, reviewed := 0, 0
	for d := range days {
		m := &months[min(d/month, len(months)-1)]
		var newest string
		for left := perDay; left > 0; left -= batch {
			traces := make([]review.Trace, min(left, batch))
			now = now.Add(day * time.Duration(len(traces)) / time.Duration(perDay))
			for i := range traces {
				n++
				traces[i] = conversation(n)
				traces[i].Spans[0].Fingerprint, traces[i].Spans[0].Start = fingerprint(n/7), now
			}
			newest = traces[0].ID
			m.put.measure(func() { require.NoError(t, s.Put(t.Context(), traces)) })
			sweep(t, s, limits)
		}
		m.list.measure(func() { require.NoError(t, list(t, s, review.Filter{State: review.Open})) })
		m.claim.measure(func() {
			_, err := s.ClaimNext(t.Context(), review.Filter{}, "", review.Claimant{ID: "ada", For: time.Hour})
			require.NoError(t, err)
		})
		done, err := s.LabelMany(t.Context(), review.Selection{TraceIDs: []string{newest}},
			review.Label{Decision: review.Confirmed, Class: failure.Refusal, Reviewer: "ada"})
		require.NoError(t, err)
		reviewed += done.Labeled
		require.NoError(t, s.AgeSignals(t.Context()))
		if d%month == month-1 {
			m.size = size()
		}
	}
	sweep(t, s, limits)
	require.LessOrEqual(t, total(t, s), kept+min(reviewed, kept))
	require.GreaterOrEqual(t, total(t, s), kept-1+min(reviewed, kept))
	t.Logf("%d items came, %d are kept", n, total(t, s))
	for i := range months {
		m := &months[i]
		t.Logf("month %2d: %7d KiB; p50 and p99 of a Put of %d %v %v, a list %v %v, a claim %v %v", i+1, m.size>>10,
			min(batch, perDay), m.put.at(50), m.put.at(99), m.list.at(50), m.list.at(99), m.claim.at(50), m.claim.at(99))
	}
	early, late := &months[2], &months[len(months)-1]
	const words = 16 << 20 // that nobody has any more may stay in an index, see postgres.DB.Compact
	require.Less(t, late.size, 2*early.size+words, "from the third month on the size hardly grows")
	require.Less(t, late.put.at(50), 10*early.put.at(50), "a Put takes as long as before")
}

// sweep removes what is too much.
func sweep(t *testing.T, s *sqlstore.Store, limits map[review.State]review.Limits) {
	t.Helper()
	for {
		removed, err := s.Sweep(t.Context(), limits)
		require.NoError(t, err)
		if removed == 0 {
			return
		}
	}
}

// durations are how long something took.
type durations []time.Duration

func (d *durations) measure(f func()) {
	began := time.Now()
	f()
	*d = append(*d, time.Since(began))
}

func (d *durations) at(percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(*d))
	return sorted[len(sorted)*percent/100].Round(10 * time.Microsecond)
}
