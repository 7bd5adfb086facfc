package e2e

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.yaml.in/yaml/v3"
)

// errWaiting is returned by checks that need another moment.
var errWaiting = errors.New("not yet")

// TestOverflowKeepsFailingTraces sends more traces than tail_sampling can hold.
func TestOverflowKeepsFailingTraces(t *testing.T) {
	dir := t.TempDir()
	c := startIn(t, dir, "default.yaml", "--config", quickly,
		"--config", "yaml:processors: {tail_sampling: {num_traces: 20}}")
	failing := map[string]time.Time{}
	for n := range uint64(600) {
		require.NoError(t, exportTo("http://"+c.http, agentTrace(n, n%10 == 0)))
		if n%10 == 0 {
			failing[traceID(n).String()] = time.Now()
		}
	}
	drained(t, c, func() *seen { return keptIn(t, dir) }, failing, 0)
	c.reviewed(t, failing)
	rescued := c.journal(t, "rescued_traces")
	early := c.own(t).sum("otelcol_processor_tail_sampling_sampling_trace_dropped_too_early")
	t.Logf("%v traces dropped too early, of which %v failing ones were rescued", early, rescued)
	require.Positive(t, rescued)
	require.Greater(t, early, rescued)
	c.stop(t)
}

// TestALargeTraceBesideOthers sends a trace of 50,000 spans. Its failures are kept, and it takes no room from others.
func TestALargeTraceBesideOthers(t *testing.T) {
	const size, limit = 50_000, 10_000
	dir := t.TempDir()
	c := startIn(t, dir, "default.yaml", "--config", quickly)
	failing := map[string]time.Time{}
	for part := range size / 1000 {
		td := ptrace.NewTraces()
		for i := range 334 {
			agentTrace(uint64(part*1000+i), i == 0).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
		}
		for _, rs := range td.ResourceSpans().All() {
			for _, span := range rs.ScopeSpans().At(0).Spans().All() {
				span.SetTraceID(traceID(1 << 40))
			}
		}
		require.NoError(t, exportTo("http://"+c.http, td))
		n := uint64(1<<30 + part)
		require.NoError(t, exportTo("http://"+c.http, agentTrace(n, true)))
		failing[traceID(n).String()] = time.Now()
	}
	drained(t, c, func() *seen { return keptIn(t, dir) }, failing, 0)
	large := traceID(1 << 40).String()
	await(t, 20*time.Second, func() error {
		if len(keptIn(t, dir).spans[large]) == 0 {
			return errWaiting
		}
		return nil
	})
	kept := keptIn(t, dir).spans[large]
	for part := range size / 1000 {
		id := pcommon.SpanID(binary.BigEndian.AppendUint64(nil, uint64(part*1000)<<2+3)).String()
		require.Equal(t, 1, kept[id], "the failing span of part %d", part)
	}
	require.LessOrEqual(t, len(kept), limit+size/1000)
	require.Equal(t, size/1000*334*3-len(kept), int(c.journal(t, "dropped_spans")))
	c.stop(t)
}

// TestAFullJournalSaysSo lowers the bound of the journal. All data passes, and the counter tells.
func TestAFullJournalSaysSo(t *testing.T) {
	dir := t.TempDir()
	c := startIn(t, dir, "default.yaml", "--config", "yaml:processors: {llm_journal: {max_spans: 5}}")
	failing := map[string]time.Time{}
	for n := range uint64(50) {
		require.NoError(t, exportTo("http://"+c.http, agentTrace(n, true)))
		failing[traceID(n).String()] = time.Now()
	}
	drained(t, c, func() *seen { return keptIn(t, dir) }, failing, 0)
	require.Positive(t, c.journal(t, "not_journaled_spans"))
	require.Equal(t, 1, strings.Count(c.log.String(), "failing spans are not in the journal"))
	c.stop(t)
}

// TestKeptTracesCarryTheirThreshold starts the Collector with the feature gate of the image and of make run. A kept
// trace then says with which probability traces like it are kept.
func TestKeptTracesCarryTheirThreshold(t *testing.T) {
	dir := t.TempDir()
	c := startIn(t, dir, "default.yaml", "--feature-gates=processor.tailsamplingprocessor.usetracestate")
	for n := range uint64(200) {
		require.NoError(t, exportTo("http://"+c.http, agentTrace(n, n%2 == 0)))
	}
	await(t, 20*time.Second, func() error {
		kept, err := os.ReadFile(filepath.Join(dir, "data", "traces.jsonl"))
		if err != nil {
			return err
		}
		states := map[bool]map[string]bool{true: {}, false: {}}
		for line := range strings.Lines(string(kept)) {
			for _, part := range strings.Split(line, `"traceState":"`)[1:] {
				state, _, _ := strings.Cut(part, `"`)
				states[strings.Contains(line, "app.llm.error_class")][state] = true
			}
		}
		if len(states[true]) != 1 || len(states[false]) != 1 {
			return errWaiting
		}
		require.Contains(t, states[true], "ot=th:0", "failing traces: all of them")
		for state := range states[false] {
			require.Regexp(t, "^ot=th:e6{1,13}[0-9a-f]?$", state, "the others: a tenth")
		}
		return nil
	})
	c.stop(t)
}

// TestSamplingHoldsWhatIsStated checks the figures in the comments of the configurations.
func TestSamplingHoldsWhatIsStated(t *testing.T) {
	sampling := 0
	configs, err := filepath.Glob(filepath.Join("..", "deploy", "config", "*.yaml"))
	require.NoError(t, err)
	for _, config := range configs {
		text, err := os.ReadFile(config)
		require.NoError(t, err)
		var shipped struct {
			Processors struct {
				Sampling *struct {
					Wait      time.Duration `yaml:"decision_wait"`
					AfterRoot time.Duration `yaml:"decision_wait_after_root_received"`
					Traces    float64       `yaml:"num_traces"`
					Size      float64       `yaml:"maximum_trace_size_bytes"`
				} `yaml:"tail_sampling"`
			} `yaml:"processors"`
			Service struct {
				Pipelines map[string]struct {
					Processors []string `yaml:"processors"`
				} `yaml:"pipelines"`
			} `yaml:"service"`
		}
		require.NoError(t, yaml.Unmarshal(text, &shipped), config)
		tail := shipped.Processors.Sampling
		if tail == nil {
			continue
		}
		sampling++
		// A trace stays until the tick after its wait.
		require.GreaterOrEqual(t, tail.Traces, 2000*(tail.Wait.Seconds()+1), "%s: 2,000 traces a second fit", config)
		require.GreaterOrEqual(t, tail.AfterRoot, 5*time.Second, "%s: SDKs send every 5 s", config)
		require.Less(t, tail.AfterRoot, tail.Wait, config)
		require.Less(t, tail.Wait, time.Minute, "%s: resend_after is 2m", config)
		require.Positive(t, tail.Size, config)
		for _, p := range shipped.Service.Pipelines {
			if at := slices.Index(p.Processors, "tail_sampling"); at >= 0 {
				require.Equal(t, []string{"llm_journal", "tail_sampling", "llm_journal/end"}, p.Processors[at-1:at+2], config)
			}
		}
	}
	require.Equal(t, 3, sampling)
}
