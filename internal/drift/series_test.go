package drift

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// day0 is a bin at midnight.
const day0 = 288 * 20_000

const binsADay = 288

// healthy adds days of pass-or-fail scores, n per bin, with this mean.
func healthy(s *Series, r *rand.Rand, from int64, days int, n int, mean float64) (next int64) {
	for bin := from; bin < from+int64(days)*binsADay; bin++ {
		feed(s, r, bin, n, mean)
	}
	return from + int64(days)*binsADay
}

func feed(s *Series, r *rand.Rand, bin int64, n int, mean float64) {
	sum := 0.0
	for range n {
		if r.Float64() < mean {
			sum++
		}
	}
	s.Add(bin, float64(n), sum)
	if s.Parent != nil {
		s.Parent.Add(bin, float64(n), sum)
	}
}

func random() *rand.Rand { return rand.New(rand.NewPCG(5, 6)) }

func bytesOf(t require.TestingT, s *Series) []byte {
	b, err := s.MarshalBinary()
	require.NoError(t, err)
	return b
}

// TestSeriesFindsADrop drops the mean by five points after two weeks, at fifty scores per bin. 0.03/0.09 * 50 *
// (0.05 - 0.015) is 0.58 per bin, so a threshold of 12 takes about 21 bins. While the drop lasts, the sum stays at its
// ceiling. The alarm ends within a day after the drop is fixed.
func TestSeriesFindsADrop(t *testing.T) {
	var s Series
	r := random()
	bin := healthy(&s, r, day0, 14, 50, 0.90)
	slow, fast := s.Drift()
	require.Less(t, max(slow, fast), 0.5)

	fell := bin
	for ; ; bin++ {
		feed(&s, r, bin, 50, 0.85)
		if slow, _ := s.Drift(); slow >= 1 {
			break
		}
	}
	require.InDelta(t, 21, bin-fell, 12)
	bin = healthy(&s, r, bin, 1, 50, 0.85)
	slow, _ = s.Drift()
	require.InDelta(t, Slow.Ceiling()/Slow.Threshold, slow, 0.1)

	bin = healthy(&s, r, bin, 1, 50, 0.90)
	slow, _ = s.Drift()
	require.Less(t, slow, 0.5)
	healthy(&s, r, bin, 10, 50, 0.90)
	slow, fast = s.Drift()
	require.Less(t, max(slow, fast), 1.0)
}

// TestSeriesLearnsALastingLevel checks that a lower mean is usual after two weeks.
func TestSeriesLearnsALastingLevel(t *testing.T) {
	var s Series
	r := random()
	bin := healthy(&s, r, day0, 14, 50, 0.90)
	healthy(&s, r, bin, 21, 50, 0.85)
	slow, fast := s.Drift()
	require.Less(t, max(slow, fast), 1.0)
}

// TestSeriesWithoutHistoryIsQuiet checks that a series needs eight blocks before the guard interval, and 200 scores.
func TestSeriesWithoutHistoryIsQuiet(t *testing.T) {
	var s Series
	r := random()
	bin := healthy(&s, r, day0, 1, 50, 0.90)
	healthy(&s, r, bin, 1, 50, 0.20)
	slow, fast := s.Drift()
	require.Zero(t, max(slow, fast))
	_, known := s.DetectableDrop()
	require.False(t, known)

	var few Series
	for bin := int64(day0); bin < day0+5*binsADay; bin += 12 {
		few.Add(bin, 1, 1)
	}
	_, known = few.DetectableDrop()
	require.False(t, known)
}

// TestYoungSeriesIsComparedWithItsParent has a version that was deployed two hours ago, with scores twelve points below
// those of the prompt's other versions.
func TestYoungSeriesIsComparedWithItsParent(t *testing.T) {
	var parent Series
	r := random()
	bin := healthy(&parent, r, day0, 10, 50, 0.90)
	version, alone := Series{Parent: &parent}, Series{}
	for end := bin + 24; bin < end; bin++ {
		feed(&version, r, bin, 50, 0.78)
		feed(&alone, r, bin, 50, 0.78)
	}
	_, fast := version.Drift()
	require.GreaterOrEqual(t, fast, 1.0)
	_, fast = alone.Drift()
	require.Zero(t, fast)
	drop, known := version.DetectableDrop()
	require.True(t, known)
	require.InDelta(t, math.Sqrt(23*0.09/600), drop, 0.02)

	// After a week its own mean is usual.
	healthy(&version, r, bin, 8, 50, 0.78)
	slow, fast := version.Drift()
	require.Less(t, max(slow, fast), 1.0)
}

