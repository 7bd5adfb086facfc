package propose

import (
	"fmt"
	"math"
)

// Precision is the share of what was flagged that failed. ok is false where nothing was flagged.
func (o Outcome) Precision() (share float64, ok bool) { return ratio(o.Right, o.Right+o.Wrong) }

// Recall is the share of the failures that was flagged.
func (o Outcome) Recall() (share float64, ok bool) { return ratio(o.Right, o.Right+o.Missed) }

// MCC is Matthews' correlation coefficient, 0 where it is not defined.
func (o Outcome) MCC() float64 {
	right, wrong, missed, quiet := float64(o.Right), float64(o.Wrong), float64(o.Missed), float64(o.Quiet)
	product := (right + wrong) * (right + missed) * (quiet + wrong) * (quiet + missed)
	if product == 0 {
		return 0
	}
	return (right*quiet - wrong*missed) / math.Sqrt(product)
}

// Accuracy is the share of calls that are judged rightly.
func (o Outcome) Accuracy() float64 {
	share, _ := ratio(o.Right+o.Quiet, o.total())
	return share
}

// Majority is the accuracy of flagging everything, or nothing, whichever is better.
func (o Outcome) Majority() float64 {
	share, _ := ratio(max(o.Right+o.Missed, o.Wrong+o.Quiet), o.total())
	return share
}

func (o Outcome) majority() string {
	if o.Right+o.Missed > o.Wrong+o.Quiet {
		return "flags every call"
	}
	return "flags none"
}

// refusal says why a check with this outcome on the held-out half is not worth having, "" where it may be.
func (o Outcome) refusal(precision float64) string {
	switch share, known := o.Precision(); {
	case !known:
		return "it flags nothing of the held-out half"
	case share < precision:
		return fmt.Sprintf("its precision on the held-out half is %.2f, below %g", share, precision)
	case o.Chance() > maxChance:
		return fmt.Sprintf("flagging %d of the held-out half blindly is as good with a probability of %.2f, above %g",
			o.Right+o.Wrong, o.Chance(), maxChance)
	}
	return ""
}

// noBetter says that the majority is as good.
func (o Outcome) noBetter() string {
	return fmt.Sprintf("it is right on %.2f of the held-out half, and so is who %s (%.2f)", o.Accuracy(), o.majority(),
		o.Majority())
}

func (o Outcome) total() int { return o.Right + o.Wrong + o.Missed + o.Quiet }

// Chance is how likely it is that as many calls, drawn blindly, hold as many failures: Fisher's exact test, one-sided.
func (o Outcome) Chance() float64 {
	failures, flagged, total := o.Right+o.Missed, o.Right+o.Wrong, o.total()
	sum := 0.0
	for right := o.Right; right <= min(failures, flagged); right++ {
		if wrong := flagged - right; wrong <= total-failures {
			sum += math.Exp(choose(failures, right) + choose(total-failures, wrong) - choose(total, flagged))
		}
	}
	return min(1, sum)
}

// choose is the logarithm of the binomial coefficient.
func choose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

func ratio(part, whole int) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return float64(part) / float64(whole), true
}
