package llmjudgeconnector

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/queue"
	"github.com/faultline-otel/faultline/internal/pipeline"
)

// sessions holds the sessions that have not ended. With a store, those that are to be judged outlive the process.
type sessions struct {
	config SessionsConfig
	picks  func(*session) (probability float64, ok bool)
	store  queue.Store // nil keeps all in memory

	disk sync.Mutex // held over a look at the open sessions and the write that follows from it
	mu   sync.Mutex
	open map[string]*session
}

// session is what was seen of a session.
type session struct {
	ID           []byte              `json:"id"`    // may hold any bytes
	Trace        string              `json:"trace"` // of the last call
	Span         string              `json:"span"`
	Service      string              `json:"service,omitempty"`
	Environment  string              `json:"environment,omitempty"`
	Failed       bool                `json:"failed,omitempty"`
	Suspected    bool                `json:"suspected,omitempty"`
	Certain      bool                `json:"certain,omitempty"` // a trace of it was kept for certain
	Suspects     []string            `json:"suspects,omitempty"`
	Turns        int                 `json:"turns"`
	Judged       int                 `json:"judged,omitempty"` // turns that were judged already
	Seen         time.Time           `json:"seen"`
	Conversation *judge.Conversation `json:"conversation"`

	stored  bool      // the store has a state of it
	changed time.Time // since the store has its newest state, zero if it has it
	ended   bool
}

func newSessions(
	config SessionsConfig, store queue.Store, picks func(*session) (float64, bool),
) *sessions {
	return &sessions{config: config, picks: picks, store: store, open: map[string]*session{}}
}

// queueID names the session up to its last turn. Names of sessions may have any bytes.
func (s *session) queueID() string {
	return "session-" + s.hash() + "-" + strconv.Itoa(s.Turns)
}

func (s *session) hash() string { return strconv.FormatUint(xxhash.Sum64(s.ID), 16) }

func (s *session) stratum() string { return judge.StratumOf(s.Failed, s.Suspected) }

// add adds a call to its session, and returns the sessions that are to be judged now.
func (s *sessions) add(t *pipeline.Answered, call *genai.Call, now time.Time) (due []*session) {
	s.mu.Lock()
	of := s.open[t.Session]
	if of == nil {
		if len(s.open) >= s.config.Max {
			due = append(due, s.end(s.longestSilent()))
		}
		of = &session{ID: []byte(t.Session), Conversation: &judge.Conversation{}}
		s.open[t.Session] = of
	}
	of.Trace, of.Span, of.Service, of.Environment = t.TraceID.String(), t.SpanID.String(), t.Service, t.Environment
	of.Failed, of.Suspected = of.Failed || t.Failed, of.Suspected || t.Suspected
	of.Certain = of.Certain || t.Kept == 1
	for _, scorer := range t.Suspects {
		if len(of.Suspects) < 16 {
			of.Suspects = append(of.Suspects, scorer)
		}
	}
	of.Conversation.Add(call)
	of.Turns, of.Seen = max(of.Turns, int(t.Turns), of.Conversation.Turns()), now
	if of.changed.IsZero() {
		of.changed = now
	}
	if n := s.config.EveryTurns; n > 0 && of.Turns-of.Judged >= n {
		of.Judged = of.Turns
		part := *of
		part.Conversation = of.Conversation.Copy()
		due = append(due, &part)
	}
	s.mu.Unlock()
	return due
}

// idle ends the sessions that are silent, and returns them.
func (s *sessions) idle(now time.Time) (ended []*session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, of := range s.open {
		if now.Sub(of.Seen) >= s.config.Idle {
			ended = append(ended, s.end(id))
		}
	}
	return ended
}

// all ends every session.
func (s *sessions) all() (ended []*session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.open {
		ended = append(ended, s.end(id))
	}
	return ended
}

func (s *sessions) end(id string) *session {
	of := s.open[id]
	of.ended = true
	delete(s.open, id)
	return of
}

func (s *sessions) longestSilent() (id string) {
	var oldest time.Time
	for name, of := range s.open {
		if id == "" || of.Seen.Before(oldest) {
			id, oldest = name, of.Seen
		}
	}
	return id
}

// endSessions ends silent sessions, and stores those that go on.
func (b *bench) endSessions(ctx context.Context) {
	ticker := time.NewTicker(min(b.config.Sessions.Idle/4, storeEvery))
	defer ticker.Stop()
	for {
		b.takeSessions(b.sessions.surplus())
		b.takeSessions(b.sessions.idle(time.Now()))
		b.sessions.storeAll(storeBytes, b.storageFailed)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// takeSessions puts selected sessions into the queue. A part of one that goes on is among them. What the store has of a
// session changes in the same batch, so that a kill neither loses the session nor has it judged twice.
func (b *bench) takeSessions(due []*session) {
	for _, s := range due {
		b.takeSession(s)
	}
}

func (b *bench) takeSession(s *session) {
	b.sessions.disk.Lock()
	defer b.sessions.disk.Unlock()
	change := b.sessions.change(s)
	probability, picked := b.sessions.picks(s)
	if more := !s.ended || s.Judged == 0 || s.Turns > s.Judged; picked && more {
		k := s.Conversation.Case(s.Turns, b.maxBytes)
		k.Suspects, k.Stratum = s.Suspects, s.stratum()
		if s.Certain { // otherwise samplers may have dropped all of its traces, with an unknown probability
			k.Probability = probability
		}
		taken := b.put(&queue.Item{
			ID: s.queueID(), TraceID: s.Trace, SpanID: s.Span, Session: string(s.ID), Service: s.Service,
			Environment: s.Environment, Case: k,
		}, change)
		if taken {
			return
		}
	}
	b.sessions.write(change, b.storageFailed)
}
