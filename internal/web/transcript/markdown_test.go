package transcript

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, 2 > 1":                   "",
		"a **bold** word":                     "<p>a <strong>bold</strong> word</p>",
		"**a** <script>alert(1)</script>":     "<p><strong>a</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>",
		"[x](javascript:alert(1))":            `<p><span class="link-text">x</span> <span class="address">(javascript:alert(1))</span></p>`,
		"![x](https://attacker.example/?a=b)": `<p><span class="link-text">image x</span> <span class="address">(https://attacker.example/?a=b)</span></p>`,
		"*a\u202eb*":                          "<p><em>a⟨U+202E⟩b</em></p>",
	} {
		require.Equal(t, want, string(markdown(in, nil)), in)
	}
	marked := markdown("*is* guaranteed", []region{{from: 5, to: 15, numbers: []int{2}}})
	require.Equal(t, "<p><em>is</em> <mark>guaranteed<sup>2</sup></mark></p>", string(marked))
}

// TestHostileMarkdown: whatever the text, it takes little time and gives our elements without addresses.
func TestHostileMarkdown(t *testing.T) {
	elements := regexp.MustCompile(`^</?(p|ul|ol|li|em|strong|del|code|pre|blockquote|table|tr|th|td|hr|br|span|mark|sup)( class="[a-z-]+")?>$`)
	for _, unit := range []string{
		"[", "](", "![", "*a ", "**", "`", "> ", "- ", "<a ", "<!--", "|a|\n|-|\n", "&#", "_a_", "    x\n", "1. ", "\x00", "\xff", "<b onclick=x>", "[a]: x\n", "~~",
	} {
		for _, n := range []int{100, 1900, maxMarkdown / len(unit)} {
			began := time.Now()
			out := string(markdown("**b** "+strings.Repeat(unit, n), nil))
			require.Less(t, time.Since(began), 3*time.Second, "%q × %d", unit, n)
			for _, tag := range regexp.MustCompile(`<[^>]*>?`).FindAllString(out, -1) {
				require.Regexp(t, elements, tag, unit)
			}
		}
	}
}
