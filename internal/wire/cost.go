package wire

import (
	"cmp"
	"errors"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
)

// Who says what a call cost, values of AttrCostSource.
const (
	CostReported  = "reported"  // the emitter
	CostComputed  = "computed"  // a price book, from the tokens that the emitter counted
	CostEstimated = "estimated" // a price book, from tokens that were estimated from the content
)

// Cost is what a call cost, and who says so.
type Cost struct {
	USD     genai.Opt[float64]
	Source  string
	Version string // of the price book; "" where the cost was reported

	// Missing says why a model call has no cost: one of the reasons below. "" where it has one, or none is looked for.
	Missing string

	problem string // what is wrong with what the emitter says of tokens or cost
}

// Why a call has no cost, beside what is wrong with it.
const (
	NoPrice = "no_price" // the book does not know the model, or not this kind of token
	NoUsage = "no_usage" // the span does not say how many tokens were used, and its content does not tell
)

// What is said of counts and amounts that cannot be.
const (
	problemCost     = "cost"
	problemUsage    = "bad_usage"
	problemReported = "bad_reported"
)

// maxVersion bounds the version of a price book that an earlier pass wrote.
const maxVersion = 128

// cost decides what a call cost: what its emitter reports, else what an earlier pass computed, else what the book says.
func (a *Annotator) cost(span ptrace.Span, call *genai.Call, earlier Cost) (cost Cost) {
	if call.CostUSD.Set {
		if price.Valid(call.CostUSD.Value) {
			return Cost{USD: call.CostUSD, Source: CostReported}
		}
		defer func() { cost.problem = problemReported }()
	}
	if earlier.USD.Set {
		return earlier
	}
	if a.options.Prices == nil || !call.IsLLMCall() {
		return Cost{}
	}
	if call.Error.IsError && !call.Tokens.UncachedInput.Set {
		return Cost{} // it failed before a token was used, as far as anybody knows
	}
	// A framework or a gateway that stands where the provider should may be named in the user's file.
	row := a.options.Prices.Find(cmp.Or(call.Provider, call.ProviderRaw), a.at(span), call.ResponseModel, call.RequestModel, call.Model)
	if row == nil {
		return Cost{Missing: NoPrice}
	}
	usage, source := price.Usage{Tokens: call.Tokens}, CostComputed
	if !counted(call) {
		tokens, ok := price.Estimate(call)
		if !ok || call.Tokens != (genai.Tokens{}) { // half a count is a mistake that somebody should see
			return Cost{Missing: NoUsage}
		}
		usage.Tokens, source = tokens, CostEstimated
	}
	if row.HasMedia() {
		readMedia(span, &usage)
	}
	if row.HasServices() {
		usage.Service = serviceOf(span)
	}
	usd, err := row.Cost(&usage)
	switch {
	case err == nil:
		return Cost{USD: genai.Some(usd), Source: source, Version: a.options.Prices.Version()}
	case errors.Is(err, price.ErrNoPrice):
		return Cost{Missing: NoPrice}
	}
	return Cost{problem: problemUsage}
}

// at is the time whose prices hold for a span: that of its start. A span without a time, or from the future by our clock, is
// priced by what holds now.
func (a *Annotator) at(span ptrace.Span) time.Time {
	now := a.now()
	if start := span.StartTimestamp(); start != 0 && start <= pcommon.NewTimestampFromTime(now) {
		return start.AsTime()
	}
	return now
}

// counted reports whether the tokens of a call are all known. A call that failed may have no answer; embeddings have none.
func counted(c *genai.Call) bool {
	t := &c.Tokens
	return t.UncachedInput.Set && (t.Output.Set || c.Operation == genai.OpEmbeddings || c.Error.IsError)
}

