package e2e

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// TestValidateFindsSlips gives `validate` the slips that users make. One line of what it prints has the key and the
// remedy, or a warning where a user may mean it.
func TestValidateFindsSlips(t *testing.T) {
	const refused, warned = true, false
	shipped, err := filepath.Abs(filepath.Join("..", "deploy", "config", "default.yaml"))
	require.NoError(t, err)
	traces := func(processors string) string {
		return "service: {pipelines: {traces: {processors: [" + processors + "]}}}"
	}
	kept := func(processors string) string {
		return "service: {pipelines: {traces/kept: {processors: [" + processors + "]}}}"
	}
	for name, c := range map[string]struct {
		yaml    string
		refused bool
		want    string
	}{
		"session first": {
			traces("memory_limiter, llm_session, llm_failure"), refused,
			"service::pipelines::traces::processors: llm_failure comes after llm_session",
		},
		"sampling first": {
			traces("tail_sampling, llm_failure, llm_session"), refused,
			"service::pipelines::traces::processors: llm_failure comes after tail_sampling",
		},
		"root cause first": {
			traces("llm_rootcause, llm_failure, llm_session"), refused,
			"service::pipelines::traces::processors: llm_failure comes after llm_rootcause",
		},
		"root cause before sampling": {
			kept("llm_rootcause, tail_sampling"), refused,
			"service::pipelines::traces/kept::processors: tail_sampling comes after llm_rootcause",
		},
		"no sampling": {
			kept("llm_rootcause"), warned,
			"service::pipelines::traces/kept::exporters: llm_review is not behind tail_sampling or groupbytrace",
		},
		"no policy for failures": {
			"processors: {tail_sampling: {policies: [{name: a, type: latency, latency: {threshold_ms: 1}}]}}", warned,
			"processors::tail_sampling::policies: no policy keeps failing traces",
		},
		"storage of another name": {
			"processors: {llm_session: {storage: llm_storage/sessions}}", refused,
			`processors::llm_session::storage: extension "llm_storage/sessions" is not configured`,
		},
		"storage is not listed": {
			"service: {extensions: [health_check, llm_review]}", refused,
			`processors::llm_session::storage: extension "llm_storage" is not in service::extensions`,
		},
		"storage is a folder": {
			"connectors: {llm_metrics: {storage: ./data}}", refused,
			"connectors::llm_metrics::storage: must be the id of an extension, such as llm_storage, got ./data",
		},
		"review is not listed": {
			"service: {extensions: [health_check, llm_storage]}", refused,
			`exporters::llm_review::review: extension "llm_review" is not in service::extensions`,
		},
		"review of another name": {
			"exporters: {llm_review: {review: llm_review/team}}", refused,
			`exporters::llm_review::review: extension "llm_review/team" is not configured`,
		},
		"budget without its extension": {
			"processors: {llm_session: {budget: llm_budget}}", refused,
			`processors::llm_session::budget: extension "llm_budget" is not configured`,
		},
		"budget without a session": {
			"extensions: {llm_budget: {}}\nservice: {extensions: [health_check, llm_storage, llm_review, llm_budget]}",
			warned, "extensions::llm_budget: no llm_session has budget: llm_budget",
		},
		"an extension that is not listed": {
			"extensions: {zpages: {}}", warned, "extensions::zpages: is not in service::extensions",
		},
		"prices is a name": {
			"processors: {llm_failure: {prices: prices.yaml}}", refused,
			`processors::llm_failure::prices: got the text "prices.yaml"`,
		},
		"scorers is a name": {
			"processors: {llm_failure: {scorers: scorers.yaml}}", refused,
			`processors::llm_failure::scorers: got the text "scorers.yaml"`,
		},
		"no such scorer file": {
			"processors: {llm_failure: {scorers: '${file:scorers.yaml}'}}", refused, "scorers.yaml",
		},
		"no such price file": {
			"processors: {llm_failure: {prices: {file: prices.yaml}}}", refused,
			"processors::llm_failure: prices: price file prices.yaml: no such file",
		},
		"no such schema": {
			"processors: {llm_failure: {scorers: {version: 1, scorers: {json_schema: " +
				"{schemas: [{prompt: a, file: answer.json}]}}}}}", refused,
			"scorers.json_schema: schemas[0].file must be readable",
		},
		"redact is a text": {
			"processors: {llm_failure: {redact: pii}}", refused,
			`processors::llm_failure::redact: got the text "pii", want a list: write [pii]`,
		},
		"redact something else": {
			"processors: {llm_failure: {redact: [email]}}", refused, "processors::llm_failure: redact",
		},
		"no unit": {
			"connectors: {llm_metrics: {flush_interval: 15}}", refused, "connectors::llm_metrics: flush_interval",
		},
		"a bad trace_url": {
			"extensions: {llm_review: {trace_url: 'tempo:3200/{trace_id}'}}", refused,
			"extensions::llm_review: trace_url must begin with http:// or https://",
		},
		"trace_url without the trace": {
			"extensions: {llm_review: {trace_url: 'https://tempo.example'}}", refused,
			"extensions::llm_review: trace_url must contain {trace_id}",
		},
		"a bad webhook": {
			"extensions: {llm_budget: {webhook: {url: hooks.example/x}}}\nprocessors: {llm_session: {budget: llm_budget}}\n" +
				"service: {extensions: [health_check, llm_storage, llm_review, llm_budget]}", refused,
			"extensions::llm_budget::webhook: url must begin with http:// or https://",
		},
		"an endpoint without a port": {
			"extensions: {llm_review: {http: {endpoint: localhost}}}", refused,
			`extensions::llm_review: http::endpoint must be host:port, got "localhost"`,
		},
		"the store is a text": {
			"extensions: {llm_review: {store: {sqlite: review.db}}}", refused,
			"extensions::llm_review::store::sqlite: got the text \"review.db\"",
		},
		"a hyphen": {
			"processors: {llm-failure: {}}", refused, "there is no llm-failure; did you mean llm_failure?",
		},
		"a connector among processors": {
			"processors: {llm_metrics: {}}", refused, "processors::llm_metrics: llm_metrics belongs under connectors",
		},
		"a connector in the list of processors": {
			traces("llm_failure, llm_metrics"), refused,
			"service::pipelines::traces::processors: llm_metrics is a connector",
		},
		"a pipeline names what is not configured": {
			traces("llm_failure, llm_failure/strict"), refused,
			`service::pipelines::traces: references processor "llm_failure/strict" which is not configured`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "slip.yaml"), c.yaml)
			out, err := collectorIn(t, dir, "validate", "--config", shipped, "--config", "slip.yaml")
			require.Equal(t, c.refused, err != nil, "%s", out)
			require.NotContains(t, out, "panic")
			found := false
			for line := range strings.Lines(out) {
				found = found || strings.Contains(line, c.want) && strings.HasPrefix(line, "warning: ") == !c.refused
			}
			require.True(t, found, "want %q in\n%s", c.want, out)
		})
	}
}

