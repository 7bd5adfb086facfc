package queue

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/faultline-otel/faultline/internal/judge"
)

// Outcome is what became of a judgement. Err is nil if it was made.
type Outcome struct {
	*Task
	Result judge.Result
	Err    *judge.Error
}

// Desk makes the judgements of a queue.
type Desk struct {
	Queue *Queue
	Rate  func(ctx context.Context, t *Task) (judge.Result, error)
	// Deliver hands on an outcome. It is not tried again after an error: of several receivers some may have it.
	Deliver func(ctx context.Context, o *Outcome) error
	// Tried is called with the reason why an attempt failed that is made again. Failed is called with errors of the store.
	Tried  func(o *Outcome)
	Failed func(error)
	// Backoff is the pause after the first failed attempt. It doubles with each further one.
	Backoff time.Duration
}

const maxBackoff = time.Minute

// Work makes judgements of a lane, one after the other, until the context ends. The judgement that is then on its way
// goes back into the queue.
func (d *Desk) Work(ctx context.Context, lane string) {
	for ctx.Err() == nil {
		t, err := d.Queue.Take(ctx, lane)
		if t == nil {
			return
		}
		o := &Outcome{Task: t}
		if err == nil {
			o.Result, err = d.Rate(ctx, t)
		}
		if err != nil {
			o.Err = judge.ErrorOf(err)
		}
		d.Settle(ctx, lane, o)
	}
}

// Settle decides what happens after an attempt.
func (d *Desk) Settle(ctx context.Context, lane string, o *Outcome) {
	switch {
	case o.Err == nil:
		d.Queue.Resume(lane)
	case ctx.Err() != nil:
		o.Attempts--
		d.check(d.Queue.Again(o.Task, 0))
		return
	case o.Err.Again && o.Attempts < d.Queue.limits.Attempts:
		wait := max(o.Err.After, d.backoff(o.Attempts))
		if o.Err.Obstacle == judge.RateLimited || o.Err.Obstacle == judge.Unavailable {
			d.Queue.Pause(lane, wait, o.Err.Obstacle)
		}
		d.Tried(o)
		d.check(d.Queue.Again(o.Task, wait))
		return
	}
	d.Finish(ctx, o)
}

// Finish delivers an outcome and forgets its judgement. It delivers first: a process that is killed in between loses
// the record that the judgement was made, and marks it as interrupted.
func (d *Desk) Finish(ctx context.Context, o *Outcome) {
	ctx = context.WithoutCancel(ctx)
	if err := d.Deliver(ctx, o); err != nil {
		_ = d.Deliver(ctx, &Outcome{Task: o.Task, Err: &judge.Error{Obstacle: judge.Undelivered, Err: err}})
	}
	d.check(d.Queue.Done(o.Task))
}

func (d *Desk) check(err error) {
	if err != nil {
		d.Failed(err)
	}
}

// backoff is the pause after n failed attempts, between half of it and all of it.
func (d *Desk) backoff(n int) time.Duration {
	wait := d.Backoff
	for range n - 1 {
		wait = min(2*wait, maxBackoff)
	}
	return wait/2 + time.Duration(rand.Int64N(int64(wait)/2+1))
}
