package meter

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// Skip is a scorer that gave a span no score, and why. Reasons are a closed list.
type Skip struct{ Scorer, Reason string }

// skip counts one skip. If there is no room, it counts in the overflow series, which has neither scorer nor reason.
func (s *service) skip(skip Skip, span *Span) {
	p := s.skips[skip]
	if p == nil { // existing keys are bounded
		skip.Scorer = bound(skip.Scorer)
		p = s.skips[skip]
	}
	if p == nil {
		p = s.makeSkip(skip)
	}
	s.over = s.over || p == s.skips[Skip{}]
	p.add(1, span)
}

func (s *service) makeSkip(skip Skip) *series {
	skip = Skip{strings.Clone(skip.Scorer), strings.Clone(skip.Reason)}
	attributes := with(s.base, Pair{catalog.Evaluation, skip.Scorer}, Pair{catalog.SkipReason, skip.Reason})
	if !s.take(1) {
		if p := s.skips[Skip{}]; p != nil {
			return p
		}
		skip, attributes = Skip{}, with(s.base, Pair{catalog.Overflow, "true"})
	}
	if s.skips == nil {
		s.skips = map[Skip]*series{}
	}
	p := s.make(catalog.ScoreSkips, attributes)
	s.skips[skip] = p
	return p
}
