package signalhook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/webhook"
)

// forge keeps issues and comments as GitHub does.
type forge struct {
	*httptest.Server
	mu       sync.Mutex
	issues   []map[string]any
	comments map[int][]string
	calls    []string
	// fails answers instead, where it is not 0. taken says that the request was carried out all the same.
	fails func(method, path string) (code int, taken bool)
}

func newForge(t *testing.T) *forge {
	t.Helper()
	f := &forge{comments: map[int][]string{}}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *forge) url() string { return f.URL + "/repos/acme/shop/issues" }

func (f *forge) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/repos/acme/shop"))
	code, taken := 0, true
	if f.fails != nil {
		if code, taken = f.fails(r.Method, r.URL.Path); code == 0 {
			taken = true
		}
	}
	status, answer := http.StatusOK, any(nil)
	if taken {
		status, answer = f.handle(r)
	}
	if code != 0 {
		w.WriteHeader(code)
		return
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

func (f *forge) handle(r *http.Request) (status int, answer any) {
	if r.Header.Get("Authorization") != "Bearer t0ken" {
		return http.StatusUnauthorized, nil
	}
	var body map[string]string
	_ = json.NewDecoder(r.Body).Decode(&body)
	path := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/repos/acme/shop"), "/"), "/")
	switch {
	case r.URL.Path == "/search/issues":
		found := []map[string]any{}
		signal := strings.Trim(strings.Fields(r.URL.Query().Get("q"))[0], `"`)
		for _, one := range f.issues {
			if strings.Contains(one["body"].(string), signal) {
				found = append(found, one)
			}
		}
		return http.StatusOK, map[string]any{"items": found}
	case len(path) == 1 && r.Method == http.MethodGet:
		newest := []map[string]any{}
		for i := len(f.issues) - 1; i >= 0 && len(newest) < 100; i-- {
			newest = append(newest, f.issues[i])
		}
		return http.StatusOK, newest
	case len(path) == 1:
		one := map[string]any{"number": len(f.issues) + 1, "title": body["title"], "body": body["body"], "state": "open"}
		f.issues = append(f.issues, one)
		return http.StatusCreated, one
	}
	n, _ := strconv.Atoi(path[1])
	if n < 1 || n > len(f.issues) || f.issues[n-1]["state"] == "gone" {
		return http.StatusNotFound, nil
	}
	switch {
	case len(path) == 3 && r.Method == http.MethodGet:
		list := []map[string]any{}
		for _, text := range f.comments[n] {
			list = append(list, map[string]any{"body": text})
		}
		return http.StatusOK, list
	case len(path) == 3:
		f.comments[n] = append(f.comments[n], body["body"])
		return http.StatusCreated, map[string]any{"body": body["body"]}
	case r.Method == http.MethodPatch:
		f.issues[n-1]["state"] = body["state"]
	}
	return http.StatusOK, f.issues[n-1]
}

// state returns the numbers of issues and of comments of the first one.
func (f *forge) state() (issues, comments int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.issues), len(f.comments[1])
}

// tell delivers a state of a signal through an outbox, and waits until it is told.
func tell(t *testing.T, f *forge, o *webhook.Outbox, state review.SignalState, changed time.Time) {
	t.Helper()
	g := signal(state, changed)
	g.Version, g.ChangedBy = "v18", "ada (acme/shop#7)"
	body, err := Body(GitHubIssue, &g, "")
	require.NoError(t, err)
	o.Tell(g.ID, fmt.Sprint(state, "@", changed.UnixNano()), body)
	require.Eventually(t, func() bool { return o.Waiting() == 0 }, 10*time.Second, time.Millisecond, "%v", f.calls)
}

