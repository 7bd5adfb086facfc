package propose

import (
	"cmp"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/score/rule"
)

// field is what the calls hold at one path: in the arguments of a tool, or in the answer as JSON.
type field struct {
	tool, path string
	rows       [2]int            // sound and failing calls that have it
	types      [2]map[string]int // of its values
	values     [2]map[any]int    // texts, numbers and bools
	numbers    stump
	lengths    map[string]*stump // of texts and lists
}

// maxValues bounds the different values of a field that are remembered.
const maxValues = 500

func (f *field) add(value any, failed bool) {
	s := side(failed)
	kind := typeOf(value)
	f.types[s][kind]++
	switch v := value.(type) {
	case string:
		f.length(kind).add(float64(utf8.RuneCountInString(v)), failed)
	case []any:
		f.length(kind).add(float64(len(v)), failed)
		return
	case float64:
		f.numbers.add(v, failed)
	case bool:
	default:
		return
	}
	if len(f.values[s]) < maxValues {
		f.values[s][value]++
	}
}

func (f *field) length(kind string) *stump {
	if f.lengths[kind] == nil {
		f.lengths[kind] = &stump{}
	}
	return f.lengths[kind]
}

// typeOf names types as the function type of expressions does.
func typeOf(value any) string {
	switch value.(type) {
	case string:
		return "string"
	case float64:
		return "float"
	case bool:
		return "bool"
	case []any:
		return "array"
	case map[string]any:
		return "map"
	}
	return "nil"
}

// values makes conditions of the values that a function finds in a call. tool is "" for those of the answer.
func (g *generator) values(tool string, find func(v *rule.View, put func(path string, value any))) {
	fields := map[string]*field{}
	g.each(func(j *judged) {
		here := map[string]bool{}
		find(j.view, func(path string, value any) {
			f := fields[path]
			if f == nil {
				if len(fields) >= 4*maxFields {
					return
				}
				f = &field{tool: tool, path: path, lengths: map[string]*stump{}}
				for s := range 2 {
					f.types[s], f.values[s] = map[string]int{}, map[any]int{}
				}
				fields[path] = f
			}
			if !here[path] {
				here[path] = true
				f.rows[side(j.failed)]++
			}
			f.add(value, j.failed)
		})
	})
	list := slices.SortedFunc(maps.Values(fields), func(a, b *field) int {
		return cmp.Or(cmp.Compare(b.rows[0]+b.rows[1], a.rows[0]+a.rows[1]), cmp.Compare(a.path, b.path))
	})
	for _, f := range first(list, maxFields) {
		g.field(f)
	}
}

// where writes a condition on the value of the field.
func (f *field) where(condition func(value string) string) string {
	value := "at(.args, " + quote(f.path) + ")"
	switch {
	case f.tool == describedTool:
		return "any(parameters, .about contains " + quote(f.path) + " and " + condition(".value") + ")"
	case f.tool == "":
		value = "at(json, " + quote(f.path) + ")"
	case plainKey.MatchString(f.path):
		value = ".args." + f.path
	}
	var text string
	if strings.Contains(f.path, "*") {
		text = "any(" + value + ", " + condition("#") + ")"
	} else {
		text = condition(value)
	}
	switch f.tool {
	case "":
		return text
	case anyTool:
		return "any(calls, " + text + ")"
	}
	return "any(calls, .name == " + quote(f.tool) + " and " + text + ")"
}

func (f *field) slug() string {
	name := strings.ReplaceAll(f.path, ".*", "")
	switch f.tool {
	case "", anyTool, describedTool:
		return name
	}
	return f.tool + "_" + name
}

