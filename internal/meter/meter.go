// Package meter turns spans into the cumulative series of the catalog: bounded in number, exact in their sums, each
// starting at 0, with an exemplar where there is one. It knows neither pdata nor the Collector.
package meter

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// Settings are the limits of a meter, and the name of the replica that it is of.
type Settings struct {
	Instance            string
	MaxSeries           int // of all services
	MaxSeriesPerService int // of a service in all its environments
	// OnlyIncidents counts incidents and nothing else: behind sampling, where all other counts would be of what was kept.
	OnlyIncidents bool

	// SessionIdle is after how long without a span a session has ended. MaxSessions bounds those that go on: over it, the one that was silent
	// longest is counted as ended.
	SessionIdle time.Duration
	MaxSessions int

	// MaxDrift bounds the scores that are followed for drift; with 0, neither drift nor cost are followed.
	MaxDrift int
}

// Meter counts spans. It may be used by many goroutines at a time.
type Meter struct {
	settings  Settings
	now       func() time.Time
	room      atomic.Int64 // how many more series may be reserved
	live      atomic.Int64
	overflow  atomic.Int64
	trends    atomic.Int64 // that are reserved
	untracked atomic.Int64
	ignored   [ignoredFields]atomic.Int64
	nobody    *service // counts for services that there is no room for
	sessions  *sessions
	seen      *seen

	mu       sync.RWMutex // guards services and rooms
	services map[serviceKey]*service
	rooms    map[string]*atomic.Int64 // by the name of a service

	checkpoint sync.Mutex // guards saved
	saved      records
}

type serviceKey struct{ name, environment string }

// unknownService is what the conventions call a service that does not say its name.
const unknownService = "unknown_service"

// What can be wrong with a value, so that it is not counted.
const (
	IgnoredTokens = iota
	IgnoredDuration
	IgnoredTTFT
	IgnoredCost
	IgnoredScore
	IgnoredSession
	IgnoredRetrieval
	ignoredFields
)

// IgnoredNames names the kinds of values that were not counted.
var IgnoredNames = [ignoredFields]string{"tokens", "duration", "time_to_first_chunk", "cost", "score", "session", "retrieval"}

// Above these a value is a mistake of who sent it, and would spoil a sum for good.
const (
	maxTokens  = 1e9
	maxSeconds = 30 * 24 * 3600
	maxUSD     = 1e6
)

// New makes a meter without series.
func New(s Settings) *Meter {
	m := &Meter{
		settings: s, now: time.Now, services: map[serviceKey]*service{}, rooms: map[string]*atomic.Int64{},
		sessions: newSessions(s.SessionIdle, s.MaxSessions), seen: newSeen(),
		saved: records{unclaimed: map[string]record{}, written: map[string]int64{}},
	}
	m.room.Store(int64(s.MaxSeries))
	base := []Pair{{catalog.Instance, s.Instance}, {catalog.Overflow, "true"}}
	m.nobody = newService(m, serviceKey{}, new(atomic.Int64), base...)
	m.nobody.rest = newSlice(base, true)
	return m
}

// Count counts one span. Texts of the span that are not fit to be attributes are made so.
func (m *Meter) Count(span *Span) { m.CountFor(m.For(span.Service, span.Environment), span) }

// Owner is a service in an environment, whose spans are counted. It stands for a look-up that the spans of a request share.
type Owner struct{ service *service }

// For finds the owner of spans. It stays good for as long as the meter.
func (m *Meter) For(name, environment string) Owner { return Owner{m.service(name, environment)} }

// CountFor counts a span of an owner.
func (m *Meter) CountFor(owner Owner, span *Span) {
	if m.settings.OnlyIncidents && span.Incident == "" {
		return
	}
	s := owner.service
	s.mu.Lock()
	s.over = s == m.nobody
	if !m.settings.OnlyIncidents {
		s.covered(span)
	}
	placed := !span.GenAI || s.operation(span)
	over := s.over || !placed
	s.mu.Unlock()
	if !placed {
		s = m.nobody
		s.mu.Lock()
		s.operation(span)
		s.mu.Unlock()
	}
	if over {
		m.overflow.Add(1)
	}
	if span.GenAI && span.Session.ID != "" && !m.settings.OnlyIncidents {
		m.sessions.observe(s, span)
	}
}

