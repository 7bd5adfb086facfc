package text

import (
	"slices"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
	"github.com/faultline-otel/faultline/internal/score"
)

// RefusalName is the key of the scorer in the scorer file.
const RefusalName = "refusal"

// Refusal finds answers that decline the request, in full or in part, for reasons of safety, ethics or policy. "I lack
// that ability" and an agent's "our terms do not allow it" are answers, not refusals.
type Refusal struct{ judge }

// NewRefusal makes the scorer.
func NewRefusal(config Config) (*Refusal, error) {
	j, err := newJudge(&RefusalProfile, config)
	return &Refusal{j}, err
}

// Score reads the beginning of each answer. A refusal that the provider reported gets the score 0 and no finding,
// because the report already is one.
func (s *Refusal) Score(c *genai.Call, r *score.Result) {
	if !answered(c) {
		return
	}
	if reported(c) {
		r.Add(s, 0, true)
		return
	}
	var v verdict
	output := c.Output()
	for i := range output {
		m := &output[i]
		if len(m.ToolCalls) > 0 {
			continue
		}
		s.look(&v, m.Text, r, failure.Finding{
			Class: failure.Refusal, Detail: failure.ModelRefusal, Evidence: "the answer declines the request in words",
		})
	}
	s.conclude(s, v, r)
}

// reported reports whether the provider or the model itself reported a refusal.
func reported(c *genai.Call) bool {
	return slices.Contains(c.FinishReasonsCanonical, provider.FinishRefusal) ||
		slices.Contains(c.FinishReasonsCanonical, provider.FinishContentFilter) || c.Refusal() != ""
}
