package meter

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// scoreKey is what scores of a slice are told apart by.
type scoreKey struct{ name, version, stratum string }

// scoreSeries are the series of one scorer, and what follows how its scores change.
type scoreSeries struct {
	key                         scoreKey
	count, sum, sumsq, failures *series
	trend                       *trend // nil where there is none
	trended                     tally  // what a trend was told, or would have been
	untracked                   bool   // it wants a trend, and there is no room
}

// scoreTable finds the series of a scorer. The scores of a span come in the order of the scorers, so the one that is wanted is most often the
// one behind the last.
type scoreTable struct {
	list  []*scoreSeries
	index map[scoreKey]*scoreSeries
	next  int
}

func (t *scoreTable) find(k scoreKey) *scoreSeries {
	if t.next >= len(t.list) {
		t.next = 0
	}
	if t.next < len(t.list) && t.list[t.next].key == k {
		t.next++
		return t.list[t.next-1]
	}
	p := t.index[k]
	if p != nil {
		for i, q := range t.list[:min(len(t.list), maxOrdered)] {
			if q == p {
				t.next = i + 1
			}
		}
	}
	return p
}

// maxOrdered bounds the search for the place of a scorer: more scorers than this come from a stranger.
const maxOrdered = 32

func (t *scoreTable) add(p *scoreSeries) {
	if t.index == nil {
		t.index = map[scoreKey]*scoreSeries{}
	}
	t.list, t.index[p.key] = append(t.list, p), p
}

// evaluate counts only the scores of a span. It reports false where the service has no place for any series.
func (s *service) evaluate(span *Span) (over, placed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.begin() {
		return true, false
	}
	s.over = s == s.meter.nobody
	sl := s.slice(&span.Breakdown, false)
	for i := range span.Scores {
		s.score(sl, &span.Scores[i], span)
	}
	return s.over, true
}

// score counts one score. What there is no room for goes to the series of the rest that name no scorer.
func (s *service) score(sl *slice, score *Score, span *Span) {
	if !s.meter.plausible(IgnoredScore, score.Value, 1) {
		return
	}
	key := scoreKey{score.Name, score.Version, score.Stratum}
	if sl.rest {
		key = scoreKey{}
	}
	p := sl.scores.find(key)
	if p == nil { // keys that are there are bounded
		key.name, key.version = bound(key.name), bound(key.version)
		p = sl.scores.find(key)
	}
	switch {
	case p != nil:
	case !sl.rest && s.take(scoreSlots):
		p = s.makeScore(sl, scoreKey{strings.Clone(key.name), strings.Clone(key.version), strings.Clone(key.stratum)})
	default:
		if p = s.rest.scores.find(scoreKey{}); p == nil {
			p = s.makeScore(s.rest, scoreKey{})
		}
	}
	s.over = s.over || p.key == scoreKey{}
	p.count.add(1, span)
	p.sum.add(score.Value, span)
	p.sumsq.add(score.Value*score.Value, span)
	if score.Failed {
		p.failures.add(1, span)
	}
}

func (s *service) makeScore(sl *slice, key scoreKey) *scoreSeries {
	attributes := sl.attributes
	for _, p := range [...]Pair{{catalog.Evaluation, key.name}, {catalog.ScorerVersion, key.version}, {catalog.Stratum, key.stratum}} {
		if p.Value != "" {
			attributes = with(attributes, p)
		}
	}
	p := &scoreSeries{
		key:   key,
		count: s.make(catalog.ScoreCount, attributes), sum: s.make(catalog.ScoreSum, attributes),
		sumsq: s.make(catalog.ScoreSumSq, attributes), failures: s.make(catalog.ScoreFailures, attributes),
	}
	sl.scores.add(p)
	s.follow(sl, p)
	return p
}
