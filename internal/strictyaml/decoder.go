package strictyaml

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxMistakes bounds what is reported of one file.
const maxMistakes = 100

// decoder fills a target and collects mistakes.
type decoder struct {
	root     *yaml.Node // of the text, nil if there is none
	mistakes MistakesError
}

func (d *decoder) add(path []any, format string, args ...any) {
	d.addMistake(Mistake{Path: slices.Clone(path), Text: fmt.Sprintf(format, args...)})
}

func (d *decoder) addMistake(m Mistake) {
	switch n := len(d.mistakes); {
	case n < maxMistakes:
		m.Line = cmp.Or(m.Line, line(d.root, m.Path))
		d.mistakes = append(d.mistakes, m)
	case n == maxMistakes:
		d.mistakes = append(d.mistakes, Mistake{Text: "further mistakes omitted"})
	}
}

// dropRepeated removes keys that appear twice in a mapping, each a mistake: the YAML library would skip the whole
// mapping, and what else is wrong with it.
func (d *decoder) dropRepeated(path []any, node *yaml.Node) {
	switch node.Kind {
	case yaml.DocumentNode:
		d.dropRepeated(path, node.Content[0])
	case yaml.SequenceNode:
		for i, item := range node.Content {
			d.dropRepeated(append(path, i), item)
		}
	case yaml.MappingNode:
		first := map[string]int{} // lines by key
		kept := node.Content[:0]
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			if at, ok := first[key.Value]; ok && key.Kind == yaml.ScalarNode {
				d.addMistake(Mistake{
					Path: slices.Clone(
						path,
					), Line: key.Line, Text: fmt.Sprintf("key %s is already defined at line %d", Show(key.Value), at),
				})
				continue
			}
			if key.Kind == yaml.ScalarNode {
				first[key.Value] = key.Line
			}
			kept = append(kept, key, value)
			d.dropRepeated(append(path, key.Value), value)
		}
		node.Content = kept
	}
}

// value decodes one value into out, which can be set.
func (d *decoder) value(path []any, in any, out reflect.Value) {
	if own, ok := reflect.TypeAssert[Unmarshaler](out.Addr()); ok {
		d.own(path, own.UnmarshalValue(in))
		return
	}
	if in == nil {
		return
	}
	ok := true
	switch out.Kind() {
	case reflect.Pointer:
		out.Set(reflect.New(out.Type().Elem()))
		d.value(path, in, out.Elem())
	case reflect.Interface:
		out.Set(reflect.ValueOf(in))
	case reflect.Struct:
		ok = d.structure(path, in, out)
	case reflect.Map:
		ok = d.mapping(path, in, out)
	case reflect.Slice:
		ok = d.list(path, in, out)
	case reflect.String:
		var text string
		if text, ok = in.(string); ok {
			out.SetString(text)
		}
	case reflect.Bool:
		var b bool
		if b, ok = in.(bool); ok {
			out.SetBool(b)
		}
	case reflect.Int, reflect.Int64:
		var n int64
		if n, ok = whole(in); ok {
			out.SetInt(n)
		}
	case reflect.Float64:
		var f float64
		if f, ok = number(in); ok {
			out.SetFloat(f)
		}
	default:
		panic("strictyaml: cannot decode into " + out.Type().String())
	}
	if !ok {
		d.add(path, "must be %s, got %s", wanted(out.Type()), got(in, out.Kind()))
	}
}

// own adds the mistakes of an Unmarshaler.
func (d *decoder) own(path []any, err error) {
	if below, ok := errors.AsType[MistakesError](err); ok {
		for _, m := range below {
			m.Path = slices.Concat(path, m.Path)
			d.addMistake(m)
		}
		return
	}
	if err != nil {
		d.add(path, "%s", err)
	}
}

// got shows a value of the wrong type. Numbers and dates that should be texts lack quotes.
func got(in any, want reflect.Kind) string {
	switch in.(type) {
	case string, []any, map[string]any, map[any]any:
	default:
		if want == reflect.String {
			return Show(in) + ", which needs quotes"
		}
	}
	return Show(in)
}

// wanted describes a type as users know it.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		return "a mapping of " + strings.Join(names(t), ", ")
	case reflect.Map:
		return "a mapping"
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

