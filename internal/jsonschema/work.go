package jsonschema

import (
	"encoding/json"

	js "github.com/santhosh-tekuri/jsonschema/v6"
)

// maxWork bounds one validation, in steps of about 100 ns to 1 µs. References inside alternatives make validation
// exponential in the depth of the value, and a long list of subschemas over a long array is a product of both.
const maxWork = 1_000_000

// affordable counts the steps that validation could take at most, up to maxWork.
func (s *Schema) affordable(value any) bool {
	w := work{schema: s, left: maxWork}
	w.walk(s.root, value, 0)
	return w.left > 0
}

type work struct {
	schema *Schema
	left   int
	depth  int // of the value: each violation holds the path to it
}

// maxChain bounds references that follow each other on the same value: the library compares each with those before it.
const maxChain = 200

// walk subtracts the cost of one schema on one value.
func (w *work) walk(s *js.Schema, v any, chain int) {
	if s == nil || w.left <= 0 {
		return
	}
	if chain > maxChain {
		w.left = 0
		return
	}
	w.left -= 1 + (chain+w.depth)>>4
	if s.Types != nil && !s.Types.IsEmpty() && !admits(s.Types, v) {
		return // as the library does, before anything else
	}
	if s.Enum != nil {
		w.left -= equality(len(s.Enum.Values), v)
	}
	w.here(s, v, chain+1)
	w.depth++
	switch v := v.(type) {
	case map[string]any:
		w.object(s, v, chain+1)
	case []any:
		w.array(s, v)
	case string:
		w.left -= len(v) >> 8
		w.match(s.Pattern, v)
	}
	w.depth--
}

// admits reports whether a value may be of one of the types. It does not tell integers from other numbers.
func admits(types *js.Types, v any) bool {
	switch v.(type) {
	case nil:
		return *types&typeNull != 0
	case bool:
		return *types&typeBoolean != 0
	case string:
		return *types&typeText != 0
	case []any:
		return *types&typeArray != 0
	case map[string]any:
		return *types&typeObject != 0
	}
	return *types&typeNumber != 0
}

// The types of JSON in the library's form.
var (
	typeNull, typeBoolean, typeText   = typeSet("null"), typeSet("boolean"), typeSet("string")
	typeArray, typeObject, typeNumber = typeSet("array"), typeSet("object"), typeSet("number", "integer")
)

func typeSet(names ...string) (set js.Types) {
	for _, name := range names {
		set.Add(name)
	}
	return set
}

// here walks the subschemas that apply to the value itself.
func (w *work) here(s *js.Schema, v any, chain int) {
	w.walk(s.Ref, v, chain)
	if s.RecursiveRef != nil {
		w.walk(s.RecursiveRef, v, chain)
		w.anchored("", s.RecursiveRef, v, chain)
	}
	if s.DynamicRef != nil {
		w.walk(s.DynamicRef.Ref, v, chain)
		w.anchored(s.DynamicRef.Anchor, s.DynamicRef.Ref, v, chain)
	}
	w.walk(s.Not, v, chain)
	w.walk(s.If, v, chain)
	w.walk(s.Then, v, chain)
	w.walk(s.Else, v, chain)
	for _, list := range [][]*js.Schema{s.AllOf, s.AnyOf, s.OneOf} {
		for _, sub := range list {
			w.walk(sub, v, chain)
		}
	}
}

// anchored walks the other schemas that a dynamic reference may lead to.
func (w *work) anchored(anchor string, named *js.Schema, v any, chain int) {
	for _, sub := range w.schema.dynamic[anchor] {
		if sub != named {
			w.walk(sub, v, chain)
		}
	}
}

func (w *work) object(s *js.Schema, object map[string]any, chain int) {
	w.left -= len(s.Required)>>4 + len(s.DependentRequired)>>4
	for _, sub := range s.DependentSchemas {
		w.walk(sub, object, chain)
	}
	for _, d := range s.Dependencies {
		if sub, ok := d.(*js.Schema); ok {
			w.walk(sub, object, chain)
		}
	}
	additional, _ := s.AdditionalProperties.(*js.Schema)
	for name, value := range object {
		if w.left <= 0 {
			return
		}
		if sub, ok := s.Properties[name]; ok {
			w.walk(sub, value, 0)
		} else {
			w.walk(additional, value, 0)
		}
		w.walk(s.PropertyNames, name, 0)
		for re, sub := range s.PatternProperties {
			if w.match(re, name) {
				w.walk(sub, value, 0)
			}
		}
		w.walk(s.UnevaluatedProperties, value, 0)
	}
}

