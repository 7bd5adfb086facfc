package judge

import (
	"context"

	"github.com/faultline-otel/faultline/internal/genai"
)

type tokenCount = genai.Opt[int64]

// Cascade asks two cheap judges and, only if they disagree about whether the case passes, a dear one. It has a version
// of its own: its results are a series apart from those of any of its judges.
type Cascade struct {
	cheap [2]Rater
	dear  Priced
}

// Priced is a rater whose price of tokens is known.
type Priced interface {
	Rater
	// Price returns what tokens cost, in US dollars.
	Price(t genai.Tokens) float64
}

// NewCascade returns a cascade of raters with the same rubric.
func NewCascade(first, second Rater, dear Priced) *Cascade {
	return &Cascade{[2]Rater{first, second}, dear}
}

// Panel is the judges of cascades, for any rubric.
type Panel struct{ first, second, dear *Judge }

// NewPanel returns a panel of two cheap judges and a dear one.
func NewPanel(first, second, dear *Judge) *Panel { return &Panel{first, second, dear} }

// By returns the cascade with a rubric.
func (p *Panel) By(r *Rubric) *Cascade {
	return NewCascade(p.first.By(r), p.second.By(r), p.dear.By(r))
}

// Judge judges a case by a rubric, see Cascade.Rate.
func (p *Panel) Judge(ctx context.Context, k *Case, r *Rubric) (Result, error) {
	return p.By(r).Rate(ctx, k)
}

// Version returns the version of the cascade with a rubric.
func (p *Panel) Version(r *Rubric) string { return p.By(r).Version() }

// Demand is what the two cheap judges should take. MaxUSD has the dear one too.
func (p *Panel) Demand(k *Case, r *Rubric) Demand {
	d := p.first.Demand(k, r)
	d.Add(p.second.Demand(k, r))
	d.MaxUSD += p.dear.Demand(k, r).MaxUSD
	return d
}

// Name returns the name of the rubric.
func (c *Cascade) Name() string { return c.dear.Name() }

// Version is of the versions of all three.
func (c *Cascade) Version() string {
	return version("cascade", c.cheap[0].Version(), c.cheap[1].Version(), c.dear.Version())
}

// Applies reports whether the case can be judged.
func (c *Cascade) Applies(k *Case) bool { return c.dear.Applies(k) }

// Estimate is the price of asking all three.
func (c *Cascade) Estimate(k *Case) float64 {
	return c.cheap[0].Estimate(k) + c.cheap[1].Estimate(k) + c.dear.Estimate(k)
}

// Rate returns the result of the first cheap judge if the second agrees, otherwise that of the dear one. A cheap judge
// whose reply is of no use is one that disagrees. What is saved is the price of the first judge's tokens at the dear
// one.
func (c *Cascade) Rate(ctx context.Context, k *Case) (Result, error) {
	var cheap [2]Result
	agreed := true
	var cost Cost
	for i, rater := range c.cheap {
		r, err := rater.Rate(ctx, k)
		cost.Add(&r.Cost)
		if err != nil {
			if e := ErrorOf(err); e.Again || e.Obstacle == SpendLimit || e.Obstacle == Nothing {
				return Result{Cost: cost}, err
			}
			agreed = false
			break
		}
		cheap[i] = r
	}
	if agreed && cheap[0].Evaluation.Failed == cheap[1].Evaluation.Failed {
		r := cheap[0]
		r.Cost = cost
		r.SavedUSD = c.dear.Price(cheap[0].Tokens) - cost.USD
		c.sign(&r)
		return r, nil
	}
	r, err := c.dear.Rate(ctx, k)
	cost.Add(&r.Cost)
	cost.SavedUSD = -(cost.USD - r.USD)
	r.Cost = cost
	c.sign(&r)
	return r, err
}

// sign makes a result one of the cascade.
func (c *Cascade) sign(r *Result) {
	r.Evaluation.Version, r.Evaluation.CostUSD = c.Version(), genai.Some(r.USD)
}

// Add adds what another judgement cost.
func (c *Cost) Add(o *Cost) {
	c.USD += o.USD
	c.SavedUSD += o.SavedUSD
	t, u := &c.Tokens, &o.Tokens
	for _, p := range []struct{ to, from *tokenCount }{
		{&t.UncachedInput, &u.UncachedInput},
		{&t.CacheRead, &u.CacheRead},
		{&t.CacheWrite, &u.CacheWrite},
		{&t.Output, &u.Output},
		{&t.Reasoning, &u.Reasoning},
	} {
		if p.from.Set {
			p.to.Value, p.to.Set = p.to.Value+p.from.Value, true
		}
	}
}
