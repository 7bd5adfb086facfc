package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
)

// scored is the part of a line of `faultline score --all` that the tests read.
type scored struct {
	TraceID    string `json:"trace_id"`
	SpanID     string `json:"span_id"`
	Coverage   string `json:"coverage"`
	ErrorClass string `json:"error_class"`
}

// score runs `faultline score --all` on files and returns one line per span.
func score(t *testing.T, files ...string) []scored {
	t.Helper()
	out, msg, code := cli(t, ".", append([]string{"score", "--all"}, files...)...)
	require.Zero(t, code, msg)
	var lines []scored
	for s := bufio.NewScanner(strings.NewReader(out)); s.Scan(); {
		var line scored
		require.NoError(t, json.Unmarshal(s.Bytes(), &line), s.Text())
		lines = append(lines, line)
	}
	return lines
}

// failing returns the traces with a failing span, and the number of spans by coverage.
func failing(lines []scored) (traces map[string]bool, coverage map[string]int) {
	traces, coverage = map[string]bool{}, map[string]int{}
	for _, l := range lines {
		coverage[l.Coverage]++
		if l.ErrorClass != "" {
			traces[l.TraceID] = true
		}
	}
	return traces, coverage
}

// TestDialectCorpusThroughTheCollector replays every case of the dialect corpus, and compares metrics, review page and
// kept traces with the results of the CLI on the same files.
func TestDialectCorpusThroughTheCollector(t *testing.T) {
	dir := corpus.Dir(t)
	var files []string
	for _, pattern := range []string{"dialects/*/*.logs.json", "dialects/*/*.json"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		for _, f := range found {
			if !strings.HasSuffix(f, ".expected.json") && !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	lines := score(t, files...)
	walk(t, files, lines)
}

// TestSampleThroughTheCollector does the same with the bundled sample, for machines without the corpus.
func TestSampleThroughTheCollector(t *testing.T) {
	sample, err := filepath.Abs(filepath.Join("..", "testdata", "sample.jsonl.gz"))
	require.NoError(t, err)
	walk(t, []string{sample}, score(t, sample))
}

func walk(t *testing.T, files []string, lines []scored) {
	t.Helper()
	c := start(t, "default.yaml")
	_, msg, code := cli(t, ".", append([]string{"replay", "--endpoint", c.grpc}, files...)...)
	require.Zero(t, code, msg)

	traces, coverage := failing(lines)
	require.NotEmpty(t, traces)

	t.Run("spans received are accounted for to the span", func(t *testing.T) {
		await(t, 20*time.Second, func() error {
			got := c.sumBy(t, "llm_spans_total", "app_llm_coverage")
			if !maps.Equal(got, coverage) {
				return fmt.Errorf("llm_spans_total has %v, the files hold %v", got, coverage)
			}
			return nil
		})
		total := 0
		for _, n := range coverage {
			total += n
		}
		require.Equal(t, len(lines), total)
		t.Logf("end to end: %d spans received = %v", total, coverage)
	})

	t.Run("every failing trace is on the review page once", func(t *testing.T) {
		want := slices.Sorted(maps.Keys(traces))
		await(t, 30*time.Second, func() error {
			got := c.queue(t)
			if !slices.Equal(got, want) {
				return fmt.Errorf(
					"%d items in the queue, %d failing traces\nmissing %v\nextra %v",
					len(got),
					len(want),
					without(want, got),
					without(got, want),
				)
			}
			return nil
		})
		t.Logf("end to end: %d failing traces, each on the review page once", len(want))
		page := c.get(t, "/review/"+want[0])
		require.Contains(t, page, want[0])
	})

	t.Run("failing traces are kept", func(t *testing.T) {
		await(t, 20*time.Second, func() error {
			kept, err := os.ReadFile(filepath.Join(c.dir, "data", "traces.jsonl"))
			if err != nil {
				return err
			}
			for id := range traces {
				if !strings.Contains(string(kept), id) {
					return fmt.Errorf("trace %s is not in data/traces.jsonl", id)
				}
			}
			return nil
		})
	})
	c.stop(t)
}

// queue returns the sorted trace IDs of all items with a failure, with duplicates.
func (c *collector) queue(t *testing.T) []string {
	t.Helper()
	var ids []string
	for cursor := ""; ; {
		var page struct {
			Items []struct {
				TraceID string `json:"trace_id"`
			} `json:"items"`
			Next string `json:"next"`
		}
		require.NoError(t, json.Unmarshal([]byte(c.get(t, "/api/v1/items?source=verdict&limit=100&cursor="+cursor)), &page))
		for _, item := range page.Items {
			ids = append(ids, item.TraceID)
		}
		if cursor = page.Next; cursor == "" {
			slices.Sort(ids)
			return ids
		}
	}
}

// sumBy reads a counter from the Prometheus scrape and sums it by one label, without zero values.
func (c *collector) sumBy(t *testing.T, metric, label string) map[string]int {
	t.Helper()
	sums := map[string]int{}
	for line := range strings.Lines(body(t, "http://"+c.prom+"/metrics")) {
		if !strings.HasPrefix(line, metric+"{") {
			continue
		}
		line, _, _ = strings.Cut(strings.TrimSpace(line), " # ")
		labels, value, _ := strings.Cut(line, "} ")
		number, _, _ := strings.Cut(value, " ")
		n, err := strconv.ParseFloat(number, 64)
		require.NoError(t, err, line)
		_, rest, found := strings.Cut(labels, label+`="`)
		if !found {
			continue
		}
		name, _, _ := strings.Cut(rest, `"`)
		if n != 0 {
			sums[name] += int(n)
		}
	}
	return sums
}

// await retries until the check passes.
func await(t *testing.T, limit time.Duration, check func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		<-time.After(100 * time.Millisecond)
	}
}

func without(a, b []string) []string {
	var rest []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			rest = append(rest, s)
		}
	}
	return rest
}
