package signalhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

const printA, printB = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// store has signals by id.
type store struct {
	signals map[string]review.Signal
	changes []review.SignalChange
	err     error
}

func (s *store) Signal(_ context.Context, id string) (review.Signal, error) {
	g, ok := s.signals[id]
	if !ok && s.err == nil {
		return g, review.ErrNotFound
	}
	return g, s.err
}

func (s *store) ChangeSignal(_ context.Context, id string, c review.SignalChange) error {
	g := s.signals[id]
	g.State, g.Version, g.ChangedBy, g.Changed = c.State, c.Version, c.By, now.Add(time.Minute)
	s.signals[id] = g
	s.changes = append(s.changes, c)
	return s.err
}

func (s *store) Signals(_ context.Context, f review.SignalFilter) (page review.SignalPage, err error) {
	for _, g := range s.signals {
		if g.State == f.State {
			page.Signals = append(page.Signals, g)
		}
	}
	return page, s.err
}

func signal(state review.SignalState, changed time.Time) review.Signal {
	return review.Signal{
		ID: printA, Class: failure.ToolCallMalformed, Detail: failure.TypeMismatch, Title: "amount is <b>no number</b>",
		Service: "shop", State: state, Changed: changed, First: now.Add(-time.Hour), Last: now, Total: 25, Open: 3,
	}
}

func TestBodies(t *testing.T) {
	g := signal(review.SignalRegressed, now)
	g.Version, g.ChangedBy = "v18", "ada (acme/shop#7)"
	g.Guards = []review.Guard{
		{Kind: review.GuardRows, Name: "refunds.jsonl", Rows: []string{"a", "b"}}, {Kind: review.GuardRule, Name: "no_amount"},
	}
	body, err := Body(Generic, &g, "https://review.example/")
	require.NoError(t, err)
	require.JSONEq(t, `{"signal": "aaaaaaaaaaaaaaaa", "state": "regressed", "changed": "2026-11-30T12:00:00Z",
		"title": "amount is <b>no number</b>", "error_class": "tool_call_malformed", "error_detail": "type_mismatch",
		"service": "shop", "first_seen": "2026-11-30T11:00:00Z", "last_seen": "2026-11-30T12:00:00Z", "total": 25, "open": 3,
		"resolved_in": "v18", "resolved_by": "ada (acme/shop#7)", "guards": ["2 rows of refunds.jsonl", "rule no_amount"],
		"url": "https://review.example/signals/aaaaaaaaaaaaaaaa"}`, string(body))

	g.Title = "<!channel> *now* ``` @everyone\n\u202e[x](http://evil.example)"
	body, err = Body(Slack, &g, "https://review.example")
	require.NoError(t, err)
	var slack struct{ Text string }
	require.NoError(t, json.Unmarshal(body, &slack))
	require.Contains(t, slack.Text, "*A failure came back in shop*\n&lt;!channel&gt; ∗now∗ ''' @everyone")
	require.Contains(t, slack.Text, "had been resolved in: v18 by ada (acme/shop#7)\n"+
		"guarded by: 2 rows of refunds.jsonl\nguarded by: rule no_amount\nsignal: aaaaaaaaaaaaaaaa\n<https://review.example/signals/aaaaaaaaaaaaaaaa|Look at it>")
	require.NotContains(t, slack.Text, "\u202e")

	body, err = Body(GitHubIssue, &g, "")
	require.NoError(t, err)
	var issue struct{ Title, Body string }
	require.NoError(t, json.Unmarshal(body, &issue))
	require.True(t, strings.HasPrefix(issue.Title, "A failure came back in shop: "))
	require.True(t, strings.HasPrefix(issue.Body, "````text\n<!channel>"), "the text cannot leave its block: %s", issue.Body)
	require.Contains(t, issue.Body, "- `signal: aaaaaaaaaaaaaaaa`")

	g = review.Signal{ID: printA, Class: failure.Refusal, State: review.SignalNew, Title: strings.Repeat("x", 10_000)}
	for _, kind := range Kinds() {
		body, err = Body(kind, &g, "")
		require.NoError(t, err)
		require.Less(t, len(body), 2000)
	}
	require.ErrorContains(t, Check("email", nil), `kind must be one of ["generic" "slack" "github_issue"], got "email"`)
	require.ErrorContains(t, Check(Slack, []review.SignalState{"resolved"}), `states must be of`)
	require.NoError(t, Check(Slack, States()))
}

func TestOnlyNewsIsTold(t *testing.T) {
	s := &store{signals: map[string]review.Signal{}}
	g := signal(review.SignalNew, now.Add(-time.Hour))
	s.signals[printA] = g
	g.ID, g.Changed = printB, now.Add(-48*time.Hour)
	s.signals[printB] = g
	var told []string
	r := Receiver{Kind: Generic, States: States(), Tell: func(id, state string, body json.RawMessage) {
		require.Contains(t, string(body), id)
		told = append(told, id+" "+state)
	}}
	require.NoError(t, r.Look(t.Context(), s, now))
	require.Equal(t, []string{fmt.Sprintf("%s new@%d", printA, now.Add(-time.Hour).UnixNano())}, told)
	s.err = errors.New("locked")
	require.ErrorContains(t, r.Look(t.Context(), s, now), "locked")
}

