package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

// equal puts n traces with the same failure.
func equal(s *site, n int, fingerprint string) (ids []string) {
	s.t.Helper()
	for i := range n {
		trace := similar(i+1, fingerprint)
		s.put(trace)
		ids = append(ids, trace.ID)
	}
	return ids
}

// similar is a trace with a failure of a fingerprint.
func similar(n int, fingerprint string) review.Trace {
	trace := refund()
	trace.ID = fmt.Sprintf("%s%016x", fingerprint, n)
	for j := range trace.Spans {
		if trace.Spans[j].Failed() {
			trace.Spans[j].Fingerprint = fingerprint
		}
	}
	return trace
}

const printA, printB = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"

func TestASignalIsJudgedAtOnce(t *testing.T) {
	s := newSite(t, web.Options{})
	ids := equal(s, 25, printA)
	equal(s, 2, printB)
	page := s.page("/signals/" + printA)
	require.Len(t, page.all("li.sig"), 2)
	require.Equal(t, "25", page.one("#left").text())
	require.Contains(t, page.one("div.volume").one("svg").attr("aria-label"), "25, most in one hour")
	_, err := s.store.Claim(t.Context(), ids[3], review.Claimant{ID: "login ben", Name: "ben", For: 1e12})
	require.NoError(t, err)
	equal(s, 26, printA) // one more arrived since

	action, form := formOf(page, "confirmed")
	form.Set("reviewer", "ada")
	judged := s.judge(action, form)
	require.Equal(t, http.StatusSeeOther, judged.StatusCode)
	require.Contains(t, judged.Header.Values("Set-Cookie")[0], "faultline_reviewer=ada;", "the name is asked for once")
	reviewed := s.items(review.Filter{State: review.Reviewed})
	require.Len(t, reviewed, 24)
	require.NotEmpty(t, reviewed[0].Label.Batch)
	require.Equal(t, reviewed[0].Class, reviewed[0].Label.Class)
	resp := s.judge(action, url.Values{"decision": {"rejected"}, "signal": {printB}})
	done := s.page(resp.Header.Get("Location"))
	require.Contains(t, done.one("form.done-many").text(), "2 cases judged")
	undo := done.one("form.done-many")
	resp = s.judge(undo.attr("action"), url.Values{"batch": {undo.one("input").attr("value")}})
	require.Contains(t, s.page(resp.Header.Get("Location")).one("form.done-many").text(), "taken back: 2 judgements")
	require.Len(t, s.items(review.Filter{State: review.Reviewed}), 24)

	// Single cases.
	s.judge(action, url.Values{"decision": {"rejected"}, "trace": {ids[3]}})
	require.Len(t, s.items(review.Filter{State: review.Reviewed}), 24, "ben has it")
	require.Equal(t, http.StatusBadRequest, s.judge(action, url.Values{"decision": {"perhaps"}}).StatusCode)
}

func TestASignalIsResolvedInAVersion(t *testing.T) {
	s := newSite(t, web.Options{})
	equal(s, 2, printA)
	resp := s.judge("/signals/"+printA+"/state", url.Values{"to": {"resolved"}, "version": {"v19"}})
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	require.Equal(t, "resolved in v19", s.page(resp.Header.Get("Location")).one("p.why").one(".state").text())
	require.Empty(t, s.page("/signals").all("li.sig"))
	require.Len(t, s.page("/signals?state=resolved").all("li.sig"), 1)
	for _, wrong := range []string{"/signals?state=gone", "/signals?class=boredom", "/signals?cursor=x"} {
		status, _ := s.get(wrong)
		require.Equal(t, http.StatusBadRequest, status, wrong)
	}
	status, _ := s.get("/signals/none")
	require.Equal(t, http.StatusNotFound, status)
}