// Where emitters say which of the tokens were sound or pictures. They are looked for where the model has a price for them.
var (
	keysInputAudio     = []string{"llm.token_count.prompt_details.audio", "gen_ai.usage.details.input_audio_tokens"}
	keysCacheAudioRead = []string{"gen_ai.usage.details.cache_audio_read_tokens"}
	keysOutputAudio    = []string{"llm.token_count.completion_details.audio", "gen_ai.usage.details.output_audio_tokens"}
	keysInputImage     = []string{"llm.token_count.prompt_details.image", "gen_ai.usage.details.input_image_tokens"}
	keysOutputImage    = []string{"llm.token_count.completion_details.image", "gen_ai.usage.details.output_image_tokens"}
)

// keysService are where emitters say on which terms a call was served; what was, before what was asked for.
var keysService = []string{
	"openai.response.service_tier", "gen_ai.openai.response.service_tier", "gen_ai.response.service_tier",
	"openai.request.service_tier", "gen_ai.openai.request.service_tier", "gen_ai.request.service_tier",
}

func readMedia(span ptrace.Span, u *price.Usage) {
	attrs := span.Attributes()
	u.InputAudio, u.CacheAudioRead, u.OutputAudio = firstInt(attrs, keysInputAudio), firstInt(attrs, keysCacheAudioRead), firstInt(attrs, keysOutputAudio)
	u.InputImage, u.OutputImage = firstInt(attrs, keysInputImage), firstInt(attrs, keysOutputImage)
	if u.InputAudio > u.Tokens.UncachedInput.Value { // it counts what was read from the cache too
		u.InputAudio -= min(u.CacheAudioRead, u.InputAudio)
	}
}

func firstInt(attrs pcommon.Map, keys []string) int64 {
	for _, key := range keys {
		if v, ok := attrs.Get(key); ok {
			if n, ok := parseInt(v.AsString()); ok {
				return n
			}
		}
	}
	return 0
}

func serviceOf(span ptrace.Span) price.Service {
	for _, key := range keysService {
		if v, ok := span.Attributes().Get(key); ok && v.Type() == pcommon.ValueTypeStr && v.Str() != "" {
			return price.ServiceOf(v.Str())
		}
	}
	return price.Standard
}

// costWritten is the cost that stands on a span in our attributes: of an earlier pass, or of an emitter that uses them. Stale
// says that what stands there has to go: it is no cost, or the emitter's own is there after all.
func costWritten(span ptrace.Span, call *genai.Call) (cost Cost, stale bool) {
	there := false
	for key, v := range span.Attributes().All() {
		switch key {
		case AttrCostUSD:
			there = true
			switch v.Type() {
			case pcommon.ValueTypeDouble:
				cost.USD = genai.Some(v.Double())
			case pcommon.ValueTypeInt:
				cost.USD = genai.Some(float64(v.Int()))
			}
		case AttrCostSource:
			there, cost.Source = true, v.Str()
		case AttrPricingVersion:
			there, cost.Version = true, v.Str()
		}
	}
	if !there {
		return Cost{}, false
	}
	computed := (cost.Source == CostComputed || cost.Source == CostEstimated) &&
		cost.Version != "" && len(cost.Version) <= maxVersion && utf8.ValidString(cost.Version)
	reported := (cost.Source == "" || cost.Source == CostReported) && cost.Version == ""
	if !cost.USD.Set || !price.Valid(cost.USD.Value) || !computed && !reported {
		return Cost{}, true
	}
	if reported {
		cost.Source = CostReported
		return cost, false
	}
	return cost, call.CostUSD.Set && price.Valid(call.CostUSD.Value)
}

// write puts a known cost on the span.
func (c *Cost) write(span ptrace.Span) {
	if !c.USD.Set {
		return
	}
	attrs := span.Attributes()
	attrs.PutDouble(AttrCostUSD, c.USD.Value)
	attrs.PutStr(AttrCostSource, c.Source)
	if c.Version != "" {
		attrs.PutStr(AttrPricingVersion, c.Version)
	}
}

func eraseCost(span ptrace.Span) {
	span.Attributes().RemoveIf(func(key string, _ pcommon.Value) bool {
		return key == AttrCostUSD || key == AttrCostSource || key == AttrPricingVersion
	})
}
