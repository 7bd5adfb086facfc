package llmreviewextension

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/signalhook"
	"github.com/faultline-otel/faultline/internal/webhook"
)

// delivery is one webhook as the receiver saw it.
type delivery struct {
	header http.Header
	what   string // method and path
	body   string
}

// receiver keeps what it gets. Its answer changes.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex // guards the fields below
	status int
	got    []delivery
	issue  string // the body of the last one that was opened
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, delivery{req.Header.Clone(), req.Method + " " + req.URL.Path, string(body)})
		if strings.HasSuffix(req.URL.Path, "/issues") && req.Method == http.MethodPost {
			r.issue = string(body)
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"number": 7}`)
			return
		}
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) deliveries() []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]delivery(nil), r.got...)
}

// looks counts how often hooks looked at signals with nothing left to deliver.
type looks struct {
	mu    sync.Mutex // guards the field below
	count map[*hook]int
}

// lookOften makes the extension look at signals all the time.
func lookOften(t *testing.T) *looks {
	t.Helper()
	l := &looks{count: map[*hook]int{}}
	every, before := lookEvery, looked
	lookEvery = 10 * time.Millisecond
	looked = func(h *hook) { // runs in the goroutine that owns the outbox
		if h.outbox == nil || h.outbox.Waiting() == 0 {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.count[h]++
		}
	}
	t.Cleanup(func() { lookEvery, looked = every, before })
	return l
}

// quiet waits until each hook of an extension has looked twice from now on, and has nothing left to deliver.
func (l *looks) quiet(t *testing.T, e extension.Extension) {
	t.Helper()
	counts := func() map[*hook]int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return maps.Clone(l.count)
	}
	before := counts()
	eventually(t, func() bool {
		now := counts()
		for _, h := range e.(*reviewExtension).hooks {
			if now[h] < before[h]+2 {
				return false
			}
		}
		return true
	})
}

const signalPrint = "0123456789abcdef"

// failed is a trace of a signal, of the first deployment of its service.
func failed(n int, fingerprint string) review.Trace {
	return review.Trace{ID: fmt.Sprintf("%032x", n), Service: "shop", Spans: []review.Span{{
		ID: fmt.Sprintf("%016x", n), Name: "chat", Start: time.Now(), Verdict: failure.Verdict{
			Class: failure.Refusal, Classes: []failure.Class{failure.Refusal}, Evidence: "it refused", Fingerprint: fingerprint,
		},
		Call: &genai.Call{Operation: genai.OpChat, ServiceVersion: "0.9"},
	}}}
}

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 10*time.Second, 5*time.Millisecond)
}

func TestReceiversAreToldOfSignals(t *testing.T) {
	looks := lookOften(t)
	generic, slack, issues := newReceiver(t), newReceiver(t), newReceiver(t)
	cfg := config(t)
	cfg.PageURL = "https://review.example"
	const secret = "s3cret"
	address := func(r *receiver) WebhookConfig {
		return WebhookConfig{URL: configopaque.String(r.URL)}
	}
	cfg.Webhooks = []WebhookConfig{address(generic), address(slack), address(issues)}
	cfg.Webhooks[0].Secret, cfg.Webhooks[1].Kind = secret, signalhook.Slack
	cfg.Webhooks[2].URL += "/repos/acme/shop/issues"
	cfg.Webhooks[2].Kind, cfg.Webhooks[2].Token = signalhook.GitHubIssue, "t0ken"
	cfg.Webhooks[2].States = []review.SignalState{review.SignalRegressed}
	cfg.GitHub.Secret = "from-github"
	require.NoError(t, confmap.Validate(cfg))
	e, url := start(t, cfg, newHost())
	store := e.(*reviewExtension).ReviewStore()
	require.NoError(t, store.Put(t.Context(), []review.Trace{failed(1, signalPrint)}))
	eventually(t, func() bool { return len(generic.deliveries()) == 1 && len(slack.deliveries()) == 1 })
	got := generic.deliveries()[0]
	require.Contains(t, got.body, `"state":"new"`)
	require.Contains(t, got.body, `"url":"https://review.example/signals/`+signalPrint+`"`)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(got.body))
	require.Equal(t, hex.EncodeToString(mac.Sum(nil)), got.header.Get(webhook.HeaderSignature))
	require.Contains(t, slack.deliveries()[0].body, `"text":"*A new failure in shop*`)
	require.Empty(t, slack.deliveries()[0].header.Get(webhook.HeaderSignature))

	// More of the same is no news.
	require.NoError(t, store.Put(t.Context(), []review.Trace{failed(2, signalPrint)}))
	looks.quiet(t, e)
	require.Len(t, generic.deliveries(), 1)

	// A merged pull request resolves it. A failure of a later deployment is a regression, each time anew; one of the
	// deployment that runs on is not.
	for n := range 2 {
		body := fmt.Sprintf(`{"action":"closed","pull_request":{"title":"mend %s","merged":true,"merged_at":%q,"merge_commit_sha":"c%d",
			"base":{"ref":"main"}},"repository":{"default_branch":"main"}}`, signalPrint, time.Now().Format(time.RFC3339Nano), n)
		status, answer := fromGitHub(t, url, "wrong", body)
		require.Equal(t, http.StatusUnauthorized, status, answer)
		status, answer = fromGitHub(t, url, "from-github", body)
		require.Equal(t, http.StatusOK, status)
		require.JSONEq(t, `{"resolved":["`+signalPrint+`"]}`, answer)
		g, err := store.Signal(t.Context(), signalPrint)
		require.NoError(t, err)
		require.Equal(t, review.SignalResolved, g.State)
		require.Equal(t, fmt.Sprintf("c%d", n), g.Version)
		require.NoError(t, store.Put(t.Context(), []review.Trace{failed(20+n, signalPrint)}))
		looks.quiet(t, e)
		require.Len(t, generic.deliveries(), n+1)
		later := failed(10+n, signalPrint)
		later.Spans[0].Call.ServiceVersion = fmt.Sprint("1.", n)
		require.NoError(t, store.Put(t.Context(), []review.Trace{later}))
		eventually(t, func() bool { return len(generic.deliveries()) == n+2 && len(issues.deliveries()) == 2*n+2 })
		require.Contains(t, generic.deliveries()[n+1].body, `"state":"regressed"`)
		status, answer = fromGitHub(t, url, "from-github", body) // a replay
		require.Equal(t, http.StatusOK, status)
		require.JSONEq(t, `{"resolved":[]}`, answer)
	}
	keys := map[string]bool{}
	for _, d := range generic.deliveries() {
		keys[d.header.Get(webhook.HeaderKey)] = true
	}
	require.Len(t, keys, 3)
	require.Equal(t, "Bearer t0ken", issues.deliveries()[0].header.Get("Authorization"))
	var asked []string
	for _, d := range issues.deliveries() {
		asked = append(asked, d.what)
	}
	const at = " /repos/acme/shop/issues"
	require.Equal(t, []string{"GET" + at, "POST" + at, "PATCH" + at + "/7", "POST" + at + "/7/comments"}, asked,
		"the second time the issue that there is")
	require.Contains(t, issues.issue, "had been resolved in: c0")
	require.NoError(t, e.Shutdown(t.Context()))
}

