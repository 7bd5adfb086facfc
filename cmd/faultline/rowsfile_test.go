package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
)

// TestAnExportKeepsTheRowsOfItsFile: the page offers one file name for the commands of all signals, and people edit
// rows.
func TestAnExportKeepsTheRowsOfItsFile(t *testing.T) {
	dir := t.TempDir()
	path, file := filepath.Join(dir, "review.db"), filepath.Join(dir, "failures.jsonl")
	store, err := sqlstore.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	const refunds, orders = "0123456789abcdef", "fedcba9876543210"
	confirm := func(n int, signal string) {
		call := &genai.Call{Operation: genai.OpChat}
		call.SetContent(genai.Content{
			Input:  []genai.Message{{Role: genai.RoleUser, Text: fmt.Sprintf("Refund order %d", n)}},
			Output: []genai.Message{{Role: genai.RoleAssistant, Text: "I cannot help with that."}},
		})
		id := fmt.Sprintf("%032x", n)
		require.NoError(t, store.Put(t.Context(), []review.Trace{{ID: id, Service: "shop", Spans: []review.Span{{
			ID: "00000000000000aa", Name: "chat", Start: time.Now(), Call: call, Verdict: failure.Verdict{
				Class: failure.Refusal, Classes: []failure.Class{failure.Refusal}, Fingerprint: signal,
			},
		}}}}))
		_, err := store.AddLabel(t.Context(), review.Label{TraceID: id, Decision: review.Confirmed})
		require.NoError(t, err)
	}
	export := func(flags ...string) (stderr string) {
		_, stderr = cli(t, exitOK, append([]string{"dataset", "export", "--store", path, "-o", file}, flags...)...)
		return stderr
	}
	confirm(1, refunds)
	confirm(2, orders)
	require.Contains(t, export("--signal", refunds), "1 row in "+file+", dataset")
	require.Contains(t, export("--signal", orders), "2 rows in "+file+", 1 of them new, dataset")

	rows, err := readDataset(file)
	require.NoError(t, err)
	cli(t, exitOK, "dataset", "edit", file, "--row", rows[0].ID, "--known", "until Friday")
	confirm(3, refunds)
	require.Contains(t, export(), "0 of them new")
	require.Contains(t, export("--all-rows"), "3 rows in "+file+", 1 of them new")
	edited, err := readDataset(file)
	require.NoError(t, err)
	require.Equal(t, []any{3, rows[0].ID, "until Friday"}, []any{len(edited), edited[0].ID, edited[0].Known})

	// A file that is no dataset is not replaced but on demand.
	notes := []byte("what we know of refunds\n")
	require.NoError(t, os.WriteFile(file, notes, 0o600))
	_, stderr := cli(t, exitUsage, "dataset", "export", "--store", path, "-o", file)
	require.Contains(t, stderr, "write to another file, or give --overwrite")
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, notes, kept)
	require.Contains(t, export("--overwrite"), "2 rows in "+file+", dataset")
}

func TestAnImportKeepsTheRowsOfItsFile(t *testing.T) {
	dir := t.TempDir()
	in, file := filepath.Join(dir, "in.csv"), filepath.Join(dir, "cases.jsonl")
	imported := func(questions string, flags ...string) (stderr string) {
		require.NoError(t, os.WriteFile(in, []byte("input,expected\n"+questions), 0o600))
		_, stderr = cli(t, exitOK, append([]string{"dataset", "import", in, "-o", file}, flags...)...)
		return stderr
	}
	require.Contains(t, imported("a,1\nb,2\n"), "2 rows in "+file+", dataset")
	require.Contains(t, imported("b,2\nc,3\n"), "3 rows in "+file+", 1 of them new")
	require.Contains(t, imported("c,3\n", "--overwrite"), "1 row in "+file+", dataset")
}
