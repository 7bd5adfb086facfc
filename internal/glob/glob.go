// Package glob matches names, such as those of models and providers, against patterns.
//
// In a pattern, * stands for any text, the empty one included, and # for one digit. Every other character stands for
// itself. Case and the white space around a name do not matter. A pattern covers the whole name:
//
//	gpt-4o       gpt-4o, GPT-4o
//	gpt-4*       gpt-4, gpt-4o, gpt-4.1-mini
//	*-mini       gpt-4o-mini
//	claude-#-*   claude-3-opus, not claude-instant-1
//
// Match, Literal, Fixed and Common take folded patterns and names: see Fold.
package glob

import (
	"fmt"
	"strings"
)

// MaxLength bounds patterns and names, in bytes: matching takes time in the product of their lengths.
const MaxLength = 256

// Check returns an error if a pattern is not valid. It refuses the wildcards of other languages, which would only match
// themselves.
func Check(pattern string) error {
	switch {
	case strings.TrimSpace(pattern) == "":
		return fmt.Errorf("must not be empty, got %q", pattern)
	case len(pattern) > MaxLength:
		return fmt.Errorf("must be at most %d bytes long, got %d", MaxLength, len(pattern))
	case strings.ContainsAny(pattern, "\t\r\n"):
		return fmt.Errorf("must not contain tabs or line breaks, got %q", pattern)
	case strings.ContainsAny(pattern, `?[]{}\`):
		return fmt.Errorf(`must not contain ? [ ] { } or \, the wildcards are * (any text) and # (a digit), got %q`, pattern)
	}
	return nil
}

// Fold returns the form in which patterns and names are compared.
func Fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// Match reports whether a folded name has the shape of a folded pattern.
func Match(pattern, name string) bool {
	p, star, mark := 0, -1, 0
	for n := 0; n < len(name); {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && accepts(pattern[p], name[n]):
			p++
			n++
		case star >= 0:
			p = star + 1
			mark++
			n = mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

func accepts(want, got byte) bool {
	return want == got && want != '#' || want == '#' && '0' <= got && got <= '9'
}

// Literal reports whether a pattern matches itself and nothing else.
func Literal(pattern string) bool { return !strings.ContainsAny(pattern, "*#") }

// Fixed returns how many characters of a name a pattern fixes. Of two patterns that match, the one that fixes more is
// the more specific.
func Fixed(pattern string) int { return len(pattern) - strings.Count(pattern, "*") }
