package jsonschema

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// list repeats a format with the numbers from 0, separated by commas.
func list(n int, format string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestHostileWorkIsBounded: each of these would run for minutes or fill memory without the bounds.
func TestHostileWorkIsBounded(t *testing.T) {
	large := "(?:" + strings.Repeat("ab?", 400) + "){1000}"
	deep := strings.Repeat(`{"a":`, 100) + `1` + strings.Repeat(`}`, 100)
	for name, c := range map[string]struct {
		schema, instance string
		compiles         error // of Compile
		want             error // of Decode or Validate
	}{
		"exponential in depth":              {`{"properties": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}, {"$ref": "#"}]}}}`, deep, nil, ErrTooComplex},
		"the same by dynamic references":    {`{"$dynamicAnchor": "n", "$ref": "#/$defs/x", "properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"$id": "x", "$defs": {"leaf": {"$dynamicAnchor": "n"}}, "anyOf": [{"$dynamicRef": "#n"}, {"$dynamicRef": "#n"}]}}}`, deep, nil, ErrTooComplex},
		"a product of two lists":            {`{"items": {"allOf": [` + list(2000, `{"minimum": %d}`) + `]}}`, `[` + list(2000, `%d`) + `]`, nil, ErrTooComplex},
		"a long enum over a long list":      {`{"items": {"enum": [` + list(20_000, `"%d"`) + `]}}`, `[` + list(20_000, `"x%d"`) + `]`, nil, ErrTooComplex},
		"unique items at every level":       {`{"$ref": "#/$defs/u", "$defs": {"u": {"uniqueItems": true, "items": {"$ref": "#/$defs/u"}}}}`, strings.Repeat(`[`, 200) + list(50_000, `%d`) + strings.Repeat(`]`, 200), nil, ErrTooComplex},
		"a large pattern over a large text": {`{"pattern": "(?:a?){900}x"}`, `"` + strings.Repeat("a", 1_000_000) + `"`, nil, ErrTooComplex},
		"the same over a key":               {`{"patternProperties": {"(?:a?){900}x": {}}}`, `{"` + strings.Repeat("a", 1_000_000) + `": 1}`, nil, ErrTooComplex},
		"many large patterns":               {`{"allOf": [` + list(50, `{"pattern": "%d`+large+`"}`) + `]}`, `"ab"`, nil, nil},
		"classes that expand":               {`{"pattern": "` + strings.Repeat(`\\pL`, 100_000) + `"}`, `"ab"`, nil, nil},
		"more subschemas than any real one": {`{"properties": {` + list(50_000, `"p%d": {}`) + `}}`, `{}`, ErrTooLarge, nil},
		"as many subschemas as may be":      {`{"properties": {` + list(maxObjects-10, `"p%d": {}`) + `}}`, `{}`, nil, nil},
		"a chain of references":             {`{"$ref": "#/$defs/d0", "$defs": {` + chain(3000) + `}}`, `1`, nil, ErrTooComplex},
		"a million digits":                  {`{"multipleOf": 3}`, strings.Repeat("1", 1_000_000), nil, ErrTooLarge},
		"an exponent":                       {`{"multipleOf": 3}`, `{"n": 1e999999999}`, nil, ErrTooLarge},
		"a backtracking pattern":            {`{"pattern": "^(a+)+$"}`, `"` + strings.Repeat("a", 1<<16) + `b"`, nil, nil},
		"10,000 deep":                       {`{}`, strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), nil, ErrTooDeep},
		"100 MB":                            {`{}`, `"` + strings.Repeat("x", 100<<20) + `"`, nil, ErrTooLarge},
		"half a million violations":         {`{"items": {"type": "string"}}`, `[` + strings.Repeat("1,", 500_000) + `1]`, nil, nil},
		"violations at great depth": {
			`{"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}}`,
			strings.Repeat(`[`, 200) + strings.Repeat("1,", 200_000) + "1" + strings.Repeat(`]`, 200), nil, ErrTooComplex,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			s, err := Compile(c.schema)
			if c.compiles != nil {
				require.ErrorIs(t, err, c.compiles)
				return
			}
			require.NoError(t, err)
			value, err := Decode(c.instance)
			if err == nil {
				_, err = s.Validate(value)
			}
			if c.want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, c.want)
			}
			runtime.ReadMemStats(&after)
			require.Less(t, time.Since(began), 10*time.Second)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(512<<20), "bytes allocated, kept or not")
		})
	}
}

// chain is definitions each of which refers to the next.
func chain(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"d%d": {"$ref": "#/$defs/d%d"},`, i, i+1)
	}
	return b.String() + fmt.Sprintf(`"d%d": {}`, n)
}

// TestPatternsAsValues: the format regex compiles values, in whatever goroutine validates.
func TestPatternsAsValues(t *testing.T) {
	s, err := Compile(`{"format": "regex"}`)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for text, valid := range map[string]bool{`^a+$`: true, `(`: false, `(?=a)b`: true, `(a{1000}){1000}`: true} {
				violations, err := s.Validate(text)
				if err != nil || valid != (len(violations) == 0) {
					t.Errorf("%q: %v %v", text, violations, err)
				}
			}
		})
	}
	wg.Wait()
	require.Empty(t, s.Unchecked(), "values are no patterns of the schema")
}