// TestASignalSaysWithWhatItBegan: the version that it came with, whom it touched, what it cost, and its assignee.
func TestASignalSaysWithWhatItBegan(t *testing.T) {
	s := newSite(t, web.Options{})
	versioned := func(n int, fingerprint, version, user string) {
		trace := similar(n, fingerprint)
		for i := range trace.Spans {
			if c := trace.Spans[i].Call; c != nil && trace.Spans[i].Failed() {
				c.PromptName, c.PromptVersion, c.UserID, c.CostUSD = "refunds", version, user, genai.Some(0.5)
			}
		}
		s.put(trace)
	}
	versioned(1, printB, "v17", "u1")
	versioned(2, printA, "v18", "u1")
	versioned(3, printA, "v18", "u2")
	page := s.page("/signals/" + printA)
	require.Contains(t, page.one("p.sum").text(), "It began with prompt v18")
	require.Equal(t, []string{"prompt v18"}, page.one("table.since").one("tbody").texts("th"))
	require.Contains(t, page.one("table.since").text(), "1 case before it with another prompt: none of this signal")
	facts := page.one("dl.facts").text()
	require.Contains(t, facts, "users 2")
	require.Contains(t, facts, "assigned to nobody")
	require.Contains(t, facts, "judged 0 confirmed, 0 not a failure")
	require.False(t, s.page("/signals/"+printB).has("table.since"))

	answer := s.judge("/signals/"+printA+"/assign?q=refund", url.Values{"assignee": {"ben"}})
	require.Equal(t, "/signals/"+printA+"?q=refund", answer.Header.Get("Location"))
	page = s.page("/signals?assignee=ben")
	require.Len(t, page.all("li.sig"), 1)
	require.Equal(t, "ben", page.one("li.sig").one("span.held").text())
	entries, err := s.store.Entries(t.Context(), review.EntryFilter{})
	require.NoError(t, err)
	require.Equal(t, "signal "+printA+" to ben", entries.Entries[0].Subject)

	require.Len(t, s.page("/signals?q="+printB[:6]).all("li.sig"), 1)
	require.Equal(t, "No signal matches.", s.page("/signals?q=nothing+like+it").one("li.none").text())
	require.Contains(t, s.page("/signals?q=refund&state=new").all("li.sig")[0].one("a").attr("href"), "q=refund")
	require.Equal(t, http.StatusOK, s.do(http.MethodPatch, "/api/v1/signals/"+printA, "application/json", `{"assignee": ""}`).StatusCode)
	require.Empty(t, s.page("/signals?assignee=ben").all("li.sig"))
}

// TestAMergedChangeMayWaitForItsDeployment: the page says until when failures of older deployments do not count.
func TestAMergedChangeMayWaitForItsDeployment(t *testing.T) {
	s := newSite(t, web.Options{})
	equal(s, 1, printA)
	merged := time.Now().UTC()
	change := `{"state": "resolved", "resolved_in": "3f2a9c0", "merged_at": "` + merged.Format(time.RFC3339Nano) + `"}`
	require.Equal(t, http.StatusOK, s.do(http.MethodPatch, "/api/v1/signals/"+printA, "application/json", change).StatusCode)
	why := func() string { return s.page("/signals/" + printA).one("p.why").text() }
	require.Contains(t, why(), "resolved in 3f2a9c0 Deployments from before the merge do not count until "+
		merged.Add(review.DeploysWithin).Format("2 Jan"))
	old := similar(2, printA)
	for i := range old.Spans {
		old.Spans[i].Start = time.Now().Add(time.Minute)
	}
	s.put(old)
	require.Contains(t, why(), "resolved in 3f2a9c0")
	s.judge("/signals/"+printA+"/state", url.Values{"to": {"resolved"}, "version": {"v19"}})
	require.NotContains(t, why(), "Deployments")
}

// TestASignalShowsItsGuards: the page names what was made of the failures, and what had resolved one that came back.
func TestASignalShowsItsGuards(t *testing.T) {
	s := newSite(t, web.Options{})
	equal(s, 1, printA)
	require.Empty(t, s.page("/signals/"+printA).all(".guards"))
	for body, want := range map[string]int{
		`{"kind": "rows", "name": "<b>refunds.jsonl", "version": "00", "rows": ["r1", "r2"], "reviewer": "ada"}`: http.StatusOK,
		`{"kind": "rule", "name": "no_amount"}`: http.StatusOK,
		`{"kind": "hope", "name": "x"}`:         http.StatusBadRequest,
	} {
		resp := s.do(http.MethodPost, "/api/v1/signals/"+printA+"/guards", "application/json", body)
		require.Equal(t, want, resp.StatusCode, body)
	}
	resp := s.do(http.MethodPost, "/api/v1/signals/none/guards", "application/json", `{"kind": "rule", "name": "no_amount"}`)
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
	s.judge("/signals/"+printA+"/state", url.Values{"to": {"resolved"}, "version": {"v19"}, "reviewer": {"ada"}})
	words := s.page("/signals/" + printA).one(".guards").text()
	require.Contains(t, words, "2 rows of the dataset <b>refunds.jsonl")
	require.Contains(t, words, "rule no_amount")

	again := similar(2, printA)
	for i := range again.Spans {
		again.Spans[i].Start = time.Now().Add(time.Hour)
		if call := again.Spans[i].Call; call != nil {
			call.PromptVersion = "v20"
		}
	}
	s.put(again)
	require.Contains(t, s.page("/signals/"+printA).one("p.why").text(), "regressed, had been resolved in v19")
}

