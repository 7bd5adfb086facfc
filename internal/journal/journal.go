// Package journal keeps failing spans on disk from the moment they are accepted until they have been delivered. It
// holds only ids, sizes and keys in memory. What a span is, and how it is written, is up to the caller.
package journal

import (
	"container/list"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/faultline-otel/faultline/internal/checkpoint"
)

// Span identifies a span.
type Span struct {
	Trace [16]byte
	ID    [8]byte
}

// Store keeps the entries of a journal.
type Store interface {
	checkpoint.Store

	// Walk calls each for every key and value. The value is valid during the call.
	Walk(each func(key string, value []byte)) error
}

// Limits bounds a journal.
type Limits struct {
	Spans int   // that are not delivered
	Bytes int64 // of their entries

	// ResendAfter is how long an entry waits for its delivery.
	ResendAfter time.Duration
}

// Draft is a new entry: spans of one trace.
type Draft struct {
	Spans []Span
	Value []byte
}

// Entry is an entry on disk.
type Entry struct {
	Spans []Span

	key     string
	bytes   int64
	waiting int // spans that are not delivered
	due     time.Time
	place   *list.Element // in Journal.entries
}

// State says what the journal knows of a span.
type State uint8

// The states of a span.
const (
	Unknown   State = iota
	Waiting         // on disk, and not delivered
	Delivered       // delivered, or about to be
)

// remembered is how many delivered spans and how many companions a journal remembers at least.
const remembered = 100_000

// ErrFull is returned by Append if an entry would exceed the limits.
var ErrFull = errors.New("the journal is full")

// Journal is a set of entries. All methods may be called at the same time.
type Journal struct {
	store  Store
	limits Limits
	now    func() time.Time
	wake   chan struct{}

	mu         sync.Mutex
	waiting    map[Span]*Entry // guarded by mu, as is all that follows
	entries    *list.List      // of *Entry, the first one is due first
	bytes      int64
	sequence   uint64
	removed    []string // keys of delivered entries that are still on disk
	delivered  recent[Span]
	companions recent[Span]
}

// Open opens the journal in a store. It asks decode for the spans of each entry. Entries that cannot be decoded are
// removed, and their number is returned.
func Open(
	store Store, limits Limits, now func() time.Time, decode func([]byte) ([]Span, error),
) (*Journal, int, error) {
	j := &Journal{
		store: store, limits: limits, now: now, wake: make(chan struct{}, 1),
		waiting: map[Span]*Entry{}, entries: list.New(),
		delivered: newRecent[Span](remembered), companions: newRecent[Span](remembered),
	}
	unreadable := 0
	var found []*Entry
	err := store.Walk(func(key string, value []byte) {
		spans, err := decode(value)
		if err != nil {
			unreadable++
			j.removed = append(j.removed, key)
			return
		}
		found = append(found, &Entry{key: key, Spans: spans, bytes: int64(len(value))})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read the journal: %w", err)
	}
	slices.SortFunc(found, func(a, b *Entry) int { return compareKeys(a.key, b.key) })
	for _, e := range found {
		if !j.add(e) {
			j.removed = append(j.removed, e.key)
		}
		if n, err := strconv.ParseUint(sequenceOf(e.key), 16, 64); err == nil {
			j.sequence = max(j.sequence, n)
		}
	}
	return j, unreadable, j.Clean()
}

// add puts an entry at the end of the queue. Spans of other entries stay with those. It reports false if none is left.
func (j *Journal) add(e *Entry) bool {
	for _, span := range e.Spans {
		if _, twice := j.waiting[span]; !twice {
			j.waiting[span] = e
			e.waiting++
		}
	}
	if e.waiting == 0 {
		return false
	}
	j.bytes += e.bytes
	e.due = j.now().Add(j.limits.ResendAfter)
	e.place = j.entries.PushBack(e)
	return true
}

// Size returns the number of spans that wait, and the bytes of their entries.
func (j *Journal) Size() (spans int, bytes int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.waiting), j.bytes
}

// State returns what is known of a span.
func (j *Journal) State(span Span) State {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, ok := j.waiting[span]; ok {
		return Waiting
	}
	if j.delivered.has(span) {
		return Delivered
	}
	return Unknown
}

// Accompanied remembers spans that arrived with failing spans of their trace, and reports for each whether it was
// remembered before.
func (j *Journal) Accompanied(spans []Span) []bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	known := make([]bool, len(spans))
	for i, span := range spans {
		known[i] = j.companions.has(span)
		j.companions.add(span)
	}
	return known
}

// Append writes entries, except those whose spans all wait already. After an error, the store has none of them.
func (j *Journal) Append(drafts []Draft) error {
	set, entries, err := j.reserve(drafts)
	if err != nil {
		return err
	}
	if err := j.store.Write(set, nil); err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		for _, e := range entries {
			j.forget(e)
		}
		return err
	}
	return nil
}

