package meter

import (
	"time"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/drift"
)

// trendKey identifies a trend: scores of all models, operations and turns together. The key of a parent has no prompt
// version: the parent has all scores of the prompt from this version of the scorer, and a new prompt version is
// compared with it. Different prompts or scorers are never compared, because their usual levels are unrelated.
type trendKey struct {
	scorer, version, stratum, prompt, promptVersion string
	untrusted, parent                               bool
}

// parentKey is the key of the parent.
func (k trendKey) parentKey() trendKey {
	k.promptVersion, k.parent = "", true
	return k
}

// trends are the trends of a service.
type trends map[trendKey]*trend

// trend follows how the scores of a scorer change.
type trend struct {
	key        trendKey
	attributes []Pair
	series     drift.Series
	seen       int64 // Unix seconds
}

// tally is a number of scores and their sum.
type tally struct{ n, sum float64 }

// trendSlots is the number of series of a trend. A parent has no series, but takes a slot to bound its memory.
const (
	trendSlots  = 3
	parentSlots = 1
)

// follow assigns the scores of a series to a trend if they are a fair sample and there is room. Scores of flagged
// traffic are not a fair sample: they depend on what was flagged.
func (s *service) follow(sl *slice, p *scoreSeries) {
	if !s.followed(sl, p) {
		return
	}
	key := trendKey{
		scorer:        p.key.name,
		version:       p.key.version,
		stratum:       p.key.stratum,
		prompt:        sl.key.PromptName,
		promptVersion: sl.key.PromptVersion,
		untrusted:     p.key.untrusted,
	}
	p.trend = s.trend(key)
	if p.trend == nil && !p.untracked {
		s.meter.untracked.Add(1)
	}
	p.untracked = p.trend == nil
}

// followed reports whether scores should have a trend if there is room.
func (s *service) followed(sl *slice, p *scoreSeries) bool {
	return s.meter.settings.MaxDrift > 0 && s != s.meter.overflowService && !sl.rest && fair(p.key.stratum)
}

// fair reports whether a stratum was not sampled because something may be wrong with it.
func fair(stratum string) bool { return stratum != "flagged" && stratum != "suspect" }

func (s *service) trend(key trendKey) *trend {
	if t := s.trends[key]; t != nil {
		return t
	}
	parent := key
	if !key.parent {
		parent = key.parentKey()
		if s.trends[parent] == nil && s.trend(parent) == nil {
			return nil
		}
	}
	need := trendSlots
	if key.parent {
		need = parentSlots
	}
	if !s.roomForTrend(key, need) {
		if !key.parent {
			s.dropOrphan(parent)
		}
		return nil
	}
	t := &trend{key: key}
	if saved, ok := s.meter.savedTrend(s.key, &key); ok {
		t.series, t.seen = saved.series, saved.seen
	}
	if !key.parent {
		t.series.Parent = &s.trends[parent].series
		s.meter.live.Add(trendSlots)
	}
	t.attributes = s.base
	for _, p := range [...]Pair{
		{catalog.Evaluation, key.scorer},
		{catalog.ScorerVersion, key.version},
		{catalog.Stratum, key.stratum},
		{catalog.Trusted, falseIf(key.untrusted)},
		{catalog.PromptName, key.prompt},
		{catalog.PromptVersion, key.promptVersion},
	} {
		if p.Value != "" {
			t.attributes = with(t.attributes, p)
		}
	}
	if s.trends == nil {
		s.trends = trends{}
	}
	s.trends[key] = t
	return t
}

// roomForTrend reserves room for a trend and its series.
func (s *service) roomForTrend(key trendKey, series int) bool {
	if !s.meter.takeTrend(s, key) {
		return false
	}
	if !s.take(series) {
		s.meter.trends.Add(-1)
		return false
	}
	return true
}

// takeTrend reserves a trend. If all are taken, the service drops its longest silent trend, if that is quiet.
func (m *Meter) takeTrend(s *service, wanted trendKey) bool {
	if m.trends.Add(1) <= int64(m.settings.MaxDrift) {
		return true
	}
	m.trends.Add(-1)
	var oldest *trend
	for _, t := range s.trends {
		if !t.key.parent && (oldest == nil || t.seen < oldest.seen) {
			oldest = t
		}
	}
	if oldest == nil || oldest.seen == 0 || m.now().Unix()-oldest.seen < quiet {
		return false
	}
	s.drop(oldest, wanted)
	m.trends.Add(1)
	return true
}

// drop removes a trend, and its parent if that has no other child. The parent stays if the wanted trend needs it.
func (s *service) drop(t *trend, wanted trendKey) {
	delete(s.trends, t.key)
	s.give(trendSlots)
	s.meter.live.Add(-trendSlots)
	s.meter.trends.Add(-1)
	for _, sl := range s.slices {
		for _, p := range sl.scores.list {
			if p.trend == t {
				p.trend = nil
			}
		}
	}
	if parent := t.key.parentKey(); wanted.parentKey() != parent {
		s.dropOrphan(parent)
	}
}

// dropOrphan removes a parent without children.
func (s *service) dropOrphan(parent trendKey) {
	for k := range s.trends {
		if !k.parent && k.parentKey() == parent {
			return
		}
	}
	delete(s.trends, parent)
	s.give(parentSlots)
	s.meter.trends.Add(-1)
}

// collectTrends adds the scores since the last collection to the trends and emits their points. Scores without a trend,
// because there was no room or they were silent, get one here if there is room now.
func (s *service) collectTrends(now time.Time, emit func(Point)) {
	bin := now.Unix() / int64(drift.Bin/time.Second)
	for _, t := range s.trends { // advance time for parents before any child is compared with them
		if t.key.parent {
			t.series.Add(bin, 0, 0)
		}
	}
	full := false // search for room only once: many scores of a service may be waiting
	for _, sl := range s.slices {
		for _, p := range sl.scores.list {
			n, sum := float64(p.count.count)-p.trended.n, p.sum.sum-p.trended.sum
			if n == 0 {
				continue
			}
			p.trended = tally{float64(p.count.count), p.sum.sum}
			if p.trend == nil && !full && s.followed(sl, p) {
				s.follow(sl, p)
				full = p.trend == nil
			}
			if p.trend == nil {
				continue
			}
			sum = min(max(sum, 0), n) // the difference of two sums is not exact
			p.trend.series.Add(bin, n, sum)
			p.trend.series.Parent.Add(bin, n, sum)
			p.trend.seen = now.Unix()
			s.trends[p.trend.key.parentKey()].seen = now.Unix()
		}
	}
	for _, t := range s.trends {
		if t.key.parent || t.seen == 0 || now.Unix()-t.seen >= quiet {
			continue
		}
		t.series.Add(bin, 0, 0)
		slow, fast := t.series.Drift()
		emit(
			Point{
				Metric:     catalog.ScoreDrift,
				Attributes: with(t.attributes, Pair{catalog.DriftSpeed, drift.Slow.Name}),
				Sum:        slow,
			},
		)
		emit(
			Point{
				Metric:     catalog.ScoreDrift,
				Attributes: with(t.attributes, Pair{catalog.DriftSpeed, drift.Fast.Name}),
				Sum:        fast,
			},
		)
		if drop, ok := t.series.DetectableDrop(); ok {
			emit(Point{Metric: catalog.DetectableDrop, Attributes: t.attributes, Sum: drop})
		}
	}
}
