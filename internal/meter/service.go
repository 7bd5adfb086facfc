package meter

import (
	"strings"
	"sync"
	"time"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// service is the series of one service in one environment.
type service struct {
	meter *Meter
	base  []Pair

	mu     sync.Mutex // guards all below
	series []*series
	room   int // how many more series its slices may have
	spans  [len(coverages)]*series
	slices map[Breakdown]*slice
	rest   *slice // takes what there is no room for; nil until the first GenAI span
	over   bool   // the span at hand was counted, in part at least, in the rest
}

// slice is the series of one breakdown of a service.
type slice struct {
	attributes []Pair
	slots      []*series
	requests   bool // the series of requests exist
	rest       bool // of a service, or of all: its attributes say so instead of a breakdown
	scores     map[string]*scoreSeries
}

type scoreSeries struct {
	count, sum, sumsq, failures *series
}

func newService(m *Meter, room int, base ...Pair) *service {
	return &service{meter: m, base: base, room: room, slices: map[Breakdown]*slice{}}
}

func newSlice(attributes []Pair, rest bool) *slice {
	return &slice{attributes: attributes, slots: make([]*series, len(slots)), scores: map[string]*scoreSeries{}, rest: rest}
}

// covered counts the span itself.
func (s *service) covered(span *Span) {
	i := 0
	for i < len(coverages)-1 && coverages[i] != span.Coverage {
		i++ // the last one is Unscored, which an unknown coverage counts as
	}
	if s.spans[i] == nil {
		s.spans[i] = s.make(catalog.Spans, s.base, Pair{catalog.Coverage, coverages[i]})
	}
	s.spans[i].add(1, span)
}

// operation counts what a GenAI span says. It reports false where the service has no place for any series.
func (s *service) operation(span *Span) bool {
	if s.rest == nil {
		if !s.meter.take(len(slots) + 4) {
			return false
		}
		s.rest = newSlice(with(s.base, Pair{catalog.Overflow, "true"}), true)
	}
	sl := s.slice(span.Breakdown)
	if slot, ok := incidentSlot[span.Incident]; ok {
		s.at(sl, slot).add(1, span)
	}
	if s.meter.settings.OnlyIncidents {
		return true
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
	return true
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

// score counts one score. What there is no room for goes to the series of the rest that name no scorer.
func (s *service) score(sl *slice, score *Score, span *Span) {
	if !s.meter.plausible(IgnoredScore, score.Value, 1) {
		return
	}
	name := bound(score.Name)
	p := sl.scores[name]
	switch {
	case p != nil:
	case !sl.rest && s.take(4):
		name = strings.Clone(name)
		p = s.makeScore(with(sl.attributes, Pair{catalog.Evaluation, name}))
		sl.scores[name] = p
	default:
		s.over = true
		if p = s.rest.scores[""]; p == nil {
			p = s.makeScore(s.rest.attributes)
			s.rest.scores[""] = p
		}
	}
	p.count.add(1, span)
	p.sum.add(score.Value, span)
	p.sumsq.add(score.Value*score.Value, span)
	if score.Failed {
		p.failures.add(1, span)
	}
}

func (s *service) makeScore(attributes []Pair) *scoreSeries {
	return &scoreSeries{
		count: s.make(catalog.ScoreCount, attributes), sum: s.make(catalog.ScoreSum, attributes),
		sumsq: s.make(catalog.ScoreSumSq, attributes), failures: s.make(catalog.ScoreFailures, attributes),
	}
}

// slice finds the slice of a breakdown. A new one has a series of each failure class from the start, at 0, so that an
// alert sees the first failure as an increase.
func (s *service) slice(b Breakdown) *slice {
	if sl := s.slices[b]; sl != nil {
		return sl
	}
	known := classSlot
	if s.meter.settings.OnlyIncidents {
		known = incidentSlot
	}
	if !s.take(len(known)) {
		s.over = true
		return s.rest
	}
	b = b.clone()
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
	sl := newSlice(attributes, false)
	for _, slot := range known {
		sl.slots[slot] = s.make(slots[slot].metric, attributes, slots[slot].own...)
	}
	s.slices[b] = sl
	return sl
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

// take reserves series for the slices, out of what the service and the meter have left.
func (s *service) take(n int) bool {
	if s.room < n || !s.meter.take(n) {
		return false
	}
	s.room -= n
	return true
}

func (s *service) collect(now time.Time, final bool, emit func(Point)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.series {
		p.collect(now, final, emit)
	}
}

// with makes a new list, so that slices never share what they append to.
func with(pairs []Pair, more ...Pair) []Pair {
	all := make([]Pair, 0, len(pairs)+len(more))
	return append(append(all, pairs...), more...)
}
