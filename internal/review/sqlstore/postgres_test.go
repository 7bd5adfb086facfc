package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/postgres"
	"github.com/faultline-otel/faultline/internal/review/postgres/postgrestest"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/review/storetest"
)

// onPostgres opens a store that is closed when the test ends.
func onPostgres(tb testing.TB, dsn string, change ...func(*postgres.Settings)) *sqlstore.Store {
	tb.Helper()
	settings := postgres.Settings{DSN: dsn, Interval: 20 * time.Millisecond}
	for _, c := range change {
		c(&settings)
	}
	s, err := sqlstore.OpenPostgres(tb.Context(), settings)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}

func TestConformanceOnPostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector sees the same code on SQLite")
	}
	server := postgrestest.Start(t)
	server.Template(t, func(dsn string) {
		s, err := sqlstore.OpenPostgres(t.Context(), postgres.Settings{DSN: dsn})
		require.NoError(t, err)
		require.NoError(t, s.Close())
	})
	storetest.Run(t, time.Second, func(t *testing.T) review.Store {
		t.Helper()
		return onPostgres(t, server.Copy(t))
	})
}

// TestEachMigrationHasATwin: from version 5 on, both databases have the same versions.
func TestEachMigrationHasATwin(t *testing.T) {
	names := func(database string) (names []string) {
		files, err := fs.Glob(os.DirFS("schema"), database+"/*.sql")
		require.NoError(t, err)
		for _, file := range files {
			if name := filepath.Base(file); name >= "00006" {
				names = append(names, name)
			}
		}
		return names
	}
	require.Equal(t, names("sqlite"), names("postgres"))
}

// TestAServerThatDies kills Postgres at random moments while items arrive: what was acknowledged is there, and the store
// works again by itself.
func TestAServerThatDies(t *testing.T) {
	server := postgrestest.Start(t)
	var mu sync.Mutex // guards states
	var states []review.Health
	s := onPostgres(t, server.DSN(t), func(settings *postgres.Settings) {
		settings.Changed = func(health review.Health, _ error) {
			mu.Lock()
			defer mu.Unlock()
			states = append(states, health)
		}
	})
	times := 10
	if testing.Short() {
		times = 2
	}
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	acknowledged := make([][]string, 4)
	var written atomic.Int64
	for w := range acknowledged {
		writers.Go(func() {
			for n := 1; ctx.Err() == nil; {
				tr := failingTrace(w*1_000_000 + n)
				switch err := s.Put(t.Context(), []review.Trace{tr}); { //nolint:contextcheck // it is not to be cut off
				case err == nil:
					acknowledged[w] = append(acknowledged[w], tr.ID)
					written.Add(1)
					n++
				case isUnavailable(err):
					time.Sleep(time.Millisecond) // the exporter waits longer
				default:
					assert.NoError(t, err)
					return
				}
			}
		})
	}
	for n := range times {
		time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
		if n%2 == 0 {
			server.Kill(t)
		} else {
			server.Stop(t)
		}
		server.Run(t)
		eventually(t, func() bool { return s.Health() == review.Healthy })
		before := written.Load()
		eventually(t, func() bool { return written.Load() > before })
	}
	stop()
	writers.Wait()
	all := 0
	for _, ids := range acknowledged {
		known, err := s.Known(t.Context(), ids)
		require.NoError(t, err)
		require.Len(t, known, len(ids), "each acknowledged item is there")
		all += len(ids)
	}
	t.Logf("%d items, %d restarts", all, times)
	mu.Lock()
	defer mu.Unlock()
	require.Contains(t, states, review.Unreachable)
	require.Equal(t, review.Healthy, states[len(states)-1])
}

func isUnavailable(err error) bool {
	_, unavailable := errors.AsType[*review.UnavailableError](err)
	return unavailable
}

// TestTheDatabaseMayStartLater: the Collector does not wait for it.
func TestTheDatabaseMayStartLater(t *testing.T) {
	server := postgrestest.Start(t)
	dsn := server.DSN(t)
	server.Stop(t)
	s := onPostgres(t, dsn)
	require.Equal(t, review.Unreachable, s.Health())
	err := s.Put(t.Context(), []review.Trace{failingTrace(1)})
	require.True(t, isUnavailable(err))
	require.ErrorContains(t, err, "the database of the review store cannot be reached")
	server.Run(t)
	eventually(t, func() bool { return s.Health() == review.Healthy })
	require.NoError(t, s.Put(t.Context(), []review.Trace{failingTrace(1)}))
	require.Equal(t, 1, total(t, s))
}

// TestADatabaseThatCannotBeUsed: the start says so, without the password.
func TestADatabaseThatCannotBeUsed(t *testing.T) {
	server := postgrestest.Start(t)
	newer := server.DSN(t)
	onPostgres(t, newer)
	for dsn, want := range map[string]string{
		strings.Replace(newer, "/postgres?", "/nowhere?password=s3cret&", 1):   `database "nowhere" does not exist`,
		strings.Replace(newer, "user=postgres", "user=eve&password=s3cret", 1): `role "eve" does not exist`,
		newer:                           "version 99, made by a newer program",
		"host=/tmp password=s3cret x='": "dsn must be like",
	} {
		if dsn == newer {
			server.Exec(t, `INSERT INTO `+schemaOf(newer)+`.goose_db_version (version_id, is_applied) VALUES (99, true)`)
		}
		_, err := sqlstore.OpenPostgres(t.Context(), postgres.Settings{DSN: dsn})
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "open review store")
		require.NotContains(t, err.Error(), "s3cret")
	}
}

