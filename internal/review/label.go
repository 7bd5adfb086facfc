package review

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
)

// Decision is a person's judgement of an item.
type Decision string

// The decisions. The last two judge nothing: they say that earlier labels no longer count.
const (
	Confirmed Decision = "confirmed"  // it is a failure
	Rejected  Decision = "rejected"   // it is not a failure
	Unsure    Decision = "unsure"     // the person cannot tell
	TakenBack Decision = "taken_back" // the person takes their own judgement back
	Reopened  Decision = "reopened"   // the item is to be judged again, by whomever
)

// Decisions lists the decisions that judge.
func Decisions() []Decision { return []Decision{Confirmed, Rejected, Unsure} }

// Judges reports whether the decision is a judgement.
func (d Decision) Judges() bool { return d == Confirmed || d == Rejected || d == Unsure }

// Severity is how bad a failure is.
type Severity string

// The severities.
const (
	Low    Severity = "low"
	Medium Severity = "medium"
	High   Severity = "high"
)

// Severities lists the severities, the least first.
func Severities() []Severity { return []Severity{Low, Medium, High} }

// Scope is what a label judges.
type Scope string

// The scopes. "" is a turn.
const (
	ScopeTurn    Scope = "turn"
	ScopeSession Scope = "session" // all turns of the conversation
)

// Label is one judgement of one person. What it says is never changed. Of each person the newest label counts, and of
// those the newest is that of the item.
type Label struct {
	ID       int64         `json:"id"`
	TraceID  string        `json:"trace_id"`
	SpanID   string        `json:"span_id,omitempty"`
	Decision Decision      `json:"decision"`
	Class    failure.Class `json:"error_class,omitempty"` // the person's choice, where confirmed
	Detail   string        `json:"error_detail,omitempty"`
	Note     string        `json:"note,omitempty"`
	Reviewer string        `json:"reviewer,omitempty"`
	Created  time.Time     `json:"created"`
	// Replaces is the newest label that the person saw, 0 for none. Two people who judge the same item at once are told.
	Replaces int64 `json:"replaces,omitempty"`
	// Batch names the judgement of many items at once that the label is part of. The store sets it.
	Batch string `json:"batch,omitempty"`
	Remarks
	// By is who the reviewer is to the store, as Claimant.ID. It tells people apart who gave no name.
	By string `json:"-"`
}

// Remarks are what a label may say beyond decision and class.
type Remarks struct {
	// Further are findings beside the main one.
	Further  []failure.Finding `json:"further_findings,omitempty"`
	Severity Severity          `json:"severity,omitempty"`
	Tags     []string          `json:"tags,omitempty"`
	// CorrectedOutput is what the model should have said.
	CorrectedOutput string `json:"corrected_output,omitempty"`
	// Assertions say what must hold of the output when the call is made again, one a line.
	Assertions []string `json:"assertions,omitempty"`
	Scope      Scope    `json:"scope,omitempty"`
	// Answers are those to the questions of the queue, by the question's name.
	Answers map[string]string `json:"answers,omitempty"`
}

// Person identifies who gave the label: the name, else who the store knows.
func (l *Label) Person() string { return cmp.Or(l.Reviewer, l.By) }

// UnmarshalJSON also reads the keys class and detail, which earlier versions wrote.
func (l *Label) UnmarshalJSON(b []byte) error {
	type current Label
	var read Label
	earlier := struct {
		*current
		Class  failure.Class `json:"class"`
		Detail string        `json:"detail"`
	}{current: (*current)(&read)}
	if err := json.Unmarshal(b, &earlier); err != nil {
		return err
	}
	if read.Class == "" && read.Detail == "" {
		read.Class, read.Detail = earlier.Class, earlier.Detail
	}
	*l = read
	return nil
}
