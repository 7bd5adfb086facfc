package pipeline

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/price/pricefile"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// book returns a test price book. A token of input to gpt-4.1 costs one dollar in 2026 and two in 2027, and output is
// free.
func book(t *testing.T, rows ...string) *price.Book {
	t.Helper()
	text := "book\t2026-01-01\nprovider\topenai\t\tgpt-*\t\n" +
		"gpt-4.1\t\tinput=1000000 output=0 cache_read=100000\ngpt-4.1\t2027-01-01\tinput=500000 output=0\n"
	b, err := price.Parse(text + strings.Join(rows, "\n"))
	require.NoError(t, err)
	return b
}

func costing(b *price.Book) *Scorer {
	a := NewScorer(score.NewSet(), ScorerOptions{Prices: b})
	a.now = func() time.Time { return time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC) }
	return a
}

// chat returns a call of gpt-4.1 with 2 tokens of input, one token of output, and additional attributes as key and
// value pairs.
func chat(t *testing.T, attributes ...any) (ptrace.Traces, ptrace.Span) {
	t.Helper()
	td, span := oneChat("gen_ai.request.model", "gpt-4.1")
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)))
	span.Attributes().PutInt("gen_ai.usage.input_tokens", 2)
	span.Attributes().PutInt("gen_ai.usage.output_tokens", 1)
	for i := 0; i+1 < len(attributes); i += 2 {
		require.NoError(t, span.Attributes().PutEmpty(attributes[i].(string)).FromRaw(attributes[i+1]))
	}
	return td, span
}

// costsOn returns the cost attributes of a span.
func costsOn(span ptrace.Span) map[string]any {
	all := map[string]any{}
	for key, v := range span.Attributes().All() {
		if name, ok := strings.CutPrefix(key, "app.llm.cost."); ok {
			all[name] = v.AsRaw()
		}
	}
	return all
}

type costs = map[string]any