// collectorIn runs the Collector in a folder to its end.
func collectorIn(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binaries.collector, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestReloadOfTheServiceKeepsABadFileOut runs the commands by which the systemd unit reloads. With a bad file none
// signals. With a good one, the Collector takes it.
func TestReloadOfTheServiceKeepsABadFileOut(t *testing.T) {
	unit, err := os.ReadFile(filepath.Join("..", "deploy", "systemd", "otelcol-faultline.service"))
	require.NoError(t, err)
	steps := regexp.MustCompile(`(?m)^ExecReload=(.+)$`).FindAllStringSubmatch(string(unit), -1)
	require.Len(t, steps, 2)
	dir := t.TempDir()
	override := filepath.Join(dir, "override.yaml")
	write(t, override, "processors: {llm_session: {max_sessions: 100}}")
	c := startIn(t, dir, "default.yaml", "--config", override)
	await(t, 10*time.Second, c.heedsSignals)
	config := strings.Join(c.cmd.Args[4:], " ") // after the shell and the program
	reload := func() (string, error) {
		for _, step := range steps {
			command := strings.NewReplacer(
				"/usr/local/bin/otelcol-faultline", binaries.collector,
				"--config /etc/otelcol-faultline/config.yaml", config,
			).Replace(step[1])
			if args, signal := strings.CutPrefix(command, "/bin/kill "); signal {
				require.Equal(t, "-HUP $MAINPID", args)
				require.NoError(t, c.cmd.Process.Signal(syscall.SIGHUP))
				continue
			}
			require.Contains(t, command, config)
			args := strings.Fields(command)[1:]
			if out, err := collectorIn(t, dir, args...); err != nil {
				return out, err // systemd runs no further step
			}
		}
		return "", nil
	}
	for _, bad := range []string{
		"processors: {llm_session: {max_sessions: -1}}", "processors: {llm_session: {storage: none}}", "processors: [",
	} {
		write(t, override, bad)
		out, err := reload()
		require.Error(t, err, bad)
		require.NotEmpty(t, out)
	}
	require.NotContains(t, c.log.String(), "Config updated")
	require.Contains(t, c.get(t, "/"), "<html", "it runs on")

	write(t, override, "processors: {llm_session: {max_sessions: 200}}")
	_, err = reload()
	require.NoError(t, err)
	await(t, 20*time.Second, func() error {
		if strings.Count(c.log.String(), "Everything is ready") < 2 {
			return io.EOF
		}
		return nil
	})
	require.Contains(t, c.get(t, "/"), "<html")
	c.stop(t)
}

// sdkMetrics is what an SDK sends beside spans: a metric of the application and one that llm_metrics counts too.
const sdkMetrics = `{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
"scopeMetrics":[{"metrics":[
{"name":"http.server.requests","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":"3"}]}},
{"name":"gen_ai.client.token.usage","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":"9"}]}}
]}]}]}`

// TestMetricsOfSDKsAreAccepted: SDKs send metrics by default, and log an error for each that is refused.
func TestMetricsOfSDKsAreAccepted(t *testing.T) {
	var mu sync.Mutex
	names := map[string]bool{}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := pmetricotlp.NewExportRequest()
		if strings.HasSuffix(r.URL.Path, "/v1/metrics") {
			z, err := gzip.NewReader(r.Body)
			if err == nil {
				var raw []byte
				if raw, err = io.ReadAll(z); err == nil {
					err = request.UnmarshalProto(raw)
				}
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for _, rm := range request.Metrics().ResourceMetrics().All() {
			service, _ := rm.Resource().Attributes().Get("service.name")
			for _, sm := range rm.ScopeMetrics().All() {
				for _, m := range sm.Metrics().All() {
					names[service.AsString()+" "+m.Name()] = true
				}
			}
		}
	}))
	t.Cleanup(backend.Close)
	t.Setenv("METRICS_ENDPOINT", backend.URL)
	t.Setenv("LOKI_ENDPOINT", backend.URL)
	for _, config := range []string{"default.yaml", "grafana.yaml", "agent.yaml"} {
		c := start(t, config)
		resp, err := http.Post("http://"+c.http+"/v1/metrics", "application/json", strings.NewReader(sdkMetrics))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode, config)
		if config == "grafana.yaml" {
			await(t, 20*time.Second, func() error {
				mu.Lock()
				defer mu.Unlock()
				if !names["shop http.server.requests"] {
					return io.EOF
				}
				return nil
			})
		}
		c.kill(t)
	}
	mu.Lock()
	defer mu.Unlock()
	require.False(t, names["shop gen_ai.client.token.usage"], "llm_metrics counts it")
}
