package database

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/faultline-otel/faultline/internal/review"
)

// group commits short writes of many callers in one transaction, since each commit waits for the disk. The first caller
// runs what has gathered while the transaction before it ran, its own included; the next caller runs the rest.
type group struct {
	mu      sync.Mutex // guards the fields below
	waiting []*errand
	running bool
}

// errand is one write of a group.
type errand struct {
	ctx  context.Context //nolint:containedctx // of the caller; others must not run what it gave up
	run  func(context.Context, *Prepared) error
	asks []any // what it asks for that others of the group may do as well
	err  error
	turn chan bool // true: run the group; false: it was run
}

// maxGroup bounds the writes of one transaction.
const maxGroup = 256

// Together runs a short write with those of other callers. It must change nothing where it returns ErrNotFound,
// ErrInvalid or ErrConflict: the others are kept then.
func (s *DB) Together(ctx context.Context, run func(context.Context, *Prepared) error, asks ...any) error {
	own := &errand{ctx: ctx, run: run, asks: asks, turn: make(chan bool, 1)}
	s.short.mu.Lock()
	s.short.waiting = append(s.short.waiting, own)
	first := !s.short.running
	s.short.running = true
	s.short.mu.Unlock()
	if first || <-own.turn {
		s.runGroup(ctx, own)
	}
	return own.err
}

func (s *DB) runGroup(ctx context.Context, own *errand) {
	s.short.mu.Lock()
	n := min(len(s.short.waiting), maxGroup)
	errands := s.short.waiting[:n:n]
	s.short.waiting = s.short.waiting[n:]
	s.short.mu.Unlock()

	ctx = context.WithoutCancel(ctx)
	err := s.Write(ctx, func(tx *sql.Tx) error {
		all := Prepare(tx)
		for _, e := range errands {
			if e.ctx.Err() == nil {
				all.Asks = append(all.Asks, e.asks...)
			}
		}
		for _, e := range errands {
			if e.err = e.ctx.Err(); e.err != nil {
				continue
			}
			if e.err = e.run(ctx, all); e.err != nil && !refused(e.err) {
				return e.err
			}
		}
		return nil
	})
	s.short.mu.Lock()
	if len(s.short.waiting) > 0 {
		s.short.waiting[0].turn <- true
	} else {
		s.short.running = false
	}
	s.short.mu.Unlock()
	for _, e := range errands {
		if err != nil {
			e.err = err
		}
		if e != own {
			e.turn <- false
		}
	}
}

// refused reports whether a write changed nothing, by what was asked.
func refused(err error) bool {
	return errors.Is(err, review.ErrNotFound) || errors.Is(err, review.ErrInvalid) || errors.Is(err, review.ErrConflict)
}
