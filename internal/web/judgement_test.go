package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

// asked is a queue in which two people judge every case, blind, and answer questions.
func asked() review.Queue {
	return review.Queue{
		Name: "pairs", Reviewers: 2, Blind: true, Rubric: "Read the <b>whole</b> thread.", Order: review.Newest,
		Questions: []review.Question{
			{
				Name: "tone", Text: "How was it said?", Type: review.Choice, Choices: []string{"calm", "rude"},
				Required: true, Key: "b",
			},
			{Name: "solved", Text: "Was it solved?", Type: review.YesNo, Key: "z"},
			{Name: "turns", Text: "Turns?", Type: review.Number, Key: "4"},
			{Name: "why", Text: "Why?", Type: review.Text},
		},
	}
}

// TestTheFormSaysEverything: without a script, the form below a case says all that a label can say.
func TestTheFormSaysEverything(t *testing.T) {
	s, items := newSharedSite(t)
	queue := asked()
	queue.Reviewers, queue.Blind = 1, false
	s.store.UseQueues([]review.Queue{queue})
	require.NoError(t, s.store.Redistribute(t.Context()))
	address := "/review/" + items[0].TraceID
	page := s.pageAs("ada", address)
	require.Equal(t, "Read the <b>whole</b> thread.", page.one("div.rubric").text(), "a rubric is text")
	action, form := formOf(page, "confirmed")
	require.Equal(t, []string{"", "calm"}, []string{form.Get("answer.tone"), "calm"}, "nothing is answered beforehand")
	form.Set("class", "refusal/content_filter")
	form["further"] = []string{"hallucination/claimed_action", ""}
	form.Set("severity", "high")
	form.Set("tags", "billing, angry ,")
	form.Set("note", "one\r\ntwo")
	form.Set("corrected_output", "I refunded\r\n20 €.")
	form.Set("assertions", "calls issue_refund\r\n\r\ndoes not contain \"sorry\"")
	form.Set("scope", "session")
	resp := s.judge(action, form, as("ada"))
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	require.Contains(t, parse(t, read(t, resp)).one("p.why").text(), "answers: tone must be answered, got nothing")
	form.Set("answer.tone", "rude")
	form.Set("answer.turns", "3")
	require.Equal(t, http.StatusSeeOther, s.judge(action, form, as("ada")).StatusCode)
	want := review.Remarks{
		Further:  []failure.Finding{{Class: failure.Hallucination, Detail: "claimed_action"}},
		Severity: review.High, Tags: []string{"billing", "angry"}, CorrectedOutput: "I refunded\n20 €.",
		Assertions: []string{"calls issue_refund", `does not contain "sorry"`}, Scope: review.ScopeSession,
		Answers: map[string]string{"tone": "rude", "turns": "3"},
	}
	label := s.items(review.Filter{})[0].Label
	require.Equal(t, want, label.Remarks)
	require.Equal(t, "one\ntwo", label.Note)

	// The page says it, and the bar begins where it ended.
	page = s.pageAs("ada", address)
	said := page.one("ol.labels").text()
	for _, words := range []string{
		"confirmed", "refusal · content_filter", "hallucination · claimed_action", "high", "billing", "one two",
		"I refunded 20 €.", "calls issue_refund", "tone: rude",
	} {
		require.Contains(t, said, words)
	}
	_, again := formOf(page, "confirmed")
	require.Equal(t, "billing, angry", again.Get("tags"))
	require.Equal(t, "high", again.Get("severity"))
	require.Equal(t, "rude", again.Get("answer.tone"))
	require.Equal(t, "3", again.Get("answer.turns"))
	require.Contains(t, page.one("#corrected").text(), "I refunded 20 €.")

	form.Set("assertions", "calls")
	form.Set("replaces", again.Get("replaces"))
	resp = s.judge(action, form, as("ada"))
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	require.Contains(t, parse(t, read(t, resp)).one("p.why").text(), `got "calls"`)
}

