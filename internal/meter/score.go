package meter

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// scoreKey identifies the scores of a scorer in a slice.
type scoreKey struct {
	name, version, stratum string
	untrusted              bool
}

// scoreSeries are the series of one scorer, and its trend.
type scoreSeries struct {
	key                         scoreKey
	count, sum, sumsq, failures *series
	trend                       *trend // nil if there is none
	trended                     tally  // scores that were added to the trend, or that passed without one
	untracked                   bool   // should have a trend, but there is no room
	findings                    map[finding]*series
}

// finding is a failure that a judge found. The zero value is that of the overflow series.
type finding struct {
	class  failure.Class
	detail string
}

// scoreTable finds the series of a scorer. The scores of a span come in the order of the scorers, so the next look-up
// is mostly for the entry after the last one.
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

// maxOrdered bounds the linear search for the position of a scorer: more scorers come only from untrusted input.
const maxOrdered = 32

func (t *scoreTable) add(p *scoreSeries) {
	if t.index == nil {
		t.index = map[scoreKey]*scoreSeries{}
	}
	t.list, t.index[p.key] = append(t.list, p), p
}

// evaluate counts only the scores of a span, and unlocks the service. placed is false if it has no room for any series.
func (s *service) evaluate(span *Span) (over, placed bool) {
	defer s.mu.Unlock()
	s.used = span.Seen.UnixNano()
	if !s.begin() {
		return true, false
	}
	s.over = s == s.meter.overflowService
	sl := s.slice(&span.Breakdown, false)
	sl.used = s.used
	for i := range span.Scores {
		s.score(sl, &span.Scores[i], span)
	}
	return s.over, true
}

// score counts one score. If there is no room, it counts in the overflow series, which have no scorer.
func (s *service) score(sl *slice, score *Score, span *Span) {
	if !s.meter.plausible(IgnoredScore, score.Value, 1) {
		return
	}
	key := scoreKey{score.Name, score.Version, score.Stratum, score.Untrusted}
	if sl.rest {
		key = scoreKey{}
	}
	p := sl.scores.find(key)
	if p == nil { // existing keys are bounded
		key.name, key.version = bound(key.name), bound(key.version)
		p = sl.scores.find(key)
	}
	switch {
	case p != nil:
	case !sl.rest && s.take(scoreSlots):
		sl.taken += scoreSlots
		p = s.makeScore(sl, scoreKey{
			strings.Clone(key.name), strings.Clone(key.version), strings.Clone(key.stratum), key.untrusted,
		})
	default:
		p = s.restScore()
	}
	s.over = s.over || p.key == scoreKey{}
	p.count.add(1, span)
	p.sum.add(score.Value, span)
	p.sumsq.add(score.Value*score.Value, span)
	if score.Failed {
		p.failures.add(1, span)
	}
	if score.Class != "" {
		s.found(sl, p, finding{score.Class, score.Detail}, span)
	}
}

// found counts a finding beside its score. If there is no room, it counts in the overflow series, which has no class.
func (s *service) found(sl *slice, p *scoreSeries, of finding, span *Span) {
	if p.key == (scoreKey{}) {
		of = finding{}
	}
	counter := p.findings[of]
	if counter == nil {
		attributes := p.count.attributes
		if of != (finding{}) {
			if !s.take(1) {
				s.over = true
				s.found(s.rest, s.restScore(), finding{}, span)
				return
			}
			sl.taken++
			attributes = with(attributes, Pair{catalog.ErrorClass, string(of.class)},
				Pair{catalog.ErrorBucket, string(of.class.Bucket())})
			if of.detail = strings.Clone(of.detail); of.detail != "" {
				attributes = with(attributes, Pair{catalog.ErrorDetail, of.detail})
			}
			of.class = failure.Class(strings.Clone(string(of.class)))
		}
		if p.findings == nil {
			p.findings = map[finding]*series{}
		}
		counter = s.make(catalog.JudgeFindings, attributes)
		p.findings[of] = counter
	}
	counter.add(1, span)
}

// restScore finds or makes the overflow series of scores.
func (s *service) restScore() *scoreSeries {
	if p := s.rest.scores.find(scoreKey{}); p != nil {
		return p
	}
	return s.makeScore(s.rest, scoreKey{})
}

// falseIf is the value of an attribute that is absent unless something is not so.
func falseIf(not bool) string {
	if not {
		return "false"
	}
	return ""
}

func (s *service) makeScore(sl *slice, key scoreKey) *scoreSeries {
	attributes := sl.attributes
	for _, p := range [...]Pair{
		{catalog.Evaluation, key.name},
		{catalog.ScorerVersion, key.version},
		{catalog.Stratum, key.stratum},
		{catalog.Trusted, falseIf(key.untrusted)},
	} {
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
