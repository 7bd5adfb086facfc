package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/web"
)

// TestSignalsKnowTheirRowsAndRules: from a failure over a dataset and a rule to a resolved signal that comes back.
func TestSignalsKnowTheirRowsAndRules(t *testing.T) {
	const signal = "0123456789abcdef"
	dir := t.TempDir()
	store, err := sqlstore.Open(t.Context(), filepath.Join(dir, "review.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	fail := func(n int, version string, at time.Time) review.Trace {
		call := &genai.Call{Operation: genai.OpChat, PromptName: "refunds", PromptVersion: version}
		call.SetContent(genai.Content{
			Input:  []genai.Message{{Role: genai.RoleUser, Text: fmt.Sprintf("Refund order %d", n)}},
			Output: []genai.Message{{Role: genai.RoleAssistant, Text: "I sent 900 EUR."}},
		})
		return review.Trace{ID: fmt.Sprintf("%032x", n), Service: "shop", Spans: []review.Span{{
			ID: "00000000000000aa", Name: "chat", Start: at, Call: call, Verdict: failure.Verdict{
				Class: failure.Hallucination, Classes: []failure.Class{failure.Hallucination}, Detail: "claimed_action",
				Fingerprint: signal,
			},
		}}}
	}
	require.NoError(t, store.Put(t.Context(), []review.Trace{fail(1, "v17", time.Now().Add(-time.Hour))}))
	_, err = store.AddLabel(t.Context(), review.Label{TraceID: fmt.Sprintf("%032x", 1), Decision: review.Confirmed})
	require.NoError(t, err)
	handler, err := web.NewHandler(store, web.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	guards := func() []review.Guard {
		g, err := store.Signal(t.Context(), signal)
		require.NoError(t, err)
		return g.Guards
	}

	rows := filepath.Join(dir, "refunds.jsonl")
	cli(t, exitOK, "dataset", "export", "--from", server.URL)
	cli(t, exitOK, "dataset", "export", "--from", server.URL, "-o", rows, "--no-record")
	require.Empty(t, guards(), "what is written nowhere, or is for something else, guards nothing")
	_, stderr := cli(t, exitOK, "dataset", "export", "--from", server.URL, "-o", rows)
	require.Contains(t, stderr, "recorded with 1 signal")
	written, err := readDataset(rows)
	require.NoError(t, err)
	got := guards()
	require.Len(t, got, 1)
	require.Equal(t, []any{review.GuardRows, filepath.ToSlash(rows), dataset.Hash(written), []string{written[0].ID}},
		[]any{got[0].Kind, got[0].Name, got[0].Version, got[0].Rows})

	judged, scorers := refunds(), filepath.Join(dir, "scorers.yaml")
	for i := range judged {
		if judged[i].Fingerprint == "a1b2" {
			judged[i].Fingerprint = signal
		}
	}
	all := filepath.Join(dir, "judged.jsonl")
	require.NoError(t, dataset.WriteFile(all, judged))
	require.NoError(t, os.WriteFile(scorers, []byte("version: 1\n"), 0o600))
	propose := []string{"propose", "--dataset", all, "--scorers", scorers, "--signal", signal, "--from", server.URL}
	_, stderr = cli(t, exitUsage, propose...)
	require.Contains(t, stderr, "only of use with --write")
	cli(t, exitOK, append(propose, "--write")...)
	got = guards()
	require.Len(t, got, 2)
	require.Equal(t, review.GuardRule, got[1].Kind)
	set, err := loadScorers(scorers)
	require.NoError(t, err)
	versions := map[string]string{}
	for _, s := range set.Scorers() {
		versions[s.Name()] = s.Version()
	}
	require.Equal(t, versions[got[1].Name], got[1].Version, "as it stands on spans")

	// Resolved in a prompt version, and back in a newer one: all of it is still known.
	require.NoError(t, store.ChangeSignal(t.Context(), signal, review.SignalChange{
		State: review.SignalResolved, Version: "v18", By: "ada",
	}))
	require.NoError(t, store.Put(t.Context(), []review.Trace{fail(2, "v17", time.Now().Add(time.Hour))}))
	g, err := store.Signal(t.Context(), signal)
	require.NoError(t, err)
	require.Equal(t, review.SignalResolved, g.State, "an old deployment")
	require.NoError(t, store.Put(t.Context(), []review.Trace{fail(3, "v19", time.Now().Add(time.Hour))}))
	g, err = store.Signal(t.Context(), signal)
	require.NoError(t, err)
	require.Equal(t, []any{review.SignalRegressed, "v18", "ada", 2}, []any{g.State, g.Version, g.ChangedBy, len(g.Guards)})
}
