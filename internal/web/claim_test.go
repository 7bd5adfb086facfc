package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

// as is a request of a person whom an authenticator knows.
func as(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("X-User", name) }
}

func newSharedSite(t *testing.T) (*site, []review.Item) {
	t.Helper()
	s := newSite(t, web.Options{Reviewer: func(r *http.Request) string { return r.Header.Get("X-User") }})
	s.replay(40)
	items := s.items(review.Filter{})
	require.Greater(t, len(items), 4)
	return s, items
}

func (s *site) pageAs(name, target string) document {
	s.t.Helper()
	resp := s.do(http.MethodGet, target, "", "", as(name))
	require.Equal(s.t, http.StatusOK, resp.StatusCode)
	return parse(s.t, read(s.t, resp))
}

func (d document) trace() string { return d.one("section.case").attr("data-trace") }

func TestEachReviewerHasAnotherCase(t *testing.T) {
	s, items := newSharedSite(t)
	require.Equal(t, items[0].TraceID, s.pageAs("ada", "/").trace())
	bens := s.pageAs("ben", "/")
	require.Equal(t, items[1].TraceID, bens.trace())
	require.Contains(t, bens.one("#holder").text(), "yours 10 min left")
	require.Contains(t, bens.one("#i-"+items[0].TraceID).text(), "ada", "the queue says who has a case")
	require.Equal(t, items[0].TraceID, s.pageAs("ada", "/").trace(), "and ada has hers still")

	// Who opens a case of another one sees that, and takes nothing.
	require.Contains(t, s.pageAs("ben", "/review/"+items[0].TraceID).one("#holder").text(), "ada has it")
	require.Equal(t, "ada", s.items(review.Filter{})[0].Claim.Name)

	// Judging leads to the next case that is free.
	ben := s.pageAs("ben", "/review/"+items[1].TraceID)
	s.pageAs("eve", "/review/"+items[2].TraceID)
	action, form := formOf(ben, "confirmed")
	resp := s.judge(action, form, as("ben"))
	require.Equal(t, "/review/"+items[3].TraceID, resp.Header.Get("Location"))
	require.Equal(t, "ben", s.items(review.Filter{})[3].Claim.Name)

	// So does skipping, and what was skipped is free again.
	resp = s.judge("/review/"+items[3].TraceID+"/skip", url.Values{"next": {items[4].TraceID}}, as("ben"))
	require.Equal(t, "/review/"+items[4].TraceID, resp.Header.Get("Location"))
	require.Nil(t, s.items(review.Filter{})[3].Claim)

	// What is let go stays in view, and is nobody's.
	resp = s.judge("/review/"+items[4].TraceID+"/release", url.Values{}, as("ben"))
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	require.NotContains(t, s.pageAs("ben", resp.Header.Get("Location")).one("#holder").text(), "yours")
	require.Nil(t, s.items(review.Filter{})[4].Claim)

	// A case that is fetched ahead is not taken before it is shown.
	ahead := func(r *http.Request) { r.Header.Set("Faultline-Ahead", "1") }
	s.do(http.MethodGet, "/review/"+items[4].TraceID, "", "", as("ben"), ahead)
	require.Nil(t, s.items(review.Filter{})[4].Claim)
	resp = s.judge("/review/"+items[4].TraceID+"/claim", url.Values{}, as("ben"))
	require.Contains(t, read(t, resp), "yours")
	require.Equal(t, "ben", s.items(review.Filter{})[4].Claim.Name)
}

func TestBrowsersAreToldApart(t *testing.T) {
	s := newSite(t, web.Options{})
	s.replay(40)
	items := s.items(review.Filter{})
	first := s.do(http.MethodGet, "/", "", "")
	require.Len(t, first.Cookies(), 1)
	require.True(t, first.Cookies()[0].HttpOnly)
	require.Nil(t, s.items(review.Filter{})[0].Claim, "who may not keep the cookie takes nothing")
	cookie := func(r *http.Request) { r.AddCookie(first.Cookies()[0]) }
	page := parse(t, read(t, s.do(http.MethodGet, "/", "", "", cookie)))
	require.Contains(t, page.one("#holder").text(), "yours")
	require.Equal(t, items[1].TraceID, s.page("/").trace())
	require.Contains(t, s.page("/review/"+items[0].TraceID).one("#holder").text(), "somebody has it")
}

