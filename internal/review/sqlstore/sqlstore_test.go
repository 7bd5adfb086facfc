package sqlstore_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/review/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a store that is closed when the test ends.
func open(t *testing.T, path string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, 100*time.Millisecond, func(t *testing.T) review.Store {
		t.Helper()
		return open(t, filepath.Join(t.TempDir(), "data", "review.db"))
	})
}

func TestConformanceInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("the store on disk runs the same suite")
	}
	storetest.Run(t, 100*time.Millisecond, func(t *testing.T) review.Store {
		t.Helper()
		return open(t, sqlstore.Memory)
	})
}

func TestDurability(t *testing.T) {
	storetest.RunDurable(t, func(t *testing.T, dir string) review.Store {
		t.Helper()
		s, err := sqlstore.Open(t.Context(), filepath.Join(dir, "review.db"))
		require.NoError(t, err)
		return s
	})
}

func failingTrace(n int) review.Trace {
	return review.Trace{ID: fmt.Sprintf("%032x", n), Spans: []review.Span{
		{ID: fmt.Sprintf("%016x", n), Verdict: failure.Verdict{Class: failure.Refusal}},
	}}
}

// TestTornLog cuts the log of a store that died while it wrote, at many places: it opens, and holds a beginning of what
// was put, without gaps.
func TestTornLog(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "review.db"))
	const puts = 8
	for n := range puts {
		require.NoError(t, s.Put(t.Context(), []review.Trace{failingTrace(2*n + 1), failingTrace(2*n + 2)}))
	}
	database, err := os.ReadFile(filepath.Join(dir, "review.db"))
	require.NoError(t, err)
	log, err := os.ReadFile(filepath.Join(dir, "review.db-wal"))
	require.NoError(t, err)
	require.NotEmpty(t, log)
	seen := map[int]bool{}
	for cut := 0; cut < len(log); cut += 10_007 {
		dead := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dead, "review.db"), database, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dead, "review.db-wal"), log[:len(log)-cut], 0o600))
		again := open(t, filepath.Join(dead, "review.db"))
		page, err := again.Items(t.Context(), review.Filter{})
		require.NoError(t, err)
		require.Zero(t, page.Total%2, "a call is kept whole or not at all")
		for i, item := range page.Items {
			require.Equal(t, failingTrace(page.Total-i).ID, item.TraceID)
		}
		seen[page.Total] = true
	}
	require.True(t, seen[2*puts])
	require.Greater(t, len(seen), 2)
}

func TestFilesAreTheOwners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "on the way", "review?x=1&y#%20.db")
	s := open(t, path)
	require.NoError(t, s.Put(t.Context(), []review.Trace{failingTrace(1)}))
	for _, file := range []string{path, path + "-wal"} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
	}
	info, err := os.Stat(filepath.Dir(path))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	noDatabase := filepath.Join(dir, "letter.txt")
	require.NoError(t, os.WriteFile(noDatabase, []byte(strings.Repeat("Dear Ada, ", 1000)), 0o600))
	newer := filepath.Join(dir, "newer.db")
	require.NoError(t, open(t, newer).Close())
	db, err := sql.Open("sqlite", newer)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	for path, want := range map[string]string{
		"":                                   "path must not be empty",
		dir:                                  "is a directory",
		filepath.Join(noDatabase, "x", "db"): "make its folder",
		noDatabase:                           "not a database",
		newer:                                "version 99, made by a newer program",
	} {
		_, err := sqlstore.Open(t.Context(), path)
		require.ErrorContains(t, err, want, path)
		require.ErrorContains(t, err, "open review store "+path)
	}
	data, err := os.ReadFile(noDatabase)
	require.NoError(t, err)
	require.Contains(t, string(data), "Dear Ada", "what is no store is left alone")
}

// earlier makes a store of an earlier version of the schema.
func earlier(t *testing.T, path string, version int64) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("schema/sqlite"))
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), version)
	require.NoError(t, err)
	return db
}

