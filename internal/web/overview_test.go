package web_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/web"
	"github.com/faultline-otel/faultline/internal/web/overview"
)

// newOverviewSite has the bundled sample, and two people judged each case. The second rejects every third.
func newOverviewSite(t *testing.T) (*site, *overview.Board) {
	t.Helper()
	s := newSite(t, web.Options{})
	board := overview.NewBoard(s.store)
	var err error
	s.handler, err = web.NewHandler(s.store, web.Options{Overview: board})
	require.NoError(t, err)
	return s, board
}

func judgeAll(t *testing.T, s *site, store *sqlstore.Store) {
	t.Helper()
	for i, item := range s.items(allItems) {
		first, err := store.AddLabel(t.Context(), review.Label{TraceID: item.TraceID, Decision: review.Confirmed, Reviewer: "ada"})
		require.NoError(t, err)
		second := review.Label{TraceID: item.TraceID, Decision: review.Confirmed, Reviewer: "<b>bob</b>", Replaces: first.ID}
		if i%3 == 0 {
			second.Decision = review.Rejected
		}
		_, err = store.AddLabel(t.Context(), second)
		require.NoError(t, err)
	}
}

func TestOverview(t *testing.T) {
	s, board := newOverviewSite(t)
	page := s.page("/overview")
	require.Contains(t, page.one("main").text(), "The figures are being computed")
	status, body := s.get("/api/v1/overview")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, body, "not computed yet")

	s.replay(400)
	judgeAll(t, s, s.store)
	require.NoError(t, board.Refresh(t.Context()))
	page = s.page("/overview")
	text := page.one("main").text()
	for _, want := range []string{
		"more were judged than came in.", "How often it really fails", "no random sample: what scorers miss is not known",
		"How often each scorer is right", "Came in and judged", "Noisy scorers", "What fails",
		"How long cases wait", "How far people agree", "Reviewers", "ada", "<b>bob</b>", "tool_call_malformed", "of 30 labels",
	} {
		require.Contains(t, text, want)
	}
	require.False(t, slices.Contains(page.texts("b"), "bob"), "names are text")
	for _, drawing := range page.all("svg") {
		hidden := drawing.attr("aria-hidden") == "true"
		require.True(t, hidden || drawing.attr("aria-label") != "" && drawing.attr("role") == "img", "a drawing has words, or is beside them")
	}
	for _, e := range page.all("") {
		require.Empty(t, e.attr("style"), "the policy allows no inline style")
	}
	require.Len(t, page.all("script"), 3, "those of every page, and none of its own")
	require.Empty(t, s.failed)

	resp := s.do(http.MethodGet, "/api/v1/overview", "", "")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	var figures overview.Figures
	require.NoError(t, json.Unmarshal([]byte(read(t, resp)), &figures))
	require.WithinDuration(t, time.Now(), figures.At, time.Minute)
	require.Len(t, s.items(allItems), figures.Agreement.Items)
	require.Equal(t, []string{"<b>bob</b>", "ada"}, []string{figures.Reviewers[0].Name, figures.Reviewers[1].Name})
	require.NotEmpty(t, figures.Scorers)

	// One queue, and another time.
	s.store.UseQueues([]review.Queue{{Name: "refunds", Classes: []failure.Class{failure.Refusal}, Reviewers: 1, Order: review.Newest}})
	require.NoError(t, s.store.Redistribute(t.Context()))
	const scoped = "?days=7&queue=refunds"
	require.Contains(t, s.page("/overview"+scoped).one("main").text(), "being computed")
	require.NoError(t, board.Refresh(t.Context()))
	page = s.page("/overview" + scoped)
	require.Contains(t, page.one("h1").text(), "In 7 days")
	require.Equal(t, []string{"all queues", "refunds"}, page.one("#scope").all("select")[0].texts("option"))
	require.Equal(t, []string{"refusal"}, page.one("ul.cls").texts("a"))
	require.Contains(t, s.page("/overview").one("h1").text(), "In 30 days")
	status, body = s.get("/api/v1/overview" + scoped)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `"queue":"refunds"`)
	status, _ = s.get("/api/v1/overview?days=12")
	require.Equal(t, http.StatusBadRequest, status)

	require.Contains(t, s.page("/").one("nav").text(), "Overview")
	require.Contains(t, s.page("/signals").one("nav").text(), "Overview")
}

func TestJudgementsOfTheAPI(t *testing.T) {
	s, _ := newOverviewSite(t)
	s.replay(200)
	status, body := s.get("/api/v1/judgements")
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"judgements": [], "next": ""}`, body)
	judgeAll(t, s, s.store)
	seen := 0
	for cursor := ""; ; {
		status, body := s.get("/api/v1/judgements?limit=3&since=2020-01-01T00:00:00Z&cursor=" + cursor)
		require.Equal(t, http.StatusOK, status)
		var page review.JudgementPage
		require.NoError(t, json.Unmarshal([]byte(body), &page))
		for i := range page.Judgements {
			require.Len(t, page.Judgements[i].Labels, 2)
			require.Equal(t, review.SourceVerdict, page.Judgements[i].Source)
		}
		seen += len(page.Judgements)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	require.Len(t, s.items(allItems), seen)
	for query, want := range map[string]string{
		"limit=0": "limit must be 1 to 500", "since=today": "since must be a time", "cursor=x": "cursor must be the next of a page",
	} {
		status, body := s.get("/api/v1/judgements?" + query)
		require.Equal(t, http.StatusBadRequest, status)
		require.Contains(t, body, want, body)
	}
}
