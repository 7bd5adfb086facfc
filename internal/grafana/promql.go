package grafana

import (
	"fmt"
	"math"
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
	return matching(catalog.PrometheusName(m), matches...)
}

// matching is the series of a name, of a metric or of what was recorded, with its matchers.
func matching(name string, matches ...match) string {
	if len(matches) == 0 {
		return name
	}
	parts := make([]string, len(matches))
	for i, l := range matches {
		parts[i] = fmt.Sprintf("%s%s%q", l.label.Label(), l.op, l.value)
	}
	return name + "{" + strings.Join(parts, ",") + "}"
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

// wilsonLower is the least share that k of n can stand for, with a certainty of 97.7 % (z = 2): small numbers say little.
func wilsonLower(k, n string) string {
	return fmt.Sprintf("clamp_min(%[1]s + 2 - 2 * sqrt(clamp_min(%[1]s * (%[2]s - %[1]s), 0) / %[2]s + 1), 0)\n  / (%[2]s + 4)", k, n)
}

// upperBound is the most that a mean can be, two standard errors above what was seen. Scores that are all equal are not certain either:
// the variance has a floor.
func upperBound(n, sum, squares string) string {
	return fmt.Sprintf("%[2]s / (%[1]s > 1)\n  + 2 * sqrt(clamp_min(%[3]s - %[2]s ^ 2 / %[1]s, 0.01) / (%[1]s * (%[1]s - 1)))", n, sum, squares)
}

// underscored is the metric's name without the suffixes of Prometheus, for names of what is recorded of it.
func underscored(m *catalog.Metric) string { return strings.ReplaceAll(m.Name, ".", "_") }

// percent and seconds write a threshold as people say it.
func percent(share float64) string { return fmt.Sprintf("%g %%", math.Round(share*1e4)/1e2) }

func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%g ms", s*1000)
	}
	return fmt.Sprintf("%g s", s)
}

// most is the largest of what replicas say each for itself, of gauges that do not add up.
func most(expr string, labels ...catalog.Attribute) string {
	if len(labels) == 0 {
		return "max(" + expr + ")"
	}
	return fmt.Sprintf("max by (%s) (%s)", names(labels), expr)
}

// recordedOr is the largest of what the rules recorded of all replicas, which alerts read; without the rules, of what each Collector says for
// itself in its gauge.
func recordedOr(recorded string, gauge *catalog.Metric, labels []catalog.Attribute, matches ...match) string {
	return most(matching(recorded, matches...), labels...) + " or " + most(selector(gauge, matches...), labels...)
}
