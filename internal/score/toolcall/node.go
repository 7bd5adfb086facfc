package toolcall

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/jsonschema"
)

// node is the compiled form of those parts of JSON Schema that tool definitions use. rest holds the other keywords.
type node struct {
	types    types
	nullable bool // null is allowed, whatever the other keywords say
	enum     *enum
	names    map[string]field
	required []string
	// closed forbids properties that are not defined, because additionalProperties does. With implied, nothing mentions
	// them, and only the defined ones are expected.
	closed, implied bool
	additional      *node // the schema of properties that are not defined
	items           *node
	all             []*node // a $ref, and the parts of allOf
	// open is set if several of the node, its parts and its alternatives define properties: then no single one of them
	// implies that there are no others.
	open    bool
	choices []choice
	bounds  *bounds
	counts  *counts
	rest    *jsonschema.Schema
}

// field is what an object defines for a property.
type field struct {
	schema   *node
	defined  bool
	required int // the index in required, -1 where it is not
}

// choice is anyOf or oneOf.
type choice struct {
	alternatives []*node
	one          bool
}

// enum is a set of allowed values.
type enum struct {
	texts  map[string]bool
	others map[string]bool // by their canonical form
	types  types
	n      int
}

func enumOf(values []any) *enum {
	e := &enum{texts: map[string]bool{}, n: len(values)}
	for _, v := range values {
		switch v := v.(type) {
		case string:
			e.texts[v] = true
			e.types |= typeString
			continue
		case bool:
			e.types |= typeBoolean
		case nil:
			e.types |= typeNull
		case json.Number:
			e.types |= typeNumber
		case []any:
			e.types |= typeArray
		case map[string]any:
			e.types |= typeObject
		}
		if e.others == nil {
			e.others = map[string]bool{}
		}
		e.others[canonical(v)] = true
	}
	return e
}

// canonical returns a text that is the same for equal JSON values. Numbers are equal by value.
func canonical(v any) string {
	text, err := json.Marshal(exact(v))
	if err != nil {
		return ""
	}
	return string(text)
}

func exact(v any) any {
	switch v := v.(type) {
	case json.Number:
		if r, ok := new(big.Rat).SetString(string(v)); ok {
			return []any{"number", r.RatString()} // arrays are wrapped below, so no array equals it
		}
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = exact(v[i])
		}
		return map[string]any{"array": list}
	case map[string]any:
		object := make(map[string]any, len(v))
		for key := range v {
			object[key] = exact(v[key])
		}
		return map[string]any{"object": object}
	}
	return v
}

// compiler makes nodes of the definitions of one request.
type compiler struct {
	options jsonschema.Options

	root  map[string]any   // of the current definition
	refs  map[string]*node // of the current definition, by pointer
	rests map[string]rest
	nodes int
	bytes int // of the texts of the schemas in rests
	kept  int // bytes that their compiled forms keep
	err   error
}

type rest struct {
	schema *jsonschema.Schema
	err    error
}

// Bounds of the compiled form of the definitions of one request.
const (
	maxNodes     = 50_000
	maxRestBytes = 256 << 10
	maxRestKept  = 8 << 20
	maxRests     = 1_000
)

// rest gets only the keywords in these lists. The others are checked by node itself, or check nothing.
var (
	// alone are keywords that assert something independently of others.
	alone = []string{
		"multipleOf", "pattern", "uniqueItems", "contains", "maxContains", "minContains", "propertyNames", "dependencies",
		"dependentRequired",
		"dependentSchemas", "not", "if", "then", "else",
	}
	// formats are the formats that are asserted. Others, such as float, are annotations.
	formats = []string{
		"date", "time", "date-time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri",
		"uri-reference", "iri",
		"iri-reference", "uri-template", "uuid", "json-pointer", "relative-json-pointer", "regex",
	}
)

