package review

import (
	"fmt"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
)

// Failed reports whether anything failed on the span.
func (s *Span) Failed() bool { return s.Class != "" }

// End is when the span ended.
func (s *Span) End() time.Time { return s.Start.Add(s.Duration) }

// Primary is the index of the span that failed first, -1 where none failed. A span fails when it ends, so an agent that
// gives up comes after the call inside it that made it; of spans that end together, the one that started last is the
// innermost.
func Primary(spans []Span) int {
	index := -1
	var first *Span
	for i := range spans {
		if s := &spans[i]; s.Failed() && (first == nil || failedBefore(s, first)) {
			index, first = i, s
		}
	}
	return index
}

func failedBefore(a, b *Span) bool {
	if c := a.End().Compare(b.End()); c != 0 {
		return c < 0
	}
	if c := a.Start.Compare(b.Start); c != 0 {
		return c > 0
	}
	return a.ID < b.ID
}

// Validate tells whether ids and classes are what they must be. The error is ErrInvalid.
func (t *Trace) Validate() error {
	if !isID(t.ID, 32) {
		return fmt.Errorf("trace id must be 32 lower-case hex digits, got %.64q: %w", t.ID, ErrInvalid)
	}
	for i := range t.Spans {
		s := &t.Spans[i]
		if !isID(s.ID, 16) {
			return fmt.Errorf("span id must be 16 lower-case hex digits, got %.64q: %w", s.ID, ErrInvalid)
		}
		if s.Class != "" && !known(s.Class) {
			return fmt.Errorf("class must be one of the taxonomy, got %.64q: %w", s.Class, ErrInvalid)
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

// Bounds of what a person may write, in bytes.
const (
	maxNote     = 16 << 10
	maxReviewer = 256
)

// Validate tells whether the label says something that can be acted on. The error is ErrInvalid and names the key.
func (l *Label) Validate() error {
	switch {
	case l.Decision != Confirmed && l.Decision != Rejected:
		return fmt.Errorf("decision must be %q or %q, got %.64q: %w", Confirmed, Rejected, l.Decision, ErrInvalid)
	case l.Class != "" && !known(l.Class):
		return fmt.Errorf("class must be one of the taxonomy, got %.64q: %w", l.Class, ErrInvalid)
	case l.Detail != "" && l.Class == "":
		return fmt.Errorf("detail must come with a class, got %.64q alone: %w", l.Detail, ErrInvalid)
	case l.Detail != "" && !failure.ValidDetail(l.Class, l.Detail):
		return fmt.Errorf("detail must be one of %s, got %.64q: %w", l.Class, l.Detail, ErrInvalid)
	case len(l.Note) > maxNote:
		return fmt.Errorf("note must be at most %d bytes, got %d: %w", maxNote, len(l.Note), ErrInvalid)
	case len(l.Reviewer) > maxReviewer:
		return fmt.Errorf("reviewer must be at most %d bytes, got %d: %w", maxReviewer, len(l.Reviewer), ErrInvalid)
	}
	return nil
}
