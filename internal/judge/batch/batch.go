// Package batch has judgements of a queue made in batches of a provider, which cost less and take hours.
//
// A batch is on disk before the provider is asked for it, so that a process that is killed neither forgets it nor asks
// twice: the next one finds it at the provider by its name. What a batch leaves without an answer is asked again, and
// told as lost after the last attempt. The judges of a cascade have a clerk each: a judgement goes from one to the
// next.
package batch

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/queue"
)

// Provider is the batch interface of a provider. Its errors are *judge.Error.
type Provider interface {
	// Line is the line of a request in the file of a batch.
	Line(id int, p *judge.Prompt) ([]byte, error)
	Upload(ctx context.Context, name string, lines []byte) (file string, err error)
	Create(ctx context.Context, name, file string) (id string, err error)
	// Find returns the batch of a name, "" if there is none.
	Find(ctx context.Context, name string) (id string, err error)
	Look(ctx context.Context, id string) (State, error)
	// Replies reads a file of results, and hands on each reply, or why there is none.
	Replies(ctx context.Context, file string, each func(id int, reply judge.Reply, err error) error) error
	Forget(ctx context.Context, files ...string) error
}

// State is how far a batch is. Files hold its results, Why a code of its error.
type State struct {
	Status string
	Ended  bool
	Files  []string
	Why    string
}

// Purse is the money that requests are reserved from.
type Purse interface {
	judge.Purse
	// Busy reports whether requests that are on their way may give back some of it.
	Busy() bool
	// Resume counts an amount as reserved that an earlier process reserved.
	Resume(usd float64)
}

// Limits bound batches.
type Limits struct {
	Requests int           // of a batch
	Every    time.Duration // between batches
	Poll     time.Duration // between looks at a batch
}

// Bounds of batches. A provider takes a day for one.
const (
	maxBytes = 32 << 20 // of the requests of a batch
	maxOpen  = 200      // batches at once, more than one every ten minutes for a day
	maxAge   = 48 * time.Hour
)

// Clerk makes the judgements of a lane in batches. Clerks of several lanes may work at once, each in one goroutine.
type Clerk struct {
	Provider Provider
	Desk     *queue.Desk
	Lane     string
	Rater    func(name string) judge.Deferred
	Purse    Purse
	Limits   Limits
	Now      func() time.Time
	// Ended is called with the last status of each batch, and Cost with what each reply cost.
	Ended func(status string)
	Cost  func(*judge.Cost)

	open    []*queue.Batch
	resumed bool
	sent    time.Time
}

// Work makes batches until the context ends. Those that are then open go on with the next process.
func (c *Clerk) Work(ctx context.Context) {
	for ctx.Err() == nil {
		c.Round(ctx)
		queue.Wait(ctx, min(c.Limits.Poll, c.Limits.Every))
	}
}

// Round sends what waits, if it is time to, and looks once at each batch that is on its way. It returns how many still
// are.
func (c *Clerk) Round(ctx context.Context) (open int) {
	c.resume()
	if now := c.Now(); now.Sub(c.sent) >= c.Limits.Every {
		c.sent = now
		for c.send(ctx) && ctx.Err() == nil {
		}
	}
	for _, b := range append([]*queue.Batch(nil), c.open...) {
		c.look(ctx, b)
	}
	return len(c.open)
}

// resume goes on with the batches of an earlier process.
func (c *Clerk) resume() {
	if c.resumed {
		return
	}
	c.resumed = true
	c.open = c.Desk.Queue.Batches(c.Lane)
	for _, b := range c.open {
		for i := range b.Entries {
			c.Purse.Resume(b.Entries[i].Reserved)
		}
	}
}

