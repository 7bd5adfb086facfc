package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/judge"
)

// batchPrefix begins the keys of batches in the store.
const batchPrefix = "batch/"

// Batch is judgements that a provider was asked for together. It is on disk before the provider knows of it, so a
// process that is killed in between finds it there, and the next one asks the provider by the name.
type Batch struct {
	Name    string    `json:"name"` // of our own making, unique
	Lane    string    `json:"lane"` // of the provider
	File    string    `json:"file"` // with the requests, at the provider
	ID      string    `json:"id,omitempty"`
	Created time.Time `json:"created"`
	Entries []Entry   `json:"entries"` // in the order of the requests
}

// Entry is a judgement in a batch.
type Entry struct {
	ID       string  `json:"id"`
	Rater    string  `json:"rater"`
	Version  string  `json:"version"` // of the rater that was asked
	Stage    int     `json:"stage,omitempty"`
	Reserved float64 `json:"reserved"` // US dollars
	Closed   bool    `json:"-"`        // it has an outcome, or went on to another stage

	task *Task
}

// Gather takes up to n judgements of a lane that are due, without waiting for any and without marking them on disk: a
// kill leaves them where they were. lost are those that cannot be judged any more.
func (q *Queue) Gather(name string, n int) (tasks []*Task, lost []*Outcome) {
	for len(tasks) < n {
		q.mu.Lock()
		l := q.named(name)
		t, _ := l.next(q.now())
		last := l.last
		q.mu.Unlock()
		if t == nil {
			break
		}
		err := q.read(t)
		if err == nil {
			err = q.aged(t, last)
		}
		if err != nil {
			lost = append(lost, &Outcome{Task: t, Err: judge.ErrorOf(err)})
			continue
		}
		tasks = append(tasks, t)
	}
	return tasks, lost
}

// Return puts back judgements that were gathered and not asked for.
func (q *Queue) Return(tasks []*Task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, t := range slices.Backward(tasks) {
		t.Item = nil
		l := q.laneOf(t)
		l.ready = append([]*Task{t}, l.ready...)
	}
}

// Hold makes gathered judgements entries of a batch, on disk if the queue has one.
func (q *Queue) Hold(b *Batch, tasks []*Task) error {
	for i, t := range tasks {
		t.Attempts++
		b.Entries[i].task = t
	}
	if err := q.Keep(b); err != nil {
		return err
	}
	for _, t := range tasks {
		t.Item = nil // the store has it
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.batched += len(tasks)
	return nil
}

// Keep writes what became known of a batch.
func (q *Queue) Keep(b *Batch) error {
	text, err := json.Marshal(b)
	if err != nil || q.store == nil {
		return err
	}
	set := map[string][]byte{batchPrefix + b.Name: text}
	for i := range b.Entries {
		if e := &b.Entries[i]; !e.Closed && e.task != nil {
			set[taskKey(e.ID, e.Rater)] = e.task.record(false)
		}
	}
	return q.store.Write(set, nil)
}

// Answer takes an entry out of its batch, with its item. As for any judgement that is on its way, a kill before Done
// tells it as interrupted. The task is nil if the entry has an outcome already. A batch takes up to a day, so the age
// of what it leaves begins anew.
func (q *Queue) Answer(b *Batch, entry int) (*Task, error) {
	e := &b.Entries[entry]
	t := e.task
	if e.Closed || t == nil {
		return nil, nil
	}
	e.Closed = true
	t.Accepted = q.now()
	q.mu.Lock()
	q.batched--
	q.mu.Unlock()
	if err := q.read(t); err != nil {
		return t, err
	}
	if err := q.mark(t, true); err != nil {
		return t, &judge.Error{Obstacle: judge.Storage, Err: err}
	}
	return t, nil
}

// Release forgets a batch whose entries all have an outcome.
func (q *Queue) Release(b *Batch) error {
	q.mu.Lock()
	q.batches = slices.DeleteFunc(q.batches, func(of *Batch) bool { return of.Name == b.Name })
	q.mu.Unlock()
	if q.store == nil {
		return nil
	}
	return q.store.Write(nil, []string{batchPrefix + b.Name})
}

// Advance puts a judgement that Answer took back into the queue, for the next stage.
func (q *Queue) Advance(t *Task, stage int) error {
	t.Stage, t.Attempts = stage, 0
	return q.Again(t, 0)
}

// Restart makes a judgement begin with the first stage, for a version of its rater.
func (q *Queue) Restart(t *Task, version string) {
	t.Stage, t.Replies, t.Version = 0, nil, version
}

// Batches returns the batches of a lane that an earlier process left.
func (q *Queue) Batches(lane string) (batches []*Batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, b := range q.batches {
		if b.Lane == lane {
			batches = append(batches, b)
		}
	}
	return batches
}

// Disband forgets the batches of lanes that have none any more. Their judgements wait again.
func (q *Queue) Disband(keeps func(lane string) bool) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	var remove []string
	q.batches = slices.DeleteFunc(q.batches, func(b *Batch) bool {
		if keeps(b.Lane) {
			return false
		}
		for i := range b.Entries {
			if t := b.Entries[i].task; t != nil {
				q.batched--
				q.size-- // add counts it
				q.add(t)
			}
		}
		remove = append(remove, batchPrefix+b.Name)
		return true
	})
	if len(remove) == 0 {
		return nil
	}
	return q.store.Write(nil, remove)
}

// InBatches is how many judgements are in batches.
func (q *Queue) InBatches() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.batched
}

// loadBatch reads a batch of an earlier process.
func (q *Queue) loadBatch(key string, value []byte) bool {
	b := &Batch{}
	if json.Unmarshal(value, b) != nil || b.Name == "" || key != batchPrefix+b.Name {
		return false
	}
	q.batches = append(q.batches, b)
	return true
}

// heldBy returns the entry of a judgement in the batches of an earlier process, nil without one.
func (q *Queue) heldBy(t *Task) *Entry {
	for _, b := range q.batches {
		for i := range b.Entries {
			if e := &b.Entries[i]; e.ID == t.ID && e.Rater == t.Rater && e.Stage == t.Stage {
				return e
			}
		}
	}
	return nil
}

// aged reports a judgement that waited too long.
func (q *Queue) aged(t *Task, last judge.Obstacle) error {
	age := q.now().Sub(t.Accepted)
	if age <= q.limits.MaxAge {
		return nil
	}
	if last == "" {
		last = judge.Timeout
	}
	return &judge.Error{Obstacle: last, Err: fmt.Errorf("it waited for %v", age.Round(time.Second))}
}

// isBatch reports whether a key is that of a batch.
func isBatch(key string) bool { return strings.HasPrefix(key, batchPrefix) }

// Paused is how long a lane is paused still.
func (q *Queue) Paused(name string) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(q.named(name).paused.Sub(q.now()), 0)
}

// Wait waits for a time, or until the context ends.
func Wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
