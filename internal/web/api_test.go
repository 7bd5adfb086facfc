package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai/genaitest"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

// getJSON decodes an answer of the API, which must have this status.
func (s *site) getJSON(target string, status int, into any) {
	s.t.Helper()
	resp := s.do(http.MethodGet, target, "", "")
	body := read(s.t, resp)
	require.Equal(s.t, status, resp.StatusCode, body)
	require.Equal(s.t, "application/json", resp.Header.Get("Content-Type"))
	require.NoError(s.t, json.Unmarshal([]byte(body), into))
}

type apiPage struct {
	Items []struct {
		TraceID string         `json:"trace_id"`
		Class   failure.Class  `json:"error_class"`
		Label   *review.Label  `json:"label"`
		Spans   []review.Span  `json:"spans"`
		Labels  []review.Label `json:"labels"`
	} `json:"items"`
	Total int    `json:"total"`
	Next  string `json:"next"`
}

type apiError struct {
	Error struct{ Code, Message string } `json:"error"`
}

func TestAPIGivesAnItemWhole(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := refund()
	s.put(trace)
	label, err := s.store.AddLabel(t.Context(), review.Label{TraceID: trace.ID, Decision: review.Confirmed, Note: "amount"})
	require.NoError(t, err)

	var item map[string]any
	s.getJSON("/api/v1/items/"+trace.ID, http.StatusOK, &item)
	for key, want := range map[string]any{
		"trace_id": trace.ID, "service": "returns-bot", "environment": "production", "state": "reviewed",
		"error_class": "tool_call_malformed", "error_bucket": "structure", "error_detail": "type_mismatch",
		"evidence": trace.Spans[4].Evidence, "fingerprint": "5f0c1b7a90d3e2c4",
		"primary_span_id": "00000000000000a5", "model": "gpt-4.1", "prompt_name": "refunds", "prompt_version": "v18", "session_id": "conv_82a7",
		"start": "2026-11-23T10:42:00Z", "duration_ms": 3200.0,
	} {
		require.EqualValues(t, want, item[key], key)
	}
	require.Equal(t, []any{"tool_call_malformed", "unsafe"}, item["error_classes"])
	require.InDelta(t, 0.0123, item["cost_usd"], 1e-9)
	require.Contains(t, item, "received")

	var spans struct {
		Spans  []review.Span  `json:"spans"`
		Labels []review.Label `json:"labels"`
	}
	s.getJSON("/api/v1/items/"+trace.ID, http.StatusOK, &spans)
	stored, err := s.store.Item(t.Context(), trace.ID)
	require.NoError(t, err)
	require.Len(t, spans.Spans, len(stored.Spans))
	require.Equal(t, stored.Spans[4].Call.Output(), spans.Spans[4].Call.Output(), "calls survive the way through JSON")
	require.Equal(t, []review.Label{label}, spans.Labels)
}

