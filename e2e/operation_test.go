package e2e

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// TestStartUpAndIdleMemory checks the budgets of an idle Collector: healthy within 2 s, about 150 MB resident. The
// kernel decides how much of the program's file is resident, depending on how it came into the page cache. So the test
// has a close bound for the process's own memory and a loose one for all resident memory; `make e2e` prints both.
func TestStartUpAndIdleMemory(t *testing.T) {
	c := start(t, "default.yaml")
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(c.cmd.Process.Pid), "status"))
	if err != nil {
		t.Skip("resident memory needs /proc")
	}
	megabytes := func(key string) int {
		_, rest, found := strings.Cut(string(status), key+":")
		require.True(t, found, key)
		kb, err := strconv.Atoi(strings.Fields(rest)[0])
		require.NoError(t, err)
		return kb / 1024
	}
	t.Logf(
		"start-up: %.2f s; idle memory: %d MB, of which %d MB are its own",
		c.ready.Seconds(),
		megabytes("VmRSS"),
		megabytes("RssAnon"),
	)
	// Twice the budget: other tests share the machine.
	require.Less(t, c.ready, 4*time.Second)
	require.Less(t, megabytes("RssAnon"), 50)
	require.Less(t, megabytes("VmRSS"), 180)
	c.stop(t)
}

