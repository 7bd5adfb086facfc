package catalog

import (
	"fmt"
	"strings"
)

// Markdown is the reference page of the metrics, docs/reference/metrics.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Metrics

<!-- Written by cmd/gen from internal/catalog. Change it there, then: make generate -->

The ` + "`llm_metrics`" + ` connector publishes these. Counters and histograms are cumulative; every series is 0 when it is first exported.
Histograms are exponential: native histograms in Prometheus, which have one name and no buckets in their labels.

| metric | in Prometheus | instrument, unit | what it counts | attributes of its own |
|---|---|---|---|---|
`)
	for _, m := range all {
		var own []string
		for _, a := range m.Attributes {
			own = append(own, "`"+string(a)+"`")
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s, `%s` | %s | %s |\n",
			m.Name, PrometheusName(m), m.Instrument, m.Unit, m.Description, strings.Join(own, " "))
	}
	var sliced []string
	for _, m := range all {
		if !m.Sliced {
			sliced = append(sliced, "`"+m.Name+"`")
		}
	}
	fmt.Fprintf(&b, `
## Attributes

Every point carries %s. All but %s carry %s too, where the span says them.

| attribute | label in Prometheus | values |
|---|---|---|
`, list(Identity), strings.Join(sliced, ", "), list(Slice))
	seen := map[Attribute]bool{}
	for _, m := range all {
		for _, a := range m.AllAttributes() {
			if a == Overflow || seen[a] {
				continue
			}
			seen[a] = true
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", a, a.Label(), Meaning[a])
		}
	}
	fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", Overflow, Overflow.Label(), Meaning[Overflow])
	return b.String()
}

func list(attributes []Attribute) string {
	quoted := make([]string, len(attributes))
	for i, a := range attributes {
		quoted[i] = "`" + string(a) + "`"
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " and " + quoted[len(quoted)-1]
}