// Evaluate counts the scores of a span that a judge or a person gave later, and nothing else of it.
func (m *Meter) Evaluate(span *Span) {
	if m.settings.OnlyIncidents {
		return
	}
	over, placed := m.service(span.Service, span.Environment).evaluate(span)
	if !placed {
		over, _ = m.nobody.evaluate(span)
	}
	if over {
		m.overflow.Add(1)
	}
}

// service finds a service, or who counts for it where there is no room.
func (m *Meter) service(name, environment string) *service {
	key := serviceKey{bound(name), bound(environment)}
	if key.name == "" {
		key.name = unknownService
	}
	m.mu.RLock()
	s := m.services[key]
	m.mu.RUnlock()
	if s != nil {
		return s
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.services[key]; s != nil {
		return s
	}
	// The first environment of a service has its place; others share what the service has left.
	room := m.rooms[key.name]
	if room != nil && !reserve(room, fixedSlots) {
		return m.nobody
	}
	if !m.take(len(coverages)) {
		if room != nil {
			room.Add(int64(fixedSlots))
		}
		return m.nobody
	}
	key = serviceKey{strings.Clone(key.name), strings.Clone(key.environment)}
	if room == nil {
		room = new(atomic.Int64)
		room.Store(int64(max(0, m.settings.MaxSeriesPerService-fixedSlots)))
		m.rooms[key.name] = room
	}
	base := []Pair{{catalog.ServiceName, key.name}}
	if key.environment != "" {
		base = append(base, Pair{catalog.Environment, key.environment})
	}
	s = newService(m, key, room, append(base, Pair{catalog.Instance, m.settings.Instance})...)
	m.services[key] = s
	return s
}

// take reserves series, all or none.
func (m *Meter) take(n int) bool { return reserve(&m.room, n) }

func reserve(room *atomic.Int64, n int) bool {
	if room.Add(-int64(n)) >= 0 {
		return true
	}
	room.Add(int64(n))
	return false
}

// plausible reports whether a value may enter a sum; what may not is counted. NaN is not plausible.
func (m *Meter) plausible(field int, v, limit float64) bool {
	if v >= 0 && v <= limit {
		return true
	}
	m.ignored[field].Add(1)
	return false
}

// Ignore counts a value that could not be read, by the index of IgnoredNames.
func (m *Meter) Ignore(field int) { m.ignored[field].Add(1) }

// Collect hands out the point of every series. A series that is collected for the first time is handed out as 0, unless this
// is the final collection: then as what it is, since nothing must be lost. A point and what it refers to is valid during
// the call of emit, which holds up the counting of a service; between is called without, after each service, and an
// error of it ends the collection.
func (m *Meter) Collect(now time.Time, final bool, emit func(Point), between func() error) error {
	m.sessions.sweep(now, false)
	services := m.list()
	if m.overflow.Load() > 0 {
		services = append(services, m.nobody)
	}
	for _, s := range services {
		s.collect(now, final, emit)
		if err := between(); err != nil {
			return err
		}
	}
	return nil
}

func (m *Meter) list() []*service {
	m.mu.RLock()
	defer m.mu.RUnlock()
	services := make([]*service, 0, len(m.services)+1)
	for _, s := range m.services {
		services = append(services, s)
	}
	return services
}

// Series is how many series there are.
func (m *Meter) Series() int64 { return m.live.Load() }

// Overflow is how many spans were counted, in part at least, under otel.metric.overflow.
func (m *Meter) Overflow() int64 { return m.overflow.Load() }

// Ignored is how many values were not counted, by the index of IgnoredNames.
func (m *Meter) Ignored(field int) int64 { return m.ignored[field].Load() }

// Sessions is how many sessions go on.
func (m *Meter) Sessions() int {
	m.sessions.mu.Lock()
	defer m.sessions.mu.Unlock()
	return m.sessions.open.Len()
}

// Untracked is how many scores are not followed for drift, since as many as may be are.
func (m *Meter) Untracked() int64 { return m.untracked.Load() }
