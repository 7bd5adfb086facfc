package toolcall

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/jsonschema"
)

// checker checks one value against nodes, and collects findings: one for each kind and place, up to a bound. The zero
// value with a tool and a tape is ready.
type checker struct {
	*tape
	tool  string
	found []failure.Finding
	// path leads to the current value: the token of a name, or an index as -1-index.
	path []int32
	// quiet counts violations instead of reporting them, while alternatives are tried.
	quiet      bool
	violations int
	steps      int
	err        error
}

const (
	maxFindings = 16
	// maxSteps bounds the work on one value, which is exponential in the depth if alternatives refer to themselves.
	maxSteps = 500_000
	// maxChain bounds references that follow each other on the same value.
	maxChain = 100
)

// check checks the value at a token against a node, outermost first. chain counts the nodes that the same value was
// checked against before. open lifts the implied rule that only defined properties are allowed.
func (c *checker) check(n *node, i int32, open bool, chain int) {
	if n == nil || c.err != nil {
		return
	}
	if c.steps++; c.steps > maxSteps || chain > maxChain {
		c.err = jsonschema.ErrTooComplex
		return
	}
	t := c.typeOf(i)
	if t == typeNull && n.nullable {
		return
	}
	if !n.types.allows(t) {
		c.mismatch(n.types, t, i)
		return // the inside of a value of the wrong type tells nothing more
	}
	open = open || n.open
	for _, part := range n.all {
		c.check(part, i, open, chain+1)
	}
	if n.enum != nil && !c.listed(n.enum, i) {
		c.add(
			failure.EnumViolation,
			"enum",
			i,
			" is not one of the "+strconv.Itoa(n.enum.n)+" values that the tool's schema allows",
		)
	}
	switch t {
	case typeObject:
		c.object(n, i, open)
	case typeArray:
		c.array(n, i)
	case typeString:
		c.length(n, i)
	case typeNumber, typeInteger:
		c.number(n.bounds, i)
	}
	for k := range n.choices {
		c.choose(&n.choices[k], t, i, open, chain)
	}
	if n.rest != nil {
		c.full(n.rest, i)
	}
}

func (c *checker) mismatch(want, got types, i int32) {
	if c.quiet {
		c.violations++
		return
	}
	c.add(failure.TypeMismatch, "type", i, " is "+got.String()+"; the tool's schema wants "+want.String())
}

func (c *checker) object(n *node, i int32, open bool) {
	if len(n.required) > 0 {
		c.required(n, i)
	}
	if n.counts != nil {
		c.count(int(c.tokens[i].items/2), n.counts.minProperties, n.counts.maxProperties, "Properties", "properties", i)
	}
	closed := n.closed || n.implied && !open
	if n.names == nil && n.additional == nil && !closed {
		return
	}
	c.path = append(c.path, 0)
	for name := i + 1; name < c.tokens[i].next; {
		value := c.tokens[name].next
		c.path[len(c.path)-1] = name
		switch f := c.lookup(n, name); {
		case f.defined:
			c.check(f.schema, value, false, 0)
		case closed:
			c.add(failure.UnexpectedParam, "additionalProperties", value, " is no parameter of the tool")
		default:
			c.check(n.additional, value, false, 0)
		}
		name = c.tokens[value].next
	}
	c.path = c.path[:len(c.path)-1]
}

// lookup returns what a node defines for a property.
func (c *checker) lookup(n *node, name int32) field {
	text, plain := c.inside(name)
	f, ok := n.names[string(text)]
	if !plain {
		f, ok = n.names[c.str(name)]
	}
	if !ok {
		f.required = -1
	}
	return f
}

