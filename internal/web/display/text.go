package display

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text makes a text safe to display. It spells out characters that a browser would hide or reorder, and replaces
// invalid UTF-8 with U+FFFD. Line ends and tabs stay.
func Text(text string) string {
	clean := true
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 || r != '\n' && r != '\t' && hidden(r) {
			clean = false
			break
		}
		i += size
	}
	if clean {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 64)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\r' && i+1 < len(text) && text[i+1] == '\n':
		case r == '\n' || r == '\t' || !hidden(r):
			b.WriteRune(r) // U+FFFD for invalid UTF-8
		case r < 0x20:
			b.WriteRune(0x2400 + r) // control pictures: ␀ ␛
		case r == 0x7f:
			b.WriteRune('␡')
		default:
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		}
		i += size
	}
	return b.String()
}

// hidden reports whether a rune is invisible or changes the look of others: controls, direction marks, zero-width
// characters, and the tags and variation selectors that smuggle text. Joiners of letters and emoji (U+200C, U+200D,
// U+FE0F) stay.
func hidden(r rune) bool {
	switch {
	case r < 0x20 || r >= 0x7f && r < 0xa0:
		return true
	case r < 0xad:
		return false
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x180e, r == 0x3164,
		r == 0xfeff, r == 0xffa0:
		return true
	case r == 0x200b, r == 0x200e, r == 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f,
		r >= 0xfff0 && r <= 0xfffb:
		return true
	case r >= 0xe0000 && r <= 0xe0fff, r >= 0x1d173 && r <= 0x1d17a:
		return true
	}
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Co, r)
}

// Line is Text, on one line of about n bytes at most.
func Line(text string, n int) string {
	text = Head(text, 2*n)
	text = strings.Join(strings.Fields(text), " ")
	short := Head(text, n)
	if len(short) < len(text) {
		short += "…"
	}
	return Text(short)
}

// Head returns the beginning of a text, at most n bytes and whole runes.
func Head(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// Tail returns the end of a text, at most n bytes and whole runes.
func Tail(text string, n int) string {
	if len(text) <= n {
		return text
	}
	at := len(text) - n
	for at < len(text) && !utf8.RuneStart(text[at]) {
		at++
	}
	return text[at:]
}