func (d *decoder) structure(path []any, in any, out reflect.Value) bool {
	entries, ok := entriesOf(in)
	if !ok {
		return false
	}
	fields := fieldsOf(out.Type(), nil)
	for _, e := range entries {
		name, isText := e.key.(string)
		if !isText {
			d.add(append(path, fmt.Sprint(e.key)), "key must be a text, got %s", Show(e.key))
			d.hideLastKey()
			continue
		}
		if !slices.ContainsFunc(fields, func(f field) bool { return f.name == name }) {
			d.add(append(path, name), "unknown key %s, expected %s", Show(name), oneOf(names(out.Type())))
			d.hideLastKey()
		}
	}
	for _, f := range fields { // in the order in which the struct documents them
		if i := slices.IndexFunc(entries, func(e entry) bool { return e.key == f.name }); i >= 0 {
			d.value(append(path, f.name), entries[i].value, out.FieldByIndex(f.index))
		}
	}
	return true
}

// hideLastKey takes a key that is wrong itself off the path of the last mistake, whose text names it.
func (d *decoder) hideLastKey() {
	if last := &d.mistakes[len(d.mistakes)-1]; len(last.Path) > 0 {
		last.Path = last.Path[:len(last.Path)-1]
	}
}

func oneOf(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return "one of " + strings.Join(names, ", ")
}

func (d *decoder) mapping(path []any, in any, out reflect.Value) bool {
	entries, ok := entriesOf(in)
	if !ok {
		return false
	}
	made := reflect.MakeMapWithSize(out.Type(), len(entries))
	for _, e := range entries {
		key := reflect.New(out.Type().Key()).Elem()
		at := append(slices.Clip(path), fmt.Sprint(e.key))
		switch text, isText := e.key.(string); {
		case key.Kind() == reflect.String && isText:
			key.SetString(text)
		case key.Kind() == reflect.String:
			d.add(at, "key must be a text, got %s", Show(e.key))
			d.hideLastKey()
			continue
		default:
			n, ok := whole(e.key)
			if isText { // the Collector's configuration has no other keys
				parsed, err := strconv.ParseInt(text, 10, 64)
				n, ok = parsed, err == nil
			}
			if !ok {
				d.add(at, "key must be a whole number, got %s", Show(e.key))
				d.hideLastKey()
				continue
			}
			key.SetInt(n)
		}
		value := reflect.New(out.Type().Elem()).Elem()
		d.value(at, e.value, value)
		made.SetMapIndex(key, value)
	}
	out.Set(made)
	return true
}

func (d *decoder) list(path []any, in any, out reflect.Value) bool {
	items, ok := in.([]any)
	if !ok {
		return false
	}
	made := reflect.MakeSlice(out.Type(), len(items), len(items))
	for i, item := range items {
		d.value(append(path, i), item, made.Index(i))
	}
	out.Set(made)
	return true
}

type entry struct{ key, value any }

// entriesOf returns the entries of a mapping, sorted by key.
func entriesOf(in any) (entries []entry, ok bool) {
	switch in := in.(type) {
	case map[string]any:
		for key, value := range in {
			entries = append(entries, entry{key, value})
		}
	case map[any]any:
		for key, value := range in {
			entries = append(entries, entry{key, value})
		}
	default:
		return nil, false
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(fmt.Sprint(a.key), fmt.Sprint(b.key)) })
	return entries, true
}

type field struct {
	name  string
	index []int
}

// fieldsOf lists the fields of a struct that have a key, those of inline structs included.
func fieldsOf(t reflect.Type, outer []int) (fields []field) {
	for f := range t.Fields() {
		index := slices.Concat(outer, f.Index)
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case option == "inline":
			fields = append(fields, fieldsOf(f.Type, index)...)
		case name != "" && name != "-":
			fields = append(fields, field{name, index})
		}
	}
	return fields
}

func names(t reflect.Type) (names []string) {
	for _, f := range fieldsOf(t, nil) {
		names = append(names, f.name)
	}
	return names
}

func number(in any) (float64, bool) {
	switch n := in.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

func whole(in any) (int64, bool) {
	switch n := in.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case float64:
		const exact = 1 << 53
		return int64(n), n == math.Trunc(n) && math.Abs(n) <= exact
	}
	return 0, false
}
