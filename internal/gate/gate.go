// Package gate compares a candidate with a dataset of known failures, with or without a baseline, and decides whether
// it passes. It knows nothing of files or OTLP: callers pass it calls that the online scorers have scored.
package gate

import (
	"fmt"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Options are the rules of the decision. The zero value is not usable: see DefaultOptions.
type Options struct {
	// Repeats is the number of runs on each side that confirm that a row went from passing to failing.
	Repeats int
	// Alpha is the significance level of the diffuse drop, one-sided.
	Alpha float64
	// MinEffect is the smallest drop of the mean pass rate that may block, as a share (0.02 is two points).
	MinEffect float64
	// MaxInconclusive is the largest share of rows without a result that still gives a decision.
	MaxInconclusive float64
}

// DefaultOptions block a system that is compared with itself in at most one run of twenty.
func DefaultOptions() Options {
	return Options{Repeats: 5, Alpha: 0.05, MinEffect: 0.02, MaxInconclusive: 0.05}
}

// Validate returns every mistake, each with key, rule and value.
func (o Options) Validate() []error {
	var errs []error
	if o.Repeats < 1 {
		errs = append(errs, fmt.Errorf("repeats must be at least 1, got %d", o.Repeats))
	}
	for _, share := range []struct {
		key   string
		value float64
	}{{"alpha", o.Alpha}, {"min-effect", o.MinEffect}, {"max-inconclusive", o.MaxInconclusive}} {
		if !(share.value >= 0 && share.value <= 1) {
			errs = append(errs, fmt.Errorf("%s must be between 0 and 1, got %v", share.key, share.value))
		}
	}
	return errs
}

// Decision is the gate's decision on the candidate.
type Decision string

// The decisions.
const (
	Pass         Decision = "pass"
	Regression   Decision = "regression"
	Inconclusive Decision = "inconclusive"
)

// Status is the gate's result for one row.
type Status string

// The statuses of a row.
const (
	RowPass         Status = "pass"
	RowRepeated     Status = "repeated"     // no baseline: the row's own failure, in most runs
	RowFailed       Status = "failed"       // no baseline: another failure, in most runs
	RowFlip         Status = "flip"         // the baseline always passed, the candidate never
	RowUnsafe       Status = "unsafe"       // a safety failure, in any run
	RowWorse        Status = "worse"        // with a baseline: passes less often; counts in the diffuse drop
	RowKnown        Status = "known"        // with a baseline that failed as well
	RowSuspect      Status = "suspect"      // looks like a flip, but has too few runs to confirm it
	RowInconclusive Status = "inconclusive" // ran, but no run gave a result
	RowMissing      Status = "missing"      // no run belongs to it
)

// blocks reports whether a row of this status alone stops the candidate.
func (s Status) blocks() bool {
	return s == RowRepeated || s == RowFailed || s == RowFlip || s == RowUnsafe
}

// silent reports whether the row gave no result.
func (s Status) silent() bool { return s == RowSuspect || s == RowInconclusive || s == RowMissing }

// RowResult is one row of the report.
type RowResult struct {
	ID      string        `json:"id"`
	Name    string        `json:"name"`                  // of the row, or made of its class, service and question
	Class   failure.Class `json:"error_class,omitempty"` // of the row: a person's judgement
	Detail  string        `json:"error_detail,omitempty"`
	Signal  string        `json:"fingerprint,omitempty"`
	Service string        `json:"service,omitempty"`
	TraceID string        `json:"trace_id,omitempty"` // where the failure was first seen
	Note    string        `json:"note,omitempty"`
	Status  Status        `json:"status"`
	// Blocks is true where this row alone stops the candidate.
	Blocks bool `json:"blocks,omitempty"`
	// Excused says why a row that fails does not block: it is known, or quarantined as flaky.
	Excused string `json:"excused,omitempty"`
	// Unseen is true where no scorer finds the row's failure in the row's own call.
	Unseen bool `json:"unseen,omitempty"`
	// Weak is true where the row passes, and only the likeness of the answer to its question says so.
	Weak      bool   `json:"weak,omitempty"`
	Candidate Tally  `json:"candidate"`
	Baseline  *Tally `json:"baseline,omitempty"`
	// Question is the last message of the user. Failing is the answer that the row was recorded with.
	Question string `json:"question,omitempty"`
	Failing  string `json:"failing_output,omitempty"`
	// Example is a run of the candidate that shows the status, BaselineExample one of the baseline.
	Example         *Example `json:"example,omitempty"`
	BaselineExample *Example `json:"baseline_example,omitempty"`
}

// Example is one run of a row. Texts are shortened.
type Example struct {
	TraceID string  `json:"trace_id"`
	Answer  string  `json:"answer,omitempty"` // with the calls of tools, as text
	Checks  []Check `json:"checks,omitempty"`
}

// Check is one thing that was checked on a run.
type Check struct {
	// Rule is an assertion, or one of the Rule constants.
	Rule     string            `json:"rule"`
	Outcome  assertion.Outcome `json:"outcome"`
	Evidence string            `json:"evidence,omitempty"`
}

// The rules that every row is checked by.
const (
	RuleFailure   = "no failure"                // the scorers find none
	RuleSame      = "not the failing output"    // the answer is not the one that failed
	RuleCorrected = "like the corrected output" //
	RuleRelated   = "still an answer"           // weak: see package likeness
)

// Repeat asks for more runs of a row before the gate can decide on it.
type Repeat struct {
	ID        string `json:"id"`
	Candidate int    `json:"candidate"` // how many more
	Baseline  int    `json:"baseline"`
}

// Diffuse is the test for a drop of the pass rate over all rows.
type Diffuse struct {
	Rows     int     `json:"rows"`
	MeanDrop float64 `json:"mean_drop"` // of the pass rate, as a share; negative where it rose
	P        float64 `json:"p_value"`
	Blocks   bool    `json:"blocks"`
}

// Report is the decision with its reasons and figures.
type Report struct {
	Decision Decision `json:"decision"`
	// Reasons explain the decision, a sentence each, most important first.
	Reasons    []string       `json:"reasons"`
	Warnings   []string       `json:"warnings,omitempty"`
	Rows       []RowResult    `json:"rows"`
	Counts     map[Status]int `json:"counts"`
	Diffuse    *Diffuse       `json:"diffuse,omitempty"`
	Detectable *float64       `json:"minimum_detectable_effect,omitempty"`
	// Repeats are the rows that need more runs: each tells how many on which side. faultline run makes them.
	Repeats []Repeat `json:"repeats,omitempty"`
	// Uncovered are the classes without a row: the report says nothing of them.
	Uncovered []failure.Class `json:"uncovered_classes,omitempty"`
	// Unmatched counts the traces of the candidate that belong to no row; they are not judged.
	Unmatched int               `json:"unmatched_traces"`
	Scorers   map[string]string `json:"scorers,omitempty"` // versions, the same for both sides
	// Skipped counts the calls of the candidate that a scorer could not judge, by scorer and reason.
	Skipped map[string]map[string]int `json:"skipped,omitempty"`
}

// Blocking returns the rows that stop the candidate.
func (r Report) Blocking() []RowResult {
	var rows []RowResult
	for _, row := range r.Rows {
		if row.Status.blocks() {
			rows = append(rows, row)
		}
	}
	return rows
}

// Scored adds the versions of the scorers and marks the rows that they cannot see: confirmed failures in whose own
// call no scorer finds anything. The rows must be those of the report.
func (r *Report) Scored(rows []dataset.Row, set *score.Set) {
	r.Scorers = map[string]string{}
	for _, s := range set.Scorers() {
		r.Scorers[s.Name()] = s.Version()
	}
	var (
		result score.Result
		unseen int
	)
	for i, row := range rows {
		if row.Decision != review.Confirmed || row.Class == failure.RetryLoop { // a loop shows in the session
			continue
		}
		result.Reset()
		set.Score(row.Call, &result)
		if len(result.Findings) == 0 {
			r.Rows[i].Unseen = true
			unseen++
		}
	}
	if unseen > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf(
			"%s of a failure that no scorer finds in the row's own call: passing says nothing of it; add a scorer or a rule",
			count(unseen, "row"),
		))
	}
}