// send makes a batch of what waits. It returns true if more may wait.
func (c *Clerk) send(ctx context.Context) bool {
	q := c.Desk.Queue
	if len(c.open) >= maxOpen || q.Paused(c.Lane) > 0 {
		return false
	}
	tasks, lost := q.Gather(c.Lane, c.Limits.Requests)
	for _, o := range lost {
		c.Desk.Finish(ctx, o)
	}
	b := &queue.Batch{Name: rand.Text(), Lane: c.Lane, Created: c.Now()}
	lines, taken, more := c.fill(ctx, b, tasks)
	if len(taken) == 0 {
		return false
	}
	file, err := c.Provider.Upload(ctx, b.Name, lines)
	if err == nil {
		b.File = file
		if err = q.Hold(b, taken); err != nil {
			err = &judge.Error{Obstacle: judge.Storage, Again: true, Err: err}
		}
	} else {
		for _, t := range taken {
			t.Attempts++
		}
	}
	if err != nil { // the provider has no batch
		for i, t := range taken {
			c.Purse.Settle(b.Entries[i].Reserved, 0)
			c.Desk.Settle(ctx, c.Lane, &queue.Outcome{Task: t, Err: judge.ErrorOf(err)})
		}
		return false
	}
	c.open = append(c.open, b)
	c.create(ctx, b)
	return more
}

// fill reserves money and writes requests, as many as a batch may have. What has no room goes back.
func (c *Clerk) fill(
	ctx context.Context, b *queue.Batch, tasks []*queue.Task,
) (lines []byte, taken []*queue.Task, more bool) {
	var file bytes.Buffer
	for i, t := range tasks {
		stage := t.Stage
		rater := c.Rater(t.Rater)
		version := rater.Version()
		if t.Version != version { // replies to another one do not count
			c.Desk.Queue.Restart(t, version)
		}
		if t.Stage != stage {
			c.Desk.Queue.Return([]*queue.Task{t})
			continue
		}
		prompt, usd := rater.Request(t.Item.Case, t.Stage)
		line, err := c.Provider.Line(len(taken), &prompt)
		switch {
		case err != nil:
			c.Desk.Finish(ctx, &queue.Outcome{Task: t, Err: &judge.Error{Obstacle: judge.Rejected, Err: err}})
			continue
		case file.Len() > 0 && file.Len()+len(line) > maxBytes:
			c.Desk.Queue.Return(tasks[i:])
			return file.Bytes(), taken, true
		case !c.Purse.Reserve(usd):
			if c.Purse.Busy() { // requests cost less than what is reserved for them
				c.Desk.Queue.Return(tasks[i:])
				return file.Bytes(), taken, false
			}
			c.Desk.Finish(ctx, &queue.Outcome{Task: t, Err: &judge.Error{Obstacle: judge.SpendLimit}})
			continue
		}
		file.Write(line)
		file.WriteByte('\n')
		b.Entries = append(b.Entries, queue.Entry{
			ID: t.ID, Rater: t.Rater, Version: version, Stage: t.Stage, Reserved: usd,
		})
		taken = append(taken, t)
	}
	return file.Bytes(), taken, len(tasks) == c.Limits.Requests
}

// create asks the provider for the batch. An error leaves open whether it has it, so the next look asks by the name.
func (c *Clerk) create(ctx context.Context, b *queue.Batch) {
	id, err := c.Provider.Create(ctx, b.Name, b.File)
	if err == nil {
		b.ID = id
		c.check(c.Desk.Queue.Keep(b))
		return
	}
	if e := judge.ErrorOf(err); !e.Again && !e.Unknown { // it refused
		c.end(ctx, b, State{Status: "refused"}, e)
	}
}

// look asks how far a batch is, and takes its results when it has ended.
func (c *Clerk) look(ctx context.Context, b *queue.Batch) {
	if b.ID == "" {
		id, err := c.Provider.Find(ctx, b.Name)
		switch {
		case err != nil:
			c.tooOld(ctx, b)
			return
		case id == "":
			c.create(ctx, b)
			return
		}
		b.ID = id
		c.check(c.Desk.Queue.Keep(b))
	}
	s, err := c.Provider.Look(ctx, b.ID)
	switch {
	case err != nil && judge.ErrorOf(err).Obstacle == judge.Rejected:
		c.end(ctx, b, State{Status: "gone"}, &judge.Error{Obstacle: judge.BatchEnded, Unknown: true, Err: err})
		return
	case err != nil || !s.Ended:
		c.tooOld(ctx, b)
		return
	}
	for _, file := range s.Files {
		err := c.Provider.Replies(ctx, file, func(id int, reply judge.Reply, err error) error {
			if id >= 0 && id < len(b.Entries) {
				c.answer(ctx, b, id, &reply, err)
			}
			return ctx.Err()
		})
		if err != nil { // the next look reads it again; what has an outcome is left out
			c.tooOld(ctx, b)
			return
		}
	}
	why := s.Status
	if s.Why != "" {
		why += ", " + s.Why
	}
	c.end(ctx, b, s, &judge.Error{Obstacle: judge.BatchEnded, Again: true, Err: errors.New(why)})
}

