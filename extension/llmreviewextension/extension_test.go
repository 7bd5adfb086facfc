package llmreviewextension

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/basicauthextension"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/faultline-otel/faultline/exporter/llmreviewexporter"
	"github.com/faultline-otel/faultline/extension/llmreviewextension/internal/metadata"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// host has the extensions that a test gives it, and remembers what they report.
type host struct {
	extensions map[component.ID]component.Component
	reported   chan *componentstatus.Event
}

func newHost() *host {
	return &host{extensions: map[component.ID]component.Component{}, reported: make(chan *componentstatus.Event, 10)}
}

func (h *host) GetExtensions() map[component.ID]component.Component { return h.extensions }

func (h *host) Report(e *componentstatus.Event) { h.reported <- e }

var id = component.NewID(metadata.Type)

// config keeps its store in a folder of the test and listens on a free port.
func config(t *testing.T) *Config {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.NetAddr.Endpoint = "127.0.0.1:0"
	cfg.Store.SQLite.Get().Path = filepath.Join(t.TempDir(), "data", "review.db")
	return cfg
}

// start starts the extension and returns where it says that it serves.
func start(t *testing.T, cfg *Config, h *host) (e extension.Extension, url string) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	set := extensiontest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	e, err := NewFactory().Create(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), h))
	h.extensions[id] = e
	entries := logs.FilterMessage("Serving the review page").All()
	require.Len(t, entries, 1)
	return e, "http://" + entries[0].ContextMap()["address"].(string)
}

// get fetches a page and returns its status and its body. The connection is not kept.
func get(t *testing.T, url string, change ...func(*http.Request)) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	req.Close = true
	for _, c := range change {
		c(req)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

// refused is a trace that llm_failure flagged.
func refused() ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "support-bot")
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID{1, 2, 3})
	span.SetSpanID(pcommon.SpanID{4, 5, 6})
	span.SetName("chat gpt-4o")
	span.Attributes().PutStr("gen_ai.operation.name", "chat")
	span.Attributes().PutStr("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"I must not say <b>that</b>"}]}]`)
	span.Attributes().PutStr(spanattr.AttrErrorClass, "refusal")
	span.Attributes().PutStr(spanattr.AttrErrorEvidence, "the answer declines")
	return td
}

// TestFromSpanToPage runs both halves of llm_review: what the exporter is given is on the page and in the API of the
// extension, and still there when both have been started again.
func TestFromSpanToPage(t *testing.T) {
	cfg, h := config(t), newHost()
	const trace = "01020300000000000000000000000000"
	for run := range 2 {
		e, url := start(t, cfg, h)
		f := llmreviewexporter.NewFactory()
		exp, err := f.CreateTraces(t.Context(), exportertest.NewNopSettings(f.Type()), f.CreateDefaultConfig())
		require.NoError(t, err)
		require.NoError(t, exp.Start(t.Context(), h))
		if run == 0 {
			require.NoError(t, exp.ConsumeTraces(t.Context(), refused()))
		}
		require.NoError(t, exp.Shutdown(t.Context())) // writes what is queued

		status, body := get(t, url+"/api/v1/items")
		require.Equal(t, http.StatusOK, status, body)
		var page struct {
			Items []struct {
				TraceID string `json:"trace_id"`
				Class   string `json:"error_class"`
				Service string `json:"service"`
			} `json:"items"`
		}
		require.NoError(t, json.Unmarshal([]byte(body), &page))
		require.Len(t, page.Items, 1)
		require.Equal(t, trace, page.Items[0].TraceID)
		require.Equal(t, "refusal", page.Items[0].Class)
		require.Equal(t, "support-bot", page.Items[0].Service)

		status, body = get(t, url+"/")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, body, "support-bot")
		status, body = get(t, url+"/review/"+trace)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, body, "I must not say &lt;b&gt;that&lt;/b&gt;")
		require.NoError(t, e.Shutdown(t.Context()))
		_, err = http.Get(url)
		require.Error(t, err)
	}
}

