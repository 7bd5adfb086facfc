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
	MaxSeriesPerService int // of a service in an environment, without the series that take what is over
	// OnlyIncidents counts incidents and nothing else: behind sampling, where all other counts would be of what was kept.
	OnlyIncidents bool
}

// Meter counts spans. It may be used by many goroutines at a time.
type Meter struct {
	settings Settings
	room     atomic.Int64 // how many more series may be reserved
	live     atomic.Int64
	overflow atomic.Int64
	ignored  [ignoredFields]atomic.Int64
	nobody   *service // counts for services that there is no room for

	mu       sync.RWMutex // guards services
	services map[serviceKey]*service
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
	ignoredFields
)

// IgnoredNames names the kinds of values that were not counted.
var IgnoredNames = [ignoredFields]string{"tokens", "duration", "time_to_first_chunk", "cost", "score"}

// Above these a value is a mistake of who sent it, and would spoil a sum for good.
const (
	maxTokens  = 1e9
	maxSeconds = 30 * 24 * 3600
	maxUSD     = 1e6
)

// New makes a meter without series.
func New(s Settings) *Meter {
	m := &Meter{settings: s, services: map[serviceKey]*service{}}
	m.room.Store(int64(s.MaxSeries))
	base := []Pair{{catalog.Instance, s.Instance}, {catalog.Overflow, "true"}}
	m.nobody = newService(m, 0, base...)
	m.nobody.rest = newSlice(base, true)
	return m
}

// Count counts one span. Texts of the span that are not fit to be attributes are made so.
func (m *Meter) Count(span *Span) {
	if m.settings.OnlyIncidents && span.Incident == "" {
		return
	}
	s := m.service(span)
	if span.GenAI {
		span.bound()
	}
	s.mu.Lock()
	s.over = s == m.nobody
	if !m.settings.OnlyIncidents {
		s.covered(span)
	}
	placed := !span.GenAI || s.operation(span)
	over := s.over || !placed
	s.mu.Unlock()
	if !placed {
		m.nobody.mu.Lock()
		m.nobody.operation(span)
		m.nobody.mu.Unlock()
	}
	if over {
		m.overflow.Add(1)
	}
}

func (m *Meter) service(span *Span) *service {
	key := serviceKey{bound(span.Service), bound(span.Environment)}
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
	if !m.take(len(coverages)) {
		return m.nobody
	}
	key = serviceKey{strings.Clone(key.name), strings.Clone(key.environment)}
	base := []Pair{{catalog.ServiceName, key.name}}
	if key.environment != "" {
		base = append(base, Pair{catalog.Environment, key.environment})
	}
	s = newService(m, m.settings.MaxSeriesPerService, append(base, Pair{catalog.Instance, m.settings.Instance})...)
	m.services[key] = s
	return s
}

// take reserves series, all or none.
func (m *Meter) take(n int) bool {
	if m.room.Add(-int64(n)) >= 0 {
		return true
	}
	m.room.Add(int64(n))
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

// Collect hands out the point of every series. A series that is collected for the first time is handed out as 0, unless this
// is the final collection: then as what it is, since nothing must be lost. A point and what it refers to is valid during
// the call of emit, which holds up the counting of a service; between is called without, after each service, and an
// error of it ends the collection.
func (m *Meter) Collect(now time.Time, final bool, emit func(Point), between func() error) error {
	m.mu.RLock()
	services := make([]*service, 0, len(m.services)+1)
	for _, s := range m.services {
		services = append(services, s)
	}
	m.mu.RUnlock()
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

// Series is how many series there are.
func (m *Meter) Series() int64 { return m.live.Load() }

// Overflow is how many spans were counted, in part at least, under otel.metric.overflow.
func (m *Meter) Overflow() int64 { return m.overflow.Load() }

// Ignored is how many values were not counted, by the index of IgnoredNames.
func (m *Meter) Ignored(field int) int64 { return m.ignored[field].Load() }
