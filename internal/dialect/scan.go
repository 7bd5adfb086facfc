package dialect

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// cursor is a pull parser of JSON text. From damaged or cut text it keeps whatever it can read. It copies only strings
// with escapes, never recurses, and always advances, so it ends on any input.
//
// It is lenient on purpose. Scorers must be strict about tool arguments and structured answers, so they parse the
// original bytes themselves.
type cursor struct {
	s   string
	i   int
	cut bool // the text ended inside a value
	bad bool // the text is not JSON from here on
}

// space skips white space and returns the next byte, or 0 at the end.
func (c *cursor) space() byte {
	for c.i < len(c.s) {
		switch b := c.s[c.i]; b {
		case ' ', '\n', '\t', '\r':
			c.i++
		default:
			return b
		}
	}
	return 0
}

// open enters the next value if it is an object or an array.
func (c *cursor) open(b byte) bool {
	if c.space() != b {
		return false
	}
	c.i++
	return true
}

// member moves to the next member of the current object and reads its key. It returns false at the end.
func (c *cursor) member(key *string) bool {
	for {
		switch c.space() {
		case ',':
			c.i++
		case '"':
			*key = c.str()
			if c.space() != ':' {
				c.stop()
				return false
			}
			c.i++
			return true
		case '}':
			c.i++
			return false
		default:
			c.stop()
			return false
		}
	}
}

// element moves to the next element of the current array. It returns false at the end.
func (c *cursor) element() bool {
	for {
		switch c.space() {
		case ',':
			c.i++
		case ']':
			c.i++
			return false
		case 0, '}', ':':
			c.stop()
			return false
		default:
			return true
		}
	}
}

// stop ends the reading, because nothing after this point can be trusted.
func (c *cursor) stop() {
	if c.i >= len(c.s) {
		c.cut = true
	} else {
		c.bad = true
	}
	c.i = len(c.s)
}

// str returns the next string without quotes and escapes. It skips any other value and returns "".
func (c *cursor) str() string {
	if c.space() != '"' {
		c.skip()
		return ""
	}
	start := c.i + 1
	end := c.endOfString(start)
	raw := c.s[start:end]
	c.i = end
	if c.i < len(c.s) {
		c.i++
	} else {
		c.cut = true
	}
	if strings.IndexByte(raw, '\\') < 0 {
		return raw
	}
	return unescape(raw)
}

// endOfString returns the index of the closing quote of a string that starts at i, or the end of the text.
func (c *cursor) endOfString(i int) int {
	for {
		q := strings.IndexByte(c.s[i:], '"')
		if q < 0 {
			return len(c.s)
		}
		q += i
		// An odd number of backslashes before the quote escapes it.
		b := q
		for b > i && c.s[b-1] == '\\' {
			b--
		}
		if (q-b)%2 == 0 {
			return q
		}
		i = q + 1
	}
}

// unescape resolves the escapes of a JSON string. It keeps cut or unknown escapes unchanged.
func unescape(raw string) string {
	var out strings.Builder
	out.Grow(len(raw))
	for {
		b := strings.IndexByte(raw, '\\')
		if b < 0 || b+1 >= len(raw) {
			if b >= 0 {
				raw = raw[:b]
			}
			out.WriteString(raw)
			return out.String()
		}
		out.WriteString(raw[:b])
		esc := raw[b+1]
		raw = raw[b+2:]
		switch esc {
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case 'r':
			out.WriteByte('\r')
		case 'b':
			out.WriteByte('\b')
		case 'f':
			out.WriteByte('\f')
		case 'u':
			r, ok := hex4(raw)
			if !ok {
				continue
			}
			raw = raw[4:]
			if utf16.IsSurrogate(r) {
				if len(raw) >= 6 && raw[0] == '\\' && raw[1] == 'u' {
					if low, ok := hex4(raw[2:]); ok {
						if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
							r, raw = pair, raw[6:]
						}
					}
				}
			}
			out.WriteRune(r)
		default:
			out.WriteByte(esc)
		}
	}
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		b := s[i]
		switch {
		case b >= '0' && b <= '9':
			b -= '0'
		case b >= 'a' && b <= 'f':
			b -= 'a' - 10
		case b >= 'A' && b <= 'F':
			b -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(b)
	}
	return r, true
}

// skip skips the next value, however deep it nests.
func (c *cursor) skip() {
	depth := 0
	for {
		switch c.space() {
		case 0:
			c.stop()
			return
		case '"':
			c.i = c.endOfString(c.i + 1)
			if c.i >= len(c.s) {
				c.cut = true
				return
			}
			c.i++
		case '{', '[':
			depth++
			c.i++
		case '}', ']':
			if depth == 0 { // there is no value here
				c.stop()
				return
			}
			depth--
			c.i++
		case ',', ':':
			if depth == 0 {
				c.stop()
				return
			}
			c.i++
			continue
		default: // a number or a literal
			for c.i < len(c.s) && !ends[c.s[c.i]] {
				c.i++
			}
		}
		if depth == 0 {
			return
		}
	}
}

// ends are the bytes that end a number or a literal.
var ends = func() (b [256]bool) {
	for _, c := range []byte(",:]}[{\" \n\t\r") {
		b[c] = true
	}
	return b
}()

// raw skips the next value and returns its text.
func (c *cursor) raw() string {
	c.space()
	start := c.i
	c.skip()
	return c.s[start:c.i]
}

// scalar returns a string, number or literal as text. It returns "" for null, objects and arrays.
func (c *cursor) scalar() string {
	switch c.space() {
	case '"':
		return c.str()
	case '{', '[':
		c.skip()
		return ""
	}
	if text := c.raw(); text != "null" {
		return text
	}
	return ""
}
