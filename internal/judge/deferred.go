package judge

import "github.com/faultline-otel/faultline/internal/genai"

// Deferred is a rater that can be asked now and answered later, in batches of its providers. A cascade asks in stages,
// one model after the other; others have the stage 0 alone.
type Deferred interface {
	Rater
	// Request returns the request of a stage, with the amount to reserve for it.
	Request(k *Case, stage int) (p Prompt, usd float64)
	// ReplyCost is what the reply of a stage cost.
	ReplyCost(k *Case, stage int, reply *Reply) Cost
	// Conclude makes a result of the replies of all stages so far. next is the stage that must be asked before, Final if
	// there is none. The error is an *Error, of a case that cannot be judged.
	Conclude(k *Case, replies []Reply) (r Result, next int, err error)
}

// Final is no stage: nothing more is asked.
const Final = -1

// Unanswered stands for the reply of a stage that the provider refused. A cascade goes on with the dear judge.
func Unanswered(why Obstacle) Reply {
	return Reply{Refusal: string(why), Tokens: genai.Some(genai.Tokens{})}
}

// Discounted returns the judge with requests that cost a share of the price, as in a batch. The version stays: it is
// the same model with the same text.
func (j *Judge) Discounted(share float64) *Judge {
	other := *j
	other.share = share
	return &other
}

// Request returns the request that judges a case.
func (b byRubric) Request(k *Case, _ int) (p Prompt, usd float64) {
	p = b.rubric.Prompt(k, b.judge.settings.MaxTokens)
	p.CacheKey = b.Version()
	return p, b.judge.estimate(&p)
}

// ReplyCost is what a reply cost.
func (b byRubric) ReplyCost(k *Case, _ int, reply *Reply) Cost {
	p := b.rubric.Prompt(k, b.judge.settings.MaxTokens)
	return b.judge.cost(&p, reply)
}

// Conclude makes a result of the last reply.
func (b byRubric) Conclude(k *Case, replies []Reply) (r Result, next int, err error) {
	if len(replies) == 0 {
		return Result{}, 0, nil
	}
	reply := &replies[len(replies)-1]
	r, err = b.judge.conclude(k, b.rubric, reply, b.ReplyCost(k, 0, reply))
	return r, Final, err
}

// Stages of a cascade: the two cheap judges, then the dear one.
const (
	firstStage = iota
	secondStage
	dearStage
)

func (c *Cascade) stage(n int) Deferred {
	if n == firstStage || n == secondStage {
		return c.cheap[n].(Deferred)
	}
	return c.dear.(Deferred)
}

// Request returns the request of a stage.
func (c *Cascade) Request(k *Case, stage int) (p Prompt, usd float64) {
	return c.stage(stage).Request(k, 0)
}

// ReplyCost is what the reply of a stage cost.
func (c *Cascade) ReplyCost(k *Case, stage int, reply *Reply) Cost {
	return c.stage(stage).ReplyCost(k, 0, reply)
}

// Conclude decides as Rate does.
func (c *Cascade) Conclude(k *Case, replies []Reply) (r Result, next int, err error) {
	var cost Cost
	var first Result
	stage := firstStage
	for i := range replies {
		r, _, err := c.stage(stage).Conclude(k, replies[i:i+1])
		cost.Add(&r.Cost)
		switch {
		case stage == dearStage:
			cost.SavedUSD = r.USD - cost.USD
			r.Cost = cost
			c.sign(&r, 0)
			return r, Final, err
		case err != nil && ErrorOf(err).Obstacle == Nothing:
			return Result{Cost: cost}, Final, err
		case err != nil:
			stage = dearStage
		case stage == firstStage:
			first, stage = r, secondStage
		case first.Evaluation.Failed != r.Evaluation.Failed:
			stage = dearStage
		default:
			cost.SavedUSD = c.dear.Price(first.Tokens) - cost.USD
			first.Cost = cost
			c.sign(&first, 0)
			return first, Final, nil
		}
	}
	return Result{Cost: cost}, stage, nil
}
