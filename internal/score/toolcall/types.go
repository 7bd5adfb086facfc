package toolcall

import (
	"bytes"
	"math/big"
	"strings"
)

// types is a set of JSON types. 0 allows any.
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
	t      types
	schema string
	name   string
}{
	{typeString, "string", "a string"},
	{typeNumber, "number", "a number"},
	{typeInteger, "integer", "an integer"},
	{typeBoolean, "boolean", "a boolean"},
	{typeArray, "array", "an array"},
	{typeObject, "object", "an object"},
	{typeNull, "null", "null"},
}

// spellings are the names of types, in lower case: those of JSON Schema, and those in definitions written by hand or
// for other providers.
var spellings = map[string]types{
	"string": typeString, "str": typeString, "text": typeString,
	"number": typeNumber, "float": typeNumber, "double": typeNumber, "decimal": typeNumber,
	"integer": typeInteger, "int": typeInteger, "long": typeInteger, "int32": typeInteger, "int64": typeInteger,
	"boolean": typeBoolean, "bool": typeBoolean,
	"array": typeArray, "list": typeArray, "tuple": typeArray, "set": typeArray,
	"object": typeObject, "dict": typeObject, "map": typeObject, "null": typeNull, "none": typeNull, "nonetype": typeNull,
}

// typesOf reads the keyword type. An unknown name, or "any", allows everything.
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

// schemaNames returns the types as JSON Schema spells them.
func (t types) schemaNames() []any {
	var names []any
	for _, n := range typeNames {
		if t&n.t != 0 {
			names = append(names, n.schema)
		}
	}
	return names
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

// typeOf returns the type of the value at a token: 5.0 is an integer, 5.5 a number.
func (t *tape) typeOf(i int32) types {
	switch t.tokens[i].kind {
	case '"':
		return typeString
	case 't', 'f':
		return typeBoolean
	case 'n':
		return typeNull
	case '[':
		return typeArray
	case '{':
		return typeObject
	}
	if whole(t.raw(i)) {
		return typeInteger
	}
	return typeNumber
}

// allows reports whether a value of a type is allowed. An integer is also a number.
func (t types) allows(value types) bool {
	return t == 0 || t&value != 0 || value == typeInteger && t&typeNumber != 0
}

func whole(number []byte) bool {
	_, fraction, _ := bytes.Cut(number, []byte{'.'})
	if !bytes.ContainsAny(number, "eE") {
		return len(bytes.Trim(fraction, "0")) == 0
	}
	r, ok := new(big.Rat).SetString(string(number)) // exponents are bounded by jsonschema.CheckNumber
	return ok && r.IsInt()
}
