// Package meter turns spans into the cumulative series of the catalog. The number of series is bounded, sums are exact,
// each series starts at 0, and points have exemplars where possible. The package knows neither pdata nor the Collector.
package meter

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// Settings are the limits of a meter, and the name of its replica.
type Settings struct {
	Instance            string
	MaxSeries           int // over all services
	MaxSeriesPerService int // per service, over all its environments
	// OnlyIncidents counts only incidents. It is for use downstream of sampling, where other counts would cover only
	// the sampled traces.
	OnlyIncidents bool

	// SeriesIdle is the time without traffic after which a service, or a breakdown of one, gives its series to others if
	// there is no room for them. 0 keeps all series.
	SeriesIdle time.Duration

	// SessionIdle is the time without a span after which a session ends. MaxSessions bounds the open sessions: beyond
	// it, the session that was idle longest ends.
	SessionIdle time.Duration
	MaxSessions int

	// MaxDrift bounds the scores that are tracked for drift. 0 turns off both drift and cost tracking.
	MaxDrift int
}

// Meter counts spans. It is safe for concurrent use.
type Meter struct {
	settings        Settings
	now             func() time.Time
	room            atomic.Int64 // number of series that can still be reserved
	live            atomic.Int64
	overflow        atomic.Int64
	trends          atomic.Int64 // reserved trends
	untracked       atomic.Int64
	ended           atomic.Int64
	shortage        *shortage
	ignored         [ignoredFields]atomic.Int64
	overflowService *service // counts for all services without room of their own
	sessions        *sessions
	seen            *seen

	mu       sync.RWMutex // guards services and rooms
	services map[serviceKey]*service
	rooms    map[string]*atomic.Int64 // by service name

	checkpoint sync.Mutex // guards saved
	saved      records
}

type serviceKey struct{ name, environment string }

// unknownService is the name of a service without a name, as in the semantic conventions.
const unknownService = "unknown_service"

// Kinds of values that are ignored if they are implausible.
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

// IgnoredNames names the kinds of ignored values.
var IgnoredNames = [ignoredFields]string{
	"tokens", "duration", "time_to_first_chunk", "cost", "score", "session", "retrieval",
}

// Larger values are errors of the sender, and would spoil a sum forever.
const (
	maxTokens  = 1e9
	maxSeconds = 30 * 24 * 3600
	maxUSD     = 1e6
)

// New returns a meter without series.
func New(s Settings) *Meter {
	m := &Meter{
		settings: s, now: time.Now, services: map[serviceKey]*service{}, rooms: map[string]*atomic.Int64{},
		sessions: newSessions(s.SessionIdle, s.MaxSessions), seen: newSeen(), shortage: newShortage(),
		saved: records{unclaimed: map[string]record{}, written: map[string]int64{}},
	}
	m.room.Store(int64(s.MaxSeries))
	base := []Pair{{catalog.Instance, s.Instance}, {catalog.Overflow, "true"}}
	m.overflowService = newService(m, serviceKey{}, new(atomic.Int64), base...)
	m.overflowService.rest = newSlice(base, true)
	return m
}

// Count counts one span. It shortens and repairs texts of the span that cannot be attribute values.
func (m *Meter) Count(span *Span) { m.CountFor(m.For(span.Service, span.Environment), span) }

// Owner is a service in an environment. It saves the look-up of the service for every span of a request.
type Owner struct{ service *service }

// For finds the owner of spans. An owner is valid as long as the meter.
func (m *Meter) For(name, environment string) Owner { return Owner{m.service(name, environment)} }

