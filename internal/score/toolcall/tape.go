package toolcall

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/faultline-otel/faultline/internal/jsonschema"
)

// tape is a JSON value as a list of tokens that refer to its text. Once the tape has grown, reading allocates nothing.
// The value that begins at token i ends before tokens[i].next. Inside an object, names and values alternate.
type tape struct {
	text   []byte
	tokens []token
	open   []int32 // objects and arrays that have not ended
}

// token is the start of a value, or a name.
type token struct {
	kind       byte // as jsontext.Kind: { [ " 0 t f n
	start, end int32
	next       int32
	// items is how many values an array holds, and how many names and values an object.
	items int32
}

// maxPooled bounds the memory of a tape that the pool keeps.
const maxPooled = 64 << 10

var tapes = sync.Pool{New: func() any { return new(tape) }}

// release returns the tape to the pool.
func (t *tape) release() {
	if cap(t.text) <= maxPooled && cap(t.tokens) <= maxPooled/16 {
		tapes.Put(t)
	}
}

var errNotJSON = errors.New("not JSON")

// read reads one value. Its errors are those of jsonschema.Decode.
func (t *tape) read(text string) error {
	if len(text) > jsonschema.MaxInstance {
		_, err := jsonschema.Decode(text)
		return err
	}
	t.text, t.tokens, t.open = append(t.text[:0], text...), t.tokens[:0], t.open[:0]
	if !jsontext.Value(t.text).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
		if _, err := jsonschema.Decode(text); err != nil {
			return err
		}
		return errNotJSON
	}
	return t.tokenise()
}

// tokenise lists the tokens of a valid text.
func (t *tape) tokenise() error {
	text := t.text
	for i := 0; i < len(text); {
		start := i
		c := text[i]
		switch c {
		case '}', ']':
			last := t.open[len(t.open)-1]
			t.open = t.open[:len(t.open)-1]
			t.tokens[last].end, t.tokens[last].next = int32(i+1), int32(len(t.tokens))
			i++
			continue
		case ' ', '\t', '\n', '\r', ',', ':':
			i++
			continue
		case '{', '[':
			if len(t.open) == jsonschema.MaxDepth {
				return fmt.Errorf("JSON nests %w: more than %d levels", jsonschema.ErrTooDeep, jsonschema.MaxDepth)
			}
			i++
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			i++
		case 't', 'n':
			i += len("true")
		case 'f':
			i += len("false")
		default:
			c = '0'
			for i < len(text) && numeral(text[i]) {
				i++
			}
			if i-start > maxPlain || bytes.ContainsAny(text[start:i], "eE") {
				if err := jsonschema.CheckNumber(string(text[start:i])); err != nil {
					return err
				}
			}
		}
		if n := len(t.open); n > 0 {
			t.tokens[t.open[n-1]].items++
		}
		if c == '{' || c == '[' {
			t.open = append(t.open, int32(len(t.tokens)))
		}
		t.tokens = append(t.tokens, token{kind: c, start: int32(start), end: int32(i), next: int32(len(t.tokens) + 1)})
	}
	return nil
}

// maxPlain is the length up to which a number without an exponent is within bounds.
const maxPlain = 32

func numeral(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}

// raw returns the text of the value at a token.
func (t *tape) raw(i int32) []byte { return t.text[t.tokens[i].start:t.tokens[i].end] }

// inside returns the text between the quotes of a string. plain reports that it has no escapes.
func (t *tape) inside(i int32) (text []byte, plain bool) {
	text = t.text[t.tokens[i].start+1 : t.tokens[i].end-1]
	return text, bytes.IndexByte(text, '\\') < 0
}

// str returns a string or a name.
func (t *tape) str(i int32) string {
	text, plain := t.inside(i)
	if plain && utf8.Valid(text) {
		return string(text)
	}
	var s string
	if json.Unmarshal(t.raw(i), &s) != nil {
		return string(text)
	}
	return s
}

// value returns what jsonschema.Decode makes of the value at a token.
func (t *tape) value(i int32) any {
	switch t.tokens[i].kind {
	case '"':
		return t.str(i)
	case '0':
		return json.Number(t.raw(i))
	case 't':
		return true
	case 'f':
		return false
	case 'n':
		return nil
	}
	v, err := jsonschema.Decode(string(t.raw(i)))
	if err != nil { // the text has been read before
		return nil
	}
	return v
}
