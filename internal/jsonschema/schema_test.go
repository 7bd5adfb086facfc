package jsonschema

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestViolations(t *testing.T) {
	s, err := Compile(`{"type": "object", "required": ["sku", "n"], "additionalProperties": false, "properties": {
		"sku": {"type": "string", "pattern": "^[A-Z]{3}$"}, "n": {"type": "integer", "minimum": 1, "maximum": 9}, "day": {"format": "date"},
		"lines": {"type": "array", "items": {"enum": ["a", "b"]}}, "u": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}`)
	require.NoError(t, err)
	for instance, want := range map[string][]string{
		`{"sku": "ABC", "n": 5.0}`:                    nil,
		`{"sku": "ABC"}`:                              {"required / (n)"},
		`{"sku": "abc", "n": 0}`:                      {"minimum /n ()", "pattern /sku ()"},
		`{"sku": "ABC", "n": 1, "x": 2}`:              {"additionalProperties / (x)"},
		`{"sku": 3, "n": "1"}`:                        {"type /n ()", "type /sku ()"},
		`{"sku": "ABC", "n": 1, "lines": ["a", "c"]}`: {"enum /lines/* ()"},
		`{"sku": "ABC", "n": 1, "u": 4}`:              {"anyOf /u ()"},
		`{"sku": "ABC", "n": 1, "day": "tomorrow"}`:   {"format /day ()"},
		`[]`: {"type / ()"},
	} {
		value, err := Decode(instance)
		require.NoError(t, err)
		violations, err := s.Validate(value)
		require.NoError(t, err)
		var got []string
		for _, v := range violations {
			got = append(got, v.Where()+" ("+strings.Join(v.Names, ",")+")")
		}
		require.Equal(t, want, got, instance)
	}
}

// TestFalseIsNamedByItsKeyword: a schema of false says nothing of itself.
func TestFalseIsNamedByItsKeyword(t *testing.T) {
	for schema, c := range map[string][2]string{
		`{"properties": {"a": {}}, "unevaluatedProperties": false}`:                {`{"b": 1}`, "unevaluatedProperties /b"},
		`{"properties": {"items": false}}`:                                         {`{"items": 1}`, "properties /items"},
		`{"prefixItems": [{}], "items": false}`:                                    {`[1, 2]`, "items /*"},
		`{"prefixItems": [{}, false]}`:                                             {`[1, 2]`, "prefixItems /*"},
		`{"if": true, "then": false}`:                                              {`1`, "then /"},
		`{"additionalProperties": {"$ref": "#/$defs/no"}, "$defs": {"no": false}}`: {`{"a": 1}`, "false /a"},
		`false`: {`1`, "false /"},
	} {
		s, err := Compile(schema)
		require.NoError(t, err)
		value, err := Decode(c[0])
		require.NoError(t, err)
		violations, err := s.Validate(value)
		require.NoError(t, err)
		require.Len(t, violations, 1)
		require.Equal(t, c[1], violations[0].Where(), schema)
	}
}

// TestOpenAPISchemas: what Gemini is sent, and values that stand twice.
func TestOpenAPISchemas(t *testing.T) {
	s, err := Compile(
		`{"type": "OBJECT", "required": ["n", "n"], "properties": {"n": {"type": "INTEGER", "nullable": true}, "e": {"type": "STRING", "enum": ["a", "a", "b"], "nullable": true},
		"type": {"type": "ARRAY", "items": {"type": "STRING"}, "default": {"type": "STRING"}}}}`,
	)
	require.NoError(t, err)
	for instance, valid := range map[string]bool{
		`{"n": 1, "type": ["x"]}`: true, `{"n": null, "e": null}`: true, `{"n": "1"}`: false, `{"n": 1, "e": "c"}`: false, `{}`: false, `{"n": 1, "type": [1]}`: false,
	} {
		value, err := Decode(instance)
		require.NoError(t, err)
		violations, err := s.Validate(value)
		require.NoError(t, err)
		require.Equal(t, valid, len(violations) == 0, instance)
	}
}

