package review

import (
	"fmt"
	"regexp"
	"time"
)

// GuardKind says what a guard is.
type GuardKind string

// The kinds of guards.
const (
	GuardRows GuardKind = "rows" // of a dataset, for the gate
	GuardRule GuardKind = "rule" // of a scorer file
)

// MaxGuards bounds the guards of a signal, MaxGuardRows the rows that one names.
const (
	MaxGuards    = 20
	MaxGuardRows = 50
)

// MaxListed bounds the guards that are listed of all signals, the newest.
const MaxListed = 1000

// Guard is what was made of the failures of a signal so that they do not come back unseen.
type Guard struct {
	Kind GuardKind `json:"kind"`
	Name string    `json:"name"` // the file of the dataset, or the rule
	// Version is the hash of the dataset, or the version of the rule.
	Version string    `json:"version,omitempty"`
	Rows    []string  `json:"rows,omitempty"` // ids
	By      string    `json:"reviewer,omitempty"`
	Added   time.Time `json:"added,omitzero"` // the store sets it
}

// SignalGuard is a guard with the signal that it guards.
type SignalGuard struct {
	Guard
	Signal string `json:"signal"`
	Title  string `json:"title"` // of the signal
}

var rowID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)

// Validate returns what is wrong with a guard: key, rule, value.
func (g *Guard) Validate() error {
	switch {
	case g.Kind != GuardRows && g.Kind != GuardRule:
		return fmt.Errorf("kind must be %q or %q, got %.64q: %w", GuardRows, GuardRule, g.Kind, ErrInvalid)
	case g.Name == "":
		return fmt.Errorf("name must be that of a dataset or a rule, got %q: %w", g.Name, ErrInvalid)
	case g.Kind == GuardRows && len(g.Rows) == 0, len(g.Rows) > MaxGuardRows, g.Kind == GuardRule && len(g.Rows) > 0:
		return fmt.Errorf("rows must be 1 to %d ids, and none of a rule, got %d: %w", MaxGuardRows, len(g.Rows), ErrInvalid)
	}
	for _, id := range g.Rows {
		if !rowID.MatchString(id) {
			return fmt.Errorf("rows must be ids, got %.64q: %w", id, ErrInvalid)
		}
	}
	return nil
}