// definition compiles the parameters of one tool.
func (c *compiler) definition(schema any) *node {
	c.root, _ = schema.(map[string]any)
	c.refs = map[string]*node{}
	n := c.node(schema, 0)
	if properties, ok := c.root["properties"].(map[string]any); ok && len(properties) == 0 && n != nil {
		// If a definition spells out an empty list of parameters, the tool takes none.
		_, given := c.root["additionalProperties"]
		n.implied = !given && len(n.all)+len(n.choices) == 0 && n.rest == nil
	}
	return n
}

func (c *compiler) fail(err error) *node {
	if c.err == nil {
		c.err = err
	}
	return nil
}

// node compiles a schema. It returns nil for one that allows everything.
func (c *compiler) node(schema any, depth int) *node {
	object, ok := schema.(map[string]any)
	if !ok {
		if schema == false {
			return &node{rest: c.compileRest(map[string]any{"not": map[string]any{}})}
		}
		return nil
	}
	if c.nodes++; c.nodes > maxNodes || depth > jsonschema.MaxDepth {
		return c.fail(fmt.Errorf("the tool definitions are %w: more than %d schemas", jsonschema.ErrTooLarge, maxNodes))
	}
	for _, key := range []string{"unevaluatedProperties", "unevaluatedItems"} {
		if _, ok := object[key]; ok { // these depend on all other keywords
			return &node{rest: c.compileRest(tolerate(object))}
		}
	}
	n := &node{types: typesOf(object["type"]), bounds: boundsOf(object), counts: countsOf(object)}
	n.nullable = object["nullable"] == true
	if values, ok := object["enum"].([]any); ok && len(values) > 0 {
		n.enum = enumOf(values)
	}
	if value, ok := object["const"]; ok {
		n.enum = enumOf([]any{value})
	}
	c.compose(n, object, depth)
	c.object(n, object, depth)
	c.array(n, object, depth)
	c.remaining(n, object)
	return n
}

// compose compiles the parts and alternatives of a schema.
func (c *compiler) compose(n *node, object map[string]any, depth int) {
	if ref, ok := object["$ref"].(string); ok {
		if target := c.ref(ref, depth); target != nil {
			n.all = append(n.all, target)
		}
	}
	if parts, ok := object["allOf"].([]any); ok {
		for _, part := range parts {
			if sub := c.node(part, depth+1); sub != nil {
				n.all = append(n.all, sub)
			}
		}
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		if list, ok := object[key].([]any); ok && len(list) > 0 {
			alternatives := make([]*node, len(list))
			for i := range list {
				alternatives[i] = c.node(list[i], depth+1)
			}
			n.choices = append(n.choices, choice{alternatives: alternatives, one: key == "oneOf"})
		}
	}
	n.open = contributors(object) > 1
}

// contributors counts the parts of a schema that may define properties, itself included.
func contributors(object map[string]any) int {
	count := 0
	for _, key := range []string{"properties", "patternProperties", "$ref", "if", "then", "else", "dependentSchemas"} {
		if _, ok := object[key]; ok {
			count++
		}
	}
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		most := 0
		list, _ := object[key].([]any)
		for _, part := range list {
			if part, ok := part.(map[string]any); ok && contributors(part) > 0 {
				most++
			}
		}
		if key != "allOf" {
			most = min(most, 1) // of alternatives, one applies
		}
		count += most
	}
	return count
}

// ref returns the schema at a place of the definition. The schema may still be incomplete.
func (c *compiler) ref(ref string, depth int) *node {
	if known, ok := c.refs[ref]; ok {
		return known
	}
	place, ok := strings.CutPrefix(ref, "#")
	var schema any = c.root
	for key := range strings.SplitSeq(strings.TrimPrefix(place, "/"), "/") {
		if place == "" || !ok {
			break
		}
		var object map[string]any
		if object, ok = schema.(map[string]any); ok {
			schema, ok = object[strings.NewReplacer("~1", "/", "~0", "~", "%24", "$", "%20", " ").Replace(key)]
		}
	}
	if !ok {
		if !strings.HasPrefix(ref, "#") {
			return c.fail(fmt.Errorf("remote schemas are not loaded: %.100q", ref))
		}
		return c.fail(fmt.Errorf("$ref %.100q leads nowhere", ref))
	}
	made := &node{} // references of the schema to itself lead here
	c.refs[ref] = made
	if n := c.node(schema, depth+1); n != nil {
		*made = *n
	}
	return made
}

