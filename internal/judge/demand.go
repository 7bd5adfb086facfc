package judge

import "github.com/faultline-otel/faultline/internal/price"

// Demand is what judgements should take. Prices are in US dollars, and estimated.
type Demand struct {
	Calls  int
	Input  int64   // tokens of the prompts
	Output int64   // tokens of replies of average length
	USD    float64 // with replies of average length
	MaxUSD float64 // with the longest replies that are asked for
}

// Demand is what judging a case by a rubric should take.
func (j *Judge) Demand(k *Case, r *Rubric) Demand {
	prompt := r.Prompt(k, j.settings.MaxTokens)
	input := price.EstimateTokens(prompt.System) + price.EstimateTokens(prompt.User)
	output := min(replyTokens, prompt.MaxTokens)
	return Demand{1, input, output, j.usd(input, output), j.estimate(&prompt)}
}

// Add adds what other judgements take.
func (d *Demand) Add(o Demand) {
	d.Calls += o.Calls
	d.Input, d.Output = d.Input+o.Input, d.Output+o.Output
	d.USD, d.MaxUSD = d.USD+o.USD, d.MaxUSD+o.MaxUSD
}