// fewRows is the size of a dataset below which a comparison warns.
const fewRows = 30

// Decide compares the candidate with the rows, and with the baseline unless that is nil. Both must have been made
// with the same rows.
func Decide(rows []dataset.Row, candidate, baseline *RunSet, o Options) Report {
	runs, unmatched := candidate.tallies()
	var before []Tally
	if baseline != nil {
		before, _ = baseline.tallies()
	}
	r := Report{Rows: make([]RowResult, 0, len(rows)), Counts: map[Status]int{}, Unmatched: unmatched}
	if len(candidate.skipped) > 0 {
		r.Skipped = candidate.skipped
	}
	for i, row := range rows {
		result := RowResult{
			ID:        row.ID,
			Class:     row.Class,
			Detail:    row.Detail,
			Service:   row.Service,
			TraceID:   row.TraceID,
			Note:      row.Note,
			Candidate: runs[i],
		}
		if baseline == nil {
			result.Status = alone(runs[i])
		} else {
			result.Baseline = &before[i]
			result.Status = paired(runs[i], before[i], o.Repeats)
		}
		r.Rows = append(r.Rows, result)
		r.Counts[result.Status]++
	}
	if baseline != nil {
		r.Diffuse = diffuse(r.Rows, o)
		mde := detectable(len(rows))
		r.Detectable = &mde
		if len(rows) < fewRows {
			r.Warnings = append(r.Warnings, fmt.Sprintf(
				"a dataset of %s is small: with fewer than %d, only a change that breaks %.0f %% of them is noticed reliably",
				count(len(rows), "row"),
				fewRows,
				100*mde,
			))
		}
	}
	r.decide(o)
	return r
}

