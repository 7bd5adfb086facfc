package text

import (
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// ToxicityName is the key of the scorer in the scorer file.
const ToxicityName = "toxicity"

// Toxicity finds explicitly abusive language in answers: slurs, insults and obscene abuse. It does not detect contempt
// in polite words.
type Toxicity struct{ judge }

// NewToxicity makes the scorer.
func NewToxicity(config Config) (*Toxicity, error) {
	j, err := newJudge(&ToxicityProfile, config)
	return &Toxicity{j}, err
}

// Score looks at the worst passage of each answer.
func (s *Toxicity) Score(c *genai.Call, r *score.Result) {
	if !answered(c) {
		return
	}
	var v verdict
	output := c.Output()
	for i := range output {
		s.look(&v, output[i].Text, r, failure.Finding{
			Class: failure.Unsafe, Detail: failure.Toxicity, Evidence: "the answer contains abusive language",
		})
	}
	s.conclude(s, v, r)
}