func (w *work) array(s *js.Schema, array []any) {
	if s.UniqueItems {
		w.unique(array, min(len(array), maxPairwise)/2+1)
	}
	for i, item := range array {
		if w.left <= 0 {
			return
		}
		w.walk(itemSchema(s, i), item, 0)
		w.walk(s.Contains, item, 0)
		w.walk(s.UnevaluatedItems, item, 0)
	}
}

// maxPairwise is the length up to which the library compares each item with all others. It hashes longer arrays.
const maxPairwise = 20

// unique subtracts the cost of comparing items, each so many times.
func (w *work) unique(v any, times int) {
	if w.left -= times; w.left <= 0 {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, value := range v {
			w.unique(value, times)
		}
	case []any:
		for _, value := range v {
			w.unique(value, times)
		}
	case string:
		w.left -= len(v) * times >> 10
	}
}

// match subtracts the cost of a pattern on a text, and reports whether it matches. It returns false if that would cost
// too much.
func (w *work) match(re js.Regexp, text string) bool {
	p, ok := re.(*Pattern)
	if !ok {
		return re != nil // not enforced: it matches everything
	}
	if w.left -= p.steps(text); w.left <= 0 {
		return false
	}
	return p.MatchString(text)
}

// equality is the cost of comparing a value with so many others. Each comparison turns numbers into fractions.
func equality(values int, v any) int {
	switch v := v.(type) {
	case json.Number:
		return values
	case map[string]any:
		return values * (1 + len(v))
	case []any:
		return values * (1 + len(v))
	}
	return values >> 4
}

func itemSchema(s *js.Schema, i int) *js.Schema {
	if i < len(s.PrefixItems) {
		return s.PrefixItems[i]
	}
	switch items := s.Items.(type) {
	case *js.Schema:
		return items
	case []*js.Schema:
		if i < len(items) {
			return items[i]
		}
		additional, _ := s.AdditionalItems.(*js.Schema)
		return additional
	}
	return s.Items2020
}

// dynamicAnchors collects the targets of dynamic references.
func dynamicAnchors(root *js.Schema) map[string][]*js.Schema {
	var anchors map[string][]*js.Schema
	seen := map[*js.Schema]bool{}
	var visit func(*js.Schema)
	note := func(anchor string, s *js.Schema) {
		if anchors == nil {
			anchors = map[string][]*js.Schema{}
		}
		anchors[anchor] = append(anchors[anchor], s)
	}
	visit = func(s *js.Schema) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		if s.DynamicAnchor != "" {
			note(s.DynamicAnchor, s)
		}
		if s.RecursiveAnchor {
			note("", s)
		}
		subschemas(s, visit)
	}
	visit(root)
	return anchors
}

// subschemas calls visit with every schema that a schema holds or refers to.
func subschemas(s *js.Schema, visit func(*js.Schema)) {
	for _, sub := range []*js.Schema{
		s.Ref, s.RecursiveRef, s.Not, s.If, s.Then, s.Else, s.PropertyNames, s.UnevaluatedProperties, s.Contains, s.Items2020,
		s.UnevaluatedItems,
		s.ContentSchema,
	} {
		visit(sub)
	}
	if s.DynamicRef != nil {
		visit(s.DynamicRef.Ref)
	}
	for _, list := range [][]*js.Schema{s.AllOf, s.AnyOf, s.OneOf, s.PrefixItems} {
		for _, sub := range list {
			visit(sub)
		}
	}
	for _, sub := range s.Properties {
		visit(sub)
	}
	for _, sub := range s.PatternProperties {
		visit(sub)
	}
	for _, sub := range s.DependentSchemas {
		visit(sub)
	}
	for _, sub := range s.Dependencies {
		visitAny(sub, visit)
	}
	visitAny(s.Items, visit)
	visitAny(s.AdditionalItems, visit)
	visitAny(s.AdditionalProperties, visit)
}

// visitAny calls visit for a keyword that holds schemas in several forms.
func visitAny(v any, visit func(*js.Schema)) {
	switch v := v.(type) {
	case *js.Schema:
		visit(v)
	case []*js.Schema:
		for _, sub := range v {
			visit(sub)
		}
	}
}
