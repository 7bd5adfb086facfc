package llmjudgeconnector

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
)

// batch is 200 traces, of which 5 % are flagged.
func batchOf(n *uint32) ptrace.Traces {
	td := ptrace.NewTraces()
	for i := range 200 {
		a := grounded(1)
		if i%20 == 0 {
			a.class = failure.Hallucination
		}
		a.add(td)
		*n++
		id := pcommon.TraceID{1: byte(*n), 2: byte(*n >> 8), 3: byte(*n >> 16), 4: byte(*n >> 24), 15: 1}
		td.ResourceSpans().At(i).ScopeSpans().At(0).Spans().At(0).SetTraceID(id)
	}
	return td
}

// TestThroughputWhileTheJudgeIsDown compares what a pipeline pays for the connector while the judge answers and while
// nobody does: the CPU time of the thread that hands the traces on, which other work on the machine does not lengthen.
// Rounds alternate, each is compared with its neighbour, and the median of these ratios counts.
func TestThroughputWhileTheJudgeIsDown(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	up := judgetest.New(t, func(*judgetest.Request) judgetest.Answer { return judgetest.Answer{Text: supported} })
	down := judgetest.New(t, nil)
	down.Close()
	start := func(s *judgetest.Server) connector.Traces {
		cfg := configFor(s)
		cfg.Shares = SharesConfig{Flagged: 1, Suspect: 1, Random: 0.02}
		cfg.Queue.Size = 1000
		c, _ := started(t, cfg, componenttest.NewNopHost())
		return c
	}
	answers, nobody := start(up), start(down)
	var n uint32
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	round := func(c connector.Traces) time.Duration {
		td := batchOf(&n)
		began := threadTime()
		require.NoError(t, c.ConsumeTraces(t.Context(), td))
		return threadTime() - began
	}
	const rounds, warm = 200, 10
	ratio := 0.0
	for range 6 { // the caches of the processor are shared with others still
		var ratios []float64
		for i := range rounds + warm {
			a, b := answers, nobody
			if i%2 == 1 { // neither is always the one after the other
				a, b = b, a
			}
			x, y := round(a), round(b)
			if i%2 == 1 {
				x, y = y, x
			}
			if i >= warm {
				ratios = append(ratios, float64(y)/float64(x))
			}
		}
		slices.Sort(ratios)
		ratio = ratios[rounds/2]
		t.Logf("%.3f times as much CPU while the judge is down (quartiles %.3f and %.3f of %d pairs)",
			ratio, ratios[rounds/4], ratios[rounds*3/4], rounds)
		if ratio <= 1.02 {
			return
		}
	}
	require.LessOrEqual(t, ratio, 1.02)
}

// BenchmarkConsumeTraces is what the connector costs a pipeline. ns/op is for 200 traces of which 5 % are flagged and
// 2 % are picked at random.
func BenchmarkConsumeTraces(b *testing.B) {
	down := judgetest.New(b, nil)
	down.Close()
	cfg := configFor(down)
	cfg.Shares = SharesConfig{Flagged: 1, Suspect: 1, Random: 0.02}
	cfg.Queue.Size = 1 << 30
	c, _ := started(b, cfg, componenttest.NewNopHost())
	var n uint32
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		td := batchOf(&n)
		b.StartTimer()
		_ = c.ConsumeTraces(b.Context(), td)
	}
}
