package pattern

import (
	"bytes"
	"sync"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonToken is a string or another scalar of a JSON text. The place of a string includes its quotes.
type jsonToken struct {
	start, end int
	str        bool
	escaped    bool // a string with escapes
	name       bool // a key of an object
}

// jsonReader lists the strings and scalars of a JSON text with their places.
type jsonReader struct {
	text    bytes.Buffer
	decoder jsontext.Decoder
}

// asRecorded accepts JSON as emitters write it.
var asRecorded = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

var jsonReaders = sync.Pool{New: func() any { return new(jsonReader) }}

// readJSON returns a reader of a text, to be released after use.
func readJSON(s string) *jsonReader {
	r := jsonReaders.Get().(*jsonReader) //nolint:forcetypeassert // the pool holds nothing else
	r.text.Reset()
	r.text.WriteString(s)
	r.decoder.Reset(&r.text, asRecorded...)
	return r
}

func (r *jsonReader) release() {
	if r.text.Cap() <= maxScratch {
		jsonReaders.Put(r)
	}
}

// next returns the next token. ok is false at the end of the text, and where it is not JSON.
func (r *jsonReader) next() (t jsonToken, ok bool) {
	for {
		kind := r.decoder.PeekKind()
		switch kind {
		case '{', '}', '[', ']':
			if _, err := r.decoder.ReadToken(); err != nil {
				return t, false
			}
			continue
		}
		value, err := r.decoder.ReadValue()
		if err != nil {
			return t, false
		}
		t.end = int(r.decoder.InputOffset())
		t.start = t.end - len(value)
		if t.str = kind == '"'; t.str {
			t.escaped = bytes.IndexByte(value, '\\') >= 0
			holder, n := r.decoder.StackIndex(r.decoder.StackDepth())
			t.name = holder == '{' && n%2 == 1
		}
		return t, true
	}
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

// validJSON reports whether a text is JSON. Only then do its quotes mark strings.
func validJSON(s string) bool {
	text := unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // IsValid only reads
	return jsontext.Value(text).IsValid(asRecorded...)
}

// unquote appends the value of a JSON string, given with its quotes. Invalid UTF-8 becomes U+FFFD.
func unquote(into []byte, quoted string) []byte {
	into, _ = jsontext.AppendUnquote(into, quoted) // the error only reports invalid UTF-8
	return into
}

// quote appends a text as a JSON string. Invalid UTF-8 becomes U+FFFD.
func quote(into []byte, text string) []byte {
	into, _ = jsontext.AppendQuote(into, text) // the error only reports invalid UTF-8
	return into
}