func TestAJudgementIsTakenBack(t *testing.T) {
	s, items := newSharedSite(t)
	address := "/review/" + items[0].TraceID
	require.False(t, s.pageAs("ada", address).has("#undo"), "there is nothing to take back")
	action, form := formOf(s.pageAs("ada", address), "rejected")
	form.Set("note", "as <it> should be")
	resp := s.judge(action, form, as("ada"))
	next := s.pageAs("ada", resp.Header.Get("Location"))
	require.Contains(t, next.one("#undo").attr("title"), "not a failure")
	undo := next.one("#undoing").attr("action")
	require.Equal(t, address+"/undo", undo)
	require.False(t, s.pageAs("ben", "/").has("#undo"), "nobody takes back what another one said")
	require.Equal(t, http.StatusConflict, s.judge(undo, url.Values{}, as("ben")).StatusCode)

	resp = s.judge(undo, url.Values{}, as("ada"))
	require.Equal(t, address, resp.Header.Get("Location"))
	page := s.pageAs("ada", address)
	require.False(t, page.has("p.reviewed"))
	require.Contains(t, page.one("ol.labels").text(), "taken back")
	require.Equal(t, "as <it> should be", page.one("#note").text(), "what was typed is there to be said again")
	require.Equal(t, review.Open, s.items(review.Filter{})[0].State)
	require.False(t, page.has("#undo"))

	// A reviewed case is reopened by whoever thinks so.
	action, form = formOf(page, "confirmed")
	require.Equal(t, http.StatusSeeOther, s.judge(action, form, as("ada")).StatusCode)
	reopen := s.pageAs("ben", address).one("#reopen").attr("formaction")
	require.Equal(t, address, s.judge(reopen, url.Values{}, as("ben")).Header.Get("Location"))
	require.Equal(t, review.Open, s.items(review.Filter{})[0].State)
	require.Contains(t, s.pageAs("ben", address).one("ol.labels").text(), "reopened")
}

func TestQueuesOnThePage(t *testing.T) {
	s, items := newSharedSite(t)
	require.Len(t, s.pageAs("ada", "/").one("#queue-name").all("option"), 1, "one queue is no choice")
	class := items[0].Class
	first := asked()
	first.Classes = []failure.Class{class}
	s.store.UseQueues([]review.Queue{first, {Name: "rest", Reviewers: 1, Order: review.Newest}})
	require.NoError(t, s.store.Redistribute(t.Context()))
	page := s.pageAs("ada", "/?queue=rest")
	require.Equal(t, "rest", selected(page.one("#queue-name")))
	require.NotEqual(t, items[0].TraceID, page.trace())
	require.Contains(t, page.one("#judge").attr("action"), "queue=rest", "who judges stays in the queue")

	// Blind: neither what was found nor what others say is seen before the case is done.
	address := "/review/" + items[0].TraceID
	evidence := items[0].Evidence
	require.NotEmpty(t, evidence)
	page = s.pageAs("ada", address)
	require.Equal(t, "A case to judge", page.one("h1").text())
	require.Empty(t, selected(page.one("#as")), "the class is for ada to choose")
	for _, hidden := range []string{"#why", "#i-" + items[0].TraceID, "ol.steps"} {
		if page.has(hidden) {
			require.NotContains(t, page.one(hidden).text(), evidence, hidden)
			require.NotContains(t, page.one(hidden).text(), string(class), hidden)
		}
	}
	require.False(t, page.has("table.sc"))
	action, form := formOf(page, "confirmed")
	form.Set("answer.tone", "calm")
	form.Set("note", "adas view")
	form.Set("class", "refusal/content_filter")
	require.Equal(t, http.StatusSeeOther, s.judge(action, form, as("ada")).StatusCode)
	bens := s.pageAs("ben", address)
	require.NotContains(t, bens.one("#case").text(), "adas view")
	require.Contains(t, bens.one("div.claim").text(), "1 of 2 judgements; others stay hidden until you have judged")
	require.Contains(t, s.pageAs("ada", address).one("ol.labels").text(), "adas view", "one's own is no secret")
	resp := s.do(http.MethodGet, "/api/v1/items/"+items[0].TraceID, "", "", as("ben"))
	require.NotContains(t, read(t, resp), "adas view")

	action, form = formOf(bens, "rejected")
	form.Set("answer.tone", "rude")
	require.Equal(t, http.StatusSeeOther, s.judge(action, form, as("ben")).StatusCode)
	done := s.pageAs("ben", address)
	require.Contains(t, done.one("ol.labels").text(), "adas view", "done is done")
	require.NotEqual(t, "A case to judge", done.one("h1").text())
}

