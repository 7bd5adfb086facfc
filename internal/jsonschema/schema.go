// Package jsonschema validates JSON against untrusted schemas: it never fetches anything, patterns run in linear time,
// and size, depth and work are bounded. It wraps santhosh-tekuri/jsonschema and describes violations in its own words:
// keyword, place and names of parameters, without content.
package jsonschema

import (
	"errors"
	"fmt"
	"strings"

	js "github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/faultline-otel/faultline/internal/clip"
)

// Bounds. Beyond them, the error is ErrTooLarge or ErrTooDeep.
const (
	MaxSchema   = 1 << 20 // bytes of a schema
	MaxInstance = 1 << 20 // bytes of an instance
	MaxDepth    = 256     // levels of nesting, of either
	MaxDigits   = 400     // of a number: its arithmetic is exact

	// maxObjects bounds the objects of a schema, each of which may be a subschema: the library compares each with all
	// others. The largest of 1,452 published schemas has 1,674.
	maxObjects = 10_000
)

// Errors of Compile, Decode and Validate. All others mean that the schema is not valid.
var (
	ErrTooLarge   = errors.New("too large")
	ErrTooDeep    = errors.New("too deep")
	ErrTooComplex = errors.New("too complex")
)

// Schema is a compiled schema. It is safe for concurrent use.
type Schema struct {
	root *js.Schema
	// unchecked are patterns that linear-time expressions cannot express (look-around, back references). They accept every
	// text.
	unchecked []string
	// dynamic are the subschemas that a dynamic reference may lead to, by anchor. "" holds those with $recursiveAnchor.
	dynamic map[string][]*js.Schema
	// pattern is set if the schema is a pattern and nothing else, which is the most frequent schema that tool definitions
	// leave to this package.
	pattern *Pattern
	size    int
}

// Unchecked lists the patterns that are not enforced.
func (s *Schema) Unchecked() []string { return s.unchecked }

// Size estimates the bytes that the compiled schema keeps. It is 0 for nil.
func (s *Schema) Size() int {
	if s == nil {
		return 0
	}
	return s.size
}

// location is the URL of the root of every schema. Relative references resolve against it.
const location = "mem:///schema.json"

// Compile reads a schema of any draft from 4 to 2020-12. Without $schema it is 2020-12. Formats are asserted, because
// most consumers of answers and arguments need them: to them, a malformed date is not a date.
func Compile(text string) (*Schema, error) { return Options{}.Compile(text) }

// Compile reads a schema like the function Compile, under these options.
func (o Options) Compile(text string) (*Schema, error) {
	if o.RequireZone {
		return compile(text, js.Draft2020, true, nil)
	}
	return compile(text, js.Draft2020, true, localTimes)
}

// compile reads a schema. formats replace those of the library with the same name.
func compile(text string, draft *js.Draft, assert bool, formats []*js.Format) (schema *Schema, err error) {
	if len(text) > MaxSchema {
		return nil, fmt.Errorf("schema of %d bytes is %w: at most %d", len(text), ErrTooLarge, MaxSchema)
	}
	doc, err := Decode(text)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	objects := countObjects(doc)
	if objects > maxObjects {
		return nil, fmt.Errorf("schema of %d objects is %w: at most %d", objects, ErrTooLarge, maxObjects)
	}
	defer func() {
		if p := recover(); p != nil {
			schema, err = nil, fmt.Errorf("schema: %v", p)
		}
	}()
	s := &Schema{}
	var patterns *patterns
	build := func() error {
		patterns = newPatterns()
		c := js.NewCompiler()
		c.DefaultDraft(draft)
		c.UseLoader(noLoader{})
		c.UseRegexpEngine(patterns.compile)
		if assert {
			c.AssertFormat()
		}
		for _, f := range formats {
			c.RegisterFormat(f)
		}
		if err := c.AddResource(location, doc); err != nil {
			return err
		}
		s.root, err = c.Compile(location)
		return err
	}
	if strings.Contains(text, `"nullable"`) {
		relax(doc, false)
	}
	err = build()
	if _, invalid := errors.AsType[*js.SchemaValidationError](err); invalid {
		relax(doc, false)
		err = build()
	}
	// Generated schemas give the same id to many subschemas. If all references are by place, ids have no effect.
	var duplicate *js.DuplicateIDError
	if errors.As(err, &duplicate) && localRefs(doc) {
		dropIDs(doc, false)
		err = build()
	}
	if err != nil {
		return nil, fmt.Errorf("schema: %s", oneLine(err))
	}
	s.unchecked = patterns.finish()
	s.dynamic = dynamicAnchors(s.root)
	if object, ok := doc.(map[string]any); ok && len(object) == 1 {
		s.pattern, _ = s.root.Pattern.(*Pattern)
	}
	s.size = len(text) + objects*bytesPerObject + patterns.instructions*bytesPerInstruction
	return s, nil
}

// Measured sizes of the compiled forms.
const (
	bytesPerObject      = 1000
	bytesPerInstruction = 60
)

func countObjects(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		n++
		for _, sub := range v {
			n += countObjects(sub)
		}
	case []any:
		for _, sub := range v {
			n += countObjects(sub)
		}
	}
	return n
}

// localRefs reports whether every reference is a place in the document itself.
func localRefs(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for key, sub := range v {
			if ref, ok := sub.(string); ok && strings.HasSuffix(strings.ToLower(key), "ref") && !strings.HasPrefix(ref, "#/") &&
				ref != "#" {
				return false
			}
			if !localRefs(sub) {
				return false
			}
		}
	case []any:
		for _, sub := range v {
			if !localRefs(sub) {
				return false
			}
		}
	}
	return true
}

// dropIDs removes the ids of subschemas. data marks a value that is not a schema but an instance, such as a default.
func dropIDs(v any, data bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range []string{"id", "$id"} {
			if _, ok := v[key].(string); ok && !data {
				delete(v, key)
			}
		}
		for key, sub := range v {
			dropIDs(sub, data || key == "enum" || key == "const" || key == "default" || key == "examples")
		}
	case []any:
		for _, sub := range v {
			dropIDs(sub, data)
		}
	}
}

// noLoader refuses every document outside the schema.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("remote schemas are not loaded: %q", url)
}

// annotations turn off the formats that the library asserts for drafts before 2019-09.
var annotations = func() []*js.Format {
	var list []*js.Format
	for _, name := range []string{
		"json-pointer", "relative-json-pointer", "uuid", "duration", "period", "ipv4", "ipv6", "hostname", "idn-hostname",
		"email", "idn-email", "date",
		"time", "date-time", "uri", "uri-reference", "uri-template", "iri", "iri-reference", "semver", "color", "phone",
		"host-name", "ip-address",
	} {
		list = append(list, &js.Format{Name: name, Validate: func(any) error { return nil }})
	}
	return list
}()

// oneLine returns the first leaf of the library's errors, which are drawn as trees.
func oneLine(err error) string {
	text := err.Error()
	if invalid, ok := errors.AsType[*js.SchemaValidationError](err); ok {
		if leaf, ok := errors.AsType[*js.ValidationError](invalid.Err); ok {
			for len(leaf.Causes) > 0 {
				leaf = leaf.Causes[0]
			}
			text = fmt.Sprintf(
				"not a valid schema: at %q: %s",
				pointer(leaf.InstanceLocation),
				leaf.ErrorKind.LocalizedString(english),
			)
		}
	}
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, location, "")), " ")
	const limit = 300
	return clip.Text(text, limit)
}

var english = message.NewPrinter(language.English)
