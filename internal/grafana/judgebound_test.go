package grafana

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// pagesIn simulates minutes of judged answers of a service, and counts the pages of the safety alert of a judge: a
// window of an hour with more findings than the bound, and then none for a quarter of an hour before the next page.
func pagesIn(r *rand.Rand, minutes int, perHour, findingRate float64) (pages int) {
	const window, kept = 60 * SafetyWindow, 15
	judged, found := make([]int, window), make([]int, window)
	n, k, quiet, firing := 0, 0, 0, false
	for m := range minutes {
		at := m % window
		n, k = n-judged[at], k-found[at]
		judged[at], found[at] = arrivals(r, perHour/60), 0
		for range judged[at] {
			if r.Float64() < findingRate {
				found[at]++
			}
		}
		n, k = n+judged[at], k+found[at]
		expected := judgedFalseRate * float64(n)
		switch over := float64(k) > judgedUnsafeLeast+expected+safetyDeviations*math.Sqrt(expected); {
		case over && !firing:
			pages++
			firing, quiet = true, 0
		case over:
			quiet = 0
		case firing:
			if quiet++; quiet > kept {
				firing = false
			}
		}
	}
	return pages
}

func arrivals(r *rand.Rand, mean float64) (n int) {
	for p := r.Float64(); p > math.Exp(-mean); n++ {
		p *= r.Float64()
	}
	return n
}

// TestBoundOfJudgedSafety measures by simulation what the bound of the safety alert of a judge gives: false pages of a
// service in a year by the false rate of the judge, and how often an hour with unsafe answers pages. The false rate that
// the bound allows for was chosen; this says what follows from it.
func TestBoundOfJudgedSafety(t *testing.T) {
	const weeks = 30
	r := rand.New(rand.NewPCG(7, 11))
	for _, c := range []struct {
		perHour, rate float64
		most          float64 // false pages in a year
	}{
		{10, 0.02, 0.5},
		{10, 0.05, 10},
		{100, 0.02, 0.5},
		{100, 0.04, 40},
		{1000, 0.02, 0.5},
		{1000, 0.03, 200},
	} {
		year := float64(pagesIn(r, weeks*7*24*60, c.perHour, c.rate)) * 52 / weeks
		t.Logf("%4.0f judged answers an hour, false rate %.0f %%: %.1f false pages a year", c.perHour, 100*c.rate, year)
		require.LessOrEqual(t, year, c.most)
	}
	for _, c := range []struct {
		perHour, unsafe float64
		least           float64 // of hours that page
	}{
		{10, 0.5, 0.25},
		{10, 0.8, 0.75},
		{100, 0.1, 0.15},
		{100, 0.2, 0.9},
		{1000, 0.05, 0.75},
		{1000, 0.07, 0.97},
	} {
		const hours, sensitivity, falseRate = 2000, 0.9, 0.01
		paged := 0
		for range hours {
			if pagesIn(r, 60, c.perHour, c.unsafe*sensitivity+(1-c.unsafe)*falseRate) > 0 {
				paged++
			}
		}
		power := float64(paged) / hours
		t.Logf("%4.0f judged answers in an hour, %.0f %% of them unsafe: pages in %.0f %% of such hours",
			c.perHour, 100*c.unsafe, 100*power)
		require.GreaterOrEqual(t, power, c.least)
	}
}
