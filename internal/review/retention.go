package review

import (
	"context"
	"time"
)

// Limits bound the items of one state. 0 is no limit.
type Limits struct {
	MaxAge   time.Duration // since it arrived
	MaxItems int
	MaxBytes int64 // of spans; the file has about twice as much
}

// Retention removes items, so that the store does not fill its disk.
type Retention interface {
	// Sweep removes some of the oldest items that exceed the limits of their state, and returns how many those were. It
	// does little at once, so that writers get their turn: 0 says that nothing is left to remove. Items that somebody
	// has stay.
	Sweep(ctx context.Context, limits map[State]Limits) (removed int, err error)
}
