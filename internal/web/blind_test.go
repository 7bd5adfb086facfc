package web_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
	"github.com/faultline-otel/faultline/internal/web/overview"
)

// TestNothingTellsOfABlindCase: until it is judged, neither a page nor the API tells of a case in a blind queue what was
// found in it or what another person said, whatever is asked.
func TestNothingTellsOfABlindCase(t *testing.T) {
	s := newSite(t, web.Options{})
	session := returns()[:5] // of which the fourth turn fails
	blind := session[3]
	s.put(session...)
	beside := refund() // a case of the same session that is not blind
	s.put(beside)
	s.store.UseQueues([]review.Queue{{
		Name: "pairs", Classes: []failure.Class{failure.Hallucination}, Reviewers: 2, Blind: true, Order: review.Newest,
	}})
	require.NoError(t, s.store.Redistribute(t.Context()))
	board := overview.NewBoard(s.store)
	var err error
	s.handler, err = web.NewHandler(s.store, web.Options{
		Overview: board, Reviewer: func(r *http.Request) string { return r.Header.Get("X-User") },
	})
	require.NoError(t, err)
	said := review.Label{
		TraceID: blind.ID, Decision: review.Confirmed, Class: "refusal", Detail: "content_filter", Note: "bens view", Reviewer: "ben",
		Remarks: review.Remarks{Tags: []string{"bens-tag"}},
	}
	_, err = s.store.AddLabel(t.Context(), said)
	require.NoError(t, err)
	require.NoError(t, board.Refresh(t.Context()))

	fingerprint := blind.Spans[2].Fingerprint
	listed := func(path string) bool { return s.pageAs("ada", path).has("#i-" + blind.ID) }
	asks := []string{
		"class=hallucination", "source=verdict", "q=hallucination", "q=" + fingerprint, "q=contradicted", "reviewer=ben",
		"tag=bens-tag", "score=relevance<1",
	}
	require.True(t, listed("/"), "it is there to be judged")
	require.True(t, listed("/?queue=pairs&service=returns-bot"))
	for _, ask := range asks {
		for _, state := range []string{"", "&state=all"} {
			require.False(t, listed("/?"+ask+state), "%s: its place in a list would tell", ask)
		}
		require.NotContains(t, read(t, s.do(http.MethodGet, "/api/v1/items?"+ask, "", "", as("ada"))), blind.ID, ask)
	}
	hidden := []string{"bens view", "bens-tag", "content_filter", "is against policy-2", "contradicted", "confirmed"}
	for _, path := range []string{
		"/", "/review/" + blind.ID, "/review/" + beside.ID, "/?queue=pairs",
		"/api/v1/items", "/api/v1/items/" + blind.ID, "/api/v1/judgements", "/api/v1/facets",
	} {
		resp := s.do(http.MethodGet, path, "", "", as("ada"))
		require.Equal(t, http.StatusOK, resp.StatusCode, path)
		body := read(t, resp)
		if body[0] == '<' {
			page := parse(t, body)
			body = page.one("#items").text() + page.one("article").text() + page.one("#class").text()
		}
		for _, words := range hidden {
			require.NotContains(t, body, words, path)
		}
	}
	// A signal tells what was found in all its cases, so it does not list this one.
	signal := s.pageAs("ada", "/signals/"+fingerprint)
	require.NotContains(t, signal.one("table.cases").text(), "confirmed")
	require.Empty(t, signal.one("table.cases").one("tbody").all("a"))
	require.Contains(t, signal.one("#h-cases").text(), "what is to be judged blind is not listed")
	require.Empty(t, s.pageAs("ada", signal.one("#all-cases").attr("href")).all("a.item"))
	// Who judges the signal at once has seen what was found, and so judges what is not blind alone.
	beside2 := similar(1, fingerprint)
	s.put(beside2)
	many := `{"signals": ["` + fingerprint + `"], "trace_ids": [], "decision": "confirmed"}`
	for _, body := range []string{many, `{"trace_ids": ["` + blind.ID + `"], "decision": "confirmed"}`} {
		answer := read(t, s.do(http.MethodPost, "/api/v1/labels", "application/json", body, as("cyd")))
		require.Contains(t, answer, `"left_out":1`)
		item, err := s.store.Item(t.Context(), blind.ID)
		require.NoError(t, err)
		require.Len(t, item.Labels, 1, "ben's")
	}
	item, err := s.store.Item(t.Context(), beside2.ID)
	require.NoError(t, err)
	require.Equal(t, review.Reviewed, item.State)

	// One label among few would be known by the number.
	text := s.pageAs("ada", "/overview").one("main").text()
	require.Contains(t, text, "Nobody has judged yet.")
	require.Contains(t, text, "Nobody has judged what a scorer flagged.")
	require.NotContains(t, s.pageAs("ada", "/").one("#class").text(), "hallucination")

	// Done is done.
	_, err = s.store.AddLabel(t.Context(), review.Label{TraceID: blind.ID, Decision: review.Rejected, Reviewer: "ada"})
	require.NoError(t, err)
	require.NoError(t, board.Refresh(t.Context()))
	require.True(t, listed("/?state=all&tag=bens-tag"))
	require.Contains(t, read(t, s.do(http.MethodGet, "/api/v1/facets", "", "", as("ada"))), "bens-tag")
	require.True(t, listed("/?state=all&class=hallucination"))
	require.Contains(t, s.pageAs("ada", "/review/"+blind.ID).one("article").text(), "bens view")
	require.NotEmpty(t, s.pageAs("ada", "/signals/"+fingerprint).one("table.cases").one("tbody").all("a"))
	require.NotContains(t, s.pageAs("ada", "/overview").one("main").text(), "Nobody has judged yet.")
}
