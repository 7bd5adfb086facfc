// Package queue keeps what waits to be judged, on disk if it has a store. Each judgement is one record there: what a
// killed process was asking is known after a restart and is not asked again.
package queue

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/faultline-otel/faultline/internal/checkpoint"
	"github.com/faultline-otel/faultline/internal/judge"
)

// Item is a case with where it came from. Its judgements share it.
type Item struct {
	// ID is the trace id of an answer, or names a part of a session. The queue takes an id once.
	ID          string      `json:"id"`
	TraceID     string      `json:"trace_id"`
	SpanID      string      `json:"span_id"`
	Session     string      `json:"session,omitempty"`
	Service     string      `json:"service,omitempty"`
	Environment string      `json:"environment,omitempty"`
	Case        *judge.Case `json:"case"`
}

// Task is one judgement: an item and the name of a rater.
type Task struct {
	ID, Rater string
	Item      *Item // set by Take
	Accepted  time.Time
	Attempts  int // so far, of the stage

	// In batches, a cascade has a stage for each model that it asks. Replies are those of earlier stages, to this version
	// of the rater.
	Stage   int
	Replies []judge.Reply
	Version string

	due time.Time
}

// Store keeps the records of a queue.
type Store interface {
	checkpoint.Store
	Walk(each func(key string, value []byte)) error
}

// Limits bound a queue.
type Limits struct {
	Judgements int
	MaxAge     time.Duration // after which a judgement is no longer wanted
	Attempts   int           // to ask for a judgement
}

// Errors of Put.
var (
	ErrKnown = errors.New("already taken")
	ErrFull  = errors.New("the queue is full")
)

// remembered is how many ids of finished items are known, so that a trace that arrives again is not judged again.
const remembered = 1 << 14

// Queue is safe for concurrent use.
type Queue struct {
	store  Store // nil keeps all in memory
	limits Limits
	now    func() time.Time
	lane   func(rater string, stage int) string

	mu    sync.Mutex
	lanes map[string]*lane
	items map[string]*held
	done  ring
	size  int

	batches []*Batch // of an earlier process
	batched int      // judgements in batches without an outcome
}

// held is an item with unfinished judgements. item is nil if the store has it.
type held struct {
	item *Item
	open int
}

// lane is the judgements that one provider makes.
type lane struct {
	ready, later []*Task // those to try again are later
	paused       time.Time
	last         judge.Obstacle // why it was paused
	wake         chan struct{}  // closed and replaced when there may be something to take
}

// record is a judgement on disk.
type record struct {
	Accepted time.Time     `json:"accepted"`
	Attempts int           `json:"attempts,omitempty"`
	Taken    bool          `json:"taken,omitempty"`
	Stage    int           `json:"stage,omitempty"`
	Replies  []judge.Reply `json:"replies,omitempty"`
	Version  string        `json:"version,omitempty"`
}

func (t *Task) record(taken bool) []byte {
	text, err := json.Marshal(record{t.Accepted, t.Attempts, taken, t.Stage, t.Replies, t.Version})
	if err != nil {
		panic(err) // a record has no value without JSON
	}
	return text
}

// Lost is a judgement of an earlier process that cannot be made.
type Lost struct {
	Task     *Task
	Obstacle judge.Obstacle
}

// Open returns a queue with what an earlier process left in the store, which may be nil. laneOf names the provider that
// makes a stage of a rater, "" for an unknown rater. The caller must call Done for what is lost.
func Open(
	store Store, limits Limits, now func() time.Time, laneOf func(rater string, stage int) string,
) (*Queue, []Lost, error) {
	q := &Queue{
		store: store, limits: limits, now: now, lane: laneOf, lanes: map[string]*lane{}, items: map[string]*held{},
		done: newRing(),
	}
	if store == nil {
		return q, nil, nil
	}
	lost, err := q.load()
	return q, lost, err
}

// Change is a change of other keys of the store.
type Change struct {
	Set    map[string][]byte
	Remove []string
}

// Put adds the judgements of an item, and makes a change in the same batch. The error is ErrKnown, ErrFull or one of
// the store, and then neither is done.
func (q *Queue) Put(item *Item, raters []string, change Change) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.known(item.ID) {
		return ErrKnown
	}
	if q.size+len(raters) > q.limits.Judgements {
		return ErrFull
	}
	accepted := q.now()
	if q.store != nil {
		text, err := json.Marshal(item)
		if err != nil {
			return err
		}
		set := map[string][]byte{itemKey(item.ID): text}
		for _, rater := range raters {
			set[taskKey(item.ID, rater)] = (&Task{Accepted: accepted}).record(false)
		}
		maps.Copy(set, change.Set)
		if err := q.store.Write(set, change.Remove); err != nil {
			return err
		}
	}
	h := &held{open: len(raters)}
	if q.store == nil {
		h.item = item
	}
	q.items[item.ID] = h
	for _, rater := range raters {
		q.add(&Task{ID: item.ID, Rater: rater, Accepted: accepted})
	}
	return nil
}

// Known reports whether the queue has or had an item. It spares making one.
func (q *Queue) Known(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.known(id)
}

// Full reports whether the queue has no room for n judgements.
func (q *Queue) Full(n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size+n > q.limits.Judgements
}

func (q *Queue) known(id string) bool {
	_, queued := q.items[id]
	return queued || q.done.has(id)
}