// outboxTo delivers to a forge, as after a start without memory.
func outboxTo(t *testing.T, f *forge) *webhook.Outbox {
	t.Helper()
	issues := Issues{URL: f.url(), Token: "t0ken"}
	o, err := webhook.New(webhook.Settings{
		URL: f.url(), Deliver: issues.Deliver, MaxWaiting: 10, MaxSubjects: 10, Pause: time.Millisecond,
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { o.Run(ctx, nil) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return o
}

// TestASignalHasOneIssue: what comes back reopens the issue and comments it, also after a restart without memory.
func TestASignalHasOneIssue(t *testing.T) {
	f := newForge(t)
	o := outboxTo(t, f)
	tell(t, f, o, review.SignalNew, now)
	f.issues[0]["state"] = "closed"
	tell(t, f, o, review.SignalRegressed, now.Add(time.Hour))
	issues, comments := f.state()
	require.Equal(t, []int{1, 1}, []int{issues, comments})
	require.Equal(t, "open", f.issues[0]["state"])
	require.True(t, strings.HasPrefix(f.comments[1][0], "A failure came back in shop\n\n```text\namount is"))
	require.Contains(t, f.comments[1][0], "- `had been resolved in: v18 by ada (acme/shop#7)`")

	again := outboxTo(t, f)
	tell(t, f, again, review.SignalRegressed, now.Add(2*time.Hour))
	issues, comments = f.state()
	require.Equal(t, []int{1, 2}, []int{issues, comments}, "found by what its text names")

	// Many issues later the search knows it.
	for range 150 {
		f.issues = append(f.issues, map[string]any{"number": len(f.issues) + 1, "body": "something else", "state": "open"})
	}
	tell(t, f, outboxTo(t, f), review.SignalRegressed, now.Add(3*time.Hour))
	issues, comments = f.state()
	require.Equal(t, []int{151, 3}, []int{issues, comments})

	// One that was deleted is opened anew.
	f.issues[0]["state"] = "gone"
	tell(t, f, o, review.SignalRegressed, now.Add(4*time.Hour))
	issues, comments = f.state()
	require.Equal(t, []int{152, 3}, []int{issues, comments})
}

// TestAnAttemptWithoutAnAnswerIsNotRepeated: GitHub takes a request, and the answer is lost.
func TestAnAttemptWithoutAnAnswerIsNotRepeated(t *testing.T) {
	f := newForge(t)
	lost := map[string]bool{}
	f.fails = func(method, path string) (int, bool) {
		key := method + path
		if method == http.MethodGet || lost[key] {
			return 0, true
		}
		lost[key] = true
		return http.StatusBadGateway, true
	}
	o := outboxTo(t, f)
	tell(t, f, o, review.SignalNew, now)
	issues, comments := f.state()
	require.Equal(t, []int{1, 0}, []int{issues, comments})
	tell(t, f, o, review.SignalRegressed, now.Add(time.Hour))
	issues, comments = f.state()
	require.Equal(t, []int{1, 1}, []int{issues, comments})
}

// TestIssuesThatGitHubRefuses: a refusal is final, a limit is not, and an answer that makes no sense is asked for again.
func TestIssuesThatGitHubRefuses(t *testing.T) {
	f := newForge(t)
	client := f.Client()
	g := signal(review.SignalNew, now)
	body, err := Body(GitHubIssue, &g, "")
	require.NoError(t, err)
	m := webhook.Message{Subject: g.ID, Key: "k", Body: body}
	issues := Issues{URL: f.url(), Token: "wrong"}
	require.Equal(t, webhook.Result{Code: http.StatusUnauthorized}, issues.Deliver(t.Context(), client, m, "", false))
	issues.Token = "t0ken"
	f.fails = func(string, string) (int, bool) { return http.StatusTooManyRequests, false }
	require.True(t, issues.Deliver(t.Context(), client, m, "", false).Again)
	require.True(t, issues.Deliver(t.Context(), client, m, "1", true).Again)
	f.fails = func(string, string) (int, bool) { return 299, false } // without a body
	require.Equal(t, webhook.Result{}, issues.Deliver(t.Context(), client, m, "", false))
	require.Equal(t, http.StatusBadRequest, issues.Deliver(t.Context(), client, webhook.Message{Body: []byte("[")}, "", false).Code)
	require.Empty(t, f.issues)
}
