package drift

import "time"

// usual is the mean and noise of a series while nothing is wrong.
type usual struct {
	known      bool
	mean       [hoursADay]float64 // by hour of the day
	slow, fast float64            // noise: variance per score over blocks of each speed
}

// steadiness is the weight, in scores, of the overall mean in the mean of an hour of the day. So few scores do not make
// a daily pattern.
const steadiness = 300

// outlier bounds the contribution of one block to the noise, as a multiple of the noise. So an incident does not make
// the detector insensitive while it is in memory.
const outlier = 16

// fit learns the usual mean and noise from the hours in memory, without those of the guard interval.
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
		u.fast = u.slow // single hours have too few scores
	}
	return u
}

// noise is the variance per score over blocks: the mean over blocks of the squared shortfall, divided by the number of
// scores. It is 0 if too few blocks have enough scores.
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
