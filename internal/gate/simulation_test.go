package gate

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// protocol plays the protocol once: flaky rows, one run on each side, and rows that fail on the candidate repeated to
// five runs on both. A broken row passes 0.15 times as often as it did.
func protocol(source *rand.Rand, n int, broken float64) Report {
	beta := distuv.Beta{Alpha: 9, Beta: 0.6, Src: source}
	rows := make([]dataset.Row, n)
	for i := range rows {
		rows[i] = dataset.Row{ID: fmt.Sprint(i), Class: failure.SchemaViolation, Call: &genai.Call{}}
	}
	candidate, baseline := NewRunSet(rows), NewRunSet(rows)
	o := DefaultOptions()
	for i, row := range rows {
		before := beta.Rand()
		after := before
		if source.Float64() < broken {
			after *= 0.15
		}
		once := func(s *RunSet, k int, pass float64) bool {
			passed := source.Float64() < pass
			observation := Observation{TraceID: fmt.Sprint(i, "/", k), Row: row.ID, Call: row.Call, Scored: true}
			if !passed {
				observation.Verdict.Class = failure.SchemaViolation
			}
			s.Observe(observation)
			return passed
		}
		once(baseline, 0, before)
		if once(candidate, 0, after) {
			continue
		}
		for k := 1; k < o.Repeats; k++ {
			once(baseline, k, before)
			once(candidate, k, after)
		}
	}
	return Decide(rows, candidate, baseline, o)
}

func TestSameSystemTwiceIsSeldomBlocked(t *testing.T) {
	const replicates = 400
	source := rand.New(rand.NewPCG(11, 11))
	for _, n := range []int{30, 100} {
		blocked := 0
		for range replicates {
			r := protocol(source, n, 0)
			require.Zero(t, r.Counts[RowSuspect], "a row that was repeated is decided")
			if r.Decision == Regression {
				blocked++
			}
		}
		rate := float64(blocked) / replicates
		t.Logf("%d rows: the same system is blocked in %.1f %% of comparisons", n, 100*rate)
		require.LessOrEqual(t, rate, 0.05)
	}
}

func TestBrokenSystemIsMostlyBlocked(t *testing.T) {
	const replicates = 200
	source := rand.New(rand.NewPCG(12, 12))
	for _, c := range []struct {
		rows          int
		broken, power float64
	}{{30, 0.10, 0.55}, {100, 0.05, 0.75}, {100, 0.10, 0.92}} {
		blocked := 0
		for range replicates {
			if protocol(source, c.rows, c.broken).Decision == Regression {
				blocked++
			}
		}
		rate := float64(blocked) / replicates
		t.Logf("%d rows, %.0f %% broken: blocked in %.1f %%", c.rows, 100*c.broken, 100*rate)
		require.GreaterOrEqual(t, rate, c.power)
	}
}
