package drift

import "slices"

// Window is a time over which the cost of a service is compared with what it usually is, in times of a median day.
type Window struct {
	Name  string
	Limit float64 // above it the cost is no chance
}

// The windows: a day of spend, and six hours of what is above the median of the same hours. Sessions cost by a law with a long tail: what a
// single hour costs is no measure.
var (
	Day   = Window{Name: "24h", Limit: 2}
	Burst = Window{Name: "6h", Limit: 1}
)

const (
	// MedianDays is how many days the median day is of.
	MedianDays = 7
	// MedianBursts is how many days' same six hours the median of those is of.
	MedianBursts = 14
	// MinDay is the least that a median day counts as, in US dollars: nobody gets up for cents.
	MinDay = 1

	burstHours = 6
	costHours  = MedianBursts*hoursADay + burstHours
	maxHour    = maxBin / binsAnHour
	maxUSD     = 1e12
)

// Cost follows what a service spends. The zero value has seen nothing. It is not safe for concurrent use.
type Cost struct {
	begun bool
	hour  int64
	first int64
	hours [costHours]float64 // US dollars
}

// Add counts what was spent in the hour with this number (Unix seconds over 3600); with 0, time passes. What comes late counts when it comes. Add
// reports whether it can be an amount; another changes nothing.
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
	case c.hour-hour > 1: // the clock was set back: what it had put ahead is forgotten
		for h := max(hour+1, c.hour-costHours+1); h <= c.hour; h++ {
			*c.at(h) = 0
		}
		c.hour, c.first = hour, min(c.first, hour)
	}
	*c.at(c.hour) += usd
	return true
}

// Day is what the last 24 hours cost, in times of the median of the seven days before; false in the first eight days.
func (c *Cost) Day() (float64, bool) {
	median, ok := c.medianDay()
	if !ok {
		return 0, false
	}
	return c.spent(c.hour, hoursADay) / max(median, MinDay), true
}

// Burst is by how much the last six hours were over the median of the same hours of the two weeks before (or of as many days as there are), in
// times of the median day; false in the first eight days.
func (c *Cost) Burst() (float64, bool) {
	median, ok := c.medianDay()
	if !ok {
		return 0, false
	}
	var same []float64
	for k := int64(1); k <= MedianBursts; k++ {
		if end := c.hour - k*hoursADay; end >= c.first {
			same = append(same, c.spent(end, burstHours))
		}
	}
	return max(0, c.spent(c.hour, burstHours)-middle(same)) / max(median, MinDay), true
}

func (c *Cost) medianDay() (float64, bool) {
	if !c.begun || c.hour-c.first < (MedianDays+1)*hoursADay-1 {
		return 0, false
	}
	days := make([]float64, MedianDays)
	for k := range days {
		days[k] = c.spent(c.hour-int64(k+1)*hoursADay, hoursADay)
	}
	return middle(days), true
}

// spent is what the hours up to and with one cost.
func (c *Cost) spent(until, hours int64) float64 {
	var usd float64
	for h := until - hours + 1; h <= until; h++ {
		usd += *c.at(h)
	}
	return usd
}

func (c *Cost) at(hour int64) *float64 { return &c.hours[(hour%costHours+costHours)%costHours] }

// middle is the median.
func middle(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
