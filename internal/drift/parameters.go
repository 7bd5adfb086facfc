package drift

import (
	"math"
	"time"
)

// Bin is the time in which scores are added up before they are judged. Replicas' bins merge by addition.
const Bin = 5 * time.Minute

// Speed is one of the two sums that run over a series.
type Speed struct {
	Name string
	// Drop is the fall of the mean that the sum is made for. Half of it is the slack: a smaller fall than that is never told.
	Drop float64
	// Block is the time over which the noise of the series is measured: a wander that lasts shorter than a block is noise.
	Block time.Duration
	// Threshold is what the sum must reach.
	Threshold float64
}

// The two speeds. Twelve gives a false alarm in about fifty weeks of a series, over the kinds of noise that are simulated (make eval); every 2.3
// more, a tenth of that, so that K series want 9 + ln(K/10) and two hundred of them twelve. The blocks of the fast sum are shorter and know
// less of how the mean wanders, so it must reach a third more.
var (
	Slow = Speed{Name: "slow", Drop: 0.03, Block: 6 * time.Hour, Threshold: 12}
	Fast = Speed{Name: "fast", Drop: 0.10, Block: time.Hour, Threshold: Slow.Threshold * 4 / 3}
)

// What is usual of a series, and when it may be judged.
const (
	// Week is the time that the usual mean and noise are taken from; Guard is how long ago that ends, so that an incident does not become
	// usual while it lasts. A series that is younger than a Week is judged by its parent.
	Week  = 7 * 24 * time.Hour
	Guard = 6 * time.Hour
	// StepCap bounds what one bin adds: a single bad bin is a broken judge or a deployment, and three must agree.
	StepCap = 4
	// MinScores is how many scores what is usual must rest on.
	MinScores = 200
	// MinBlocks is how many blocks, laid end to end, the noise must have been measured over, and MinBlockScores is above how many scores a
	// block says anything.
	MinBlocks      = 8
	MinBlockScores = 5
	// MinVariance bounds the noise from below, where nearly all scores are the same.
	MinVariance = 0.01
	// Evidence is twice the logarithm of 100,000, the bins of fifty weeks: what a fall must gather so as not to be one of those that chance shows
	// in that time.
	Evidence = 23
)

// Ceiling is as high as the sum gets. Above the threshold there is nothing more to say, and what is not above it is gone sooner once the
// fall is mended.
func (s Speed) Ceiling() float64 { return s.Threshold + StepCap }

// next is the sum after a bin of n scores that missed so much against the usual mean.
func (s Speed) next(sum, n, missing, variance float64) float64 {
	step := s.Drop / variance * (missing - n*s.Drop/2)
	return min(max(0, sum+min(StepCap, step)), s.Ceiling())
}

// detectable is the least fall of the mean that n scores of such noise show.
func detectable(variance, n float64) float64 { return min(1, math.Sqrt(Evidence*variance/n)) }

// floor is the least noise that is believed of scores with a mean: that of scores which are 0 or 1.
func floor(mean float64) float64 { return max(mean*(1-mean), MinVariance) }