func TestAPIOfSignals(t *testing.T) {
	s := newSite(t, web.Options{})
	equal(s, 3, printA)
	_, body := s.get("/api/v1/signals")
	var page struct {
		Signals []review.Signal `json:"signals"`
		UpTo    string          `json:"up_to"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &page))
	require.Len(t, page.Signals, 1)
	require.Equal(t, 3, page.Signals[0].Open)
	resp := s.do(http.MethodPost, "/api/v1/labels", "application/json",
		`{"signals": ["`+printA+`"], "up_to": "`+page.UpTo+`", "decision": "rejected", "reviewer": "ada"}`)
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	var batch review.Batch
	require.NoError(t, json.Unmarshal([]byte(read(t, resp)), &batch))
	require.Equal(t, 3, batch.Labeled)
	resp = s.do(http.MethodDelete, "/api/v1/labels/"+batch.ID, "", "")
	require.JSONEq(t, `{"undone": 3}`, read(t, resp))
	resp = s.do(http.MethodPatch, "/api/v1/signals/"+printA, "application/json", `{"state": "ignored", "reviewer": "ada"}`)
	require.Contains(t, read(t, resp), `"state":"ignored"`)
	resp = s.do(http.MethodPatch, "/api/v1/signals/"+printA, "application/json", `{"state": "new"}`)
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
}

// TestBulkOfACallerWithItsOwnClaim: what the caller has is judged with the rest, whoever names the caller.
func TestBulkOfACallerWithItsOwnClaim(t *testing.T) {
	s := newSite(t, web.Options{Reviewer: func(r *http.Request) string { return r.Header.Get("X-User") }})
	for print, who := range map[string]struct{ login, body string }{
		printA: {"ada", `{}`}, printB: {"", `{"reviewer": "ada"}`},
	} {
		ids := equal(s, 2, print)
		for i, name := range []string{"ada", "ben"} {
			login, body := who.login, who.body
			if login != "" {
				login = name
			} else {
				body = `{"reviewer": "` + name + `"}`
			}
			resp := s.do(http.MethodPut, "/api/v1/items/"+ids[i]+"/claim", "application/json", body, as(login))
			require.Equal(t, http.StatusOK, resp.StatusCode)
		}
		resp := s.do(http.MethodPost, "/api/v1/labels", "application/json",
			`{"signals": ["`+print+`"], "decision": "confirmed", "reviewer": "ada"}`, as(who.login))
		require.Equal(t, http.StatusCreated, resp.StatusCode)
		body := read(t, resp)
		require.Contains(t, body, `"labeled":1,"left_out":1`)
	}
}

func TestSignalsInTheBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	s := newSite(t, web.Options{})
	equal(s, 3, "cccccccccccccccc")
	equal(s, 25, printA)
	equal(s, 2, printB)
	b := open(t, s)
	b.do(chromedp.Navigate(b.url + "/signals"))
	b.await(`document.querySelector("#case").dataset.trace === %q`, printB)
	b.press("j")
	b.await(`document.querySelector("#case").dataset.trace === %q && document.readyState === "complete"`, printA)
	b.press("Y")
	b.await(`document.querySelector("form.done-many")?.textContent.startsWith("25 cases judged")`)
	require.Len(t, s.items(review.Filter{State: review.Reviewed}), 25)
	b.await(`document.readyState === "complete"`)
	b.press("u")
	b.await(`document.querySelector("form.done-many")?.textContent.startsWith("taken back: 25")`)
	require.Empty(t, s.items(review.Filter{State: review.Reviewed}))

	// Select two of three and dismiss them. What is selected stays so while another signal is shown.
	b.do(chromedp.Navigate(b.url + "/signals/" + printA))
	b.await(`document.readyState === "complete"`)
	b.press("x")
	b.press("k")
	b.awaitCase(printB)
	b.press("x")
	b.await(`document.querySelectorAll(".sig input:checked").length === 2`)
	b.press("N")
	b.await(`document.querySelector("form.done-many")?.textContent.startsWith("27 cases judged")`)
	require.Len(t, s.items(review.Filter{State: review.Reviewed}), 27)
	require.Len(t, s.items(review.Filter{State: review.Open}), 3)

	// Nothing is wider than the screen.
	for _, width := range []int64{320, 390, 768, 1366} {
		for _, page := range []string{"/signals", "/signals/" + printA, "/"} {
			b.do(chromedp.EmulateViewport(width, 800), chromedp.Navigate(b.url+page))
			b.await(`document.readyState === "complete"`)
			var wide string
			b.do(chromedp.Evaluate(`[...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() &&
				!e.closest(".skip, .vh, svg, .gist") && e.getBoundingClientRect().right > innerWidth + 1)
				.map((e) => e.outerHTML.slice(0, 80)).slice(0, 3).join("\n")`, &wide))
			require.Empty(t, wide, "%s at %d px", page, width)
		}
	}
	b.quiet()
}
