package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/grafana"
)

// TestFalsePages simulates the safety alert on traffic that is all ordinary, with the false rate that the scorers may
// have at most. A service may get one false page a year. Traffic has a day and a night, and half of the false verdicts
// are on two spans.
func TestFalsePages(t *testing.T) {
	const most = 700_000 // false verdicts
	t.Logf("%12s %18s %20s %22s", "calls a day", "false verdicts/day", "false pages a year", "verdicts that page")
	for _, perDay := range []float64{100, 1_000, 10_000, 100_000} {
		n := min(2000, int(most/(365*perDay*grafana.SafetyFalseRate)))
		pages := float64(falsePages(rand.New(rand.NewPCG(13, uint64(perDay))), perDay, n)) / float64(n)
		atNoon := grafana.SafetyBound(hourly(perDay, 12))
		t.Logf("%12.0f %18.2f %20.3f %22s", perDay, perDay*grafana.SafetyFalseRate, pages,
			fmt.Sprintf("%.0f in the hour at noon", math.Floor(atNoon)+1))
		require.LessOrEqual(t, pages, 1.0, "%v calls a day", perDay)
	}
}

// hourly is the number of calls in the hour around an hour of the day: five times as many at noon as at midnight.
func hourly(perDay, hour float64) float64 {
	return perDay / 24 * (1 - 2.0/3*math.Cos(hour/24*2*math.Pi))
}

// falsePages counts the pages in some years. The window slides, and a page ends a quarter of an hour after its
// condition.
func falsePages(r *rand.Rand, perDay float64, years int) (pages int) {
	const window, keep = grafana.SafetyWindow, 0.25 // hours
	peak := hourly(perDay, 12) * grafana.SafetyFalseRate
	type verdict struct {
		at    float64
		spans int
	}
	var recent []verdict
	count, until := 0, math.Inf(-1)
	for at := 0.0; ; {
		at += r.ExpFloat64() / peak
		if at > float64(years)*365*24 {
			return pages
		}
		calls := hourly(perDay, math.Mod(at, 24))
		if r.Float64()*peak > calls*grafana.SafetyFalseRate {
			continue
		}
		spans := 1 + r.IntN(2)
		recent, count = append(recent, verdict{at, spans}), count+spans
		for recent[0].at <= at-window {
			count -= recent[0].spans
			recent = recent[1:]
		}
		// A service that wakes up has fewer calls in the hour before than now.
		seen := hourly(perDay, math.Mod(at+24-window/2.0, 24)) * window
		if float64(count) > grafana.SafetyBound(seen) {
			if at > until {
				pages++
			}
			// The condition holds until enough verdicts leave the window.
			until = at + window + keep
		}
	}
}
