package drift

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// spend adds hours with the same cost each.
func spend(c *Cost, from int64, hours int64, usd float64) (next int64) {
	for h := from; h < from+hours; h++ {
		c.Add(h, usd)
	}
	return from + hours
}

func TestWindowsAreNamedByTheirLength(t *testing.T) {
	for w, hours := range map[Window]int{Day: hoursADay, Burst: burstHours} {
		length, err := time.ParseDuration(w.Name)
		require.NoError(t, err)
		require.Equal(t, time.Duration(hours)*time.Hour, length)
	}
}

func TestCostRelativeToUsual(t *testing.T) {
	var c Cost
	h := spend(&c, 480_000, 8*24-1, 2)
	_, known := c.Day()
	require.False(t, known, "it needs seven days and the day that is compared")
	h = spend(&c, h, 24, 2)
	day, known := c.Day()
	require.True(t, known)
	require.InDelta(t, 1, day, 1e-9)
	burst, _ := c.Burst()
	require.Zero(t, burst)

	// Thirty dollars more than usual in three hours; a day costs 48.
	h = spend(&c, h, 3, 12)
	burst, _ = c.Burst()
	require.InDelta(t, 30.0/48, burst, 1e-9)
	day, _ = c.Day()
	require.InDelta(t, (48+30)/48.0, day, 1e-9)

	// After a week the new price is usual.
	spend(&c, h, 24*8, 12)
	day, _ = c.Day()
	burst, _ = c.Burst()
	require.InDelta(t, 1, day, 1e-9)
	require.Less(t, burst, Burst.Limit)
}

// TestCostOfTheSameHours spends everything in the same three hours of every night.
func TestCostOfTheSameHours(t *testing.T) {
	var c Cost
	for h := int64(480_000); h < 480_000+20*24; h++ {
		usd := 0.0
		if h%24 < 3 {
			usd = 100
		}
		c.Add(h, usd)
		day, _ := c.Day()
		burst, _ := c.Burst()
		require.LessOrEqual(t, day, Day.Limit)
		require.LessOrEqual(t, burst, Burst.Limit)
	}
}

// TestCentsAreNoAlarm checks that cents raise no alarm: a service that usually spends nothing is compared with a dollar
// a day.
func TestCentsAreNoAlarm(t *testing.T) {
	var c Cost
	h := spend(&c, 480_000, 10*24, 0)
	h = spend(&c, h, 2, 0.1)
	day, known := c.Day()
	require.True(t, known)
	require.InDelta(t, 0.2, day, 1e-9)
	spend(&c, h, 1, 50)
	burst, _ := c.Burst()
	require.Greater(t, burst, Burst.Limit)
}

func TestInvalidSpendIsRefused(t *testing.T) {
	var c Cost
	require.True(t, c.Add(480_000, 1))
	before := c
	for _, usd := range []float64{-1, math.NaN(), math.Inf(1), 1e13} {
		require.False(t, c.Add(480_000, usd))
	}
	for _, hour := range []int64{-1, math.MinInt64, math.MaxInt64, maxHour} {
		require.False(t, c.Add(hour, 1))
	}
	require.Equal(t, before, c)
}

// TestPropertyCostSurvivesRestart checks that checkpoints change nothing, nor does it matter whether spend comes in
// parts, or whether empty hours are added or left out.
func TestPropertyCostSurvivesRestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var c, other Cost
		hour := int64(480_000)
		for range rapid.IntRange(1, 900).Draw(t, "hours") {
			step := int64(1)
			switch r.IntN(300) {
			case 0:
				step = r.Int64N(600)
			case 1:
				step = -r.Int64N(600)
			}
			usd := float64(r.IntN(1000))
			for h := hour + 1; c.begun && h < hour+step; h++ { // time passes once the first hour was added
				other.Add(h, 0)
			}
			hour += step
			require.True(t, c.Add(hour, 2*usd))
			other.Add(hour, usd)
			other.Add(hour, usd)
			if r.IntN(50) == 0 {
				b, err := other.MarshalBinary()
				require.NoError(t, err)
				other = Cost{}
				require.NoError(t, other.UnmarshalBinary(b))
			}
		}
		require.Equal(t, c, other)
		day, _ := c.Day()
		burst, _ := c.Burst()
		require.True(t, day >= 0 && burst >= 0)
	})
}
