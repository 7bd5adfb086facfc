package llmbudgetextension

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/basicauthextension"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/faultline-otel/faultline/internal/budget"
	ours "github.com/faultline-otel/faultline/internal/componenttest"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/webhook"
)

func started(t *testing.T, change func(*Config)) (*budgetExtension, *httptest.Server) {
	t.Helper()
	b := newStarted(t, change, componenttest.NewNopHost())
	t.Cleanup(func() { require.NoError(t, b.Shutdown(t.Context())) })
	// The same handler on a free port.
	server := httptest.NewServer(b.handler())
	t.Cleanup(server.Close)
	return b, server
}

func newStarted(t *testing.T, change func(*Config), host component.Host) *budgetExtension {
	t.Helper()
	config := createDefaultConfig().(*Config)
	config.HTTP.NetAddr.Endpoint = "127.0.0.1:0"
	config.Limits = budget.Limits{USD: 5}
	if change != nil {
		change(config)
	}
	require.NoError(t, confmap.Validate(config))
	b, err := newBudget(componenttest.NewNopTelemetrySettings(), component.MustNewID("llm_budget"), config)
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context(), host))
	return b
}

func ask(t *testing.T, method, url string, header ...string) (*http.Response, budget.Decision) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	var d budget.Decision
	require.NoError(t, json.NewDecoder(response.Body).Decode(&d))
	return response, d
}

func TestSessionIsStoppedAndReset(t *testing.T) {
	b, server := started(t, nil)
	address := server.URL + "/v1/sessions/chat%2F7"
	response, d := ask(t, http.MethodGet, address)
	require.Equal(t, 200, response.StatusCode)
	require.Equal(t, budget.Closed, d.State)

	b.Breaker().Record(session.Usage{Session: "chat/7", USD: 5.5, ModelCalls: 3})
	response, d = ask(t, http.MethodGet, address)
	require.Equal(t, 429, response.StatusCode)
	require.Equal(t, "3600", response.Header.Get("Retry-After"))
	require.Equal(t, "used 5.5 of 5 USD", d.Reason)
	require.InDelta(t, 5.5, d.SpentUSD, 1e-9)

	for _, deny := range []int{429, 403} {
		b.config.DenyStatus = deny
		for _, path := range []string{"/v1/authz", "/v1/authz/v1/chat/completions"} {
			response, _ = ask(t, http.MethodPost, server.URL+path, "X-Session-Id", "chat/7")
			require.Equal(t, deny, response.StatusCode)
		}
	}
	response, _ = ask(t, http.MethodPost, server.URL+"/v1/authz")
	require.Equal(t, 200, response.StatusCode, "fail-open is the default")
	b.config.FailOpen = false
	response, _ = ask(t, http.MethodPost, server.URL+"/v1/authz")
	require.Equal(t, 403, response.StatusCode)

	list, err := http.Get(server.URL + "/v1/sessions")
	require.NoError(t, err)
	text, err := io.ReadAll(list.Body)
	require.NoError(t, err)
	require.NoError(t, list.Body.Close())
	require.Contains(t, string(text), `[{"session":"chat/7"`)

	response, d = ask(t, http.MethodPost, address+"/reset")
	require.Equal(t, 200, response.StatusCode)
	require.Equal(t, budget.Closed, d.State)
	response, _ = ask(t, http.MethodGet, address)
	require.Equal(t, 200, response.StatusCode)
	for path, method := range map[string]string{
		"/v1/sessions/nobody/reset": http.MethodPost,
		"/v1/sessions/":             http.MethodGet, "/": http.MethodGet, "/other/reset": http.MethodPost,
		"/v1/sessions": http.MethodPost,
	} {
		response, _ = ask(t, method, server.URL+path)
		require.Equal(t, 404, response.StatusCode, path)
	}
	response, _ = ask(t, http.MethodDelete, address)
	require.Equal(t, 405, response.StatusCode)
}

