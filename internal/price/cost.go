package price

import (
	"errors"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Usage is what a call used. The kinds of Tokens are disjoint, and sound and pictures are parts of them.
type Usage struct {
	Tokens  genai.Tokens
	Service Service
}

// Why a call has no cost.
var (
	ErrNoPrice  = errors.New("no price")
	ErrBadUsage = errors.New("token counts that cannot be")
)

// Bounds of one call. Larger counts are errors of the emitter, and would spoil every sum that includes them.
const (
	MaxTokens = 1e9
	maxCost   = 1e5 // US dollars
)

// Valid reports whether an amount can be the cost of a call: finite, not negative, not absurd.
func Valid(usd float64) bool { return usd >= 0 && usd <= maxCost } // NaN is neither

// Cost returns the price of the usage by this row, in US dollars, not rounded.
func (r *Row) Cost(u *Usage) (usd float64, err error) {
	t := &u.Tokens
	var n [kinds]int64
	n[Input], n[CacheRead], n[CacheWrite] = t.UncachedInput.Value, t.CacheRead.Value, t.CacheWrite.Value
	n[InputAudio], n[CacheAudioRead], n[OutputAudio] = t.InputAudio.Value, t.CacheReadAudio.Value, t.OutputAudio.Value
	n[InputImage], n[OutputImage] = t.InputImage.Value, t.OutputImage.Value
	for _, tokens := range [...]int64{t.Output.Value, t.Reasoning.Value} { // reasoning is paid as output
		if tokens < 0 || tokens > MaxTokens {
			return 0, ErrBadUsage
		}
		n[Output] += tokens
	}
	for _, tokens := range n {
		if tokens < 0 || tokens > 2*MaxTokens {
			return 0, ErrBadUsage
		}
	}
	length := n[Input] + n[CacheRead] + n[CacheWrite]
	// Tokens of sound and pictures are part of those of their side. A count beyond those is dropped as wrong.
	n[CacheAudioRead] = min(n[CacheAudioRead], n[CacheRead])
	n[InputAudio] = min(n[InputAudio], n[Input])
	n[InputImage] = min(n[InputImage], n[Input]-n[InputAudio])
	n[OutputAudio] = min(n[OutputAudio], n[Output])
	n[OutputImage] = min(n[OutputImage], n[Output]-n[OutputAudio])
	n[Input] -= n[InputAudio] + n[InputImage]
	n[CacheRead] -= n[CacheAudioRead]
	n[Output] -= n[OutputAudio] + n[OutputImage]

	rates := r.rates(length, u.Service)
	for k, tokens := range n {
		if tokens == 0 {
			continue
		}
		rate := rates.of(Kind(k))
		if !rate.Set {
			return 0, ErrNoPrice
		}
		usd += float64(tokens) * rate.Value
	}
	usd = usd/1e6 + rates[PerRequest].Value
	if !Valid(usd) {
		return 0, ErrBadUsage
	}
	return usd, nil
}

// rates returns those for a length of input and a service. Rates of a service apply at any length.
func (r *Row) rates(length int64, service Service) *Rates {
	for i := range r.Services {
		if own := &r.Services[i]; own.Service == service {
			return &own.Rates
		}
	}
	rates := &r.Rates
	for i := range r.Contexts {
		if c := &r.Contexts[i]; length > c.Above {
			rates = &c.Rates
		}
	}
	return rates
}

// HasServices reports whether a service has prices of its own.
func (r *Row) HasServices() bool { return len(r.Services) > 0 }
