package glob

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	for pattern, want := range map[string]string{
		"gpt-4*": "", "*": "", "ft:gpt-4o-####:acme/x.y": "", "例え*": "",
		"":                               `must not be empty, got ""`,
		" ":                              `must not be empty, got " "`,
		strings.Repeat("x", MaxLength+1): "must be at most 256 bytes long, got 257",
		"a\tb":                           `must not contain tabs or line breaks, got "a\tb"`,
		"gpt-4[ao]":                      `the wildcards are * (any text) and # (a digit), got "gpt-4[ao]"`,
		"gpt-?":                          `the wildcards are * (any text) and # (a digit), got "gpt-?"`,
	} {
		err := Check(pattern)
		if want == "" {
			require.NoError(t, err, pattern)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}

func TestFold(t *testing.T) {
	require.True(t, Match(Fold(" GPT-4* "), Fold("gpt-4O")))
}

func TestSpecificity(t *testing.T) {
	require.True(t, Literal("gpt-4o"))
	require.False(t, Literal("gpt-4*"))
	require.False(t, Literal("v#"))
	require.Greater(t, Fixed("gpt-4o*"), Fixed("gpt-4*"))
	require.Greater(t, Fixed("gpt-#*"), Fixed("gpt-*"))
}

func TestMatch(t *testing.T) {
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
		require.Equal(t, c.want, Match(c.pattern, c.name), "%s %s", c.pattern, c.name)
	}
}

func TestCommon(t *testing.T) {
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
		{"*claude-opus-5*", "*claude-sonnet-5*", ""}, // "claude-opus-5claude-sonnet-5" is contrived
		{"*", "anything", "anything"},
	} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			name, ok := Common(Fold(pair[0]), Fold(pair[1]))
			require.Equal(t, c.name, name, "%v", pair)
			require.Equal(t, c.name != "", ok, "%v", pair)
		}
	}
}

func TestHostilePatterns(t *testing.T) {
	pattern := strings.Repeat("*a", MaxLength/2)
	name := strings.Repeat("a", MaxLength-1) + "b"
	began := time.Now()
	for range 100 {
		require.False(t, Match(pattern, name))
		_, _ = Common(pattern, strings.Repeat("a*", MaxLength/2))
	}
	require.Less(t, time.Since(began), 10*time.Second)
}

func FuzzMatchAndCommon(f *testing.F) {
	f.Add("gpt-4*", "*o#", "gpt-4o1")
	f.Add("a*b*c", "*", "abc")
	f.Add("#*#", "1*", "12")
	f.Fuzz(func(t *testing.T, a, b, name string) {
		if len(a) > MaxLength || len(b) > MaxLength || len(name) > MaxLength {
			return
		}
		a, b, name = Fold(a), Fold(b), Fold(name)
		both := Match(a, name) && Match(b, name)
		shared, ok := shortest(a, b)
		if ok && !strings.Contains(a+b, "#") { // Match never accepts the character # itself
			require.True(t, Match(a, shared) && Match(b, shared), "%q %q: %q", a, b, shared)
			require.True(t, !both || len(shared) <= len(name))
		}
		require.True(t, ok || !both, "%q %q: both match %q", a, b, name)
	})
}
