package meter

import (
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/faultline-otel/faultline/internal/genai"
)

// sessions remembers the sessions that go on, until they have been silent for long enough to have ended or make room for others.
//
// Which sessions count: conversations, and traces in which more than one model or tool was called. A trace with one call and no conversation is
// a request, and histograms full of them would say nothing of sessions.
type sessions struct {
	idle time.Duration

	mu   sync.Mutex                       // guards the rest
	open *simplelru.LRU[uint64, *session] // by hash of service and id; ordered by when they were seen
	over []*session                       // those that made room, until they are counted

	changed bool // since the last checkpoint
}

// session is the most that was seen of one.
type session struct {
	service *service
	turns   int64
	cost    genai.Opt[float64]
	seen    int64 // Unix nanoseconds, by our clock
	trace   [16]byte
	span    [8]byte
}

// maxTurns is far above what a conversation has.
const maxTurns = 1e6

func newSessions(idle time.Duration, most int) *sessions {
	s := &sessions{idle: idle}
	s.open, _ = simplelru.NewLRU(max(most, 1), func(_ uint64, e *session) { s.over = append(s.over, e) }) // it fails for sizes that are not positive
	return s
}

// observe notes how far the session of a span has come. It must be called without the lock of the service.
func (s *sessions) observe(of *service, span *Span) {
	x := &span.Session
	if x.ID == "" || x.Trace && x.Calls < 2 {
		return
	}
	if !of.meter.plausible(IgnoredSession, float64(x.Turns), maxTurns) || x.Cost.Set && !of.meter.plausible(IgnoredSession, x.Cost.Value, maxUSD) {
		return
	}
	key := xxhash.Sum64String(x.ID)*0x9e3779b97f4a7c15 ^ of.hash
	s.mu.Lock()
	e, ok := s.open.Get(key)
	if !ok {
		e = &session{service: of}
		s.open.Add(key, e)
	}
	e.turns = max(e.turns, x.Turns)
	if x.Cost.Set && (!e.cost.Set || x.Cost.Value > e.cost.Value) {
		e.cost = x.Cost
	}
	s.changed = true
	e.seen, e.trace, e.span = span.Seen.UnixNano(), span.TraceID, span.SpanID
	over := s.take()
	s.mu.Unlock()
	count(over, span.Seen)
}

// take is the sessions that made room since the last call. The lock is held.
func (s *sessions) take() []*session {
	over := s.over
	s.over = nil
	return over
}

// sweep ends the sessions that have been silent for too long, or all of them. A clock that was set back does not keep them for ever: the
// order in which they were seen stays.
func (s *sessions) sweep(now time.Time, all bool) {
	s.mu.Lock()
	for {
		_, e, ok := s.open.GetOldest()
		if !ok {
			break
		}
		if silent := now.Sub(time.Unix(0, e.seen)); !all && silent < s.idle && silent > -s.idle {
			break
		}
		s.open.RemoveOldest()
		s.changed = true
	}
	over := s.take()
	s.mu.Unlock()
	count(over, now)
}

// count adds sessions that have ended to the series of their services.
func count(over []*session, now time.Time) {
	for _, e := range over {
		span := Span{TraceID: e.trace, SpanID: e.span, Seen: now}
		e.service.mu.Lock()
		e.service.ofOwn(ownTurns).add(float64(e.turns), &span)
		if e.cost.Set {
			e.service.ofOwn(ownCost).add(e.cost.Value, &span)
		}
		e.service.mu.Unlock()
	}
}

// EndSessions counts all sessions that go on as ended, where nothing will be there to go on with them.
func (m *Meter) EndSessions(now time.Time) { m.sessions.sweep(now, true) }