func TestWebhooksAreRetriedUntilDelivered(t *testing.T) {
	type delivery struct {
		key string
		budget.Decision
	}
	var tries atomic.Int32
	tried := make(chan string, 1) // the key of the failed attempt
	received := make(chan delivery, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || tries.Add(1) == 1 { // down at first
			tried <- r.Header.Get(webhook.HeaderKey)
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		mac := hmac.New(sha256.New, []byte("secret"))
		mac.Write(body)
		if r.Header.Get(webhook.HeaderSignature) != hex.EncodeToString(mac.Sum(nil)) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		var d budget.Decision
		if json.Unmarshal(body, &d) == nil {
			received <- delivery{r.Header.Get(webhook.HeaderKey), d}
		}
	}))
	defer receiver.Close()
	b, _ := started(t, func(c *Config) { c.Webhook = Webhook{URL: receiver.URL, Secret: "secret", MaxWaiting: 10} })
	b.Breaker().Record(session.Usage{Session: "s", USD: 4.5})
	b.Breaker().Record(session.Usage{Session: "s", USD: 4.6})
	first := <-received
	b.Breaker().Record(session.Usage{Session: "s", USD: 6})
	second := <-received
	require.Equal(
		t,
		[]budget.BreakerState{budget.Warned, budget.Open},
		[]budget.BreakerState{first.State, second.State},
	)
	require.NotEqual(t, first.key, second.key)
	require.Equal(t, <-tried, first.key, "a retry has the same key")
	require.EqualValues(t, 3, tries.Load())
}

// TestQueuedWebhooksAreDeliveredOnShutdown checks that the last changes before a restart are not lost.
func TestQueuedWebhooksAreDeliveredOnShutdown(t *testing.T) {
	received := make(chan string, 10)
	receiver := httptest.NewServer(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { received <- r.Header.Get(webhook.HeaderKey) }),
	)
	defer receiver.Close()
	b := newStarted(
		t,
		func(c *Config) { c.Webhook = Webhook{URL: receiver.URL, Secret: "secret", MaxWaiting: 10} },
		componenttest.NewNopHost(),
	)
	for _, id := range []session.ID{"a", "b", "c"} {
		b.Breaker().Record(session.Usage{Session: id, USD: 6})
	}
	require.NoError(t, b.Shutdown(t.Context()))
	require.Len(t, received, 3)
}

type authenticated map[component.ID]component.Component

func (h authenticated) GetExtensions() map[component.ID]component.Component { return h }

// TestAuthenticatorGuardsTheAPI checks that all paths need authentication, also the one for proxies.
func TestAuthenticatorGuardsTheAPI(t *testing.T) {
	f := basicauthextension.NewFactory()
	id := component.NewID(f.Type())
	config := f.CreateDefaultConfig().(*basicauthextension.Config)
	config.Htpasswd = &basicauthextension.HtpasswdSettings{Inline: "ada:lovelace"}
	authenticator, err := f.Create(t.Context(), extensiontest.NewNopSettings(f.Type()), config)
	require.NoError(t, err)
	h := authenticated{id: authenticator}
	require.NoError(t, authenticator.Start(t.Context(), h))
	b := newStarted(t, func(c *Config) {
		c.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: id}})
	}, h)
	require.Equal(t, []component.ID{id}, b.Dependencies())
	server := httptest.NewServer(b.server.Handler)
	defer server.Close()
	status := func(method, path, password string) int {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
		require.NoError(t, err)
		r.Header.Set("X-Session-Id", "s")
		if password != "" {
			r.SetBasicAuth("ada", password)
		}
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	b.Breaker().Record(session.Usage{Session: "s", USD: 6})
	for path, method := range map[string]string{
		"/v1/sessions/s": http.MethodGet, "/v1/sessions": http.MethodGet,
		"/v1/authz": http.MethodPost, "/v1/sessions/s/reset": http.MethodPost,
	} {
		require.Equal(t, http.StatusUnauthorized, status(method, path, ""), path)
		require.Equal(t, http.StatusUnauthorized, status(method, path, "byron"), path)
	}
	require.Equal(t, http.StatusTooManyRequests, status(http.MethodGet, "/v1/sessions/s", "lovelace"))
	require.Equal(t, http.StatusOK, status(http.MethodPost, "/v1/sessions/s/reset", "lovelace"))
	require.NoError(t, b.Shutdown(t.Context()))
	require.NoError(t, authenticator.Shutdown(t.Context()))
}

func TestServiceHasItsOwnLimits(t *testing.T) {
	b, server := started(
		t,
		func(c *Config) { c.Services = map[string]budget.Limits{"research": {USD: 50}, "free": {}} },
	)
	for service, want := range map[string]int{"research": 200, "free": 200, "bot": 429} {
		b.Breaker().Record(session.Usage{Session: session.ID(service), Service: service, USD: 6})
		response, d := ask(t, http.MethodGet, server.URL+"/v1/sessions/"+service)
		require.Equal(t, want, response.StatusCode, service)
		require.Equal(t, service, d.Service)
	}
}

