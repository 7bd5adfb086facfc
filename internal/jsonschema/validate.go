package jsonschema

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	js "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Violation is one rule of a schema that a value breaks.
type Violation struct {
	Keyword string
	// Path is the place in the instance as a JSON pointer. "" is the whole.
	Path string
	// Names are the properties of a required or additionalProperties violation.
	Names []string
	// Want is what the schema wants, in a few words and without content of the instance.
	Want string
}

// Where returns the place in a form that groups equal violations: keyword, and path with * for indices.
func (v Violation) Where() string {
	return v.Keyword + " " + Generic(v.Path)
}

// Generic returns a JSON pointer with * for array indices.
func Generic(path string) string {
	if path == "" {
		return "/"
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if isIndex(p) {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// maxViolations bounds the report on one value.
const maxViolations = 32

// Validate checks a value, as returned by Decode, against the schema. Violations are in the order of their paths. If
// all alternatives fail, the alternative itself is the violation. An error means that validation was out of bounds and
// did not take place.
func (s *Schema) Validate(value any) (violations []Violation, err error) {
	if !s.affordable(value) {
		return nil, fmt.Errorf("schema and value together are %w", ErrTooComplex)
	}
	if s.pattern != nil {
		if text, ok := value.(string); ok && s.pattern.MatchString(text) {
			return nil, nil
		}
	}
	defer func() {
		if p := recover(); p != nil {
			violations, err = nil, fmt.Errorf("validate: %v", p)
		}
	}()
	invalid := s.root.Validate(value)
	if invalid == nil {
		return nil, nil
	}
	var tree *js.ValidationError
	if !errors.As(invalid, &tree) {
		return nil, invalid
	}
	if cyclic(tree) {
		return nil, errCycle // no value can satisfy such a schema, so it is the schema that is wrong
	}
	var first firstLeaves
	first.collect(tree)
	for _, leaf := range first {
		violations = append(violations, violation(leaf))
	}
	return violations, nil
}

var errCycle = errors.New("the schema refers to itself without an end")

func cyclic(e *js.ValidationError) bool {
	if _, ok := e.ErrorKind.(*kind.RefCycle); ok {
		return true
	}
	return slices.ContainsFunc(e.Causes, cyclic)
}

// firstLeaves are the leaves in a tree of errors that a reader acts on: the first by their place in the value, so that
// equal values give equal violations although objects have no order.
type firstLeaves []*js.ValidationError

func (f *firstLeaves) collect(e *js.ValidationError) {
	switch e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		for _, cause := range e.Causes {
			f.collect(cause)
		}
		return
	}
	at := len(*f)
	for at > 0 && before(e, (*f)[at-1]) {
		at--
	}
	if at == maxViolations {
		return
	}
	*f = slices.Insert(*f, at, e)
	*f = (*f)[:min(len(*f), maxViolations)]
}

// before orders errors by their place in the value, and indices by number. Errors of one place keep the validator's
// order.
func before(a, b *js.ValidationError) bool {
	return slices.CompareFunc(a.InstanceLocation, b.InstanceLocation, func(a, b string) int {
		if isIndex(a) && isIndex(b) && len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	}) < 0
}

func isIndex(part string) bool { return part != "" && strings.Trim(part, "0123456789") == "" }

func violation(e *js.ValidationError) Violation {
	v := Violation{Path: pointer(e.InstanceLocation)}
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		v.Keyword, v.Want = "type", strings.Join(k.Want, " or ")
	case *kind.Enum:
		v.Keyword, v.Want = "enum", "one of "+strconv.Itoa(len(k.Want))+" values"
	case *kind.Required:
		v.Keyword, v.Names, v.Want = "required", k.Missing, strings.Join(k.Missing, ", ")
	case *kind.AdditionalProperties:
		v.Keyword, v.Names, v.Want = "additionalProperties", slices.Sorted(slices.Values(k.Properties)), "no other properties"
	case *kind.FalseSchema:
		v.Keyword, v.Want = holder(e.SchemaURL), "nothing here"
	case *kind.Not:
		v.Keyword, v.Want = "not", "something else"
	case *kind.AnyOf:
		v.Keyword, v.Want = "anyOf", "one of "+strconv.Itoa(len(e.Causes))+" alternatives"
	case *kind.OneOf:
		v.Keyword, v.Want = "oneOf", "exactly one alternative"
	case *kind.MinItems:
		v.Keyword, v.Want = "minItems", "at least "+strconv.Itoa(k.Want)+" items"
	case *kind.MaxItems:
		v.Keyword, v.Want = "maxItems", "at most "+strconv.Itoa(k.Want)+" items"
	case *kind.MinLength:
		v.Keyword, v.Want = "minLength", "at least "+strconv.Itoa(k.Want)+" characters"
	case *kind.MaxLength:
		v.Keyword, v.Want = "maxLength", "at most "+strconv.Itoa(k.Want)+" characters"
	case *kind.MinProperties:
		v.Keyword, v.Want = "minProperties", "at least "+strconv.Itoa(k.Want)+" properties"
	case *kind.MaxProperties:
		v.Keyword, v.Want = "maxProperties", "at most "+strconv.Itoa(k.Want)+" properties"
	case *kind.Pattern:
		v.Keyword, v.Want = "pattern", "a match of "+k.Want
	case *kind.Format:
		v.Keyword, v.Want = "format", k.Want
	case *kind.Minimum:
		v.Keyword, v.Want = "minimum", "at least "+k.Want.RatString()
	case *kind.Maximum:
		v.Keyword, v.Want = "maximum", "at most "+k.Want.RatString()
	case *kind.ExclusiveMinimum:
		v.Keyword, v.Want = "exclusiveMinimum", "more than "+k.Want.RatString()
	case *kind.ExclusiveMaximum:
		v.Keyword, v.Want = "exclusiveMaximum", "less than "+k.Want.RatString()
	case *kind.MultipleOf:
		v.Keyword, v.Want = "multipleOf", "a multiple of "+k.Want.RatString()
	default:
		if path := e.ErrorKind.KeywordPath(); len(path) > 0 {
			v.Keyword = path[0]
		}
		if v.Keyword == "dependency" {
			v.Keyword = "dependencies"
		}
	}
	return v
}

// holder returns the keyword that holds a schema of false, from its place: unevaluatedProperties: false, or properties:
// {name: false}. If the whole schema is false, it is "false".
func holder(url string) string {
	_, place, _ := strings.Cut(url, "#")
	parts := strings.Split(place, "/")
	if len(parts) < 2 {
		return "false"
	}
	switch holder := parts[len(parts)-2]; holder {
	case "properties",
		"patternProperties", "prefixItems", "items", "allOf", "anyOf", "oneOf", "dependentSchemas",
		"dependencies":
		return holder
	}
	switch holder := parts[len(parts)-1]; holder {
	case "unevaluatedProperties",
		"unevaluatedItems", "additionalProperties", "additionalItems", "items", "contains", "propertyNames", "then",
		"else":
		return holder
	}
	return "false"
}

func pointer(location []string) string {
	var b strings.Builder
	for _, part := range location {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(part, "~", "~0"), "/", "~1"))
	}
	return b.String()
}
