package toolcall

import (
	"encoding/json"
	"strings"
)

// tolerate rewrites a schema that was written by hand, or for another provider, so that a validator accepts it: names
// of types, nullable, draft 4's exclusive limits, lists of items. It drops keywords with invalid values.
func tolerate(schema map[string]any) map[string]any {
	made := make(map[string]any, len(schema))
	for key, value := range schema {
		switch key {
		case "type",
			"nullable", "exclusiveMinimum", "exclusiveMaximum", "minimum", "maximum", "items", "additionalItems", "$schema",
			"$id",
			"id":
			// handled below, or no assertion
		case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas":
			if object, ok := value.(map[string]any); ok {
				made[key] = tolerateAll(object)
			}
		case "allOf", "anyOf", "oneOf", "prefixItems":
			if list, ok := value.([]any); ok && len(list) > 0 {
				made[key] = tolerateList(list)
			}
		case "not",
			"if", "then", "else", "contains", "propertyNames", "additionalProperties", "unevaluatedProperties",
			"unevaluatedItems":
			if sub, ok := subschema(value); ok {
				made[key] = sub
			}
		case "required":
			if names, ok := texts(value); ok {
				made[key] = names
			}
		case "enum":
			if list, ok := value.([]any); ok && len(list) > 0 {
				made[key] = distinct(list)
			}
		case "uniqueItems":
			if unique, ok := value.(bool); ok {
				made[key] = unique
			}
		case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains":
			if n := countOf(value, -1); n >= 0 {
				made[key] = n
			}
		case "multipleOf":
			if l := limitOf(value); l != nil && l.exact.Sign() > 0 {
				made[key] = value
			}
		case "pattern", "format":
			if text, ok := value.(string); ok {
				made[key] = text
			}
		case "$ref":
			if ref, ok := value.(string); ok {
				made[key] = moved(ref)
			}
		case "const", "dependencies", "dependentRequired", "$anchor", "$dynamicAnchor", "$dynamicRef":
			made[key] = value
		}
	}
	tolerateTypes(made, schema)
	tolerateLimits(made, schema)
	tolerateItems(made, schema)
	return made
}

// definitionKey is the place of the whole definition in schemas that are cut out of it, so that references still
// resolve.
const definitionKey = "definition"

// moved rewrites a reference into the definition after the definition moved to $defs.
func moved(ref string) string {
	if ref == "#" || strings.HasPrefix(ref, "#/") {
		return "#/$defs/" + definitionKey + ref[1:]
	}
	return ref
}

func tolerateTypes(made, schema map[string]any) {
	t := typesOf(schema["type"])
	if t == 0 {
		return
	}
	if schema["nullable"] == true {
		t |= typeNull
	}
	made["type"] = t.schemaNames()
}

func tolerateLimits(made, schema map[string]any) {
	b := boundsOf(schema)
	if b == nil {
		return
	}
	for key, limit := range map[string]*limit{
		"minimum": b.minimum, "maximum": b.maximum, "exclusiveMinimum": b.exclusiveMinimum,
		"exclusiveMaximum": b.exclusiveMaximum,
	} {
		if limit != nil {
			made[key] = json.Number(limit.text)
		}
	}
}

func tolerateItems(made, schema map[string]any) {
	switch items := schema["items"].(type) {
	case []any:
		made["prefixItems"] = tolerateList(items)
		if additional, ok := subschema(schema["additionalItems"]); ok {
			made["items"] = additional
		}
	default:
		if sub, ok := subschema(items); ok {
			made["items"] = sub
		}
	}
}

func subschema(v any) (any, bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case map[string]any:
		return tolerate(v), true
	}
	return nil, false
}

func tolerateAll(schemas map[string]any) map[string]any {
	made := make(map[string]any, len(schemas))
	for name, schema := range schemas {
		if sub, ok := subschema(schema); ok {
			made[name] = sub
		}
	}
	return made
}

func tolerateList(schemas []any) []any {
	made := make([]any, 0, len(schemas))
	for _, schema := range schemas {
		sub, ok := subschema(schema)
		if !ok {
			sub = true
		}
		made = append(made, sub)
	}
	return made
}

// texts returns the strings of a list without duplicates. ok is false if v is not a list.
func texts(v any) ([]string, bool) {
	list, ok := v.([]any)
	made := []string{}
	seen := map[string]bool{}
	for _, item := range list {
		if text, ok := item.(string); ok && !seen[text] {
			seen[text] = true
			made = append(made, text)
		}
	}
	return made, ok
}

// distinct drops values that occurred before.
func distinct(list []any) []any {
	made := make([]any, 0, len(list))
	seen := map[string]bool{}
	for _, v := range list {
		if key := canonical(v); !seen[key] {
			seen[key] = true
			made = append(made, v)
		}
	}
	return made
}