// alone returns the status of a row without a baseline. The row holds a known failure, so a failure in most runs
// repeats it.
func alone(c Tally) Status {
	switch {
	case c.Unsafe > 0:
		return RowUnsafe
	case c.runs() == 0:
		return c.silence()
	case 2*c.Failed <= c.runs():
		return RowPass
	case 2*c.Repeated >= c.Failed:
		return RowRepeated
	}
	return RowFailed
}

// paired returns the status of a row with a baseline.
func paired(c, b Tally, repeats int) Status {
	switch {
	case c.Unsafe > 0:
		return RowUnsafe
	case c.runs() == 0:
		return c.silence()
	case b.runs() == 0:
		return b.silence()
	case b.Failed == 0 && c.Passed == 0:
		if b.runs() >= repeats && c.runs() >= repeats {
			return RowFlip
		}
		return RowSuspect
	case c.rate() < b.rate():
		return RowWorse
	case c.Failed > 0:
		return RowKnown
	}
	return RowPass
}

// diffuse tests whether the candidate passes less often over all rows. Runs beyond the first were made because the
// first failed, and would bias the mean. They count only where every row was repeated.
func diffuse(rows []RowResult, o Options) *Diffuse {
	all := true
	for _, row := range rows {
		all = all && row.Candidate.runs() >= o.Repeats && row.Baseline.runs() >= o.Repeats
	}
	d := &Diffuse{P: 1}
	var differences []float64
	for _, row := range rows {
		if row.Candidate.runs() == 0 || row.Baseline.runs() == 0 {
			continue
		}
		before, after := row.Baseline.first(), row.Candidate.first()
		if all {
			before, after = row.Baseline.rate(), row.Candidate.rate()
		}
		differences = append(differences, after-before)
		d.MeanDrop += before - after
	}
	if d.Rows = len(differences); d.Rows == 0 {
		return d
	}
	d.MeanDrop /= float64(d.Rows)
	d.P = signFlip(differences)
	d.Blocks = d.P < o.Alpha && d.MeanDrop > 0 && d.MeanDrop >= o.MinEffect
	return d
}

func (r *Report) decide(o Options) {
	because := func(format string, args ...any) { r.Reasons = append(r.Reasons, fmt.Sprintf(format, args...)) }
	for _, reason := range []struct {
		status Status
		words  string
	}{
		{RowUnsafe, "%s with a safety failure; one run is enough to block"},
		{RowFlip, "%s that the baseline always passes and the candidate never does"},
		{RowRepeated, "%s whose known failure repeats"},
		{RowFailed, "%s that fails in another way than it was recorded with"},
	} {
		if n := r.Counts[reason.status]; n > 0 {
			because(reason.words, count(n, "row"))
		}
	}
	if r.Diffuse != nil && r.Diffuse.Blocks {
		because("the pass rate drops by %.1f points over %s (p = %.3g)",
			100*r.Diffuse.MeanDrop, count(r.Diffuse.Rows, "row"), r.Diffuse.P)
	}
	silent := 0
	for _, row := range r.Rows {
		if row.Status.silent() {
			silent++
		}
	}
	switch {
	case len(r.Reasons) > 0:
		r.Decision = Regression
	case len(r.Rows) == 0:
		r.Decision = Inconclusive
		because("the dataset holds no row")
	case r.Counts[RowMissing] == len(r.Rows):
		r.Decision = Inconclusive
		because("no trace of the candidate belongs to a row: " +
			"set the attribute " + spanattr.AttrDatasetRow + " to the row's id, or run the candidate on the rows' inputs")
	case float64(silent) > o.MaxInconclusive*float64(len(r.Rows)):
		r.Decision = Inconclusive
		because(
			"%d of %s gave no result, more than %.3g %%: %d missing, %d inconclusive, %d to be repeated to %d runs on each side",
			silent,
			count(len(r.Rows), "row"),
			100*o.MaxInconclusive,
			r.Counts[RowMissing],
			r.Counts[RowInconclusive],
			r.Counts[RowSuspect],
			o.Repeats,
		)
	default:
		r.Decision = Pass
		because("no row repeats its failure")
		if r.Diffuse != nil {
			r.Reasons[0] = "no row went from passing to failing, and the pass rate did not drop"
		}
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
