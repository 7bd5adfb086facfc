package rule

import (
	"fmt"
	"reflect"
	"strings"
)

// Markdown is the reference page of rules, docs/reference/rules.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Rules

<!-- Written by cmd/gen from internal/score/rule. Change it there, then: make generate -->

A rule of the scorer file is two expressions over one call, in the language of [expr](https://expr-lang.org/docs/language-definition). ` + "`when`" + ` says
which calls it is for (all of them, where it is left out), ` + "`fail`" + ` says when one is a failure, ` + "`class`" + ` and ` + "`detail`" + ` which one
([the taxonomy](taxonomy.md); without them ` + "`bad_answer/rule`" + `). Both are checked when the file is read: an unknown name or a wrong type stops the start.

`)
	fmt.Fprintf(&b, `A rule sees the first %d KiB of each text, the last %d messages, and %d tool calls, tools and documents. What was not recorded is empty,
or 0. An expression that breaks on a call (arguments that are not there) is counted as a problem and is no failure; the pattern of `+"`matches`"+`
must be written out. Only the content that a rule names is read, and only of calls that `+"`when`"+` lets through.
`, maxText>>10, maxMessages, maxCalls)
	table(&b, "", reflect.TypeFor[View]())
	return b.String()
}

// table lists the names of a part of the view, and then those of its parts.
func table(b *strings.Builder, prefix string, t reflect.Type) {
	if prefix != "" {
		fmt.Fprintf(b, "\n## `%s`\n", strings.TrimSuffix(prefix, "."))
	}
	b.WriteString("\n| name | type | |\n|---|---|---|\n")
	for f := range t.Fields() {
		fmt.Fprintf(b, "| `%s%s` | %s | %s |\n", prefix, f.Tag.Get("expr"), kind(f.Type), f.Tag.Get("doc"))
	}
	for f := range t.Fields() {
		if f.Type.Kind() == reflect.Struct {
			table(b, prefix+f.Tag.Get("expr")+".", f.Type)
		}
	}
}

func kind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "bool"
	case reflect.Slice:
		return "list of " + kind(t.Elem()) + "s"
	case reflect.Map, reflect.Struct:
		return "map"
	}
	return "number"
}
