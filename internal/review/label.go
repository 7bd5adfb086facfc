package review

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
)

// Decision is a person's judgement of an item.
type Decision string

// The decisions.
const (
	Confirmed Decision = "confirmed" // it is a failure
	Rejected  Decision = "rejected"  // it is not a failure
)

// Label is one judgement of one person. Labels are never changed; the newest counts.
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
}

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

// Bounds of a label's texts, in bytes.
const (
	maxNote     = 16 << 10
	maxReviewer = 256
)

// Validate reports the first mistake in the label. The error is ErrInvalid and names the key.
func (l *Label) Validate() error {
	switch {
	case l.Decision != Confirmed && l.Decision != Rejected:
		return fmt.Errorf("decision must be %q or %q, got %.64q: %w", Confirmed, Rejected, l.Decision, ErrInvalid)
	case l.Class != "" && !known(l.Class):
		return fmt.Errorf("error_class must be one of the taxonomy, got %.64q: %w", l.Class, ErrInvalid)
	case l.Detail != "" && l.Class == "":
		return fmt.Errorf("error_detail must come with an error_class, got %.64q alone: %w", l.Detail, ErrInvalid)
	case l.Detail != "" && !failure.ValidDetail(l.Class, l.Detail):
		return fmt.Errorf("error_detail must be one of %s, got %.64q: %w", l.Class, l.Detail, ErrInvalid)
	case len(l.Note) > maxNote:
		return fmt.Errorf("note must be at most %d bytes, got %d: %w", maxNote, len(l.Note), ErrInvalid)
	case len(l.Reviewer) > maxReviewer:
		return fmt.Errorf("reviewer must be at most %d bytes, got %d: %w", maxReviewer, len(l.Reviewer), ErrInvalid)
	}
	return nil
}
