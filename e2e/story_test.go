package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/sample"
)

// storyCollector starts the Collector with the shipped limit of five dollars. It also returns the address of the budget
// API.
func storyCollector(t *testing.T) (c *collector, budget string) {
	t.Helper()
	overlay, err := filepath.Abs(filepath.Join("..", "deploy", "config", "overlays", "budget.yaml"))
	require.NoError(t, err)
	dir := t.TempDir()
	budget = freePorts(t, 1)[0]
	port := filepath.Join(dir, "budget.yaml")
	require.NoError(
		t,
		os.WriteFile(port, fmt.Appendf(nil, "extensions: {llm_budget: {http: {endpoint: %q}}}", budget), 0o600),
	)
	return startIn(t, dir, "default.yaml", "--config", overlay, "--config", port), "http://" + budget
}

// story returns the first turns of the eleven days as the CLI prints them, one line per turn.
func story(t *testing.T, turns int) []string {
	t.Helper()
	out, msg, code := cli(t, ".", "sample", "--story", "loop", "--traces", fmt.Sprint(turns))
	require.Zero(t, code, msg)
	return strings.Split(strings.TrimSpace(out), "\n")
}

// The figures of the README.
const (
	storyTurns = 21
	storyUSD   = 5.19
	storyLoop  = 6 // the turn at which the loop is detected
)

// TestTheStoryOfElevenDays replays two agents that asked each other for clarification for eleven days and spent 47,000
// dollars. Here they ask the budget before each turn.
func TestTheStoryOfElevenDays(t *testing.T) {
	c, budget := storyCollector(t)
	turns := 0
	var last struct {
		State  string  `json:"state"`
		Limit  string  `json:"limit"`
		Reason string  `json:"reason"`
		Spent  float64 `json:"spent_usd"`
	}
	ask := func() int {
		response, err := http.Get(budget + "/v1/sessions/" + sample.LoopSession)
		require.NoError(t, err)
		defer response.Body.Close()
		require.NoError(t, json.NewDecoder(response.Body).Decode(&last))
		return response.StatusCode
	}
	for _, turn := range story(t, 60) {
		if ask() == http.StatusTooManyRequests {
			break
		}
		response, err := http.Post("http://"+c.http+"/v1/traces", "application/json", strings.NewReader(turn))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
		turns++
	}
	t.Logf(
		"stopped after %d turns, %v and %.2f USD (%s), instead of %d turns, %d days and %.0f USD",
		turns,
		time.Duration(turns)*sample.LoopPace,
		last.Spent,
		last.Reason,
		sample.LoopTurns,
		sample.LoopDays,
		sample.LoopUSD,
	)
	require.Equal(t, storyTurns, turns)
	require.Equal(t, "usd", last.Limit)
	require.InDelta(t, storyUSD, last.Spent, 0.005)

	// Before that, the loop was detected and is in the review queue.
	await(t, 20*time.Second, func() error {
		if n := len(c.queue(t)); n != 1 {
			return fmt.Errorf("%d items in the queue, want the turn that showed the loop", n)
		}
		return nil
	})
	var item struct {
		Class  string `json:"error_class"`
		Detail string `json:"error_detail"`
	}
	require.NoError(t, json.Unmarshal([]byte(c.get(t, "/api/v1/items/"+c.queue(t)[0])), &item))
	require.Equal(t, "retry_loop/ping_pong", item.Class+"/"+item.Detail)

	// A person resets the limit.
	response, err := http.Post(budget+"/v1/sessions/"+sample.LoopSession+"/reset", "", nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, ask())
	c.stop(t)
}

// TestTheCLIReportsTheLoop checks the statement of the README about the turn at which the loop is detected.
func TestTheCLIReportsTheLoop(t *testing.T) {
	file := filepath.Join(t.TempDir(), "story.jsonl")
	write(t, file, strings.Join(story(t, 20), "\n"))
	out, msg, code := cli(t, ".", "score", "--sessions", file)
	require.Zero(t, code, msg)
	var reported []string
	for line := range strings.Lines(out) {
		var l struct {
			Detail  string `json:"error_detail"`
			Session struct {
				Turns int `json:"turns"`
			} `json:"session"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		if l.Detail != "" {
			reported = append(reported, fmt.Sprint(l.Detail, " ", l.Session.Turns))
		}
	}
	require.Equal(t, []string{fmt.Sprint("ping_pong ", storyLoop)}, reported)
}

// driver runs the story under the guard like an agent: each turn is a model call, whose span is then exported.
const driver = `
import sys
otlp, budget, session = sys.argv[1:4]
def create(turn):
    request = urllib.request.Request(otlp, data=turn.encode(), headers={"Content-Type": "application/json"})
    urllib.request.urlopen(request).read()
create = guarded(create, session, url=budget)
turns = 0
try:
    for line in sys.stdin:
        create(line)
        turns += 1
except BudgetExceeded as stopped:
    print(turns, stopped)
else:
    print(turns, "the budget did not stop it")
may_go_on(session, url="http://127.0.0.1:9", fail_open=True)
try:
    may_go_on(session, url="http://127.0.0.1:9", fail_open=False)
except OSError:
    print("closed")
`

// TestThePythonGuard runs the example in the README of llm_budget against the Collector.
func TestThePythonGuard(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	readme, err := os.ReadFile(filepath.Join("..", "extension", "llmbudgetextension", "README.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(readme), "```python\n")
	require.True(t, found)
	guard, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	require.LessOrEqual(t, strings.Count(guard, "\n"), 25, "the example must stay short")
	script := filepath.Join(t.TempDir(), "guard.py")
	write(t, script, guard+driver)

	c, budget := storyCollector(t)
	cmd := exec.CommandContext(t.Context(), python, script, "http://"+c.http+"/v1/traces", budget, sample.LoopSession)
	cmd.Env = append(os.Environ(), "NO_PROXY=*")
	cmd.Stdin = strings.NewReader(strings.Join(story(t, 60), "\n"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	require.Equal(t, fmt.Sprintf("%d used %.2f of 5 USD\nclosed\n", storyTurns, storyUSD), string(out))
	c.stop(t)
}