// TestAStoreOfVersion1IsRead: its spans have the keys of that version, and their root cause is computed with new ones.
func TestAStoreOfVersion1IsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "review.db")
	db := earlier(t, path, 1)
	const trace = "00000000000000000000000000000001"
	_, err := db.ExecContext(t.Context(), `INSERT INTO items VALUES (1, $1, 'open', 'shop', '', 'tool_error', 'failed', 'it failed',
		'0123456789abcdef', '0000000000000002', '', '', '', '', NULL, 0, 0, 0, NULL, 0)`, trace)
	require.NoError(t, err)
	deep := `{"id":"0000000000000003","name":"odd","start":"1970-01-01T00:00:01Z","duration_ns":1,"call":{"tool":{"arguments":` +
		strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}}}`
	for _, span := range []struct{ id, class, detail, fingerprint, data string }{
		{"0000000000000001", "", "", "", `{"id":"0000000000000001","name":"agent","start":"1970-01-01T00:00:01Z","duration_ns":9000000000,` +
			`"call":{"operation":"invoke_agent"}}`},
		{"0000000000000002", "tool_error", "failed", "0123456789abcdef", `{"id":"0000000000000002","parent_id":"0000000000000001","name":"tool",` +
			`"start":"1970-01-01T00:00:03Z","duration_ns":1000000000,"error":true,"class":"tool_error","detail":"failed",` +
			`"classes":["tool_error","retry_loop"],"evidence":"it failed","fingerprint":"0123456789abcdef"}`},
		{"0000000000000003", "", "", "", deep},
	} {
		_, err = db.ExecContext(t.Context(), `INSERT INTO spans VALUES (1, $1, '', $2, $3, '', $4, '', '', '', '', NULL, 3000000000, 1000000000, $5)`,
			span.id, span.class, span.detail, span.fingerprint, span.data)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())

	s := open(t, path)
	verdict := failure.Verdict{
		Class: failure.ToolError, Bucket: failure.Ops, Detail: "failed", Evidence: "it failed", Fingerprint: "0123456789abcdef",
		Classes: []failure.Class{failure.ToolError, failure.RetryLoop},
	}
	item, err := s.Item(t.Context(), trace)
	require.NoError(t, err)
	require.Equal(t, verdict, item.Verdict)
	require.Equal(t, verdict, item.Spans[1].Verdict)
	require.Len(t, item.Spans, 3)

	// A cut answer explains the tool's failure and its loop, where both are known to be of one agent's run.
	late := review.Span{
		ID: "0000000000000004", ParentID: "0000000000000001", Start: time.Unix(1, 0), Duration: time.Second,
		Verdict: failure.Verdict{Class: failure.Truncation, Detail: failure.OutputLimit},
	}
	require.NoError(t, s.Put(t.Context(), []review.Trace{{ID: trace, Spans: []review.Span{late}}}))
	item, err = s.Item(t.Context(), trace)
	require.NoError(t, err)
	require.Equal(t, late.ID, item.PrimarySpanID)
}

// BenchmarkPut writes traces as the exporter does: five spans with a conversation each.
func BenchmarkPut(b *testing.B) {
	for _, batch := range []int{1, 50} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			s, err := sqlstore.Open(b.Context(), filepath.Join(b.TempDir(), "review.db"))
			require.NoError(b, err)
			defer func() { require.NoError(b, s.Close()) }()
			n := 0
			for b.Loop() {
				traces := make([]review.Trace, batch)
				for i := range traces {
					n++
					traces[i] = conversation(n)
				}
				require.NoError(b, s.Put(b.Context(), traces))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/trace")
		})
	}
}

// BenchmarkRead reads a queue of some size as the page does.
func BenchmarkRead(b *testing.B) {
	s, err := sqlstore.Open(b.Context(), filepath.Join(b.TempDir(), "review.db"))
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	const items = 20_000
	for n := 0; n < items; {
		traces := make([]review.Trace, 500)
		for i := range traces {
			n++
			traces[i] = conversation(n)
		}
		require.NoError(b, s.Put(b.Context(), traces))
	}
	for name, f := range map[string]review.Filter{
		"all": {}, "class": {Class: failure.Refusal}, "rare word": {Query: "order 4711"}, "word of all": {Query: "parcel"}, "first letter": {Query: "t"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := s.Items(b.Context(), f)
				require.NoError(b, err)
				_, err = s.Facets(b.Context(), f)
				require.NoError(b, err)
			}
		})
	}
}

func conversation(n int) review.Trace {
	t := failingTrace(n)
	t.Service = "support-" + strconv.Itoa(n%7)
	t.Spans[0].Class = failure.Classes()[n%13].Class
	var history []genai.Message
	for turn := range 5 {
		history = append(history,
			genai.Message{Role: "user", Text: fmt.Sprintf("turn %d: where is the parcel of order %d? %s", turn, n, strings.Repeat("please look it up ", 20))},
			genai.Message{Role: "assistant", Text: fmt.Sprintf("turn %d: it is on its way. %s", turn, strings.Repeat("thank you for waiting ", 20))})
		call := &genai.Call{Operation: genai.OpChat, RequestModel: "gpt-4o"}
		last := len(history) - 1
		call.SetContent(genai.Content{Input: history[:last:last], Output: history[last:]})
		t.Spans = append(t.Spans, review.Span{ID: fmt.Sprintf("%08x%08x", n, turn+1), Name: "chat", Call: call})
	}
	return t
}

// TestExpiredClaimsAreRemoved: there is one a reviewer, and browsers come and go.
func TestExpiredClaimsAreRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "review.db")
	s := open(t, path)
	require.NoError(t, s.Put(t.Context(), []review.Trace{failingTrace(1), failingTrace(2)}))
	for id, d := range map[string]time.Duration{"gone": -time.Second, "here": time.Hour} {
		_, err := s.ClaimNext(t.Context(), review.Filter{}, "", review.Claimant{ID: id, For: d})
		require.NoError(t, err)
	}
	_, err := s.Sweep(t.Context(), nil)
	require.NoError(t, err)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var holder string
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT holder FROM claims`).Scan(&holder))
	require.Equal(t, "here", holder)
	var n int
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM claims`).Scan(&n))
	require.Equal(t, 1, n)
}

// TestNoActWithoutItsRecord: what people do and its record in the audit log are one transaction.
func TestNoActWithoutItsRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "review.db")
	s := open(t, path)
	a, b := failingTrace(1), failingTrace(2)
	a.Spans[0].Fingerprint, b.Spans[0].Fingerprint = fingerprint(1), fingerprint(2)
	require.NoError(t, s.Put(t.Context(), []review.Trace{a, b}))
	batch, err := s.LabelMany(t.Context(), review.Selection{TraceIDs: []string{b.ID}}, review.Label{Decision: review.Rejected})
	require.NoError(t, err)
	seen := func() []any {
		first, err := s.Item(t.Context(), a.ID)
		require.NoError(t, err)
		second, err := s.Item(t.Context(), b.ID)
		require.NoError(t, err)
		signals, err := s.Signals(t.Context(), review.SignalFilter{})
		require.NoError(t, err)
		page, err := s.Items(t.Context(), review.Filter{State: review.Open})
		require.NoError(t, err)
		return []any{first, second, signals, page}
	}
	before := seen()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), `CREATE TRIGGER no_record BEFORE INSERT ON audit
		BEGIN SELECT RAISE(ABORT, 'no record'); END`)
	require.NoError(t, err)
	ctx, who := t.Context(), review.Claimant{ID: "login ada", Name: "ada"}
	for name, act := range map[string]func() error{
		"assign":  func() error { return s.Assign(ctx, a.ID, "ben", "ada") },
		"requeue": func() error { return s.Requeue(ctx, a.ID, who) },
		"rename":  func() error { return s.RenameSignal(ctx, fingerprint(1), "title", "ada") },
		"merge":   func() error { return s.MergeSignal(ctx, fingerprint(1), fingerprint(2), "ada") },
		"signal": func() error {
			return s.ChangeSignal(ctx, fingerprint(1), review.SignalChange{State: review.SignalIgnored, By: "ada"})
		},
		"undo": func() error { _, err := s.UndoMany(ctx, batch.ID, "ada"); return err },
		"batch": func() error {
			_, err := s.LabelMany(ctx, review.Selection{TraceIDs: []string{a.ID}}, review.Label{Decision: review.Rejected})
			return err
		},
		"erase": func() error {
			_, err := s.Erase(ctx, review.Subject{Kind: review.TraceSubject, ID: a.ID}, "ada")
			return err
		},
	} {
		require.ErrorContains(t, act(), "no record", name)
		require.Equal(t, before, seen(), name)
	}
}
