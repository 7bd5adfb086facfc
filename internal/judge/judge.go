// Package judge asks a model whether an answer or a session meets a rubric.
//
// A Case is what is judged, a Rubric says how, and a Judge asks a Model. The same rubric with the same model and
// parameters has the same Version, which stands on every result, so that results of different versions never mix. A
// Cascade asks a dear judge only if two cheap ones disagree. A Scorer asks a program over HTTP instead of a model. All
// of them are Raters.
package judge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Rater gives a case a result. It is safe for concurrent use.
type Rater interface {
	// Name is the name of the evaluation: that of the rubric.
	Name() string
	// Version changes with everything that can change a result.
	Version() string
	Applies(k *Case) bool
	// Estimate returns the most that Rate should cost, in US dollars.
	Estimate(k *Case) float64
	// Rate returns an *Error if the case was not judged.
	Rate(ctx context.Context, k *Case) (Result, error)
}

// Result is a judgement.
type Result struct {
	Evaluation spanattr.Evaluation
	Finding    failure.Finding // without a class if the case passes
	Cost
}

// Cost is what a judgement cost.
type Cost struct {
	USD    float64
	Tokens genai.Tokens
	// SavedUSD is what a cascade did not spend on the dear judge, less what it spent on the cheap ones.
	SavedUSD float64
	// CachedUSD is what tokens cost less because the provider had them in its cache, BatchUSD what all cost less in a
	// batch.
	CachedUSD, BatchUSD float64
}

// Model answers prompts.
type Model interface {
	// Ask returns an *Error if there is no answer.
	Ask(ctx context.Context, p Prompt) (Reply, error)
}

// Reply is the answer of a model.
type Reply struct {
	Text    string                  `json:"text,omitempty"`
	Refusal string                  `json:"refusal,omitempty"` // the provider's own field, or the name of the filter
	Cut     bool                    `json:"cut,omitempty"`     // the limit of tokens was reached
	Tokens  genai.Opt[genai.Tokens] `json:"tokens,omitzero"`
}

// Purse limits what is spent.
type Purse interface {
	// Reserve takes an amount from the purse. It returns false if the purse has less.
	Reserve(usd float64) bool
	// Settle replaces a reserved amount by what was spent.
	Settle(reserved, spent float64)
}

// Pace limits how often a provider is asked.
type Pace interface {
	Wait(ctx context.Context) error
}

// Settings are the parameters of a judge. All of them are a part of its version.
type Settings struct {
	Provider    string             `json:"provider"`
	Model       string             `json:"model"`
	Temperature genai.Opt[float64] `json:"temperature,omitzero"`
	Seed        genai.Opt[int64]   `json:"seed,omitzero"`
	MaxTokens   int64              `json:"max_tokens"` // of a reply
	MaxBytes    int                `json:"max_bytes"`  // of a case
	Format      Format             `json:"format"`
}

// Format is how a provider is asked for JSON.
type Format string

// The formats.
const (
	FormatSchema Format = "json_schema"
	FormatObject Format = "json_object" // of servers that know no schemas
	FormatNone   Format = "none"        // the instructions alone ask for JSON
)

// Formats lists all formats.
var Formats = []Format{FormatSchema, FormatObject, FormatNone}

// DefaultMaxTokens is the bound of a reply.
const DefaultMaxTokens = 1500

// Judge asks a model. It is safe for concurrent use.
type Judge struct {
	model    Model
	settings Settings
	price    *price.Row // nil if asking is free
	purse    Purse
	pace     Pace
	share    float64 // of the price that requests cost
}

// New returns a judge. price may be nil for a model that costs nothing, purse and pace for no limits.
func New(model Model, s Settings, row *price.Row, purse Purse, pace Pace) *Judge {
	return &Judge{model, s, row, purse, pace, 1}
}

// Version returns the version of the judge for a rubric: the model, and a hash of the rubric's text and all parameters.
func (j *Judge) Version(r *Rubric) string {
	return version(j.settings.Model, promptFormat, r.hash, j.settings)
}

// version is a readable name and a hash.
func version(name string, of ...any) string {
	text, err := json.Marshal(of)
	if err != nil {
		panic(err) // of parameters, which are plain values
	}
	sum := sha256.Sum256(text)
	return clip.Text(name, 64) + "@" + hex.EncodeToString(sum[:6])
}

// Judge judges a case by a rubric. It returns an *Error if the case was not judged.
func (j *Judge) Judge(ctx context.Context, k *Case, r *Rubric) (Result, error) {
	prompt := r.Prompt(k, j.settings.MaxTokens)
	prompt.CacheKey = j.Version(r)
	reserved := j.estimate(&prompt)
	if j.purse != nil && !j.purse.Reserve(reserved) {
		return Result{}, &Error{Obstacle: SpendLimit}
	}
	spent := 0.0
	if j.purse != nil {
		defer func() { j.purse.Settle(reserved, spent) }()
	}
	if j.pace != nil {
		if err := j.pace.Wait(ctx); err != nil {
			return Result{}, &Error{Obstacle: Timeout, Again: true, Err: err}
		}
	}
	reply, err := j.model.Ask(ctx, prompt)
	if err != nil {
		e := ErrorOf(err)
		if e.Unknown {
			spent = reserved
		}
		return Result{}, e
	}
	cost := j.cost(&prompt, &reply)
	spent = cost.USD
	return j.conclude(k, r, &reply, cost)
}

