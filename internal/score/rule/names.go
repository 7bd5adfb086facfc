package rule

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/faultline-otel/faultline/internal/genai"
)

// names collects the names in an expression: the parts of the content that it reads, and the mistakes.
type names struct {
	needs    genai.Part
	makes    made
	free     []string
	declared map[string]bool
	mistakes []error
}

// Visit is called with each node of the expression, inner ones first.
func (n *names) Visit(node *ast.Node) {
	switch x := (*node).(type) {
	case *ast.IdentifierNode:
		n.free = append(n.free, x.Value)
	case *ast.VariableDeclaratorNode:
		if n.declared == nil {
			n.declared = map[string]bool{}
		}
		n.declared[x.Name] = true
	case *ast.MemberNode:
		n.member(x)
	case *ast.BinaryNode:
		if _, constant := x.Right.(*ast.StringNode); x.Operator == "matches" && !constant {
			n.mistakes = append(n.mistakes, fmt.Errorf("the pattern of matches must be a constant text, got %s", x.Right))
		}
	}
}

// resolve looks up every free name.
func (n *names) resolve() {
	for _, name := range n.free {
		part, ok := parts[name]
		if !ok && !n.declared[name] && name != atName {
			n.mistakes = append(n.mistakes, fmt.Errorf("unknown name %s, expected one of %s", name, strings.Join(Names(), ", ")))
		}
		n.needs |= part
		n.makes |= makes(name)
	}
}

// member checks call.usage.input against the view, because the compiler's own message names Go types.
func (n *names) member(x *ast.MemberNode) {
	path, ok := pathOf(x)
	if !ok {
		return
	}
	t := reflect.TypeFor[View]()
	for i, name := range path {
		if t.Kind() != reflect.Struct {
			return
		}
		field, ok := tagged(t, name)
		if !ok {
			// Only the innermost unknown member is reported, and resolve reports an unknown first name.
			if i > 0 && i == len(path)-1 {
				n.mistakes = append(n.mistakes, fmt.Errorf("unknown name %s, %s has %s",
					strings.Join(path, "."), strings.Join(path[:i], "."), strings.Join(tagsOf(t), ", ")))
			}
			return
		}
		t = field.Type
	}
}

// pathOf returns the names in a chain of members: call.usage.input.
func pathOf(node ast.Node) ([]string, bool) {
	switch x := node.(type) {
	case *ast.IdentifierNode:
		return []string{x.Value}, true
	case *ast.MemberNode:
		property, constant := x.Property.(*ast.StringNode)
		path, ok := pathOf(x.Node)
		if !constant || !ok {
			return nil, false
		}
		return append(path, property.Value), true
	}
	return nil, false
}

// Names returns the names that an expression can use, sorted.
func Names() []string { return tagsOf(reflect.TypeFor[View]()) }

func tagsOf(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		names = append(names, f.Tag.Get("expr"))
	}
	slices.Sort(names)
	return names
}

func tagged(t reflect.Type, name string) (reflect.StructField, bool) {
	for f := range t.Fields() {
		if f.Tag.Get("expr") == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}
