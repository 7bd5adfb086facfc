package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/web"
)

// reviewed serves the review page over a store with n failing traces, all confirmed.
func reviewed(t *testing.T, n int) string {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Memory)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	set, err := loadScorers("")
	require.NoError(t, err)
	scorer := pipeline.NewScorer(set, pipeline.ScorerOptions{})
	var traces []review.Trace
	for i := range n {
		call := strings.Replace(
			refundCall(fmt.Sprintf("%032x", 0xabc000+i), `"19,99 EUR"`),
			"order 4471",
			fmt.Sprintf("order %d", i),
			1,
		)
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(call))
		require.NoError(t, err)
		scorer.Traces(td, nil, nil)
		traces = append(traces, pipeline.ReviewTraces(td, nil)...)
	}
	require.NoError(t, store.Put(t.Context(), traces))
	for _, trace := range traces {
		_, err := store.AddLabel(t.Context(), review.Label{
			TraceID:  trace.ID,
			Decision: review.Confirmed,
			Class:    failure.ToolCallMalformed,
			Detail:   failure.TypeMismatch,
			Reviewer: "ada",
		})
		require.NoError(t, err)
	}
	handler, err := web.NewHandler(store, web.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestExportFromTheReviewAPIIsComplete(t *testing.T) {
	const n = 450 // more than two pages
	address := reviewed(t, n)
	stdout, stderr := cli(t, exitOK, "dataset", "export", "--all-rows", "--from", strings.TrimPrefix(address, "http://"))
	require.Contains(t, stderr, "450 rows")
	rows, err := dataset.Read("stdout", strings.NewReader(stdout))
	require.NoError(t, err)
	require.Len(t, rows, n)
	for _, row := range rows {
		require.Equal(t, "returns-bot", row.Service)
		require.Equal(t, "ada", row.Reviewer)
		require.Len(t, row.Call.Tools(), 1, "the row has the definitions, so that the call can be scored again")
		require.NotEmpty(t, dataset.Input(row.Call))
	}
}

func TestExportReportsErrorsOfTheReviewAPI(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"needs a password": {http.StatusUnauthorized, "", "401 Unauthorized"},
		"an error of ours": {http.StatusInternalServerError, `{"error":{"code":"internal","message":"disk is ` +
			`full"}}`, `500 Internal Server Error: "disk is full"`},
		"another server": {http.StatusOK, "<html>", "is this the review page of Faultline?"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			_, stderr := cli(
				t,
				exitFailure,
				"dataset",
				"export",
				"--from",
				strings.Replace(server.URL, "http://", "http://ada:secret@", 1),
			)
			require.Contains(t, stderr, c.want)
			require.NotContains(t, stderr, "secret")
		})
	}
}

func TestExportSignsIn(t *testing.T) {
	t.Setenv(headersVariable, "X-Forwarded-User=ada%20l, X-Token=a=b")
	var name, password string
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, password, _ = r.BasicAuth()
		header = r.Header
		_, _ = w.Write([]byte(`{"items":[],"total":0,"next":""}`))
	}))
	defer server.Close()
	q, err := newRemoteQueue(strings.Replace(server.URL, "http://", "http://ada:secret@", 1))
	require.NoError(t, err)
	_, err = q.Items(context.Background(), review.Filter{})
	require.NoError(t, err)
	require.NoError(t, q.Close())
	require.Equal(t, []string{"ada", "secret"}, []string{name, password})
	require.Equal(t, []string{"ada l", "a=b"}, []string{header.Get("X-Forwarded-User"), header.Get("X-Token")})

	t.Setenv(headersVariable, "s3cret")
	_, stderr := cli(t, exitUsage, "dataset", "export", "--from", server.URL)
	require.Contains(t, stderr, headersVariable+" must be name=value pairs between commas, got one that is none")
	require.NotContains(t, stderr, "s3cret")
}
