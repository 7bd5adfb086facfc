package agreement

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWilsonSolvesItsEquation: a bound is where the observed proportion is z standard errors away.
func TestWilsonSolvesItsEquation(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		n := 1 + r.IntN(2000)
		p := float64(r.IntN(n+1)) / float64(n)
		i := Wilson(p, float64(n))
		require.True(t, 0 <= i.Low && i.Low <= p && p <= i.High && i.High <= 1, "%v of %d: %v", p, n, i)
		for _, bound := range []float64{i.Low, i.High} {
			if bound > 1e-9 && bound < 1-1e-9 {
				require.InDelta(t, z95, math.Abs(p-bound)/math.Sqrt(bound*(1-bound)/float64(n)), 1e-6)
			}
		}
		require.LessOrEqual(t, i.Low, WilsonLower(p, float64(n))+1e-12)
	}
	require.Equal(t, Interval{0, 1}, Wilson(0.5, 0))
	require.Equal(t, Interval{0.3, 0.3}, Wilson(0.3, math.Inf(1)))
}

// TestWorkedExamples holds the numbers of textbooks, and of a calculation by hand.
func TestWorkedExamples(t *testing.T) {
	i := Wilson(0.8, 10)
	require.InDelta(t, 0.4902, i.Low, 5e-5)
	require.InDelta(t, 0.9433, i.High, 5e-5)
	require.InDelta(t, 0.1135, Wilson(0, 30).High, 5e-5)

	// 50 proposals, each judged by two readers: 20 and 15 agree, 5 and 10 do not. Chance explains half.
	kappa, ok := Cohen([][]int{{20, 5}, {10, 15}})
	require.True(t, ok)
	require.InDelta(t, 0.4, kappa.Value, 1e-12)
	require.InDelta(t, 0.4-1.96*math.Sqrt(0.7*0.3/50)/0.5, kappa.Interval.Low, 1e-4)

	// The table of Fleiss' paper as it is often cited: ten subjects, fourteen raters, five categories.
	kappa, ok = Fleiss([][]int{
		{0, 0, 0, 0, 14},
		{0, 2, 6, 4, 2},
		{0, 0, 3, 5, 6},
		{0, 3, 9, 2, 0},
		{2, 2, 8, 1, 1},
		{7, 7, 0, 0, 0},
		{3, 2, 6, 3, 0},
		{2, 5, 3, 2, 2},
		{6, 5, 2, 1, 0},
		{0, 2, 2, 3, 7},
	})
	require.True(t, ok)
	require.InDelta(t, 0.210, kappa.Value, 5e-4)
	require.Nil(t, kappa.Interval)
	require.Equal(t, "10 of 30 labels", kappa.Missing())

	mcc, ok := Confusion{TP: 90, FP: 4, FN: 5, TN: 1}.MCC()
	require.True(t, ok)
	require.InDelta(t, 0.1352, mcc, 5e-5)

	rate, ok := RoganGladen(Measured{100, 1000}, Measured{90, 100}, Measured{95, 100})
	require.True(t, ok)
	require.InDelta(t, 0.05/0.85, rate.Value, 1e-12)
	variance := 0.1*0.9/1000 + 0.0588*0.0588*0.09/100 + 0.9412*0.9412*0.0475/100
	require.InDelta(t, 0.0588+1.96*math.Sqrt(variance)/0.85, rate.Interval.High, 1e-4)

	// One certain failure, and one item of a hundred that did not fail: 1 of 101.
	var tally Tally
	tally.Add(true, 1)
	tally.Add(false, 0.01)
	require.InDelta(t, 1.0/101, tally.Rate(), 1e-12)
	require.InDelta(t, 2*(1+1e4)/(101.0*101), tally.DesignEffect(), 1e-12)
	require.InDelta(t, 101.0*101/(1+1e4), tally.Effective(), 1e-12)
}

func TestConfusion(t *testing.T) {
	var c Confusion
	for range 40 {
		c.Add(true, true)
	}
	for range 10 {
		c.Add(true, false)
	}
	for range 20 {
		c.Add(false, true)
	}
	for range 12 {
		c.Add(false, false)
	}
	require.Equal(t, Confusion{TP: 40, FP: 10, FN: 20, TN: 12}, c)
	require.InDelta(t, 0.8, c.Precision().Value, 1e-12)
	require.InDelta(t, 2.0/3, c.Recall().Value, 1e-12)
	require.InDelta(t, 12.0/22, c.Specificity().Value, 1e-12)
	require.Equal(t, Wilson(0.8, 50), *c.Precision().Interval)
	require.Nil(t, c.Specificity().Interval)
	require.Equal(t, "22 of 30 labels", c.Specificity().Missing())
	_, ok := Confusion{TP: 40}.MCC()
	require.False(t, ok)
}

