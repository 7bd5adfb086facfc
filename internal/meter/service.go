package meter

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// service is the series of one service in one environment.
type service struct {
	meter *Meter
	key   serviceKey
	hash  uint64 // of the key, the same in every process
	base  []Pair
	room  *atomic.Int64 // how many more series it may have besides the fixed ones, shared by all environments of the service

	mu       sync.Mutex // guards all below
	series   []*series
	own      []*series // by ownSlots
	follows  bool      // sessions were seen
	slices   map[Breakdown]*slice
	last     *slice // the newest span's, since spans of a kind come together
	rest     *slice // takes what there is no room for; nil until the first GenAI span
	over     bool   // the span at hand was counted, in part at least, in the rest
	versions map[Version]*version
	trends   trends
	spend    *spend // nil until something costs
}

// slice is the series of one breakdown of a service.
type slice struct {
	key        Breakdown
	attributes []Pair
	slots      []*series
	failures   bool // the series of failure classes exist
	requests   bool // the series of requests exist
	rest       bool // of a service, or of all: its attributes say so instead of a breakdown
	version    *version
	scores     scoreTable
}

func newService(m *Meter, key serviceKey, room *atomic.Int64, base ...Pair) *service {
	return &service{
		meter: m, key: key, hash: xxhash.Sum64String(key.name + "\x00" + key.environment), base: base, room: room,
		own: make([]*series, len(ownSlots)), slices: map[Breakdown]*slice{}, versions: map[Version]*version{},
	}
}

func newSlice(attributes []Pair, rest bool) *slice {
	return &slice{attributes: attributes, slots: make([]*series, len(slots)), rest: rest}
}

// covered counts the span itself.
func (s *service) covered(span *Span) {
	i := 0
	for i < len(coverages)-1 && coverages[i] != span.Coverage {
		i++ // the last one is Unscored, which an unknown coverage counts as
	}
	s.ofOwn(ownSpans+i).add(1, span)
}

// ofOwn is a series of the service itself.
func (s *service) ofOwn(i int) *series {
	if s.own[i] == nil {
		s.own[i] = s.make(ownSlots[i].metric, s.base, ownSlots[i].own...)
	}
	return s.own[i]
}

// begin makes room for what any service with GenAI traffic may have. It reports false where there is none.
func (s *service) begin() bool {
	if s.rest == nil {
		if !s.meter.take(llmSlots) {
			return false
		}
		s.rest = newSlice(with(s.base, Pair{catalog.Overflow, "true"}), true)
	}
	return true
}

// operation counts what a GenAI span says. It reports false where the service has no place for any series.
func (s *service) operation(span *Span) bool {
	if !s.begin() {
		return false
	}
	sl := s.slice(&span.Breakdown, true)
	if slot, ok := incidentSlot[span.Incident]; ok {
		s.at(sl, slot).add(1, span)
	}
	if s.meter.settings.OnlyIncidents {
		return true
	}
	if sl.version != nil {
		sl.version.seen = max(sl.version.seen, span.Seen.Unix())
	}
	if span.Request {
		s.request(sl, span)
	}
	if slot, ok := classSlot[span.Class]; ok {
		s.at(sl, slot).add(1, span)
	}
	if span.Unsafe && span.Class != failure.Unsafe {
		s.at(sl, classSlot[failure.Unsafe]).add(1, span)
	}
	for i := range span.Scores {
		s.score(sl, &span.Scores[i], span)
	}
	if span.Retrieval != "" {
		s.listed(ownRetrievals, retrievals, span.Retrieval, IgnoredRetrieval, span)
	}
	if span.Session.ID != "" {
		s.session(span)
	}
	return true
}

// session counts what is told of a session on a span of it: that it may not go on. The session as a whole is counted when it has ended.
func (s *service) session(span *Span) {
	if !s.follows { // before the first limit is reached, so that this is an increase
		s.follows = true
		for i := range limits {
			s.ofOwn(ownLimits + i)
		}
	}
	if span.Session.Limit != "" {
		s.listed(ownLimits, limits, span.Session.Limit, IgnoredSession, span)
	}
}

// listed counts one of a closed list, all of which have a series from the first on.
func (s *service) listed(first int, list []string, value string, field int, span *Span) {
	for i := range list {
		p := s.ofOwn(first + i)
		if list[i] == value {
			p.add(1, span)
			field = -1
		}
	}
	if field >= 0 {
		s.meter.ignored[field].Add(1)
	}
}

