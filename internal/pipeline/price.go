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
	NoUsage = "no_usage" // the span does not say how many tokens were used, and its content does not tell
)

// Problems with the counts and amounts of an emitter.
const (
	problemCost     = "cost"
	problemUsage    = "bad_usage"
	problemReported = "bad_reported"
)

// costed is what a call cost, or why that is not known.
type costed struct {
	spanattr.Cost
	missing string // NoPrice, NoUsage, or ""
	problem string // with what the emitter says of tokens or cost
}

// cost decides what a call cost: what its emitter reports, else what an earlier pass computed, else what the book says.
// The call is the one that the reader read last.
func (s *Scorer) cost(r *dialect.Reader, span ptrace.Span, call *genai.Call, earlier spanattr.Cost) (c costed) {
	if call.CostUSD.Set {
		if price.Valid(call.CostUSD.Value) {
			return costed{Cost: spanattr.Cost{USD: call.CostUSD, Source: spanattr.CostReported}}
		}
		defer func() { c.problem = problemReported }()
	}
	if earlier.USD.Set {
		return costed{Cost: earlier}
	}
	if s.options.Prices == nil || !call.IsLLMCall() {
		return costed{}
	}
	if call.Error.IsError && !call.Tokens.UncachedInput.Set {
		return costed{} // it failed before a token was used, as far as the span tells
	}
	// A framework or a gateway in the provider's place may be named in the user's file.
	provider := cmp.Or(call.Provider, call.ProviderRaw)
	row := s.options.Prices.Find(provider, s.pricedAt(span), call.ResponseModel, call.RequestModel, call.Model)
	if row == nil {
		return costed{missing: NoPrice}
	}
	usage, source := price.Usage{Tokens: call.Tokens}, spanattr.CostComputed
	if !counted(call) {
		tokens, ok := price.Estimate(call)
		if !ok || call.Tokens != (genai.Tokens{}) { // half a count is a mistake that a person should see
			return costed{missing: NoUsage}
		}
		usage.Tokens, source = tokens, spanattr.CostEstimated
	}
	if row.HasMedia() {
		m := r.MediaTokens()
		usage.InputAudio, usage.CacheAudioRead, usage.OutputAudio = m.InputAudio, m.CacheReadAudio, m.OutputAudio
		usage.InputImage, usage.OutputImage = m.InputImage, m.OutputImage
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

// pricedAt is the time whose prices hold for a span: its start. A span without a time, or from the future by our clock,
// has the prices of now.
func (s *Scorer) pricedAt(span ptrace.Span) time.Time {
	now := s.now()
	if start := span.StartTimestamp(); start != 0 && start <= pcommon.NewTimestampFromTime(now) {
		return start.AsTime()
	}
	return now
}

// counted reports whether the tokens of a call are all known. A call that failed may have no answer; embeddings have
// none.
func counted(c *genai.Call) bool {
	t := &c.Tokens
	return t.UncachedInput.Set && (t.Output.Set || c.Operation == genai.OpEmbeddings || c.Error.IsError)
}
