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

A rule of the scorer file is two expressions over one call, in the language of
[expr](https://expr-lang.org/docs/language-definition). ` + "`when`" + ` selects the calls that the rule applies to; without it, the
rule applies to all. ` + "`fail`" + ` is true for a failure. ` + "`class`" + ` and ` + "`detail`" + ` classify it ([the taxonomy](taxonomy.md));
the default is ` + "`bad_answer/rule`" + `. The expressions are checked when the file is read: an unknown name or a wrong type
stops the start.

`)
	fmt.Fprintf(
		&b,
		`A rule sees the first %d KiB of each text, the last %d messages, and %d tool calls, tools and documents, with
1 MiB of arguments. A text that was not recorded is empty, a number 0. If an expression fails on a call, for example on
missing arguments, that is counted as a problem and not as a failure. The pattern of `+"`matches`"+` must be a constant. A
rule reads only the content that it names, and only of calls that `+"`when`"+` selects.
`,
		maxText>>10,
		maxMessages,
		maxCalls,
	)
	b.WriteString(`
` + "`at(value, path)`" + ` looks into JSON: ` + "`at(.args, \"address.city\")`" + `, ` + "`at(json, \"items.0.price\")`" + `. It is nil where nothing is
there. ` + "`at(json, \"items.*.price\")`" + ` is the list of all prices. ` + "`type`" + ` of a JSON value is ` + "`string`, `float`, `bool`, `array`,\n`map` or `nil`" + `:

    any(calls, .name == "issue_refund" and type(.args.amount) == "float" and .args.amount > 500)

` + "`parameters`" + ` has what the definitions of tools say beside the arguments, so that one rule holds for all tools that
ask for the same. This one fails where a description asks for a date in one form and the call has another:

    any(parameters, .about contains "yyyy-mm-dd" and type(.value) == "string" and not (.value matches "^[0-9-]+$"))
`)
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
		switch inner := f.Type; {
		case inner.Kind() == reflect.Struct:
			table(b, prefix+f.Tag.Get("expr")+".", inner)
		case inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct:
			table(b, prefix+f.Tag.Get("expr")+"[].", inner.Elem())
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
	case reflect.Interface:
		return "value"
	}
	return "number"
}
