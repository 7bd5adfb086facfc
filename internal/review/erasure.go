package review

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// SubjectKind is a kind of id by which people ask for what is kept.
type SubjectKind string

// The kinds of subjects.
const (
	UserSubject    SubjectKind = "user"
	SessionSubject SubjectKind = "session"
	TraceSubject   SubjectKind = "trace"
)

// SubjectKinds lists the kinds.
func SubjectKinds() []SubjectKind { return []SubjectKind{UserSubject, SessionSubject, TraceSubject} }

// Subject is a user, a session or a trace whose items are to be found. An item belongs to each user and each session of
// its spans.
type Subject struct {
	Kind SubjectKind
	ID   string
}

// Validate reports the first mistake. The error is ErrInvalid.
func (s Subject) Validate() error {
	switch {
	case !slices.Contains(SubjectKinds(), s.Kind):
		return fmt.Errorf("kind must be one of %q, got %.64q: %w", SubjectKinds(), s.Kind, ErrInvalid)
	case s.Kind == TraceSubject && !isID(strings.ToLower(s.ID), 32):
		return fmt.Errorf("trace must be an id of 32 hex digits, got %.64q: %w", s.ID, ErrInvalid)
	case strings.TrimSpace(s.ID) == "":
		return fmt.Errorf("%s must not be empty: %w", s.Kind, ErrInvalid)
	}
	return nil
}

// Hash stands for the subject where its id must not be kept: the kind, and 32 hex digits of the SHA-256 of the id. Who
// knows the id can show that it was erased.
func (s Subject) Hash() string {
	id := s.ID
	if s.Kind == TraceSubject {
		id = strings.ToLower(id)
	}
	sum := sha256.Sum256([]byte(id))
	return string(s.Kind) + " sha256:" + hex.EncodeToString(sum[:16])
}

// Erasure finds and removes what is kept of a subject.
type Erasure interface {
	// Find pages through the trace ids of the items of a subject, oldest first. next is "" on the last page.
	Find(ctx context.Context, of Subject, cursor string) (traceIDs []string, next string, err error)
	// Erase removes the items of a subject with all that refers to them: labels, evaluations, claims, words, changes of
	// labels that wait for readers, and texts of them in signals. It does so in parts, so that other writers get their
	// turn, and counts each part in the audit log in the transaction that removes it. It returns how many items it
	// removed, also where it fails on the way.
	Erase(ctx context.Context, of Subject, by string) (erased int, err error)
}
