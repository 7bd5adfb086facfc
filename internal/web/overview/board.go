package overview

import (
	"context"
	"sync/atomic"
	"time"
)

// How old figures may be.
const (
	Fresh = 30 * time.Second // while somebody looks
	idle  = 5 * time.Minute  // else
	// gentle bounds the share of time that computing may take: figures that took a second stay for 20.
	gentle = 20
)

// Board keeps the newest figures. Run computes them.
type Board struct {
	store   Store
	now     func() time.Time
	latest  atomic.Pointer[Figures]
	watched chan struct{} // somebody looks
}

// NewBoard returns a board without figures.
func NewBoard(store Store) *Board {
	return &Board{store: store, now: time.Now, watched: make(chan struct{}, 1)}
}

// Latest returns the newest figures, nil before the first. It never waits.
func (b *Board) Latest() *Figures {
	select {
	case b.watched <- struct{}{}:
	default:
	}
	return b.latest.Load()
}

// Refresh computes the figures now.
func (b *Board) Refresh(ctx context.Context) error {
	f, err := Compute(ctx, b.store, b.now())
	if err != nil {
		return err
	}
	b.latest.Store(f)
	return nil
}

// Run keeps the figures fresh until the context ends. Errors go to failed, and the figures before stay.
func (b *Board) Run(ctx context.Context, failed func(error)) {
	for {
		began := time.Now()
		if err := b.Refresh(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		b.rest(ctx, max(Fresh, gentle*time.Since(began)))
		if ctx.Err() != nil {
			return
		}
	}
}

// rest waits until the figures are too old for who looks, or for nobody.
func (b *Board) rest(ctx context.Context, fresh time.Duration) {
	soonest, latest := time.NewTimer(fresh), time.NewTimer(max(idle, fresh))
	defer soonest.Stop()
	defer latest.Stop()
	select {
	case <-ctx.Done():
		return
	case <-soonest.C:
	}
	select {
	case <-ctx.Done():
	case <-latest.C:
	case <-b.watched:
	}
}