func (j *Journal) reserve(drafts []Draft) (map[string][]byte, []*Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	spans, bytes := len(j.waiting), j.bytes
	for _, d := range drafts {
		spans, bytes = spans+len(d.Spans), bytes+int64(len(d.Value))
	}
	if spans > j.limits.Spans || bytes > j.limits.Bytes {
		return nil, nil, ErrFull
	}
	set := make(map[string][]byte, len(drafts))
	entries := make([]*Entry, 0, len(drafts))
	for _, d := range drafts {
		j.sequence++
		e := &Entry{key: keyOf(d.Spans[0].Trace, j.sequence), Spans: d.Spans, bytes: int64(len(d.Value))}
		if j.add(e) {
			set[e.key] = d.Value
			entries = append(entries, e)
		}
	}
	return set, entries, nil
}

// forget removes an entry from memory.
func (j *Journal) forget(e *Entry) {
	if e.place == nil {
		return
	}
	for _, span := range e.Spans {
		if j.waiting[span] == e {
			delete(j.waiting, span)
		}
	}
	j.bytes -= e.bytes
	j.entries.Remove(e.place)
	e.place = nil
}

// Delivery is a set of spans on their way out.
type Delivery struct {
	Spans    []Span
	Repeated []Span // of those asked for: delivered before

	journal *Journal
	entries []*Entry // by span
}

// Deliver takes the spans that wait. Until the delivery ends, with Done or Failed, other deliveries do not get them.
// A span that is listed twice is one span.
func (j *Journal) Deliver(spans []Span) *Delivery {
	d := &Delivery{journal: j}
	listed := make(map[Span]bool, len(spans))
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, span := range spans {
		if listed[span] {
			continue
		}
		listed[span] = true
		e, ok := j.waiting[span]
		if !ok {
			if j.delivered.has(span) {
				d.Repeated = append(d.Repeated, span)
			}
			continue
		}
		delete(j.waiting, span)
		j.delivered.add(span)
		d.Spans, d.entries = append(d.Spans, span), append(d.entries, e)
	}
	return d
}

// Done ends a delivery that succeeded. Clean removes from the store the entries of which no span is left.
func (d *Delivery) Done() {
	j := d.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range d.entries {
		if e.waiting--; e.waiting == 0 {
			j.forget(e)
			j.removed = append(j.removed, e.key)
		}
	}
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// Failed ends a delivery that failed. The spans wait again, for as long as new ones, unless their entry was discarded
// meanwhile.
func (d *Delivery) Failed() {
	j := d.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, e := range d.entries {
		j.delivered.remove(d.Spans[i])
		if e.place == nil {
			continue
		}
		j.waiting[d.Spans[i]] = e
		e.due = j.now().Add(j.limits.ResendAfter)
		j.entries.MoveToBack(e.place)
	}
}

// Delivered receives a value when there are entries for Clean to remove.
func (j *Journal) Delivered() <-chan struct{} { return j.wake }

// Clean removes delivered entries from the store. Between Done and Clean, a crash makes them be sent again.
func (j *Journal) Clean() error {
	j.mu.Lock()
	removed := j.removed
	j.removed = nil
	j.mu.Unlock()
	if len(removed) == 0 {
		return nil
	}
	if err := j.store.Write(nil, removed); err != nil {
		j.mu.Lock()
		j.removed = append(j.removed, removed...)
		j.mu.Unlock()
		return fmt.Errorf("remove delivered spans from the journal: %w", err)
	}
	return nil
}

// Entries returns all entries, the oldest first.
func (j *Journal) Entries() []*Entry { return j.take(-1, time.Time{}) }

// Overdue returns at most n entries that waited too long. Those of which every span is on its way out are left out: a
// delivery that hangs must not hold up the entries behind it.
func (j *Journal) Overdue(n int) []*Entry { return j.take(n, j.now()) }

func (j *Journal) take(n int, due time.Time) []*Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	var entries []*Entry
	for at := j.entries.Front(); at != nil && len(entries) != n; at = at.Next() {
		e := at.Value.(*Entry)
		if !due.IsZero() {
			if e.due.After(due) {
				break
			}
			if !slices.ContainsFunc(e.Spans, func(span Span) bool { return j.waiting[span] == e }) {
				continue
			}
		}
		entries = append(entries, e)
	}
	return entries
}

// Value reads an entry from the store. It is nil if the entry is not there.
func (j *Journal) Value(e *Entry) ([]byte, error) { return j.store.Get(e.key) }

// Discard gives an entry up, for example because the store has lost its value.
func (j *Journal) Discard(e *Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.forget(e)
	j.removed = append(j.removed, e.key)
}
