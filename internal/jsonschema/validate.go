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
	// Path is where in the instance, as a JSON pointer: "" is the whole.
	Path string
	// Names are the properties that a required or additionalProperties violation is about.
	Names []string
	// Want is what the schema says, in a few words and without content of the instance.
	Want string
}

// Where is the place in the form that groups equal violations: keyword, and path with indices as *.
func (v Violation) Where() string {
	return v.Keyword + " " + Generic(v.Path)
}

// Generic is a JSON pointer with its array indices as *.
func Generic(path string) string {
	if path == "" {
		return "/"
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if _, err := strconv.Atoi(p); err == nil {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// maxViolations bounds what is reported of one value.
const maxViolations = 32

// Validate holds a value, as Decode returned it, against the schema. Violations come in the order of the value's
// paths; of alternatives that all failed, the alternative itself is the violation. The error says that the work was not
// done, because it would have been out of bounds.
func (s *Schema) Validate(value any) (violations []Violation, err error) {
	if !s.affordable(value) {
		return nil, fmt.Errorf("schema and value together are %w", ErrTooComplex)
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
		return nil, errCycle // no value could follow such a schema, so none breaks it
	}
	violations = leaves(nil, tree)
	slices.SortStableFunc(violations, func(a, b Violation) int {
		return strings.Compare(a.Path, b.Path)
	})
	return violations, nil
}

var errCycle = errors.New("the schema refers to itself without an end")

func cyclic(e *js.ValidationError) bool {
	if _, ok := e.ErrorKind.(*kind.RefCycle); ok {
		return true
	}
	return slices.ContainsFunc(e.Causes, cyclic)
}

// leaves flattens the tree of errors to what a reader acts on.
func leaves(list []Violation, e *js.ValidationError) []Violation {
	if len(list) == maxViolations {
		return list
	}
	switch e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		for _, cause := range e.Causes {
			list = leaves(list, cause)
		}
		return list
	}
	return append(list, violation(e))
}

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
		v.Keyword, v.Names, v.Want = "additionalProperties", k.Properties, "no other properties"
	case *kind.FalseSchema:
		v.Keyword, v.Want = "false", "nothing"
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

func pointer(location []string) string {
	var b strings.Builder
	for _, part := range location {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(part, "~", "~0"), "/", "~1"))
	}
	return b.String()
}