func TestReportedCostWinsOverComputed(t *testing.T) {
	b := book(t)
	computed := costs{"usd": 2.0, "source": "computed", "pricing_version": b.Version()}
	for name, c := range map[string]struct {
		attributes []any
		want       costs
	}{
		"computed":            {nil, computed},
		"reported":            {[]any{"gen_ai.usage.cost", 0.5}, costs{"usd": 0.5, "source": "reported"}},
		"reported as nothing": {[]any{"gen_ai.usage.cost", 0.0}, computed},
		"nothing, and no known price": {
			[]any{"gen_ai.usage.cost", 0.0, "gen_ai.request.model", "gpt-own"}, costs{"usd": 0.0, "source": "reported"},
		},
		"nothing, from an outer step": {
			[]any{"gen_ai.usage.cost", 0.0, "gen_ai.operation.name", "invoke_agent"},
			costs{"usd": 0.0, "source": "reported"},
		},
		"nothing, after an earlier pass": {[]any{
			"gen_ai.usage.cost", 0.0, spanattr.AttrCostUSD, 1.5, spanattr.AttrCostSource, "computed",
			spanattr.AttrPricingVersion, "v",
		}, costs{"usd": 1.5, "source": "computed", "pricing_version": "v"}},
		"reported in our own attribute": {[]any{spanattr.AttrCostUSD, 0.25}, costs{"usd": 0.25, "source": "reported"}},
		"as a whole number":             {[]any{spanattr.AttrCostUSD, int64(3)}, costs{"usd": 3.0, "source": "reported"}},
		"reported, no number":           {[]any{"gen_ai.usage.cost", math.NaN()}, computed},
		"reported, negative":            {[]any{"gen_ai.usage.cost", -1.0}, computed},
		"reported, endless":             {[]any{"gen_ai.usage.cost", math.Inf(1)}, computed},
		"reported, absurd":              {[]any{"gen_ai.usage.cost", 1e300}, computed},
		"ours, no number":               {[]any{spanattr.AttrCostUSD, math.NaN()}, computed},
		"ours, a text":                  {[]any{spanattr.AttrCostUSD, "cheap"}, computed},
		"ours, negative": {[]any{
			spanattr.AttrCostUSD, -3.0, spanattr.AttrCostSource, "computed",
			spanattr.AttrPricingVersion, "x",
		}, computed},
		"ours, without a version":   {[]any{spanattr.AttrCostUSD, 3.0, spanattr.AttrCostSource, "computed"}, computed},
		"ours, of a strange source": {[]any{spanattr.AttrCostUSD, 3.0, spanattr.AttrCostSource, "guess"}, computed},
		"ours, a version of 10 kB": {[]any{
			spanattr.AttrCostUSD, 3.0, spanattr.AttrCostSource, "computed",
			spanattr.AttrPricingVersion, strings.Repeat("v", 10_000),
		}, computed},
		"source alone": {[]any{spanattr.AttrCostSource, "reported"}, computed},
		"an earlier pass": {
			[]any{
				spanattr.AttrCostUSD, 1.5, spanattr.AttrCostSource, "computed",
				spanattr.AttrPricingVersion, "2025-01-01.abc",
			},
			costs{"usd": 1.5, "source": "computed", "pricing_version": "2025-01-01.abc"},
		},
		"an estimate": {[]any{
			spanattr.AttrCostUSD, 1.5, spanattr.AttrCostSource, "estimated",
			spanattr.AttrPricingVersion, "v",
		}, costs{"usd": 1.5, "source": "estimated", "pricing_version": "v"}},
		"an earlier pass, and reported": {[]any{
			spanattr.AttrCostUSD, 1.5, spanattr.AttrCostSource, "computed",
			spanattr.AttrPricingVersion, "v", "gen_ai.usage.cost", 0.5,
		}, costs{"usd": 0.5, "source": "reported"}},
	} {
		t.Run(name, func(t *testing.T) {
			td, span := chat(t, c.attributes...)
			var seen spanattr.Cost
			costing(b).Traces(td, nil, func(a *Scored) { seen = a.Entry.Record.Cost })
			require.Equal(t, c.want, costsOn(span))
			require.Equal(t, c.want["source"], seen.Source)

			// A second run, as in a gateway with another price book.
			once := fmt.Sprint(span.Attributes().AsRaw()) // as text, because NaN is not equal to itself
			costing(book(t, "gpt-9\t\tinput=1")).Traces(td, nil, nil)
			require.Equal(t, once, fmt.Sprint(span.Attributes().AsRaw()), "the version that was stamped first stays")
		})
	}
}

func TestInvalidReportedCostIsMarked(t *testing.T) {
	td, span := chat(t, "gen_ai.usage.cost", -1.0)
	costing(book(t)).Traces(td, nil, nil)
	require.JSONEq(t, `["cost:bad_reported"]`, attribute(t, span, spanattr.AttrProblems))
}

func TestPriceIsFromTheTimeOfTheSpan(t *testing.T) {
	for name, c := range map[string]struct {
		start time.Time
		want  float64
	}{
		"now":        {time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC), 1},
		"last year":  {time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), 2},
		"unknown":    {time.Unix(0, 0), 1},
		"the future": {time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC), 1},
	} {
		t.Run(name, func(t *testing.T) {
			td, span := chat(t)
			span.SetStartTimestamp(pcommon.NewTimestampFromTime(c.start))
			a := costing(book(t, "gpt-4.1\t2399-01-01\tinput=7"))
			a.now = func() time.Time { return time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC) }
			a.Traces(td, nil, nil)
			require.InDelta(t, c.want, costsOn(span)["usd"], 0)
		})
	}
	t.Run("a time beyond all", func(t *testing.T) {
		td, span := chat(t)
		span.SetStartTimestamp(math.MaxUint64)
		costing(book(t)).Traces(td, nil, nil)
		require.InDelta(t, 2.0, costsOn(span)["usd"], 0)
	})
}

