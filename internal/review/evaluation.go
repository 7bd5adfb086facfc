package review

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/faultline-otel/faultline/internal/clip"
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
	// Suspicion is what it makes of the suspicion of scorers: SuspicionConfirmed, SuspicionWithdrawn, or "". SuspicionOf
	// names them.
	Suspicion   string             `json:"suspicion,omitempty"`
	SuspicionOf []string           `json:"suspicion_of,omitempty"`
	Untrusted   bool               `json:"untrusted,omitempty"` // of a judge that was not compared with people
	CostUSD     genai.Opt[float64] `json:"cost_usd,omitzero"`   // of the evaluation itself
	Time        time.Time          `json:"time,omitzero"`
	// Bad is true for bad feedback, which makes the trace an item.
	Bad bool `json:"bad_feedback,omitempty"`
	// Found is true for a failure that a judge found and that makes the trace an item.
	Found bool `json:"finding,omitempty"`

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

// Resolution returns the evaluation that decides about the suspicion of a scorer, nil if there is none. Of each name
// the latest counts. One that confirms comes before those that withdraw, and trusted ones before others. The scorer ""
// stands for any.
func Resolution(evaluations []Evaluation, scorer string) *Evaluation {
	latest := latestOf(evaluations, func(e *Evaluation) bool { return e.Suspicion != "" && e.concerns(scorer) })
	var first *Evaluation
	for _, name := range slices.Sorted(maps.Keys(latest)) {
		e := latest[name]
		if first == nil || e.decides() > first.decides() {
			first = e
		}
	}
	return first
}

// latestOf returns the latest evaluation of each name.
func latestOf(evaluations []Evaluation, counts func(*Evaluation) bool) map[string]*Evaluation {
	latest := map[string]*Evaluation{}
	for i := range evaluations {
		e := &evaluations[i]
		if other := latest[e.Name]; counts(e) && (other == nil || e.Time.After(other.Time)) {
			latest[e.Name] = e
		}
	}
	return latest
}

// concerns reports whether it is about the suspicion of a scorer. Those of earlier versions do not say whose.
func (e *Evaluation) concerns(scorer string) bool {
	return scorer == "" || len(e.SuspicionOf) == 0 || slices.Contains(e.SuspicionOf, scorer)
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

// IsJudgement reports whether a judge, or a program in place of one, made it.
func (e *Evaluation) IsJudgement() bool { return e.By == ByJudge || e.By == ByScorer }

// Judged is what judges found on a trace that no scorer flagged.
type Judged struct {
	// Verdict is that of trusted judges, the zero value without one.
	failure.Verdict
	// Suspected is true where only judges that were not compared with people found a failure.
	Suspected bool
	SpanID    string // that it is about, "" for the trace
}

// JudgedBy sums up what judges found. Of each name the latest evaluation counts.
func JudgedBy(evaluations []Evaluation) (j Judged) {
	latest := latestOf(evaluations, (*Evaluation).IsJudgement)
	var findings []failure.Finding
	spans := map[failure.Class]string{}
	for _, name := range slices.Sorted(maps.Keys(latest)) {
		e := latest[name]
		switch {
		case !e.Found:
		case e.Untrusted || e.Class == "":
			j.Suspected = true
			j.SpanID = cmp.Or(j.SpanID, e.SpanID)
		default:
			if findings = append(findings, e.finding()); spans[e.Class] == "" {
				spans[e.Class] = e.SpanID
			}
		}
	}
	if len(findings) > 0 {
		j.Verdict, j.Suspected = failure.Judge(findings), false
		j.SpanID = spans[j.Class]
	}
	return j
}

// finding has no explanation, which may repeat content, and no score, which would tell equal failures apart.
func (e *Evaluation) finding() failure.Finding {
	return failure.Finding{
		Class: e.Class, Detail: e.Detail, Scorer: e.Name, What: e.Detail,
		Evidence: clip.Text(e.Name+" failed by "+cmp.Or(e.Version, e.JudgeModel, e.By), failure.MaxEvidence),
	}
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
	// feedback and what a judge found make their trace an item, also where none of its spans is known. A trusted judge
	// gives a trace that no scorer flagged a verdict, which its next evaluation may take back.
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
