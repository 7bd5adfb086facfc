package storetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// RunDurable checks that what was acknowledged is on disk. open opens the store in a folder, or makes it there; the
// suite closes it.
func RunDurable(t *testing.T, open func(t *testing.T, dir string) review.Store) {
	t.Helper()
	fill := func(t *testing.T, dir string) (*suite, review.Item) {
		t.Helper()
		s := &suite{t: t, Store: open(t, dir)}
		sp := failing(1, 0, 1, failure.Refusal)
		sp.Call = chat("question", "answer")
		s.put(t, trace(1, sp), trace(2, failing(1, 0, 1, failure.Timeout)))
		s.put(t, trace(1, span(2, 0, 1)))
		_, err := s.AddLabel(t.Context(), review.Label{TraceID: traceID(1), Decision: review.Confirmed, Note: "note"})
		require.NoError(t, err)
		return s, s.item(t, traceID(1))
	}
	same := func(t *testing.T, dir string, want review.Item) {
		t.Helper()
		s := &suite{t: t, Store: open(t, dir)}
		defer func() { require.NoError(t, s.Close()) }()
		sameItem(t, want, s.item(t, traceID(1)))
		require.Equal(t, []string{traceID(2), traceID(1)}, s.ids(t, review.Filter{}))
		require.Equal(t, []string{traceID(1)}, s.ids(t, review.Filter{Query: "question"}))
		s.put(t, trace(3, failing(1, 0, 1, failure.Refusal)))
		require.Len(t, s.ids(t, review.Filter{}), 3)
	}
	t.Run("closed and opened again", func(t *testing.T) {
		dir := t.TempDir()
		s, want := fill(t, dir)
		require.NoError(t, s.Close())
		require.Error(t, s.Put(t.Context(), []review.Trace{trace(9, failing(1, 0, 1, failure.Refusal))}), "it is closed")
		same(t, dir, want)
	})
	t.Run("the process dies", func(t *testing.T) {
		dir := t.TempDir()
		s, want := fill(t, dir)
		dead := copyOf(t, dir) // what is on disk while the store still runs
		require.NoError(t, s.Close())
		same(t, dead, want)
	})
}

// copyOf copies the files of a folder, as they are.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		//nolint:gosec // names of a folder of this test
		require.NoError(t, os.WriteFile(filepath.Join(to, e.Name()), data, 0o600))
	}
	return to
}
