// Package webhook sends the newest state of each of many subjects to a receiver. A subject that the receiver refuses or
// cannot take does not hold up the others. Messages that wait, and the states that were delivered, survive a restart.
package webhook

import (
	"cmp"
	"container/list"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/faultline-otel/faultline/internal/checkpoint"
)

// Settings of an Outbox. The functions may be nil.
type Settings struct {
	URL, Secret string
	// Deliver makes one attempt, where that is more than one request to the URL. reference is the last one of a Result
	// for the subject. retried is true where an earlier attempt may have been taken, though no answer came.
	Deliver func(ctx context.Context, client *http.Client, m Message, reference string, retried bool) Result
	// MaxWaiting bounds the subjects that wait. Beyond it, the one that has waited longest is dropped.
	MaxWaiting int
	// MaxSubjects bounds the subjects that are remembered.
	MaxSubjects int
	// Store keeps the outbox across restarts. nil keeps it in memory.
	Store checkpoint.Store
	// Parts is the number of values of the store: a change rewrites one, and a start reads all. It may grow from one
	// start to the next, and must not shrink. 0 is 256.
	Parts uint32
	// Pause is the first pause after a failed attempt; each further one doubles it. 0 is half a second.
	Pause time.Duration

	Sent    func()
	Failed  func(m Message, code int) // the receiver refused it for good
	Dropped func(m Message)
	Trouble func(err error) // the store could not be written
}

// Message is the state of a subject at one time.
type Message struct {
	Subject string `json:"subject"`
	// State identifies the content. A subject that returns to the state that the receiver knows is no news.
	State string          `json:"state"`
	Body  json.RawMessage `json:"body"`
	// Key is the same for every attempt and after a restart. It counts how often the subject entered the state.
	Key string `json:"key"`
}

// subject is what the outbox knows of one subject.
type subject struct {
	Told      string           `json:"told,omitempty"` // the last state that the receiver took or refused
	Entered   map[string]int64 `json:"entered"`        // how often, by state
	Waiting   *Message         `json:"waiting,omitempty"`
	Reference string           `json:"reference,omitempty"` // of the receiver

	id       string
	attempts int
	due      time.Time
	sending  bool
	tried    bool   // the receiver may know a state that is not Told
	retried  bool   // tried, before the attempt that is on its way
	changed  uint64 // order of the last change

	in     *list.List // of order, which sets this and the fields below
	place  *list.Element
	queued bool // in order.due
	index  int
}

// Outbox holds the messages of one receiver. It is safe for concurrent use.
type Outbox struct {
	settings Settings
	wake     chan struct{} // something changed

	mu       sync.Mutex
	subjects map[string]*subject
	parts    map[uint32]map[string]*subject // the same, as the store has them: by id in hex
	order    order
	changes  uint64
	dirty    map[uint32]bool // parts that the store does not have

	writing sync.Mutex // held while the store is written, so that an older part never follows a newer one
}

// defaultParts is few enough to read each with a query at the start.
const defaultParts = 256

// New returns an outbox with what an earlier one left in the store. It discards parts that cannot be read, and returns
// an error that names them.
func New(s Settings) (*Outbox, error) {
	s.Pause, s.Parts = cmp.Or(s.Pause, defaultPause), cmp.Or(s.Parts, defaultParts)
	o := &Outbox{
		settings: s, wake: make(chan struct{}, 1), subjects: map[string]*subject{},
		parts: map[uint32]map[string]*subject{}, order: newOrder(), dirty: map[uint32]bool{},
	}
	if s.Store == nil {
		return o, nil
	}
	var errs []error
	for part := range s.Parts {
		data, err := s.Store.Get(keyOf(part))
		if err == nil && data != nil {
			err = o.restore(part, data)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("read webhooks: %w", err))
		}
	}
	return o, errors.Join(errs...)
}

func (o *Outbox) restore(part uint32, data []byte) error {
	var list map[string]*subject
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	for text, s := range list {
		id, err := hex.DecodeString(text)
		if s == nil || err != nil {
			continue
		}
		s.id = string(id)
		if s.Entered == nil {
			s.Entered = map[string]int64{}
		}
		s.tried = s.Waiting != nil
		o.add(s)
		if own := o.partOf(s.id); own != part { // it was written with another number of parts
			o.dirty[part], o.dirty[own] = true, true
		}
	}
	return nil
}