func TestASecondJudgementIsTold(t *testing.T) {
	s, items := newSharedSite(t)
	address := "/review/" + items[0].TraceID
	action, adas := formOf(s.pageAs("ada", address), "confirmed")
	_, bens := formOf(s.pageAs("ben", address), "rejected")
	adas.Set("note", "it is <one>")
	bens.Set("note", "it is none")
	require.Equal(t, http.StatusSeeOther, s.judge(action, adas, as("ada")).StatusCode)
	resp := s.judge(action, bens, as("ben"))
	require.Equal(t, http.StatusConflict, resp.StatusCode)
	page := parse(t, read(t, resp))
	both := page.one("table.both").text()
	require.Contains(t, both, "judgement confirmed")
	require.Contains(t, both, "not a failure")
	require.Contains(t, both, "it is <one> it is none")
	require.Equal(t, "ada", s.items(review.Filter{})[0].Label.Reviewer, "nothing was taken")

	form := url.Values{}
	for _, in := range page.one("#both").all("input") {
		form.Set(in.attr("name"), in.attr("value"))
	}
	require.Equal(t, http.StatusSeeOther, s.judge(page.one("#both").attr("action"), form, as("ben")).StatusCode)
	label := s.items(review.Filter{})[0].Label
	require.Equal(t, "ben", label.Reviewer)
	require.Equal(t, review.Rejected, label.Decision)
	require.Equal(t, "it is none", label.Note)

	// Going back to one's own judgement is no conflict.
	action, again := formOf(s.pageAs("ben", address), "confirmed")
	require.Equal(t, http.StatusSeeOther, s.judge(action, again, as("ben")).StatusCode)

	// The API says so too.
	resp = s.do(http.MethodPost, "/api/v1/items/"+items[0].TraceID+"/labels", "application/json",
		`{"decision":"rejected"}`)
	require.Equal(t, http.StatusConflict, resp.StatusCode)
	require.Contains(t, read(t, resp), `"code":"conflict","message":"label trace`)
}

func TestAPIClaims(t *testing.T) {
	s := newSite(t, web.Options{})
	s.replay(40)
	items := s.items(review.Filter{})
	send := func(method, target, body string) (int, string) {
		resp := s.do(method, target, "application/json", body)
		return resp.StatusCode, read(t, resp)
	}
	claim := "/api/v1/items/" + items[0].TraceID + "/claim"
	status, body := send(http.MethodPut, claim, `{"reviewer": "ada"}`)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `"reviewer":"ada","until":"`)
	status, body = send(http.MethodPut, claim, `{"reviewer": "ben"}`)
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, body, "ada has the item until")
	status, body = send(http.MethodPost, "/api/v1/claims?class="+string(items[1].Class), `{"reviewer": "ben"}`)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `"trace_id":"`+items[1].TraceID)
	require.Contains(t, body, `"claim":{"reviewer":"ben"`)
	status, _ = send(http.MethodDelete, claim, `{"reviewer": "ada"}`)
	require.Equal(t, http.StatusNoContent, status)
	require.Nil(t, s.items(review.Filter{})[0].Claim)
	for _, body := range []string{`{}`, `{"reviewer": " "}`, `{"name": "ada"}`} {
		status, _ = send(http.MethodPut, claim, body)
		require.Equal(t, http.StatusBadRequest, status, body)
	}
	status, _ = send(http.MethodPost, "/api/v1/claims?service=none+such", `{"reviewer": "ben"}`)
	require.Equal(t, http.StatusNotFound, status)
}