func TestAuthenticatorGuardsThePage(t *testing.T) {
	f := basicauthextension.NewFactory()
	authID := component.NewID(f.Type())
	auth := f.CreateDefaultConfig().(*basicauthextension.Config)
	auth.Htpasswd = &basicauthextension.HtpasswdSettings{Inline: "ada:lovelace"}
	authenticator, err := f.Create(t.Context(), extensiontest.NewNopSettings(f.Type()), auth)
	require.NoError(t, err)
	h := newHost()
	h.extensions[authID] = authenticator
	require.NoError(t, authenticator.Start(t.Context(), h))

	cfg := config(t)
	cfg.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: authID}})
	e, url := start(t, cfg, h)
	status, _ := get(t, url+"/api/v1/items")
	require.Equal(t, http.StatusUnauthorized, status)
	ada := func(r *http.Request) { r.SetBasicAuth("ada", "lovelace") }
	status, _ = get(t, url+"/api/v1/items", ada)
	require.Equal(t, http.StatusOK, status)

	// Who judges is who the authenticator found, whatever the request says.
	store := e.(*reviewExtension).ReviewStore()
	traces := pipeline.ReviewTraces(refused(), nil)
	require.NoError(t, store.Put(t.Context(), traces))
	status, body := get(t, url+"/api/v1/items/"+traces[0].ID+"/labels", ada, func(r *http.Request) {
		r.Method, r.Body = http.MethodPost, io.NopCloser(strings.NewReader(`{"decision":"confirmed","reviewer":"somebody else"}`))
		r.Header.Set("Content-Type", "application/json")
	})
	require.Equal(t, http.StatusCreated, status, body)
	item, err := store.Item(t.Context(), traces[0].ID)
	require.NoError(t, err)
	require.Equal(t, "ada", item.Label.Reviewer)
	require.NoError(t, e.Shutdown(t.Context()))
	require.NoError(t, authenticator.Shutdown(t.Context()))
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for want, change := range map[string]func(*Config){
		"serve the review page on " + taken.Addr().String(): func(c *Config) { c.HTTP.NetAddr.Endpoint = taken.Addr().String() },
		`failed to resolve authenticator "nobody"`: func(c *Config) {
			c.HTTP.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: component.MustNewID("nobody")}})
		},
		`trace_url must contain {trace_id}, got "https://tempo.example/"`: func(c *Config) { c.TraceURL = "https://tempo.example/" },
		"open review store /dev/null/review.db":                           func(c *Config) { c.Store.SQLite.Get().Path = "/dev/null/review.db" },
	} {
		cfg := config(t)
		change(cfg)
		e, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), cfg)
		require.NoError(t, err)
		require.ErrorContains(t, e.Start(t.Context(), newHost()), want)
		require.NoError(t, e.Shutdown(t.Context()))
	}
}

func TestANameThatIsNotOursIsNotAnswered(t *testing.T) {
	rebound := func(r *http.Request) { r.Host = "attacker.example:8321" }
	cfg := config(t)
	e, url := start(t, cfg, newHost())
	status, body := get(t, url+"/api/v1/items", rebound)
	require.Equal(t, http.StatusMisdirectedRequest, status)
	require.Contains(t, body, "allow_anonymous")
	for _, name := range []string{"localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8321", "[::1]"} {
		status, _ = get(t, url+"/api/v1/items", func(r *http.Request) { r.Host = name })
		require.Equal(t, http.StatusOK, status, name)
	}
	require.NoError(t, e.Shutdown(t.Context()))

	cfg = config(t)
	cfg.AllowAnonymous = true
	e, url = start(t, cfg, newHost())
	status, _ = get(t, url+"/api/v1/items", rebound)
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestErrorsOfOursAreLogged(t *testing.T) {
	core, logs := observer.New(zapcore.ErrorLevel)
	e, url := start(t, config(t), newHost())
	d := e.(*reviewExtension)
	d.settings.Logger = zap.New(core)
	require.NoError(t, d.store.Close())
	status, body := get(t, url+"/api/v1/items")
	require.Equal(t, http.StatusInternalServerError, status)
	require.NotContains(t, body, "sql", "details are for the log")
	require.Len(t, logs.FilterMessage("Request failed").FilterField(zap.String("path", "/api/v1/items")).All(), 1)
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestAServerThatEndsIsReported(t *testing.T) {
	h := newHost()
	e, _ := start(t, config(t), h)
	broken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, broken.Close())
	e.(*reviewExtension).run(broken, h)
	require.Equal(t, componentstatus.StatusFatalError, (<-h.reported).Status())
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestShutdownCutsOffWhatTakesTooLong(t *testing.T) {
	e, url := start(t, config(t), newHost())
	conn, err := net.Dial("tcp", url[len("http://"):])
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nContent-Le")) // and never goes on
	require.NoError(t, err)
	status, _ := get(t, url+"/") // the connection before it is accepted by now
	require.Equal(t, http.StatusOK, status)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, e.Shutdown(ctx), context.Canceled)
	_, err = io.ReadAll(conn)
	require.NoError(t, err, "the connection ends")
}
