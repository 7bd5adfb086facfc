package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

// formOf is what a browser sends when a button of the form is pressed.
func formOf(page document, decision string) (action string, form url.Values) {
	judge := page.one("#judge")
	form = url.Values{"decision": {decision}, "note": {""}, "class": {selected(judge.one("#as"))}}
	for _, in := range judge.all("input") {
		if in.attr("type") != "radio" || in.is("checked") {
			form.Set(in.attr("name"), in.attr("value"))
		}
	}
	if page.has("#reviewer") {
		form.Set("reviewer", page.one("#reviewer").attr("value"))
	}
	return judge.attr("action"), form
}

func TestJudgingGoesThroughTheQueue(t *testing.T) {
	s := newSampleSite(t)
	items := s.items(review.Filter{})
	address := "/"
	for i := range items {
		page := s.page(address)
		require.Equal(t, items[i].TraceID, page.one("section.case").attr("data-trace"))
		require.Equal(t, fmt.Sprint(len(items)-i), page.one("#open").text())
		decision := "confirmed"
		if i%3 == 2 {
			decision = "rejected"
		}
		action, form := formOf(page, decision)
		resp := s.judge(action, form)
		require.Equal(t, http.StatusSeeOther, resp.StatusCode)
		address = resp.Header.Get("Location")
	}
	require.Equal(t, "All judged", s.page(address).one("h1").text())
	for i, item := range s.items(review.Filter{State: review.Reviewed}) {
		if i%3 == 2 {
			require.Equal(t, review.Rejected, item.Label.Decision)
			require.Empty(t, item.Label.Class)
			continue
		}
		require.Equal(t, review.Confirmed, item.Label.Decision)
		require.Equal(t, item.Class, item.Label.Class)
		require.Equal(t, item.Detail, item.Label.Detail)
	}
}

func TestLabelSurvivesAReload(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := refund()
	s.put(trace)
	action, form := formOf(s.page("/review/"+trace.ID), "confirmed")
	form.Set("class", "hallucination/claimed_action")
	form.Set("note", "It says that it refunded.\n<b>It did not.</b>")
	form.Set("reviewer", "  Ada Lovelace, “countess” ")
	resp := s.judge(action, form)
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	require.Equal(t, "/", resp.Header.Get("Location"), "there is no other to go on with")

	page := s.page("/review/" + trace.ID)
	require.Contains(t, page.one("p.reviewed").text(), "Judged: confirmed as hallucination · claimed_action by Ada Lovelace, “countess”")
	label := page.one("ol.labels").one("li")
	require.Equal(t, "It says that it refunded. <b>It did not.</b>", label.one("p").text(), "a note is text")
	require.Equal(t, "hallucination/claimed_action", selected(page.one("#as")), "judging again begins where the last one ended")

	// Who gave a name need not give it again.
	cookies := resp.Cookies()
	require.Len(t, cookies, 1)
	require.True(t, cookies[0].HttpOnly)
	require.Equal(t, http.SameSiteStrictMode, cookies[0].SameSite)
	again := parse(t, read(t, s.do(http.MethodGet, "/review/"+trace.ID, "", "", func(r *http.Request) { r.AddCookie(cookies[0]) })))
	require.Equal(t, "Ada Lovelace, “countess”", again.one("#reviewer").attr("value"))

	action, form = formOf(page, "rejected")
	s.judge(action, form)
	page = s.page("/review/" + trace.ID)
	require.Contains(t, page.one("p.reviewed").text(), "Judged: not a failure by somebody")
	require.Len(t, page.one("ol.labels").all("li"), 2, "labels are added, never changed")
	require.Equal(t, []string{"not a failure"}, s.page("/?state=reviewed").texts("span.verdict"))
}

func TestClassAndDetailMayComeApart(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := refund()
	s.put(trace)
	for _, form := range []url.Values{
		{"decision": {"confirmed"}, "class": {"refusal"}, "detail": {"content_filter"}},
		{"decision": {"confirmed"}, "class": {"refusal/content_filter"}},
	} {
		form.Set("replaces", s.seen(trace.ID))
		require.Equal(t, http.StatusSeeOther, s.judge("/review/"+trace.ID+"/label", form).StatusCode)
		label := s.items(review.Filter{})[0].Label
		require.Equal(t, failure.Refusal, label.Class)
		require.Equal(t, "content_filter", label.Detail)
	}
}

