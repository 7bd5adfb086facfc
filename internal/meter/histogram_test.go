package meter

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// values draws realistic durations and token counts, and some absurd values.
func values() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Float64Range(0, 100),
		rapid.Float64Range(0, math.MaxFloat64),
		rapid.Map(rapid.IntRange(0, 1<<20), func(i int) float64 { return float64(i) }),
		rapid.Map(rapid.IntRange(-1074, 1023), func(e int) float64 { return math.Ldexp(1, e) }),
	)
}

func TestHistogramKeepsCountSumAndEveryValueInItsBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(values(), 1, 300).Draw(t, "values")
		var b Buckets
		var sum float64
		var zero uint64
		for _, v := range all {
			b.add(v)
			sum += v
			if v == 0 {
				zero++
			}
		}
		total := b.Zero
		for _, n := range b.Counts {
			total += n
		}
		if b.Count != uint64(len(all)) || total != b.Count || b.Zero != zero || (b.Sum != sum && !math.IsInf(sum, 0)) {
			t.Fatalf("%d values, %d zeros, sum %g; histogram has %+v", len(all), zero, sum, b)
		}
		if len(b.Counts) > maxBuckets || b.Scale < -4 || b.Scale > maxScale {
			t.Fatalf("%d buckets at scale %d", len(b.Counts), b.Scale)
		}
		want := make(map[int32]uint64)
		for _, v := range all {
			if v != 0 {
				want[bucketIndex(v, b.Scale)]++
			}
		}
		for i, n := range b.Counts {
			if index := b.Offset + int32(i); want[index] != n {
				t.Fatalf("bucket %d holds %d values, want %d", index, n, want[index])
			}
		}
	})
}

func TestBucketsHaveTheBoundsOfTheConvention(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Bounds are computed with logarithms, so they have rounding errors. The values differ from them by more than
		// that.
		scale := rapid.Int32Range(-4, maxScale).Draw(t, "scale")
		v := rapid.Float64Range(1e-300, 1e300).Draw(t, "value")
		exact := math.Log2(v) * math.Ldexp(1, int(scale))
		if math.Abs(exact-math.Round(exact)) < 1e-6 {
			t.Skip("on a bound")
		}
		if got := bucketIndex(v, scale); float64(got) != math.Floor(exact) {
			t.Fatalf("%g at scale %d is in bucket %d, want %g", v, scale, got, math.Floor(exact))
		}
	})
	for scale := int32(-4); scale <= maxScale; scale++ {
		for exponent := -40; exponent <= 40; exponent++ {
			// An upper bound belongs to its bucket.
			want := int32(math.Ceil(float64(exponent)*math.Ldexp(1, int(scale)))) - 1
			require.Equal(t, want, bucketIndex(math.Ldexp(1, exponent), scale), "2^%d at scale %d", exponent, scale)
		}
	}
}