func TestCasesAreAssignedAndPutAtTheEnd(t *testing.T) {
	s, items := newSharedSite(t)
	address := "/review/" + items[0].TraceID
	s.pageAs("ada", address)
	resp := s.judge(address+"/assign", url.Values{"assignee": {"ben"}}, as("ada"))
	require.Equal(t, address+"?claim=no", resp.Header.Get("Location"))
	require.Contains(t, s.pageAs("ada", "/").one("#i-"+items[0].TraceID).text(), "for ben")
	require.Equal(t, items[0].TraceID, s.pageAs("ben", "/").trace())
	resp = s.judge(address+"/claim", url.Values{}, as("ada"))
	require.Contains(t, read(t, resp), "assigned to ben")

	resp = s.judge("/review/"+items[1].TraceID+"/requeue", url.Values{"next": {items[2].TraceID}}, as("ada"))
	require.Equal(t, "/review/"+items[2].TraceID, resp.Header.Get("Location"))
	open := s.items(review.Filter{State: review.Open})
	require.Equal(t, items[1].TraceID, open[len(open)-1].TraceID)
}

func TestAPIOfQueuesAndLabels(t *testing.T) {
	s, items := newSharedSite(t)
	send := func(method, target, body string) (int, string) {
		t.Helper()
		resp := s.do(method, target, "application/json", body, as("ada"))
		return resp.StatusCode, read(t, resp)
	}
	item := "/api/v1/items/" + items[0].TraceID
	status, body := send(http.MethodGet, "/api/v1/queues", "")
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"queues": [{"name": "", "reviewers": 1, "order": "newest"}]}`, body)
	s.store.UseQueues([]review.Queue{asked()})
	_, body = send(http.MethodGet, "/api/v1/queues", "")
	require.Contains(t, body, `"questions":[{"name":"tone"`)
	s.store.UseQueues(nil)

	status, body = send(http.MethodPost, item+"/labels", `{"decision": "confirmed", "severity": "low", "tags": ["a"],
		"corrected_output": "yes", "assertions": ["calls issue_refund"], "further_findings": [{"error_class": "refusal"}]}`)
	require.Equal(t, http.StatusCreated, status, body)
	for _, part := range []string{
		`"severity":"low"`, `"tags":["a"]`, `"corrected_output":"yes"`, `"assertions":["calls issue_refund"]`,
		`"further_findings":[{"error_class":"refusal"}]`,
	} {
		require.Contains(t, body, part)
	}
	status, body = send(http.MethodPost, item+"/labels", `{"decision": "confirmed", "severity": "dire", "replaces": `+
		s.seen(items[0].TraceID)+`}`)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, `severity must be \"low\", \"medium\" or \"high\", got \"dire\"`)
	status, body = send(http.MethodPut, item+"/assignee", `{"assignee": "ben"}`)
	require.Equal(t, http.StatusConflict, status, body)
	status, _ = send(http.MethodPost, item+"/labels", `{"decision": "taken_back", "replaces": `+s.seen(items[0].TraceID)+`}`)
	require.Equal(t, http.StatusCreated, status)
	status, body = send(http.MethodPut, item+"/assignee", `{"assignee": "ben"}`)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `"reviewers":1,"judged":0,"assignee":"ben"`)
	status, body = send(http.MethodPut, item+"/claim", "")
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, body, "the item is assigned to ben")
	status, _ = send(http.MethodPost, item+"/requeue", "")
	require.Equal(t, http.StatusNoContent, status)
	status, body = send(http.MethodGet, "/api/v1/items?decision=unsure", "")
	require.Equal(t, http.StatusOK, status, body)
}

