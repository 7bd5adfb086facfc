package meter

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Limit is a bound on series that was reached.
type Limit string

// The bounds, as the configuration names them.
const (
	AllSeries     Limit = "max_series"
	ServiceSeries Limit = "max_series_per_service"
)

// Overflow is a service that had no room for all its series.
type Overflow struct {
	Service, Environment string
	Limit                Limit
}

// Bounds on what is remembered about services without room.
const (
	maxWaiting = 100 // in one flush interval
	maxNamed   = 100 // ever
)

// shortage remembers the services that had no room.
type shortage struct {
	mu      sync.Mutex
	short   bool                    // the room of all services was used up since the last collection
	waiting map[serviceKey]struct{} // services without series of their own since then
	last    int                     // of them at the last collection
	named   map[Overflow]struct{}
	fresh   []Overflow // named, but not yet reported
	unnamed bool       // there were more than maxNamed, and that is not yet reported
	silent  bool       // that was reported
}

func newShortage() *shortage {
	return &shortage{waiting: map[serviceKey]struct{}{}, named: map[Overflow]struct{}{}}
}

// note records that the series of all services left no room for this one. own means that it has no series at all.
func (x *shortage) note(key serviceKey, own bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.short = true
	if own && len(x.waiting) < maxWaiting {
		x.waiting[key] = struct{}{}
	}
}

// name keeps an overflow for the log.
func (x *shortage) name(of Overflow) {
	if _, ok := x.named[of]; ok {
		return
	}
	if len(x.named) >= maxNamed {
		x.unnamed = !x.silent
		return
	}
	x.named[of] = struct{}{}
	x.fresh = append(x.fresh, of)
}

// ofService keeps a service that reached its own limit, for the log.
func (x *shortage) ofService(key serviceKey) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.name(Overflow{key.name, key.environment, ServiceSeries})
}

// take returns how many series are missing, and starts anew.
func (x *shortage) take() (missing int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for key := range x.waiting {
		x.name(Overflow{key.name, key.environment, AllSeries})
	}
	x.last = len(x.waiting)
	if x.short {
		missing = int64(max(1, x.last) * fixedSlots)
	}
	x.short = false
	clear(x.waiting)
	return missing
}

// Overflowed returns the services that ran out of room for the first time since the last call. more means that there
// are others, which are not named.
func (m *Meter) Overflowed() (services []Overflow, more bool) {
	x := m.shortage
	x.mu.Lock()
	defer x.mu.Unlock()
	services, more = x.fresh, x.unnamed
	x.fresh, x.unnamed, x.silent = nil, false, x.silent || more
	slices.SortFunc(services, func(a, b Overflow) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Environment, b.Environment))
	})
	return services, more
}

// Waiting is the number of services that had no series of their own in the flush interval before the last collection.
// It is at most maxWaiting.
func (m *Meter) Waiting() int64 {
	m.shortage.mu.Lock()
	defer m.shortage.mu.Unlock()
	return int64(m.shortage.last)
}

// Ended is the number of series that gave their room to others.
func (m *Meter) Ended() int64 { return m.ended.Load() }

// makeRoom detaches services without traffic if others had no room, the longest idle ones first. It happens at a
// collection, because every value of an idle service was collected before. It reports whether room was missing.
func (m *Meter) makeRoom(now time.Time, all []*service) bool {
	missing := m.shortage.take()
	if missing == 0 || m.settings.SeriesIdle <= 0 {
		return false
	}
	type idle struct {
		service *service
		since   int64
	}
	var candidates []idle
	for _, s := range all {
		s.mu.Lock()
		if s.isIdle(now) {
			candidates = append(candidates, idle{s, s.used})
		}
		s.mu.Unlock()
	}
	slices.SortFunc(candidates, func(a, b idle) int { return cmp.Compare(a.since, b.since) })
	for _, c := range candidates {
		if m.room.Load() >= missing {
			break
		}
		m.detach(c.service, now)
	}
	return true
}

// isIdle reports whether the service had no traffic for SeriesIdle. After the clock was set back, the time starts anew.
func (s *service) isIdle(now time.Time) bool {
	s.used = min(s.used, now.UnixNano())
	return now.UnixNano()-s.used >= int64(s.meter.settings.SeriesIdle)
}

// detach removes a service that is still idle, and keeps its drift and usual cost for its return.
func (m *Meter) detach(s *service, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone || !s.isIdle(now) {
		return
	}
	s.gone = true
	m.shelve(s, now)
	delete(m.services, s.key)
	alone := true
	for other := range m.services {
		alone = alone && other.name != s.key.name
	}
	reserved := s.taken + len(coverages)
	if s.rest != nil {
		reserved += llmSlots
	}
	if room := m.rooms[s.key.name]; alone {
		delete(m.rooms, s.key.name)
	} else {
		room.Add(int64(s.taken + s.charged))
	}
	m.room.Add(int64(reserved))
	m.trends.Add(-int64(len(s.trends)))
	live := len(s.series) + len(s.versions)
	for key := range s.trends {
		if !key.parent {
			live += trendSlots
		}
	}
	m.live.Add(-int64(live))
	m.ended.Add(int64(live))
}

// makeRoom ends what had no traffic for SeriesIdle: breakdowns with their scores, skips and suspicions. Versions and
// drift end after a quiet day, as without a shortage.
func (s *service) makeRoom(now time.Time, emit func(Point)) {
	idle := func(used int64) bool { return now.UnixNano()-used >= int64(s.meter.settings.SeriesIdle) }
	silent := func(seen int64) bool { return seen != 0 && now.Unix()-seen >= quiet }
	ended := map[*series]bool{}
	used := map[*version]bool{}
	for key, sl := range s.slices {
		if !idle(sl.used) {
			used[sl.version] = true
			continue
		}
		for _, p := range sl.slots {
			if p != nil {
				ended[p] = true
			}
		}
		for _, p := range sl.scores.list {
			ended[p.count], ended[p.sum], ended[p.sumsq], ended[p.failures] = true, true, true, true
			for _, counter := range p.findings {
				ended[counter] = true
			}
		}
		delete(s.slices, key)
		s.last = nil
		s.give(sl.taken)
	}
	for _, t := range [...]*scorerTable{&s.skips, &s.suspects} {
		for key, p := range t.series {
			if key != (scorerKey{}) && idle(p.used) {
				ended[p] = true
				delete(t.series, key)
				s.give(1)
			}
		}
	}
	gauges := 0
	for key, v := range s.versions {
		if !used[v] && silent(v.seen) {
			delete(s.versions, key)
			s.give(1)
			s.meter.live.Add(-1)
			gauges++
		}
	}
	for key, t := range s.trends {
		if !key.parent && silent(t.seen) {
			s.drop(t, trendKey{})
			gauges += trendSlots
		}
	}
	s.series = slices.DeleteFunc(s.series, func(p *series) bool {
		if ended[p] {
			p.end(emit)
		}
		return ended[p]
	})
	s.meter.live.Add(-int64(len(ended)))
	s.meter.ended.Add(int64(len(ended) + gauges))
}