func (g *generator) field(f *field) {
	add := func(rank int, slug string, condition func(v string) string) {
		g.add(rank, f.slug()+"_"+slug, f.where(condition))
	}
	there := "json != nil and "
	if f.tool != "" {
		there = ""
	}
	add(rankCall, "missing", func(v string) string {
		if v == "#" {
			return v + " == nil"
		}
		return there + v + " == nil"
	})
	add(rankCall, "given", func(v string) string { return v + " != nil" })
	for _, kind := range []string{"string", "float", "bool", "array", "map"} {
		if f.types[0][kind]+f.types[1][kind] > 0 {
			add(rankType, "no_"+kind, func(v string) string { return v + " != nil and type(" + v + ") != " + quote(kind) })
			add(rankType, kind, func(v string) string { return "type(" + v + ") == " + quote(kind) })
		}
	}
	if len(f.numbers.values) > 0 {
		g.numbers(f, add)
	}
	for _, kind := range slices.Sorted(maps.Keys(f.lengths)) {
		is := func(v string) string { return "type(" + v + ") == " + quote(kind) + " and len(" + v + ")" }
		above, below, _ := f.lengths[kind].best()
		if !math.IsInf(above, 0) {
			add(rankLength, "long", func(v string) string { return is(v) + " > " + number(above) })
		}
		if !math.IsInf(below, 0) {
			add(rankLength, "short", func(v string) string { return is(v) + " < " + number(below) })
		}
	}
	g.listed(f, add)
	g.formats(f, add)
	if f.tool != "" {
		add(rankFormat, "made_up", func(v string) string {
			return "{let v = " + v + "; type(v) == \"string\" and not any(messages, # contains v)}"
		})
	}
}

type adder func(rank int, slug string, condition func(v string) string)

func (g *generator) numbers(f *field, add adder) {
	above, below, _ := f.numbers.best()
	is := func(v string) string { return "type(" + v + ") == \"float\" and " + v }
	if !math.IsInf(above, 0) {
		add(rankValue, "above", func(v string) string { return is(v) + " > " + number(above) })
	}
	if !math.IsInf(below, 0) {
		add(rankValue, "below", func(v string) string { return is(v) + " < " + number(below) })
	}
	add(rankType, "no_whole_number", func(v string) string { return is(v) + " != floor(" + v + ")" })
	if f.types[0]["float"] > 0 {
		add(rankValue, "negative", func(v string) string { return is(v) + " < 0" })
		add(rankValue, "zero", func(v string) string { return is(v) + " == 0" })
	}
}

// listed makes conditions of which values a field may have, and may not have. A list of allowed values is guessed only
// where each was seen often: a value that was never seen is not wrong by that alone.
func (g *generator) listed(f *field, add adder) {
	sound, seen := f.values[0], 0
	for _, n := range sound {
		seen += n
	}
	if len(sound) > 0 && len(sound) <= 12 && seen >= 4*len(sound) {
		list := listOf(slices.Collect(maps.Keys(sound)))
		add(rankFormat, "not_allowed", func(v string) string { return v + " != nil and not (" + v + " in " + list + ")" })
	}
	var bad []any
	for _, value := range sortedValues(f.values[1]) {
		if n := f.values[1][value]; n >= 2 && n > sound[value] {
			bad = append(bad, value)
		}
	}
	for _, value := range first(bad, 8) {
		text := listOf([]any{value})
		add(rankText, "value", func(v string) string { return v + " == " + text[1:len(text)-1] })
	}
	if len(bad) > 1 && len(bad) <= 12 {
		add(rankText, "forbidden", func(v string) string { return v + " in " + listOf(bad) })
	}
}

// sortedValues lists values, the most frequent first.
func sortedValues(values map[any]int) []any {
	return slices.SortedFunc(maps.Keys(values), func(a, b any) int {
		return cmp.Or(cmp.Compare(values[b], values[a]), cmp.Compare(literal(a), literal(b)))
	})
}

func listOf(values []any) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = literal(value)
	}
	slices.Sort(texts)
	return "[" + strings.Join(texts, ", ") + "]"
}

func literal(value any) string {
	switch v := value.(type) {
	case string:
		return quote(v)
	case float64:
		return number(v)
	case bool:
		if v {
			return "true"
		}
	}
	return "false"
}

