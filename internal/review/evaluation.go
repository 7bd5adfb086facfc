package review

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// Evaluation is what a judge, a person, a user or another scorer said of a span or, without a span, of a trace.
type Evaluation struct {
	TraceID     string             `json:"-"`
	SpanID      string             `json:"span_id,omitempty"`
	Name        string             `json:"name"`
	By          string             `json:"evaluator,omitempty"` // scorer, judge, person or user; "" is not known
	Version     string             `json:"version,omitempty"`   // of the judge or the scorer
	Label       string             `json:"label,omitempty"`
	Value       genai.Opt[float64] `json:"value,omitzero"`
	Failed      bool               `json:"failed,omitempty"`
	Class       failure.Class      `json:"error_class,omitempty"`
	Detail      string             `json:"error_detail,omitempty"`
	Explanation string             `json:"explanation,omitempty"`
	JudgeModel  string             `json:"judge_model,omitempty"`
	Reviewer    string             `json:"reviewer,omitempty"`
	Stratum     string             `json:"stratum,omitempty"`
	Probability float64            `json:"probability,omitempty"`
	// Suspicion is what it makes of the suspicion of a scorer: SuspicionConfirmed, SuspicionWithdrawn, or "".
	Suspicion string             `json:"suspicion,omitempty"`
	Untrusted bool               `json:"untrusted,omitempty"` // of a judge that was not compared with people
	CostUSD   genai.Opt[float64] `json:"cost_usd,omitzero"`   // of the evaluation itself
	Time      time.Time          `json:"time,omitzero"`
	// Bad is true for bad feedback, which makes the trace an item.
	Bad bool `json:"bad_feedback,omitempty"`

	// Service and Environment are those of the sender. They describe an item whose spans are not known.
	Service     string `json:"-"`
	Environment string `json:"-"`
}

// MaxEvaluations bounds the evaluations of one trace.
const MaxEvaluations = 200

// Validate reports the first id that is not valid. The error is ErrInvalid.
func (e *Evaluation) Validate() error {
	if !isID(e.TraceID, 32) {
		return fmt.Errorf("trace id must be 32 lower-case hex digits, got %.64q: %w", e.TraceID, ErrInvalid)
	}
	if e.SpanID != "" && !isID(e.SpanID, 16) {
		return fmt.Errorf("span id must be 16 lower-case hex digits, got %.64q: %w", e.SpanID, ErrInvalid)
	}
	return nil
}

// What an evaluation makes of a suspicion.
const (
	SuspicionConfirmed = "confirmed"
	SuspicionWithdrawn = "withdrawn"
)

// Resolution returns the evaluation that decides about the suspicion of an item, nil if there is none. Of each name the
// latest counts. One that confirms comes before those that withdraw, and trusted ones before others.
func Resolution(evaluations []Evaluation) *Evaluation {
	latest := map[string]*Evaluation{}
	for i := range evaluations {
		e := &evaluations[i]
		if other := latest[e.Name]; e.Suspicion != "" && (other == nil || e.Time.After(other.Time)) {
			latest[e.Name] = e
		}
	}
	var first *Evaluation
	for _, name := range slices.Sorted(maps.Keys(latest)) {
		e := latest[name]
		if first == nil || e.decides() > first.decides() {
			first = e
		}
	}
	return first
}

// decides ranks an evaluation among those about a suspicion.
func (e *Evaluation) decides() (rank int) {
	if !e.Untrusted {
		rank += 2
	}
	if e.Suspicion == SuspicionConfirmed {
		rank++
	}
	return rank
}

// Wanted is an item whose trace is not in the store.
type Wanted struct {
	TraceID  string
	Received time.Time
}

// Volume is how many traces of a service, which looked fine, ended in an hour. It is an estimate where traces were
// sampled before.
type Volume struct {
	Service string
	Hour    int64 // since 1970
	N       float64
}

// Intake is what comes into the queue besides traces.
type Intake interface {
	// PutEvaluations adds evaluations. A later one of the same span, name, evaluator, version and reviewer replaces an
	// earlier one. They may come before their trace; those of a trace that never becomes an item are forgotten. Bad
	// feedback makes its trace an item, also where none of its spans is known.
	PutEvaluations(ctx context.Context, evaluations []Evaluation) error
	// Wanted lists the newest items without a span that arrived after a time. It is called often, and so must be cheap.
	Wanted(ctx context.Context, after time.Time) ([]Wanted, error)
	// AddVolumes adds to the volumes, and returns the sum of each service over the last week, with its first hour.
	AddVolumes(ctx context.Context, more []Volume) (week []Volume, err error)
}

// Finder finds traces outside of the store. The error of a trace that is not there is ErrNotFound, and says where it
// was looked for.
type Finder interface {
	Find(ctx context.Context, traceID string) ([]Trace, error)
}