// TestOneBinIsNoAlarm has one bad bin, as from a broken judge or a deployment.
func TestOneBinIsNoAlarm(t *testing.T) {
	var s Series
	bin := healthy(&s, random(), day0, 14, 5000, 0.90)
	for k := range int64(2) {
		s.Add(bin+k, 5000, 0)
		s.Add(bin+k+1, 0, 0)
		slow, fast := s.Drift()
		require.Less(t, max(slow, fast), 1.0)
	}
}

// TestNoTrafficNoAlarm has a version that was rolled back: no new scores can clear its alarm.
func TestNoTrafficNoAlarm(t *testing.T) {
	var s Series
	r := random()
	bin := healthy(&s, r, day0, 14, 50, 0.90)
	bin = healthy(&s, r, bin, 1, 50, 0.70)
	slow, _ := s.Drift()
	require.Greater(t, slow, 1.0)
	s.Add(bin+7*12, 0, 0)
	slow, fast := s.Drift()
	require.Zero(t, max(slow, fast))
	_, known := s.DetectableDrop()
	require.False(t, known)
	feed(&s, r, bin+7*12, 50, 0.70)
	slow, _ = s.Drift()
	require.Greater(t, slow, 1.0, "when it returns with the same scores")
}

// TestSeasonIsNoDrift has a mean that is six points lower every night.
func TestSeasonIsNoDrift(t *testing.T) {
	var s Series
	r := random()
	worst := 0.0
	for bin := int64(day0); bin < day0+21*binsADay; bin++ {
		feed(&s, r, bin, 100, 0.90+0.03*math.Sin(2*math.Pi*float64(bin)/binsADay))
		if bin > day0+14*binsADay {
			worst = max(worst, max(s.Drift()))
		}
	}
	require.Less(t, worst, 1.0)
}

func TestInvalidScoresAreRefused(t *testing.T) {
	var s Series
	require.True(t, s.Add(day0, 3, 1.5))
	before := bytesOf(t, &s)
	for _, c := range []struct {
		bin    int64
		n, sum float64
	}{
		{-1, 1, 1},
		{math.MinInt64, 1, 1},
		{math.MaxInt64, 1, 1},
		{maxBin, 1, 1},
		{day0, -1, 0},
		{day0, math.NaN(), 0},
		{day0, math.Inf(1), 0},
		{day0, 1 << 60, 0},
		{day0, 1, -0.1},
		{day0, 1, 1.1},
		{day0, 1, math.NaN()},
		{day0, 0, 1},
	} {
		require.False(t, s.Add(c.bin, c.n, c.sum), c)
	}
	require.Equal(t, before, bytesOf(t, &s))
}

// drawn is a random series of a few weeks: scores in random bins, with quiet times and clocks that are set back.
func drawn(t *rapid.T, wild bool) (bins []int64, counts, sums []float64) {
	bin := int64(day0)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	mean := rapid.Float64Range(0, 1).Draw(t, "mean")
	for range rapid.IntRange(1, 3000).Draw(t, "bins") {
		switch {
		case r.IntN(100) == 0:
			bin += r.Int64N(3000)
		case r.IntN(3) == 0:
			bin += r.Int64N(4)
		default:
			bin++
		}
		if wild && r.IntN(200) == 0 {
			bin += r.Int64N(40_000) - 20_000
		}
		n := float64(r.IntN(60))
		bins, counts, sums = append(
			bins,
			bin,
		), append(
			counts,
			n,
		), append(
			sums,
			math.Round(n*min(1, max(0, mean+0.2*r.NormFloat64()))),
		)
	}
	return bins, counts, sums
}

