package judge

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// scripted is a rater that does one thing after the other, for a cent each.
type scripted struct {
	says  []string // pass, fail, busy or nonsense
	calls int
}

func (*scripted) Name() string                 { return "relevance" }
func (*scripted) Version() string              { return "v" }
func (*scripted) Applies(*Case) bool           { return true }
func (*scripted) Estimate(*Case) float64       { return 0.01 }
func (*scripted) Price(t genai.Tokens) float64 { return float64(t.Output.Value) }

func (s *scripted) Rate(context.Context, *Case) (Result, error) {
	s.calls++
	switch say := s.says[s.calls-1]; say {
	case "busy":
		return Result{}, &Error{Obstacle: RateLimited, Again: true}
	case "nonsense":
		return Result{Cost: Cost{USD: 0.01}}, &Error{Obstacle: InvalidReply}
	default:
		return Result{
			Evaluation: spanattr.Evaluation{Label: say, Failed: say == "fail"},
			Cost:       Cost{USD: 0.01, Tokens: genai.Tokens{Output: genai.Some[int64](1)}},
		}, nil
	}
}

// TestACascadeThatIsTriedAgainAsksNobodyTwice: what the cheap judges said in an attempt before still counts.
func TestACascadeThatIsTriedAgainAsksNobodyTwice(t *testing.T) {
	for name, c := range map[string]struct {
		first, second, dear []string
		attempts            int
		want                string
		calls               [3]int
		cost, saved         float64 // of the evaluation
	}{
		"the second is busy":        {[]string{"pass"}, []string{"busy", "pass"}, nil, 2, "pass", [3]int{1, 2, 0}, 0.02, 0.98},
		"the dear one is busy":      {[]string{"pass"}, []string{"fail"}, []string{"busy", "busy", "fail"}, 3, "fail", [3]int{1, 1, 3}, 0.03, -0.02},
		"after a reply of no use":   {[]string{"nonsense"}, nil, []string{"busy", "pass"}, 2, "pass", [3]int{1, 0, 2}, 0.02, -0.01},
		"nobody is busy":            {[]string{"fail"}, []string{"fail"}, nil, 1, "fail", [3]int{1, 1, 0}, 0.02, 0.98},
		"the first is busy at once": {[]string{"busy", "pass"}, []string{"pass"}, nil, 2, "pass", [3]int{2, 1, 0}, 0.02, 0.98},
	} {
		t.Run(name, func(t *testing.T) {
			first, second, dear := &scripted{says: c.first}, &scripted{says: c.second}, &scripted{says: c.dear}
			cascade := NewCascade(first, second, dear)
			k := &Case{Scope: Answer, Answer: "a"}
			var paid float64
			for n := 1; ; n++ {
				r, err := cascade.Rate(t.Context(), k)
				paid += r.USD
				if n < c.attempts {
					require.True(t, ErrorOf(err).Again)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, c.want, r.Evaluation.Label)
				require.InDelta(t, c.cost, r.Evaluation.CostUSD.Value, 1e-9)
				require.InDelta(t, c.cost, paid, 1e-9, "each call counts once")
				require.InDelta(t, c.saved, r.SavedUSD, 1e-9)
				break
			}
			calls := [3]int{first.calls, second.calls, dear.calls}
			require.Equal(t, c.calls, calls)
			first.says, second.says = append(first.says, "pass"), append(second.says, "pass")
			_, err := cascade.Rate(t.Context(), k)
			require.NoError(t, err)
			require.Equal(t, c.calls[0]+1, first.calls, "what came to an end is forgotten")
		})
	}
}
