package toolcall

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/jsonschema"
)

// toolset is the compiled definitions of one request.
type toolset struct {
	tools map[string]*tool
	// problem says why a definition could not be used in full, "" where all could.
	problem string
}

type tool struct {
	parameters *node // nil where the definition says nothing of them
}

func compileTools(definitions string) (set *toolset, size int) {
	tools, err := genai.ParseTools(definitions)
	set = newToolset(tools)
	if err != nil && len(tools) == 0 {
		set.problem = "the tool definitions are not JSON"
	}
	return set, 20 * len(definitions)
}

// maxTools bounds the definitions of one request.
const maxTools = 4096

func newToolset(tools []genai.Tool) *toolset {
	set := &toolset{tools: make(map[string]*tool, len(tools))}
	for i := range tools[:min(len(tools), maxTools)] {
		set.tools[tools[i].Name] = set.compile(&tools[i])
	}
	return set
}

func (s *toolset) compile(definition *genai.Tool) *tool {
	if definition.Parameters == "" {
		return &tool{}
	}
	schema, err := jsonschema.Decode(definition.Parameters)
	if err != nil {
		s.problem = clip(definition.Name) + ": " + err.Error()
		return &tool{}
	}
	c := compiler{root: schema}
	n := c.node(schema, 0)
	if c.err != nil {
		s.problem = clip(definition.Name) + ": " + c.err.Error()
	}
	return &tool{parameters: n}
}

func (s *toolset) size() int { return len(s.tools) }

// tool finds a definition by the name that the model used.
func (s *toolset) tool(name string) *tool {
	if t, ok := s.tools[name]; ok {
		return t
	}
	// Harmony and some gateways put a name space before the name.
	if _, bare, ok := strings.Cut(name, "functions."); ok {
		return s.tools[bare]
	}
	return nil
}

// node is the compiled form of the part of JSON Schema that tool definitions use. Other keywords are in rest.
type node struct {
	types      types
	enum       []any
	properties map[string]*node
	required   []string
	// closed says that a property that is not defined is a violation: so it is unless additionalProperties is given.
	closed     bool
	additional *node // the schema of properties that are not defined
	items      *node
	rest       *jsonschema.Schema
}

type compiler struct {
	root  any
	nodes int
	err   error
}

// maxNodes bounds the compiled form of one definition.
const maxNodes = 20_000

// structural are the keywords that node checks itself; annotations are keywords that check nothing.
var (
	structural = map[string]bool{
		"type": true, "enum": true, "properties": true, "required": true, "additionalProperties": true, "items": true, "nullable": true,
	}
	annotations = map[string]bool{
		"description": true, "title": true, "default": true, "examples": true, "example": true, "$schema": true, "$id": true, "$comment": true,
		"deprecated": true, "readOnly": true, "writeOnly": true, "optional": true, "strict": true, "$defs": true, "definitions": true,
		"propertyOrdering": true, "name": true,
	}
)

func (c *compiler) node(schema any, depth int) *node {
	object, ok := schema.(map[string]any)
	if c.nodes++; !ok || c.nodes > maxNodes || depth > jsonschema.MaxDepth {
		return nil
	}
	n := &node{types: typesOf(object["type"])}
	if n.types != 0 && object["nullable"] == true {
		n.types |= typeNull
	}
	n.enum, _ = object["enum"].([]any)
	if required, ok := object["required"].([]any); ok {
		for _, name := range required {
			if name, ok := name.(string); ok {
				n.required = append(n.required, name)
			}
		}
	}
	if properties, ok := object["properties"].(map[string]any); ok {
		n.properties = make(map[string]*node, len(properties))
		for name, property := range properties {
			n.properties[name] = c.node(property, depth+1)
			// "required": true on the property itself, as older drafts and hand-written definitions have it.
			if p, ok := property.(map[string]any); ok && p["required"] == true {
				n.required = append(n.required, name)
			}
		}
	}
	combined := false
	rest := map[string]any{}
	for key, value := range object {
		if structural[key] || annotations[key] {
			continue
		}
		switch key {
		case "allOf", "anyOf", "oneOf", "if", "then", "else", "$ref", "not", "patternProperties", "propertyNames", "unevaluatedProperties", "dependentSchemas":
			combined = true
		}
		rest[key] = value
	}
	switch additional := object["additionalProperties"].(type) {
	case bool:
		n.closed = !additional
	case map[string]any:
		n.additional = c.node(additional, depth+1)
	default:
		// An object without properties is a free one, and properties that come from elsewhere are not known here.
		n.closed = n.properties != nil && !combined && (len(n.properties) > 0 || depth == 0)
	}
	n.items = c.node(object["items"], depth+1)
	n.rest = c.compileRest(rest)
	return n
}

// compileRest compiles the keywords that node does not know, with the definitions of the root so that references resolve.
// A $ref of the sort "#/properties/…" would not, and is left unchecked.
func (c *compiler) compileRest(rest map[string]any) *jsonschema.Schema {
	known := false
	for key := range rest {
		known = known || keywords[key]
	}
	if !known {
		return nil
	}
	if root, ok := c.root.(map[string]any); ok {
		for _, key := range []string{"$defs", "definitions"} {
			if _, has := rest[key]; !has && root[key] != nil {
				rest[key] = root[key]
			}
		}
	}
	text, err := json.Marshal(rest)
	if err != nil {
		c.err = err
		return nil
	}
	schema, err := jsonschema.Compile(string(text))
	if err != nil {
		c.err = errors.Join(c.err, err)
		return nil
	}
	return schema
}

// keywords are those that assert something, besides the structural ones.
var keywords = map[string]bool{
	"const": true, "multipleOf": true, "maximum": true, "exclusiveMaximum": true, "minimum": true, "exclusiveMinimum": true, "maxLength": true,
	"minLength": true, "pattern": true, "prefixItems": true, "additionalItems": true, "maxItems": true, "minItems": true, "uniqueItems": true,
	"contains": true, "maxContains": true, "minContains": true, "maxProperties": true, "minProperties": true, "patternProperties": true,
	"propertyNames": true, "dependencies": true, "dependentRequired": true, "dependentSchemas": true, "allOf": true, "anyOf": true, "oneOf": true,
	"not": true, "if": true, "then": true, "else": true, "$ref": true, "format": true,
}
