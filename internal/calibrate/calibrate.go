// Package calibrate finds the level of a scorer from what people said: as many failures as possible, at a precision
// that they confirm.
package calibrate

import (
	"math"
	"slices"
	"strconv"

	"github.com/faultline-otel/faultline/internal/agreement"
	"github.com/faultline-otel/faultline/internal/score"
)

// Point is a score with what people said.
type Point struct {
	TraceID string
	Score   float64 // 0 bad, 1 good
	Failed  bool    // people say that it is a failure of the scorer's kind
	// Probability is that of coming to people, see agreement.Tally.
	Probability float64
}

// Verdict says what came out.
type Verdict string

// The verdicts.
const (
	Few       Verdict = "few"       // fewer labels than agreement.MinLabels
	Keep      Verdict = "keep"      // the level reaches the target, and no other finds more
	Change    Verdict = "change"    // another level is better
	NoLevel   Verdict = "no_level"  // no level reaches the target for certain
	Pointless Verdict = "pointless" // people confirmed nothing
)

// Proposal is a level for a scorer.
type Proposal struct {
	Verdict     Verdict
	Labels      int // of what the scorer flagged, suspected or should have flagged
	Old, New    score.Levels
	Before      Outcome // at Old
	After       Outcome // at New
	Dropped     Moved   // flagged at Old and not at New
	Added       Moved   // flagged at New and not at Old
	BestBound   float64 // with NoLevel: the greatest lower bound of the precision of any level
	BestFlagged int     // and on how many labels it rests
}

// Outcome is what a level would have done with the labels.
type Outcome struct {
	Precision, Recall agreement.Estimate
	Right, Wrong      int // flagged and confirmed, flagged and rejected
	Missed            int // confirmed and not flagged
}

// Moved are labels on the other side of the level.
type Moved struct {
	Right, Wrong int
	Missed       []string // traces that people confirmed, at most maxMissed
}

const maxMissed = 5

// Propose finds the level with the greatest recall of those whose precision is at least the target. It is so for
// certain: what counts is Wilson's lower bound, which 95 % of samples respect. Few labels therefore give a strict
// level, or none.
//
// A level that reaches the target by its labels stays unless another one finds more, since a change has to be better
// for certain too.
func Propose(points []Point, levels score.Levels, target float64) Proposal {
	points = slices.Clone(points)
	slices.SortFunc(points, func(a, b Point) int {
		switch {
		case a.Score < b.Score:
			return -1
		case a.Score > b.Score:
			return 1
		}
		return 0
	})
	p := Proposal{Old: levels, New: levels}
	for i := range points {
		if points[i].Failed || points[i].Score < max(levels.FailBelow, levels.SuspectBelow) {
			p.Labels++
		}
	}
	p.Before = outcomeOf(points, levels.FailBelow)
	p.After = p.Before
	switch {
	case p.Labels < agreement.MinLabels:
		p.Verdict = Few
		return p
	case p.Before.Right+p.Before.Missed == 0:
		p.Verdict = Pointless
		return p
	}
	level, ok := p.best(points, target)
	reached := p.Before.Precision.Known() && p.Before.Precision.Value >= target
	if ok {
		after := outcomeOf(points, level)
		if reached && after.Recall.Value <= p.Before.Recall.Value {
			ok = false
		} else {
			p.After = after
		}
	}
	switch {
	case ok && level != levels.FailBelow:
		p.Verdict = Change
		// What is flagged no longer stays in sight as a suspicion.
		p.New = score.Levels{FailBelow: level, SuspectBelow: max(levels.SuspectBelow, levels.FailBelow, level)}
		p.Dropped, p.Added = moved(points, level, levels.FailBelow), moved(points, levels.FailBelow, level)
	case ok || reached:
		p.Verdict, p.After = Keep, p.Before
	default:
		p.Verdict = NoLevel
	}
	return p
}

// best returns the level with the greatest recall that reaches the target. Candidates lie behind each failure.
func (p *Proposal) best(points []Point, target float64) (level float64, ok bool) {
	var flagged agreement.Tally
	for i := range points {
		flagged.Add(points[i].Failed, points[i].Probability)
		if i+1 < len(points) && points[i+1].Score == points[i].Score {
			continue // no level lies between
		}
		bound := agreement.WilsonLower(flagged.Rate(), flagged.Effective())
		if bound > p.BestBound {
			p.BestBound, p.BestFlagged = bound, flagged.Labels
		}
		if bound < target || !endsInFailure(points[:i+1]) {
			continue
		}
		next := 1.0
		if i+1 < len(points) {
			next = points[i+1].Score
		}
		if v := tidy(points[i].Score, min(next, 1)); v >= 0 && v <= 1 { // scores may come from anywhere
			level, ok = v, true
		}
	}
	return level, ok
}

// endsInFailure reports whether one of the greatest scores is that of a failure: a level behind others finds no more.
func endsInFailure(points []Point) bool {
	last := points[len(points)-1].Score
	for i := len(points) - 1; i >= 0 && points[i].Score == last; i-- {
		if points[i].Failed {
			return true
		}
	}
	return false
}

// tidy returns a number with few digits that is above low and not above high, near their middle. It is -1 if there is
// none.
func tidy(low, high float64) float64 {
	if low >= high {
		return -1
	}
	middle := low + (high-low)/2
	for digits := 2; digits <= 15; digits++ {
		v, err := strconv.ParseFloat(strconv.FormatFloat(middle, 'f', digits, 64), 64)
		if err == nil && low < v && v <= high {
			return v
		}
	}
	return math.Nextafter(low, high)
}

func outcomeOf(points []Point, level float64) (o Outcome) {
	var flagged, failures agreement.Tally
	for i := range points {
		point := &points[i]
		below := point.Score < level
		if below {
			flagged.Add(point.Failed, point.Probability)
		}
		if point.Failed {
			failures.Add(below, point.Probability)
		}
		switch {
		case below && point.Failed:
			o.Right++
		case below:
			o.Wrong++
		case point.Failed:
			o.Missed++
		}
	}
	o.Precision, o.Recall = flagged.Estimate(), failures.Estimate()
	return o
}

// moved returns what lies from one level up to another, which is the greater one, else nothing.
func moved(points []Point, from, to float64) (m Moved) {
	for i := range points {
		point := &points[i]
		switch {
		case point.Score < from || point.Score >= to:
		case !point.Failed:
			m.Wrong++
		default:
			if m.Right++; len(m.Missed) < maxMissed {
				m.Missed = append(m.Missed, point.TraceID)
			}
		}
	}
	return m
}