func TestOnlyModelCallsAreComputed(t *testing.T) {
	for name, c := range map[string]struct {
		attributes []any
		missing    string
		problem    string
	}{
		"an agent":             {[]any{"gen_ai.operation.name", "invoke_agent"}, "", ""},
		"a tool":               {[]any{"gen_ai.operation.name", "execute_tool"}, "", ""},
		"an unknown model":     {[]any{"gen_ai.request.model", "my-model"}, NoPrice, ""},
		"no model":             {[]any{"gen_ai.request.model", ""}, NoPrice, ""},
		"a model of 10 kB":     {[]any{"gen_ai.request.model", strings.Repeat("gpt-4.1", 1500)}, NoPrice, ""},
		"an unknown provider":  {[]any{"gen_ai.provider.name", "nobody"}, NoPrice, ""},
		"more than all tokens": {[]any{"gen_ai.usage.input_tokens", int64(math.MaxInt64)}, "", "cost:bad_usage"},
		"a trillion tokens":    {[]any{"gen_ai.usage.input_tokens", int64(1e12)}, "", "cost:bad_usage"},
		"an absurd amount":     {[]any{"gen_ai.usage.input_tokens", int64(1e8)}, "", "cost:bad_usage"},
		"cached beyond all": {[]any{
			"gen_ai.usage.cache_read.input_tokens", int64(math.MaxInt64),
			"gen_ai.usage.cache_creation.input_tokens", int64(math.MaxInt64),
		}, "", `cost:bad_usage","cost:cached_above_input`},
	} {
		t.Run(name, func(t *testing.T) {
			td, span := chat(t, c.attributes...)
			a := costing(book(t))
			a.Traces(td, nil, func(s *Scored) {
				require.Equal(t, c.missing, s.Unpriced)
				require.Empty(t, s.Entry.Record.Cost)
			})
			require.Empty(t, costsOn(span))
			if c.problem != "" {
				require.JSONEq(t, `["`+c.problem+`"]`, attribute(t, span, spanattr.AttrProblems))
			}
			once := span.Attributes().AsRaw()
			a.Traces(td, nil, nil)
			require.Equal(t, once, span.Attributes().AsRaw())
		})
	}
	t.Run("negative tokens", func(t *testing.T) {
		td, span := chat(t, "gen_ai.usage.input_tokens", int64(-5))
		costing(book(t)).Traces(td, nil, nil)
		if usd, ok := costsOn(span)["usd"]; ok {
			require.GreaterOrEqual(t, usd, 0.0)
		}
	})
}

// TestPriceFileMayNameAGateway uses a gateway whose name is also known as a framework.
func TestPriceFileMayNameAGateway(t *testing.T) {
	f, err := pricefile.Settings(map[string]any{"version": 1, "prices": []any{
		map[string]any{"provider": "litellm", "model": "gpt-4.1", "input": 3e5, "output": 0},
	}})
	require.NoError(t, err)
	b, err := book(t).With(f)
	require.NoError(t, err)
	td, span := chat(t, "gen_ai.provider.name", "litellm")
	costing(b).Traces(td, nil, nil)
	require.InDelta(t, 0.6, costsOn(span)["usd"], 1e-12)
	require.Equal(t, b.Version(), costsOn(span)["pricing_version"])
}

