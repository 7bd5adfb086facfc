package overview

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// How old figures may be.
const (
	Fresh = 30 * time.Second // while somebody looks
	idle  = 5 * time.Minute  // else
	// gentle bounds the share of time that computing may take: figures that took a second stay for 20.
	gentle = 20
)

// Scope is what figures are of.
type Scope struct {
	Days  int    // that they look back
	Queue string // a name; "" is all
}

// Whole is the scope of which there are always figures.
var Whole = Scope{Days: 30}

// Ranges are the days that figures can look back.
func Ranges() []int { return []int{7, 30, 90} }

// maxScopes bounds the scopes of which figures are kept.
const maxScopes = 12

// kept are the figures of a scope, nil before the first.
type kept struct {
	scope   Scope
	figures *Figures
	asked   time.Time
}

// Board keeps the newest figures of everything, and of what somebody looks at. Run computes them.
type Board struct {
	store   Store
	now     func() time.Time
	mu      sync.Mutex    // guards the fields below
	scopes  []*kept       // Whole is the first
	watched chan struct{} // somebody looks
	missing chan struct{} // somebody looks at what has no figures
}

// NewBoard returns a board without figures.
func NewBoard(store Store) *Board {
	return &Board{
		store: store, now: time.Now, scopes: []*kept{{scope: Whole}}, watched: make(chan struct{}, 1),
		missing: make(chan struct{}, 1),
	}
}

// Queues are those that a scope can have.
func (b *Board) Queues() []review.Queue { return b.store.Queues() }

// Latest returns the newest figures of a scope, nil before the first. It never waits.
func (b *Board) Latest(of Scope) *Figures {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := slices.IndexFunc(b.scopes, func(k *kept) bool { return k.scope == of })
	if at < 0 {
		at = b.add(of)
	}
	k := b.scopes[at]
	k.asked = b.now()
	signal(b.watched)
	if k.figures == nil {
		signal(b.missing)
	}
	return k.figures
}

// add makes room for a scope, in place of the one that nobody has looked at for longest.
func (b *Board) add(of Scope) (at int) {
	if len(b.scopes) < maxScopes {
		b.scopes = append(b.scopes, &kept{scope: of})
		return len(b.scopes) - 1
	}
	at = 1
	for i := range b.scopes {
		if i > 0 && b.scopes[i].asked.Before(b.scopes[at].asked) {
			at = i
		}
	}
	b.scopes[at] = &kept{scope: of}
	return at
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Refresh computes the figures now. Those at which nobody looks any more go.
func (b *Board) Refresh(ctx context.Context) error { return b.refresh(ctx, false) }

func (b *Board) refresh(ctx context.Context, missing bool) error {
	b.mu.Lock()
	now := b.now()
	b.scopes = slices.DeleteFunc(b.scopes, func(k *kept) bool { return k.scope != Whole && now.Sub(k.asked) > 2*idle })
	list := slices.Clone(b.scopes)
	b.mu.Unlock()
	var errs []error
	for _, k := range list {
		b.mu.Lock()
		skip := missing && k.figures != nil
		b.mu.Unlock()
		if skip {
			continue
		}
		f, err := Compute(ctx, b.store, k.scope, b.now())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		b.mu.Lock()
		k.figures = f
		b.mu.Unlock()
	}
	return errors.Join(errs...)
}

// Run keeps the figures fresh until the context ends. Errors go to failed, and the figures before stay.
func (b *Board) Run(ctx context.Context, failed func(error)) {
	compute := func(missing bool) time.Duration {
		began := time.Now()
		if err := b.refresh(ctx, missing); err != nil && ctx.Err() == nil {
			failed(err)
		}
		return time.Since(began)
	}
	for ctx.Err() == nil {
		b.rest(ctx, max(Fresh, gentle*compute(false)), func() time.Duration { return compute(true) })
	}
}

// rest waits until the figures are too old: sooner if a person looks at them. Meanwhile it computes figures that a
// person waits for, at most half of the time.
func (b *Board) rest(ctx context.Context, fresh time.Duration, add func() time.Duration) {
	soonest, latest := time.NewTimer(fresh), time.NewTimer(max(idle, fresh))
	defer soonest.Stop()
	defer latest.Stop()
	watched := (chan struct{})(nil) // not before the soonest
	missing := b.missing
	var pause <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-missing:
			missing, pause = nil, time.After(max(add(), 100*time.Millisecond))
		case <-pause:
			missing, pause = b.missing, nil
		case <-soonest.C:
			watched = b.watched
		case <-latest.C:
			return
		case <-watched:
			return
		}
	}
}
