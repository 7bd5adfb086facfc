package sqlstore_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/postgres/postgrestest"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
)

// requireCounted checks what triggers count against the items.
func requireCounted(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	requireCountedIn(t, db)
}

func requireCountedIn(t *testing.T, db *sql.DB) {
	t.Helper()
	for name, q := range map[string][2]string{
		"counts": {
			`SELECT state, class, service, unsafe, COUNT(*), SUM(bytes) FROM items GROUP BY 1, 2, 3, 4`,
			`SELECT state, class, service, unsafe, n, bytes FROM counts`,
		},
		"signals": {
			`SELECT fingerprint, COUNT(*), COUNT(*) FILTER (WHERE state = 'open') FROM items WHERE fingerprint <> '' GROUP BY 1`,
			`SELECT id, stored, open FROM signals WHERE stored <> 0 OR open <> 0`,
		},
		"hours": { // of items that were removed, too
			`SELECT id, total FROM signals`,
			`SELECT signal_id, SUM(n) FROM signal_hours GROUP BY 1`,
		},
	} {
		for _, differ := range []string{q[0] + ` EXCEPT ` + q[1], q[1] + ` EXCEPT ` + q[0]} {
			var n int
			require.NoError(t, db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM (`+differ+`) differ`).Scan(&n))
			require.Zero(t, n, "%s: %s", name, differ)
		}
	}
}

// similar is a failing trace with a fingerprint.
func similar(n int, fingerprint string, class failure.Class) review.Trace {
	t := failingTrace(n)
	t.Service = fmt.Sprint("service-", n%3)
	t.Spans[0].Class, t.Spans[0].Fingerprint = class, fingerprint
	return t
}

// TestCountsOfAnyHistory: whatever is put, extended, judged, undone and removed, the counts are those of the items.
func TestCountsOfAnyHistory(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "review.db")
		anyHistory(t, open(t, path), func() { requireCounted(t, path) })
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := postgrestest.Start(t).DSN(t)
		db, err := sql.Open("pgx", dsn)
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		anyHistory(t, onPostgres(t, dsn), func() { requireCountedIn(t, db) })
	})
}

func anyHistory(t *testing.T, s review.Store, check func()) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	classes := []failure.Class{failure.Refusal, failure.Unsafe, failure.ToolError}
	prints := []string{"", "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"}
	batches := []string{""}
	for range 400 {
		n := rng.IntN(60) + 1
		id := fmt.Sprintf("%032x", n)
		switch rng.IntN(8) {
		case 0, 1, 2:
			require.NoError(t, s.Put(t.Context(), []review.Trace{
				similar(n, prints[rng.IntN(3)], classes[rng.IntN(3)]),
			}))
		case 3: // a span that may become the root cause
			late := similar(n, prints[rng.IntN(3)], classes[rng.IntN(3)])
			late.Spans[0].ID, late.Spans[0].Start = fmt.Sprintf("%016x", 1000+rng.IntN(3)), time.Unix(int64(rng.IntN(9)), 0)
			require.NoError(t, s.Put(t.Context(), []review.Trace{late}))
		case 4:
			item, err := s.Item(t.Context(), id)
			if err != nil {
				require.ErrorIs(t, err, review.ErrNotFound)
				continue
			}
			label := review.Label{TraceID: id, Decision: review.Confirmed}
			if item.Label != nil {
				label.Replaces = item.Label.ID
			}
			_, err = s.AddLabel(t.Context(), label)
			require.NoError(t, err)
		case 5:
			selected := review.Selection{TraceIDs: []string{id, fmt.Sprintf("%032x", n+1)}}
			if n%2 == 0 {
				selected = review.Selection{Signals: []string{prints[1+rng.IntN(2)]}}
			}
			batch, err := s.LabelMany(t.Context(), selected, review.Label{Decision: review.Rejected})
			require.NoError(t, err)
			batches = append(batches, batch.ID)
		case 6:
			_, err := s.UndoMany(t.Context(), batches[rng.IntN(len(batches))], "ada")
			require.NoError(t, err)
		case 7:
			state := []review.State{review.Open, review.Reviewed}[rng.IntN(2)]
			_, err := s.Sweep(t.Context(), map[review.State]review.Limits{state: {MaxItems: 10 + rng.IntN(20)}})
			require.NoError(t, err)
		}
		check()
	}
}

// fillEarlier writes three open items of one failure and a reviewed one to a store of an earlier version.
func fillEarlier(t *testing.T, db *sql.DB) {
	t.Helper()
	for n := 1; n <= 4; n++ {
		state, fingerprint := "open", "aaaaaaaaaaaaaaaa"
		if n == 4 {
			state, fingerprint = "reviewed", ""
		}
		_, err := db.ExecContext(t.Context(), `INSERT INTO items (trace_id, state, service, environment, class, detail,
			evidence, fingerprint, primary_span_id, model, prompt_name, prompt_version, session_id, start_ns, duration_ns,
			received_ns, bytes) VALUES ($1, $2, 'shop', '', 'refusal', '', 'it declined', $3, '', '', '', '', '', 0, 0,
			$4, 10)`, fmt.Sprintf("%032x", n), state, fingerprint, int64(n)*int64(time.Hour))
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), `INSERT INTO search (rowid, body) VALUES ($1, 'it declined')`, n)
		require.NoError(t, err)
	}
	_, err := db.ExecContext(t.Context(), `INSERT INTO spans (item_id, span_id, service, class, detail, evidence,
		fingerprint, model, prompt_name, prompt_version, session_id, start_ns, duration_ns, data) VALUES
		(2, '0000000000000001', '', 'unsafe', '', '', '', '', '', '', '', 0, 0, '{}')`)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `INSERT INTO labels (item_id, span_id, decision, class, detail, note, reviewer,
		created_ns) VALUES (4, '', 'confirmed', '', '', '', 'ada', 1)`)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `UPDATE items SET label_id = 1 WHERE id = 4`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// requireEarlier checks that a store has what fillEarlier wrote, and counts on.
func requireEarlier(t *testing.T, s *sqlstore.Store, path string) {
	t.Helper()
	requireCounted(t, path)
	backlog, err := s.Backlog(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, backlog.Open)
	facets, err := s.Facets(t.Context(), review.Filter{})
	require.NoError(t, err)
	require.Equal(t, []review.Count{{Value: "refusal", N: 4}, {Value: "unsafe", N: 1}}, facets.Classes)
	signal, err := s.Signal(t.Context(), "aaaaaaaaaaaaaaaa")
	require.NoError(t, err)
	require.Equal(t, []int{3, 3, 3}, []int{signal.Total, signal.Stored, signal.Open})
	require.Equal(t, time.Hour, time.Duration(signal.First.UnixNano()))
	require.Equal(t, 3*time.Hour, time.Duration(signal.Last.UnixNano()))
	for _, query := range []string{"declined", "decl", "it dec"} {
		page, err := s.Items(t.Context(), review.Filter{Query: query})
		require.NoError(t, err)
		require.Equal(t, 4, page.Total, "%q", query)
	}
	reviewed := fmt.Sprintf("%032x", 4)
	_, err = s.AddLabel(t.Context(), review.Label{TraceID: reviewed, Decision: review.Rejected})
	require.ErrorIs(t, err, review.ErrConflict, "labels of that version count")
	selected := review.Selection{Signals: []string{signal.ID}}
	_, err = s.LabelMany(t.Context(), selected, review.Label{Decision: review.Rejected})
	require.NoError(t, err)
	require.NoError(t, s.Put(t.Context(), []review.Trace{similar(9, signal.ID, failure.Refusal)}))
	requireCounted(t, path)
}

// TestAStoreOfAnEarlierVersionIsCounted: it has items and labels of before anything was counted.
func TestAStoreOfAnEarlierVersionIsCounted(t *testing.T) {
	for version := int64(1); version <= 3; version++ {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "review.db")
			fillEarlier(t, earlier(t, path, version))
			requireEarlier(t, open(t, path), path)
		})
	}
}

// TestCountsAfterARecovery: a store that was written again, or replaced by one of an earlier version, counts right.
func TestCountsAfterARecovery(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "review.db"), filepath.Join(dir, "backup.db")
	s, h := guarded(t, path)
	for n := range 9 {
		require.NoError(t, s.Put(t.Context(), []review.Trace{similar(n+1, "aaaaaaaaaaaaaaaa", failure.Refusal)}))
	}
	batch, err := s.LabelMany(t.Context(), review.Selection{TraceIDs: []string{fmt.Sprintf("%032x", 1)}},
		review.Label{Decision: review.Rejected})
	require.NoError(t, err)
	claim, err := s.Claim(t.Context(), fmt.Sprintf("%032x", 2), review.Claimant{ID: "ada", For: time.Hour})
	require.NoError(t, err)
	before, err := s.Signals(t.Context(), review.SignalFilter{})
	require.NoError(t, err)

	require.NoError(t, os.Remove(path))
	eventually(t, func() bool { _, recoveries := h.all(); return len(recoveries) == 1 })
	requireCounted(t, path)
	after, err := s.Signals(t.Context(), review.SignalFilter{})
	require.NoError(t, err)
	require.Equal(t, before, after)
	item, err := s.Item(t.Context(), fmt.Sprintf("%032x", 2))
	require.NoError(t, err)
	require.Equal(t, &claim, item.Claim, "who has a case still has it")
	undone, err := s.UndoMany(t.Context(), batch.ID, "ada")
	require.NoError(t, err)
	require.Equal(t, 1, undone)
	requireCounted(t, path)

	fillEarlier(t, earlier(t, backup, 3))
	require.NoError(t, os.Rename(backup, path))
	eventually(t, func() bool { _, recoveries := h.all(); return len(recoveries) == 2 })
	requireEarlier(t, s, path)
}

// TestSignalsAge: states that time and volume decide.
func TestSignalsAge(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "review.db"))
	const day, id = 24 * time.Hour, "aaaaaaaaaaaaaaaa"
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	sqlstore.SetNow(s, func() time.Time { return now })
	n := 0
	put := func(times int) {
		for range times {
			n++
			require.NoError(t, s.Put(t.Context(), []review.Trace{similar(n, id, failure.Refusal)}))
		}
	}
	for _, step := range []struct {
		wait  time.Duration
		items int
		want  review.SignalState
	}{
		{0, 1, review.SignalNew},
		{6 * day, 1, review.SignalNew},
		{2 * day, 1, review.SignalOngoing},
		{15 * day, 0, review.SignalResolved}, // quiet
		{day, 1, review.SignalOngoing},       // not regressed: nobody resolved it
		{day, 40, review.SignalEscalating},
		{time.Hour, 0, review.SignalEscalating},
		{80 * time.Hour, 0, review.SignalOngoing},
	} {
		now = now.Add(step.wait)
		put(step.items)
		require.NoError(t, s.AgeSignals(t.Context()))
		signal, err := s.Signal(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, step.want, signal.State, "at %v", now)
		require.Empty(t, signal.ChangedBy, "nobody changed it")
	}

	// A signal without items is removed in the end.
	for wait, found := range map[time.Duration]bool{80 * day: true, 100 * day: false} {
		s := open(t, filepath.Join(t.TempDir(), "review.db"))
		sqlstore.SetNow(s, func() time.Time { return now })
		require.NoError(t, s.Put(t.Context(), []review.Trace{similar(1, id, failure.Refusal)}))
		sqlstore.SetNow(s, func() time.Time { return now.Add(wait) })
		require.NoError(t, s.AgeSignals(t.Context())) // ongoing
		require.NoError(t, s.AgeSignals(t.Context()))
		_, err := s.Signal(t.Context(), id)
		require.NoError(t, err, "it has an item")
		removed, err := s.Sweep(t.Context(), map[review.State]review.Limits{review.Open: {MaxAge: day}})
		require.NoError(t, err)
		require.Equal(t, 1, removed)
		require.NoError(t, s.AgeSignals(t.Context()))
		_, err = s.Signal(t.Context(), id)
		require.Equal(t, found, err == nil, "after %v: %v", wait, err)
	}
}
