package drift

import "slices"

// Window is a time over which the cost of a service is compared with its usual cost, in units of a median day.
type Window struct {
	Name  string
	Limit float64 // above it the rise is significant
}

// The windows: the spend of a day, and the excess of six hours over the median of the same hours. The cost of sessions
// has a long tail, so a single hour is too noisy.
var (
	Day   = Window{Name: "24h", Limit: 2}
	Burst = Window{Name: "6h", Limit: 1}
)

const (
	// MedianDays is the number of days for the median day.
	MedianDays = 7
	// MedianBursts is the number of days for the median of the same six hours.
	MedianBursts = 14
	// MinDay is the minimum for the median day, in US dollars. Smaller costs are not worth an alert.
	MinDay = 1

	burstHours = 6
	costHours  = MedianBursts*hoursADay + burstHours
	maxHour    = maxBin / binsAnHour
	maxUSD     = 1e12
)

// Cost tracks the spend of a service. The zero value is ready to use. It is not safe for concurrent use.
type Cost struct {
	begun bool
	hour  int64
	first int64
	hours [costHours]float64 // US dollars
}

// Add counts the spend of an hour, which is numbered in Unix seconds divided by 3600. With usd 0 it only advances time.
// Late spend counts at its arrival. Add reports whether the amount is valid; an invalid amount changes nothing.
func (c *Cost) Add(hour int64, usd float64) bool {
	if hour < 0 || hour >= maxHour || !(usd >= 0 && *c.at(max(hour, c.hour))+usd <= maxUSD) {
		return false
	}
	switch {
	case !c.begun:
		c.begun, c.hour, c.first = true, hour, hour
	case hour > c.hour:
		for h := max(c.hour+1, hour-costHours+1); h <= hour; h++ {
			*c.at(h) = 0
		}
		c.hour = hour
	case c.hour-hour > 1: // the clock was set back: forget the hours that are now in the future
		for h := max(hour+1, c.hour-costHours+1); h <= c.hour; h++ {
			*c.at(h) = 0
		}
		c.hour, c.first = hour, min(c.first, hour)
	}
	*c.at(c.hour) += usd
	return true
}

// Day is the cost of the last 24 hours divided by the median of the seven days before. It is false in the first eight
// days.
func (c *Cost) Day() (float64, bool) {
	day, ok := c.medianDay()
	if !ok {
		return 0, false
	}
	return c.spent(c.hour, hoursADay) / max(day, MinDay), true
}

// Burst is the excess of the last six hours over the median of the same hours of the two weeks before, divided by the
// median day. With less history it uses every day it has. It is false in the first eight days.
func (c *Cost) Burst() (float64, bool) {
	day, ok := c.medianDay()
	if !ok {
		return 0, false
	}
	var same []float64
	for k := int64(1); k <= MedianBursts; k++ {
		if end := c.hour - k*hoursADay; end >= c.first {
			same = append(same, c.spent(end, burstHours))
		}
	}
	return max(0, c.spent(c.hour, burstHours)-median(same)) / max(day, MinDay), true
}

func (c *Cost) medianDay() (float64, bool) {
	if !c.begun || c.hour-c.first < (MedianDays+1)*hoursADay-1 {
		return 0, false
	}
	days := make([]float64, MedianDays)
	for k := range days {
		days[k] = c.spent(c.hour-int64(k+1)*hoursADay, hoursADay)
	}
	return median(days), true
}

// spent is the cost of a number of hours up to and including one.
func (c *Cost) spent(until, hours int64) float64 {
	var usd float64
	for h := until - hours + 1; h <= until; h++ {
		usd += *c.at(h)
	}
	return usd
}

func (c *Cost) at(hour int64) *float64 { return &c.hours[(hour%costHours+costHours)%costHours] }

// median sorts the values and returns their median.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
