package gate

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSignFlipOfKnownTables(t *testing.T) {
	for _, c := range []struct {
		differences []float64
		want        float64
	}{
		{nil, 1},
		{[]float64{0, 0}, 1},
		{[]float64{1, 1}, 1},
		{[]float64{-1, 1}, 1},
		{[]float64{-1}, 0.5},
		{[]float64{-1, -1, 0}, 0.25},
		{[]float64{-1, -1, -1, -1, -1}, 1. / 32},
		{[]float64{-1, -1, -1, -1, 1}, 6. / 32}, // five orders with one positive, one with none
		{[]float64{-0.2, -0.4, 0.2}, 3. / 8},
	} {
		require.InDelta(t, c.want, signFlip(c.differences), 1e-12, "%v", c.differences)
	}
}

func TestSignFlipProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tenths := rapid.SliceOfN(rapid.IntRange(-10, 10), 0, exactFlips).Draw(t, "tenths")
		d := make([]float64, len(tenths))
		for i, n := range tenths {
			d[i] = float64(n) / 10
		}
		p := signFlip(d)
		if p <= 0 || p > 1 {
			t.Fatalf("%v is no probability", p)
		}
		if with := signFlip(append(slices.Clone(d), 0, 0)); with != p {
			t.Fatalf("rows without a difference change p from %v to %v", p, with)
		}
		reversed := slices.Clone(d)
		slices.Reverse(reversed)
		if other := signFlip(reversed); math.Abs(other-p) > 1e-12 {
			t.Fatalf("the order of rows changes p from %v to %v", p, other)
		}
		if worse := signFlip(append(slices.Clone(d), -1)); p < 1 && worse > p+1e-12 {
			t.Fatalf("one more row that dropped raises p from %v to %v", p, worse)
		}
	})
}

func TestSampledSignFlipIsNearTheExactOne(t *testing.T) {
	// Twenty rows that all drop: one order of 2^20 is as low.
	all := slices.Repeat([]float64{-1}, 20)
	require.InDelta(t, 1./(sampledFlips+1), signFlip(all), 1e-9)
	// Of 13 rows, 9 drop: P(at least 9 of 13 heads) = 1093/8192.
	mixed := append(slices.Repeat([]float64{-1}, 9), slices.Repeat([]float64{1}, 4)...)
	require.InDelta(t, 1093./8192, signFlip(mixed), 0.015)
	require.InDelta(t, signFlip(mixed), signFlip(slices.Clone(mixed)), 0, "the same data give the same answer")
}

func TestDetectableEffect(t *testing.T) {
	require.InDelta(t, 0.17, detectable(30), 0.005)
	require.InDelta(t, 0.05, detectable(100), 0.005)
	require.InDelta(t, 0.017, detectable(300), 0.001)
	require.InDelta(t, 1, detectable(1), 0)
	require.InDelta(t, 1, detectable(0), 0)
}
