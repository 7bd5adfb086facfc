package toolcall

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/jsonschema"
)

// opened allows properties that are not defined wherever a schema says nothing of them, which is JSON Schema's own
// reading.
func opened(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, sub := range v {
			opened(sub)
		}
		_, properties := v["properties"].(map[string]any)
		if _, given := v["additionalProperties"]; properties && !given && v["unevaluatedProperties"] == nil {
			v["additionalProperties"] = map[string]any{}
		}
	case []any:
		for _, sub := range v {
			opened(sub)
		}
	}
	return v
}

// fits reports whether the checker finds nothing, or why it could not tell.
func fits(schema any, instance string) (bool, error) {
	c := compiler{rests: map[string]rest{}}
	n := c.definition(schema)
	if c.err != nil {
		return false, c.err
	}
	var value tape
	if err := value.read(instance); err != nil {
		return false, err
	}
	check := checker{tape: &value, tool: "t"}
	check.check(n, 0, false, 0)
	return len(check.found) == 0, check.err
}

// TestCheckerAgreesWithTheValidator holds the checker against the full validator on real schemas and instances. They
// may differ where a keyword is younger than the draft of the schema (the checker reads if and const in any), and where
// only the validator can resolve a reference (to an anchor).
func TestCheckerAgreesWithTheValidator(t *testing.T) {
	same, total, undecided := 0, 0, map[string]int{}
	var differ []string
	corpus.Lines(t, "schema/maskbench-dev.jsonl.gz", func(c struct {
		ID       string          `json:"id"`
		Schema   json.RawMessage `json:"schema"`
		Instance json.RawMessage `json:"instance"`
		Valid    bool            `json:"valid"`
	},
	) {
		value, err := jsonschema.Decode(string(c.Schema))
		require.NoError(t, err)
		value = opened(value)
		text, err := json.Marshal(value)
		require.NoError(t, err)
		schema, err := jsonschema.Compile(string(text))
		if err != nil {
			return
		}
		instance, err := jsonschema.Decode(string(c.Instance))
		require.NoError(t, err)
		violations, err := schema.Validate(instance)
		require.NoError(t, err)
		total++
		got, err := fits(value, string(c.Instance))
		switch {
		case err != nil:
			undecided[err.Error()]++
		case got == (len(violations) == 0):
			same++
		default:
			differ = append(differ, c.ID)
			t.Logf("  %s: the checker says %v, the validator %v", c.ID, got, violations)
		}
	})
	for reason, n := range undecided {
		t.Logf("  %d × %.200s", n, reason)
	}
	t.Logf(
		"checker and validator on MaskBench dev: the same on %d of %d (%.2f %%)",
		same,
		total,
		100*float64(same)/float64(total),
	)
	// The schema of the two has a pattern that only the validator bounds, and the $ref of the others leads nowhere.
	require.ElementsMatch(t, []string{"Github_medium---o3385/0", "Github_medium---o3385/3"}, differ)
	require.Equal(t, map[string]int{`$ref "#jumpDriveCapability" leads nowhere`: 2}, undecided)
	require.Equal(t, total-4, same)
}

// FuzzTape: what the tape reads is what encoding/json reads.
func FuzzTape(f *testing.F) {
	for _, seed := range []string{`{"a": [1, -2.5e3, "x\"\\", {"b": null}], "c": true}`, `[]`, ` "\ud800" `, "\"\xff\"", `{"a":1,"a":2}`, `[1,]`, `1e400`, `1e401`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got tape
		errTape := got.read(text)
		want, err := jsonschema.Decode(text)
		require.Equal(t, err == nil, errTape == nil, "%v %v", err, errTape)
		if err != nil {
			require.Equal(t, errors.Is(err, jsonschema.ErrTooDeep), errors.Is(errTape, jsonschema.ErrTooDeep))
			return
		}
		require.Equal(t, want, rebuilt(&got, 0))
	})
}

// rebuilt is the value that a tape holds, token by token.
func rebuilt(t *tape, i int32) any {
	switch t.tokens[i].kind {
	case '{':
		object := map[string]any{}
		for name := i + 1; name < t.tokens[i].next; name = t.tokens[t.tokens[name].next].next {
			object[t.str(name)] = rebuilt(t, t.tokens[name].next)
		}
		return object
	case '[':
		array := []any{}
		for item := i + 1; item < t.tokens[i].next; item = t.tokens[item].next {
			array = append(array, rebuilt(t, item))
		}
		return array
	}
	return t.value(i)
}

