package transcript

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// Schema is what a call or an answer should have followed: the part that it broke, or all of it.
type Schema struct {
	Title string
	About string // the description of the tool
	Part  *Block
	Whole *Block // folded away, nil where the part is the whole
}

// maxSchema bounds the schemas that are read.
const maxSchema = 256 << 10

// toolSchema returns the definition of a tool with the part that evidence names, nil without a definition.
func (t *Transcript) toolSchema(c *genai.Call, name string, reasons []evidence) *Schema {
	for _, tool := range c.Tools() {
		if tool.Name != name {
			continue
		}
		s := &Schema{Title: "the tool's parameters", About: display.Line(tool.Description, 400)}
		var marked []string
		for _, e := range reasons {
			if pointer, ok := e.argument(name); ok {
				marked = append(marked, pointer)
			}
		}
		t.schemaPart(s, tool.Parameters, marked)
		if s.Part == nil && s.About == "" {
			return nil
		}
		return s
	}
	return nil
}

// answerSchema returns the schema of the answer with the part that evidence names.
func (t *Transcript) answerSchema(c *genai.Call, reasons []evidence) *Schema {
	s := &Schema{Title: "the schema of the answer"}
	var marked []string
	for _, e := range reasons {
		marked = append(marked, e.pointer...)
	}
	t.schemaPart(s, c.OutputSchema(), marked)
	if s.Part == nil {
		return nil
	}
	return s
}

// schemaPart fills in the part of a schema for the value at a pointer, else the whole.
func (t *Transcript) schemaPart(s *Schema, schema string, pointers []string) {
	if strings.TrimSpace(schema) == "" {
		return
	}
	whole := t.writer.data(schema, wideLine, nowhere)
	if len(schema) <= maxSchema {
		for _, pointer := range pointers {
			part, at := partOf(jsontext.Value(schema), pointer)
			if len(part) == 0 || at == "" {
				continue
			}
			s.Title += ", " + display.Line(at, 120)
			s.Part = t.writer.data(string(part), wideLine, nowhere)
			s.Whole = whole
			return
		}
	}
	s.Part = whole
}

func nowhere(string, bool) []region { return nil }

// partOf walks a schema along the pointer of a value, as far as its properties and items go. It returns the deepest
// part that it found and its place, "" for the whole.
func partOf(schema jsontext.Value, pointer string) (part jsontext.Value, at string) {
	part = schema
	root := schema
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		next := step(root, part, name, 0)
		if next == nil {
			return part, at
		}
		part = next
		if _, err := strconv.Atoi(name); err == nil {
			at += "[]"
		} else {
			at = strings.TrimPrefix(at+"."+name, ".")
		}
	}
	return part, at
}

// step returns the schema of a member or an element, nil where it is not said.
func step(root, schema jsontext.Value, name string, depth int) jsontext.Value {
	if depth > 8 {
		return nil
	}
	if found := member(member(schema, "properties"), name); found != nil {
		return found
	}
	if _, err := strconv.Atoi(name); err == nil {
		if items := member(schema, "items"); items != nil && items.Kind() == '{' {
			return items
		}
	}
	if ref := member(schema, "$ref"); ref != nil && ref.Kind() == '"' {
		target := root
		path, err := jsontext.AppendUnquote(nil, ref)
		rest, local := strings.CutPrefix(string(path), "#/")
		if err != nil || !local {
			return nil
		}
		for part := range strings.SplitSeq(rest, "/") {
			target = member(target, part)
		}
		return step(root, target, name, depth+1)
	}
	for _, keyword := range []string{"anyOf", "oneOf", "allOf"} {
		for _, option := range elementsOf(member(schema, keyword)) {
			if found := step(root, option, name, depth+1); found != nil {
				return found
			}
		}
	}
	return nil
}

// member returns a member of an object, nil without one.
func member(object jsontext.Value, name string) (found jsontext.Value) {
	each(object, '{', func(key string, value jsontext.Value) bool {
		if key == name {
			found = value
		}
		return found == nil
	})
	return found
}

// elementsOf returns the elements of an array, a few at most.
func elementsOf(array jsontext.Value) (list []jsontext.Value) {
	each(array, '[', func(_ string, value jsontext.Value) bool {
		list = append(list, value)
		return len(list) < 20
	})
	return list
}

// each goes through the values of an object or an array while yield returns true.
func each(v jsontext.Value, kind jsontext.Kind, yield func(name string, value jsontext.Value) bool) {
	if len(v) == 0 {
		return
	}
	d := jsontext.NewDecoder(strings.NewReader(string(v)), jsontext.AllowDuplicateNames(true),
		jsontext.AllowInvalidUTF8(true))
	if token, err := d.ReadToken(); err != nil || token.Kind() != kind {
		return
	}
	for d.PeekKind() != '}' && d.PeekKind() != ']' {
		name := ""
		if kind == '{' {
			token, err := d.ReadToken()
			if err != nil {
				return
			}
			name = token.String()
		}
		value, err := d.ReadValue()
		if err != nil || !yield(name, value.Clone()) {
			return
		}
	}
}
