package agreement

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// service is simulated traffic. Flags catch a part of the failures, a judge reads a part of the rest, and people label
// some of each.
type service struct {
	items                         int
	failures                      float64 // the truth
	caught, wronglyFlagged        float64
	judged                        float64
	judgeSensitivity, specificity float64
	labels                        int
}

// estimate draws one month of the service and returns what its labels tell.
func (s service) estimate(t *testing.T, r *rand.Rand) Estimate {
	t.Helper()
	var flagged, failed, passed []bool // whether it truly failed
	rest := 0
	for i := range s.items {
		truly := float64(i) < s.failures*float64(s.items)
		if r.Float64() < pick(truly, s.caught, s.wronglyFlagged) {
			flagged = append(flagged, truly)
			continue
		}
		rest++
		if r.Float64() >= s.judged {
			continue
		}
		if r.Float64() < pick(truly, s.judgeSensitivity, 1-s.specificity) {
			failed = append(failed, truly)
		} else {
			passed = append(passed, truly)
		}
	}
	cell := func(items []bool, labels int, probability float64) Cell {
		r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		c := Cell{Items: len(items)}
		for _, truly := range items[:min(labels, len(items))] {
			c.Add(truly, probability)
		}
		return c
	}
	third := s.labels / 3
	rate, ok := PostStratify([]Stratum{
		{Items: float64(len(flagged)), Cells: []Cell{cell(flagged, third, 1)}},
		{Items: float64(rest), Cells: []Cell{cell(failed, third, s.judged), cell(passed, third, s.judged)}},
	})
	require.True(t, ok)
	return rate
}

func pick(truly bool, yes, no float64) float64 {
	if truly {
		return yes
	}
	return no
}

// TestTheTrueRateIsFound: of 100,000 calls, flags catch 40 % of the failures, a judge reads 5 % of the rest, and people
// give 600 labels.
func TestTheTrueRateIsFound(t *testing.T) {
	const replicates = 400
	for name, truth := range map[string]float64{"1 % fail": 0.01, "0.3 % fail": 0.003} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := service{
				items: 100_000, failures: truth, caught: 0.4, wronglyFlagged: 0.001, judged: 0.05,
				judgeSensitivity: 0.8, specificity: 0.95, labels: 600,
			}
			r := rand.New(rand.NewPCG(5, uint64(truth*1e6)))
			squares, sum, width, covered := 0.0, 0.0, 0.0, 0
			for range replicates {
				rate := s.estimate(t, r)
				squares += (rate.Value - truth) * (rate.Value - truth)
				sum += rate.Value
				width += rate.Interval.High - rate.Interval.Low
				if rate.Interval.Contains(truth) {
					covered++
				}
			}
			rmse, coverage := math.Sqrt(squares/replicates), float64(covered)/replicates
			t.Logf("RMSE %.3f %%, coverage %.1f %%, mean %.3f %%, mean width %.2f %%",
				100*rmse, 100*coverage, 100*sum/replicates, 100*width/replicates)
			require.LessOrEqual(t, rmse, 0.003)
			require.GreaterOrEqual(t, coverage, 0.94)
			require.InDelta(t, truth, sum/replicates, 0.0005, "no bias")
		})
	}
}
