package judge

// Deferred is a rater that can be asked now and answered later, in a batch of its provider.
type Deferred interface {
	Rater
	// Prompt returns the request that judges a case, with the amount to reserve for it.
	Prompt(k *Case) (p Prompt, usd float64)
	// Conclude makes a result of a reply, and settles what was reserved. It returns an *Error if the case was not judged.
	Conclude(k *Case, reserved float64, reply *Reply) (Result, error)
}

// Discounted returns the judge with requests that cost a share of the price, as in a batch. The version stays: it is
// the same model with the same text.
func (j *Judge) Discounted(share float64) *Judge {
	other := *j
	other.share = share
	return &other
}

// Prompt returns the request that judges a case.
func (b byRubric) Prompt(k *Case) (p Prompt, usd float64) {
	p = b.rubric.Prompt(k, b.judge.settings.MaxTokens)
	p.CacheKey = b.Version()
	return p, b.judge.estimate(&p)
}

// Conclude makes a result of a reply.
func (b byRubric) Conclude(k *Case, reserved float64, reply *Reply) (Result, error) {
	p := b.rubric.Prompt(k, b.judge.settings.MaxTokens)
	cost := b.judge.cost(&p, reply)
	if b.judge.purse != nil {
		b.judge.purse.Settle(reserved, cost.USD)
	}
	return b.judge.conclude(k, b.rubric, reply, cost)
}
