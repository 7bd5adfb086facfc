package session

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/faultline-otel/faultline/internal/failure"
)

// Settings are the choices of a Tracker.
type Settings struct {
	// MaxSessions bounds the sessions in memory: the one that was silent longest makes room. Idle is after how long without a
	// span a session is forgotten.
	MaxSessions int
	Idle        time.Duration
	// PollingTools are tools that are asked again and again by design: their calls are no loops.
	PollingTools []string
}

// DefaultSettings hold at most 250 MB, where sessions have 60 spans.
func DefaultSettings() Settings { return Settings{MaxSessions: 50_000, Idle: 30 * time.Minute} }

// minIdle refuses a number without a unit, which is read as nanoseconds: no session would outlive its first span.
const minIdle = time.Second

// Validate names each setting that cannot be.
func (s *Settings) Validate() error {
	switch {
	case s.MaxSessions <= 0:
		return fmt.Errorf("max_sessions must be positive, got %d", s.MaxSessions)
	case s.Idle < minIdle:
		return fmt.Errorf("idle must be at least %v, got %v", minIdle, s.Idle)
	}
	return nil
}

// ID names a session: a conversation, or a trace where none is named.
type ID string

// maxID bounds an id that came from outside, in bytes. Of a longer one a hash is kept.
const maxID = 128

// IDOf makes the id of a session from what a span says: the conversation, else the trace (16 bytes).
func IDOf(conversation string, trace [16]byte) ID {
	switch {
	case conversation == "":
		return ID(hex.EncodeToString(trace[:]))
	case len(conversation) > maxID:
		return ID(fmt.Sprintf("%s…%016x", strings.ToValidUTF8(conversation[:maxID/2], "?"), hashText(conversation)))
	}
	return ID(strings.ToValidUTF8(conversation, "?"))
}

// Observation is what a span showed of its session.
type Observation struct {
	ID       ID
	Service  string // of the span
	New      bool   // the span was not seen before
	Turns    int
	Spend    float64 // US dollars
	Tokens   int64
	Models   int
	Tools    int
	Added    float64           // US dollars that the span added
	Full     bool              // the session has more spans than are told apart: nothing is counted any more
	Findings []failure.Finding // what the session shows for the first time
}

// Usage is what the session has used up.
func (o *Observation) Usage() Usage {
	return Usage{
		Session: o.ID, Service: o.Service, USD: o.Spend, Tokens: o.Tokens,
		ModelCalls: int64(o.Models), ToolCalls: int64(o.Tools), Full: o.Full, AddedUSD: o.Added,
	}
}

// Usage is what a session has used up so far, and what its last span added to it.
type Usage struct {
	Session                       ID
	Service                       string
	USD                           float64
	Tokens, ModelCalls, ToolCalls int64
	Full                          bool // the session has more spans than are counted
	AddedUSD                      float64
}

// Counts are what a tracker counts.
type Counts struct {
	Sessions          int    // in memory
	Evicted, TimedOut uint64 // so far
	Duplicates        uint64 // spans that were delivered again
	Uncounted         uint64 // spans of sessions that are full
}

// Tracker keeps the state of sessions. It is safe for concurrent use.
type Tracker struct {
	settings Settings
	now      func() time.Time

	mu       sync.Mutex
	sessions *simplelru.LRU[ID, *tracked]
	traces   *simplelru.LRU[[16]byte, ID] // which conversation a trace belongs to
	gone     map[ID]struct{}              // since the last checkpoint, of sessions that were part of one
	changed  bool                         // which sessions there are, since the last checkpoint
	counts   Counts
}

type tracked struct {
	state   State
	service string // of the last span
	seen    time.Time
	dirty   bool // since the last checkpoint
	saved   bool // in one
	// joined says that another session turned out to be part of this one since its last span, and what that had spent.
	joined bool
	spent  int64
}

// New makes a tracker. The clock tells how long sessions are idle; spans' own times are never compared with it.
func New(settings Settings, now func() time.Time) (*Tracker, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	t := &Tracker{settings: settings, now: now, gone: map[ID]struct{}{}}
	var err error
	forget := func(id ID, s *tracked) {
		t.changed = true
		if s.saved {
			t.gone[id] = struct{}{}
		}
	}
	if t.sessions, err = simplelru.NewLRU(settings.MaxSessions, forget); err != nil {
		return nil, err
	}
	t.traces, err = simplelru.NewLRU[[16]byte, ID](settings.MaxSessions, nil)
	return t, err
}

