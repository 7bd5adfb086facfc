package toolcall

import (
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
)

// types is a set of JSON types; 0 is any.
type types uint8

const (
	typeString types = 1 << iota
	typeNumber
	typeInteger
	typeBoolean
	typeArray
	typeObject
	typeNull
)

var typeNames = []struct {
	t    types
	name string
}{
	{typeString, "a string"},
	{typeNumber, "a number"},
	{typeInteger, "an integer"},
	{typeBoolean, "a boolean"},
	{typeArray, "an array"},
	{typeObject, "an object"},
	{typeNull, "null"},
}

// spellings are the names of types, in lower case: those of JSON Schema, and those that definitions written by hand or
// for other providers use.
var spellings = map[string]types{
	"string": typeString, "str": typeString,
	"number": typeNumber, "float": typeNumber, "double": typeNumber,
	"integer": typeInteger, "int": typeInteger, "long": typeInteger, "int32": typeInteger, "int64": typeInteger,
	"boolean": typeBoolean, "bool": typeBoolean,
	"array": typeArray, "list": typeArray, "tuple": typeArray,
	"object": typeObject, "dict": typeObject, "map": typeObject, "null": typeNull, "none": typeNull,
}

// typesOf reads the keyword type. A name that is unknown, or "any", allows everything.
func typesOf(v any) types {
	switch v := v.(type) {
	case string:
		return spellings[strings.ToLower(v)]
	case []any:
		var all types
		for _, name := range v {
			t := typesOf(name)
			if t == 0 {
				return 0
			}
			all |= t
		}
		return all
	}
	return 0
}

func (t types) String() string {
	var names []string
	for _, n := range typeNames {
		if t&n.t != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, " or ")
}

// allows reports whether a value is of one of the types. 5.0 is an integer, an integer is a number.
func (t types) allows(value any) bool {
	if t == 0 {
		return true
	}
	switch v := value.(type) {
	case string:
		return t&typeString != 0
	case bool:
		return t&typeBoolean != 0
	case nil:
		return t&typeNull != 0
	case []any:
		return t&typeArray != 0
	case map[string]any:
		return t&typeObject != 0
	case json.Number:
		return t&typeNumber != 0 || t&typeInteger != 0 && whole(v)
	}
	return false
}

func whole(n json.Number) bool {
	s := string(n)
	if !strings.ContainsAny(s, ".eE") {
		return true
	}
	r, ok := new(big.Rat).SetString(s) // exponents are bounded by jsonschema.Decode
	return ok && r.IsInt()
}

func kindOf(value any) string {
	switch v := value.(type) {
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case nil:
		return "null"
	case []any:
		return "an array"
	case map[string]any:
		return "an object"
	case json.Number:
		if whole(v) {
			return "an integer"
		}
		return "a number"
	}
	return "unknown"
}

// check holds a value against the node and adds what does not fit, outermost first. It goes as deep as the value, which
// jsonschema.Decode has bounded.
func (n *node) check(value any, path string, v *violations) {
	if n == nil {
		return
	}
	if !n.types.allows(value) {
		v.add(failure.TypeMismatch, "type", path,
			v.parameter(path)+" is "+kindOf(value)+"; the tool's schema wants "+n.types.String(), value)
		return // what is inside of a value of another type says nothing more
	}
	if n.enum != nil && !slices.ContainsFunc(n.enum, func(allowed any) bool { return equal(allowed, value) }) {
		v.add(failure.EnumViolation, "enum", path,
			v.parameter(path)+" is none of the "+strconv.Itoa(len(n.enum))+" values that the tool's schema allows", value)
	}
	switch value := value.(type) {
	case map[string]any:
		n.checkObject(value, path, v)
	case []any:
		for i, item := range value {
			n.items.check(item, path+"/"+strconv.Itoa(i), v)
		}
	}
	n.checkRest(value, path, v)
}

func (n *node) checkObject(object map[string]any, path string, v *violations) {
	for _, name := range n.required {
		if _, ok := object[name]; !ok {
			v.add(failure.MissingRequired, "required", path+"/"+escape(name),
				v.parameter(path+"/"+escape(name))+" is required and missing", object)
		}
	}
	// In a fixed order, so that the same arguments give the same findings.
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		at := path + "/" + escape(name)
		property, known := n.properties[name]
		switch {
		case known:
			property.check(object[name], at, v)
		case n.closed:
			v.add(failure.UnexpectedParam, "additionalProperties", at, v.parameter(at)+" is no parameter of the tool", object[name])
		default:
			n.additional.check(object[name], at, v)
		}
	}
}

// checkRest runs the full validator on the keywords that node does not know.
func (n *node) checkRest(value any, path string, v *violations) {
	if n.rest == nil {
		return
	}
	broken, err := n.rest.Validate(value)
	if err != nil {
		v.err = err
	}
	for _, b := range broken {
		at := path + b.Path
		detail := failure.ConstraintViolation
		switch b.Keyword {
		case "type":
			detail = failure.TypeMismatch
		case "enum", "const":
			detail = failure.EnumViolation
		case "required":
			detail = failure.MissingRequired
		case "additionalProperties", "unevaluatedProperties", "false":
			detail = failure.UnexpectedParam
		}
		evidence := v.parameter(at) + " breaks " + b.Keyword
		if b.Want != "" {
			evidence += ": the tool's schema wants " + b.Want
		}
		v.add(detail, b.Keyword, at, evidence, value)
	}
}

func escape(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// equal compares JSON values; numbers by value.
func equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		if !ok {
			return false
		}
		if a == b {
			return true
		}
		x, okX := new(big.Rat).SetString(string(a))
		y, okY := new(big.Rat).SetString(string(b))
		return okX && okY && x.Cmp(y) == 0
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key, value := range a {
			other, ok := b[key]
			if !ok || !equal(value, other) {
				return false
			}
		}
		return true
	}
	return a == b
}
