package price

import (
	"math"
	"strings"
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

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"gpt-4", "gpt-4", true},
		{"gpt-4", "gpt-4o", false},
		{"gpt-4*", "gpt-4", true},
		{"*", "", true},
		{"", "", true},
		{"*4*", "gpt-4o", true},
		{"*mini", "gpt-4o-mini", true},
		{"*mini", "gpt-4o-mini-x", false},
		{"a*b*c", "abbbc", true},
		{"a*b*c", "abbb", false},
		{"v#.#*", "v1.5-flash", true},
		{"v#", "v#", false},
		{"v#", "vx", false},
	} {
		require.Equal(t, c.want, matches(c.pattern, c.name), "%s %s", c.pattern, c.name)
	}
}

func TestPatternsThatShareANameAreFound(t *testing.T) {
	for _, c := range []struct{ a, b, name string }{
		{"gpt-4o", "gpt-4o", "gpt-4o"},
		{"gpt-4o", "GPT-4o", "gpt-4o"},
		{"gpt-4o", "gpt-4.1", ""},
		{"gpt-4*", "gpt-4o*", "gpt-4o"},
		{"gpt-4*", "gpt-4o", "gpt-4o"},
		{"gpt-4*", "*-mini", "gpt-4-mini"},
		{"gpt-4*", "gpt-5*", ""},
		{"*-mini", "*-nano", ""},
		{"a*c", "ab*", "abc"},
		{"v#", "v7", "v7"},
		{"v#*", "v*x", "v0x"},
		{"v#", "vx", ""},
		{"*opus*", "*claude-opus-5*", "claude-opus-5"},
		{"*claude-opus-5*", "*claude-sonnet-5*", ""}, // "claude-opus-5claude-sonnet-5" is the name of nothing
		{"*", "anything", "anything"},
	} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			name, ok := common(fold(pair[0]), fold(pair[1]))
			require.Equal(t, c.name, name, "%v", pair)
			require.Equal(t, c.name != "", ok, "%v", pair)
		}
	}
}

func TestPatternsAreMatchedInBoundedTime(t *testing.T) {
	pattern := strings.Repeat("*a", maxName/2)
	name := strings.Repeat("a", maxName-1) + "b"
	began := time.Now()
	for range 100 {
		require.False(t, matches(pattern, name))
		_, _ = common(pattern, strings.Repeat("a*", maxName/2))
	}
	require.Less(t, time.Since(began), 10*time.Second)
}

func FuzzPatterns(f *testing.F) {
	f.Add("gpt-4*", "*o#", "gpt-4o1")
	f.Add("a*b*c", "*", "abc")
	f.Add("#*#", "1*", "12")
	f.Fuzz(func(t *testing.T, a, b, name string) {
		if len(a) > maxName || len(b) > maxName || len(name) > maxName {
			return
		}
		a, b, name = fold(a), fold(b), fold(name)
		both := matches(a, name) && matches(b, name)
		shared, ok := shortest(a, b)
		if ok && !strings.Contains(a+b, "#") { // # itself is no digit, and so no part of a name
			require.True(t, matches(a, shared) && matches(b, shared), "%q %q: %q", a, b, shared)
			require.True(t, !both || len(shared) <= len(name))
		}
		require.True(t, ok || !both, "%q %q: both match %q", a, b, name)
	})
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
			Tokens:     genai.Tokens{UncachedInput: genai.Some(in), Output: genai.Some(out), CacheRead: genai.Some(read), Reasoning: genai.Some(audio)},
			InputAudio: audio, OutputAudio: read, InputImage: out,
		})
		require.True(t, Valid(usd))
		require.True(t, err == nil || usd == 0)
	})
}

func FuzzParse(f *testing.F) {
	f.Add("book\t2026-01-01\nprovider\ta\t*a*\t\thttps://a.example\nm|n*\t2026-01-01 00:30-16:30\tinput=1 output=2; >1000 input=3; batch input=1\n")
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
