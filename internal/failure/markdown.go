package failure

import (
	"fmt"
	"strings"
)

// Markdown returns the reference page of the taxonomy, docs/reference/taxonomy.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Failure classes

<!-- Written by cmd/gen from internal/failure. Change it there, then: make generate -->

` + "`app.llm.error_class`" + ` is one of these 13 and no other, ` + "`app.llm.error_detail`" + ` one of the details of its
class. A call that the caller cancelled is no failure, and neither is a tool result that is empty; both are counted
apart.

`)
	for _, bucket := range []Bucket{Ops, Structure, Quality, Safety} {
		fmt.Fprintf(&b, "## %s\n\n", bucket)
		for _, c := range taxonomy {
			if c.Bucket != bucket {
				continue
			}
			fmt.Fprintf(&b, "### `%s`\n\n%s\n\n| detail | it is this when |\n|---|---|\n", c.Class, c.Definition)
			for _, d := range c.Details {
				fmt.Fprintf(&b, "| `%s` | %s |\n", d.Name, d.Definition)
			}
			b.WriteString("\n")
		}
	}
	b.WriteString(`## Which class wins

A span can show several failures. ` + "`error_classes`" + ` lists them all, ` + "`error_class`" + ` is the first: safety before
everything, then the one nearest to the cause. A truncated answer whose tool call does not parse is ` + "`truncation`" + `.

| rank | why there | classes and details |
|---|---|---|
`)
	for i, p := range precedence {
		var names []string
		for _, row := range p.rows {
			if row.details == nil {
				names = append(names, "`"+string(row.class)+"`"+others(row.class))
			}
			for _, d := range row.details {
				names = append(names, "`"+string(row.class)+"/"+d+"`")
			}
		}
		fmt.Fprintf(&b, "| %d | %s | %s |\n", i, p.why, strings.Join(names, ", "))
	}
	b.WriteString(`
## Which step it belongs to

The review page and ` + "`faultline score --sessions`" + ` show the failures of a trace by step, in the order in which a person looks for the fault. A failure
on a retrieval belongs there whatever its class, a failure of a class that is named here to the step that names it, and any other (` + unplaced() + `) to
the step that its operation is. Retrievals and tools that found nothing are no failures, and are noted.

| step | what it is | operations | classes |
|---|---|---|---|
`)
	for _, s := range steps {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.step, s.definition, s.operations, quoted(s.classes))
	}
	return b.String()
}

// unplaced lists the classes that belong to the step of the operation that failed.
func unplaced() string {
	var list []Class
	for _, c := range taxonomy {
		if StepOf(c.Class, "") == "" {
			list = append(list, c.Class)
		}
	}
	return quoted(list)
}

func quoted(classes []Class) string {
	names := make([]string, len(classes))
	for i, c := range classes {
		names[i] = "`" + string(c) + "`"
	}
	return strings.Join(names, ", ")
}

// others marks a class without details, which covers the details that no other rank lists.
func others(c Class) string {
	for _, p := range precedence {
		for _, row := range p.rows {
			if row.class == c && row.details != nil {
				return " (other details)"
			}
		}
	}
	return ""
}
