package review

import (
	"context"
	"time"
)

// LabelChange is a label that was given or taken back, with what is known of its span.
type LabelChange struct {
	ID     int64 // rises
	Undone bool
	Label  Label
	// SpanID is the span of the label, or the primary span of its item, which Service and End describe too.
	SpanID, Service, Environment string
	End                          time.Time // zero where the span is not known
	Model                        string
	PromptName, PromptVersion    string
	Stratum                      Reason // the zero value outside of the strata
}

// Outbox gives each change of a label to readers, in order, until they say that it is delivered. It is kept also where
// the item is removed.
type Outbox interface {
	// Changes returns the next changes for a reader. Several processes may read by the same name: one of them has its
	// turn for as long as it keeps asking, and the others get nothing meanwhile. process names the caller.
	Changes(ctx context.Context, reader, process string, limit int) ([]LabelChange, error)
	// Delivered says that a reader needs no change up to an id again.
	Delivered(ctx context.Context, reader, process string, upTo int64) error
}

// TurnFor is how long a process that reads the outbox keeps its turn after it asked last.
const TurnFor = 10 * time.Second
