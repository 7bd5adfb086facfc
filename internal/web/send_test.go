package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

// elsewhere has traces outside of the store.
type elsewhere map[string]review.Trace

func (e elsewhere) Find(_ context.Context, traceID string) ([]review.Trace, error) {
	switch t, ok := e[traceID]; {
	case strings.HasPrefix(traceID, "dead"):
		return nil, fmt.Errorf("Tempo does not answer: %w", review.ErrElsewhere)
	case !ok:
		return nil, fmt.Errorf("Tempo does not have the trace: %w", review.ErrNotFound)
	default:
		return []review.Trace{t}, nil
	}
}

func fine(id string) review.Trace {
	call := &genai.Call{Operation: genai.OpChat, RequestModel: "gpt-4o"}
	call.SetContent(genai.Content{
		Input:  []genai.Message{{Role: "user", Text: "When does the shop open?"}},
		Output: []genai.Message{{Role: "assistant", Text: "At noon, every day."}},
	})
	return review.Trace{ID: id, Service: "shop", Spans: []review.Span{{
		ID: "00000000000000aa", Name: "chat", Service: "shop", Start: time.Unix(1_800_000_000, 0), Duration: time.Second, Call: call,
	}}}
}

var (
	fineID = strings.Repeat("ab", 16)
	goneID = strings.Repeat("cd", 16)
)

func TestAPersonSendsATrace(t *testing.T) {
	s := newSite(t, web.Options{Finder: elsewhere{fineID: fine(fineID)}})
	page := s.page("/send?trace=" + fineID)
	require.Equal(t, fineID, page.one("input").attr("value"))
	require.Empty(t, s.items(review.Filter{}), "a link changes nothing")
	resp := s.judge("/send", url.Values{"trace": {" " + strings.ToUpper(fineID)}})
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	require.Equal(t, "/review/"+fineID, resp.Header.Get("Location"))

	shown := s.page("/review/" + fineID)
	require.Equal(t, "A person sent this trace", shown.one("h1").text())
	require.Equal(t, "sent by a person", shown.one("#why").text())
	require.Contains(t, shown.one("#said").text(), "At noon, every day.")
	selected := 0
	for _, o := range shown.one("#as").all("option") {
		for _, a := range o.node.Attr {
			if a.Key == "selected" {
				selected++
				require.Empty(t, o.attr("value"), "no class is suggested")
			}
		}
	}
	require.Equal(t, 1, selected)
	action, form := formOf(shown, "rejected")
	require.Less(t, s.judge(action, form).StatusCode, 400)

	// Again it is the same item.
	resp = s.do(http.MethodPost, "/api/v1/traces/"+fineID, "", "")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Contains(t, read(t, resp), `"sources":[{"source":"sent"}]`)
	require.Len(t, s.items(review.Filter{Source: review.SourceSent}), 1)
}

func TestSendingSaysWhatIsWrong(t *testing.T) {
	s := newSite(t, web.Options{Finder: elsewhere{}})
	for id, want := range map[string]struct {
		status  int
		message string
	}{
		"xyz":                     {http.StatusBadRequest, `trace id must be 32 lower-case hex digits, got \"xyz\"`},
		goneID:                    {http.StatusNotFound, "trace " + goneID + " is not in the review store, and Tempo does not have the trace"},
		strings.Repeat("dead", 8): {http.StatusBadGateway, "Tempo does not answer"},
	} {
		resp := s.do(http.MethodPost, "/api/v1/traces/"+id, "", "")
		require.Equal(t, want.status, resp.StatusCode)
		require.Contains(t, read(t, resp), want.message)
	}
	require.Empty(t, s.items(review.Filter{}))
	resp := newSite(t, web.Options{}).do(http.MethodPost, "/api/v1/traces/"+goneID, "", "")
	require.Contains(t, read(t, resp), "nothing looks elsewhere")
	resp = s.judge("/send", url.Values{"trace": {goneID}}, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	require.Equal(t, http.StatusMethodNotAllowed, s.do(http.MethodGet, "/api/v1/traces/"+goneID, "", "").StatusCode)
}

// TestFeedbackWithoutItsTrace: nothing but the feedback is known.
func TestFeedbackWithoutItsTrace(t *testing.T) {
	s := newSite(t, web.Options{TraceURL: "https://grafana/{trace_id}"})
	require.NoError(t, s.store.PutEvaluations(t.Context(), []review.Evaluation{
		{
			TraceID: fineID, SpanID: "00000000000000aa", Name: "thumbs", By: "user", Label: "thumbs_down", Failed: true, Bad: true,
			Value: genai.Some(0.0), Explanation: "It opens at <b>nine</b>", Service: "shop", Time: time.Unix(1_800_000_000, 0),
		},
		{TraceID: fineID, Name: "groundedness", By: "judge", JudgeModel: "m", Value: genai.Some(0.9), Label: "pass"},
	}))
	page := s.page("/")
	require.Equal(t, "Somebody gave this answer a bad rating", page.one("h1").text())
	require.Contains(t, page.one("#why").text(), "1 feedback thumbs thumbs down")
	text := page.text()
	require.Contains(t, text, "thumbs thumbs_down 0")
	require.Contains(t, text, "It opens at <b>nine</b>")
	require.Contains(t, text, "judge m")
	require.Contains(t, text, "open in Grafana")
	require.Contains(t, page.one("#said").text(), "The trace is not here. It was older than the latest traffic")
	require.Contains(t, page.one("#said").text(), "The trace viewer may have it: G.")
}

func TestTheQueueIsFilteredBySource(t *testing.T) {
	s := newSampleSite(t)
	drawn := fine(fineID)
	drawn.Reasons = []review.Reason{{Source: review.SourceRandom, Probability: 0.01}}
	s.put(drawn)
	page := s.page("/?source=random")
	require.Equal(t, []string{"any reason", "verdict (" + fmt.Sprint(len(s.items(review.Filter{}))-1) + ")", "random sample (1)"},
		page.one("#source").texts("option"))
	require.Len(t, page.all("a.item"), 1)
	require.Equal(t, "random sample", page.one("li.row").one(".chip").text())
	require.Contains(t, page.one("#why").text(), "1 in 100 kept")
	require.Contains(t, page.one("a.item").attr("href"), "source=random")
	require.False(t, s.page("/signals").has("#i-"+fineID))
	status, body := s.get("/api/v1/items?source=whim")
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "source must be one of")
}