// merged is a delivery of a merged pull request.
func merged(change func(*event)) string {
	var e event
	e.Action, e.Repository.Name, e.Repository.Branch = "closed", "acme/shop", "main"
	p := &e.PullRequest
	p.Number, p.Title, p.Body, p.Merged, p.MergedAt = 7, "fix: amounts", "Mends "+printA+".", true, now
	p.Commit, p.MergedBy.Login, p.Base.Ref = strings.Repeat("c", 40), "ada", "main"
	if change != nil {
		change(&e)
	}
	body, _ := json.Marshal(e)
	return string(body)
}

func deliver(t *testing.T, s *store, body string, change ...func(*http.Request)) (status int, answer string) {
	t.Helper()
	h := (&GitHub{Store: s, Secret: "s3cret", Failed: func(*http.Request, error) {}}).Before(http.NotFoundHandler())
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, GitHubPath, bytes.NewReader([]byte(body)))
	mac := hmac.New(sha256.New, []byte("s3cret"))
	_, _ = mac.Write([]byte(body))
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	r.Header.Set("X-GitHub-Event", "pull_request")
	r.Header.Set("Content-Type", "application/json")
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestAMergedPullRequestResolves(t *testing.T) {
	s := &store{signals: map[string]review.Signal{printA: signal(review.SignalEscalating, now.Add(-time.Hour))}}
	status, answer := deliver(t, s, merged(nil))
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"resolved": ["aaaaaaaaaaaaaaaa"]}`, answer)
	want := review.SignalChange{
		State: review.SignalResolved, Version: strings.Repeat("c", 40), By: "ada (acme/shop#7)", Merged: now,
	}
	require.Equal(t, []review.SignalChange{want}, s.changes)

	// Again, and after it came back, and after a person decided: nothing changes.
	for _, g := range []review.Signal{
		s.signals[printA], signal(review.SignalRegressed, now.Add(time.Hour)),
		{State: review.SignalIgnored, ChangedBy: "ben", Changed: now.Add(time.Hour)},
		{State: review.SignalOngoing, ChangedBy: "ben", Changed: now.Add(time.Hour)},
	} {
		s.signals[printA] = g
		status, answer = deliver(t, s, merged(nil))
		require.Equal(t, http.StatusOK, status)
		require.JSONEq(t, `{"resolved": []}`, answer)
	}
	require.Len(t, s.changes, 1)
}

func TestOtherDeliveriesChangeNothing(t *testing.T) {
	for name, body := range map[string]string{
		"closed without a merge": merged(func(e *event) { e.PullRequest.Merged = false }),
		"opened":                 merged(func(e *event) { e.Action = "opened" }),
		"another branch":         merged(func(e *event) { e.PullRequest.Base.Ref = "feature" }),
		"no commit":              merged(func(e *event) { e.PullRequest.Commit = "" }),
		"an unknown signal":      merged(func(e *event) { e.PullRequest.Body = printB }),
		"a part of a commit":     merged(func(e *event) { e.PullRequest.Body = printA + "aa" }),
		"no id":                  merged(func(e *event) { e.PullRequest.Body = "" }),
	} {
		s := &store{signals: map[string]review.Signal{printA: signal(review.SignalNew, now.Add(-time.Hour))}}
		status, answer := deliver(t, s, body)
		require.Equal(t, http.StatusOK, status, name)
		require.JSONEq(t, `{"resolved": []}`, answer, name)
		require.Empty(t, s.changes, name)
	}
	s := &store{signals: map[string]review.Signal{printA: signal(review.SignalNew, now.Add(-time.Hour))}}
	many := merged(func(e *event) {
		for n := range 5000 {
			e.PullRequest.Body += fmt.Sprintf(" %016x", n)
		}
	})
	status, _ := deliver(t, s, many)
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, s.changes, "so many ids are no pull request of a person; the first count")
}

func TestForgedDeliveriesAreRefused(t *testing.T) {
	s := &store{signals: map[string]review.Signal{printA: signal(review.SignalNew, now.Add(-time.Hour))}}
	sign := func(with string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", with) }
	}
	for name, change := range map[string]func(*http.Request){
		"no signature":        func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") },
		"another secret":      sign("sha256=" + strings.Repeat("ab", 32)),
		"no hex":              sign("sha256=zz"),
		"an empty one":        sign("sha256="),
		"the older algorithm": sign("sha1=" + strings.Repeat("ab", 20)),
	} {
		status, answer := deliver(t, s, merged(nil), change)
		require.Equal(t, http.StatusUnauthorized, status, name)
		require.Contains(t, answer, "X-Hub-Signature-256")
	}
	status, _ := deliver(t, s, merged(nil), func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
	require.Equal(t, http.StatusUnsupportedMediaType, status)
	status, _ = deliver(t, s, merged(nil), func(r *http.Request) { r.Method = http.MethodGet })
	require.Equal(t, http.StatusMethodNotAllowed, status)
	status, _ = deliver(t, s, strings.Repeat("x", maxDelivery+1))
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	status, _ = deliver(t, s, "no JSON")
	require.Equal(t, http.StatusBadRequest, status)
	status, answer := deliver(t, s, `{"zen": "x"}`, func(r *http.Request) { r.Header.Set("X-GitHub-Event", "ping") })
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"resolved": []}`, answer)
	status, _ = deliver(t, s, merged(nil), func(r *http.Request) { r.URL.Path = "/" })
	require.Equal(t, http.StatusNotFound, status, "left to the next handler")
	require.Empty(t, s.changes)
	require.False(t, (&GitHub{}).signed(nil, "sha256="+hex.EncodeToString(hmac.New(sha256.New, nil).Sum(nil))))

	s.err = errors.New("locked")
	status, answer = deliver(t, s, merged(nil))
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.NotContains(t, answer, "locked")
}