// CountFor counts a span of an owner.
func (m *Meter) CountFor(owner Owner, span *Span) {
	if m.settings.OnlyIncidents && span.Incident == "" {
		return
	}
	s := m.lock(owner.service)
	s.over = s == m.overflowService
	s.used = span.Seen.UnixNano()
	if !m.settings.OnlyIncidents {
		s.covered(span)
	}
	placed := !span.GenAI || s.operation(span)
	over := s.over || !placed
	s.mu.Unlock()
	if !placed {
		s = m.overflowService
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

// Evaluate counts only the scores of a span, which a judge or a person gave later.
func (m *Meter) Evaluate(span *Span) {
	if m.settings.OnlyIncidents {
		return
	}
	over, placed := m.lock(m.service(span.Service, span.Environment)).evaluate(span)
	if !placed {
		over, _ = m.lock(m.overflowService).evaluate(span)
	}
	if over {
		m.overflow.Add(1)
	}
}

// lock locks a service. If the service has just given its series to others, it locks its successor.
func (m *Meter) lock(s *service) *service {
	s.mu.Lock()
	for s.gone {
		s.mu.Unlock()
		s = m.service(s.key.name, s.key.environment)
		s.mu.Lock()
	}
	return s
}

// service finds or makes a service. If there is no room, it returns the overflow service.
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
	// The first environment of a service has reserved room. Other environments share what the service has left.
	room := m.rooms[key.name]
	if room != nil && !reserve(room, fixedSlots) {
		return m.overflowService
	}
	if !m.take(len(coverages)) {
		if room != nil {
			room.Add(int64(fixedSlots))
		}
		m.shortage.note(key, true)
		return m.overflowService
	}
	charged := fixedSlots
	key = serviceKey{strings.Clone(key.name), strings.Clone(key.environment)}
	if room == nil {
		room = new(atomic.Int64)
		charged = min(fixedSlots, m.settings.MaxSeriesPerService)
		room.Store(int64(m.settings.MaxSeriesPerService - charged))
		m.rooms[key.name] = room
	}
	base := []Pair{{catalog.ServiceName, key.name}}
	if key.environment != "" {
		base = append(base, Pair{catalog.Environment, key.environment})
	}
	s = newService(m, key, room, append(base, Pair{catalog.Instance, m.settings.Instance})...)
	s.charged, s.used = charged, m.now().UnixNano()
	m.services[key] = s
	return s
}

// take reserves n series, all or none.
func (m *Meter) take(n int) bool { return reserve(&m.room, n) }

func reserve(room *atomic.Int64, n int) bool {
	if room.Add(-int64(n)) >= 0 {
		return true
	}
	room.Add(int64(n))
	return false
}

// plausible reports whether a value may enter a sum, and counts it as ignored if not. NaN is not plausible.
func (m *Meter) plausible(field int, v, limit float64) bool {
	if v >= 0 && v <= limit {
		return true
	}
	m.ignored[field].Add(1)
	return false
}

// Ignore counts an unreadable value, by the index of IgnoredNames.
func (m *Meter) Ignore(field int) { m.ignored[field].Add(1) }

// Collect emits the point of every series. The first point of a series is 0, unless this is the final collection: then
// it is the actual value, so that no count is lost. If room was missing since the last collection, series without
// traffic end first. A point and its pointers are valid only during the call of emit, which runs with the lock of a
// service. Collect calls between after each service, without the lock. An error of between ends the collection.
func (m *Meter) Collect(now time.Time, final bool, emit func(Point), between func() error) error {
	m.sessions.sweep(now, false)
	// A service that comes back at this moment is not in the list: its old series end first.
	services := m.list()
	short := false
	if !final {
		short = m.makeRoom(now, services)
	}
	if m.overflow.Load() > 0 {
		services = append(services, m.overflowService)
	}
	for _, s := range services {
		s.collect(now, final, short, emit)
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

// Series is the number of series.
func (m *Meter) Series() int64 { return m.live.Load() }

// Overflow is the number of spans that were counted at least partly under otel.metric.overflow.
func (m *Meter) Overflow() int64 { return m.overflow.Load() }

// Ignored is the number of ignored values, by the index of IgnoredNames.
func (m *Meter) Ignored(field int) int64 { return m.ignored[field].Load() }

// Sessions is the number of open sessions.
func (m *Meter) Sessions() int {
	m.sessions.mu.Lock()
	defer m.sessions.mu.Unlock()
	return m.sessions.open.Len()
}

// Untracked is the number of score series without drift tracking, because the limit was reached.
func (m *Meter) Untracked() int64 { return m.untracked.Load() }