func TestWhoIsLoggedInSigns(t *testing.T) {
	s := newSite(t, web.Options{Reviewer: func(r *http.Request) string { return r.Header.Get("X-User") }})
	trace := refund()
	s.put(trace)
	ada := func(r *http.Request) { r.Header.Set("X-User", "ada") }
	page := parse(t, read(t, s.do(http.MethodGet, "/", "", "", ada)))
	require.False(t, page.has("#reviewer"), "nobody is asked for a name that is known")
	require.Contains(t, page.one("p.me").text(), "ada")
	resp := s.judge("/review/"+trace.ID+"/label", url.Values{"decision": {"confirmed"}, "reviewer": {"eve"}}, ada)
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	require.Empty(t, resp.Cookies())
	require.Equal(t, "ada", s.items(review.Filter{})[0].Label.Reviewer)
	resp = s.do(http.MethodPost, "/api/v1/items/"+trace.ID+"/labels", "application/json", `{"decision":"rejected","reviewer":"eve","replaces":`+s.seen(trace.ID)+`}`, ada)
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	require.Equal(t, "ada", s.items(review.Filter{})[0].Label.Reviewer)
}

func TestOtherSitesCannotJudge(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := refund()
	s.put(trace)
	form := url.Values{"decision": {"rejected"}}
	for name, foreign := range map[string]func(*http.Request){
		"fetched by another site":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"by a sibling":              func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"an old browser":            func(r *http.Request) { r.Header.Set("Origin", "https://attacker.example") },
		"a page without an origin":  func(r *http.Request) { r.Header.Set("Origin", "null") },
		"the same host, other port": func(r *http.Request) { r.Header.Set("Origin", "http://example.com:81") },
	} {
		resp := s.judge("/review/"+trace.ID+"/label", form, foreign)
		require.Equal(t, http.StatusForbidden, resp.StatusCode, name)
		require.Contains(t, read(t, resp), "cross-origin request refused")
		resp = s.do(http.MethodPost, "/api/v1/items/"+trace.ID+"/labels", "application/json", `{"decision":"rejected"}`, foreign)
		require.Equal(t, http.StatusForbidden, resp.StatusCode, name)
		require.Contains(t, read(t, resp), `"code":"cross_origin"`)
	}
	require.Nil(t, s.items(review.Filter{})[0].Label)
	for name, own := range map[string]func(*http.Request){
		"the page itself": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") },
		"an old browser":  func(r *http.Request) { r.Header.Set("Origin", "http://example.com") },
		"curl":            func(*http.Request) {},
	} {
		form.Set("replaces", s.seen(trace.ID))
		require.Equal(t, http.StatusSeeOther, s.judge("/review/"+trace.ID+"/label", form, own).StatusCode, name)
	}
}

func TestLabelsThatSayNothingAreRefused(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := refund()
	s.put(trace)
	action := "/review/" + trace.ID + "/label"
	for want, form := range map[string]url.Values{
		"decision must be":     {"decision": {"perhaps"}},
		"error_class must be":  {"decision": {"confirmed"}, "class": {"boredom"}},
		"error_detail must be": {"decision": {"confirmed"}, "class": {"refusal/boredom"}},
		"note must be":         {"decision": {"confirmed"}, "note": {strings.Repeat("x", 17<<10)}},
		"reviewer must be":     {"decision": {"confirmed"}, "reviewer": {strings.Repeat("x", 300)}},
	} {
		resp := s.judge(action, form)
		require.Equal(t, http.StatusBadRequest, resp.StatusCode)
		require.Contains(t, parse(t, read(t, resp)).one("p.why").text(), want)
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, s.judge(action, url.Values{"note": {strings.Repeat("x", 300<<10)}}).StatusCode)
	require.Equal(t, http.StatusBadRequest, s.do(http.MethodPost, action, "application/x-www-form-urlencoded", "decision=%zz").StatusCode)
	require.Equal(t, http.StatusNotFound, s.judge("/review/"+strings.Repeat("c", 32)+"/label", url.Values{"decision": {"confirmed"}}).StatusCode)
	require.Equal(t, http.StatusMethodNotAllowed, s.do(http.MethodGet, action, "", "").StatusCode)
	require.Empty(t, s.failed)
	require.Nil(t, s.items(review.Filter{})[0].Label)
}

func TestNextIsOnlyEverOneOfOurs(t *testing.T) {
	s := newSampleSite(t)
	items := s.items(review.Filter{})
	for _, next := range []string{"//attacker.example", "https://attacker.example/", "../../x", items[0].TraceID, ""} {
		resp := s.judge("/review/"+items[0].TraceID+"/label", url.Values{
			"decision": {"confirmed"}, "next": {next}, "replaces": {s.seen(items[0].TraceID)},
		})
		require.Equal(t, "/review/"+items[1].TraceID, resp.Header.Get("Location"), "what is no open case is not gone to: %q", next)
	}
}
