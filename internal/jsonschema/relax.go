package jsonschema

import (
	"encoding/json"
	"slices"
	"strings"
)

// relax rewrites the OpenAPI dialect of schemas, which Gemini accepts, as JSON Schema: types in upper case, nullable.
// It drops duplicates in enum and required, which some drafts forbid and providers accept. data marks a value that is
// not a schema but an instance, such as a default.
func relax(v any, data bool) {
	switch v := v.(type) {
	case map[string]any:
		if !data {
			relaxSchema(v)
		}
		for key, sub := range v {
			relax(sub, data || key == "enum" || key == "const" || key == "default" || key == "examples" || key == "example")
		}
	case []any:
		for _, sub := range v {
			relax(sub, data)
		}
	}
}

var jsonTypes = []string{"string", "number", "integer", "boolean", "array", "object", "null"}

func relaxSchema(schema map[string]any) {
	var types []any
	switch t := schema["type"].(type) {
	case string:
		types = []any{t}
	case []any:
		types = t
	}
	for i, t := range types {
		if name, ok := t.(string); ok && slices.Contains(jsonTypes, strings.ToLower(name)) {
			types[i] = strings.ToLower(name)
		}
	}
	if nullable, ok := schema["nullable"].(bool); ok {
		delete(schema, "nullable")
		if nullable && types != nil {
			types = append(types, "null")
		}
		if enum, ok := schema["enum"].([]any); ok && nullable {
			schema["enum"] = append(enum, nil)
		}
	}
	if types != nil {
		schema["type"] = once(types)
	}
	for _, key := range []string{"enum", "required"} {
		if list, ok := schema[key].([]any); ok {
			schema[key] = once(list)
		}
	}
}

// once returns a list without duplicates.
func once(list []any) []any {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(v any) bool {
		text, err := json.Marshal(v)
		again := err == nil && seen[string(text)]
		seen[string(text)] = true
		return again
	})
}