// Name tells which session the spans of a trace belong to that name none themselves. It is to be called with all spans of a
// batch before any is observed. Those that came before, and were taken for a session of their own, are moved there: an agent's calls end
// before the agent, which often is the only one to name the conversation.
func (t *Tracker) Name(trace [16]byte, conversation string) {
	if conversation == "" || trace == ([16]byte{}) { // spans without a trace have nothing in common
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if known, ok := t.traces.Get(trace); ok && string(known) == conversation {
		return
	}
	id, unnamed := IDOf(conversation, trace), IDOf("", trace)
	t.traces.Add(trace, id)
	part, ok := t.sessions.Peek(unnamed)
	if !ok || id == unnamed {
		return
	}
	t.sessions.Remove(unnamed)
	s := t.get(id)
	s.state.join(&part.state)
	s.joined, s.spent, s.dirty = true, s.spent+part.state.Micros+part.spent, true
	s.service = cmp.Or(s.service, part.service)
}

// Observe adds a span to its session.
func (t *Tracker) Observe(span *Span) Observation {
	step := t.settings.step(span) // hashes, outside of the lock
	t.mu.Lock()
	defer t.mu.Unlock()
	id := t.idOf(span)
	s := t.get(id)
	full := s.state.Full()
	o := Observation{ID: id, Service: span.Service, New: s.state.Add(&step)}
	switch {
	case full:
		t.counts.Uncounted++
	case !o.New:
		t.counts.Duplicates++
	default:
		s.dirty, s.service = true, span.Service
		o.Added = float64(step.Micros+s.spent) / 1e6
		fresh := s.state.shows(step.Kind)
		if s.joined {
			fresh |= s.state.Flags()
		}
		s.joined, s.spent = false, 0
		fresh &^= s.state.latched
		s.state.latched |= fresh
		o.Findings = fresh.findings(span.Tool)
	}
	o.Turns, o.Spend, o.Full = s.state.Turns(), float64(s.state.Micros)/1e6, s.state.Full()
	o.Tokens = s.state.Tokens
	o.Models, o.Tools = int(s.state.ModelCalls), int(s.state.ToolCalls)
	return o
}

func (t *Tracker) idOf(span *Span) ID {
	if span.Conversation != "" {
		return IDOf(span.Conversation, span.Trace)
	}
	if id, ok := t.traces.Get(span.Trace); ok {
		return id
	}
	return IDOf("", span.Trace)
}

func (t *Tracker) get(id ID) *tracked {
	now := t.now()
	s, ok := t.sessions.Get(id)
	if !ok {
		s = &tracked{}
		t.changed = true
		if t.sessions.Add(id, s) {
			t.counts.Evicted++
		}
	}
	s.seen = now
	return s
}

// Sweep forgets sessions that have been idle for too long.
func (t *Tracker) Sweep() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for {
		id, s, ok := t.sessions.GetOldest()
		if !ok {
			return
		}
		if s.seen.After(now) { // the clock was set back: nobody waits for a wrong one
			s.seen = now
		}
		if now.Sub(s.seen) < t.settings.Idle {
			return
		}
		t.sessions.Remove(id)
		t.counts.TimedOut++
	}
}

// Counts are those of now.
func (t *Tracker) Counts() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts
	c.Sessions = t.sessions.Len()
	return c
}

// Usages gives what each session has used up, after a Load.
func (t *Tracker) Usages(each func(Usage)) {
	t.mu.Lock()
	var list []Usage
	for _, id := range t.sessions.Keys() {
		s, _ := t.sessions.Peek(id)
		list = append(list, Usage{
			Session: id, Service: s.service, USD: float64(s.state.Micros) / 1e6, Tokens: s.state.Tokens,
			ModelCalls: int64(s.state.ModelCalls), ToolCalls: int64(s.state.ToolCalls), Full: s.state.Full(),
		})
	}
	t.mu.Unlock()
	for _, u := range list {
		each(u)
	}
}