// tooOld gives a batch up that has no end.
func (c *Clerk) tooOld(ctx context.Context, b *queue.Batch) {
	if age := c.Now().Sub(b.Created); age > maxAge {
		c.end(ctx, b, State{Status: "lost"}, &judge.Error{
			Obstacle: judge.BatchEnded, Unknown: true, Err: fmt.Errorf("no end after %v", age.Round(time.Hour)),
		})
	}
}

// end settles what a batch left without an answer, and forgets the batch.
func (c *Clerk) end(ctx context.Context, b *queue.Batch, s State, why *judge.Error) {
	for i := range b.Entries {
		c.answer(ctx, b, i, nil, why)
	}
	for i, other := range c.open {
		if other == b {
			c.open = append(c.open[:i:i], c.open[i+1:]...)
			break
		}
	}
	err := c.Desk.Queue.Release(b)
	c.check(err)
	c.Ended(s.Status)
	if err == nil { // else the next process reads the results again
		_ = c.Provider.Forget(ctx, append(s.Files, b.File)...) // it forgets them by itself some day
	}
}

// answer settles an entry that has none yet. why is set if there is no reply.
func (c *Clerk) answer(ctx context.Context, b *queue.Batch, id int, reply *judge.Reply, why error) {
	e := &b.Entries[id]
	if e.Closed {
		return
	}
	t, err := c.Desk.Queue.Answer(b, id)
	if t == nil { // it had an outcome before a restart
		e.Closed = true
		c.Purse.Settle(e.Reserved, 0)
		return
	}
	rater := c.Rater(t.Rater)
	o := &queue.Outcome{Task: t}
	switch {
	case err != nil: // the case is not known any more
		c.Purse.Settle(e.Reserved, e.Reserved)
	case why != nil && judge.ErrorOf(why).Unknown:
		c.Purse.Settle(e.Reserved, e.Reserved)
		err = why
	case why != nil:
		c.Purse.Settle(e.Reserved, 0)
		err = why
	default:
		cost := rater.ReplyCost(t.Item.Case, e.Stage, reply)
		c.Purse.Settle(e.Reserved, cost.USD)
		c.Cost(&cost)
	}
	if err == nil && e.Version != rater.Version() { // the reply is to another rubric or model
		c.Desk.Queue.Restart(t, rater.Version())
		err = &judge.Error{Obstacle: judge.BatchEnded, Again: true, Err: errors.New("the version changed")}
	}
	next := judge.Final
	switch {
	case err == nil:
		t.Replies = append(t.Replies, *reply)
		o.Result, next, err = rater.Conclude(t.Item.Case, t.Replies)
	case t.Item.Case != nil && !judge.ErrorOf(err).Again: // a cascade goes on without this judge
		replies := append(slices.Clone(t.Replies), judge.Unanswered(judge.ErrorOf(err).Obstacle))
		if _, next, _ = rater.Conclude(t.Item.Case, replies); next != judge.Final {
			t.Replies = replies
		}
	}
	if next != judge.Final {
		c.Desk.Queue.Resume(c.Lane)
		c.check(c.Desk.Queue.Advance(t, next))
		return
	}
	c.Cost(&judge.Cost{SavedUSD: o.Result.SavedUSD})
	if err != nil {
		o.Err = judge.ErrorOf(err)
	}
	c.Desk.Settle(ctx, c.Lane, o)
}

func (c *Clerk) check(err error) {
	if err != nil {
		c.Desk.Failed(err)
	}
}
