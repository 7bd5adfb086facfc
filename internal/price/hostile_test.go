package price

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
)

func TestTokensThatCannotBeCostNothing(t *testing.T) {
	row := Embedded().Find("openai", summer, "gpt-realtime")
	for name, u := range map[string]used{
		"negative input":     {in: -1, out: 10},
		"negative output":    {in: 1, out: -10},
		"negative reasoning": {out: 10, reasoning: -10},
		"negative cache":     {in: 10, read: -5},
		"negative sound":     {in: 10, audioIn: -5},
		"a trillion":         {in: 1e12},
		"all of them":        {in: math.MaxInt64, read: math.MaxInt64, write: math.MaxInt64, out: math.MaxInt64, reasoning: math.MaxInt64},
		"the least":          {in: math.MinInt64, out: math.MinInt64},
		"sums that overflow": {out: math.MaxInt64, reasoning: math.MaxInt64},
		"an absurd amount":   {out: 1e9, audioOut: 1e9, reasoning: 1e9, read: 1e9, in: 1e9, audioIn: 1e9, write: 1e9},
	} {
		usd, err := row.Cost(u.usage())
		require.ErrorIs(t, err, ErrBadUsage, name)
		require.Zero(t, usd, name)
	}
}

func TestKindsWithoutAPriceHaveNoCost(t *testing.T) {
	row := Embedded().Find("openai", summer, "gpt-image-2") // which has none for output
	_, err := row.Cost(used{in: 10, out: 10}.usage())
	require.ErrorIs(t, err, ErrNoPrice)
	_, err = row.Cost(used{in: 10}.usage())
	require.NoError(t, err)
}

func FuzzFind(f *testing.F) {
	f.Add("openai", "gpt-4.1", int64(1000), int64(5), int64(7), int64(-1))
	f.Add("", "openai/models/gpt-5", int64(math.MaxInt64), int64(math.MinInt64), int64(0), int64(0))
	f.Fuzz(func(t *testing.T, provider, model string, in, out, read, audio int64) {
		row := Embedded().Find(provider, time.Unix(in, 0), model, provider)
		if row == nil {
			return
		}
		usd, err := row.Cost(&Usage{
			Tokens: genai.Tokens{
				UncachedInput: genai.Some(in),
				Output:        genai.Some(out),
				CacheRead:     genai.Some(read),
				Reasoning:     genai.Some(audio),
				InputAudio:    genai.Some(audio),
				OutputAudio:   genai.Some(read),
				InputImage:    genai.Some(out),
			},
		})
		require.True(t, Valid(usd))
		require.True(t, err == nil || usd == 0)
	})
}

func FuzzParse(f *testing.F) {
	f.Add(
		"book\t2026-01-01\nprovider\ta\t*a*\t\thttps://a.example\nm|n*\t2026-01-01 00:30-16:30\tinput=1 output=2; >1000 input=3; batch input=1\n",
	)
	f.Fuzz(func(t *testing.T, text string) {
		b, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(b.String())
		require.NoError(t, err)
		require.Equal(t, b.String(), again.String())
		require.Equal(t, b.Version(), again.Version())
	})
}