// TestPropertySurvivesRestart checks that a checkpoint at any time changes nothing.
func TestPropertySurvivesRestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bins, counts, sums := drawn(t, true)
		at := rapid.IntRange(0, len(bins)-1).Draw(t, "at")
		var s, restarted Series
		for i := range bins {
			require.True(t, s.Add(bins[i], counts[i], sums[i]))
			require.True(t, restarted.Add(bins[i], counts[i], sums[i]))
			slow, fast := s.Drift()
			require.True(
				t,
				slow >= 0 && slow <= Slow.Ceiling()/Slow.Threshold && fast >= 0 &&
					fast <= Fast.Ceiling()/Fast.Threshold,
			)
			if i == at {
				var again Series
				require.NoError(t, again.UnmarshalBinary(bytesOf(t, &restarted)))
				require.Equal(t, restarted, again)
				restarted = again
			}
		}
		require.Equal(t, s, restarted)
	})
}

// TestPropertyQuietTimePasses checks that bins without scores may be added or left out.
func TestPropertyQuietTimePasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bins, counts, sums := drawn(t, false)
		var added, left Series
		for i := range bins {
			if i > 0 {
				for bin := bins[i-1] + 1; bin < bins[i]; bin++ {
					require.True(t, added.Add(bin, 0, 0))
				}
			}
			added.Add(bins[i], counts[i], sums[i])
			left.Add(bins[i], counts[i], sums[i])
		}
		require.Equal(t, bytesOf(t, &added), bytesOf(t, &left))
	})
}

// TestPropertyScoresAddUp checks that it does not matter in how many parts a bin comes, nor whether it comes an hour
// late, except that late scores count in the open bin.
func TestPropertyScoresAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bins, counts, sums := drawn(t, false)
		r := random()
		var whole, parts Series
		for i := range bins {
			whole.Add(bins[i], counts[i], sums[i])
			parts.Add(bins[i], 0, 0)
			late := bins[i] - r.Int64N(binsAnHour)
			parts.Add(late, sums[i], sums[i])
			parts.Add(late, counts[i]-sums[i], 0)
		}
		require.Equal(t, bytesOf(t, &whole), bytesOf(t, &parts))
	})
}

// TestPropertyWorseScoresNeverLowerSums checks that the sums are no lower if the last hour is worse.
func TestPropertyWorseScoresNeverLowerSums(t *testing.T) {
	var healthySeries Series
	bin := healthy(&healthySeries, random(), day0, 14, 30, 0.9)
	rapid.Check(t, func(t *rapid.T) {
		a, b := healthySeries, healthySeries
		for k := range int64(12) {
			n := float64(rapid.IntRange(0, 60).Draw(t, "n"))
			better := rapid.Float64Range(0, n).Draw(t, "better")
			worse := rapid.Float64Range(0, better).Draw(t, "worse")
			a.Add(bin+k, n, better)
			b.Add(bin+k, n, worse)
		}
		aSlow, aFast := a.Drift()
		bSlow, bFast := b.Drift()
		require.GreaterOrEqual(t, bSlow, aSlow)
		require.GreaterOrEqual(t, bFast, aFast)
	})
}

// TestMemory measures the memory of a series, and the size of its checkpoint after two full weeks.
func TestMemory(t *testing.T) {
	const n = 2000
	before := heap()
	all := make([]*Series, n)
	for i := range all {
		all[i] = &Series{}
		all[i].Add(day0, 1, 1)
	}
	perSeries := (heap() - before) / n
	var s Series
	healthy(&s, random(), day0, 15, 500, 0.9)
	size := len(bytesOf(t, &s))
	t.Logf("memory: %d B a series, %d B its checkpoint after two weeks of 500 scores a bin; %d B the cost of a "+
		"service", perSeries, size, unsafe.Sizeof(Cost{}))
	require.LessOrEqual(t, perSeries, uint64(7000))
	require.LessOrEqual(t, size, 4000)
	runtime.KeepAlive(all)
}

// heap is the memory in use after garbage collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestAddDoesNotAllocate(t *testing.T) {
	var s Series
	bin := healthy(&s, random(), day0, 14, 30, 0.9)
	require.Zero(t, testing.AllocsPerRun(300, func() {
		s.Add(bin, 30, 27)
		bin++
	}))
}

func BenchmarkAdd(b *testing.B) {
	var s Series
	bin := healthy(&s, random(), day0, 14, 30, 0.9)
	b.ReportAllocs()
	for b.Loop() { // one bin at a time, so that a twelfth of the calls run fit
		s.Add(bin, 30, 27)
		bin++
		if bin >= maxBin {
			bin = day0
		}
	}
}
