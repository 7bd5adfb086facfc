package drift

import (
	"math"
	"time"
)

// Bin is the time over which scores are added up before they enter the sums. Bins of replicas merge by addition.
const Bin = 5 * time.Minute

// Speed is one of the two cumulative sums over a series.
type Speed struct {
	Name string
	// Drop is the drop of the mean that the sum is made for. Half of it is the slack: the sum never finds smaller
	// drops.
	Drop float64
	// Block is the time over which the noise of the series is measured: a change shorter than a block is noise.
	Block time.Duration
	// Threshold is the value of the sum at which the alarm is raised.
	Threshold float64
}

// The two speeds. A threshold of twelve gives about one false alarm per series in fifty weeks, over the simulated kinds
// of noise (make eval). Every 2.3 more divides that by ten, so K series need 9 + ln(K/10), and two hundred series need
// twelve. The blocks of the fast sum are shorter and capture less of the wandering of the mean, so its threshold is a
// third higher.
var (
	Slow = Speed{Name: "slow", Drop: 0.03, Block: 6 * time.Hour, Threshold: 12}
	Fast = Speed{Name: "fast", Drop: 0.10, Block: time.Hour, Threshold: Slow.Threshold * 4 / 3}
)

// Parameters of the usual mean and noise, and the conditions for an alarm.
const (
	// Week is the time from which the rules take the usual mean and noise. It ends Guard ago, so that an incident does
	// not become usual while it lasts. A series younger than a Week is compared with its parent.
	Week  = 7 * 24 * time.Hour
	Guard = 6 * time.Hour
	// StepCap bounds what one bin adds. A single bad bin can be a broken judge or a deployment, so three bins must
	// agree.
	StepCap = 4
	// MinScores is the number of scores that the usual mean needs.
	MinScores = 200
	// MinBlocks is the number of blocks, end to end, that the noise needs. A block counts if it has more than
	// MinBlockScores scores.
	MinBlocks      = 8
	MinBlockScores = 5
	// MinVariance is the minimum of the noise, for series whose scores are nearly all the same.
	MinVariance = 0.01
	// Evidence is twice the logarithm of 100,000, the number of bins in fifty weeks. A drop needs that much evidence to
	// differ from those that chance produces in that time.
	Evidence = 23
)

// Ceiling is the maximum of the sum. Values far above the threshold add no information, and a lower maximum ends the
// alarm sooner after the drop is fixed.
func (s Speed) Ceiling() float64 { return s.Threshold + StepCap }

// next is the sum after a bin of n scores with this shortfall against the usual mean.
func (s Speed) next(sum, n, missing, variance float64) float64 {
	step := s.Drop / variance * (missing - n*s.Drop/2)
	return min(max(0, sum+min(StepCap, step)), s.Ceiling())
}

// detectable is the smallest drop of the mean that n scores with this variance reveal.
func detectable(variance, n float64) float64 { return min(1, math.Sqrt(Evidence*variance/n)) }

// floor is the minimum noise for scores with this mean: the variance of scores that are 0 or 1.
func floor(mean float64) float64 { return max(mean*(1-mean), MinVariance) }
