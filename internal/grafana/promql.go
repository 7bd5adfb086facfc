package grafana

import (
	"fmt"
	"strings"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// match is one label matcher of a selector.
type match struct {
	label catalog.Attribute
	op    string // =, !=, =~, !~
	value string
}

func eq(label catalog.Attribute, value string) match { return match{label, "=", value} }

// selector is the metric in PromQL with its matchers.
func selector(m *catalog.Metric, matches ...match) string {
	if len(matches) == 0 {
		return catalog.PrometheusName(m)
	}
	parts := make([]string, len(matches))
	for i, l := range matches {
		parts[i] = fmt.Sprintf("%s%s%q", l.label.Label(), l.op, l.value)
	}
	return catalog.PrometheusName(m) + "{" + strings.Join(parts, ",") + "}"
}

// over is a function over a range, such as rate or increase.
func over(function, selector, window string) string {
	return fmt.Sprintf("%s(%s[%s])", function, selector, window)
}

// sumBy adds series up, replicas above all: collector.instance.id is never among the labels.
func sumBy(expr string, labels ...catalog.Attribute) string {
	if len(labels) == 0 {
		return "sum(" + expr + ")"
	}
	return fmt.Sprintf("sum by (%s) (%s)", names(labels), expr)
}

func names(labels []catalog.Attribute) string {
	parts := make([]string, len(labels))
	for i, l := range labels {
		parts[i] = l.Label()
	}
	return strings.Join(parts, ", ")
}
