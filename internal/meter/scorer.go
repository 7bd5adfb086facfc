package meter

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// Skip is a scorer that gave a span no score, and why. Reasons are a closed list.
type Skip struct{ Scorer, Reason string }

// scorerTable counts one metric of a service by scorer and one more attribute. Unlike scores it is not split into
// slices, because no alert reads it.
type scorerTable struct {
	metric *catalog.Metric
	second catalog.Attribute
	series map[scorerKey]*series
}

// scorerKey is a scorer and the value of the second attribute, "" if it has none. The zero key is the overflow series.
type scorerKey struct{ scorer, second string }

func newScorerTable(metric *catalog.Metric, second catalog.Attribute) scorerTable {
	return scorerTable{metric, second, map[scorerKey]*series{}}
}

// scorer counts one in a table. If there is no room, it counts in the overflow series, which has neither attribute.
func (s *service) scorer(t *scorerTable, scorer, second string, span *Span) {
	key := scorerKey{scorer, second}
	p := t.series[key]
	if p == nil { // existing keys are bounded
		key = scorerKey{bound(scorer), bound(second)}
		p = t.series[key]
	}
	if p == nil {
		p = s.makeScorer(t, key)
	}
	s.over = s.over || p == t.series[scorerKey{}]
	p.used = span.Seen.UnixNano()
	p.add(1, span)
}

func (s *service) makeScorer(t *scorerTable, key scorerKey) *series {
	key = scorerKey{strings.Clone(key.scorer), strings.Clone(key.second)}
	attributes := with(s.base, Pair{catalog.Evaluation, key.scorer})
	if key.second != "" {
		attributes = with(attributes, Pair{t.second, key.second})
	}
	if !s.take(1) {
		if p := t.series[scorerKey{}]; p != nil {
			return p
		}
		key, attributes = scorerKey{}, with(s.base, Pair{catalog.Overflow, "true"})
	}
	p := s.make(t.metric, attributes)
	t.series[key] = p
	return p
}
