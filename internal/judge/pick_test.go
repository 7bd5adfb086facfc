package judge

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

func TestKept(t *testing.T) {
	for tracestate, want := range map[string]float64{
		"":                           1,
		"vendor=1":                   1,
		"ot=th:0":                    1,
		"ot=th:8":                    0.5,
		"ot=th:c":                    0.25,
		"ot=rv:abcdefabcdefab;th:e":  0.125,
		"vendor=1, ot=th:8":          0.5,
		"ot=th:":                     1,
		"ot=th:xyz":                  1,
		"ot=th:123456789012345":      1, // too long
		"ot=th:fffffffffffff0":       16 / math.Pow(2, 56),
		"ot=rv:12345678901234;p:8":   1,
		"ot=th:e6666666666666;x:abc": 0.1,
	} {
		require.InDelta(t, want, Kept(tracestate), 1e-9, tracestate)
	}
}

func TestPickComposesWithSamplers(t *testing.T) {
	s := Shares{Flagged: 1, Suspect: 0.5, Random: 0.02}
	for _, c := range []struct {
		stratum     string
		kept        float64
		probability float64
	}{
		{spanattr.StratumFlagged, 1, 1},
		{spanattr.StratumSuspect, 0.25, 0.25}, // no more than what arrives
		{spanattr.StratumSuspect, 1, 0.5},
		{spanattr.StratumRandom, 0.1, 0.02}, // a fifth of what arrives
	} {
		picked := 0
		r := rand.New(rand.NewPCG(1, 2))
		const n = 50_000
		for range n {
			id := randomID(r)
			p, ok := s.Pick(id, c.stratum, c.kept)
			require.InDelta(t, c.probability, p, 1e-12)
			again, same := s.Pick(id, c.stratum, c.kept)
			require.Equal(t, ok, same, "the id decides")
			require.InDelta(t, p, again, 0)
			if ok {
				picked++
			}
		}
		share := c.probability / c.kept
		require.InDelta(t, share, float64(picked)/n, 5*math.Sqrt(share*(1-share)/n)+1e-9)
	}
	_, ok := Shares{}.Pick("x", spanattr.StratumRandom, 1)
	require.False(t, ok)
}

func randomID(r *rand.Rand) string {
	var b [16]byte
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return hex.EncodeToString(b[:])
}

// Flagged, suspect and random together, each weighted by its probability, estimate the rate of failures of all traffic
// without bias: the interval has the true rate in at least 94 % of 400 runs. A sampler before the judge keeps all that
// is flagged, a quarter of what is suspected and a tenth of the rest.
func TestStrataTogetherEstimateTheRate(t *testing.T) {
	const runs, traffic = 400, 20_000
	shares := Shares{Flagged: 1, Suspect: 1, Random: 0.05}
	covered, sum, truth := 0, 0.0, 0.0
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 7))
		failed, estimate, variance := 0, 0.0, 0.0
		for range traffic {
			// What cheap scorers say, and whether the answer is bad: half of what is bad goes unnoticed.
			bad := r.Float64() < 0.03
			stratum, kept := spanattr.StratumRandom, 0.1
			switch u := r.Float64(); {
			case bad && u < 0.2 || !bad && u < 0.002:
				stratum, kept = spanattr.StratumFlagged, 1
			case bad && u < 0.5 || !bad && u < 0.02:
				stratum, kept = spanattr.StratumSuspect, 0.25
			}
			if bad {
				failed++
			}
			if r.Float64() >= kept {
				continue
			}
			p, ok := shares.Pick(randomID(r), stratum, kept)
			if ok && bad {
				estimate += 1 / p
				variance += (1 - p) / (p * p)
			}
		}
		rate := float64(failed) / traffic
		estimate, deviation := estimate/traffic, math.Sqrt(variance)/traffic
		sum += estimate
		truth += rate
		if math.Abs(estimate-rate) <= 1.96*deviation {
			covered++
		}
	}
	t.Logf("covered in %.1f %% of %d runs, mean estimate %.5f, true rate %.5f", 100*float64(covered)/runs, runs, sum/runs, truth/runs)
	require.GreaterOrEqual(t, float64(covered)/runs, 0.94)
	require.InEpsilon(t, truth/runs, sum/runs, 0.02, "no bias")
}
