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

// Settings are the options of a Tracker.
type Settings struct {
	// MaxSessions bounds the sessions in memory. Beyond it, the session that was silent longest is dropped. A session
	// without a span for Idle is dropped too.
	MaxSessions int
	Idle        time.Duration
	// PollingTools are tools that are called repeatedly by design. Their calls are not loops.
	PollingTools []string
}

// DefaultSettings need at most 250 MB for sessions of 60 spans.
func DefaultSettings() Settings { return Settings{MaxSessions: 50_000, Idle: 30 * time.Minute} }

// minIdle rejects a number without a unit. It would be read as nanoseconds, and no session would outlive its first
// span.
const minIdle = time.Second

// Validate reports an invalid setting.
func (s *Settings) Validate() error {
	switch {
	case s.MaxSessions <= 0:
		return fmt.Errorf("max_sessions must be positive, got %d", s.MaxSessions)
	case s.Idle < minIdle:
		return fmt.Errorf("idle must be at least %v, got %v", minIdle, s.Idle)
	}
	return nil
}

// ID identifies a session: a conversation, or a trace without a conversation.
type ID string

// maxID bounds an id from the outside, in bytes. A longer id is replaced with a hash.
const maxID = 128

// IDOf returns the id of a session: the conversation, or else the trace id (16 bytes).
func IDOf(conversation string, trace [16]byte) ID {
	switch {
	case conversation == "":
		return ID(hex.EncodeToString(trace[:]))
	case len(conversation) > maxID:
		return ID(fmt.Sprintf("%s…%016x", strings.ToValidUTF8(conversation[:maxID/2], "?"), hashText(conversation)))
	}
	return ID(strings.ToValidUTF8(conversation, "?"))
}

// Observation is the state of a session after a span.
type Observation struct {
	ID       ID
	Service  string // service of the span
	New      bool   // the span is not a duplicate
	Turns    int
	Spend    float64 // US dollars
	Tokens   int64
	Models   int
	Tools    int
	Added    float64           // US dollars added by the span
	Full     bool              // the session has more spans than it can tell apart, and counts no more
	Findings []failure.Finding // loops that the session shows for the first time
}

// Usage returns the usage of the session.
func (o *Observation) Usage() Usage {
	return Usage{
		Session: o.ID, Service: o.Service, USD: o.Spend, Tokens: o.Tokens,
		ModelCalls: int64(o.Models), ToolCalls: int64(o.Tools), Full: o.Full, AddedUSD: o.Added,
	}
}

// Usage is the usage of a session so far, and what its last span added.
type Usage struct {
	Session                       ID
	Service                       string
	USD                           float64
	Tokens, ModelCalls, ToolCalls int64
	Full                          bool // the session has more spans than are counted
	AddedUSD                      float64
}

// Counts are the statistics of a tracker.
type Counts struct {
	Sessions          int    // in memory
	Evicted, TimedOut uint64 // since the start
	Duplicates        uint64 // spans that were delivered more than once
	Uncounted         uint64 // spans of sessions that are full
}

// Tracker keeps the state of sessions. It is safe for concurrent use.
type Tracker struct {
	settings Settings
	now      func() time.Time

	mu       sync.Mutex
	sessions *simplelru.LRU[ID, *tracked]
	traces   *simplelru.LRU[[16]byte, ID] // the conversation of a trace
	gone     map[ID]struct{}              // dropped since the last checkpoint, and present in a checkpoint
	changed  bool                         // the set of sessions changed since the last checkpoint
	counts   Counts
}

type tracked struct {
	state   State
	service string // service of the last span
	seen    time.Time
	dirty   bool // changed since the last checkpoint
	saved   bool // present in a checkpoint
	// joined is set if another session was merged into this one since its last span. spent is the cost of that session.
	joined bool
	spent  int64
}

// New returns a tracker. The clock measures how long sessions are idle. It is never compared with the times of spans.
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

// Name records the session of a trace, for spans that do not name one. Call it for all spans of a batch before
// observing any. Spans of the trace that arrived before, as a session of their own, move to the conversation. An
// agent's calls end before the agent, whose span often is the only one that names the conversation.
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
	step := t.settings.step(span) // hashes outside the lock
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
		fresh := s.state.shows(&step)
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

// Sweep drops sessions that have been idle for too long.
func (t *Tracker) Sweep() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for {
		id, s, ok := t.sessions.GetOldest()
		if !ok {
			return
		}
		if s.seen.After(now) { // the clock was set back: do not wait for the wrong time
			s.seen = now
		}
		if now.Sub(s.seen) < t.settings.Idle {
			return
		}
		t.sessions.Remove(id)
		t.counts.TimedOut++
	}
}

// Counts returns the current statistics.
func (t *Tracker) Counts() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts
	c.Sessions = t.sessions.Len()
	return c
}

// Usages passes the usage of each session to each, for use after a Load.
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
