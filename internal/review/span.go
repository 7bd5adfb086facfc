package review

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// Span is one span of a trace with its verdict. Call is nil for spans that are not GenAI operations.
type Span struct {
	ID       string        `json:"id"` // 16 hex digits
	ParentID string        `json:"parent_id,omitempty"`
	Name     string        `json:"name"`
	Service  string        `json:"service,omitempty"`
	Start    time.Time     `json:"start"`
	Duration time.Duration `json:"duration_ns"`
	Error    bool          `json:"error,omitempty"`
	Message  string        `json:"message,omitempty"` // of the status
	failure.Verdict
	// Others are findings of further classes of the verdict, where more is known of them than the class.
	Others []failure.Finding  `json:"other_findings,omitempty"`
	Scores map[string]float64 `json:"scores,omitempty"`
	// Failing are the scorers whose score is a verdict.
	Failing []string `json:"failing_scorers,omitempty"`
	// Suspects are the scorers with a weak suspicion, which is no failure.
	Suspects []string          `json:"suspects,omitempty"`
	Skipped  map[string]string `json:"skipped,omitempty"` // why scorers gave no score: reasons by scorer
	Outcome  string            `json:"outcome,omitempty"` // of a tool or a retrieval: ok, empty, failed
	// CallHash identifies what the span tried, such as a tool with its arguments. A later success of the same
	// recovers a failure. Only its equality means anything; "" is unknown.
	CallHash string      `json:"call_hash,omitempty"`
	Call     *genai.Call `json:"call,omitempty"`
	// Cut is true where the span was too large to keep whole: long texts end in a mark, or the call is missing.
	Cut bool `json:"cut,omitempty"`
}

// UnmarshalJSON also reads the keys class, detail, classes and print, which earlier versions wrote.
func (s *Span) UnmarshalJSON(b []byte) error {
	type current Span
	var read Span
	earlier := struct {
		*current
		Class   failure.Class   `json:"class"`
		Detail  string          `json:"detail"`
		Classes []failure.Class `json:"classes"`
		Print   string          `json:"print"`
	}{current: (*current)(&read)}
	if err := json.Unmarshal(b, &earlier); err != nil {
		return err
	}
	if read.Class == "" {
		read.Class, read.Detail, read.Classes = earlier.Class, earlier.Detail, earlier.Classes
	}
	if read.Fingerprint == "" {
		read.Fingerprint = earlier.Print
	}
	read.Bucket = read.Class.Bucket()
	*s = read
	return nil
}

// End returns the time at which the span ended.
func (s *Span) End() time.Time { return s.Start.Add(s.Duration) }

// Findings returns a finding for each class of the verdict.
func (s *Span) Findings() []failure.Finding {
	findings := s.Verdict.Findings()
	for i := range findings {
		for j := range s.Others {
			if findings[i].Class == s.Others[j].Class && findings[i].Detail == "" {
				findings[i] = s.Others[j]
			}
		}
	}
	return findings
}

// Node returns the part of the span that failure.FindCause needs. Its parent is not linked.
func (s *Span) Node() failure.Node {
	n := failure.Node{
		ID: s.ID, Parent: -1, Agent: s.Call != nil && s.Call.Operation == genai.OpInvokeAgent, Operation: s.CallHash,
		Error: s.Error, Findings: s.Findings(),
	}
	if !s.Start.IsZero() {
		n.Start = s.Start.UnixNano()
	}
	n.End = n.Start + max(int64(s.Duration), 0)
	if n.End < n.Start { // the sum overflowed
		n.End = math.MaxInt64
	}
	return n
}

// FindCause finds the root cause of a trace. Indices are those of the spans.
func FindCause(spans []Span) failure.Cause {
	nodes, parents := make([]failure.Node, len(spans)), make([]string, len(spans))
	for i := range spans {
		nodes[i], parents[i] = spans[i].Node(), spans[i].ParentID
	}
	failure.Link(nodes, parents)
	return failure.FindCause(nodes)
}

// Validate reports the first id or class that is not valid. The error is ErrInvalid.
func (t *Trace) Validate() error {
	if !isID(t.ID, 32) {
		return fmt.Errorf("trace id must be 32 lower-case hex digits, got %.64q: %w", t.ID, ErrInvalid)
	}
	for _, r := range t.Reasons {
		if err := r.Validate(); err != nil {
			return err
		}
	}
	for i := range t.Spans {
		s := &t.Spans[i]
		if !isID(s.ID, 16) {
			return fmt.Errorf("span id must be 16 lower-case hex digits, got %.64q: %w", s.ID, ErrInvalid)
		}
		if s.Class != "" && !known(s.Class) {
			return fmt.Errorf("error_class must be one of the taxonomy, got %.64q: %w", s.Class, ErrInvalid)
		}
	}
	return nil
}

func known(c failure.Class) bool {
	_, ok := failure.Info(c)
	return ok
}

// isID reports whether a text is an id of n hex digits that are not all 0.
func isID(text string, n int) bool {
	if len(text) != n {
		return false
	}
	zero := true
	for i := range n {
		c := text[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
		zero = zero && c == '0'
	}
	return !zero
}
