package meter

import (
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/faultline-otel/faultline/internal/genai"
)

// sessions holds the open sessions. A session ends when it was idle for too long, or to make room for others.
//
// Sessions are conversations, and traces with more than one call of a model or tool. A trace with one call and no
// conversation is just a request; counting it would drown real sessions in the histograms.
type sessions struct {
	idle time.Duration

	mu   sync.Mutex                       // guards the rest
	open *simplelru.LRU[uint64, *session] // by hash of service and id; ordered by last use
	over []*session                       // ended sessions that are not yet counted

	changed bool // since the last checkpoint
}

// session is the state of one session: the largest values seen.
type session struct {
	service *service
	turns   int64
	cost    genai.Opt[float64]
	seen    int64 // Unix nanoseconds of the Collector's clock
	trace   [16]byte
	span    [8]byte
}

// maxTurns is far above the turns of any conversation.
const maxTurns = 1e6

func newSessions(idle time.Duration, most int) *sessions {
	s := &sessions{idle: idle}
	// NewLRU fails only for sizes that are not positive.
	s.open, _ = simplelru.NewLRU(max(most, 1), func(_ uint64, e *session) { s.over = append(s.over, e) })
	return s
}

// observe updates the session of a span. The caller must not hold the lock of the service.
func (s *sessions) observe(of *service, span *Span) {
	x := &span.Session
	if x.ID == "" || x.Trace && x.Calls < 2 {
		return
	}
	if !of.meter.plausible(IgnoredSession, float64(x.Turns), maxTurns) ||
		x.Cost.Set && !of.meter.plausible(IgnoredSession, x.Cost.Value, maxUSD) {
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

// take returns the sessions that ended since the last call. The caller holds the lock.
func (s *sessions) take() []*session {
	over := s.over
	s.over = nil
	return over
}

// sweep ends the sessions that were idle for too long, or all sessions. A clock that was set back does not keep a
// session open forever: the order of last use stays, and a session from the future has ended.
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

// count adds ended sessions to the series of their services.
func count(over []*session, now time.Time) {
	for _, e := range over {
		span := Span{TraceID: e.trace, SpanID: e.span, Seen: now}
		m := e.service.meter
		s := m.lock(e.service)
		if !s.begin() { // its series were given to others, and there is no room for it now
			s.mu.Unlock()
			s = m.lock(m.overflowService)
		}
		s.used = now.UnixNano()
		s.ownSeries(ownTurns).add(float64(e.turns), &span)
		if e.cost.Set {
			s.ownSeries(ownCost).add(e.cost.Value, &span)
		}
		s.mu.Unlock()
	}
}

// EndSessions ends and counts all open sessions. Call it on shutdown if there is no checkpoint to continue them.
func (m *Meter) EndSessions(now time.Time) { m.sessions.sweep(now, true) }