// TestNoIntervalBelowItsMinimum: 29 labels give a value alone, 30 an interval too.
func TestNoIntervalBelowItsMinimum(t *testing.T) {
	for n, want := range map[int]bool{29: false, 30: true} {
		var tally Tally
		table, items := [][]int{{n - 9, 3}, {2, 4}}, make([][]int, n)
		for i := range n {
			tally.Add(i%3 == 0, 0.5)
			items[i] = []int{i % 3, 2}
		}
		cohen, _ := Cohen(table)
		fleiss, _ := Fleiss(items)
		poststratified, ok := PostStratify([]Stratum{{Items: 100, Cells: []Cell{{Tally: tally, Items: 100}}}})
		require.True(t, ok)
		corrected, ok := RoganGladen(Measured{9, 1000}, Measured{n, n}, Measured{90, 100})
		require.True(t, ok)
		for name, e := range map[string]Estimate{
			"proportion": Proportion(3, n), "tally": tally.Estimate(), "cohen": cohen, "fleiss": fleiss,
			"cells": poststratified, "rogan gladen": corrected,
		} {
			require.Equal(t, n, e.Labels, name)
			require.Equal(t, want, e.Interval != nil, name)
			require.Equal(t, want, e.Missing() == "", name)
		}
	}
	require.False(t, Proportion(0, 0).Known())
}

func TestKappaOfChanceAndOfPerfection(t *testing.T) {
	kappa, ok := Cohen([][]int{{25, 25}, {25, 25}})
	require.True(t, ok)
	require.InDelta(t, 0, kappa.Value, 1e-12)
	kappa, ok = Cohen([][]int{{25, 0}, {0, 25}})
	require.True(t, ok)
	require.InDelta(t, 1, kappa.Value, 1e-12)
	_, ok = Cohen([][]int{{50, 0}, {0, 0}})
	require.False(t, ok, "always the same: chance explains all")
	_, ok = Cohen(nil)
	require.False(t, ok)
	kappa, ok = Fleiss([][]int{{2, 0}, {0, 3}, {1, 0}})
	require.True(t, ok)
	require.InDelta(t, 1, kappa.Value, 1e-12)
	require.Equal(t, 2, kappa.Labels, "one label agrees with nobody")
	_, ok = Fleiss([][]int{{1, 0}})
	require.False(t, ok)
	_, ok = Fleiss([][]int{{0, 2}, {0, 2}})
	require.False(t, ok)
}

// TestFleissOfTwoIsScottsPi: with two people each, the expected agreement is that of the pooled shares.
func TestFleissOfTwoIsScottsPi(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		n, agreed, positive := 40, 0, 0
		var items [][]int
		for range n {
			a, b := r.IntN(2), r.IntN(2)
			items = append(items, []int{2 - a - b, a + b})
			positive += a + b
			if a == b {
				agreed++
			}
		}
		p := float64(positive) / float64(2*n)
		expected := p*p + (1-p)*(1-p)
		kappa, ok := Fleiss(items)
		require.True(t, ok)
		require.InDelta(t, (float64(agreed)/float64(n)-expected)/(1-expected), kappa.Value, 1e-9)
	}
}

func TestRoganGladenNeedsAJudgeThatTellsSomething(t *testing.T) {
	_, ok := RoganGladen(Measured{10, 100}, Measured{60, 100}, Measured{60, 100})
	require.False(t, ok, "1.2 is not more than 1.2")
	_, ok = RoganGladen(Measured{10, 100}, Measured{70, 100}, Measured{60, 100})
	require.True(t, ok)
	_, ok = RoganGladen(Measured{10, 100}, Measured{}, Measured{60, 100})
	require.False(t, ok)
	rate, ok := RoganGladen(Measured{1, 1000}, Measured{90, 100}, Measured{95, 100})
	require.True(t, ok)
	require.Zero(t, rate.Value, "a rate is not negative")
	require.Zero(t, rate.Interval.Low)
}

func TestPostStratify(t *testing.T) {
	tally := func(failed, n int, probability float64) (t Tally) {
		for i := range n {
			t.Add(i < failed, probability)
		}
		return t
	}
	// 100 flagged items of which all are labelled, and 900 others of which 90 were sampled and judged.
	flagged := Stratum{Name: "flagged", Items: 100, Cells: []Cell{{Tally: tally(80, 100, 1), Items: 100}}}
	rest := Stratum{Name: "random", Items: 900, Cells: []Cell{
		{Tally: tally(5, 10, 0.1), Items: 10}, {Tally: tally(1, 40, 0.1), Items: 80},
	}}
	rate, ok := PostStratify([]Stratum{flagged, rest})
	require.True(t, ok)
	require.InDelta(t, 0.1*0.8+0.9*(10.0/90*0.5+80.0/90*0.025), rate.Value, 1e-12)
	require.Equal(t, 150, rate.Labels)
	require.True(t, rate.Interval.Low < rate.Value && rate.Value < rate.Interval.High)

	alone, ok := PostStratify([]Stratum{flagged})
	require.True(t, ok)
	require.Equal(t, Interval{0.8, 0.8}, *alone.Interval, "nothing is unknown where all is labelled")

	rest.Cells[0].Tally = Tally{} // joins the cell beside it
	rate, ok = PostStratify([]Stratum{flagged, rest})
	require.True(t, ok)
	require.InDelta(t, 0.1*0.8+0.9*0.025, rate.Value, 1e-12)
	rest.Cells[1].Tally = Tally{}
	_, ok = PostStratify([]Stratum{flagged, rest})
	require.False(t, ok, "nothing is known of the rest")
	_, ok = PostStratify(nil)
	require.False(t, ok)
	_, ok = PostStratify([]Stratum{flagged, {Name: "empty"}})
	require.True(t, ok)
}
