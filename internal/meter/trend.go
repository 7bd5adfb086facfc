package meter

import (
	"time"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/drift"
)

// trendKey is what scores are followed by: those of all models, operations and turns together. That of a parent names no version of the
// prompt: it is all of the prompt's scores by this version of the scorer, by which a version that is new is judged. Prompts are not judged by
// each other, nor scores by those of another judge: their usual levels have nothing in common.
type trendKey struct {
	scorer, version, stratum, prompt, promptVersion string
	parent                                          bool
}

// of is the key of the parent.
func (k trendKey) of() trendKey {
	k.promptVersion, k.parent = "", true
	return k
}

// trends are those of a service.
type trends map[trendKey]*trend

// trend follows how the scores of a scorer change.
type trend struct {
	key        trendKey
	attributes []Pair
	series     drift.Series
	seen       int64 // Unix seconds
}

// tally is how many scores there were, and their sum.
type tally struct{ n, sum float64 }

// trendSlots is how many series a trend has. A parent has none; what it takes of the budget bounds the memory.
const (
	trendSlots  = 3
	parentSlots = 1
)

// follow gives the scores of a series to a trend, where they are a fair sample and there is room: flagged traffic was picked because it
// is bad, so that its share says what the picking did.
func (s *service) follow(sl *slice, p *scoreSeries) {
	if !s.followed(sl, p) {
		return
	}
	key := trendKey{
		scorer: p.key.name, version: p.key.version, stratum: p.key.stratum, prompt: sl.key.PromptName, promptVersion: sl.key.PromptVersion,
	}
	p.trend = s.trend(key)
	if p.trend == nil && !p.untracked {
		s.meter.untracked.Add(1)
	}
	p.untracked = p.trend == nil
}

// followed reports whether scores are to have a trend, if there is room.
func (s *service) followed(sl *slice, p *scoreSeries) bool {
	return s.meter.settings.MaxDrift > 0 && s != s.meter.nobody && !sl.rest && p.key.stratum != flagged
}

// flagged is the stratum of what was picked because something was wrong with it.
const flagged = "flagged"

func (s *service) trend(key trendKey) *trend {
	if t := s.trends[key]; t != nil {
		return t
	}
	parent := key
	if !key.parent {
		parent = key.of()
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
			s.leave(parent)
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

// roomForTrend reserves a trend and its series.
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

// takeTrend reserves a trend; where all are taken, the service gives up the one of its own that was silent longest, if it is
// quiet.
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

// drop forgets a trend, and its parent with the last of its children, unless a child of the same parent is wanted: it is going to be judged
// by it.
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
	if parent := t.key.of(); wanted.of() != parent {
		s.leave(parent)
	}
}

// leave forgets a parent that has no children.
func (s *service) leave(parent trendKey) {
	for k := range s.trends {
		if !k.parent && k.of() == parent {
			return
		}
	}
	delete(s.trends, parent)
	s.give(parentSlots)
	s.meter.trends.Add(-1)
}

// collectTrends tells the trends what was counted since the last collection, and hands out what they say. Scores that have none, since there
// was no room or they were silent, are followed from here on where there is room now.
func (s *service) collectTrends(now time.Time, emit func(Point)) {
	bin := now.Unix() / int64(drift.Bin/time.Second)
	for _, t := range s.trends { // time passes for all, parents included, before any is judged by another
		if t.key.parent {
			t.series.Add(bin, 0, 0)
		}
	}
	full := false // looked for once: a service may have many scores that wait
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
			s.trends[p.trend.key.of()].seen = now.Unix()
		}
	}
	for _, t := range s.trends {
		if t.key.parent || t.seen == 0 || now.Unix()-t.seen >= quiet {
			continue
		}
		t.series.Add(bin, 0, 0)
		slow, fast := t.series.Drift()
		emit(Point{Metric: catalog.ScoreDrift, Attributes: with(t.attributes, Pair{catalog.DriftSpeed, drift.Slow.Name}), Sum: slow})
		emit(Point{Metric: catalog.ScoreDrift, Attributes: with(t.attributes, Pair{catalog.DriftSpeed, drift.Fast.Name}), Sum: fast})
		if drop, ok := t.series.DetectableDrop(); ok {
			emit(Point{Metric: catalog.DetectableDrop, Attributes: t.attributes, Sum: drop})
		}
	}
}
