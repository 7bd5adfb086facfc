// Package clip shortens texts that came from outside, for evidence, errors and keys.
package clip

import (
	"strings"
	"unicode/utf8"
)

const ellipsis = "…"

// Text returns s in at most n bytes of valid UTF-8. A text that is cut ends at the boundary of a character, with an
// ellipsis if n has room for one, and shares no memory with s: a short excerpt must not keep a whole request alive. A
// run of invalid bytes becomes a question mark.
func Text(s string, n int) string {
	if len(s) > n {
		end, mark := n-len(ellipsis), ellipsis
		if end < 0 {
			end, mark = max(n, 0), ""
		}
		for end > 0 && !utf8.RuneStart(s[end]) {
			end--
		}
		return strings.ToValidUTF8(strings.Clone(s[:end]), "?") + mark
	}
	return strings.ToValidUTF8(s, "?")
}