func (c *checker) required(n *node, i int32) {
	var few [4]uint64
	seen := few[:]
	if len(n.required) > len(few)*64 {
		seen = make([]uint64, len(n.required)/64+1)
	}
	missing := len(n.required)
	for name := i + 1; name < c.tokens[i].next; name = c.tokens[c.tokens[name].next].next {
		if at := c.lookup(n, name).required; at >= 0 && seen[at/64]&(1<<(at%64)) == 0 {
			seen[at/64] |= 1 << (at % 64)
			missing--
		}
	}
	if missing == 0 {
		return
	}
	if c.quiet {
		c.violations += missing
		return
	}
	for at, name := range n.required {
		if seen[at/64]&(1<<(at%64)) == 0 && len(c.found) < maxFindings {
			path := c.pointer() + "/" + escape(name)
			c.find(failure.MissingRequired, "required", path, " is required and missing", c.raw(i))
		}
	}
}

func (c *checker) array(n *node, i int32) {
	if n.counts != nil {
		c.count(int(c.tokens[i].items), n.counts.minItems, n.counts.maxItems, "Items", "items", i)
	}
	if n.items == nil {
		return
	}
	c.path = append(c.path, 0)
	index := int32(0)
	for item := i + 1; item < c.tokens[i].next; item = c.tokens[item].next {
		c.path[len(c.path)-1] = -1 - index
		c.check(n.items, item, false, 0)
		index++
	}
	c.path = c.path[:len(c.path)-1]
}

func (c *checker) length(n *node, i int32) {
	if n.counts == nil {
		return
	}
	text, plain := c.inside(i)
	length := utf8.RuneCount(text)
	if !plain {
		length = utf8.RuneCountInString(c.str(i))
	}
	c.count(length, n.counts.minLength, n.counts.maxLength, "Length", "characters", i)
}

// count checks a length. keyword is minItems or maxItems without min and max.
func (c *checker) count(n, least, most int, keyword, of string, i int32) {
	if n < least {
		c.add(failure.ConstraintViolation, "min"+keyword, i, breaks("min"+keyword, "at least "+strconv.Itoa(least)+" "+of))
	}
	if n > most {
		c.add(failure.ConstraintViolation, "max"+keyword, i, breaks("max"+keyword, "at most "+strconv.Itoa(most)+" "+of))
	}
}

func (c *checker) number(b *bounds, i int32) {
	if b == nil {
		return
	}
	number := c.raw(i)
	if b.minimum != nil && b.minimum.compare(number) < 0 {
		c.add(failure.ConstraintViolation, "minimum", i, breaks("minimum", "at least "+clip.Text(b.minimum.text, maxName)))
	}
	if b.maximum != nil && b.maximum.compare(number) > 0 {
		c.add(failure.ConstraintViolation, "maximum", i, breaks("maximum", "at most "+clip.Text(b.maximum.text, maxName)))
	}
	if b.exclusiveMinimum != nil && b.exclusiveMinimum.compare(number) <= 0 {
		c.add(
			failure.ConstraintViolation,
			"exclusiveMinimum",
			i,
			breaks("exclusiveMinimum", "more than "+clip.Text(b.exclusiveMinimum.text, maxName)),
		)
	}
	if b.exclusiveMaximum != nil && b.exclusiveMaximum.compare(number) >= 0 {
		c.add(
			failure.ConstraintViolation,
			"exclusiveMaximum",
			i,
			breaks("exclusiveMaximum", "less than "+clip.Text(b.exclusiveMaximum.text, maxName)),
		)
	}
}

// listed reports whether an enum has the value.
func (c *checker) listed(e *enum, i int32) bool {
	if c.tokens[i].kind == '"' {
		text, plain := c.inside(i)
		if plain {
			return e.texts[string(text)]
		}
		return e.texts[c.str(i)]
	}
	return e.others != nil && e.others[canonical(c.value(i))]
}

