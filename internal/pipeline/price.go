package pipeline

import (
	"cmp"
	"errors"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Why a model call has no cost.
const (
	NoPrice = "no_price" // the book does not know the model, or not this kind of token
	NoUsage = "no_usage" // the span has no token counts, and its content allows no estimate
)

// Problems with token counts and costs that an emitter reports.
const (
	problemCost     = "cost"
	problemUsage    = "bad_usage"
	problemReported = "bad_reported"
)

// costed is the cost of a call, or the reason why it is unknown.
type costed struct {
	spanattr.Cost
	missing string // NoPrice, NoUsage, or ""
	problem string // with the tokens or the cost that the emitter reports
}

// cost returns the cost of a call. It prefers the cost that the emitter reports, then the cost that an earlier pass
// computed, then the price book. The call must be the last one that the reader read.
//
// A reported 0 counts only where the book has no price for the tokens: emitters write 0 for models that their own lists
// do not have.
func (s *Scorer) cost(r *dialect.Reader, span ptrace.Span, call *genai.Call, earlier spanattr.Cost) costed {
	reported := costed{Cost: spanattr.Cost{USD: call.CostUSD, Source: spanattr.CostReported}}
	invalid := call.CostUSD.Set && !price.Valid(call.CostUSD.Value)
	if call.CostUSD.Set && !invalid && call.CostUSD.Value > 0 {
		return reported
	}
	c := s.listed(r, span, call, earlier)
	switch {
	case invalid:
		c.problem = problemReported
	case call.CostUSD.Set && c.Source != spanattr.CostComputed:
		reported.problem = c.problem
		return reported
	}
	return c
}

// listed returns the cost that an earlier pass computed, or that of the price book.
func (s *Scorer) listed(r *dialect.Reader, span ptrace.Span, call *genai.Call, earlier spanattr.Cost) costed {
	if earlier.USD.Set {
		return costed{Cost: earlier}
	}
	if s.options.Prices == nil || !call.IsLLMCall() {
		return costed{}
	}
	if call.Error.IsError && !call.Tokens.UncachedInput.Set {
		return costed{} // the call failed, and the span shows no tokens
	}
	// The user's price file may name a framework or a gateway as the provider.
	provider := cmp.Or(call.Provider, call.ProviderRaw)
	row := s.options.Prices.Find(provider, s.pricedAt(span), call.ResponseModel, call.RequestModel, call.Model)
	if row == nil {
		return costed{missing: NoPrice}
	}
	usage, source := price.Usage{Tokens: call.Tokens}, spanattr.CostComputed
	if !counted(call) {
		tokens, ok := price.Estimate(call)
		if !ok || call.Tokens != (genai.Tokens{}) { // an incomplete count is an error that should be visible
			return costed{missing: NoUsage}
		}
		usage.Tokens, source = tokens, spanattr.CostEstimated
	}
	if row.HasServices() {
		if tier := r.ServiceTier(); tier != "" {
			usage.Service = price.ServiceOf(tier)
		}
	}
	usd, err := row.Cost(&usage)
	switch {
	case err == nil:
		version := s.options.Prices.Version()
		return costed{Cost: spanattr.Cost{USD: genai.Some(usd), Source: source, Version: version}}
	case errors.Is(err, price.ErrNoPrice):
		return costed{missing: NoPrice}
	}
	return costed{problem: problemUsage}
}

// pricedAt returns the time at which to look up prices: the start of the span. A span without a start, or with a start
// in the future, uses the current time.
func (s *Scorer) pricedAt(span ptrace.Span) time.Time {
	now := s.now()
	if start := span.StartTimestamp(); start != 0 && start <= pcommon.NewTimestampFromTime(now) {
		return start.AsTime()
	}
	return now
}

// counted reports whether all token counts of a call are known. A failed call may have no answer, and embeddings never
// have one.
func counted(c *genai.Call) bool {
	t := &c.Tokens
	return t.UncachedInput.Set && (t.Output.Set || c.Operation == genai.OpEmbeddings || c.Error.IsError)
}
