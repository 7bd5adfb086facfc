package web_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/people"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web"
)

// newStaffedSite knows people by a header of a proxy. ada is an admin.
func newStaffedSite(t *testing.T) (s *site, denied *[]string) {
	t.Helper()
	directory := people.New(people.Settings{
		Header: "X-Forwarded-User", Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Admins: []string{"ada"},
	})
	denied = &[]string{}
	s = newSite(t, web.Options{
		Reviewer: func(r *http.Request) string { return directory.Of(r).Name },
		Admin:    func(r *http.Request) bool { return directory.Of(r).Admin },
		Denied:   func(_ *http.Request, action string) { *denied = append(*denied, action) },
	})
	return s, denied
}

// signedIn is a request that the proxy sends for somebody.
func signedIn(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("X-Forwarded-User", name) } // httptest sends from 192.0.2.1
}

// ofUser is the trace of a refund with a user.
func ofUser(n, user string) review.Trace {
	t := refund()
	t.ID = strings.Repeat(n, 32)
	t.Spans = append([]review.Span(nil), t.Spans...)
	t.Spans[0].Call = &genai.Call{Operation: genai.OpChat, UserID: user, SessionID: "s-" + user}
	return t
}

func TestAdminsExportAndErase(t *testing.T) {
	s, denied := newStaffedSite(t)
	s.put(ofUser("1", "u/1&<b>"), ofUser("2", "u2"), ofUser("3", "u/1&<b>"))
	const target = "?user=u/1%26%3Cb%3E"
	for _, who := range []string{"", "ben"} {
		for _, c := range []struct{ method, path string }{
			{http.MethodGet, "/api/v1/export" + target}, {http.MethodDelete, "/api/v1/items" + target}, {http.MethodGet, "/api/v1/audit"},
		} {
			resp := s.do(c.method, c.path, "", "", signedIn(who))
			require.Equal(t, http.StatusForbidden, resp.StatusCode)
			require.Contains(t, read(t, resp), "only an admin may do this; people::admins and people::admin_roles of llm_review name them")
		}
		require.Equal(t, http.StatusForbidden, s.do(http.MethodGet, "/audit", "", "", signedIn(who)).StatusCode)
	}
	require.Equal(t, []string{"export", "erase", "audit", "audit", "export", "erase", "audit", "audit"}, *denied)
	require.Len(t, s.items(allItems), 3)

	resp := s.do(http.MethodGet, "/api/v1/export"+target, "", "", signedIn("ada"))
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "application/x-ndjson", resp.Header.Get("Content-Type"))
	lines := strings.Split(strings.TrimSuffix(read(t, resp), "\n"), "\n")
	require.Len(t, lines, 2)
	for i, line := range lines {
		var item struct {
			TraceID string        `json:"trace_id"`
			Spans   []review.Span `json:"spans"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &item))
		require.Equal(t, strings.Repeat([]string{"1", "3"}[i], 32), item.TraceID)
		require.Equal(t, "u/1&<b>", item.Spans[0].Call.UserID)
	}

	resp = s.do(http.MethodDelete, "/api/v1/items"+target, "", "", signedIn("ada"))
	require.JSONEq(t, `{"erased":2}`, read(t, resp))
	require.Len(t, s.items(allItems), 1)
	resp = s.do(http.MethodGet, "/api/v1/export"+target, "", "", signedIn("ada"))
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Empty(t, read(t, resp))

	var log review.EntryPage
	require.NoError(t, json.Unmarshal([]byte(read(t, s.do(http.MethodGet, "/api/v1/audit", "", "", signedIn("ada")))), &log))
	require.Len(t, log.Entries, 3)
	for i, want := range []review.Entry{{Action: review.ActionExport}, {Action: review.ActionErase, N: 2}, {Action: review.ActionExport, N: 2}} {
		require.Equal(t, want.Action, log.Entries[i].Action)
		require.Equal(t, want.N, log.Entries[i].N)
		require.Equal(t, "ada", log.Entries[i].Who)
		require.NotContains(t, log.Entries[i].Subject, "u/1")
	}
	page := parse(t, read(t, s.do(http.MethodGet, "/audit?action=erase", "", "", signedIn("ada"))))
	rows := page.one("tbody").all("tr")
	require.Len(t, rows, 1)
	require.Contains(t, rows[0].text(), "ada erase user sha256:")
}

func TestOneSubjectAndNothingElse(t *testing.T) {
	s := newSite(t, web.Options{}) // everybody is an admin
	s.put(ofUser("1", "u1"))
	for _, query := range []string{
		"", "?user=", "?user=%20", "?user=u1&session=s1", "?user=u1&user=u2", "?user=u1&limit=1", "?usr=u1", "?trace=u1", "?class=refusal",
	} {
		require.Equal(t, http.StatusBadRequest, s.do(http.MethodDelete, "/api/v1/items"+query, "", "").StatusCode, query)
		require.Equal(t, http.StatusBadRequest, s.do(http.MethodGet, "/api/v1/export"+query, "", "").StatusCode, query)
	}
	require.Len(t, s.items(allItems), 1, "a mistake erases nothing")
	for _, query := range []string{"?action=none", "?cursor=!", "?limit=0"} {
		require.Equal(t, http.StatusBadRequest, s.do(http.MethodGet, "/api/v1/audit"+query, "", "").StatusCode, query)
	}
	require.Equal(t, http.StatusOK, s.do(http.MethodDelete, "/api/v1/items?session=s-u1", "", "").StatusCode)
	require.Empty(t, s.items(allItems))
	page := s.page("/audit")
	requireHarmless(t, "/audit", page)
	require.Contains(t, page.one("tbody").text(), "not known erase session sha256:")
}

// TestWhatPeopleDoToCasesAndSignalsIsRecorded: what failed is not.
func TestWhatPeopleDoToCasesAndSignalsIsRecorded(t *testing.T) {
	s, _ := newStaffedSite(t)
	id := equal(s, 1, printA)[0]
	equal(s, 1, printB)
	do := func(method, path, body string, status int) {
		t.Helper()
		kind := "application/x-www-form-urlencoded"
		if strings.HasPrefix(path, "/api") {
			kind = "application/json"
		}
		require.Equal(t, status, s.do(method, path, kind, body, signedIn("ada")).StatusCode, path)
	}
	do(http.MethodPost, "/signals/"+printA+"/rename", "title=Late+parcels", http.StatusSeeOther)
	do(http.MethodPost, "/signals/"+printA+"/merge", "into="+printB, http.StatusSeeOther)
	do(http.MethodPost, "/signals/"+printB+"/split", "", http.StatusBadRequest)
	do(http.MethodPatch, "/api/v1/signals/"+printA, `{"merged_into":""}`, http.StatusOK)
	do(http.MethodPost, "/review/"+id+"/requeue", "", http.StatusSeeOther)
	page, err := s.store.Entries(t.Context(), review.EntryFilter{})
	require.NoError(t, err)
	var log []string
	for _, e := range page.Entries {
		log = append(log, e.Who+" "+string(e.Action)+" "+e.Subject)
	}
	require.Equal(t, []string{
		"ada requeue " + id, "ada split_signal " + printA, "ada merge_signal " + printA + " into " + printB,
		"ada rename_signal " + printA + " Late parcels",
	}, log)
}

// TestAnotherSiteCannotActForSomebodyWhoIsSignedIn: the proxy adds its header to whatever a browser sends.
func TestAnotherSiteCannotActForSomebodyWhoIsSignedIn(t *testing.T) {
	s, _ := newStaffedSite(t)
	s.put(ofUser("1", "u1"))
	foreign := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	earlier := func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") } // without fetch metadata
	for name, from := range map[string]func(*http.Request){"cross-site": foreign, "another origin": earlier} {
		resp := s.do(http.MethodDelete, "/api/v1/items?user=u1", "", "", signedIn("ada"), from)
		require.Equal(t, http.StatusForbidden, resp.StatusCode, name)
		require.Contains(t, read(t, resp), `"code":"cross_origin"`)
		resp = s.do(http.MethodPost, "/signals/0123456789abcdef/state", "application/x-www-form-urlencoded", "to=ignored", signedIn("ada"), from)
		require.Equal(t, http.StatusForbidden, resp.StatusCode, name)
	}
	require.Len(t, s.items(allItems), 1)
	same := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }
	require.Equal(t, http.StatusOK, s.do(http.MethodDelete, "/api/v1/items?user=u1", "", "", signedIn("ada"), same).StatusCode)
}

// TestAHeaderFromElsewhereIsNoName: who is not the proxy can write what they like.
func TestAHeaderFromElsewhereIsNoName(t *testing.T) {
	s, _ := newStaffedSite(t)
	s.put(ofUser("1", "u1"))
	from := func(address string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = address } }
	for _, address := range []string{"203.0.113.9:1", "127.0.0.1:1", "[::1]:1", "@", "", "192.0.2.1"} {
		resp := s.do(http.MethodDelete, "/api/v1/items?user=u1", "", "", signedIn("ada"), from(address))
		require.Equal(t, http.StatusForbidden, resp.StatusCode, address)
	}
	require.Len(t, s.items(allItems), 1)
	require.Equal(t, http.StatusOK, s.do(http.MethodDelete, "/api/v1/items?user=u1", "", "", signedIn("ada"), from("[::ffff:192.0.2.7]:1")).StatusCode)
}

// TestAssignmentsAndUndosAreRecorded: with who did it.
func TestAssignmentsAndUndosAreRecorded(t *testing.T) {
	s, _ := newStaffedSite(t)
	s.put(ofUser("1", "u1"), ofUser("2", "u2"))
	id := strings.Repeat("1", 32)
	send := func(method, path, body string) {
		t.Helper()
		resp := s.do(method, path, "application/json", body, signedIn("ben"))
		require.Less(t, resp.StatusCode, 300, read(t, resp))
	}
	send(http.MethodPut, "/api/v1/items/"+id+"/assignee", `{"assignee":"carol"}`)
	send(http.MethodPut, "/api/v1/items/"+id+"/assignee", `{"assignee":""}`)
	resp := s.do(http.MethodPost, "/api/v1/labels", "application/json", `{"trace_ids":["`+id+`"],"decision":"rejected"}`, signedIn("ben"))
	var batch review.Batch
	require.NoError(t, json.Unmarshal([]byte(read(t, resp)), &batch))
	require.Equal(t, 1, batch.Labeled)
	send(http.MethodDelete, "/api/v1/labels/"+batch.ID, "")
	log, err := s.store.Entries(t.Context(), review.EntryFilter{})
	require.NoError(t, err)
	var did []string
	for _, e := range log.Entries {
		require.Equal(t, "ben", e.Who)
		require.Equal(t, 1, e.N)
		did = append(did, string(e.Action)+" "+e.Subject)
	}
	require.Equal(t, []string{
		"undo_many batch " + batch.ID, "label_many batch " + batch.ID + " rejected", "assign " + id + " to everybody", "assign " + id + " to carol",
	}, did)
}
