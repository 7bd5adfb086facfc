package strictyaml

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/internal/clip"
)

// Mistake is one rule that a file breaks.
type Mistake struct {
	Path []any  // from the root: keys as strings, indices as ints
	Line int    // 0 if unknown
	Text string // "must be a number, got "x""
}

// MistakesError is an error with a line for each mistake.
type MistakesError []Mistake

func (m MistakesError) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].String()
	}
	return strings.Join(lines, "\n")
}

// Under reports whether a mistake lies at a path, or below it.
func (m MistakesError) Under(path ...any) bool {
	return slices.ContainsFunc(m, func(m Mistake) bool {
		return len(m.Path) >= len(path) && slices.Equal(m.Path[:len(path)], path)
	})
}

func (m Mistake) String() string {
	var b strings.Builder
	if m.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", m.Line)
	}
	for i, part := range m.Path {
		switch part := part.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", part)
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(clip.Text(fmt.Sprint(part), maxShown))
		}
	}
	if len(m.Path) > 0 {
		if !strings.HasPrefix(m.Text, "must ") {
			b.WriteByte(':')
		}
		b.WriteByte(' ')
	}
	b.WriteString(m.Text)
	return b.String()
}

// maxShown bounds keys and values in errors, in bytes.
const maxShown = 80

// Show returns a value as errors show it: short, on one line, texts in quotes.
func Show(value any) string {
	switch v := value.(type) {
	case nil:
		return "nothing"
	case string:
		return clip.Text(fmt.Sprintf("%q", v), maxShown)
	case []any:
		return "a list"
	case map[string]any, map[any]any:
		return "a mapping"
	case time.Time:
		if v.Equal(v.Truncate(24 * time.Hour)) {
			return v.Format(time.DateOnly)
		}
		return v.Format(time.RFC3339)
	}
	return clip.Text(fmt.Sprint(value), maxShown)
}

// line finds the line of the value at a path, or of the nearest value around it.
func line(node *yaml.Node, path []any) int {
	if node == nil {
		return 0
	}
	if node.Kind == yaml.DocumentNode {
		node = node.Content[0]
	}
	at := node.Line
	for _, part := range path {
		for node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		next := child(node, part)
		if next == nil {
			break
		}
		node, at = next, next.Line
	}
	return at
}

func child(node *yaml.Node, part any) *yaml.Node {
	switch part := part.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && part < len(node.Content) {
			return node.Content[part]
		}
	case string:
		if node.Kind != yaml.MappingNode {
			return nil
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value != part {
				continue
			}
			// A block begins below its key: the key is where a reader looks.
			value := *node.Content[i+1]
			value.Line = node.Content[i].Line
			return &value
		}
	}
	return nil
}
