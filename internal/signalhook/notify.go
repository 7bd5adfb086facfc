package signalhook

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// newsFor is how long after its change a signal is news. What happened while no Collector ran is told after a short
// outage, and not after a year.
const newsFor = 24 * time.Hour

// Bounds of one look at the signals of a state.
const (
	pageSize = 100
	maxPages = 5
)

// Receiver gets news about signals.
type Receiver struct {
	Kind   Kind
	States []review.SignalState
	Page   string // address of the review page, "" is not known
	// Since is when the receiver was configured: earlier changes are no news to it.
	Since time.Time
	// Tell queues the newest state of a signal. One that the receiver knows is no news.
	Tell func(id, state string, body json.RawMessage)
}

// Signals is the part of a store that is looked at.
type Signals interface {
	Signals(ctx context.Context, f review.SignalFilter) (review.SignalPage, error)
}

// Look tells the receiver of each signal that came into one of its states lately.
func (r *Receiver) Look(ctx context.Context, store Signals, now time.Time) error {
	since := now.Add(-newsFor)
	if r.Since.After(since) {
		since = r.Since
	}
	for _, state := range r.States {
		f := review.SignalFilter{State: state, Limit: pageSize}
		for range maxPages {
			page, err := store.Signals(ctx, f)
			if err != nil {
				return err
			}
			old := false
			for i := range page.Signals {
				g := &page.Signals[i]
				old = old || g.Last.Before(since) // what follows was seen last even earlier
				if g.Changed.Before(since) {
					continue
				}
				body, err := Body(r.Kind, g, r.Page)
				if err != nil {
					return err
				}
				// A signal that comes into a state again is news again.
				r.Tell(g.ID, string(state)+"@"+strconv.FormatInt(g.Changed.UnixNano(), 10), body)
			}
			if f.Cursor = page.Next; f.Cursor == "" || old {
				break
			}
		}
	}
	return nil
}
