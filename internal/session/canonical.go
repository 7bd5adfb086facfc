package session

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/faultline-otel/faultline/internal/words"
)

// maxCanonical bounds how many bytes of arguments are read. Longer arguments are equal only if every byte is equal.
const maxCanonical = 4 << 10

// canonicalizer writes tool arguments in a canonical form, so that arguments with the same meaning are equal: sorted
// keys, single spaces, lower case, 1.0 as 1. It treats input that is not JSON as text. It streams the JSON, which is
// cheaper than building values.
type canonicalizer struct {
	text              bytes.Buffer // the decoder reads it in place
	json              jsontext.Decoder
	out, unsorted     []byte
	unquoted          []byte // the last string with escapes
	positional, named []byte // parts of a call envelope
	words             words.Text
}

// canonicalizers are reused.
var canonicalizers = sync.Pool{New: func() any { return new(canonicalizer) }}

// read returns arguments in their canonical form, valid until the next read. compared is the part that the caller
// chose. Python instrumentations record a call in an envelope, {"args":[…],"kwargs":{…},…}. It is the same for every
// call and would make different calls look alike.
func (c *canonicalizer) read(arguments string) (canonical, compared []byte) {
	if len(arguments) <= maxCanonical {
		if done, ok := c.append(c.out[:0], arguments); ok {
			c.out = done
			if c.positional != nil && c.named != nil {
				return done, append(c.positional, c.named...)
			}
			return done, done
		}
	}
	c.out = appendText(c.out[:0], arguments)
	compared = c.out
	if len(arguments) > maxCanonical {
		c.out = strconv.AppendUint(c.out, hashText(arguments), 16)
	}
	return c.out, compared
}

// append appends the canonical form of a JSON text. It returns false if the text is not JSON.
func (c *canonicalizer) append(into []byte, text string) ([]byte, bool) {
	c.text.Reset()
	c.text.WriteString(text)
	c.json.Reset(&c.text, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	c.positional, c.named = nil, nil
	done, err := c.value(into)
	if err != nil {
		return into, false
	}
	_, err = c.json.ReadToken()
	return done, errors.Is(err, io.EOF)
}

// value appends the next value.
func (c *canonicalizer) value(into []byte) ([]byte, error) {
	if c.json.PeekKind() == '"' {
		s, err := c.string()
		if err != nil {
			return into, err
		}
		return append(appendText(append(into, '"'), s), '"'), nil
	}
	token, err := c.json.ReadToken()
	if err != nil {
		return into, err
	}
	switch token.Kind() {
	case '{':
		return c.object(append(into, '{'))
	case '[':
		into = append(into, '[')
		for c.json.PeekKind() != ']' {
			if into, err = c.value(into); err != nil {
				return into, err
			}
			into = append(into, ',')
		}
		_, err = c.json.ReadToken()
		return append(into, ']'), err
	case '0':
		number := token.String()
		// A float cannot hold every long id, so integers stay as they are.
		if f, err := strconv.ParseFloat(number, 64); err == nil && strings.ContainsAny(number, ".eE") {
			return strconv.AppendFloat(into, f, 'g', -1, 64), nil
		}
		return append(into, number...), nil
	}
	return append(into, token.String()...), nil
}

// object appends the members of an object in the order of their names. The opening brace was already read.
func (c *canonicalizer) object(into []byte) ([]byte, error) {
	var room [16][2]int
	members, sorted := room[:0], true // start and end of each
	outermost := c.json.StackDepth() == 1
	first := len(into)
	for c.json.PeekKind() != '}' {
		key, err := c.string()
		if err != nil {
			return into, err
		}
		begin := len(into)
		into = append(appendName(into, key), ':')
		value := len(into)
		if into, err = c.value(into); err != nil {
			return into, err
		}
		if outermost {
			c.unwrap(into[begin:value], into[value:])
		}
		into = append(into, ',')
		if n := len(members); n > 0 {
			sorted = sorted && bytes.Compare(into[members[n-1][0]:members[n-1][1]], into[begin:]) <= 0
		}
		members = append(members, [2]int{begin, len(into)})
	}
	_, err := c.json.ReadToken()
	if !sorted {
		c.unsorted = append(c.unsorted[:0], into[first:]...)
		member := func(m [2]int) []byte { return c.unsorted[m[0]-first : m[1]-first] }
		slices.SortFunc(members, func(a, b [2]int) int { return bytes.Compare(member(a), member(b)) })
		into = into[:first]
		for _, m := range members {
			into = append(into, member(m)...)
		}
	}
	return append(into, '}'), err
}

// string reads a string without its quotes and escapes. It is valid until the next read: most strings have no escapes
// and are not copied.
func (c *canonicalizer) string() (string, error) {
	raw, err := c.json.ReadValue()
	if err != nil {
		return "", err
	}
	if bytes.IndexByte(raw, '\\') < 0 && isASCII(raw) {
		return unsafe.String(&raw[1], len(raw)-2), nil //nolint:gosec // read before the decoder goes on
	}
	// It fails on invalid UTF-8 only, and replaces that.
	c.unquoted, _ = jsontext.AppendUnquote(c.unquoted[:0], raw)
	return unsafe.String(unsafe.SliceData(c.unquoted), len(c.unquoted)), nil //nolint:gosec // read before reuse
}

func isASCII(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// unwrap keeps the parts of a call envelope. The key is in canonical form.
func (c *canonicalizer) unwrap(key, value []byte) {
	switch {
	case string(key) == `"args":` && value[0] == '[':
		c.positional = slices.Clone(value)
	case string(key) == `"kwargs":` && value[0] == '{':
		c.named = slices.Clone(value)
	}
}

// appendName appends the name of a member in quotes. Most names need no escapes.
func appendName(into []byte, name string) []byte {
	for i := range len(name) {
		if b := name[i]; b < ' ' || b == '"' || b == '\\' || b > '~' {
			return strconv.AppendQuote(into, name)
		}
	}
	return append(append(append(into, '"'), name...), '"')
}

// appendText appends a text in lower case with single spaces.
func appendText(into []byte, text string) []byte {
	begin := len(into)
	space := false
	for i, r := range text[:min(len(text), maxCanonical)] {
		switch {
		case r < utf8.RuneSelf && r > ' ' || r >= utf8.RuneSelf && !unicode.IsSpace(r):
			if space && len(into) > begin {
				into = append(into, ' ')
			}
			space = false
			switch {
			case r == utf8.RuneError: // also for invalid UTF-8
				into = append(into, text[i])
			case r < utf8.RuneSelf:
				if 'A' <= r && r <= 'Z' {
					r += 'a' - 'A'
				}
				into = append(into, byte(r))
			default:
				into = utf8.AppendRune(into, unicode.ToLower(r))
			}
		default:
			space = true
		}
	}
	return into
}

func hashText(text string) uint64 { return xxhash.Sum64String(text) }

// hashBytes hashes the concatenated parts.
func hashBytes(parts ...[]byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, p := range parts {
		_, _ = d.Write(p) // it never fails
	}
	return d.Sum64()
}

// hashTexts hashes texts, each followed by a newline.
func hashTexts(texts ...string) uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, t := range texts {
		_, _ = d.WriteString(t)
		_, _ = d.Write(separator)
	}
	return d.Sum64()
}
