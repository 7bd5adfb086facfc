package text

import (
	"slices"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/words"
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
		before := v
		v.reading = answerPlace(i)
		s.look(&v, m.Text, r, failure.Finding{
			Class: failure.Refusal, Detail: failure.ModelRefusal, Evidence: "the answer declines the request in words",
		})
		if s.fails(v.margin) && dictated(c.Question(), m.Text, r) {
			v = before
		}
	}
	s.conclude(s, v, r)
}

// dictated reports whether an answer begins with a sentence that stands in the question: these are the user's words.
func dictated(question, answer string, r *score.Result) bool {
	const least = 4 // words
	if question == "" {
		return false
	}
	list := r.Words(answer).Words
	for len(list) > 0 && list[0].Flags.Is(words.Number) { // of a list
		list = list[1:]
	}
	end := 1
	for end < len(list) && !list[end].Flags.Is(words.Sentence|words.Line|words.Number) {
		end++
	}
	if end < least || end > len(list) {
		return false
	}
	q := r.SharedWords(question).Words
	for i := range max(0, len(q)-end+1) {
		if slices.EqualFunc(list[:end], q[i:i+end], func(a, b words.Word) bool { return a.Hash == b.Hash }) {
			return true
		}
	}
	return false
}

// reported reports whether the provider or the model itself reported a refusal.
func reported(c *genai.Call) bool {
	return slices.Contains(c.FinishReasonsCanonical, provider.FinishRefusal) ||
		slices.Contains(c.FinishReasonsCanonical, provider.FinishContentFilter) || c.Refusal() != ""
}
