package gate

import (
	"math"
	"math/rand/v2"
)

const (
	// exactFlips is the largest number of differing rows for which every sign is tried: 2^12 sums.
	exactFlips = 12
	// sampledFlips is the number of random sign vectors beyond that.
	sampledFlips = 10_000
	// flipSeed makes the sampled test give the same result for the same data.
	flipSeed = 0x5eed
	epsilon  = 1e-12
)

// signFlip is the one-sided paired sign-flip test. It returns the probability of a sum of differences as low as this
// one if each sign were random. Differences are candidate minus baseline, one a row. It is 1 where the sum is not
// negative.
func signFlip(differences []float64) float64 {
	var sum float64
	nonzero := make([]float64, 0, len(differences))
	for _, d := range differences {
		if d != 0 {
			nonzero = append(nonzero, d)
			sum += d
		}
	}
	if sum > -epsilon { // but for rounding, it is not negative
		return 1
	}
	if len(nonzero) <= exactFlips {
		return exactSignFlip(nonzero, sum)
	}
	source := rand.New(rand.NewPCG(flipSeed, uint64(len(nonzero))))
	low := 1 // the order that was seen is one of the orders
	for range sampledFlips {
		if flippedSum(nonzero, source) <= sum+epsilon {
			low++
		}
	}
	return float64(low) / (sampledFlips + 1)
}

func exactSignFlip(nonzero []float64, sum float64) float64 {
	low, all := 0, 1<<len(nonzero)
	for mask := range all {
		var s float64
		for i, d := range nonzero {
			if mask>>i&1 == 1 {
				d = -d
			}
			s += d
		}
		if s <= sum+epsilon {
			low++
		}
	}
	return float64(low) / float64(all)
}

func flippedSum(nonzero []float64, source *rand.Rand) float64 {
	var (
		sum  float64
		bits uint64
	)
	for i, d := range nonzero {
		if i%64 == 0 {
			bits = source.Uint64()
		}
		if bits&1 == 1 {
			d = -d
		}
		bits >>= 1
		sum += d
	}
	return sum
}

// detectable returns the share of rows that must break for the gate to notice with power 0.8: the share at which at
// least one of n rows shows a confirmed flip. A broken row shows one with probability 0.31, fitted to simulations of
// flaky rows.
func detectable(n int) float64 {
	const power, shows = 0.8, 0.31
	if n == 0 {
		return 1
	}
	return min(1, (1-math.Pow(1-power, 1/float64(n)))/shows)
}

// unpaired is the same without a baseline, where a broken row always shows: the share of inputs of which at least one
// is among n rows.
func unpaired(n int) float64 {
	if n == 0 {
		return 1
	}
	return 1 - math.Pow(0.2, 1/float64(n))
}
