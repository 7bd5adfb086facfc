package llmjudgeconnector

import (
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

// TestThroughputWhileTheJudgeIsDown compares the time that a pipeline spends in the connector while the judge answers
// and while nobody answers. Rounds alternate, and the medians are compared, because other work shares the machine.
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
	round := func(c connector.Traces) time.Duration {
		td := batchOf(&n)
		began := time.Now()
		require.NoError(t, c.ConsumeTraces(t.Context(), td))
		return time.Since(began)
	}
	const rounds = 200
	ratio := 0.0
	for range 5 { // a busy machine gets more than one chance
		var with, without []time.Duration
		for range rounds {
			with = append(with, round(answers))
			without = append(without, round(nobody))
		}
		slices.Sort(with)
		slices.Sort(without)
		ratio = float64(without[rounds/2]) / float64(with[rounds/2])
		t.Logf("down %v, up %v for 200 traces: %.3f times as long", without[rounds/2], with[rounds/2], ratio)
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
