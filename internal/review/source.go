package review

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Source says why a trace is in the queue.
type Source string

// The sources.
const (
	SourceVerdict   Source = "verdict"   // a scorer found a failure
	SourceFeedback  Source = "feedback"  // somebody was not content with the answer
	SourceSent      Source = "sent"      // a person sent it
	SourceJudge     Source = "judge"     // a judge found a failure
	SourceSuspicion Source = "suspicion" // a scorer has a weak suspicion, which is no failure
	SourceRandom    Source = "random"    // drawn at random from the rest
)

// Sources lists the sources, the strongest first.
func Sources() []Source {
	return []Source{SourceVerdict, SourceFeedback, SourceSent, SourceJudge, SourceSuspicion, SourceRandom}
}

// Reason is one reason why a trace is in the queue.
type Reason struct {
	Source Source `json:"source"`
	// Probability is that with which such a trace comes into the queue for this reason, above 0 and at most 1. It is 0
	// where it is not known: people send what they like.
	Probability float64 `json:"probability,omitempty"`
}

// Strongest is the first reason, the zero value without one.
func Strongest(reasons []Reason) Reason {
	if len(reasons) == 0 {
		return Reason{}
	}
	return reasons[0]
}

// Stratum is the reason by which traffic was sampled: flagged, else suspected, else drawn at random from the rest. The
// strata do not overlap. ok is false for a trace that is here only because somebody asked for it, or because a judge
// failed it: those that the judge passed are not here, so it stands for none of them.
func Stratum(reasons []Reason) (r Reason, ok bool) {
	for _, source := range []Source{SourceVerdict, SourceSuspicion, SourceRandom} {
		if i := slices.IndexFunc(reasons, func(r Reason) bool { return r.Source == source }); i >= 0 {
			return reasons[i], true
		}
	}
	return Reason{}, false
}

// Validate reports the first mistake. The error is ErrInvalid.
func (r Reason) Validate() error {
	if !slices.Contains(Sources(), r.Source) {
		return fmt.Errorf("source must be one of %q, got %.64q: %w", Sources(), r.Source, ErrInvalid)
	}
	if !(r.Probability >= 0 && r.Probability <= 1) { // NaN too
		return fmt.Errorf("probability must be between 0 and 1, got %v: %w", r.Probability, ErrInvalid)
	}
	return nil
}

// String says in words why a trace is here, and how often such a trace comes.
func (r Reason) String() string {
	switch r.Source {
	case SourceVerdict:
		return "a scorer found a failure; " + often(r.Probability, "every such trace")
	case SourceFeedback:
		return "somebody gave it a bad rating; " + often(r.Probability, "every such trace")
	case SourceSent:
		return "a person sent it"
	case SourceJudge:
		return "a judge found a failure; " + often(r.Probability, "every such trace")
	case SourceSuspicion:
		return "a scorer has a suspicion, which is no failure; " + often(r.Probability, "every suspicion")
	case SourceRandom:
		return "drawn at random from what looks fine, to measure what scorers miss; " +
			often(r.Probability, "every such trace")
	}
	return string(r.Source)
}

// Odds says in a few words how often such a trace is kept, "" where that is not known.
func (r Reason) Odds() string {
	switch {
	case r.Probability >= 1:
		return "always kept"
	case r.Probability <= 0:
		return ""
	}
	return "1 in " + strconv.FormatFloat(math.Round(1/r.Probability), 'f', -1, 64) + " kept"
}

func often(p float64, all string) string {
	switch {
	case p >= 1:
		return all + " comes here"
	case p <= 0:
		return "how many come here is not known"
	}
	return "about 1 in " + strconv.FormatFloat(math.Round(1/p), 'f', -1, 64) + " comes here"
}
