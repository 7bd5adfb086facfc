package meter

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// service holds the series of one service in one environment.
type service struct {
	meter *Meter
	key   serviceKey
	hash  uint64 // of the key, the same in every process
	base  []Pair
	room  *atomic.Int64 // number of further series besides the fixed ones; environments of the service share it

	charged int // fixed series that count against room

	mu          sync.Mutex // guards all below
	used        int64      // the last traffic, Unix nanoseconds
	gone        bool       // its series were given to others
	short       bool       // room was used up since the last collection
	taken       int        // series besides the fixed ones
	series      []*series
	own         []*series // by ownSlots
	hasSessions bool      // sessions were seen
	slices      map[Breakdown]*slice
	last        *slice      // of the newest span: similar spans come together
	rest        *slice      // overflow: counts what has no room; nil until the first GenAI span
	over        bool        // the current span was counted at least partly in rest
	skips       scorerTable // by reason
	suspects    scorerTable // by version of the scorer
	versions    map[Version]*version
	trends      trends
	spend       *spend // nil until something costs
}

// slice holds the series of one breakdown of a service.
type slice struct {
	key        Breakdown
	attributes []Pair
	slots      []*series
	failures   bool  // the series of failure classes exist
	requests   bool  // the series of requests exist
	used       int64 // the last span, Unix nanoseconds
	taken      int   // series
	rest       bool  // an overflow slice: it has otel.metric.overflow instead of a breakdown
	version    *version
	scores     scoreTable
}

