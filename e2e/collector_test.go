// Package e2e tests the product as users run it: the built Collector with the shipped configuration. Tests send traffic
// over the network with the built CLI, and check metrics, the review page and files.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// binaries is the folder with the programs. TestMain builds them once, and removes the folder at the end.
var binaries struct{ collector, cli string }

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "faultline-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binaries.collector, binaries.cli = filepath.Join(dir, "otelcol-faultline"), filepath.Join(dir, "faultline")
	for out, pkg := range map[string]string{binaries.collector: "otelcol-faultline", binaries.cli: "faultline"} {
		build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", out, "../cmd/"+pkg)
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "build", pkg, err)
			return 1
		}
	}
	return m.Run()
}

// collector is a running Collector with the shipped configuration, on free ports, with its data in a folder of the
// test.
type collector struct {
	dir                            string
	grpc, http, prom, review, self string // host:port
	cmd                            *exec.Cmd
	log                            *lockedBuffer
	started                        time.Time
	ready                          time.Duration // from start to healthy
	exited                         chan error
}

// start runs the Collector and waits until it is healthy.
func start(t *testing.T, config string, extra ...string) *collector {
	t.Helper()
	return startIn(t, t.TempDir(), config, extra...)
}

func startIn(t *testing.T, dir, config string, extra ...string) *collector {
	t.Helper()
	return startOn(t, freePorts(t, 6), dir, config, extra...)
}

// startOn runs the Collector on six addresses, which are those of an earlier one where others must find it again.
func startOn(t *testing.T, ports []string, dir, config string, extra ...string) *collector {
	t.Helper()
	shipped, err := filepath.Abs(filepath.Join("..", "deploy", "config", config))
	require.NoError(t, err)
	c := &collector{
		dir: dir, grpc: ports[0], http: ports[1], prom: ports[2], review: ports[3], self: ports[4],
		log: &lockedBuffer{}, exited: make(chan error, 1),
	}
	host, port, _ := net.SplitHostPort(c.self)
	overrides := filepath.Join(dir, "ports.yaml")
	require.NoError(t, os.WriteFile(overrides, fmt.Appendf(nil, `
receivers: {otlp: {protocols: {grpc: {endpoint: %q}, http: {endpoint: %q}}}}
exporters: {prometheus: {endpoint: %q}}
processors: {tail_sampling: {decision_wait: 1s}}
connectors: {llm_metrics: {flush_interval: 500ms}}
extensions:
  health_check: {endpoint: %q}
  llm_review: {http: {endpoint: %q}}
service: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: %s, port: %s}}}}]}}}
`, c.grpc, c.http, c.prom, ports[5], c.review, host, port), 0o600))
	args := append([]string{"--config", shipped, "--config", overrides}, extra...)
	// SIGINT is ignored until the Collector handles signals: see heedsSignals.
	c.cmd = exec.Command("sh", append([]string{"-c", `trap "" INT; exec "$0" "$@"`, binaries.collector}, args...)...)
	c.cmd.Dir, c.cmd.Stdout, c.cmd.Stderr = dir, c.log, c.log
	c.started = time.Now()
	require.NoError(t, c.cmd.Start())
	go func() { c.exited <- c.cmd.Wait() }()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		if t.Failed() {
			t.Logf("log of the Collector:\n%s", tail(c.log.String(), 4000))
		}
	})
	deadline := time.Now().Add(30 * time.Second)
	for {
		if resp, err := http.Get("http://" + ports[5]); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		select {
		case err := <-c.exited:
			t.Fatalf("the Collector ended at start: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
		require.True(t, time.Now().Before(deadline), "the Collector is not healthy within 30 s")
	}
	c.ready = time.Since(c.started)
	return c
}

// stop asks the Collector to stop and waits until it has.
func (c *collector) stop(t *testing.T) {
	t.Helper()
	// It is healthy a moment before it handles signals.
	await(t, 10*time.Second, c.heedsSignals)
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-c.exited:
		require.NoError(t, err, "the Collector ends cleanly")
	case <-time.After(30 * time.Second):
		t.Fatal("the Collector does not end within 30 s of SIGTERM")
	}
}

// kill kills the Collector as a crash would, and waits for its end.
func (c *collector) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Kill())
	require.Error(t, <-c.exited, "it was killed")
}

// heedsSignals reports whether the Collector handles the signals that stop it, if the system shows that. Go catches
// SIGTERM from the start, and dies of it until the Collector handles it. SIGINT is ignored at the start of the process,
// so Go catches it only once the Collector handles both.
func (c *collector) heedsSignals() error {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(c.cmd.Process.Pid), "status"))
	if err != nil {
		return nil //nolint:nilerr // without /proc there is nothing to wait for
	}
	_, rest, _ := strings.Cut(string(status), "SigCgt:")
	caught, err := strconv.ParseUint(strings.Fields(rest)[0], 16, 64)
	if err == nil && caught&(1<<(syscall.SIGINT-1)) == 0 {
		return errors.New("SIGINT is not caught yet")
	}
	return err
}

// get fetches a page of the review UI or API.
func (c *collector) get(t *testing.T, path string) string {
	t.Helper()
	return body(t, "http://"+c.review+path)
}

// metricsOfSelf are the Collector's own metrics, as scraped.
type metricsOfSelf string

func (c *collector) own(t *testing.T) metricsOfSelf {
	t.Helper()
	return metricsOfSelf(body(t, "http://"+c.self+"/metrics"))
}

// sum adds up all series that begin with a prefix: a name, or a name and its first labels.
func (m metricsOfSelf) sum(prefix string) (sum float64) {
	for line := range strings.Lines(string(m)) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), prefix)
		if !ok || !strings.Contains(prefix, "{") && !strings.HasPrefix(rest, "{") && !strings.HasPrefix(rest, " ") {
			continue
		}
		if v, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64); err == nil {
			sum += v
		}
	}
	return sum
}

func body(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", url, b)
	return string(b)
}

// cli runs the CLI and returns its output, messages and exit code.
func cli(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binaries.cli, args...)
	var out, msg bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &msg
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &exit, "run faultline %s: %s", strings.Join(args, " "), msg.String())
	}
	return out.String(), msg.String(), cmd.ProcessState.ExitCode()
}

// freePorts returns free addresses on loopback.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	addresses := make([]string, 0, n)
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		addresses = append(addresses, l.Addr().String())
	}
	return addresses
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}