func schemaOf(dsn string) string {
	_, schema, _ := strings.Cut(dsn, "search_path=")
	schema, _, _ = strings.Cut(schema, "&")
	return schema
}

// TestReplicas: several replicas begin an empty database at once, take the same traces, and give each case to one person.
func TestReplicas(t *testing.T) {
	dsn := postgrestest.Start(t).DSN(t)
	const replicas, items, reviewers = 4, 400, 8
	stores := make([]*sqlstore.Store, replicas)
	var wait sync.WaitGroup
	for i := range stores {
		wait.Go(func() {
			s, err := sqlstore.OpenPostgres(t.Context(), postgres.Settings{DSN: dsn})
			if assert.NoError(t, err) {
				stores[i] = s
			}
		})
	}
	wait.Wait()
	for _, s := range stores {
		require.NotNil(t, s)
		defer func() { require.NoError(t, s.Close()) }()
	}

	// Each replica gets a portion of each trace, and they arrive at once.
	for i, s := range stores {
		wait.Go(func() {
			for n := 1; n <= items; n++ {
				tr := failingTrace(n)
				tr.Spans[0].ID = fmt.Sprintf("%016x", i+1)
				tr.Spans[0].Fingerprint = "aaaaaaaaaaaaaaaa"
				assert.NoError(t, s.Put(t.Context(), []review.Trace{tr}))
			}
		})
	}
	wait.Wait()
	require.Equal(t, items, total(t, stores[0]))
	item, err := stores[1].Item(t.Context(), fmt.Sprintf("%032x", items))
	require.NoError(t, err)
	require.Len(t, item.Spans, replicas)
	signal, err := stores[2].Signal(t.Context(), "aaaaaaaaaaaaaaaa")
	require.NoError(t, err)
	require.Equal(t, items, signal.Open)

	var mu sync.Mutex // guards claimed
	claimed := map[string]int{}
	for n := range replicas * reviewers {
		s := stores[n%replicas]
		wait.Go(func() {
			by := review.Claimant{ID: fmt.Sprint("reviewer ", n), For: time.Hour}
			for {
				id, err := s.ClaimNext(t.Context(), review.Filter{}, "", by)
				if errors.Is(err, review.ErrNotFound) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				claimed[id]++
				mu.Unlock()
				_, err = s.AddLabel(t.Context(), review.Label{TraceID: id, Decision: review.Confirmed})
				assert.NoError(t, err)
			}
		})
	}
	wait.Wait()
	require.Len(t, claimed, items)
	for id, n := range claimed {
		require.Equal(t, 1, n, id)
	}

	// All of them tend the store. None removes more than the limits say.
	limits := map[review.State]review.Limits{review.Reviewed: {MaxItems: 50}}
	for _, s := range stores {
		wait.Go(func() {
			for range 20 {
				_, err := s.Sweep(t.Context(), limits)
				assert.NoError(t, err)
				assert.NoError(t, s.AgeSignals(t.Context()))
			}
		})
	}
	wait.Wait()
	require.Equal(t, 50, total(t, stores[0]))
	_, err = stores[3].Item(t.Context(), fmt.Sprintf("%032x", items))
	require.NoError(t, err, "the newest stay")
}

// TestWordsAreSpelledAlike: both indexes find the same.
func TestWordsAreSpelledAlike(t *testing.T) {
	stores := []review.Store{open(t, sqlstore.Memory), onPostgres(t, postgrestest.Start(t).DSN(t))}
	texts := []string{
		"order-4711 shipped", "4711 order", "Crème Brûlée à la carte", "退款请求 pending", "a_b.c@example.com", "ÄRGER über Straße",
		"don't panic", "x" + strings.Repeat("y", 3000), "naïve café №5", "a\x1fb separated",
		"e2 1.5e3 v1.2.3 127.0.0.1", "παράδειγμα КАФЕ", "tool: {\"amount\": \"19,99 €\"}",
	}
	for n, text := range texts {
		tr := failingTrace(n + 1)
		tr.Spans[0].Message, tr.Spans[0].Class = text, failure.BadAnswer
		for _, s := range stores {
			require.NoError(t, s.Put(t.Context(), []review.Trace{tr}))
		}
	}
	for _, query := range []string{
		"order-4711", "order-47", "order 4711", "4711-order", "creme", "BRÛL", "退款", "款请", "求", "a_b", "a_b.c@example.com", "a_b.d",
		"ärger", "arger", "stra", "strasse", "don't", "don", "panic ", "pan ", "xyyy", "x" + strings.Repeat("y", 3000), "naive cafe",
		"b separated", "b sep", "1.5e3", "v1.2", "127.0.0.1", "0.0.1 ", "κ", "кафе", "amount", "19,99", "19.99", "€", "'", "''", "\\", "& | !", "<->", ":*",
		"bad_answer", "bad answer", "bad_ans", "5",
	} {
		var found [2][]string
		for i, s := range stores {
			page, err := s.Items(t.Context(), review.Filter{Query: query})
			require.NoError(t, err, query)
			for _, item := range page.Items {
				found[i] = append(found[i], item.TraceID)
			}
		}
		assert.Equal(t, found[0], found[1], "%q", query)
	}
}
