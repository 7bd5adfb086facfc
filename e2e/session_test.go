package e2e

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// budgeted starts the Collector with a limit of model calls per session, in a folder that may have data of an earlier
// run.
func budgeted(t *testing.T, dir string, extra ...string) (c *collector, budget string) {
	t.Helper()
	address := freePorts(t, 1)[0]
	file := filepath.Join(dir, "budget.yaml")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `
extensions: {llm_budget: {http: {endpoint: %q}, limits: {model_calls: 10}}}
processors: {llm_session: {checkpoint_interval: 200ms, budget: llm_budget}}
service: {extensions: [health_check, llm_storage, llm_review, llm_budget]}
`, address), 0o600))
	return startIn(
		t,
		dir,
		"default.yaml",
		append([]string{"--config", file}, extra...)...), "http://" + address + "/v1/sessions/"
}

// think sends one batch of model calls of a session, from the n-th to the last.
func think(t *testing.T, c *collector, session string, n, last int) {
	t.Helper()
	post(t, c, calls(session, n, last))
}

// calls are model calls of a session as one request, from the n-th to the last.
func calls(session string, n, last int) string {
	var spans []string
	for i := n; i <= last; i++ {
		spans = append(
			spans,
			fmt.Sprintf(
				`{"traceId":"%032x","spanId":"%016x","name":"chat","startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[
			{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.conversation.id","value":{"stringValue":%q}}]}`,
				hash(
					session,
				)<<8+uint64(
					1+i/4,
				),
				hash(session)<<8+uint64(i+1),
				1_790_000_000_000_000_000+i,
				1_790_000_001_000_000_000+i,
				session,
			),
		)
	}
	return `{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[` + strings.Join(spans, ",") + `]}]}]}`
}

func post(t *testing.T, c *collector, body string) {
	t.Helper()
	response, err := http.Post("http://"+c.http+"/v1/traces", "application/json", strings.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// hash makes the span IDs of different sessions differ.
func hash(session string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(session))
	return h.Sum64()
}

// decision is the extension's answer for a session.
type decision struct {
	State      string `json:"state"`
	ModelCalls int    `json:"model_calls"`
}

func decide(t *testing.T, url string) (status int, d decision) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		return 0, d
	}
	defer response.Body.Close()
	require.NoError(t, json.NewDecoder(response.Body).Decode(&d))
	return response.StatusCode, d
}