// TestANewReceiverIsNotToldOfWhatIsOld: it is a webhook, and no digest of the queue.
func TestANewReceiverIsNotToldOfWhatIsOld(t *testing.T) {
	looks := lookOften(t)
	cfg := config(t)
	e, _ := start(t, cfg, newHost())
	require.NoError(t, e.(*reviewExtension).store.Put(t.Context(), []review.Trace{failed(1, signalPrint)}))
	require.NoError(t, e.Shutdown(t.Context()))
	r := newReceiver(t)
	cfg.Webhooks = []WebhookConfig{{URL: configopaque.String(r.URL), Secret: "s"}}
	e, _ = start(t, cfg, newHost())
	require.NoError(t, e.(*reviewExtension).store.Put(t.Context(), []review.Trace{failed(2, "fedcba9876543210")}))
	eventually(t, func() bool { return len(r.deliveries()) == 1 })
	looks.quiet(t, e)
	require.Len(t, r.deliveries(), 1)
	require.Contains(t, r.deliveries()[0].body, "fedcba9876543210")
	require.NoError(t, e.Shutdown(t.Context()))
}

func fromGitHub(t *testing.T, url, secret, body string) (status int, answer string) {
	t.Helper()
	return get(t, url+signalhook.GitHubPath, func(r *http.Request) {
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = mac.Write([]byte(body))
		r.Method, r.Body = http.MethodPost, io.NopCloser(strings.NewReader(body))
		r.Host = "review.example" // as GitHub reaches it
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-GitHub-Event", "pull_request")
		r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	})
}

