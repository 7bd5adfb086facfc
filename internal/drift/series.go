package drift

import "time"

const (
	binsAnHour = int64(time.Hour / Bin)
	hoursADay  = 24
	weekHours  = int64(Week / time.Hour)
	guardHours = int64(Guard / time.Hour)
	// keptHours is the memory of a series: two weeks, so that the usual mean of an hour has two of each weekday.
	keptHours = 2 * weekHours

	// maxBin and maxScores bound the arguments of Add: a bin in the year 12178, and the largest exact count of scores.
	maxBin    = 1 << 30
	maxScores = 1 << 53
)

// Series finds a lasting drop of the mean of one scorer's scores (0 bad, 1 good). The zero value is ready to use. It is
// not safe for concurrent use.
//
// The usual mean is the mean at the hour of the day, over the two weeks before the last six hours. The noise is
// measured around it on sums over one and six hours. So one number covers chance, sessions whose turns fail together,
// unstable judges and the wandering of a day.
type Series struct {
	// Parent has the same scorer's scores over all versions of the prompt. A series younger than a week is compared
	// with its Parent. The caller adds the same scores to both. Without a Parent a young series uses only its own
	// scores. Checkpoints do not include it.
	Parent *Series

	begun      bool
	bin        int64 // the open bin
	first      int64 // hour
	open       tally
	recent     [binsAnHour]float64 // scores in the bins before, by bin
	hours      [keptHours]tally    // closed bins, by hour
	slow, fast float64
	usual      usual
}

// tally is a number of scores and their sum.
type tally struct{ n, sum float64 }

// Add counts n scores that add up to sum in a bin, which is numbered in Unix seconds divided by 300. Late scores count
// in the open bin, as they do for a reader of counters. With n 0 it only advances time. Add reports whether the numbers
// are valid; invalid numbers change nothing.
func (s *Series) Add(bin int64, n, sum float64) bool {
	if bin < 0 || bin >= maxBin || !(n >= 0 && s.open.n+n <= maxScores) || !(sum >= 0 && sum <= n*(1+1e-9)) {
		return false
	}
	switch {
	case !s.begun:
		s.begun, s.bin, s.first = true, bin, hour(bin)
	case bin > s.bin:
		s.advance(bin)
	case s.bin-bin > binsAnHour:
		s.setBack(bin)
	}
	s.open.n += n
	s.open.sum += min(sum, n)
	return true
}

// Drift is the two sums divided by their thresholds: 1 or more is a significant drop. Both are 0 if there is almost no
// traffic, because there is nothing to alert on.
func (s *Series) Drift() (slow, fast float64) {
	if s.traffic() <= MinBlockScores {
		return 0, 0
	}
	return s.slow / Slow.Threshold, s.fast / Fast.Threshold
}

// DetectableDrop is the smallest drop of the mean that an hour of this traffic can reveal. It is false if the noise is
// unknown or there was no traffic.
func (s *Series) DetectableDrop() (float64, bool) {
	var n float64
	for _, v := range s.recent {
		n += v
	}
	u := s.reference()
	if !u.known || n == 0 {
		return 0, false
	}
	return detectable(u.slow, n), true
}

// traffic is the number of scores in the last block of the slow sum.
func (s *Series) traffic() float64 {
	n, now := s.open.n, hour(s.bin)
	for h := now - int64(Slow.Block/time.Hour) + 1; h <= now; h++ {
		n += s.at(h).n
	}
	return n
}

func hour(bin int64) int64 { return bin / binsAnHour }

// at is the tally of an hour in memory.
func (s *Series) at(hour int64) *tally { return &s.hours[(hour%keptHours+keptHours)%keptHours] }

// advance closes the open bin and opens a later one.
func (s *Series) advance(bin int64) {
	s.judge()
	old, now := hour(s.bin), hour(bin)
	h := s.at(old)
	h.n += s.open.n
	h.sum += s.open.sum
	s.recent[s.bin%binsAnHour] = s.open.n
	for b := max(s.bin+1, bin-binsAnHour); b < bin; b++ {
		s.recent[b%binsAnHour] = 0
	}
	s.bin, s.open = bin, tally{}
	if now == old {
		return
	}
	for h := max(old+1, now-keptHours+1); h <= now; h++ {
		*s.at(h) = tally{}
	}
	s.usual = s.fit()
	if !s.reference().known {
		s.slow, s.fast = 0, 0
	}
}

// setBack opens a bin far in the past: the clock was wrong then, or is now. It forgets the hours that are now in the
// future. If nothing older is left, the usual mean is learned again.
func (s *Series) setBack(bin int64) {
	old, now := hour(s.bin), hour(bin)
	for h := max(now, old-keptHours+1); h <= old; h++ {
		*s.at(h) = tally{}
	}
	s.bin, s.first, s.open, s.recent = bin, min(s.first, now), tally{}, [binsAnHour]float64{}
	s.usual = s.fit()
}

// judge adds the open bin to both sums.
func (s *Series) judge() {
	u := s.reference()
	if !u.known {
		return
	}
	missing := s.open.n*u.mean[hour(s.bin)%hoursADay] - s.open.sum
	s.slow = Slow.next(s.slow, s.open.n, missing, u.slow)
	s.fast = Fast.next(s.fast, s.open.n, missing, u.fast)
}

// reference is the usual mean and noise that the series is compared with.
func (s *Series) reference() *usual {
	young := hour(s.bin)-s.first < weekHours || !s.usual.known
	if young && s.Parent != nil && s.Parent.usual.known {
		return &s.Parent.usual
	}
	return &s.usual
}
