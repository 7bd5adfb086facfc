package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestStartUpAndIdleMemory holds the budgets of an idle Collector: healthy within 2 s, at most 120 MB resident.
func TestStartUpAndIdleMemory(t *testing.T) {
	c := start(t, "default.yaml")
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(c.cmd.Process.Pid), "status"))
	if err != nil {
		t.Skip("resident memory is read from /proc, which is not here")
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	t.Logf("start-up: %.2f s; idle memory: %d MB", c.ready.Seconds(), kb/1024)
	// Twice the budget: other tests share the machine. `make e2e` prints the figure itself.
	require.Less(t, c.ready, 4*time.Second)
	require.Less(t, kb/1024, 120)
	c.stop(t)
}

// TestConfigurationsAreValid runs the Collector's own validation on every configuration that is shipped.
func TestConfigurationsAreValid(t *testing.T) {
	configs, err := filepath.Glob(filepath.Join("..", "deploy", "config", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, configs)
	for _, config := range configs {
		path, err := filepath.Abs(config)
		require.NoError(t, err)
		cmd := exec.Command(binaries.collector, "validate", "--config", path)
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", config, out)
	}
}

// TestMistakesStopTheStart gives the Collector bad settings: each is named with key, rule and value.
func TestMistakesStopTheStart(t *testing.T) {
	shipped, err := filepath.Abs(filepath.Join("..", "deploy", "config", "default.yaml"))
	require.NoError(t, err)
	for name, c := range map[string]struct{ yaml, want string }{
		"open to the network":  {`extensions: {llm_review: {http: {endpoint: "0.0.0.0:8321"}}}`, "allow_anonymous"},
		"unknown scorer":       {`processors: {llm_failure: {scorers: {version: 1, scorers: {telepathy: {}}}}}`, "telepathy"},
		"unknown name in rule": {`processors: {llm_failure: {scorers: {version: 1, rules: [{name: r, fail: 'nonsense > 1'}]}}}`, "nonsense"},
		"unknown key":          {`connectors: {llm_metrics: {flush_intervall: 1s}}`, "flush_intervall"},
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

// TestReviewItemsSurviveAKill kills the Collector the hard way: what the page showed is there after a restart.
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
	require.NoError(t, c.cmd.Process.Kill())
	require.Error(t, <-c.exited, "it was killed")
	again := startIn(t, dir, "default.yaml")
	require.Empty(t, without(seen, again.queue(t)))
	again.stop(t)
}
