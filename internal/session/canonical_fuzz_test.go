package session

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

// FuzzCanonical checks that other white space and another order of keys do not change the canonical form.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		`{"q":"Oslo","n":1.0}`, `{"args":[1],"kwargs":{"b":2,"a":[{"z":null,"y":true}]}}`, `[1e2,"Ä  b",{}]`,
		"not json", `{"a":`, "", "\xff", `"a"`, `{"a":1}{`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, arguments string) {
		c := new(canonicalizer)
		canonical, compared := c.read(arguments)
		want, wantCompared := string(canonical), string(compared)
		canonical, compared = c.read(arguments)
		require.Equal(t, want, string(canonical), "earlier input must not affect the result")
		require.Equal(t, wantCompared, string(compared))
		require.LessOrEqual(t, len(canonical), 12*maxCanonical, "escapes are the most that it grows by")
		if !jsontext.Value(arguments).IsValid() { // strict: no duplicate names, valid UTF-8
			return
		}
		d := json.NewDecoder(strings.NewReader(arguments))
		d.UseNumber()
		var v any
		require.NoError(t, d.Decode(&v))
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent(" ", "\t")
		if e.Encode(v) != nil || b.Len() > maxCanonical || len(arguments) > maxCanonical {
			return
		}
		canonical, _ = c.read(b.String())
		require.Equal(t, want, string(canonical))
	})
}

// TestCanonicalIsBounded checks that long, deep and wide arguments take no more time than reading them.
func TestCanonicalIsBounded(t *testing.T) {
	for name, arguments := range map[string]string{
		"long":           strings.Repeat("x y ", 1<<20),
		"deep":           strings.Repeat("[", maxCanonical),
		"deep and whole": strings.Repeat("[", maxCanonical/2) + strings.Repeat("]", maxCanonical/2),
		"wide":           `{` + strings.Repeat(`"a":1,`, 600) + `"b":2}`,
		"deep objects":   strings.Repeat(`{"b":{},"a":`, 300) + "1" + strings.Repeat("}", 300),
	} {
		began := time.Now()
		canonical, _ := new(canonicalizer).read(arguments)
		require.Less(t, time.Since(began), time.Second, name)
		require.LessOrEqual(t, len(canonical), 3*maxCanonical, name)
	}
}

// TestNamesAreQuotedAlike checks that the short way of quoting a name gives what strconv gives.
func TestNamesAreQuotedAlike(t *testing.T) {
	for b := range 256 {
		for _, name := range []string{string([]byte{byte(b)}), "a" + string([]byte{byte(b)}) + "z", string(rune(b)), ""} {
			require.Equal(t, strconv.Quote(name), string(appendName(nil, name)))
		}
	}
}
