package dialect

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCursorReadsStringsAsEncodingJSONDoes(t *testing.T) {
	for _, text := range []string{
		`"plain"`, `""`, `"a\nb\t\"q\" \\ \/ \b\f\r"`, `"\u00e9\u20ac"`, `"\ud83d\ude00"`, `"lone \ud83d here"`,
		`"ends in backslash \\"`,
	} {
		var want string
		require.NoError(t, json.Unmarshal([]byte(text), &want))
		c := cursor{s: text}
		require.Equal(t, want, c.str(), text)
		require.False(t, c.cut)
	}
}

func TestCursorSkipsWholeValues(t *testing.T) {
	for _, text := range []string{`{"a":[1,{"b":"]}"}],"c":null}`, `[]`, `{}`, `-1.5e3`, `true`, `"x"`, `[[[]],"\""]`} {
		c := cursor{s: text + " rest"}
		require.Equal(t, text, c.raw())
		require.False(t, c.cut || c.bad, text)
	}
}

func TestCursorReadsTruncatedText(t *testing.T) {
	c := cursor{s: `{"a":"whole","b":"half of i`}
	require.True(t, c.open('{'))
	got := map[string]string{}
	for key := ""; c.member(&key); {
		got[key] = c.str()
	}
	require.Equal(t, map[string]string{"a": "whole", "b": "half of i"}, got)
	require.True(t, c.cut)
}

func TestCursorEndsOnDepthAndNoise(t *testing.T) {
	start := time.Now()
	for _, text := range []string{
		strings.Repeat("[", 1<<20), strings.Repeat(`{"a":`, 1<<18), strings.Repeat("}", 1000), strings.Repeat("\\", 1<<20),
		`"` + strings.Repeat(`\`, 1<<20), `[,,,,:]`, `{"a" 1}`, "\xff\xfe{", `{"a":]}`,
	} {
		c := cursor{s: text}
		c.skip()
		c = cursor{s: text}
		if c.open('[') {
			for c.element() {
				c.skip()
			}
		}
		c = cursor{s: text}
		if c.open('{') {
			for key := ""; c.member(&key); {
				c.skip()
			}
		}
	}
	require.Less(t, time.Since(start), 5*time.Second)
}

// TestStringsAreCopiedOnce: a string with escapes is one allocation, one without is none.
func TestStringsAreCopiedOnce(t *testing.T) {
	for text, want := range map[string]float64{`"plain text"`: 0, `"two\nlines \u00e9 \ud83d\ude00 \"quoted\""`: 1} {
		require.InDelta(t, want, testing.AllocsPerRun(100, func() {
			c := cursor{s: text}
			_ = c.str()
		}), 0, text)
	}
}

func BenchmarkUnescape(b *testing.B) {
	raw := strings.Repeat(`a line of an answer that is as long as most are\n`, 20)
	b.ReportAllocs()
	for b.Loop() {
		_ = unescape(raw)
	}
}
