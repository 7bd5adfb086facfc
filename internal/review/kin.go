package review

import (
	"context"

	"github.com/faultline-otel/faultline/internal/failure"
)

// Fresh is a signal that nobody has compared with the others yet. Its texts are those of its item with the least trace
// id, so that they do not depend on the order of arrival.
type Fresh struct {
	ID       string
	Class    failure.Class
	Detail   string
	Evidence string
	Answer   string
	// Touched is true if people did something with it: it joins no other one.
	Touched bool
	// Placed is true if it has its place already, by another model or by a person.
	Placed bool
}

// Stays reports whether the signal joins no other one.
func (f *Fresh) Stays() bool { return f.Touched || f.Placed }

// Leader is a signal that others can join.
type Leader struct {
	ID     string
	Vector []float32 // of length 1
}

// Placement is where a fresh signal belongs.
type Placement struct {
	ID     string
	Vector []float32 // nil if the model takes no such text: it stands alone
	Into   string    // the leader that it joins, "" for none
}

// Kin joins signals of equal meaning.
type Kin interface {
	// Fresh returns signals of some classes of which no vector of a model is known, at most so many, in the order of
	// their ids.
	Fresh(ctx context.Context, model string, classes []failure.Class, limit int) ([]Fresh, error)
	// Leaders returns the signals of a class with a vector of a model, at most so many, the latest seen.
	Leaders(ctx context.Context, model string, class failure.Class, limit int) ([]Leader, error)
	// Place keeps the vectors of fresh signals, and makes those that join a leader a part of it. A signal that people
	// changed meanwhile stays where it is.
	Place(ctx context.Context, model string, placements []Placement) error
}
