package score

import (
	"errors"
	"fmt"
)

// Levels are the two thresholds of a scorer. A score below FailBelow is a verdict. A score from there up to
// SuspectBelow is a suspicion: weak evidence, which is counted and sampled but is not a failure. SuspectBelow is never
// less than FailBelow; where they are equal there are no suspicions.
type Levels struct{ FailBelow, SuspectBelow float64 }

// LevelConfig holds the settings of the two thresholds.
type LevelConfig struct {
	// FailBelow is the score (0 bad, 1 good) below which the call fails. nil is the default, at which the rate of false
	// verdicts was measured.
	FailBelow *float64 `yaml:"fail_below"`
	// SuspectBelow is the score below which the call is suspected. nil is the default.
	SuspectBelow *float64 `yaml:"suspect_below"`
}

// Apply returns the configured levels. suffix distinguishes them in the scorer's version; it is "" for the defaults. A
// default suspicion level gives way to a higher FailBelow, because only written settings can contradict each other.
func (c LevelConfig) Apply(defaults Levels) (l Levels, suffix string, err error) {
	l = defaults
	var errs []error
	set := func(key string, from *float64, to *float64) bool {
		if from == nil {
			return false
		}
		if !(*from >= 0 && *from <= 1) { // NaN too
			errs = append(errs, fmt.Errorf("%s must be between 0 and 1, got %v", key, *from))
			return false
		}
		*to = *from
		return true
	}
	if set("fail_below", c.FailBelow, &l.FailBelow) && l.FailBelow != defaults.FailBelow {
		suffix = fmt.Sprintf("-%g", l.FailBelow)
	}
	written := set("suspect_below", c.SuspectBelow, &l.SuspectBelow)
	switch {
	case written && l.SuspectBelow < l.FailBelow:
		errs = append(errs, fmt.Errorf("suspect_below must not be below fail_below (%g), got %g", l.FailBelow,
			l.SuspectBelow))
	case written && l.SuspectBelow != defaults.SuspectBelow:
		suffix += fmt.Sprintf("+%g", l.SuspectBelow)
	}
	l.SuspectBelow = max(l.SuspectBelow, l.FailBelow)
	return l, suffix, errors.Join(errs...)
}

// Judge records a score by the levels of its scorer. It reports whether the call failed.
func (r *Result) Judge(s Scorer, value float64, l Levels) (failed bool) {
	r.Add(s, value, value < l.FailBelow)
	last := &r.Scores[len(r.Scores)-1]
	last.Suspected = !last.Failed && value < l.SuspectBelow
	return last.Failed
}