// formats are patterns of values that have names. Of those that all sound values have, the first is proposed.
var formats = []struct {
	slug    string
	pattern *regexp.Regexp
}{
	{"date", regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)},
	{"date_time", regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$`)},
	{"time", regexp.MustCompile(`^[0-2]?[0-9]:[0-5][0-9](:[0-5][0-9])?$`)},
	{"uuid", regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)},
	{"email", regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)},
	{"url", regexp.MustCompile(`^https?://\S+$`)},
	{"phone", regexp.MustCompile(`^\+[0-9][0-9 ()-]{6,}$`)},
	{"digits", regexp.MustCompile(`^[0-9]+$`)},
	{"decimal", regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)},
	{"two_letter_code", regexp.MustCompile(`^[A-Z]{2}$`)},
	{"three_letter_code", regexp.MustCompile(`^[A-Z]{3}$`)},
	{"upper_case", regexp.MustCompile(`^[^a-z]+$`)},
	{"lower_case", regexp.MustCompile(`^[^A-Z]+$`)},
	{"one_word", regexp.MustCompile(`^\S+$`)},
	{"no_placeholder", regexp.MustCompile(`^[^<>{}\[\]]*$`)},
	{"not_blank", regexp.MustCompile(`\S`)},
}

// formats makes conditions of the pattern that values have.
func (g *generator) formats(f *field, add adder) {
	texts := func(s int) (list []string) {
		for _, value := range sortedValues(f.values[s]) {
			if text, ok := value.(string); ok {
				list = append(list, text)
			}
		}
		return list
	}
	sound, failing := texts(0), texts(1)
	if len(failing) == 0 || len(sound) == 0 {
		return
	}
	is := func(v string) string { return "type(" + v + ") == \"string\" and " }
	offered := 0
	for _, known := range formats {
		misses := func(text string) bool { return !known.pattern.MatchString(text) }
		pattern := quote(known.pattern.String())
		if len(sound) >= 3 && !slices.ContainsFunc(sound, misses) && slices.ContainsFunc(failing, misses) && offered < 3 {
			offered++
			add(rankFormat, "no_"+strings.TrimPrefix(known.slug, "no_"), func(v string) string {
				return is(v) + "not (" + v + " matches " + pattern + ")"
			})
		}
		if !slices.ContainsFunc(failing, misses) && slices.ContainsFunc(sound, misses) {
			add(rankFormat, known.slug, func(v string) string { return is(v) + v + " matches " + pattern })
		}
	}
	if shape := shapeOf(sound); shape != "" {
		add(rankText, "shape", func(v string) string { return is(v) + "not (" + v + " matches " + quote(shape) + ")" })
	}
	if shape := shapeOf(failing); shape != "" {
		add(rankText, "bad_shape", func(v string) string { return is(v) + v + " matches " + quote(shape) })
	}
	for _, word := range wordsApart(failing, sound, 6) {
		add(rankText, word, func(v string) string { return is(v) + "lower(" + v + ") contains " + quote(word) })
	}
}

// shapeOf returns a pattern that all texts have: runs of digits, of capitals and of small letters between the same
// other characters. It is "" where they have more than three shapes, or are too few.
func shapeOf(texts []string) string {
	if len(texts) < 4 {
		return ""
	}
	shapes := map[string]bool{}
	for _, text := range texts {
		if len(text) > 64 {
			return ""
		}
		if shapes[shape(text)] = true; len(shapes) > 3 {
			return ""
		}
	}
	return "^(" + strings.Join(slices.Sorted(maps.Keys(shapes)), "|") + ")$"
}

var classes = []struct{ from, to, pattern string }{
	{"0", "9", "[0-9]+"}, {"a", "z", "[a-z]+"}, {"A", "Z", "[A-Z]+"},
}

func shape(text string) string {
	var b strings.Builder
	last := ""
	for _, r := range text {
		is := ""
		for _, c := range classes {
			if s := string(r); c.from <= s && s <= c.to {
				is = c.pattern
			}
		}
		switch {
		case is == "":
			b.WriteString(regexp.QuoteMeta(string(r)))
		case is != last:
			b.WriteString(is)
		}
		last = is
	}
	return b.String()
}
