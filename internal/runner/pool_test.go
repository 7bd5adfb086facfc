package runner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// fake answers with a function.
type fake func(ctx context.Context, c *Case) (Answer, error)

func (f fake) Run(ctx context.Context, c *Case) (Answer, error) { return f(ctx, c) }
func (f fake) Key() string                                      { return "fake" }

func rowsOf(t *testing.T, n int) []dataset.Row {
	t.Helper()
	rows := make([]dataset.Row, n)
	for i := range rows {
		rows[i] = refund(t, "r"+strconv.Itoa(i))
	}
	return rows
}

func TestPoolRecordsEveryRun(t *testing.T) {
	var busy, most atomic.Int32
	p := &Pool{Concurrency: 3, Timeout: 50 * time.Millisecond, Runner: fake(func(ctx context.Context, c *Case) (Answer, error) {
		most.Store(max(most.Load(), busy.Add(1)))
		defer busy.Add(-1)
		time.Sleep(2 * time.Millisecond)
		switch c.Row {
		case "r1":
			<-ctx.Done()
			return Answer{}, context.Cause(ctx)
		case "r2":
			return Answer{}, errors.New("broke\nhere")
		}
		return Answer{Text: "ok", InputTokens: 5, CostUSD: 0.1}, nil
	})}
	finished := 0
	p.Finished = func() { finished++ }
	got := map[string]map[string]string{}
	summary, err := p.Run(t.Context(), Cases(rowsOf(t, 8), 2, map[RunID]bool{{"r7", 2}: true}), func(line []byte) error {
		a := attributesOf(t, line)
		got[a[spanattr.AttrDatasetRow]+"/"+a[spanattr.AttrDatasetRun]] = a
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 15, summary.Runs)
	require.Equal(t, 15, finished)
	require.Len(t, got, 15)
	require.NotContains(t, got, "r7/2", "it is done")
	require.LessOrEqual(t, most.Load(), int32(3))
	require.Greater(t, most.Load(), int32(1))
	require.Equal(t, map[string]int{"timed out after 50ms": 2, "broke here": 2}, summary.Reasons)
	require.Equal(t, "broke here", summary.Why())
	require.Equal(t, "timed out after 50ms", got["r1/1"][spanattr.AttrDatasetError])
	require.NotContains(t, got["r1/1"], "gen_ai.output.messages", "nothing is judged")
	require.Equal(t, "fake", got["r3/1"][spanattr.AttrDatasetRunner])
	require.Contains(t, got["r3/1"]["gen_ai.output.messages"], `"ok"`)
	require.Contains(t, got["r3/1"]["gen_ai.tool.definitions"], `"find"`)
	require.Contains(t, got["r3/1"]["gen_ai.input.messages"], "Refund order 4471.")
}

func TestPoolStops(t *testing.T) {
	runs := atomic.Int32{}
	count := func(err error) fake {
		return func(context.Context, *Case) (Answer, error) { runs.Add(1); return Answer{}, err }
	}
	p := &Pool{Concurrency: 2, Runner: count(ErrNotRunnable)}
	_, err := p.Run(t.Context(), Cases(rowsOf(t, 50), 1, nil), func([]byte) error { return nil })
	require.ErrorIs(t, err, ErrNotRunnable)
	require.Less(t, runs.Load(), int32(10), "no case can succeed")

	full := errors.New("disk full")
	p.Runner = count(nil)
	_, err = p.Run(t.Context(), Cases(rowsOf(t, 50), 1, nil), func([]byte) error { return full })
	require.ErrorIs(t, err, full)

	ctx, cancel := context.WithCancel(t.Context())
	summary, err := p.Run(ctx, Cases(rowsOf(t, 50), 1, nil), func([]byte) error { cancel(); return nil })
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, summary.Runs, 50)
}

func TestPoolKeepsToItsRate(t *testing.T) {
	p := &Pool{Concurrency: 8, Rate: 50, Runner: fake(func(context.Context, *Case) (Answer, error) { return Answer{}, nil })}
	began := time.Now()
	_, err := p.Run(t.Context(), Cases(rowsOf(t, 6), 1, nil), func([]byte) error { return nil })
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), 95*time.Millisecond)
}

func TestCacheRunsOnce(t *testing.T) {
	cache, err := OpenCache(filepath.Join(t.TempDir(), "cache"))
	require.NoError(t, err)
	var runs atomic.Int32
	fails := atomic.Bool{}
	fails.Store(true)
	p := &Pool{Concurrency: 2, Cache: cache, Runner: fake(func(context.Context, *Case) (Answer, error) {
		runs.Add(1)
		if fails.Load() {
			return Answer{}, errors.New("no")
		}
		return Answer{Text: "ok"}, nil
	})}
	rows := rowsOf(t, 3)
	pass := func() ([]string, Summary) {
		var lines []string
		summary, err := p.Run(t.Context(), Cases(rows, 2, nil), func(line []byte) error {
			lines = append(lines, string(line))
			return nil
		})
		require.NoError(t, err)
		slices.Sort(lines)
		return lines, summary
	}
	pass()
	fails.Store(false)
	first, _ := pass()
	require.Equal(t, int32(12), runs.Load(), "failures are not kept")
	second, summary := pass()
	require.Equal(t, int32(12), runs.Load())
	require.Equal(t, 6, summary.Cached)
	require.Equal(t, first, second)
	rows[0].Service = "another"
	pass()
	require.Equal(t, int32(14), runs.Load(), "the case changed")
}

