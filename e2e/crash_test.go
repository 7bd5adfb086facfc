package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// kills is how often a test of crashes kills a Collector.
func kills(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("FAULTLINE_KILLS"), "3"))
	require.NoError(t, err)
	return n
}

// quickly makes the journal quick, and the queues behind it.
const quickly = "yaml:processors: {llm_journal: {resend_after: 4s}}"

// journal returns a metric of llm_journal, summed over its attributes.
func (c *collector) journal(t *testing.T, metric string) (sum float64) {
	t.Helper()
	return c.own(t).sum("otelcol_llm_journal_" + metric)
}

// reviewed checks that each failing trace is one item of the review queue, with each of its spans once.
func (c *collector) reviewed(t *testing.T, failing map[string]time.Time) {
	t.Helper()
	await(t, 30*time.Second, func() error {
		items := map[string]int{}
		for _, id := range c.queue(t) {
			items[id]++
		}
		for trace := range failing {
			if items[trace] != 1 {
				return fmt.Errorf("trace %s is %d items", trace, items[trace])
			}
		}
		return nil
	})
	checked := 0
	for trace := range failing {
		if checked++; checked > 50 {
			break
		}
		var item struct {
			PrimarySpanID string `json:"primary_span_id"`
			Spans         []struct {
				ID string
			} `json:"spans"`
		}
		require.NoError(t, json.Unmarshal([]byte(c.get(t, "/api/v1/items/"+trace)), &item))
		ids := map[string]bool{}
		for _, span := range item.Spans {
			ids[span.ID] = true
		}
		require.Contains(t, ids, item.PrimarySpanID)
		require.Len(t, item.Spans, len(ids), trace)
	}
}

// moment lets a random time pass, so that each kill finds the Collector in another state.
func moment() { time.Sleep(300*time.Millisecond + rand.N(1500*time.Millisecond)) }

// drained waits until the failing traces have arrived and the journal is empty. At most some spans may arrive twice.
func drained(t *testing.T, c *collector, arrived func() *seen, failing map[string]time.Time, twice int) {
	t.Helper()
	await(t, 60*time.Second, func() error {
		missing, _ := arrived().check(failing)
		if len(missing) > 0 {
			return fmt.Errorf("%d of %d failing traces are lost: %v", len(missing), len(failing), missing)
		}
		if n := c.journal(t, "waiting_spans"); n != 0 {
			return fmt.Errorf("%v spans are in the journal", n)
		}
		return nil
	})
	_, duplicates := arrived().check(failing)
	t.Logf("%d failing traces, 0 lost, %d spans twice", len(failing), duplicates)
	require.LessOrEqual(t, duplicates, twice)
}

// inFlight bounds the spans that a kill may repeat. Delivery is at least once: a kill between a delivery and the
// removal of its entry repeats what was in flight, a request or two.
const inFlight = 30

// TestNoFailingTraceIsLostInACrash kills the Collector under load. Every failing trace that was acknowledged arrives,
// and a kill repeats at most what was in flight.
func TestNoFailingTraceIsLostInACrash(t *testing.T) {
	t.Run("default", func(t *testing.T) {
		dir, ports := t.TempDir(), freePorts(t, 6)
		c := startOn(t, ports, dir, "default.yaml", "--config", quickly)
		s := startSender("http://" + c.http)
		for range kills(t) {
			moment()
			c.kill(t)
			c = startOn(t, ports, dir, "default.yaml", "--config", quickly)
		}
		failing := s.end()
		drained(t, c, func() *seen { return keptIn(t, dir) }, failing, inFlight*kills(t))
		c.reviewed(t, failing)
		c.stop(t)
	})
	t.Run("grafana", func(t *testing.T) {
		backend := startBackend(t)
		t.Setenv("TEMPO_ENDPOINT", backend.address)
		dir, ports := t.TempDir(), freePorts(t, 6)
		c := startOn(t, ports, dir, "grafana.yaml", "--config", quickly)
		s := startSender("http://" + c.http)
		for range kills(t) {
			moment()
			c.kill(t)
			c = startOn(t, ports, dir, "grafana.yaml", "--config", quickly)
		}
		failing := s.end()
		drained(t, c, func() *seen { return &backend.taken }, failing, inFlight*kills(t))
		c.reviewed(t, failing)
	})
	t.Run("agent and gateway", func(t *testing.T) {
		backend := startBackend(t)
		ports := map[string][]string{"agent.yaml": freePorts(t, 6), "gateway.yaml": freePorts(t, 6)}
		t.Setenv("TEMPO_ENDPOINT", backend.address)
		t.Setenv("GATEWAY_ENDPOINT", ports["gateway.yaml"][0])
		dirs := map[string]string{"agent.yaml": t.TempDir(), "gateway.yaml": t.TempDir()}
		const anyPort = `yaml:extensions: {llm_budget: {http: {endpoint: "127.0.0.1:0"}}}`
		running := map[string]*collector{}
		run := func(config string) {
			var extra []string
			if config == "gateway.yaml" {
				extra = []string{"--config", quickly, "--config", anyPort}
			}
			running[config] = startOn(t, ports[config], dirs[config], config, extra...)
		}
		run("gateway.yaml")
		run("agent.yaml")
		s := startSender("http://" + running["agent.yaml"].http)
		for range kills(t) {
			for config, c := range running {
				moment()
				c.kill(t)
				run(config)
			}
		}
		failing := s.end()
		drained(t, running["gateway.yaml"], func() *seen { return &backend.taken }, failing, inFlight*kills(t))
		running["gateway.yaml"].reviewed(t, failing)
	})
}