// TestCostIsEstimatedWithoutTokenCounts covers streams for which the SDK did not request the usage.
func TestCostIsEstimatedWithoutTokenCounts(t *testing.T) {
	const question = `[{"role":"user","parts":[{"type":"text","content":"How long does a parcel to Norway take?"}]}]`
	const answer = `[{"role":"assistant","parts":[{"type":"text","content":"Five working days."}]}]`
	uncounted := func(attributes ...any) (ptrace.Traces, ptrace.Span) {
		td, span := chat(t, attributes...)
		span.Attributes().Remove("gen_ai.usage.input_tokens")
		span.Attributes().Remove("gen_ai.usage.output_tokens")
		return td, span
	}
	td, span := uncounted("gen_ai.input.messages", question, "gen_ai.output.messages", answer)
	costing(book(t)).Traces(td, nil, nil)
	got := costsOn(span)
	require.Equal(t, spanattr.CostEstimated, got["source"])
	require.Equal(t, book(t).Version(), got["pricing_version"])
	// The counts are o200k_base tokens and the overhead of the messages.
	counted, counts := chat(t,
		"gen_ai.usage.input_tokens", int64(9+4), "gen_ai.usage.output_tokens", int64(4+4))
	costing(book(t)).Traces(counted, nil, nil)
	require.InEpsilon(t, costsOn(counts)["usd"], got["usd"], 0.15)

	once := span.Attributes().AsRaw()
	costing(book(t)).Traces(td, nil, nil)
	require.Equal(t, once, span.Attributes().AsRaw())

	for name, attributes := range map[string][]any{
		"no content": nil,
		"a question": {"gen_ai.input.messages", question},
		"with a picture": {
			"gen_ai.output.messages", answer, "gen_ai.input.messages",
			`[{"role":"user","parts":[{"type":"uri","modality":"image","uri":"https://example.org/a.png"}]}]`,
		},
		"with a picture of Gemini": {
			"gen_ai.output.messages", answer, "gen_ai.input.messages",
			`[{"role":"user","parts":[{"text":"what is it?"},{"inlineData":{"mimeType":"image/png","data":"aGk="}}]}]`,
		},
		"with a picture of Bedrock": {
			"gen_ai.output.messages", answer, "gen_ai.input.messages",
			`[{"role":"user","content":[{"text":"what is it?"},{"image":{"format":"png","source":{"bytes":"aGk="}}}]}]`,
		},
		"with a flattened picture": {
			"gen_ai.output.messages", answer, "openinference.span.kind", "LLM",
			"llm.input_messages.0.message.role", "user",
			"llm.input_messages.0.message.contents.0.message_content.type", "text",
			"llm.input_messages.0.message.contents.0.message_content.text", "what is it?",
			"llm.input_messages.0.message.contents.1.message_content.type", "image",
			"llm.input_messages.0.message.contents.1.message_content.image.image.url", "data:image/png;base64,aGk=",
		},
		"with flattened sound without a type": {
			"gen_ai.output.messages", answer, "openinference.span.kind", "LLM",
			"llm.input_messages.0.message.role", "user",
			"llm.input_messages.0.message.content", "what is it?",
			"llm.input_messages.0.message.contents.0.message_content.audio.audio.url", "data:audio/wav;base64,aGk=",
		},
	} {
		td, span := uncounted(attributes...)
		costing(book(t)).Traces(td, nil, func(s *Scored) { require.Equal(t, NoUsage, s.Unpriced, name) })
		require.Empty(t, costsOn(span), name)
	}
}

func TestCallsWithoutAllTheirTokens(t *testing.T) {
	for name, c := range map[string]struct {
		set     func(span ptrace.Span)
		missing string
	}{
		"no tokens": {func(span ptrace.Span) {
			span.Attributes().Remove("gen_ai.usage.input_tokens")
			span.Attributes().Remove("gen_ai.usage.output_tokens")
		}, NoUsage},
		"no output": {func(span ptrace.Span) { span.Attributes().Remove("gen_ai.usage.output_tokens") }, NoUsage},
		"no input":  {func(span ptrace.Span) { span.Attributes().Remove("gen_ai.usage.input_tokens") }, NoUsage},
		"no output, as it broke": {func(span ptrace.Span) {
			span.Attributes().Remove("gen_ai.usage.output_tokens")
			span.Status().SetCode(ptrace.StatusCodeError)
		}, ""},
		"none, as it failed": {func(span ptrace.Span) {
			span.Attributes().Remove("gen_ai.usage.input_tokens")
			span.Attributes().Remove("gen_ai.usage.output_tokens")
			span.Attributes().PutStr("gen_ai.request.model", "no-such-model")
			span.Status().SetCode(ptrace.StatusCodeError)
		}, "nothing"},
		"an embedding": {func(span ptrace.Span) {
			span.Attributes().Remove("gen_ai.usage.output_tokens")
			span.Attributes().PutStr("gen_ai.operation.name", "embeddings")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			td, span := chat(t)
			c.set(span)
			costing(book(t)).Traces(td, nil, func(s *Scored) {
				if c.missing == "nothing" {
					require.Empty(t, s.Unpriced, "no cost, and none is expected")
					require.Empty(t, s.Entry.Record.Cost)
					return
				}
				require.Equal(t, c.missing, s.Unpriced)
				require.Equal(t, c.missing == "", s.Entry.Record.Cost.USD.Set)
			})
		})
	}
}

