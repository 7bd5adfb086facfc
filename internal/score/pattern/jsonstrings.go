package pattern

import (
	"encoding/json"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// jsonToken is a string or another scalar of a JSON text. Of a string, start and end are those of what is between the quotes.
type jsonToken struct {
	start, end int
	str        bool
	escaped    bool // a string with escapes
	name       bool // a key of an object
}

// jsonReader lists the strings and scalars of a JSON text, and takes no notice of its grammar.
type jsonReader struct {
	s string
	i int
}

// next is the next token. A string that does not end goes to the end of the text.
func (r *jsonReader) next() (t jsonToken, ok bool) {
	s := r.s
	for r.i < len(s) {
		switch b := s[r.i]; b {
		case ' ', '\t', '\n', '\r', ',', ':', '{', '}', '[', ']':
			r.i++
		case '"':
			r.i++
			t = jsonToken{start: r.i, str: true}
			for {
				k := strings.IndexByte(s[r.i:], '"')
				if k < 0 {
					t.end = len(s)
					r.i = len(s)
					return t, true
				}
				if e := strings.IndexByte(s[r.i:r.i+k], '\\'); e >= 0 {
					t.escaped = true
					r.i = min(r.i+e+2, len(s))
					continue
				}
				r.i += k
				break
			}
			t.end = r.i
			r.i++
			k := r.i
			for k < len(s) && (s[k] == ' ' || s[k] == '\n' || s[k] == '\t' || s[k] == '\r') {
				k++
			}
			t.name = at(s, k) == ':'
			r.i = k
			return t, true
		default:
			t = jsonToken{start: r.i}
			for r.i < len(s) && strings.IndexByte(" \t\n\r,:{}[]\"", s[r.i]) < 0 {
				r.i++
			}
			t.end = r.i
			return t, true
		}
	}
	return t, false
}

// looksJSON reports whether a text may hold a JSON object or array.
func looksJSON(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case ' ', '\t', '\n', '\r':
		case '{', '[':
			return true
		default:
			return false
		}
	}
	return false
}

// validJSON reports whether a text is JSON. Only then do its quotes tell where strings are.
func validJSON(s string) bool {
	return json.Valid(unsafe.Slice(unsafe.StringData(s), len(s))) //nolint:gosec // which only reads
}

// unescape appends what a string of JSON stands for, given what is between its quotes.
func unescape(into []byte, s string) []byte {
	for {
		k := strings.IndexByte(s, '\\')
		if k < 0 || k+1 >= len(s) {
			return append(into, s...)
		}
		into = append(into, s[:k]...)
		b := s[k+1]
		s = s[k+2:]
		switch b {
		case 'n':
			into = append(into, '\n')
		case 't':
			into = append(into, '\t')
		case 'r':
			into = append(into, '\r')
		case 'b':
			into = append(into, '\b')
		case 'f':
			into = append(into, '\f')
		case 'u':
			r, ok := hex4(s)
			if !ok {
				into = append(into, '\\', 'u')
				continue
			}
			s = s[4:]
			if utf16.IsSurrogate(r) {
				low := rune(utf8.RuneError)
				if strings.HasPrefix(s, `\u`) {
					if second, ok := hex4(s[2:]); ok {
						if low = utf16.DecodeRune(r, second); low != utf8.RuneError {
							s = s[6:]
						}
					}
				}
				r = low
			}
			into = utf8.AppendRune(into, r)
		default:
			into = append(into, b)
		}
	}
}

func hex4(s string) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for i := range 4 {
		if properties[s[i]]&isHex == 0 {
			return 0, false
		}
		r = r<<4 | rune(hexValue(s[i]))
	}
	return r, true
}

// escape appends a text as what is between the quotes of a JSON string. Bytes that are no UTF-8 stay as they came.
func escape(into []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for i := range len(s) {
		switch b := s[i]; {
		case b == '"' || b == '\\':
			into = append(into, '\\', b)
		case b == '\n':
			into = append(into, '\\', 'n')
		case b == '\t':
			into = append(into, '\\', 't')
		case b == '\r':
			into = append(into, '\\', 'r')
		case b < ' ':
			into = append(into, '\\', 'u', '0', '0', digits[b>>4], digits[b&15])
		default:
			into = append(into, b)
		}
	}
	return into
}