// conclude makes a result of a reply.
func (j *Judge) conclude(k *Case, r *Rubric, reply *Reply, cost Cost) (Result, error) {
	found, err := r.read(reply)
	if err != nil {
		return Result{Cost: cost}, err
	}
	result := r.result(k, found)
	result.Cost = cost
	result.Evaluation.Version, result.Evaluation.JudgeModel = j.Version(r), j.settings.Model
	result.Evaluation.CostUSD = genai.Some(cost.USD)
	return result, nil
}

// read takes the finding out of a reply.
func (r *Rubric) read(reply *Reply) (finding, error) {
	if reply.Refusal != "" {
		return finding{}, &Error{Obstacle: Refused}
	}
	found, err := r.parse(reply.Text)
	switch {
	case err == nil:
		return found, nil
	case errors.Is(err, errNothing):
		return found, &Error{Obstacle: Nothing, Err: err}
	case reply.Cut:
		return found, &Error{Obstacle: CutReply, Err: err}
	}
	return found, &Error{Obstacle: InvalidReply, Err: err}
}

// result makes a result of a finding: evaluation and finding say the same.
func (r *Rubric) result(k *Case, f finding) Result {
	e := spanattr.Evaluation{
		Name: r.Name, By: spanattr.EvaluatorJudge, Label: "pass", Value: genai.Some(f.score),
		Explanation: f.explanation, Stratum: k.Stratum,
		Provider: k.Provider, Operation: k.Operation, Model: k.Model,
		PromptName: k.PromptName, PromptVersion: k.PromptVersion,
	}
	if k.Probability > 0 {
		e.Probability = genai.Some(k.Probability)
	}
	found := failure.Finding{}
	if f.reason.Class != "" {
		e.Label, e.Failed, e.Class, e.Detail = "fail", true, f.reason.Class, f.reason.Detail
		found = failure.Finding{
			Class: f.reason.Class, Detail: f.reason.Detail, Scorer: r.Name, What: f.reason.Code,
			Evidence: clip.Text(fmt.Sprintf("%s: %s, score %.2f", r.Name, f.reason.Code, f.score), failure.MaxEvidence),
			Excerpt:  f.explanation,
		}
	}
	for _, scorer := range r.Suspicions {
		if slices.Contains(k.Suspects, scorer) {
			e.SuspicionOf = append(e.SuspicionOf, scorer)
		}
	}
	if len(e.SuspicionOf) > 0 {
		e.Suspicion = spanattr.SuspicionWithdrawn
		if e.Failed {
			e.Suspicion = spanattr.SuspicionConfirmed
		}
	}
	return Result{Evaluation: e, Finding: found}
}

// estimate is the price of the prompt with the longest reply.
func (j *Judge) estimate(p *Prompt) float64 {
	return j.usd(price.EstimateTokens(p.System)+price.EstimateTokens(p.User)+overhead, p.MaxTokens)
}

// overhead is more tokens than providers add around the two messages, and for the schema of the reply.
const overhead = 300

// cost is what a reply cost. If the server does not count tokens, they are estimated.
func (j *Judge) cost(p *Prompt, reply *Reply) Cost {
	if !reply.Tokens.Set {
		tokens := genai.Tokens{
			UncachedInput: genai.Some(price.EstimateTokens(p.System) + price.EstimateTokens(p.User)),
			Output:        genai.Some(price.EstimateTokens(reply.Text)),
		}
		return Cost{USD: j.Price(tokens), Tokens: tokens}.inBatch(j.share)
	}
	c := Cost{Tokens: reply.Tokens.Value}
	if j.price == nil {
		return c
	}
	usd, err := j.price.Cost(&price.Usage{Tokens: c.Tokens})
	if err != nil { // counts that cannot be: the reserved amount is the best guess
		c.USD = j.estimate(p)
		return c
	}
	uncached := c.Tokens
	uncached.UncachedInput = genai.Some(uncached.UncachedInput.Value + uncached.CacheRead.Value)
	uncached.CacheRead = genai.Opt[int64]{}
	c.USD = usd * j.share
	c.CachedUSD = max(j.Price(uncached)-c.USD, 0)
	return c.inBatch(j.share)
}

// inBatch says what a share of the price saved.
func (c Cost) inBatch(share float64) Cost {
	if share > 0 {
		c.BatchUSD = c.USD/share - c.USD
	}
	return c
}

func (j *Judge) usd(input, output int64) float64 {
	return j.Price(genai.Tokens{UncachedInput: genai.Some(input), Output: genai.Some(output)})
}

// Price returns what tokens cost, in US dollars.
func (j *Judge) Price(t genai.Tokens) float64 {
	if j.price == nil {
		return 0
	}
	usd, err := j.price.Cost(&price.Usage{Tokens: t})
	if err != nil { // counts that cannot be
		return 0
	}
	return usd * j.share
}

// By returns the judge with a rubric.
func (j *Judge) By(r *Rubric) Priced { return byRubric{j, r} }

type byRubric struct {
	judge  *Judge
	rubric *Rubric
}

func (b byRubric) Name() string         { return b.rubric.Name }
func (b byRubric) Version() string      { return b.judge.Version(b.rubric) }
func (b byRubric) Applies(k *Case) bool { return b.rubric.Applies(k) }

func (b byRubric) Price(t genai.Tokens) float64 { return b.judge.Price(t) }

func (b byRubric) Estimate(k *Case) float64 {
	prompt := b.rubric.Prompt(k, b.judge.settings.MaxTokens)
	return b.judge.estimate(&prompt)
}

func (b byRubric) Rate(ctx context.Context, k *Case) (Result, error) {
	return b.judge.Judge(ctx, k, b.rubric)
}
