package clip

import (
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"", 0, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "…"},
		{"abcdef", 5, "ab…"},
		{"abcdef", 2, "ab"},
		{"abcdef", -1, ""},
		{"éééé", 7, "éé…"},
		{"éééé", 6, "é…"},
		{"é", 1, ""},
		{"a\xff\xfeb", 10, "a?b"},
		{"a\xff\xfeb" + strings.Repeat("c", 10), 8, "a?bc…"},
		{strings.Repeat("\x80", 10), 5, "…"},
	} {
		require.Equal(t, c.want, Text(c.text, c.n), "%q %d", c.text, c.n)
	}
}

// TestACutTextSharesNoMemory also when the ellipsis has no room, so that nothing is appended.
func TestACutTextSharesNoMemory(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, n := range []int{2, 64} {
		cut := Text(long, n)
		require.NotEmpty(t, cut)
		require.NotSame(t, unsafe.StringData(long), unsafe.StringData(cut))
	}
}

func TestATextThatFitsIsNotCopied(t *testing.T) {
	text := strings.Repeat("x", 100)
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = Text(text, 100) }))
}

func FuzzText(f *testing.F) {
	f.Add("héllo", 3)
	f.Add("a\xffb", 2)
	f.Fuzz(func(t *testing.T, s string, n int) {
		got := Text(s, n)
		require.LessOrEqual(t, len(got), max(n, 0))
		require.True(t, utf8.ValidString(got))
		if len(s) <= n && utf8.ValidString(s) {
			require.Equal(t, s, got)
		}
	})
}
