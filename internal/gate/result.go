package gate

import (
	"fmt"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/failure"
)

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
	RowFailed       Status = "failed"       // no baseline: a failure that is not the row's own, in most runs
	RowFlip         Status = "flip"         // the baseline always passed, the candidate never
	RowUnsafe       Status = "unsafe"       // a safety failure, in any run
	RowWorse        Status = "worse"        // with a baseline: passes less often; counts in the diffuse drop
	RowKnown        Status = "known"        // fails, as the baseline does, or as the dataset says that it may
	RowFlaky        Status = "flaky"        // fails, and is quarantined: its runs differ from gate to gate
	RowSuspect      Status = "suspect"      // looks like a flip, but has too few runs to confirm it
	RowInconclusive Status = "inconclusive" // ran, but no run gave a result, or nothing can judge it
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

	recorded bool // the row has a failure that a person confirmed
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

// ClassResult is a class with a threshold of its own. Its rows do not block alone.
type ClassResult struct {
	Class   failure.Class `json:"error_class"`
	Rows    int           `json:"rows"`
	Rate    float64       `json:"pass_rate"`
	MinPass float64       `json:"min_pass"`
	Blocks  bool          `json:"blocks,omitempty"`
}

// Report is the decision with its reasons and figures.
type Report struct {
	Decision Decision `json:"decision"`
	// Reasons explain the decision, a sentence each, most important first.
	Reasons  []string       `json:"reasons"`
	Warnings []string       `json:"warnings,omitempty"`
	Rows     []RowResult    `json:"rows"`
	Counts   map[Status]int `json:"counts"`
	Diffuse  *Diffuse       `json:"diffuse,omitempty"`
	// Classes are the classes with a threshold of their own.
	Classes []ClassResult `json:"classes,omitempty"`
	// Detectable is the smallest share of inputs that a change must break for the gate to notice with power 0.8.
	Detectable *float64 `json:"minimum_detectable_effect,omitempty"`
	// Repeats are the rows that need more runs: each tells how many on which side. faultline run makes them.
	Repeats []Repeat `json:"repeats,omitempty"`
	// Uncovered are the classes without a row: the report says nothing of them.
	Uncovered []failure.Class `json:"uncovered_classes,omitempty"`
	// Unmatched counts the traces of the candidate that belong to no row; they are not judged.
	Unmatched int               `json:"unmatched_traces"`
	Scorers   map[string]string `json:"scorers,omitempty"` // versions, the same for both sides
	Judges    map[string]string `json:"judges,omitempty"`  // versions of the rubrics that were judged
	// Dataset is the version of the rows: see dataset.Hash.
	Dataset string `json:"dataset,omitempty"`
	// Skipped counts the calls of the candidate that a scorer could not judge, by scorer and reason.
	Skipped map[string]map[string]int `json:"skipped,omitempty"`
}

// Blocking returns the rows that stop the candidate.
func (r Report) Blocking() []RowResult {
	var rows []RowResult
	for _, row := range r.Rows {
		if row.Blocks {
			rows = append(rows, row)
		}
	}
	return rows
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
