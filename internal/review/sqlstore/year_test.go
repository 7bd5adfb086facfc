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
// claim stay the same. FAULTLINE_YEAR is the number of flagged traces a day: 86400 is one a second, of which
// FAULTLINE_YEAR_DAYS may let fewer days go by. The default keeps 200,000 cases of each state, which come in 2.3 days.
func TestAYearOfRetention(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes a year of items")
	}
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "review.db")
		aYear(t, open(t, path), 1<<20, func() int64 {
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
		const words = 16 << 20 // that nobody has any more may stay in an index, see postgres.DB.Compact
		aYear(t, s, words, func() (size int64) {
			_, err := db.Exec(t.Context(), `VACUUM`) // as the server does within a minute
			require.NoError(t, err)
			require.NoError(t, db.QueryRow(t.Context(), `SELECT SUM(pg_total_relation_size(c.oid))::bigint FROM pg_class c
				WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace`).Scan(&size))
			return size
		})
	})
}

// span is a twelfth of the time that goes by.
type span struct {
	size             int64
	put, list, claim durations
}

func aYear(t *testing.T, s *sqlstore.Store, slack int64, size func() int64) {
	t.Helper()
	const day, month, batch, spans = 24 * time.Hour, 30, 100, 12
	perDay, days := setting(t, "FAULTLINE_YEAR", 10), setting(t, "FAULTLINE_YEAR_DAYS", 365)
	// The store is filled anew as often as it would be by one a second.
	kept := max(200_000*perDay/86_400, 2)
	limits := map[review.State]review.Limits{
		review.Open: {MaxAge: month * day, MaxItems: kept}, review.Reviewed: {MaxAge: 365 * day, MaxItems: kept},
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	sqlstore.SetNow(s, func() time.Time { return now })
	parts := make([]span, spans)
	n, reviewed, whole := 0, 0, perDay*days
	for at := 0; n < whole; at++ {
		part := &parts[n*spans/whole]
		traces := make([]review.Trace, min(batch, perDay, whole-n))
		now = now.Add(day * time.Duration(len(traces)) / time.Duration(perDay))
		for i := range traces {
			n++
			traces[i] = common(n)
			traces[i].Spans[0].Fingerprint, traces[i].Spans[0].Start = fingerprint(n/7), now
		}
		part.put.measure(func() { require.NoError(t, s.Put(t.Context(), traces)) })
		sweep(t, s, limits)
		if at%10 == 0 || perDay <= batch { // people look, and judge one of a thousand
			part.list.measure(func() { require.NoError(t, list(t, s, review.Filter{State: review.Open})) })
			part.claim.measure(func() {
				_, err := s.ClaimNext(t.Context(), review.Filter{}, "", review.Claimant{ID: "ada", For: time.Hour})
				require.NoError(t, err)
			})
			done, err := s.LabelMany(t.Context(), review.Selection{TraceIDs: []string{traces[0].ID}},
				review.Label{Decision: review.Confirmed, Class: failure.Refusal, Reviewer: "ada"})
			require.NoError(t, err)
			reviewed += done.Labeled
			require.NoError(t, s.AgeSignals(t.Context()))
		}
		if n == whole || n*spans/whole > (n-len(traces))*spans/whole { // it ends
			part.size = size()
			t.Logf("%8d came, %7d are kept in %8d KiB; p50 and p99 of a Put of %d %v %v, a list %v %v, a claim %v %v", n,
				total(t, s), part.size>>10, min(batch, perDay), part.put.at(50), part.put.at(99), part.list.at(50),
				part.list.at(99), part.claim.at(50), part.claim.at(99))
		}
	}
	sweep(t, s, limits)
	require.LessOrEqual(t, total(t, s), kept+min(reviewed, kept))
	require.GreaterOrEqual(t, total(t, s), min(kept, n-reviewed)-1+min(reviewed, kept))
	t.Logf("%d items came in %d days, %d are kept: the store was filled %d times", n, days, total(t, s), n/kept)
	full := min(max(2, kept*spans/whole+1), spans-1) // the first part that begins with a full store
	early, late := &parts[full], &parts[spans-1]
	require.Less(t, late.size, 5*early.size/4+slack, "once the store is full the size hardly grows")
	require.Less(t, late.put.at(50), 10*early.put.at(50), "a Put takes as long as before")
}

// setting returns a number of the environment.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
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
