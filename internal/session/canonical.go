package session

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// maxCanonical bounds the arguments that are read, in bytes. Longer ones are the same only if every byte is.
const maxCanonical = 4 << 10

// appendCanonical appends the arguments of a tool so that what means the same is the same: keys sorted, white space collapsed,
// letters in lower case, 1.0 as 1. What is no JSON is collapsed as text. Said is the part that the caller chose.
func appendCanonical(into []byte, arguments string) (canonical, said []byte) {
	if len(arguments) <= maxCanonical {
		d := json.NewDecoder(strings.NewReader(arguments))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err == nil && !d.More() {
			into = appendValue(into, v)
			if positional, named, ok := unwrap(v); ok {
				return into, appendValue(appendValue(nil, positional), named)
			}
			return into, into
		}
	}
	into = appendText(into, arguments)
	said = into
	if len(arguments) > maxCanonical {
		into = strconv.AppendUint(into, hashText(arguments), 16)
	}
	return into, said
}

// unwrap takes the arguments out of the envelope in which instrumentations of Python record a call, {"args":[…],"kwargs":{…},…}. It is the
// same for every call, so that calls would look alike whatever they ask.
func unwrap(v any) (positional []any, named map[string]any, ok bool) {
	envelope, _ := v.(map[string]any)
	positional, isList := envelope["args"].([]any)
	named, isObject := envelope["kwargs"].(map[string]any)
	return positional, named, isList && isObject
}

func appendValue(into []byte, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		into = append(into, '{')
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			into = append(strconv.AppendQuote(into, k), ':')
			into = append(appendValue(into, v[k]), ',')
		}
		return append(into, '}')
	case []any:
		into = append(into, '[')
		for _, e := range v {
			into = append(appendValue(into, e), ',')
		}
		return append(into, ']')
	case json.Number:
		if f, err := v.Float64(); err == nil && strings.ContainsAny(string(v), ".eE") { // a long id is more than a float can hold
			return strconv.AppendFloat(into, f, 'g', -1, 64)
		}
		return append(into, v...)
	case string:
		into = append(into, '"')
		return append(appendText(into, v), '"')
	case bool:
		return strconv.AppendBool(into, v)
	}
	return append(into, "null"...)
}

func appendText(into []byte, text string) []byte {
	for i, field := range bytes.Fields(bytes.ToLower([]byte(text[:min(len(text), maxCanonical)]))) {
		if i > 0 {
			into = append(into, ' ')
		}
		into = append(into, field...)
	}
	return into
}

func hashText(text string) uint64 { return xxhash.Sum64String(text) }

func hashBytes(parts ...[]byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, p := range parts {
		_, _ = d.Write(p) // it never fails
	}
	return d.Sum64()
}