func TestAPIPagesAndFilters(t *testing.T) {
	s := newSampleSite(t)
	all := s.items(review.Filter{})
	var got []string
	for cursor := ""; ; {
		var page apiPage
		s.getJSON("/api/v1/items?limit=7&cursor="+cursor, http.StatusOK, &page)
		require.Equal(t, len(all), page.Total)
		require.LessOrEqual(t, len(page.Items), 7)
		for _, item := range page.Items {
			require.Empty(t, item.Spans, "a list has no spans")
			got = append(got, item.TraceID)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	require.Len(t, got, len(all))
	for i := range all {
		require.Equal(t, all[i].TraceID, got[i])
	}

	var page apiPage
	s.getJSON("/api/v1/items?class=refusal&service=support-bot", http.StatusOK, &page)
	require.Equal(t, len(s.items(review.Filter{Class: failure.Refusal, Service: "support-bot"})), page.Total)
	s.getJSON("/api/v1/items?q=no-such-word", http.StatusOK, &page)
	require.NotNil(t, page.Items, "an empty list is [], not null")
	require.Empty(t, page.Items)

	var facets review.Facets
	s.getJSON("/api/v1/facets?state=open", http.StatusOK, &facets)
	n := 0
	for _, c := range facets.Classes {
		n += c.N
	}
	require.Equal(t, len(all), n)
	require.Len(t, facets.Services, 4)
	_, body := s.get("/api/v1/facets?q=no-such-word")
	require.Contains(t, body, `"classes":[],"services":[],"sources":[]`)
}

func TestAPIExportsWhatWasConfirmed(t *testing.T) {
	s := newSampleSite(t)
	items := s.items(review.Filter{})
	for i, decision := range []review.Decision{review.Confirmed, review.Rejected, review.Confirmed} {
		_, err := s.store.AddLabel(t.Context(), review.Label{TraceID: items[i].TraceID, Decision: decision})
		require.NoError(t, err)
	}
	var page apiPage
	s.getJSON("/api/v1/items?state=reviewed&decision=confirmed", http.StatusOK, &page)
	require.Len(t, page.Items, 2)
	require.Equal(t, review.Confirmed, page.Items[0].Label.Decision)
	s.getJSON("/api/v1/items?state=reviewed", http.StatusOK, &page)
	require.Len(t, page.Items, 3)
}

func TestAPITakesLabels(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := refund()
	s.put(trace)
	target := "/api/v1/items/" + trace.ID + "/labels"
	resp := s.do(http.MethodPost, target, "application/json; charset=utf-8",
		`{"decision": "confirmed", "error_class": "tool_call_malformed", "error_detail": "type_mismatch", "note": "a number", "reviewer": "ada"}`)
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	var label review.Label
	body := read(t, resp)
	require.Contains(t, body, `"error_class":"tool_call_malformed","error_detail":"type_mismatch"`)
	require.NoError(t, json.Unmarshal([]byte(body), &label))
	require.Positive(t, label.ID)
	require.Equal(t, "ada", label.Reviewer)
	item, err := s.store.Item(t.Context(), trace.ID)
	require.NoError(t, err)
	require.Equal(t, []review.Label{label}, item.Labels)
	require.Equal(t, review.Reviewed, item.State)

	resp = s.do(http.MethodPost, target, "application/json", // as clients of earlier versions send it
		`{"decision": "confirmed", "class": "refusal", "detail": "model_refusal", "replaces": `+s.seen(trace.ID)+`}`)
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	require.Contains(t, read(t, resp), `"error_class":"refusal","error_detail":"model_refusal"`)
}

// TestAPIGivesCallsWhole: datasets are made of what it gives.
func TestAPIGivesCallsWhole(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := refund()
	trace.Spans[4].Call = genaitest.Full(t)
	s.put(trace)
	var item struct{ Spans []review.Span }
	s.getJSON("/api/v1/items/"+trace.ID, http.StatusOK, &item)
	require.Equal(t, trace.Spans[4].Call, item.Spans[4].Call)
}

func TestAPISaysWhatIsWrong(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := refund()
	s.put(trace)
	labels := "/api/v1/items/" + trace.ID + "/labels"
	const isJSON = "application/json"
	for _, c := range []struct {
		method, target, media, body string
		status                      int
		code, message               string
	}{
		{"GET", "/api/v1/items?class=boredom", "", "", 400, "invalid", `class must be one of the taxonomy, got "boredom"`},
		{"GET", "/api/v1/items?state=all", "", "", 400, "invalid", `state must be "open" or "reviewed", got "all"`},
		{"GET", "/api/v1/items?limit=0", "", "", 400, "invalid", `limit must be 1 to 500, got "0"`},
		{"GET", "/api/v1/items?limit=501", "", "", 400, "invalid", `limit must be 1 to 500`},
		{"GET", "/api/v1/items?limit=ten", "", "", 400, "invalid", `limit must be 1 to 500`},
		{"GET", "/api/v1/items?cursor=!", "", "", 400, "invalid", `cursor must be`},
		{"GET", "/api/v1/items?decision=maybe", "", "", 400, "invalid", `decision must be one of ["confirmed" "rejected" "unsure"], got "maybe"`},
		{"GET", "/api/v1/items/abc", "", "", 404, "not_found", `item "abc"`},
		{"GET", "/api/v2/items", "", "", 404, "not_found", `no such page: "/api/v2/items"`},
		{"DELETE", "/api/v1/items/abc", "", "", 405, "method_not_allowed", "GET, HEAD only"},
		{"POST", labels, "text/plain", `{"decision":"confirmed"}`, 415, "media_type", "application/json"},
		{"POST", labels, "", `{"decision":"confirmed"}`, 415, "media_type", "application/json"},
		{"POST", labels, isJSON, `{"decision":"perhaps"}`, 400, "invalid", `decision must be "confirmed", "rejected", "unsure", "taken_back" or "reopened", got "perhaps"`},
		{"POST", labels, isJSON, `{"decision":"confirmed","error_detail":"failed","error_class":"refusal"}`, 400, "invalid", `error_detail must be one of refusal`},
		{"POST", labels, isJSON, `{"decision":"confirmed","span_id":"00000000000000ff"}`, 400, "invalid", `span_id must be a span of the trace`},
		{"POST", labels, isJSON, `{"decision":"confirmed","verdict":1}`, 400, "invalid", `unknown field "verdict"`},
		{"POST", labels, isJSON, `{"decision":"confirmed"} {}`, 400, "invalid", "one JSON object"},
		{"POST", labels, isJSON, `{"decision":`, 400, "invalid", "the body must be JSON with the documented keys"},
		{"POST", labels, isJSON, `{"note":"` + strings.Repeat("x", 300<<10) + `"}`, 413, "too_large", "at most 262144 bytes"},
		{"POST", labels, isJSON, `{"decision":"confirmed","note":"` + strings.Repeat("x", 17<<10) + `"}`, 400, "invalid", "note must be at most"},
		{"POST", "/api/v1/items/" + strings.Repeat("b", 32) + "/labels", isJSON, `{"decision":"confirmed"}`, 404, "not_found", "label trace"},
	} {
		resp := s.do(c.method, c.target, c.media, c.body)
		body := read(t, resp)
		require.Equal(t, c.status, resp.StatusCode, "%s %s\n%s", c.method, c.target, body)
		var answer apiError
		require.NoError(t, json.Unmarshal([]byte(body), &answer), body)
		require.Equal(t, c.code, answer.Error.Code, c.target)
		require.Contains(t, answer.Error.Message, c.message)
	}
	require.Empty(t, s.failed, "none of this is ours")
	item, err := s.store.Item(t.Context(), trace.ID)
	require.NoError(t, err)
	require.Empty(t, item.Labels)
}