// Len returns the number of unfinished judgements.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size
}

func (q *Queue) add(t *Task) {
	q.size++
	l := q.laneOf(t)
	l.ready = append(l.ready, t)
	l.notify()
}

func (q *Queue) laneOf(t *Task) *lane { return q.named(q.lane(t.Rater, t.Stage)) }

func (q *Queue) named(name string) *lane {
	l := q.lanes[name]
	if l == nil {
		l = &lane{wake: make(chan struct{})}
		q.lanes[name] = l
	}
	return l
}

func (l *lane) notify() {
	close(l.wake)
	l.wake = make(chan struct{})
}

// errs of Take besides those of the context.
var errUnreadable = &judge.Error{Obstacle: judge.Unreadable}

// Take waits for a judgement of a lane and marks it as taken. It returns a task with an *judge.Error if the task cannot
// be judged any more, and no task if the context has ended.
func (q *Queue) Take(ctx context.Context, name string) (*Task, error) {
	for {
		q.mu.Lock()
		l := q.named(name)
		t, wait := l.next(q.now())
		wake := l.wake
		last := l.last
		q.mu.Unlock()
		if t != nil {
			return t, q.open(t, last)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// idle is how long Take sleeps with nothing to do. A change ends it.
const idle = time.Hour

// next removes the task that is due, or says how long until one may be.
func (l *lane) next(now time.Time) (*Task, time.Duration) {
	if now.Before(l.paused) {
		return nil, l.paused.Sub(now)
	}
	wait := idle
	for i, t := range l.later {
		if !now.Before(t.due) {
			l.later = append(l.later[:i], l.later[i+1:]...)
			return t, 0
		}
		wait = min(wait, t.due.Sub(now))
	}
	if len(l.ready) == 0 {
		l.ready = nil // the memory of a long queue
		return nil, wait
	}
	t := l.ready[0]
	l.ready[0] = nil
	l.ready = l.ready[1:]
	return t, 0
}

// open reads the item of a task and marks the task as taken.
func (q *Queue) open(t *Task, last judge.Obstacle) error {
	if err := q.read(t); err != nil {
		return err
	}
	if err := q.aged(t, last); err != nil {
		return err
	}
	t.Attempts++
	if err := q.mark(t, true); err != nil {
		return &judge.Error{Obstacle: judge.Storage, Err: err}
	}
	return nil
}

// read sets the item of a task.
func (q *Queue) read(t *Task) error {
	q.mu.Lock()
	h := q.items[t.ID]
	q.mu.Unlock()
	if h != nil && h.item != nil {
		t.Item = h.item
		return nil
	}
	t.Item = &Item{ID: t.ID}
	if q.store == nil {
		return errUnreadable
	}
	text, err := q.store.Get(itemKey(t.ID))
	if err != nil {
		return &judge.Error{Obstacle: judge.Storage, Err: err}
	}
	if text == nil || json.Unmarshal(text, t.Item) != nil || t.Item.Case == nil {
		t.Item = &Item{ID: t.ID}
		return errUnreadable
	}
	return nil
}

// mark writes the state of a task.
func (q *Queue) mark(t *Task, taken bool) error {
	if q.store == nil {
		return nil
	}
	return q.store.Write(map[string][]byte{taskKey(t.ID, t.Rater): t.record(taken)}, nil)
}

// Again puts a taken judgement back, to be taken after a time.
func (q *Queue) Again(t *Task, after time.Duration) error {
	err := q.mark(t, false)
	q.mu.Lock()
	defer q.mu.Unlock()
	t.due, t.Item = q.now().Add(after), nil
	l := q.laneOf(t)
	l.later = append(l.later, t)
	l.notify()
	return err
}

// Pause stops a lane for a time, because its provider cannot work or wants fewer requests.
func (q *Queue) Pause(name string, d time.Duration, why judge.Obstacle) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.named(name)
	l.last = why
	if until := q.now().Add(d); until.After(l.paused) {
		l.paused = until
	}
}

// Resume ends the pause of a lane whose provider works.
func (q *Queue) Resume(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.named(name); l.last != "" {
		l.last, l.paused = "", time.Time{}
		l.notify()
	}
}

// Done forgets a judgement. The last one of an item removes the item.
func (q *Queue) Done(t *Task) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.size--
	h := q.items[t.ID]
	last := h == nil || h.open <= 1
	set, remove := map[string][]byte{}, []string{taskKey(t.ID, t.Rater)}
	if last {
		delete(q.items, t.ID)
		remove = append(remove, itemKey(t.ID))
		slot := q.done.add(t.ID)
		set[doneKey(slot)] = []byte(t.ID)
	} else {
		h.open--
	}
	if q.store == nil {
		return nil
	}
	return q.store.Write(set, remove)
}

// Drain removes all judgements that wait, for a queue without a store whose process ends.
func (q *Queue) Drain() []*Task {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []*Task
	for _, l := range q.lanes {
		all = append(append(all, l.ready...), l.later...)
		l.ready, l.later = nil, nil
	}
	for _, t := range all {
		if h := q.items[t.ID]; h != nil {
			t.Item = h.item
		}
	}
	return all
}

// Durable reports whether the queue outlives the process.
func (q *Queue) Durable() bool { return q.store != nil }