// TestDefinitionsOfFrameworks: models as definitions and references (Pydantic), alternatives with null, unions by a
// discriminator, and definitions that no validator accepts as they are.
func TestDefinitionsOfFrameworks(t *testing.T) {
	for name, c := range map[string]struct {
		parameters, arguments string
		want                  []string // detail and where
	}{
		"an optional parameter":           {optional, `{"limit": null}`, nil},
		"an optional parameter's type":    {optional, `{"limit": "ten"}`, []string{"type_mismatch type /limit"}},
		"an optional parameter's limit":   {optional, `{"limit": 0}`, []string{"constraint_violation minimum /limit"}},
		"a reference":                     {models, `{"to": {"city": "Oslo", "zip": "0150"}}`, nil},
		"missing behind a reference":      {models, `{"to": {"city": "Oslo"}}`, []string{"missing_required required /to/zip"}},
		"unknown behind a reference":      {models, `{"to": {"city": "Oslo", "zip": "0150", "planet": "Earth"}}`, []string{"unexpected_param additionalProperties /to/planet"}},
		"a reference in allOf":            {models, `{"from": {"city": 3, "zip": "1"}}`, []string{"type_mismatch type /from/city"}},
		"a model that refers to itself":   {models, `{"tree": {"next": {"next": {"value": 1}}}}`, []string{"unexpected_param additionalProperties /tree/next/next/value"}},
		"the first of a union":            {union, `{"pet": {"kind": "cat", "lives": 9}}`, nil},
		"the nearest of a union":          {union, `{"pet": {"kind": "dog", "bark": "loud"}}`, []string{"type_mismatch type /pet/bark"}},
		"none of a union":                 {union, `{"pet": 7}`, []string{"type_mismatch type /pet"}},
		"required in alternatives":        {`{"type": "object", "properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}`, `{"c": 1}`, []string{"unexpected_param additionalProperties /c", "missing_required required /a"}},
		"two parts are one object":        {`{"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "string"}}}]}`, `{"a": "x", "b": "y"}`, nil},
		"names by a pattern":              {`{"type": "object", "patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": false}`, `{"x-a": "b"}`, nil},
		"not a name by the pattern":       {`{"type": "object", "patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": false}`, `{"a": "b"}`, []string{"unexpected_param additionalProperties /"}},
		"a tuple":                         {`{"properties": {"at": {"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "number"}}}}`, `{"at": ["x", 1, 2]}`, nil},
		"a tuple of older drafts":         {`{"properties": {"at": {"type": "array", "items": [{"type": "string"}, {"type": "number"}]}}}`, `{"at": [1, 1]}`, []string{"type_mismatch type /at/*"}},
		"limits of draft 4":               {`{"properties": {"n": {"minimum": 0, "exclusiveMinimum": true}}}`, `{"n": 0}`, []string{"constraint_violation exclusiveMinimum /n"}},
		"a limit beyond floats":           {`{"properties": {"n": {"maximum": 9007199254740993}}}`, `{"n": 9007199254740994}`, []string{"constraint_violation maximum /n"}},
		"types of Gemini in alternatives": {`{"type": "OBJECT", "properties": {"n": {"anyOf": [{"type": "INTEGER"}, {"type": "STRING"}]}}}`, `{"n": true}`, []string{"type_mismatch type /n"}},
		"types that are none":             {`{"type": "dict", "properties": {"at": {"type": "datetime"}, "l": {"type": "list", "not": {"type": "tuple", "maxItems": 0}}}}`, `{"at": 3, "l": [1]}`, nil},
		"a number as an enum's text":      {`{"properties": {"n": {"type": "integer", "enum": [1, 2.0]}}}`, `{"n": 2}`, nil},
		"counts":                          {`{"properties": {"l": {"minItems": 1, "maxItems": 2}, "s": {"minLength": 2}}}`, `{"l": [], "s": "é"}`, []string{"constraint_violation minItems /l", "constraint_violation minLength /s"}},
		"a constant":                      {`{"properties": {"v": {"const": "a"}}}`, `{"v": "b"}`, []string{"enum_violation enum /v"}},
		"exactly one":                     {`{"properties": {"v": {"oneOf": [{"type": "integer"}, {"type": "number"}]}}}`, `{"v": 1}`, []string{"constraint_violation oneOf /v"}},
		"an escaped name":                 {`{"properties": {"é": {"type": "string"}}, "required": ["é"]}`, `{"\u00e9": "x"}`, nil},
		"a reference inside of a rest":    {`{"properties": {"a": {"type": "string"}, "b": {"not": {"$ref": "#/properties/a"}}}}`, `{"b": "x"}`, []string{"constraint_violation not /b"}},
		"unevaluated":                     {`{"properties": {"a": {}}, "unevaluatedProperties": false}`, `{"b": 1}`, []string{"unexpected_param unevaluatedProperties /b"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(Config{})
			require.NoError(t, err)
			r := runWith(s, `[{"name": "f", "parameters": `+c.parameters+`}]`, calls("f", c.arguments))
			var got []string
			for _, f := range r.Findings {
				got = append(got, f.Detail+" "+f.Where)
			}
			require.Equal(t, c.want, got)
			require.Empty(t, r.Problems)
		})
	}
}

const (
	optional = `{"type": "object", "properties": {"limit": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}], "default": null}}}`
	models   = `{"$defs": {"Place": {"type": "object", "properties": {"city": {"type": "string"}, "zip": {"type": "string"}}, "required": ["city", "zip"]},
		"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
		"type": "object", "properties": {"to": {"$ref": "#/$defs/Place", "description": "where to"}, "from": {"allOf": [{"$ref": "#/$defs/Place"}]}, "tree": {"$ref": "#/$defs/Node"}}}`
	union = `{"type": "object", "properties": {"pet": {"oneOf": [
		{"type": "object", "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}, "required": ["kind", "lives"]},
		{"type": "object", "properties": {"kind": {"const": "dog"}, "bark": {"type": "boolean"}}, "required": ["kind", "bark"]}]}}}`
)