func TestSchemasThatAreRefused(t *testing.T) {
	for schema, want := range map[string]string{
		`{"$ref": "https://example.com/schema.json"}`: "remote schemas are not loaded",
		`{"$ref": "file:///etc/passwd"}`:              "remote schemas are not loaded",
		`{"type": 7}`:                                 "not a valid schema",
		`{"type": "objekt"}`:                          "not a valid schema",
		`{`:                                           "schema:",
		`{"pattern": "("}`:                            "pattern",
		`{"a": ` + strings.Repeat("[", 10_000):        "too deep",
		`{"minimum": 1e1000000000}`:                   "too large",
		`{"x": "` + strings.Repeat("x", 5<<20) + `"}`: "too large",
		`{"$ref": "#/definitions/none"}`:              "schema:",
	} {
		_, err := Compile(schema)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, yes, no string
	}{
		{`^\d{4}-\d{2}$`, "2026-11", "2026-1"},
		{`^\/api\/\w+$`, "/api/x", "/api/"},
		{`^[\w\-\.]+@x\.y$`, "a-b.c@x.y", "a b@x.y"},
		{`^\p{Letter}+$`, "Größe", "a1"},
		{`^[^\s]+$`, "a", "a b"},
		{`^\S+$`, "a", "a\u00a0"},
		{`^\cA$`, "\x01", "A"},
		{`^\u0041$`, "A", "B"},
		{`^[^]$`, "\n", ""},
		{`a$`, "ba", "a\n"},
		{`^\ud83d\ude00$`, "😀", "😁"},
		{`^(?=.*[A-Z])(?=.*\d)[^|]{4,}$`, "aB3x", "ab3x"},
		{`^(?!x)\w+$`, "yes", "xyz"},
		{`^(?!(?:admin|root)$)[a-z)(]+$`, "rooted", "root"},
		{`^(?<year>\d+)$`, "1", "x"},
	} {
		s, err := Compile(`{"pattern": ` + quote(c.pattern) + `}`)
		require.NoError(t, err, c.pattern)
		require.Empty(t, s.Unchecked(), c.pattern)
		for text, valid := range map[string]bool{c.yes: true, c.no: false} {
			violations, err := s.Validate(text)
			require.NoError(t, err)
			require.Equal(t, valid, len(violations) == 0, "%s on %q", c.pattern, text)
		}
	}
	s, err := Compile(`{"pattern": "^\\w+(?!x)$"}`)
	require.NoError(t, err)
	require.Len(t, s.Unchecked(), 1, "look-ahead is beyond linear time: it is noted and not enforced")
	violations, err := s.Validate("xyz")
	require.NoError(t, err)
	require.Empty(t, violations)
	s, err = Compile(`{"pattern": "^(?=a)b|c"}`)
	require.NoError(t, err)
	require.Len(t, s.Unchecked(), 1, "the look-ahead is of the first alternative only")
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `\`, `\\`) + `"` }

func TestRecursiveSchemas(t *testing.T) {
	s, err := Compile(
		`{"$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["id"]}}, "$ref": "#/$defs/node"}`,
	)
	require.NoError(t, err)
	value, err := Decode(`{"id": 1, "next": {"id": 2, "next": {}}}`)
	require.NoError(t, err)
	violations, err := s.Validate(value)
	require.NoError(t, err)
	require.Equal(t, "required /next/next", violations[0].Where())
}

func TestCacheIsBounded(t *testing.T) {
	made := 0
	c := NewCache(func(text string) (int, int) { made++; return len(text), 10 })
	for range 3 {
		require.Equal(t, 3, c.Get("abc"))
	}
	require.Equal(t, 1, made, "the same text is made once")
	for i := range 5000 {
		c.Get(strings.Repeat("x", 8<<10) + string(rune(i+0x100)))
	}
	require.LessOrEqual(t, c.lru.Len(), maxEntries)
	require.LessOrEqual(t, c.bytes, maxCacheBytes)
	require.Positive(t, c.bytes)

	var wg sync.WaitGroup
	shared := NewCache(func(text string) (string, int) { return text, 0 })
	for range 8 {
		wg.Go(func() {
			for i := range 500 {
				text := strings.Repeat("y", i)
				if shared.Get(text) != text {
					t.Error("the wrong value")
				}
			}
		})
	}
	wg.Wait()
}

func FuzzValidate(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"$ref":"#"}}}`, `{"a":{"a":1}}`)
	f.Add(`{"anyOf":[{"$ref":"#"},{"type":"null"}]}`, `null`)
	f.Add(`{"pattern":"\\p{L}+(?=x)"}`, `"abc"`)
	f.Add(`{"multipleOf":1e-300,"minimum":0.1}`, `1e300`)
	f.Fuzz(func(t *testing.T, schema, instance string) {
		s, err := Compile(schema)
		if err != nil {
			return
		}
		value, err := Decode(instance)
		if err != nil {
			return
		}
		violations, _ := s.Validate(value)
		for _, v := range violations {
			if v.Where() == "" {
				t.Fatal("a violation says where")
			}
		}
	})
}

func TestLocalTimes(t *testing.T) {
	for format, texts := range map[string]map[string][2]bool{ // accepted by default, with RequireZone
		"date-time": {
			"2026-03-01T10:00:00Z": {true, true}, "2026-03-01T10:00:00.25+01:00": {true, true},
			"2026-12-31T23:59:60Z": {true, true}, "2026-03-01T10:00:00": {true, false}, "2026-03-01T10:00": {true, false},
			"2026-03-01 10:00:00.5": {true, false}, "2026-03-01T10:00Z": {true, false}, "2026-03-01T10:00+0100": {true, false},
			"2026-03-01": {}, "2026-02-30T10:00:00": {}, "2026-03-01T24:00:00": {}, "2026-03-01T10:60": {},
			"2026-03-01T10:60:00": {}, "2026-03-01T9:00": {}, "2026-03-01T10:0": {}, "2026-03-01T10:00:00+25:00": {},
			"tomorrow at 10:00": {}, "2026-03-01T10:00:00 CET": {}, "2026-03-01T": {}, "01.03.2026 10:00": {}, "": {},
		},
		"time": {
			"10:00:00Z": {true, true}, "10:00:00": {true, false}, "10:00": {true, false}, "10": {}, "25:00": {}, "10:00 pm": {},
		},
	} {
		lenient, err := Compile(`{"format": ` + quote(format) + `}`)
		require.NoError(t, err)
		strict, err := Options{RequireZone: true}.Compile(`{"format": ` + quote(format) + `}`)
		require.NoError(t, err)
		for text, want := range texts {
			for i, s := range []*Schema{lenient, strict} {
				violations, err := s.Validate(text)
				require.NoError(t, err)
				require.Equal(t, want[i], len(violations) == 0, "%s %q, %d", format, text, i)
			}
		}
	}
}
