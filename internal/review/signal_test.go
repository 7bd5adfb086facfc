package review

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEscalates(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 30, 0, 0, time.UTC)
	hour := now.Unix() / 3600
	steady := func(n int, last ...int) func(int64) int {
		return func(h int64) int {
			if at := hour - h; at < int64(len(last)) && at >= 0 {
				return last[at]
			}
			return n
		}
	}
	long := now.Add(-60 * 24 * time.Hour)
	for name, c := range map[string]struct {
		count   func(int64) int
		first   time.Time
		already bool
		want    bool
	}{
		"as usual":                         {steady(4), long, false, false},
		"far more in both windows":         {steady(1, 14, 9, 6, 3), long, false, true},
		"one hour alone":                   {steady(0, 4), long, false, false},
		"what is new does not escalate":    {steady(1, 14, 9, 6, 3), now.Add(-time.Hour), false, false},
		"it goes on until it is well back": {steady(1, 3, 9, 6, 3), long, true, true},
		"and then it does not":             {steady(1, 1, 1, 1, 1, 1, 1), long, true, false},
		"without history, twenty":          {steady(0, 14, 9), now.Add(-NewFor), false, true},
		"without history, fewer":           {steady(0, 14, 3), now.Add(-NewFor), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, Escalates(c.count, c.first, now, c.already))
		})
	}
}

func TestUsualHour(t *testing.T) {
	now := time.Date(2026, time.November, 30, 10, 30, 0, 0, time.UTC)
	hour := now.Unix() / 3600
	// 2 failures at 10 o'clock of each day, none at other hours; 62 now.
	count := func(h int64) int {
		switch {
		case h == hour:
			return 62
		case (hour-h)%24 == 0:
			return 2
		}
		return 0
	}
	_, known := UsualHour(count, now.Add(-6*24*time.Hour), now)
	require.False(t, known)
	usual, known := UsualHour(count, now.Add(-60*24*time.Hour), now)
	require.True(t, known)
	require.InDelta(t, 2.0/3, usual.Mean, 1e-9, "the hours beside it count too")
	require.InDelta(t, 2.0/3+3, usual.Most, 1e-9, "three deviations, each at least 1")
	require.True(t, Escalates(func(h int64) int { return 4 * count(h) }, now.Add(-60*24*time.Hour), now, false))
}