// choose checks a value against alternatives. If none fits, it reports what is wrong with the closest of those for
// values of this type.
func (c *checker) choose(list *choice, t types, i int32, open bool, chain int) {
	fitting, best, fewest := 0, -1, 0
	var wanted types
	for k, alternative := range list.alternatives {
		wants, known := alternative.wants(0)
		if known && !wants.allows(t) {
			wanted |= wants
			continue
		}
		broken := c.try(alternative, i, open, chain+1)
		if broken == 0 {
			if fitting++; !list.one {
				return
			}
		}
		if best < 0 || broken < fewest {
			best, fewest = k, broken
		}
	}
	switch {
	case c.err != nil || list.one && fitting == 1:
	case fitting > 1:
		c.add(
			failure.ConstraintViolation,
			"oneOf",
			i,
			" fits several alternatives of the tool's schema, which wants exactly one",
		)
	case best < 0:
		c.mismatch(wanted, t, i)
	default:
		c.check(list.alternatives[best], i, open, chain+1)
	}
}

// try counts the violations of an alternative.
func (c *checker) try(n *node, i int32, open bool, chain int) int {
	quiet, before := c.quiet, c.violations
	c.quiet = true
	c.check(n, i, open, chain)
	broken := c.violations - before
	c.quiet, c.violations = quiet, before
	return broken
}

// wants returns the types that a node allows, and whether it restricts them.
func (n *node) wants(depth int) (types, bool) {
	switch {
	case n == nil || n.nullable || depth > 8:
		return 0, false
	case n.types != 0:
		return n.types, true
	case n.enum != nil:
		return n.enum.types, true
	case len(n.all) > 0:
		return n.all[0].wants(depth + 1)
	}
	return 0, false
}

// full runs the complete JSON Schema validator.
func (c *checker) full(schema *jsonschema.Schema, i int32) {
	c.steps += int(c.tokens[i].end-c.tokens[i].start) >> 6 // it reads the whole value again
	broken, err := schema.Validate(c.value(i))
	if err != nil {
		c.err = err
	}
	if c.quiet {
		c.violations += len(broken)
		return
	}
	for _, b := range broken {
		detail := failure.ConstraintViolation
		switch b.Keyword {
		case "type":
			detail = failure.TypeMismatch
		case "enum", "const":
			detail = failure.EnumViolation
		case "required":
			detail = failure.MissingRequired
		case "additionalProperties", "unevaluatedProperties", "properties", "patternProperties":
			detail = failure.UnexpectedParam
		}
		if len(c.found) < maxFindings {
			c.find(detail, b.Keyword, c.pointer()+b.Path, breaks(b.Keyword, b.Want), c.raw(i))
		}
	}
}

func breaks(keyword, want string) string {
	if want == "" {
		return " breaks " + keyword
	}
	return " breaks " + keyword + ": the tool's schema wants " + want
}

// add reports a violation by the current value.
func (c *checker) add(detail, keyword string, i int32, evidence string) {
	if c.quiet {
		c.violations++
		return
	}
	if len(c.found) < maxFindings {
		c.find(detail, keyword, c.pointer(), evidence, c.raw(i))
	}
}

func (c *checker) find(detail, keyword, path, evidence string, value []byte) {
	value = bytes.ToValidUTF8(value[:min(len(value), 4*failure.MaxEvidence)], nil)
	c.found = append(
		c.found,
		finding(
			detail,
			c.tool,
			keyword+" "+jsonschema.Generic(path),
			parameter(c.tool, path)+evidence,
			failure.Excerpt(string(value)),
		),
	)
}

// pointer returns the JSON pointer of the current value.
func (c *checker) pointer() string {
	var b strings.Builder
	for _, at := range c.path {
		b.WriteByte('/')
		if at < 0 {
			b.WriteString(strconv.Itoa(int(-1 - at)))
		} else {
			b.WriteString(escape(c.str(at)))
		}
	}
	return b.String()
}

// parameter returns a place as evidence names it: tool.a.b[2].
func parameter(tool, path string) string {
	var b strings.Builder
	b.WriteString(clip.Text(tool, maxName))
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		switch {
		case part == "":
		case strings.Trim(part, "0123456789") == "":
			b.WriteString("[" + part + "]")
		default:
			b.WriteString("." + clip.Text(strings.NewReplacer("~1", "/", "~0", "~").Replace(part), maxName))
		}
	}
	return b.String()
}

func escape(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
