// Package docket has many cases judged: several at once, again where that may help, and for a bounded amount of money.
package docket

import (
	"context"
	"sync"
	"time"

	"github.com/faultline-otel/faultline/internal/judge"
)

// Case is a case with the names of what it was made of.
type Case struct {
	TraceID, SpanID, Session string
	Row                      string // of a dataset, or ""
	*judge.Case
}

// Task is a case that is to be judged by a rubric.
type Task struct {
	*Case
	Rubric *judge.Rubric
}

// Tasks pairs cases with the rubrics that apply to them.
func Tasks(cases []Case, rubrics []*judge.Rubric) (tasks []Task) {
	for i := range cases {
		for _, r := range rubrics {
			if r.Applies(cases[i].Case) {
				tasks = append(tasks, Task{&cases[i], r})
			}
		}
	}
	return tasks
}

// Judge judges by any rubric: a *judge.Judge, or a *judge.Panel.
type Judge interface {
	Judge(ctx context.Context, k *judge.Case, r *judge.Rubric) (judge.Result, error)
	Version(r *judge.Rubric) string
	Demand(k *judge.Case, r *judge.Rubric) judge.Demand
}

// Desk asks a judge.
type Desk struct {
	Judge       Judge
	Concurrency int // requests at once
	Attempts    int // of a judgement
	// Backoff is the pause after the first failed attempt. It doubles with each further one.
	Backoff time.Duration
}

// Demand is what the tasks should take.
func (d *Desk) Demand(tasks []Task) (sum judge.Demand) {
	for _, t := range tasks {
		sum.Add(d.Judge.Demand(t.Case.Case, t.Rubric))
	}
	return sum
}

const maxBackoff = time.Minute

// Rate judges a case. It tries again while that may help. The cost is that of all attempts.
func (d *Desk) Rate(ctx context.Context, k *judge.Case, r *judge.Rubric) (judge.Result, error) {
	var cost judge.Cost
	for attempt, wait := 1, d.Backoff; ; attempt, wait = attempt+1, min(2*wait, maxBackoff) {
		result, err := d.Judge.Judge(ctx, k, r)
		cost.Add(&result.Cost)
		result.Cost = cost
		if err == nil {
			return result, nil
		}
		e := judge.ErrorOf(err)
		if !e.Again || attempt >= d.Attempts || ctx.Err() != nil {
			return result, e
		}
		select {
		case <-ctx.Done():
			return result, e
		case <-time.After(max(wait, e.After)):
		}
	}
}

// Run judges tasks, and hands each result on, one at a time, as soon as it is there. It stops at the first error of
// each, and at the end of the context; what is then on its way is not handed on.
func (d *Desk) Run(ctx context.Context, tasks []Task, each func(*Result) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	waiting := make(chan Task)
	var done sync.WaitGroup
	var one sync.Mutex
	for range min(d.Concurrency, len(tasks)) {
		done.Go(func() {
			for t := range waiting {
				rated, err := d.Rate(ctx, t.Case.Case, t.Rubric)
				if ctx.Err() != nil {
					return
				}
				result := NewResult(&t, d.Judge.Version(t.Rubric), &rated, err)
				one.Lock()
				if err := each(result); err != nil {
					stop(err)
				}
				one.Unlock()
			}
		})
	}
	for _, t := range tasks {
		select {
		case <-ctx.Done():
		case waiting <- t:
			continue
		}
		break
	}
	close(waiting)
	done.Wait()
	return context.Cause(ctx)
}

// NewResult is the line of a judgement.
func NewResult(t *Task, version string, rated *judge.Result, err error) *Result {
	r := &Result{
		TraceID: t.TraceID, SpanID: t.SpanID, Session: t.Session, Row: t.Row, Rubric: t.Rubric.Name,
		Version: version, Of: t.Rubric.Of,
	}
	r.cost(&rated.Cost)
	if err != nil {
		e := judge.ErrorOf(err)
		r.NotJudged = e.Obstacle
		if e.Err != nil {
			r.Why = e.Err.Error()
		}
		return r
	}
	e := &rated.Evaluation
	r.Score, r.Label, r.Class, r.Detail = e.Value, e.Label, e.Class, e.Detail
	r.Reason, r.Explanation, r.Model = rated.Finding.What, e.Explanation, e.JudgeModel
	return r
}

// Purse is the money of a run. Unlike judge.Spend, which must not hold anyone up, it waits while calls on their way may
// give back what they reserved. It is safe for concurrent use.
type Purse struct {
	mu              sync.Mutex
	settled         sync.Cond
	limit           float64 // 0 is no limit
	spent, reserved float64
	calls           int // that hold money
}

// NewPurse returns a purse with a limit, 0 for none.
func NewPurse(limit float64) *Purse {
	p := &Purse{limit: limit}
	p.settled.L = &p.mu
	return p
}

// Reserve takes an amount. It returns false if less is left for good.
func (p *Purse) Reserve(usd float64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.limit > 0 && p.spent+p.reserved+usd > p.limit {
		if p.calls == 0 || p.spent+usd > p.limit {
			return false
		}
		p.settled.Wait()
	}
	p.reserved += usd
	p.calls++
	return true
}

// Settle replaces a reserved amount by what was spent.
func (p *Purse) Settle(reserved, spent float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spent += spent
	p.reserved -= reserved
	if p.calls--; p.calls == 0 {
		p.reserved = 0 // differences of sums are not exact
	}
	p.settled.Broadcast()
}

// Spent is what was spent so far.
func (p *Purse) Spent() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spent
}
