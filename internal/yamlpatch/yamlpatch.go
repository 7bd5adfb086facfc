// Package yamlpatch sets single values in the text of a YAML file. Everything else keeps its place: comments, order,
// blank lines and spelling.
package yamlpatch

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// indent is that of new lines below their key.
const indent = "  "

// Set sets the value at a path of keys, and adds the keys that are missing. A key that is there has a mapping, or no
// value. value is spelled as YAML. The error names the line where the file is written in a way that Set cannot change.
func Set(text []byte, path []string, value string) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	if len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode || len(path) == 0 {
		return nil, errors.New("the file must hold a mapping")
	}
	p := patch{lines: strings.SplitAfter(string(text), "\n"), value: value}
	if err := p.set(root.Content[0], path); err != nil {
		return nil, err
	}
	changed := []byte(strings.Join(p.lines, ""))
	if err := check(text, changed, path, value); err != nil {
		return nil, err
	}
	return changed, nil
}

// Append adds an item to the list at a key of the file, and the list where there is none. The item is its lines,
// spelled as YAML in block style without indentation; lines before it that begin with # are comments. The error says
// where the file is written in a way that Append cannot change.
func Append(text []byte, key string, item []string) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	if len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode || root.Content[0].Style&yaml.FlowStyle != 0 {
		return nil, errors.New("the file must hold a mapping in block style")
	}
	p := patch{lines: strings.SplitAfter(string(text), "\n")}
	if last := len(p.lines) - 1; p.lines[last] == "" {
		p.lines = p.lines[:last]
	}
	name, list := entry(root.Content[0], key)
	margin, at := indent, len(p.lines)
	switch {
	case name == nil:
		p.insert(at, key+":\n")
		at = len(p.lines)
	case list.Kind == yaml.SequenceNode && list.Style&yaml.FlowStyle == 0 && list.Anchor == "":
		margin, at = strings.Repeat(" ", list.Column-1), end(list)
		for at < len(p.lines) && closes(p.lines[at]) {
			at++
		}
	case list.Kind == yaml.ScalarNode && list.Tag == "!!null" && list.Value == "":
		at = name.Line
	case list.Kind == yaml.SequenceNode && len(list.Content) == 0 && list.Anchor == "":
		if err := p.replace(list.Line, list.Column, "[]", ""); err != nil {
			return nil, err
		}
		p.lines[list.Line-1] = strings.TrimRight(p.lines[list.Line-1], " \n") + "\n"
		at = list.Line
	default:
		return nil, fmt.Errorf("line %d: %s is not a list in block style", name.Line, key)
	}
	bullet := "- "
	for _, line := range item {
		switch {
		case strings.HasPrefix(line, "#"):
			line = margin + line
		default:
			line = margin + bullet + line
			bullet = "  "
		}
		p.insert(at, line+"\n")
		at++
	}
	changed := []byte(strings.Join(p.lines, ""))
	return changed, checkAppended(text, changed, key, strings.Join(item, "\n"))
}

// insert puts a line at an index.
func (p *patch) insert(at int, line string) {
	if at > 0 && !strings.HasSuffix(p.lines[at-1], "\n") {
		p.lines[at-1] += "\n"
	}
	p.lines = slices.Insert(p.lines, at, line)
}

// checkAppended makes sure that the item is the last of the list and that nothing else changed.
func checkAppended(before, after []byte, key, item string) error {
	var want map[string]any
	var got, added any
	if err := errors.Join(yaml.Unmarshal(before, &want), yaml.Unmarshal([]byte(item), &added)); err != nil {
		return err
	}
	list, _ := want[key].([]any)
	want[key] = append(slices.Clone(list), added)
	if err := yaml.Unmarshal(after, &got); err != nil || !reflect.DeepEqual(any(want), got) {
		return errors.New("the file is written in a way that cannot be changed safely")
	}
	return nil
}

type patch struct {
	lines []string // with their ends
	value string
}

