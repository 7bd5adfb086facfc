package meter

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// suspect identifies the suspicions of a version of a scorer. Unlike failures they are not split into slices: nobody is
// alerted by them.
type suspect struct{ scorer, version string }

// suspect counts one suspicion. If there is no room, it counts in the overflow series, which has no scorer.
func (s *service) suspect(score *Score, span *Span) {
	key := suspect{score.Name, score.Version}
	p := s.suspects[key]
	if p == nil { // existing keys are bounded
		key = suspect{bound(key.scorer), bound(key.version)}
		p = s.suspects[key]
	}
	if p == nil {
		p = s.makeSuspect(key)
	}
	s.over = s.over || p == s.suspects[suspect{}]
	p.add(1, span)
}

func (s *service) makeSuspect(key suspect) *series {
	key = suspect{strings.Clone(key.scorer), strings.Clone(key.version)}
	attributes := with(s.base, Pair{catalog.Evaluation, key.scorer})
	if key.version != "" {
		attributes = with(attributes, Pair{catalog.ScorerVersion, key.version})
	}
	if !s.take(1) {
		if p := s.suspects[suspect{}]; p != nil {
			return p
		}
		key, attributes = suspect{}, with(s.base, Pair{catalog.Overflow, "true"})
	}
	if s.suspects == nil {
		s.suspects = map[suspect]*series{}
	}
	p := s.make(catalog.ScoreSuspects, attributes)
	s.suspects[key] = p
	return p
}
