package web_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

// confirmed judges the newest case of a signal.
func confirmed(s *site, ids []string) {
	s.t.Helper()
	l := review.Label{TraceID: ids[len(ids)-1], Decision: review.Confirmed, Reviewer: "ada"}
	_, err := s.store.AddLabel(s.t.Context(), l)
	require.NoError(s.t, err)
}

// TestDatasets: the page says what guards against failures, and what people confirmed and nothing guards against.
func TestDatasets(t *testing.T) {
	s := newSite(t, web.Options{})
	main := s.page("/datasets").one("main")
	require.Contains(t, main.text(), "Nothing yet. Confirm failures, then copy the command.")
	require.Contains(t, main.text(), "None: each signal that people confirmed has a test.")

	confirmed(s, equal(s, 3, printA))
	confirmed(s, equal(s, 2, printB))
	main = s.page("/datasets").one("main")
	missing := main.one("ul.noisy").all("li")
	require.Len(t, missing, 2)
	require.Contains(t, missing[0].text(), "1 case judged")
	require.Equal(t, "faultline dataset export --from http://example.com -o failures.jsonl", main.one("#dataset").attr("data-copy"))

	rows := review.Guard{Kind: review.GuardRows, Name: "<b>refunds</b>.jsonl", Rows: []string{"a", "b"}, By: "ada"}
	require.NoError(t, s.store.GuardSignal(t.Context(), printA, rows))
	rows.Rows = []string{"b", "c"}
	require.NoError(t, s.store.GuardSignal(t.Context(), printB, rows))
	require.NoError(t, s.store.GuardSignal(t.Context(), printB, review.Guard{Kind: review.GuardRule, Name: "no_amount"}))
	require.NoError(t, s.store.RenameSignal(t.Context(), printB, "text for a number", "ada"))
	main = s.page("/datasets").one("main")
	require.Contains(t, main.text(), "None: each signal")
	sets := main.one("table").one("tbody").all("tr")
	require.Len(t, sets, 2, "a dataset is one, whatever signals it is of")
	require.Contains(t, sets[0].text(), "no_amount")
	require.Contains(t, sets[0].text(), "a rule")
	require.Contains(t, sets[1].text(), "<b>refunds</b>.jsonl")
	require.Contains(t, sets[1].text(), "3 rows", "each row once")
	require.Len(t, sets[1].all("li"), 2)
	require.Equal(t, "/signals/"+printB, sets[1].all("a")[0].attr("href"))
	require.Contains(t, sets[1].text(), "text for a number")

	var listed struct{ Guards []review.SignalGuard }
	_, body := s.get("/api/v1/guards")
	require.NoError(t, json.Unmarshal([]byte(body), &listed))
	require.Len(t, listed.Guards, 3)
	require.Equal(t, "text for a number", listed.Guards[0].Title)
}

// TestSignalsWithoutATest: the list of signals keeps the filter that the page of datasets leads to.
func TestSignalsWithoutATest(t *testing.T) {
	s := newSite(t, web.Options{})
	confirmed(s, equal(s, 3, printA))
	equal(s, 2, printB)
	require.Len(t, s.page("/signals").all("li.sig"), 2)
	page := s.page("/signals?unguarded=yes")
	require.Len(t, page.all("li.sig"), 1)
	require.Contains(t, page.one("#signal-filter").text(), "confirmed, and without a test")
	require.Contains(t, page.one("a.item").attr("href"), "unguarded=yes")
}

// TestCommandsNameThisServer: what is copied into a shell reaches the server that the page came from, and nothing else.
func TestCommandsNameThisServer(t *testing.T) {
	s := newSite(t, web.Options{})
	for host, want := range map[string]string{
		"review.example:8443": "--from http://review.example:8443 -o", "[::1]:8321": "--from http://[::1]:8321 -o",
		"x;rm${IFS}-r": "--from http://127.0.0.1:8321 -o", "a b": "--from http://127.0.0.1:8321 -o",
	} {
		resp := s.do(http.MethodGet, "/datasets", "", "", func(r *http.Request) { r.Host = host })
		require.Contains(t, parse(t, read(t, resp)).one("#dataset").attr("data-copy"), want, host)
	}
	resp := s.do(http.MethodGet, "/datasets", "", "", func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") })
	require.Contains(t, parse(t, read(t, resp)).one("#dataset").attr("data-copy"), "--from https://example.com -o")
}

// TestWhatIsBlindIsNotCounted: the button says how many cases it takes, and what it leaves out stands beside it.
func TestWhatIsBlindIsNotCounted(t *testing.T) {
	s := newSite(t, web.Options{})
	equal(s, 3, printA)
	s.store.UseQueues([]review.Queue{
		{Name: "pairs", Services: []string{refund().Service}, Reviewers: 2, Blind: true, Order: review.Newest},
		review.DefaultQueue(),
	})
	require.NoError(t, s.store.Redistribute(t.Context()))
	seen := similar(9, printA)
	seen.Service = "another"
	for i := range seen.Spans {
		seen.Spans[i].Service = "another"
	}
	s.put(seen)
	page := s.page("/signals/" + printA)
	require.Equal(t, "all 1", page.all(".chosen-words")[0].text())
	require.Contains(t, page.one("p.where").text(), "Left out: 3 cases to be judged blind")
	action, form := formOf(page, "confirmed")
	form.Set("reviewer", "ada")
	location := s.judge(action, form).Header.Get("Location")
	require.Contains(t, location, "judged=1")
	require.Contains(t, location, "left=3")
	require.Equal(t, "none", s.page("/signals/" + printA).all(".chosen-words")[0].text())
}

func TestDatasetsFromTheKeyboard(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	s := newSite(t, web.Options{})
	confirmed(s, equal(s, 2, printA))
	b := open(t, s)
	b.do(chromedp.Navigate(b.url + "/"))
	b.await(`document.readyState === "complete"`)
	b.press("D")
	b.await(`location.pathname === "/datasets" && document.readyState === "complete"`)
	b.press("d")
	b.await(`["Copied", "The browser does not allow copying"].includes(document.getElementById("status").textContent)`)
	b.do(chromedp.Click("#h-missing + ul a", chromedp.ByQuery))
	b.await(`location.pathname === %q`, "/signals/"+printA)
	b.quiet()
}