func (o *Outbox) add(s *subject) {
	o.subjects[s.id] = s
	part := o.partOf(s.id)
	if o.parts[part] == nil {
		o.parts[part] = map[string]*subject{}
	}
	o.parts[part][hex.EncodeToString([]byte(s.id))] = s
	o.order.update(s)
}

func keyOf(part uint32) string { return "webhooks/" + strconv.Itoa(int(part)) }

func (o *Outbox) partOf(id string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // it never fails
	return h.Sum32() % o.settings.Parts
}

// Tell queues the newest state of a subject, in place of a state that still waits. It does nothing if the receiver
// knows the state already.
func (o *Outbox) Tell(id, state string, body json.RawMessage) {
	o.mu.Lock()
	s, known := o.subjects[id]
	if !known {
		o.forget()
		s = &subject{id: id, Entered: map[string]int64{}}
		o.add(s)
	}
	if s.Waiting != nil && s.Waiting.State == state || s.Waiting == nil && s.Told == state && !s.tried {
		o.mu.Unlock()
		return
	}
	o.changes++
	s.changed = o.changes
	o.dirty[o.partOf(id)] = true
	if s.Told == state && !s.tried { // back to what the receiver knows
		s.Waiting = nil
		o.order.changed(s)
		o.mu.Unlock()
		o.changedNow()
		return
	}
	s.Entered[state]++
	s.Waiting = &Message{
		Subject: id, State: state, Body: body,
		Key: hex.EncodeToString([]byte(id)) + "/" + state + "/" + strconv.FormatInt(s.Entered[state], 10),
	}
	s.attempts, s.due = 0, time.Now()
	o.order.changed(s)
	dropped := o.drop()
	o.mu.Unlock()
	if dropped != nil && o.settings.Dropped != nil {
		o.settings.Dropped(*dropped)
	}
	o.changedNow()
}

func (o *Outbox) changedNow() {
	select {
	case o.wake <- struct{}{}:
	default: // it is awake
	}
}

// drop removes the message that has waited longest if too many wait.
func (o *Outbox) drop() *Message {
	if o.order.waiting.Len() <= o.settings.MaxWaiting {
		return nil
	}
	s := first(o.order.waiting)
	if s == nil {
		return nil
	}
	m := s.Waiting
	s.Waiting = nil
	o.order.update(s)
	o.dirty[o.partOf(s.id)] = true
	return m
}

// forget makes room for a subject.
func (o *Outbox) forget() {
	if len(o.subjects) < o.settings.MaxSubjects {
		return
	}
	if s := first(o.order.resting); s != nil {
		part := o.partOf(s.id)
		o.order.remove(s)
		delete(o.subjects, s.id)
		delete(o.parts[part], hex.EncodeToString([]byte(s.id)))
		if len(o.parts[part]) == 0 {
			delete(o.parts, part)
		}
		o.dirty[part] = true
	}
}

// Waiting returns how many messages wait.
func (o *Outbox) Waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.order.waiting.Len()
}

// save writes the changed parts to the store. If that fails, it writes them with the next change.
func (o *Outbox) save() {
	if o.settings.Store == nil {
		return
	}
	o.writing.Lock()
	defer o.writing.Unlock()
	o.mu.Lock()
	changed := o.dirty
	if len(changed) == 0 {
		o.mu.Unlock()
		return
	}
	o.dirty = map[uint32]bool{}
	set, remove := map[string][]byte{}, []string(nil)
	for part := range changed {
		data, err := json.Marshal(o.parts[part]) // under the lock, which guards the subjects
		if len(o.parts[part]) == 0 || err != nil {
			remove = append(remove, keyOf(part))
			continue
		}
		set[keyOf(part)] = data
	}
	o.mu.Unlock()
	slices.Sort(remove)
	if err := o.settings.Store.Write(set, remove); err != nil {
		o.mu.Lock()
		for part := range changed {
			o.dirty[part] = true
		}
		o.mu.Unlock()
		if o.settings.Trouble != nil {
			o.settings.Trouble(fmt.Errorf("write webhooks: %w", err))
		}
	}
}