func TestOutputIsContinued(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	rows := rowsOf(t, 4)
	hashes := Hashes(rows)
	open := func() *Output {
		out, err := OpenOutput(path, "fake", false, hashes)
		require.NoError(t, err)
		return out
	}
	fails := "r1"
	p := &Pool{Concurrency: 1, Runner: fake(func(_ context.Context, c *Case) (Answer, error) {
		if c.Row == fails {
			return Answer{}, errors.New("no")
		}
		return Answer{Text: c.Row}, nil
	})}
	fill := func(out *Output) int {
		summary, err := p.Run(t.Context(), Cases(rows, 1, out.Done), func(line []byte) error {
			_, err := out.Write(line)
			return err
		})
		require.NoError(t, err)
		require.NoError(t, out.Close())
		return summary.Runs
	}
	require.Equal(t, 4, fill(open()))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	fails = ""
	require.Equal(t, 1, fill(open()), "what failed is run again")
	require.Equal(t, 0, fill(open()))

	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 4, strings.Count(string(whole), "\n"), "the run that failed is gone")
	require.NoError(t, os.WriteFile(path, whole[:len(whole)-10], 0o600)) // cut, as by a crash
	require.Equal(t, 1, fill(open()))
	rows[2].Service = "another"
	hashes = Hashes(rows)
	require.Equal(t, 1, fill(open()), "its case changed")
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 4, strings.Count(string(again), "\n"))

	_, err = OpenOutput(path, "other", false, hashes)
	require.EqualError(t, err, "is not a part of this run: it was made with another command, model or prompt")
	require.NoError(t, os.WriteFile(path, []byte("my notes\n"), 0o600))
	_, err = OpenOutput(path, "fake", false, hashes)
	require.EqualError(t, err, "is not a part of this run: line 1 was not written by faultline run")
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "my notes\n", string(kept))
	out, err := OpenOutput(path, "fake", true, hashes)
	require.NoError(t, err)
	require.Equal(t, 4, fill(out))
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// Log records stand before the spans of their run, and stay with them.
func TestOutputKeepsLogsWithTheirSpans(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	rows := rowsOf(t, 1)
	c := NewCase(&rows[0])
	span, err := c.trace(&Answer{}, c.marks("fake"), nil)
	require.NoError(t, err)
	logs := strings.NewReplacer("resourceSpans", "resourceLogs", "scopeSpans", "scopeLogs").Replace(string(span)) + "\n"
	whole := logs + string(span) + "\n"
	for text, lines := range map[string]int{
		whole: 2, logs + string(span): 0, logs: 0,
		whole + logs + string(span) + "\n" + logs: 5, // which came late
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		out, err := OpenOutput(path, "fake", false, Hashes(rows))
		require.NoError(t, err)
		require.NoError(t, out.Close())
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, lines, strings.Count(string(got), "\n"))
		require.Len(t, out.Done, min(lines, 1))
	}
}

func TestProgram(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://elsewhere")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=a b")
	var out strings.Builder
	script := `wc -l <"$FAULTLINE_DATASET" | tr -d ' '; head -1 "$FAULTLINE_DATASET" | grep -o '"row":"r0"'
echo "$OTEL_EXPORTER_OTLP_ENDPOINT/$OTEL_EXPORTER_OTLP_TRACES_ENDPOINT $OTEL_RESOURCE_ATTRIBUTES $FAULTLINE_RUN"
echo "$FAULTLINE_DATASET"; echo "one test failed" >&2; exit 1`
	p := Program{Args: []string{"sh", "-c", script}, Output: &out, Timeout: time.Minute}
	err := p.Run(t.Context(), Cases(rowsOf(t, 2), 1, nil), 3, "http://127.0.0.1:1")
	require.EqualError(t, err, "sh: exit status 1: one test failed")
	var said []string
	for line := range strings.Lines(out.String()) {
		if line = strings.TrimSpace(line); line != "one test failed" { // of the other stream
			said = append(said, line)
		}
	}
	require.Equal(t, []string{"2", `"row":"r0"`, "http://127.0.0.1:1/ team=a b,app.llm.dataset.run=3 3"}, said[:3])
	file := said[3]
	require.NoFileExists(t, file)

	p.Args = []string{"no_such_program"}
	require.ErrorIs(t, p.Run(t.Context(), Cases(rowsOf(t, 1), 1, nil), 1, ""), ErrNotRunnable)
	p.Args, p.Timeout = []string{"sleep", "20"}, 50*time.Millisecond
	require.ErrorIs(t, p.Run(t.Context(), Cases(rowsOf(t, 1), 1, nil), 1, ""), ErrTimeout)
}