// object compiles the keywords of objects.
func (c *compiler) object(n *node, object map[string]any, depth int) {
	if required, ok := object["required"].([]any); ok {
		for _, name := range required {
			if name, ok := name.(string); ok {
				n.require(name)
			}
		}
	}
	properties, _ := object["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		f := n.field(name)
		f.schema, f.defined = c.node(properties[name], depth+1), true
		n.names[name] = f
		// Older drafts and hand-written definitions put "required": true on the property itself.
		if p, ok := properties[name].(map[string]any); ok && p["required"] == true {
			n.require(name)
		}
	}
	if _, ok := object["patternProperties"]; ok {
		return // rest checks them together with additionalProperties
	}
	switch additional := object["additionalProperties"].(type) {
	case bool:
		n.closed = !additional
	case map[string]any:
		n.additional = c.node(additional, depth+1)
	default:
		// An object without properties accepts any. With open, properties come from places that are not known here.
		n.implied = len(properties) > 0 && !n.open
	}
}

func (n *node) field(name string) field {
	if n.names == nil {
		n.names = map[string]field{}
	}
	if f, ok := n.names[name]; ok {
		return f
	}
	return field{required: -1}
}

func (n *node) require(name string) {
	f := n.field(name)
	if f.required < 0 {
		f.required = len(n.required)
		n.required = append(n.required, name)
	}
	n.names[name] = f
}

// array compiles the keywords of arrays that apply to every item.
func (c *compiler) array(n *node, object map[string]any, depth int) {
	if _, ok := object["prefixItems"]; ok {
		return
	}
	if _, ok := object["items"].([]any); !ok {
		n.items = c.node(object["items"], depth+1)
	}
}

// remaining passes the keywords that node does not know to the full validator.
func (c *compiler) remaining(n *node, object map[string]any) {
	var schema map[string]any
	put := func(keys ...string) {
		for _, key := range keys {
			if value, ok := object[key]; ok {
				if schema == nil {
					schema = map[string]any{}
				}
				schema[key] = value
			}
		}
	}
	put(alone...)
	if format, ok := object["format"].(string); ok && slices.Contains(formats, format) {
		put("format")
	}
	if _, ok := object["items"].([]any); ok || object["prefixItems"] != nil {
		put("prefixItems", "items", "additionalItems")
	}
	if _, ok := object["patternProperties"]; ok {
		put("patternProperties", "additionalProperties")
		if properties, ok := object["properties"].(map[string]any); ok {
			known := make(map[string]any, len(properties)) // checked by node; they are not additional
			for name := range properties {
				known[name] = true
			}
			schema["properties"] = known
		}
	}
	if schema != nil {
		n.rest = c.compileRest(tolerate(schema))
	}
}

// compileRest compiles a schema for the full validator. If it refers to the definition, it gets the whole of it.
func (c *compiler) compileRest(schema map[string]any) *jsonschema.Schema {
	if c.bytes > maxRestBytes || c.kept > maxRestKept || len(c.rests) > maxRests {
		c.fail(fmt.Errorf("the tool definitions are %w to check in full", jsonschema.ErrTooLarge))
		return nil
	}
	text, err := json.Marshal(schema)
	if err == nil && strings.Contains(string(text), `"$ref"`) {
		schema["$defs"] = map[string]any{definitionKey: tolerate(c.root)}
		text, err = json.Marshal(schema)
	}
	if err != nil {
		c.fail(err)
		return nil
	}
	made, ok := c.rests[string(text)]
	if !ok {
		c.bytes += len(text)
		made.schema, made.err = c.options.Compile(string(text))
		c.kept += made.schema.Size()
		c.rests[string(text)] = made
	}
	if made.err != nil {
		c.err = errors.Join(c.err, made.err)
	}
	return made.schema
}