// TestWebhooksOutliveARestart: what waits keeps its key, and what was told is no news.
func TestWebhooksOutliveARestart(t *testing.T) {
	looks := lookOften(t)
	r := newReceiver(t)
	cfg := config(t)
	cfg.Webhooks = []WebhookConfig{{URL: configopaque.String(r.URL), Secret: "s"}}
	e, _ := start(t, cfg, newHost())
	require.NoError(t, e.(*reviewExtension).store.Put(t.Context(), []review.Trace{failed(1, signalPrint)}))
	eventually(t, func() bool { return len(r.deliveries()) == 1 })
	looks.quiet(t, e)
	r.answer(http.StatusBadGateway)
	require.NoError(t, e.(*reviewExtension).store.Put(t.Context(), []review.Trace{failed(2, "fedcba9876543210")}))
	eventually(t, func() bool { return len(r.deliveries()) > 1 })
	require.NoError(t, e.Shutdown(t.Context()))
	before := r.deliveries()
	waiting := before[len(before)-1]

	r.answer(http.StatusOK)
	e, _ = start(t, cfg, newHost())
	eventually(t, func() bool { return len(r.deliveries()) == len(before)+1 })
	looks.quiet(t, e)
	after := r.deliveries()
	require.Len(t, after, len(before)+1)
	last := after[len(before)]
	require.Equal(t, waiting.header.Get(webhook.HeaderKey), last.header.Get(webhook.HeaderKey))
	require.Equal(t, waiting.body, last.body)
	var told struct{ Signal string }
	require.NoError(t, json.Unmarshal([]byte(last.body), &told))
	require.Equal(t, "fedcba9876543210", told.Signal)
	require.NoError(t, e.Shutdown(t.Context()))
	e, _ = start(t, cfg, newHost())
	looks.quiet(t, e)
	require.Len(t, r.deliveries(), len(after))

	// Another replica on the same store has no turn while this one has.
	values := e.(*reviewExtension).store.Checkpoint(cfg.Webhooks[0].owner())
	held, err := values.Lease(t.Context(), "another", time.Now(), time.Minute)
	require.NoError(t, err)
	require.False(t, held)
	held, err = values.Lease(t.Context(), "another", time.Now().Add(2*hookLease), time.Hour)
	require.NoError(t, err)
	require.True(t, held, "one that is gone loses it")
	require.NoError(t, e.(*reviewExtension).store.Put(t.Context(), []review.Trace{failed(3, "0123456789fedcba")}))
	looks.quiet(t, e)
	require.Len(t, r.deliveries(), len(after), "now it is the turn of the other")
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestWebhooksSayWhatIsWrong(t *testing.T) {
	for want, c := range map[string]WebhookConfig{
		"webhooks::0: url must begin with http:// or https:// and a host":                  {URL: "hooks.slack.example/s3cret", Secret: "s"},
		`webhooks::0: secret must not be empty for the kind generic, got ""`:               {URL: "http://x"},
		`webhooks::0: token must not be empty for the kind github_issue, got ""`:           {URL: "http://x", Kind: signalhook.GitHubIssue},
		`webhooks::0: kind must be one of ["generic" "slack" "github_issue"], got "email"`: {URL: "http://x", Kind: "email"},
		`webhooks::0: states must be of ["new" "escalating" "regressed"], got "resolved"`:  {URL: "http://x", Kind: signalhook.Slack, States: []review.SignalState{"resolved"}},
	} {
		cfg := config(t)
		cfg.Webhooks = []WebhookConfig{c}
		require.EqualError(t, confmap.Validate(cfg), want)
	}
	cfg := config(t)
	cfg.Webhooks = []WebhookConfig{{URL: "http://x", Secret: "a"}, {URL: "http://x", Secret: "b"}}
	require.EqualError(t, confmap.Validate(cfg), "webhooks::1 must have an address of its own, got that of another one")
	cfg = config(t)
	cfg.PageURL = "review.example"
	require.EqualError(t, confmap.Validate(cfg), `page_url must begin with http:// or https:// and a host, got "review.example"`)
}
