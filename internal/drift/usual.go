package drift

import "time"

// usual is what a series is like while nothing is wrong.
type usual struct {
	known      bool
	mean       [hoursADay]float64 // by hour of the day
	slow, fast float64            // noise: variance a score over blocks of each speed
}

// steadiness is how many scores of the mean over all hours an hour of the day is mixed with, so that few scores make no season.
const steadiness = 300

// outlier bounds what one block says of the noise, in times of it: an incident does not make the detector deaf for as long as it is remembered.
const outlier = 16

// fit learns what is usual from the hours that are kept, the newest of the guard left out.
func (s *Series) fit() usual {
	until := hour(s.bin) - guardHours
	from := max(s.first, hour(s.bin)-keptHours+1)
	var all tally
	var daily [hoursADay]tally
	for h := from; h < until; h++ {
		t := s.at(h)
		all.n += t.n
		all.sum += t.sum
		for d := int64(-1); d <= 1; d++ { // neighbouring hours are alike
			q := &daily[(h+d+hoursADay)%hoursADay]
			q.n += t.n
			q.sum += t.sum
		}
	}
	if all.n <= MinScores {
		return usual{}
	}
	var u usual
	mean := all.sum / all.n
	for q, t := range daily {
		u.mean[q] = (t.sum + steadiness*mean) / (t.n + steadiness)
	}
	fast, slow := s.noise(&u.mean, from, until, Fast.Block), s.noise(&u.mean, from, until, Slow.Block)
	u.known = slow > 0
	u.slow = max(floor(mean), slow, fast)
	u.fast = max(floor(mean), fast)
	if fast == 0 {
		u.fast = u.slow // hours have too few scores to say anything
	}
	return u
}

// noise is the variance a score over blocks, or 0 where too few say anything: the mean of what is missing in a block, squared, a score in it.
func (s *Series) noise(mean *[hoursADay]float64, from, until int64, block time.Duration) float64 {
	width := int64(block / time.Hour)
	var terms [keptHours]float64
	count := int64(0)
	var n, missing float64
	add := func(h int64, sign float64) {
		t := s.at(h)
		n += sign * t.n
		missing += sign * (t.n*mean[h%hoursADay] - t.sum)
	}
	for h := from; h < until; h++ {
		add(h, 1)
		if h-from >= width {
			add(h-width, -1)
		}
		if h-from >= width-1 && n > MinBlockScores {
			terms[count] = missing * missing / n
			count++
		}
	}
	if count < MinBlocks*width {
		return 0
	}
	var v float64
	for pass := range 3 {
		var sum float64
		for _, t := range terms[:count] {
			if pass > 0 {
				t = min(t, outlier*v)
			}
			sum += t
		}
		v = sum / float64(count)
	}
	return v
}