// TestWhatAJudgeFoundIsACase: a trusted judge names the failure, another one only suspects.
func TestWhatAJudgeFoundIsACase(t *testing.T) {
	s := newSite(t, web.Options{})
	found := review.Evaluation{
		TraceID: fineID, Name: "groundedness", By: review.ByJudge, Version: "m@1", Label: "fail", Value: genai.Some(0.2),
		Failed: true, Class: failure.Hallucination, Detail: "contradicted", Explanation: "It says <b>30 days</b>.",
		Stratum: "random", Probability: 0.02, Untrusted: true, Found: true, Time: time.Unix(1_800_000_000, 0),
	}
	require.NoError(t, s.store.PutEvaluations(t.Context(), []review.Evaluation{found}))
	s.put(fine(fineID))
	page := s.page("/?source=judge")
	require.Equal(t, []string{"any reason", "judge (1)"}, page.one("#source").texts("option"))
	require.Contains(t, page.one("a.item").text(), "A judge suspects a failure")
	require.Equal(t, "judge", page.one("li.row").one(".chip").text())
	why := page.one("#why").text()
	require.Contains(t, why, "groundedness (m@1), which was not compared with people yet: “It says <b>30 days</b>.”")
	require.Contains(t, why, "1 in 50 kept")
	found.Untrusted, found.Version, found.Time = false, "m@2", time.Unix(1_800_000_001, 0)
	require.NoError(t, s.store.PutEvaluations(t.Context(), []review.Evaluation{found}))
	page = s.page("/?source=judge")
	require.NotContains(t, page.one("a.item").text(), "suspects")
	require.NotEqual(t, "judge", page.one("li.row").one(".chip").text())
	require.Contains(t, page.one("#why").text(), "groundedness (m@2): “It says")
	require.Contains(t, s.page("/signals").text(), "groundedness failed by m@2")
}

// TestAJudgeOnASuspicion: the case says which version of which judge confirmed or withdrew it.
func TestAJudgeOnASuspicion(t *testing.T) {
	s := newSite(t, web.Options{})
	suspected := fine(fineID)
	suspected.Reasons = []review.Reason{{Source: review.SourceSuspicion, Probability: 1}}
	s.put(suspected)
	says := func(version, suspicion string, untrusted bool, at int64) {
		require.NoError(t, s.store.PutEvaluations(t.Context(), []review.Evaluation{{
			TraceID: fineID, Name: "groundedness", By: "judge", Version: version, Label: "pass", Value: genai.Some(0.9),
			Suspicion: suspicion, Untrusted: untrusted, Time: time.Unix(at, 0),
		}}))
	}
	require.NotContains(t, s.page("/").one("#why").text(), " by groundedness")
	says("m@1", review.SuspicionConfirmed, true, 1_800_000_000)
	require.Contains(t, s.page("/").one("#why").text(),
		"confirmed by groundedness (m@1), which was not compared with people yet")
	says("m@2", review.SuspicionWithdrawn, false, 1_800_000_001)
	page := s.page("/")
	require.Contains(t, page.one("#why").text(), "withdrawn by groundedness (m@2)")
	require.NotContains(t, page.one("#why").text(), "compared with people")
	require.Contains(t, page.text(), "groundedness pass 0.90 suspicion withdrawn")
}
