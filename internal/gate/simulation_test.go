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

// simulated are cases of n rows that runs are drawn for.
func simulated(n int) *Cases {
	rows := make([]dataset.Row, n)
	for i := range rows {
		rows[i] = dataset.Row{ID: fmt.Sprint(i), Class: failure.SchemaViolation, Call: &genai.Call{}}
	}
	return NewCases(rows, nil, nil)
}

// protocol plays the protocol once: flaky rows, one run on each side, and rows that fail on the candidate repeated to
// five runs on both. A broken row passes 0.15 times as often as it did. calls counts the runs of a row on both sides.
func protocol(source *rand.Rand, cases *Cases, broken float64) (report Report, calls float64) {
	beta := distuv.Beta{Alpha: 9, Beta: 0.6, Src: source}
	n := len(cases.rows)
	empty := func() *side { return &side{tallies: make([]Tally, n), examples: make([]*Example, n)} }
	candidate, baseline := empty(), empty()
	o := DefaultOptions()
	for i := range n {
		before := beta.Rand()
		after := before
		if source.Float64() < broken {
			after *= 0.15
		}
		once := func(s *side, pass float64) bool {
			calls++
			passed := source.Float64() < pass
			s.tallies[i].add(&judged{failed: !passed})
			return passed
		}
		once(baseline, before)
		if once(candidate, after) {
			continue
		}
		for range o.Repeats - 1 {
			once(baseline, before)
			once(candidate, after)
		}
	}
	return compare(cases, candidate, baseline, o), calls / float64(n)
}

func TestSameSystemTwiceIsSeldomBlocked(t *testing.T) {
	const replicates = 400
	source := rand.New(rand.NewPCG(11, 11))
	for _, n := range []int{30, 100, 300, 400} {
		blocked, cases := 0, simulated(n)
		for range replicates {
			r, _ := protocol(source, cases, 0)
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
	const replicates = 400
	source := rand.New(rand.NewPCG(12, 12))
	for _, c := range []struct {
		rows          int
		broken, power float64
	}{{30, 0.10, 0.55}, {100, 0.05, 0.80}, {100, 0.10, 0.95}} {
		blocked, calls, cases := 0, 0., simulated(c.rows)
		for range replicates {
			r, n := protocol(source, cases, c.broken)
			calls += n
			if r.Decision == Regression {
				blocked++
			}
		}
		rate := float64(blocked) / replicates
		t.Logf("%d rows, %.0f %% broken: blocked in %.1f %%, %.2f calls a row", c.rows, 100*c.broken, 100*rate,
			calls/replicates)
		require.GreaterOrEqual(t, rate, c.power)
		require.LessOrEqual(t, calls/replicates, 3.5)
	}
}