func TestSignalsAreRenamedAndMerged(t *testing.T) {
	s := newSite(t, web.Options{})
	s.put(similar(1, "aaaaaaaaaaaaaaaa"), similar(2, "bbbbbbbbbbbbbbbb"))
	address := "/signals/aaaaaaaaaaaaaaaa"
	resp := s.judge(address+"/rename", url.Values{"title": {"Refunds <are> words"}})
	require.Equal(t, address, resp.Header.Get("Location"))
	page := s.page(address)
	require.Equal(t, "Refunds <are> words", page.one("h1").text())
	require.False(t, page.has("#divide"))
	require.Len(t, page.one("#into").all("option"), 2, "the other one, and none")

	resp = s.judge("/signals/bbbbbbbbbbbbbbbb/merge", url.Values{"into": {"aaaaaaaaaaaaaaaa"}})
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	page = s.page(resp.Header.Get("Location"))
	require.Equal(t, "Refunds <are> words", page.one("h1").text(), "a part leads to the whole")
	require.Contains(t, page.one("#all-yes").text(), "Confirm all 2")
	require.Len(t, page.all("li.sig"), 1)
	form := page.one("form.part")
	require.Equal(t, "/signals/bbbbbbbbbbbbbbbb/split", form.attr("action"))
	s.judge(form.attr("action"), url.Values{})
	require.Len(t, s.page("/signals").all("li.sig"), 2)

	patch := func(id, body string) (int, string) {
		resp := s.do(http.MethodPatch, "/api/v1/signals/"+id, "application/json", body)
		return resp.StatusCode, read(t, resp)
	}
	status, body := patch("bbbbbbbbbbbbbbbb", `{"title": "b", "merged_into": "aaaaaaaaaaaaaaaa"}`)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `"merged":[{"id":"bbbbbbbbbbbbbbbb","title":"b"}]`)
	status, _ = patch("bbbbbbbbbbbbbbbb", `{"merged_into": ""}`)
	require.Equal(t, http.StatusOK, status)
	status, body = patch("bbbbbbbbbbbbbbbb", `{"merged_into": "bbbbbbbbbbbbbbbb"}`)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "into must be another signal")
}

// TestWhatWasSelectedIsWhatIsJudged: a list that is older than the signal beside it judges what it showed.
func TestWhatWasSelectedIsWhatIsJudged(t *testing.T) {
	s := newSite(t, web.Options{})
	s.put(similar(1, "aaaaaaaaaaaaaaaa"), similar(2, "bbbbbbbbbbbbbbbb"))
	list := s.page("/signals")
	s.put(similar(3, "aaaaaaaaaaaaaaaa"), similar(4, "bbbbbbbbbbbbbbbb")) // nobody saw them
	beside := s.page("/signals/bbbbbbbbbbbbbbbb")
	value := func(page document, name string) string {
		for _, in := range page.all("input") {
			if in.attr("name") == name {
				return in.attr("value")
			}
		}
		return ""
	}
	form := url.Values{
		"decision": {"confirmed"}, "signal": {"aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"},
		"list_up_to": {value(list, "list_up_to")}, "up_to": {value(beside, "up_to")},
	}
	resp := s.judge(beside.one("#judge").attr("action"), form)
	require.Contains(t, resp.Header.Get("Location"), "judged=2")
}

// failingStore fails half-way through a judgement of many.
type failingStore struct{ review.Store }

func (failingStore) LabelMany(context.Context, review.Selection, review.Label) (review.Batch, error) {
	return review.Batch{ID: "K3", Labeled: 500}, errors.New("the disk is gone")
}

func TestHalfABatchCanBeTakenBack(t *testing.T) {
	s := newSite(t, web.Options{})
	s.put(similar(1, "aaaaaaaaaaaaaaaa"))
	handler, err := web.NewHandler(failingStore{s.store}, web.Options{})
	require.NoError(t, err)
	send := func(target, media, body string) *http.Response {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
		r.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Result()
	}
	resp := send("/signals/aaaaaaaaaaaaaaaa/label", "application/x-www-form-urlencoded", "decision=confirmed")
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	page := s.page(resp.Header.Get("Location"))
	require.Contains(t, page.one("form.done-many").text(), "500 cases judged, then the store failed")
	require.True(t, page.has("#undo"))
	resp = send("/api/v1/labels", "application/json", `{"signals": ["aaaaaaaaaaaaaaaa"], "decision": "confirmed"}`)
	require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	body := read(t, resp)
	require.Contains(t, body, `"batch":"K3","labeled":500`)
	require.Contains(t, body, `"code":"internal"`)
}