func TestAudioImagesAndServiceTiersHaveTheirPrice(t *testing.T) {
	b := book(t, "gpt-audio\t\tinput=10 output=20 cache_read=1 input_audio=100 cache_audio_read=50 output_audio=200 input_image=30",
		"gpt-tiers\t\tinput=10 output=20; batch input=5 output=10; priority input=20 output=40")
	for name, c := range map[string]struct {
		attributes []any
		want       float64 // millionths of a dollar
	}{
		"text only": {[]any{"gen_ai.request.model", "gpt-audio"}, 2*10 + 1*20},
		"openinference": {[]any{
			"gen_ai.request.model", "gpt-audio", "llm.token_count.prompt_details.audio", int64(1),
			"llm.token_count.completion_details.audio", int64(1),
		}, 1*10 + 1*100 + 1*200},
		"details, as texts": {[]any{
			"gen_ai.request.model", "gpt-audio", "gen_ai.usage.details.input_audio_tokens", "2",
			"gen_ai.usage.details.output_audio_tokens", "1",
		}, 2*100 + 1*200},
		"more sound than tokens": {[]any{
			"gen_ai.request.model", "gpt-audio", "gen_ai.usage.details.input_audio_tokens", int64(1e9),
		}, 2*100 + 1*20},
		"sound and pictures": {[]any{
			"gen_ai.request.model", "gpt-audio", "gen_ai.usage.details.input_audio_tokens", int64(1),
			"gen_ai.usage.details.input_image_tokens", int64(5),
		}, 1*100 + 1*30 + 1*20},
		"standard": {[]any{"gen_ai.request.model", "gpt-tiers"}, 2*10 + 1*20},
		"batch": {[]any{
			"gen_ai.request.model", "gpt-tiers", "openai.response.service_tier", "batch",
		}, 2*5 + 1*10},
		"tier of the response": {[]any{
			"gen_ai.request.model", "gpt-tiers",
			"openai.request.service_tier", "priority", "openai.response.service_tier", "default",
		}, 2*10 + 1*20},
		"flex, which has no price of its own": {[]any{
			"gen_ai.request.model", "gpt-tiers", "gen_ai.response.service_tier", "flex",
		}, 2*10 + 1*20},
	} {
		t.Run(name, func(t *testing.T) {
			td, span := chat(t, c.attributes...)
			costing(b).Traces(td, nil, nil)
			require.InDelta(t, c.want/1e6, costsOn(span)["usd"], 1e-15)
		})
	}
	t.Run("negative sound is unset", func(t *testing.T) {
		td, span := chat(t, "gen_ai.request.model", "gpt-audio", "gen_ai.usage.details.input_audio_tokens", int64(-7))
		costing(b).Traces(td, nil, nil)
		require.InDelta(t, (2*10+1*20)/1e6, costsOn(span)["usd"], 1e-15)
	})
}

// TestCostOfSpanWithoutContent checks that a span whose content was removed after scoring keeps its verdict, and gets a
// cost if it had none.
func TestCostOfSpanWithoutContent(t *testing.T) {
	b := book(t)
	td, span := chat(t, spanattr.AttrCoverage, "scored", spanattr.AttrCostUSD, math.NaN())
	costing(b).Traces(td, nil, nil)
	require.Equal(t, costs{"usd": 2.0, "source": "computed", "pricing_version": b.Version()}, costsOn(span))
	require.Equal(t, "scored", attribute(t, span, spanattr.AttrCoverage))
}

func TestCostIsComputedFromDisjointTokens(t *testing.T) {
	td, span := chat(t, "gen_ai.usage.input_tokens", int64(10), "gen_ai.usage.cache_read.input_tokens", int64(9))
	costing(book(t)).Traces(td, nil, nil)
	require.InDelta(t, 1*1.0+9*0.1, costsOn(span)["usd"], 1e-12)
}

func TestWithoutAPriceBookNothingIsComputed(t *testing.T) {
	td, span := chat(t)
	NewScorer(score.NewSet(), ScorerOptions{}).Traces(td, nil, func(s *Scored) {
		require.Empty(t, s.Entry.Record.Cost)
		require.Empty(t, s.Unpriced)
	})
	require.Empty(t, costsOn(span))
}