func TestWebPageCannotResetLimits(t *testing.T) {
	b, server := started(t, nil)
	usd := 0.0
	for name, want := range map[string]struct {
		method, path, host, site string
		status                   int
	}{
		"another site":         {http.MethodPost, "/v1/sessions/s/reset", "", "cross-site", http.StatusForbidden},
		"a name that is bound": {http.MethodGet, "/v1/sessions", "attacker.example", "", http.StatusMisdirectedRequest},
		"a proxy": {
			http.MethodPost, "/v1/authz/v1/chat", "api.example.org", "cross-site",
			http.StatusTooManyRequests,
		},
		"the agent": {http.MethodPost, "/v1/sessions/s/reset", "", "", http.StatusOK},
	} {
		r, err := http.NewRequestWithContext(t.Context(), want.method, server.URL+want.path, nil)
		require.NoError(t, err)
		usd += 10
		b.Breaker().Record(session.Usage{Session: "s", USD: usd})
		r.Host = cmp.Or(want.host, r.Host)
		r.Header.Set("X-Session-Id", "s")
		if want.site != "" {
			r.Header.Set("Sec-Fetch-Site", want.site)
		}
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, want.status, response.StatusCode, name)
	}
}

func TestIDsCanHaveAnyCharacters(t *testing.T) {
	b, server := started(t, nil)
	for _, id := range []string{
		"a/b", "a//b", "../x", "..", "a b?c#d%", "日本", strings.Repeat("x", 4000), "reset",
		"a\nb",
	} {
		b.Breaker().Record(session.Usage{Session: session.IDOf(id, [16]byte{}), USD: 6})
		response, d := ask(t, http.MethodGet, server.URL+"/v1/sessions/"+url.PathEscape(id))
		require.Equal(t, http.StatusTooManyRequests, response.StatusCode, id)
		require.Equal(t, budget.Open, d.State)
		response, _ = ask(t, http.MethodPost, server.URL+"/v1/sessions/"+url.PathEscape(id)+"/reset")
		require.Equal(t, http.StatusOK, response.StatusCode, id)
	}
}

func TestConfigurationInTheReadmeIsValid(t *testing.T) {
	t.Setenv("HOOK_SECRET", "secret")
	ours.README(t, NewFactory(), "README.md")
}

func TestWrongSettings(t *testing.T) {
	cm, err := confmaptest.LoadConf(filepath.Join("testdata", "wrong.yaml"))
	require.NoError(t, err)
	for name, want := range map[string]string{
		"address": "http::endpoint must be a loopback address unless http::auth is set, got \"0.0.0.0:8322\"",
		"header":  "session_header must name a header, got \"\"",
		"status":  "deny_status must be from 400 to 499, got 500",
		"limit":   "limits: usd must not be negative, got -1",
		"service": "services::bot: tokens must not be negative, got -5",
		"waiting": "webhook: max_waiting must be positive, got 0",
		"webhook": "webhook: url must begin with http:// or https://, got \"example\"",
		"secret":  "webhook: secret must not be empty where url is set, got \"\"",
	} {
		sub, err := cm.Sub(name)
		require.NoError(t, err)
		config := createDefaultConfig()
		require.NoError(t, sub.Unmarshal(config))
		require.EqualError(t, confmap.Validate(config), want)
	}
}

// BenchmarkAnswer measures the cost of an answer, without the network.
func BenchmarkAnswer(b *testing.B) {
	config := createDefaultConfig().(*Config)
	config.Limits = budget.Limits{USD: 5, USDPerTenMinutes: 1, ModelCalls: 200}
	budget, err := newBudget(componenttest.NewNopTelemetrySettings(), component.MustNewID("llm_budget"), config)
	require.NoError(b, err)
	for i := range config.MaxSessions {
		budget.Breaker().Record(session.Usage{Session: session.ID(fmt.Sprint("conversation-", i)), USD: 1, AddedUSD: 0.1})
	}
	handler := budget.handler()
	r := httptest.NewRequestWithContext(
		b.Context(),
		http.MethodGet,
		"http://127.0.0.1:8322/v1/sessions/conversation-7",
		nil,
	)
	r.RemoteAddr = "127.0.0.1:1"
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
	require.NoError(b, budget.Shutdown(b.Context()))
}
