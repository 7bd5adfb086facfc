package gate

import (
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/failure"
)

// Tally counts the runs of one row. A run is a trace. For a loop, which only a session shows, it is a session.
type Tally struct {
	Passed int `json:"passed"`
	Failed int `json:"failed"`
	// Inconclusive runs gave no result: the provider failed, the content was not recorded, or nothing can judge it.
	Inconclusive int `json:"inconclusive,omitempty"`
	Repeated     int `json:"repeated,omitempty"` // of Failed: with the row's own failure
	Unsafe       int `json:"unsafe,omitempty"`   // of Failed: with a safety failure
	Weak         int `json:"weak,omitempty"`     // of Passed: by likeness alone
	// Classes are the classes of the failed runs, each once.
	Classes []failure.Class `json:"error_classes,omitempty"`

	firstPassed, certain bool
}

// runs counts the runs with a result.
func (t Tally) runs() int { return t.Passed + t.Failed }

// String returns the passed runs of those with a result, such as 3/5.
func (t Tally) String() string {
	s := fmt.Sprintf("%d/%d", t.Passed, t.runs())
	if t.Inconclusive > 0 {
		s += fmt.Sprintf(" (+%d?)", t.Inconclusive)
	}
	return s
}

// all counts all runs.
func (t Tally) all() int { return t.runs() + t.Inconclusive }

func (t Tally) rate() float64 { return float64(t.Passed) / float64(t.runs()) }

// first returns the pass rate of the first run with a result.
func (t Tally) first() float64 {
	if t.firstPassed {
		return 1
	}
	return 0
}

func (t Tally) silence() Status {
	if t.Inconclusive > 0 {
		return RowInconclusive
	}
	return RowMissing
}

// add counts one run.
func (t *Tally) add(r *judged) {
	for _, class := range r.classes {
		if !slices.Contains(t.Classes, class) {
			t.Classes = append(t.Classes, class)
		}
	}
	switch {
	case r.failed:
		t.Failed++
		t.Repeated += btoi(r.repeated)
		t.Unsafe += btoi(r.unsafe)
		t.certain = t.certain || r.certain
	case r.silent:
		t.Inconclusive++
	default:
		t.firstPassed = t.firstPassed || t.runs() == 0
		t.Passed++
		t.Weak += btoi(r.weak)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