// request counts what only the call to a model has.
func (s *service) request(sl *slice, span *Span) {
	if !sl.requests {
		sl.requests = true
		for o := range outcomes {
			s.at(sl, slotRequests+o)
		}
	}
	o := int(span.Outcome)
	s.at(sl, slotRequests+o).add(1, span)
	if span.Duration.Set && s.meter.plausible(IgnoredDuration, span.Duration.Value, maxSeconds) {
		s.at(sl, slotDuration+o).add(span.Duration.Value, span)
	}
	if span.TTFT.Set && s.meter.plausible(IgnoredTTFT, span.TTFT.Value, maxSeconds) {
		s.at(sl, slotTTFT).add(span.TTFT.Value, span)
	}
	if span.Cost.Set && s.meter.plausible(IgnoredCost, span.Cost.Value, maxUSD) {
		source := 0
		for i, name := range costSources {
			if span.CostSource == name {
				source = i
			}
		}
		s.at(sl, slotCost+o*len(costSources)+source).add(span.Cost.Value, span)
		s.spent(span.Cost.Value)
	}
	t := &span.Tokens
	for i, n := range [...]struct {
		Value int64
		Set   bool
	}{
		{t.UncachedInput.Value, t.UncachedInput.Set},
		{t.CacheRead.Value, t.CacheRead.Set},
		{t.CacheWrite.Value, t.CacheWrite.Set},
		{t.Output.Value, t.Output.Set},
		{t.Reasoning.Value, t.Reasoning.Set},
	} {
		if n.Set && s.meter.plausible(IgnoredTokens, float64(n.Value), maxTokens) {
			s.at(sl, slotTokens+i).add(float64(n.Value), span)
		}
	}
}

// slice finds the slice of a breakdown. One of spans has a series of each failure class from the start, at 0, so that an alert sees the
// first failure as an increase.
func (s *service) slice(key *Breakdown, spans bool) *slice {
	if s.last != nil && s.last.key == *key && (s.last.failures || !spans) {
		return s.last
	}
	key.bound()
	sl := s.slices[*key]
	fresh := sl == nil
	if fresh {
		// What is not a series yet takes the room of one, so that breakdowns are bounded too.
		if !spans && !s.take(1) {
			return s.full()
		}
		own := key.clone()
		sl = newSlice(s.breakdown(&own), false)
		sl.key = own
	}
	if spans && !sl.failures {
		known := classSlot
		if s.meter.settings.OnlyIncidents {
			known = incidentSlot
		}
		if !s.take(len(known)) {
			return s.full()
		}
		sl.failures = true
		for _, slot := range known {
			sl.slots[slot] = s.make(slots[slot].metric, sl.attributes, slots[slot].own...)
		}
		if !s.meter.settings.OnlyIncidents {
			sl.version = s.version(&sl.key)
		}
	}
	if fresh {
		s.slices[sl.key] = sl
	}
	s.last = sl
	return sl
}

// full is where what there is no room for is counted.
func (s *service) full() *slice {
	s.over = true
	return s.rest
}

// breakdown is the attributes of a slice.
func (s *service) breakdown(b *Breakdown) []Pair {
	attributes := s.base
	for _, p := range [...]Pair{
		{catalog.Provider, b.Provider},
		{catalog.Operation, b.Operation},
		{catalog.Model, b.Model},
		{catalog.PromptName, b.PromptName},
		{catalog.PromptVersion, b.PromptVersion},
		{catalog.SessionTurns, b.Turns},
	} {
		if p.Value != "" {
			attributes = with(attributes, p)
		}
	}
	return attributes
}

// at is the series of a slot of a slice, or of the rest where there is no room to make it.
func (s *service) at(sl *slice, i int) *series {
	if p := sl.slots[i]; p != nil {
		if sl.rest {
			s.over = true
		}
		return p
	}
	if !sl.rest && !s.take(1) {
		return s.at(s.rest, i)
	}
	s.over = s.over || sl.rest
	p := s.make(slots[i].metric, sl.attributes, slots[i].own...)
	sl.slots[i] = p
	return p
}

func (s *service) make(m *catalog.Metric, attributes []Pair, own ...Pair) *series {
	p := &series{metric: m, attributes: with(attributes, own...)}
	if m.Instrument == catalog.Histogram {
		p.buckets = &Buckets{}
	}
	s.series = append(s.series, p)
	s.meter.live.Add(1)
	return p
}

// take reserves series, out of what the service and the meter have left; give takes the reservation back.
func (s *service) take(n int) bool {
	if !reserve(s.room, n) {
		return false
	}
	if !s.meter.take(n) {
		s.room.Add(int64(n))
		return false
	}
	return true
}

func (s *service) give(n int) {
	s.room.Add(int64(n))
	s.meter.room.Add(int64(n))
}

func (s *service) collect(now time.Time, final bool, emit func(Point)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.series {
		p.collect(now, final, emit)
	}
	s.collectVersions(now, emit)
	s.collectTrends(now, emit)
	s.collectSpend(now, emit)
}

// with makes a new list, so that slices never share what they append to.
func with(pairs []Pair, more ...Pair) []Pair {
	all := make([]Pair, 0, len(pairs)+len(more))
	return append(append(all, pairs...), more...)
}