// checkpoints is the number of checkpoints that the Collector has written.
func checkpoints(t *testing.T, c *collector) (n float64) {
	t.Helper()
	for line := range strings.Lines(body(t, "http://"+c.self+"/metrics")) {
		if value, ok := strings.CutPrefix(line, "otelcol_llm_session_checkpoints "); ok {
			n, _ = strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return n
}

// TestASessionIsStoppedAtItsLimitOverACrash sends a session to its limit, kills the Collector, and sends everything
// again.
func TestASessionIsStoppedAtItsLimitOverACrash(t *testing.T) {
	dir := t.TempDir()
	c, budget := budgeted(t, dir)
	think(t, c, "s", 1, 9)
	require.Eventually(
		t,
		func() bool { _, d := decide(t, budget+"s"); return d.State == "warned" },
		10*time.Second,
		time.Millisecond,
	)
	sent := time.Now()
	think(t, c, "s", 10, 10)
	for status := 0; status != http.StatusTooManyRequests; status, _ = decide(t, budget+"s") {
		require.Less(t, time.Since(sent), 5*time.Second)
	}
	t.Logf("from span to 429: %v", time.Since(sent))

	// Wait for two more checkpoints: the second one began after the tenth call. Then kill the Collector.
	seen := checkpoints(t, c)
	require.Eventually(t, func() bool { return checkpoints(t, c) >= seen+2 }, 10*time.Second, 20*time.Millisecond)
	c.kill(t)

	c, budget = budgeted(t, dir)
	status, d := decide(t, budget+"s")
	require.Equal(t, http.StatusTooManyRequests, status, "the limit holds from the start")
	require.Equal(t, decision{"open", 10}, d)
	think(t, c, "s", 1, 10) // again
	think(t, c, "s", 11, 11)
	require.Eventually(
		t,
		func() bool { _, d := decide(t, budget+"s"); return d.ModelCalls == 11 },
		10*time.Second,
		5*time.Millisecond,
		"spans that are delivered again are not counted again",
	)
	status, _ = decide(t, budget+"another")
	require.Equal(t, http.StatusOK, status)
	c.stop(t)
}

// sent is the time when spans of a session were acknowledged.
type sent struct {
	at    time.Time
	spans int
}

// load sends batches of model calls of sessions until the Collector is gone, and records the acknowledged ones.
func load(t *testing.T, c *collector, sessions []string, taken map[string][]sent) {
	t.Helper()
	const batch = 5
	for n := 1; ; n += batch {
		for _, session := range sessions {
			response, err := http.Post(
				"http://"+c.http+"/v1/traces",
				"application/json",
				strings.NewReader(calls(session, n, n+batch-1)),
			)
			if err != nil {
				return
			}
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				taken[session] = append(taken[session], sent{time.Now(), batch})
			}
		}
	}
}

// TestLimitsResumeAfterAKillUnderLoad kills the Collector during many sessions, starts it again, and compares its state
// of each session with the acknowledged calls. Calls older than a checkpoint are not lost, and repeated calls do not
// count again.
func TestLimitsResumeAfterAKillUnderLoad(t *testing.T) {
	const interval = 500 * time.Millisecond
	dir := t.TempDir()
	every := filepath.Join(dir, "every.yaml")
	require.NoError(
		t,
		os.WriteFile(every, fmt.Appendf(nil, "processors: {llm_session: {checkpoint_interval: %s}}", interval), 0o600),
	)
	c, _ := budgeted(t, dir, "--config", every)
	const senders, each = 4, 25
	taken := [senders]map[string][]sent{}
	var wait sync.WaitGroup
	for w := range senders {
		taken[w] = map[string][]sent{}
		var sessions []string
		for k := range each {
			sessions = append(sessions, fmt.Sprintf("session-%d-%d", w, k))
		}
		wait.Go(func() { load(t, c, sessions, taken[w]) })
	}
	require.Eventually(t, func() bool { return checkpoints(t, c) >= 3 }, 30*time.Second, 20*time.Millisecond)
	killed := time.Now()
	c.kill(t)
	wait.Wait()

	c, budget := budgeted(t, dir, "--config", every)
	total, lost, oldest := 0, 0, time.Duration(0)
	for w := range senders {
		for session, list := range taken[w] {
			_, d := decide(t, budget+session)
			known, acknowledged := d.ModelCalls, 0
			for _, s := range list {
				if acknowledged += s.spans; acknowledged > known {
					lost += min(s.spans, acknowledged-known)
					oldest = max(oldest, killed.Sub(s.at))
				}
			}
			total += acknowledged
			require.LessOrEqual(
				t,
				known,
				acknowledged+5,
				"%s: at most one unacknowledged batch may be counted",
				session,
			)
		}
	}
	t.Logf("killed with %d spans of %d sessions: %d were lost, the oldest acknowledged %v before; checkpoint "+
		"interval %v",
		total, senders*each, lost, oldest, interval)
	require.NotZero(t, total)
	// Writing a checkpoint takes time, and calls that arrive meanwhile are in the next one.
	require.Less(t, oldest, 3*interval)

	for w := range senders {
		for session, list := range taken[w] {
			n := 5 * len(list)
			for i := 1; i <= n; i += 5 {
				post(t, c, calls(session, i, i+4)) // all of it again
			}
			_, d := decide(t, budget+session)
			require.Contains(t, []int{n, n + 5}, d.ModelCalls, session)
		}
	}
	c.stop(t)
}

// TestDecisionLatency asks 5,000 times per second for decisions on active sessions.
func TestDecisionLatency(t *testing.T) {
	if testing.Short() {
		t.Skip("a measurement")
	}
	c, budget := budgeted(t, t.TempDir())
	think(t, c, "s", 1, 5)
	const workers, each, every = 50, 200, 10 * time.Millisecond // 5,000/s for two seconds
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	took := make([][]time.Duration, workers)
	began := time.Now()
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			start := began.Add(time.Duration(w) * every / workers)
			for i := range each {
				time.Sleep(
					time.Until(start.Add(time.Duration(i) * every)),
				) // keep the rate, however long an answer takes
				at := time.Now()
				response, err := client.Get(budget + "s")
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, response.Body) // so that the connection is reused
				_ = response.Body.Close()
				took[w] = append(took[w], time.Since(at))
			}
		})
	}
	wait.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	rate := float64(len(all)) / time.Since(began).Seconds()
	t.Logf("%.0f questions/s: p50 %v, p99 %v", rate, all[len(all)/2], all[len(all)*99/100])
	require.Less(t, all[len(all)/2], 20*time.Millisecond)
	c.stop(t)
}
