// Package doubt says what of a call a scorer suspects. A suspicion stands on its span as a score alone. So the scorer
// reads the call again with its level of suspicions for that of verdicts, and says what it quotes.
package doubt

import (
	"math"
	"sync"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// near is how far a score may be from the one on the span. Beyond it the scorer has another model or other settings
// than the one that scored the span, or sees less of the call, and what it quotes would not be the reason.
const near = 0.01

// Reader asks scorers. It makes each when it is asked for the first time. It is safe for concurrent use.
type Reader struct {
	mu   sync.Mutex            // guards the map
	sets map[string]*score.Set // by scorer; nil for one that needs more settings
}

// Of returns what the scorers that suspect a span would say of it, by their names. Scorers that need settings, or do
// not come to the same score, are left out.
func (r *Reader) Of(s *review.Span) map[string]failure.Finding {
	if s.Call == nil || s.Cut {
		return nil
	}
	found := map[string]failure.Finding{}
	for _, name := range s.Suspects {
		set := r.set(name)
		if set == nil {
			continue
		}
		var result score.Result
		set.Score(s.Call, &result)
		for _, value := range result.Scores {
			if value.Scorer != name || math.Abs(value.Value-s.Scores[name]) > near {
				continue
			}
			for _, f := range result.Findings {
				if f.Scorer == name {
					found[name] = f
					break
				}
			}
		}
	}
	return found
}

func (r *Reader) set(name string) *score.Set {
	r.mu.Lock()
	defer r.mu.Unlock()
	if set, known := r.sets[name]; known {
		return set
	}
	levels, leveled := scorers.Levels(name)
	if !leveled {
		return nil // not kept: names may come from anywhere
	}
	if r.sets == nil {
		r.sets = map[string]*score.Set{}
	}
	set, err := scorers.New(score.Config{Version: scorers.Default().Version, Scorers: map[string]score.Settings{
		name: {Values: map[string]any{"fail_below": levels.SuspectBelow}},
	}})
	if err != nil {
		set = nil
	}
	r.sets[name] = set
	return set
}
