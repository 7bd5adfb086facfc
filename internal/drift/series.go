package drift

import "time"

const (
	binsAnHour = int64(time.Hour / Bin)
	hoursADay  = 24
	weekHours  = int64(Week / time.Hour)
	guardHours = int64(Guard / time.Hour)
	// keptHours are those that a series remembers: two weeks, so that what is usual at an hour of the day rests on two of each weekday.
	keptHours = 2 * weekHours

	// maxBin and maxScores bound what is believed of a caller: a bin of the year 12178, and as many scores in one as are counted exactly.
	maxBin    = 1 << 30
	maxScores = 1 << 53
)

// Series finds a lasting fall of the mean of one scorer's scores (0 bad, 1 good). The zero value is a series that has seen nothing. It is not
// safe for concurrent use.
//
// What is usual is the mean at the hour of the day, over the two weeks before the last six hours, and the noise that sums over one and six
// hours had around it: chance, sessions whose turns fail together, judges' moods and the wander of a day are one number.
type Series struct {
	// Parent is what a series of less than a week is judged by: the same scorer's scores over all versions of the prompt. It is to be
	// given the same scores. Nil leaves a young series to what it has seen itself. Checkpoints do not hold it.
	Parent *Series

	begun      bool
	bin        int64 // that is open
	first      int64 // hour
	open       tally
	recent     [binsAnHour]float64 // scores in the bins before, by bin
	hours      [keptHours]tally    // closed bins, by hour
	slow, fast float64
	usual      usual
}

// tally is how many scores there were, and their sum.
type tally struct{ n, sum float64 }

// Add counts n scores that add up to sum, in the bin with this number (Unix seconds over 300). A bin that was closed already takes nothing any
// more: what comes late is judged when it comes, as it is by whoever reads counters. With n 0, time passes. Add reports whether the numbers
// can be those of scores; others change nothing.
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

// Drift is how far the sums are, in thresholds: from 1 on the scores have fallen, and it is no noise. Where there is next to no traffic there is
// nothing to alarm anybody about, and both are 0.
func (s *Series) Drift() (slow, fast float64) {
	if s.traffic() <= MinBlockScores {
		return 0, 0
	}
	return s.slow / Slow.Threshold, s.fast / Fast.Threshold
}

// DetectableDrop is the least fall of the mean that an hour of this traffic can show; false where the noise is not known, or there was no
// traffic.
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

// traffic is how many scores there were over the last block of the slow sum.
func (s *Series) traffic() float64 {
	n, now := s.open.n, hour(s.bin)
	for h := now - int64(Slow.Block/time.Hour) + 1; h <= now; h++ {
		n += s.at(h).n
	}
	return n
}

func hour(bin int64) int64 { return bin / binsAnHour }

// at is the tally of one of the hours that are kept.
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

// setBack opens a bin that is long past: the clock was wrong then, or is now. What it had put ahead is forgotten; what is usual is learned
// anew where nothing older is left.
func (s *Series) setBack(bin int64) {
	old, now := hour(s.bin), hour(bin)
	for h := max(now, old-keptHours+1); h <= old; h++ {
		*s.at(h) = tally{}
	}
	s.bin, s.first, s.open, s.recent = bin, min(s.first, now), tally{}, [binsAnHour]float64{}
	s.usual = s.fit()
}

// judge takes the open bin into both sums.
func (s *Series) judge() {
	u := s.reference()
	if !u.known {
		return
	}
	missing := s.open.n*u.mean[hour(s.bin)%hoursADay] - s.open.sum
	s.slow = Slow.next(s.slow, s.open.n, missing, u.slow)
	s.fast = Fast.next(s.fast, s.open.n, missing, u.fast)
}

// reference is what the series is judged by.
func (s *Series) reference() *usual {
	young := hour(s.bin)-s.first < weekHours || !s.usual.known
	if young && s.Parent != nil && s.Parent.usual.known {
		return &s.Parent.usual
	}
	return &s.usual
}
