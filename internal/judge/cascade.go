package judge

import (
	"context"
	"crypto/sha256"
	"encoding/json"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/faultline-otel/faultline/internal/genai"
)

type tokenCount = genai.Opt[int64]

// Cascade asks two cheap judges and, only if they disagree about whether the case passes, a dear one. It has a version
// of its own: its results are a series apart from those of any of its judges.
type Cascade struct {
	cheap [2]Rater
	dear  Priced
	asked *asked
}

// Priced is a rater whose price of tokens is known.
type Priced interface {
	Rater
	// Price returns what tokens cost, in US dollars.
	Price(t genai.Tokens) float64
}

// NewCascade returns a cascade of raters with the same rubric.
func NewCascade(first, second Rater, dear Priced) *Cascade {
	return &Cascade{[2]Rater{first, second}, dear, newAsked()}
}

// Panel is the judges of cascades, for any rubric.
type Panel struct {
	first, second, dear *Judge
	asked               *asked
}

// NewPanel returns a panel of two cheap judges and a dear one.
func NewPanel(first, second, dear *Judge) *Panel {
	return &Panel{first, second, dear, newAsked()}
}

// By returns the cascade with a rubric.
func (p *Panel) By(r *Rubric) *Cascade {
	return &Cascade{[2]Rater{p.first.By(r), p.second.By(r)}, p.dear.By(r), p.asked}
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
// one. If a judge cannot answer now, the next attempt asks only those that have not answered yet.
func (c *Cascade) Rate(ctx context.Context, k *Case) (Result, error) {
	key := c.key(k)
	said := c.asked.take(key)
	var cost Cost
	later := func(err error) (Result, error) {
		if ErrorOf(err).Again {
			said.spent += cost.USD
			c.asked.keep(key, said)
		}
		return Result{Cost: cost}, err
	}
	for said.n < len(c.cheap) && !said.useless {
		r, err := c.cheap[said.n].Rate(ctx, k)
		cost.Add(&r.Cost)
		if err != nil {
			if e := ErrorOf(err); e.Again || e.Obstacle == SpendLimit || e.Obstacle == Nothing {
				return later(err)
			}
			said.useless = true
			break
		}
		said.results[said.n] = r
		said.n++
	}
	first, second := &said.results[0], &said.results[1]
	if !said.useless && first.Evaluation.Failed == second.Evaluation.Failed {
		r := *first
		r.Cost = cost
		r.SavedUSD = c.dear.Price(first.Tokens) - cost.USD - said.spent
		c.sign(&r, said.spent)
		return r, nil
	}
	r, err := c.dear.Rate(ctx, k)
	cost.Add(&r.Cost)
	if err != nil && ErrorOf(err).Again {
		return later(err)
	}
	cost.SavedUSD = r.USD - cost.USD - said.spent
	r.Cost = cost
	c.sign(&r, said.spent)
	return r, err
}

// answers is what the cheap judges said of a case in attempts that came to no end.
type answers struct {
	results [2]Result
	n       int  // of them
	useless bool // the next reply was of no use
	spent   float64
}

// asked remembers answers of cheap judges, until the process ends. It is safe for concurrent use.
type asked struct {
	cases *lru.Cache[[sha256.Size]byte, answers]
}

// maxAsked is how many cases are remembered. Beyond them, cheap judges are asked again.
const maxAsked = 4096

func newAsked() *asked {
	cases, err := lru.New[[sha256.Size]byte, answers](maxAsked)
	if err != nil {
		panic(err) // of the size, which is above 0
	}
	return &asked{cases}
}

func (a *asked) take(key [sha256.Size]byte) answers {
	said, _ := a.cases.Get(key)
	a.cases.Remove(key)
	return said
}

func (a *asked) keep(key [sha256.Size]byte, said answers) { a.cases.Add(key, said) }

// key identifies a case as this cascade judges it.
func (c *Cascade) key(k *Case) [sha256.Size]byte {
	text, err := json.Marshal(k)
	if err != nil {
		panic(err) // of texts and numbers
	}
	return sha256.Sum256(append(text, c.Version()...))
}

// sign makes a result one of the cascade. earlier is what attempts before cost.
func (c *Cascade) sign(r *Result, earlier float64) {
	r.Evaluation.Version, r.Evaluation.CostUSD = c.Version(), genai.Some(r.USD+earlier)
}

// Add adds what another judgement cost.
func (c *Cost) Add(o *Cost) {
	c.USD += o.USD
	c.SavedUSD += o.SavedUSD
	c.CachedUSD, c.BatchUSD = c.CachedUSD+o.CachedUSD, c.BatchUSD+o.BatchUSD
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
