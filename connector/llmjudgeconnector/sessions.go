package llmjudgeconnector

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/pipeline"
)

// sessions holds the sessions that have not ended. They are in memory alone: a killed process does not judge them.
type sessions struct {
	config SessionsConfig

	mu   sync.Mutex
	open map[string]*session
}

// session is what was seen of a session.
type session struct {
	id, trace, span      string // of the last call
	service, environment string
	failed, suspected    bool
	certain              bool // a trace of it was kept for certain
	suspects             []string
	turns                int
	judged               int // turns that were judged already
	seen                 time.Time
	conversation         *judge.Conversation
}

func newSessions(config SessionsConfig) *sessions {
	return &sessions{config: config, open: map[string]*session{}}
}

// queueID names the session up to its last turn. Names of sessions may have any bytes.
func (s *session) queueID() string {
	return "session-" + strconv.FormatUint(xxhash.Sum64String(s.id), 16) + "-" + strconv.Itoa(s.turns)
}

// add adds a call to its session, and returns the sessions that are to be judged now.
func (s *sessions) add(t *pipeline.Answered, call *genai.Call, now time.Time) (due []*session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.open[t.Session]
	if of == nil {
		if len(s.open) >= s.config.Max {
			due = append(due, s.end(s.longestSilent()))
		}
		of = &session{id: t.Session, conversation: &judge.Conversation{}}
		s.open[t.Session] = of
	}
	of.trace, of.span, of.service, of.environment = t.TraceID.String(), t.SpanID.String(), t.Service, t.Environment
	of.failed, of.suspected = of.failed || t.Failed, of.suspected || t.Suspected
	of.certain = of.certain || t.Kept == 1
	for _, scorer := range t.Suspects {
		if len(of.suspects) < 16 {
			of.suspects = append(of.suspects, scorer)
		}
	}
	of.conversation.Add(call)
	of.turns, of.seen = max(of.turns, int(t.Turns), of.conversation.Turns()), now
	if n := s.config.EveryTurns; n > 0 && of.turns-of.judged >= n {
		of.judged = of.turns
		part := *of
		conversation := *of.conversation
		part.conversation = &conversation
		due = append(due, &part)
	}
	return due
}

// idle ends the sessions that are silent, and returns those whose last turns were not judged.
func (s *sessions) idle(now time.Time) (ended []*session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, of := range s.open {
		if now.Sub(of.seen) >= s.config.Idle {
			ended = append(ended, s.end(id))
		}
	}
	return fresh(ended)
}

// all ends every session.
func (s *sessions) all() (ended []*session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.open {
		ended = append(ended, s.end(id))
	}
	return fresh(ended)
}

// fresh returns the sessions with turns that were not judged.
func fresh(list []*session) []*session {
	kept := list[:0]
	for _, of := range list {
		if of.judged == 0 || of.turns > of.judged {
			kept = append(kept, of)
		}
	}
	return kept
}

func (s *sessions) end(id string) *session {
	of := s.open[id]
	delete(s.open, id)
	return of
}

func (s *sessions) longestSilent() (id string) {
	var oldest time.Time
	for name, of := range s.open {
		if id == "" || of.seen.Before(oldest) {
			id, oldest = name, of.seen
		}
	}
	return id
}

// endSessions ends silent sessions.
func (b *bench) endSessions(ctx context.Context) {
	ticker := time.NewTicker(min(b.config.Sessions.Idle/4, 10*time.Second))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			b.takeSessions(b.sessions.idle(now))
		}
	}
}