// TestConfigurationsAreValid runs the Collector's own validation on every shipped configuration.
func TestConfigurationsAreValid(t *testing.T) {
	configs, err := filepath.Glob(filepath.Join("..", "deploy", "config", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, configs)
	overlays, err := filepath.Glob(filepath.Join("..", "deploy", "config", "overlays", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, overlays)
	for _, config := range append(configs, overlays...) {
		path, err := filepath.Abs(config)
		require.NoError(t, err)
		args := []string{"validate", "--config", path}
		if slices.Contains(overlays, config) {
			shipped, err := filepath.Abs(filepath.Join("..", "deploy", "config", "default.yaml"))
			require.NoError(t, err)
			args = []string{"validate", "--config", shipped, "--config", path}
		}
		cmd := exec.Command(binaries.collector, args...)
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", config, out)
	}
}

// TestQueuesOutlastAnOutage checks that every exporter of the shipped configurations that has a queue retries without
// end. With the default it drops what it sends after five minutes, while the queue on disk has room.
func TestQueuesOutlastAnOutage(t *testing.T) {
	configs, err := filepath.Glob(filepath.Join("..", "deploy", "config", "*.yaml"))
	require.NoError(t, err)
	overlays, err := filepath.Glob(filepath.Join("..", "deploy", "config", "overlays", "*.yaml"))
	require.NoError(t, err)
	configs = append(configs, overlays...)
	queues := 0
	for _, config := range configs {
		text, err := os.ReadFile(config)
		require.NoError(t, err)
		var shipped struct {
			Exporters map[string]struct {
				Queue map[string]any `yaml:"sending_queue"`
				Retry *struct {
					MaxElapsedTime *int `yaml:"max_elapsed_time"`
				} `yaml:"retry_on_failure"`
				Protocol struct {
					OTLP map[string]map[string]any `yaml:"otlp"`
				} `yaml:"protocol"` // of load_balancing: each gateway has an exporter of its own
			} `yaml:"exporters"`
		}
		require.NoError(t, yaml.Unmarshal(text, &shipped), config)
		for name, exporter := range shipped.Exporters {
			if kind, _, _ := strings.Cut(name, "/"); slices.Contains([]string{"file", "prometheus", "llm_review", "nop"}, kind) {
				continue // they write to this machine, or nothing
			}
			require.NotNil(t, exporter.Queue, "%s: %s sends over the network and has no queue", config, name)
			require.NotEmpty(t, exporter.Queue["storage"], "%s: the queue of %s is in memory", config, name)
			require.NotEmpty(t, exporter.Queue["queue_size"], "%s: %s: state the size", config, name)
			for _, key := range []string{"sending_queue", "retry_on_failure"} {
				if strings.HasPrefix(name, "load_balancing") {
					require.Equal(t, false, exporter.Protocol.OTLP[key]["enabled"], "%s: %s: %s of a gateway is in memory, gives "+
						"up and is not counted", config, name, key)
				}
			}
			queues++
			require.NotNil(t, exporter.Retry, "%s: %s", config, name)
			require.NotNil(t, exporter.Retry.MaxElapsedTime, "%s: %s", config, name)
			require.Zero(t, *exporter.Retry.MaxElapsedTime, "%s: %s", config, name)
		}
	}
	require.NotZero(t, queues)
}

// TestMistakesStopTheStart gives the Collector invalid settings. The error names key, rule and value of each.
func TestMistakesStopTheStart(t *testing.T) {
	shipped, err := filepath.Abs(filepath.Join("..", "deploy", "config", "default.yaml"))
	require.NoError(t, err)
	for name, c := range map[string]struct{ yaml, want string }{
		"open to the network": {`extensions: {llm_review: {http: {endpoint: "0.0.0.0:8321"}}}`, "allow_anonymous"},
		"unknown scorer": {
			`processors: {llm_failure: {scorers: {version: 1, scorers: {telepathy: {}}}}}`,
			"telepathy",
		},
		"unknown name in rule": {`processors: {llm_failure: {scorers: {version: 1, rules: [{name: r, fail: 'nonsense ` +
			`> 1'}]}}}`, "nonsense"},
		"unknown key": {`connectors: {llm_metrics: {flush_intervall: 1s}}`, "flush_intervall"},
		"no unit": {`processors: {llm_session: {idle: 30}}`, "processors::llm_session: idle must be at " +
			"least 1s, got 30ns"},
		"no such price file": {`processors: {llm_failure: {prices: {file: prices.yaml}}}`, "prices: price file " +
			"prices.yaml: no such file"},
		"rows that overlap": {`processors: {llm_failure: {prices: {version: 1, prices: [{model: gpt-4*, input: ` +
			`1}, {model: gpt-4o*, input: 1}]}}}`, "prices[0] (gpt-4*) and prices[1] (gpt-4o*) must not overlap"},
	} {
		t.Run(name, func(t *testing.T) {
			override := filepath.Join(t.TempDir(), "override.yaml")
			require.NoError(t, os.WriteFile(override, []byte(c.yaml), 0o600))
			cmd := exec.Command(binaries.collector, "validate", "--config", shipped, "--config", override)
			cmd.Dir = t.TempDir()
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "the mistake is accepted")
			require.Contains(t, string(out), c.want)
			require.NotContains(t, string(out), "panic")
		})
	}
}

// TestEnvironmentErrorsStopTheStart checks errors that only show when extensions start and addresses are bound.
func TestEnvironmentErrorsStopTheStart(t *testing.T) {
	const least = `
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}}}}
exporters: {nop: {}}
service: {telemetry: {metrics: {level: none}}, pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}
`
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	address := taken.Addr().String()
	for name, c := range map[string]struct{ yaml, want string }{
		"no budget": {`
processors: {llm_session: {budget: llm_budget}}
service: {pipelines: {traces: {processors: [llm_session]}}}`, `processors::llm_session::budget: extension ` +
			`"llm_budget" is not configured`},
		"no storage": {`
processors: {llm_session: {storage: llm_storage}}
service: {pipelines: {traces: {processors: [llm_session]}}}`, `processors::llm_session::storage: extension ` +
			`"llm_storage" is not configured`},
		"no review queue": {`
exporters: {llm_review: {}}
service: {pipelines: {traces: {exporters: [llm_review]}}}`, `exporters::llm_review::review: extension ` +
			`"llm_review" is not configured`},
		"address of the page is taken": {`
extensions: {llm_review: {http: {endpoint: "` + address + `"}}}
service: {extensions: [llm_review]}`, "http::endpoint: serve the review page on " + address},
		"address of the budgets is taken": {`
extensions: {llm_budget: {http: {endpoint: "` + address + `"}}}
service: {extensions: [llm_budget]}`, "http::endpoint: serve session budgets on " + address},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "least.yaml"), least)
			write(t, filepath.Join(dir, "mistake.yaml"), c.yaml)
			ctx, cancel := context.WithTimeout(
				t.Context(),
				30*time.Second,
			) // with an accepted mistake it would run forever
			defer cancel()
			cmd := exec.CommandContext(ctx, binaries.collector, "--config", "least.yaml", "--config", "mistake.yaml")
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			require.NoError(t, ctx.Err(), "the mistake is accepted")
			require.Error(t, err)
			require.Contains(t, string(out), c.want)
			require.NotContains(t, string(out), "panic")
		})
	}
}

// TestReviewItemsSurviveAKill kills the Collector with SIGKILL. The items on the page are there after a restart.
func TestReviewItemsSurviveAKill(t *testing.T) {
	dir := t.TempDir()
	c := startIn(t, dir, "default.yaml")
	sample, err := filepath.Abs(filepath.Join("..", "testdata", "sample.jsonl.gz"))
	require.NoError(t, err)
	_, msg, code := cli(t, ".", "replay", "--endpoint", c.grpc, sample)
	require.Zero(t, code, msg)
	var seen []string
	await(t, 20*time.Second, func() error {
		if seen = c.queue(t); len(seen) == 0 {
			return os.ErrNotExist
		}
		return nil
	})
	c.kill(t)
	again := startIn(t, dir, "default.yaml")
	require.Empty(t, without(seen, again.queue(t)))
	again.stop(t)
}
