// Package agreement is the arithmetic of labels: how well people, scorers and judges agree, and which share of all
// calls truly fails. Its functions are pure. Each names its source.
//
// Few labels say little. No function gives an interval for fewer than MinLabels labels, so that nobody reads one into
// noise: Missing says how many there are.
package agreement

import (
	"fmt"
	"math"
)

// MinLabels is the number of labels below which there is no interval.
const MinLabels = 30

// Quantiles of the normal distribution.
const (
	z95 = 1.959963984540054 // two-sided 95 %
	// OneSided95 is for a bound on one side, which 95 % of samples respect.
	OneSided95 = 1.6448536269514722
)

// Interval is a 95 % confidence interval.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Contains reports whether a value is in the interval.
func (i Interval) Contains(v float64) bool { return i.Low <= v && v <= i.High }

// Wilson returns the score interval of a proportion of n trials (E. B. Wilson, JASA 22, 1927). It stays within 0 and 1
// and keeps its coverage near both. n need not be whole: the effective size of a weighted sample belongs here. Without
// trials it is everything.
func Wilson(proportion, n float64) Interval { return score(proportion, n, z95) }

// WilsonLower returns the lower bound that 95 % of samples respect.
func WilsonLower(proportion, n float64) float64 { return score(proportion, n, OneSided95).Low }

func score(p, n, z float64) Interval {
	if !(n > 0) {
		return Interval{0, 1}
	}
	if math.IsInf(n, 1) {
		return Interval{p, p}
	}
	p = min(max(p, 0), 1)
	square := z * z
	middle := (p + square/(2*n)) / (1 + square/n)
	half := z / (1 + square/n) * math.Sqrt(p*(1-p)/n+square/(4*n*n))
	i := Interval{max(middle-half, 0), min(middle+half, 1)}
	if p == 0 { // exact, where rounding would leave a trace
		i.Low = 0
	}
	if p == 1 {
		i.High = 1
	}
	return i
}

// Estimate is a number with what is known of its uncertainty.
type Estimate struct {
	Value  float64 `json:"value"`
	Labels int     `json:"labels"` // that it rests on
	// Interval is nil if there are fewer than MinLabels labels.
	Interval *Interval `json:"interval,omitempty"`
}

// Known reports whether there is a value at all.
func (e Estimate) Known() bool { return e.Labels > 0 }

// Missing says how many labels there are of those that an interval needs, as "12 of 30 labels". It is "" if there are
// enough.
func (e Estimate) Missing() string {
	if e.Labels >= MinLabels {
		return ""
	}
	return fmt.Sprintf("%d of %d labels", e.Labels, MinLabels)
}

func (e Estimate) with(i Interval) Estimate {
	if e.Labels >= MinLabels {
		e.Interval = &i
	}
	return e
}

// Proportion is the share of hits among n labels, with Wilson's interval.
func Proportion(hits, n int) Estimate {
	if n <= 0 {
		return Estimate{}
	}
	p := float64(hits) / float64(n)
	return Estimate{Value: p, Labels: n}.with(Wilson(p, float64(n)))
}

// Confusion counts how a scorer or a judge compares with people. Positive means failed.
type Confusion struct {
	TP int `json:"tp"`
	FP int `json:"fp"`
	FN int `json:"fn"`
	TN int `json:"tn"`
}

// Add counts one label.
func (c *Confusion) Add(flagged, failed bool) {
	switch {
	case flagged && failed:
		c.TP++
	case flagged:
		c.FP++
	case failed:
		c.FN++
	default:
		c.TN++
	}
}

// Precision is the share of what was flagged that people confirm.
func (c Confusion) Precision() Estimate { return Proportion(c.TP, c.TP+c.FP) }

// Recall is the share of what people confirm that was flagged: the sensitivity.
func (c Confusion) Recall() Estimate { return Proportion(c.TP, c.TP+c.FN) }

// Specificity is the share of what people reject that was not flagged.
func (c Confusion) Specificity() Estimate { return Proportion(c.TN, c.TN+c.FP) }

// MCC is the correlation of flags and labels (B. W. Matthews, BBA 405, 1975). ok is false if either never varies.
func (c Confusion) MCC() (v float64, ok bool) {
	tp, fp, fn, tn := float64(c.TP), float64(c.FP), float64(c.FN), float64(c.TN)
	product := (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
	if product == 0 {
		return 0, false
	}
	return (tp*tn - fp*fn) / math.Sqrt(product), true
}