// set changes the mapping.
func (p *patch) set(mapping *yaml.Node, path []string) error {
	key, value := entry(mapping, path[0])
	switch {
	case key == nil && mapping.Style&yaml.FlowStyle != 0:
		rest := p.flow(path)
		if len(mapping.Content) > 0 {
			rest += ", "
		}
		return p.replace(mapping.Line, mapping.Column, "{", "{"+rest)
	case key == nil:
		return p.add(mapping, path)
	case value.Kind == yaml.AliasNode || value.Anchor != "":
		return fmt.Errorf("line %d: %s has an anchor or an alias", key.Line, path[0])
	case len(path) > 1 && value.Kind == yaml.MappingNode:
		return p.set(value, path[1:])
	}
	spelled := p.value
	if len(path) > 1 {
		spelled = "{" + p.flow(path[1:]) + "}"
	}
	if value.Kind != yaml.ScalarNode || value.Style&^yaml.TaggedStyle != 0 || len(path) > 1 && !empty(value) {
		return fmt.Errorf("line %d: %s has a value of another form", key.Line, path[0])
	}
	if value.Value == "" { // nothing stands behind the key
		return p.replace(key.Line, key.Column, spell(key)+":", spell(key)+": "+spelled)
	}
	return p.replace(value.Line, value.Column, value.Value, spelled)
}

// empty reports whether a value says no more than that its key is there.
func empty(value *yaml.Node) bool {
	return value.Tag == "!!null" || value.Value == "on" || value.Value == "true"
}

func entry(mapping *yaml.Node, name string) (key, value *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// spell returns a key as it stands in the file.
func spell(key *yaml.Node) string {
	switch {
	case key.Style&yaml.DoubleQuotedStyle != 0:
		return `"` + key.Value + `"`
	case key.Style&yaml.SingleQuotedStyle != 0:
		return `'` + key.Value + `'`
	}
	return key.Value
}

// quoted spells a new key.
func quoted(name string) string {
	text, err := yaml.Marshal(name)
	if err != nil {
		return name
	}
	return strings.TrimSpace(string(text))
}

// flow spells the path in one line.
func (p *patch) flow(path []string) string {
	text := quoted(path[0]) + ": "
	if len(path) == 1 {
		return text + p.value
	}
	return text + "{" + p.flow(path[1:]) + "}"
}

// replace changes a text that stands at a place in the file. Columns count characters from 1.
func (p *patch) replace(line, column int, from, to string) error {
	if line < 1 || line > len(p.lines) {
		return fmt.Errorf("line %d: not in the file", line)
	}
	characters := []rune(p.lines[line-1])
	if column < 1 || column > len(characters)+1 || !strings.HasPrefix(string(characters[column-1:]), from) {
		return fmt.Errorf("line %d: written in a way that cannot be changed: expected %q", line, from)
	}
	head, tail := string(characters[:column-1]), string(characters[column-1:])
	p.lines[line-1] = head + to + strings.TrimPrefix(tail, from)
	return nil
}

// add puts a path behind the last entry of a mapping in block style: a line a key, and the last two keys on one line.
func (p *patch) add(mapping *yaml.Node, path []string) error {
	if len(mapping.Content) == 0 {
		return fmt.Errorf("line %d: an empty mapping", mapping.Line)
	}
	last := min(end(mapping), len(p.lines))
	for last < len(p.lines) && closes(p.lines[last]) {
		last++
	}
	if !strings.HasSuffix(p.lines[last-1], "\n") {
		p.lines[last-1] += "\n"
	}
	margin := strings.Repeat(" ", mapping.Content[0].Column-1)
	var added []string
	for len(path) > 2 {
		added = append(added, margin+quoted(path[0])+":\n")
		margin += indent
		path = path[1:]
	}
	added = append(added, margin+p.flow(path)+"\n")
	p.lines = slices.Insert(p.lines, last, added...)
	return nil
}

// end returns the last line of a node.
func end(n *yaml.Node) int {
	last := n.Line
	if n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		last += strings.Count(n.Value, "\n")
	}
	for _, c := range n.Content {
		last = max(last, end(c))
	}
	return last
}

// closes reports whether a line only ends lists and mappings in flow style.
func closes(line string) bool {
	text := strings.TrimSpace(line)
	return text != "" && strings.Trim(text, "}], ") == ""
}

// check makes sure that the value is there and that nothing else changed.
func check(before, after []byte, path []string, value string) error {
	var want, got, set any
	if err := errors.Join(yaml.Unmarshal(before, &want), yaml.Unmarshal([]byte(value), &set)); err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(after))
	if err := d.Decode(&got); err != nil || !reflect.DeepEqual(with(want, path, set), got) {
		return errors.New("the file is written in a way that cannot be changed safely")
	}
	return nil
}

// with returns a value with another one at a path.
func with(in any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	mapping, _ := in.(map[string]any)
	changed := maps.Clone(mapping)
	if changed == nil {
		changed = map[string]any{}
	}
	changed[path[0]] = with(mapping[path[0]], path[1:], value)
	return changed
}