func newService(m *Meter, key serviceKey, room *atomic.Int64, base ...Pair) *service {
	return &service{
		meter: m, key: key, hash: xxhash.Sum64String(key.name + "\x00" + key.environment), base: base, room: room,
		own: make([]*series, len(ownSlots)), slices: map[Breakdown]*slice{}, versions: map[Version]*version{},
		skips:    newScorerTable(catalog.ScoreSkips, catalog.SkipReason),
		suspects: newScorerTable(catalog.ScoreSuspects, catalog.ScorerVersion),
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
	s.ownSeries(ownSpans+i).add(1, span)
}

// ownSeries is a series of the service itself.
func (s *service) ownSeries(i int) *series {
	if s.own[i] == nil {
		s.own[i] = s.make(ownSlots[i].metric, s.base, ownSlots[i].own...)
	}
	return s.own[i]
}

// begin reserves the fixed series of a service with GenAI traffic. It reports false if there is no room.
func (s *service) begin() bool {
	if s.rest == nil {
		if !s.meter.take(llmSlots) {
			s.meter.shortage.note(s.key, true)
			return false
		}
		s.rest = newSlice(with(s.base, Pair{catalog.Overflow, "true"}), true)
	}
	return true
}

// operation counts a GenAI span. It reports false if the service has no room for any series.
func (s *service) operation(span *Span) bool {
	if !s.begin() {
		return false
	}
	sl := s.slice(&span.Breakdown, true)
	sl.used = span.Seen.UnixNano()
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
	if slot, ok := classSlot[span.Class]; ok && span.Class != failure.Unsafe {
		s.at(sl, slot).add(1, span)
	}
	if span.Unsafe || span.Class == failure.Unsafe {
		slot := classSlot[failure.Unsafe]
		if span.Certain {
			slot = certainSlot
		}
		s.at(sl, slot).add(1, span)
	}
	for i := range span.Scores {
		score := &span.Scores[i]
		s.score(sl, score, span)
		if score.Suspected {
			s.scorer(&s.suspects, score.Name, score.Version, span)
		}
	}
	for _, skip := range span.Skips {
		s.scorer(&s.skips, skip.Scorer, skip.Reason, span)
	}
	if span.Retrieval != "" {
		s.listed(ownRetrievals, retrievals, span.Retrieval, IgnoredRetrieval, span)
	}
	if span.Session.ID != "" {
		s.session(span)
	}
	return true
}

// session counts a limit that the session reached with the span. The session as a whole is counted when it ends.
func (s *service) session(span *Span) {
	if !s.hasSessions { // create the series before the first limit is reached, so that this is an increase
		s.hasSessions = true
		for i := range limits {
			s.ownSeries(ownLimits + i)
		}
	}
	if span.Session.Limit != "" {
		s.listed(ownLimits, limits, span.Session.Limit, IgnoredSession, span)
	}
}

// listed counts one value of a closed list. The first call makes the series of all values.
func (s *service) listed(first int, list []string, value string, field int, span *Span) {
	for i := range list {
		p := s.ownSeries(first + i)
		if list[i] == value {
			p.add(1, span)
			field = -1
		}
	}
	if field >= 0 {
		s.meter.ignored[field].Add(1)
	}
}

// request counts the series that only calls to a model have.
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

// slice finds or makes the slice of a breakdown. If it is for spans, each failure class has a series from the start, at
// 0, so that alerts see the first failure as an increase.
func (s *service) slice(key *Breakdown, spans bool) *slice {
	if s.last != nil && s.last.key == *key && (s.last.failures || !spans) {
		return s.last
	}
	key.bound()
	sl := s.slices[*key]
	fresh := sl == nil
	if fresh {
		// A slice without series takes the room of one, so that the number of slices is bounded too.
		if !spans && !s.take(1) {
			return s.full()
		}
		own := key.clone()
		sl = newSlice(s.breakdown(&own), false)
		sl.key = own
		if !spans {
			sl.taken = 1
		}
	}
	if spans && !sl.failures {
		known := failureSlots
		if s.meter.settings.OnlyIncidents {
			known = incidentSlots
		}
		if !s.take(len(known)) {
			return s.full()
		}
		sl.failures = true
		sl.taken += len(known)
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

// full returns the overflow slice, for spans without room.
func (s *service) full() *slice {
	s.over = true
	return s.rest
}

// breakdown returns the attributes of a slice.
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

// at finds or makes the series of a slot of a slice. If there is no room, it is the series of the overflow slice.
func (s *service) at(sl *slice, i int) *series {
	if p := sl.slots[i]; p != nil {
		if sl.rest {
			s.over = true
		}
		return p
	}
	if !sl.rest {
		if !s.take(1) {
			return s.at(s.rest, i)
		}
		sl.taken++
	}
	s.over = s.over || sl.rest
	p := s.make(slots[i].metric, sl.attributes, slots[i].own...)
	sl.slots[i] = p
	return p
}

func (s *service) make(m *catalog.Metric, attributes []Pair, own ...Pair) *series {
	p := &series{metric: m, attributes: with(attributes, own...), since: s.meter.now().UnixNano()}
	if m.Instrument == catalog.Histogram {
		p.buckets = &Buckets{}
	}
	s.series = append(s.series, p)
	s.meter.live.Add(1)
	return p
}

// take reserves series from the room of the service and of the meter. give returns them.
func (s *service) take(n int) bool {
	if !reserve(s.room, n) {
		s.short = true
		return false
	}
	if !s.meter.take(n) {
		s.room.Add(int64(n))
		s.meter.shortage.note(s.key, false)
		return false
	}
	s.taken += n
	return true
}

func (s *service) give(n int) {
	s.taken -= n
	s.room.Add(int64(n))
	s.meter.room.Add(int64(n))
}

// collect emits all series. short means that room for all services was missing.
func (s *service) collect(now time.Time, final, short bool, emit func(Point)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		for _, p := range s.series {
			p.end(emit)
		}
		s.series = nil
		return
	}
	if !final && (short || s.short) && s != s.meter.overflowService && s.meter.settings.SeriesIdle > 0 {
		s.makeRoom(now, emit)
	}
	if s.short && s != s.meter.overflowService {
		s.meter.shortage.ofService(s.key)
	}
	s.short = false
	for _, p := range s.series {
		p.collect(now, final, emit)
	}
	s.collectVersions(now, emit)
	s.collectTrends(now, emit)
	s.collectSpend(now, emit)
}

// with makes a new list, so that lists never share memory that they append to.
func with(pairs []Pair, more ...Pair) []Pair {
	all := make([]Pair, 0, len(pairs)+len(more))
	return append(append(all, pairs...), more...)
}
