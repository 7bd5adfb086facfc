package llmreviewextension

import (
	"context"
	"net/http"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/basicauthextension"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/faultline-otel/faultline/extension/llmreviewextension/internal/metadatatest"
)

const auditPath = "/api/v1/audit"

func signedIn(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("X-Forwarded-User", name) }
}

// behindProxy trusts a proxy on this machine.
func behindProxy(t *testing.T) *Config {
	t.Helper()
	cfg := config(t)
	cfg.People.Header, cfg.People.RoleHeader = "X-Forwarded-User", "X-Forwarded-Groups"
	cfg.People.Trusted, cfg.People.Admins = []string{"127.0.0.0/8"}, []string{"ada"}
	require.NoError(t, confmap.Validate(cfg))
	return cfg
}

func TestOnThisMachineEverybodyIsAdmin(t *testing.T) {
	e, url := start(t, config(t), newHost())
	status, _ := get(t, url+auditPath)
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, e.Shutdown(t.Context()))

	cfg := config(t)
	cfg.AllowAnonymous = true
	e, url = start(t, cfg, newHost())
	status, body := get(t, url+auditPath, signedIn("ada"))
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, body, "people::admins")
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestTheProxyNamesWhoIsAdmin(t *testing.T) {
	e, url := start(t, behindProxy(t), newHost())
	for _, c := range []struct {
		path string
		want int
		as   func(*http.Request)
	}{
		{"/", http.StatusUnauthorized, func(*http.Request) {}},
		{"/", http.StatusOK, signedIn("ben")},
		{auditPath, http.StatusForbidden, signedIn("ben")},
		{auditPath, http.StatusOK, signedIn("ada")},
		{auditPath, http.StatusOK, func(r *http.Request) {
			signedIn("ben")(r)
			r.Header.Set("X-Forwarded-Groups", "eng,admin")
		}},
		{"/", http.StatusOK, func(r *http.Request) { // the name of the site, not of this machine
			signedIn("ben")(r)
			r.Host = "review.example"
		}},
	} {
		status, body := get(t, url+c.path, c.as)
		require.Equal(t, c.want, status, body)
	}
	require.NoError(t, e.Shutdown(t.Context()))

	cfg := behindProxy(t)
	cfg.People.Trusted = []string{"10.0.0.0/8"}
	e, url = start(t, cfg, newHost())
	status, body := get(t, url+"/", signedIn("ada")) // spoofed: this machine is not the proxy
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, body, "nobody is signed in")
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestRefusalsAreCounted(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context()))) })
	e, err := NewFactory().Create(t.Context(), metadatatest.NewSettings(telemetry), config(t))
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), newHost()))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, auditPath, http.NoBody)
	require.NoError(t, err)
	e.(*reviewExtension).denied(r, "erase")
	m, err := telemetry.GetMetric("otelcol_llm_review_denied")
	require.NoError(t, err)
	point := m.Data.(metricdata.Sum[int64]).DataPoints[0]
	require.EqualValues(t, 1, point.Value)
	action, _ := point.Attributes.Value("action")
	require.Equal(t, "erase", action.AsString())
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestTheAuthenticatorNamesWhoIsAdmin(t *testing.T) {
	f := basicauthextension.NewFactory()
	authID := component.NewID(f.Type())
	auth := f.CreateDefaultConfig().(*basicauthextension.Config)
	auth.Htpasswd = &basicauthextension.HtpasswdSettings{Inline: "ada:lovelace\nben:bitdiddle"}
	authenticator, err := f.Create(t.Context(), extensiontest.NewNopSettings(f.Type()), auth)
	require.NoError(t, err)
	h := newHost()
	h.extensions[authID] = authenticator
	require.NoError(t, authenticator.Start(t.Context(), h))
	cfg := config(t)
	cfg.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: authID}})
	cfg.People.Admins = []string{"ada"}
	require.NoError(t, confmap.Validate(cfg))
	e, url := start(t, cfg, h)
	for name, want := range map[string]int{"ada": http.StatusOK, "ben": http.StatusForbidden} {
		password := map[string]string{"ada": "lovelace", "ben": "bitdiddle"}[name]
		status, body := get(t, url+auditPath, func(r *http.Request) { r.SetBasicAuth(name, password) }, signedIn("ada"))
		require.Equal(t, want, status, body)
	}
	require.NoError(t, e.Shutdown(t.Context()))
	require.NoError(t, authenticator.Shutdown(t.Context()))
}

func TestPeopleSayWhatIsWrong(t *testing.T) {
	for want, change := range map[string]func(*Config){
		`people::trusted must be networks such as 10.0.0.0/8, got "proxy"`: func(c *Config) { c.People.Trusted = []string{"proxy"} },
		"people: trusted must name the addresses of the proxy that sets header, got none": func(c *Config) {
			c.People.Header = "X-Forwarded-User"
		},
		`people::admins must come with http::auth or people::header, which name people, got ["ada"] alone`: func(c *Config) {
			c.People.Admins = []string{"ada"}
		},
	} {
		cfg := config(t)
		change(cfg)
		require.EqualError(t, cfg.Validate(), want)
	}
	cfg := behindProxy(t)
	cfg.HTTP.NetAddr.Endpoint = "0.0.0.0:8321"
	require.NoError(t, confmap.Validate(cfg), "only the proxy is answered")
	cfg = config(t)
	cfg.HTTP.NetAddr = confignet.AddrConfig{Transport: confignet.TransportTypeUnix, Endpoint: "/run/faultline.sock"}
	cfg.People.Header = "X-Forwarded-User"
	require.NoError(t, confmap.Validate(cfg), "a socket has its file permissions")
}
