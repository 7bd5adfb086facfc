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

// matching is a selector of a metric or a recorded series with its matchers.
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

// alternatives is a regular expression for any of some names.
func alternatives(names []string) string { return strings.Join(names, "|") }

// over applies a function such as rate or increase over a range.
func over(function, selector, window string) string {
	return fmt.Sprintf("%s(%s[%s])", function, selector, window)
}

// sumBy sums series by labels. The labels never include collector.instance.id, so replicas are added up.
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

// wilsonLower is the lower bound of the share k of n with 97.7 % confidence (Wilson, z = 2). Small numbers get a low
// bound.
func wilsonLower(k, n string) string {
	return fmt.Sprintf("clamp_min(%[1]s + 2 - 2 * sqrt(clamp_min(%[1]s * (%[2]s - %[1]s), 0) / %[2]s + 1), 0)\n"+
		"  / (%[2]s + 4)", k, n)
}

// upperBound is the upper bound of a mean: two standard errors above the observed mean. The variance has a floor,
// because equal scores are not a certain mean either.
func upperBound(n, sum, squares string) string {
	return fmt.Sprintf("%[2]s / (%[1]s > 1)\n"+
		"  + 2 * sqrt(clamp_min(%[3]s - %[2]s ^ 2 / %[1]s, 0.01) / (%[1]s * (%[1]s - 1)))", n, sum, squares)
}

// underscored is the metric's name without the suffixes of Prometheus, for the names of recorded series.
func underscored(m *catalog.Metric) string { return strings.ReplaceAll(m.Name, ".", "_") }

// percent and seconds format thresholds for people.
func percent(share float64) string { return fmt.Sprintf("%g %%", math.Round(share*1e4)/1e2) }

func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%g ms", s*1000)
	}
	return fmt.Sprintf("%g s", s)
}

// maxBy is the maximum over replicas, for gauges that do not add up.
func maxBy(expr string, labels ...catalog.Attribute) string {
	if len(labels) == 0 {
		return "max(" + expr + ")"
	}
	return fmt.Sprintf("max by (%s) (%s)", names(labels), expr)
}

// minBy is the minimum by labels, for gauges of which the worst counts.
func minBy(expr string, labels ...catalog.Attribute) string {
	return fmt.Sprintf("min by (%s) (%s)", names(labels), expr)
}

// recordedOr is the maximum of a series that the rules recorded over all replicas; alerts read the same series. Without
// the rules it is the maximum of the gauges that each Collector computes from its own traffic.
func recordedOr(recorded string, gauge *catalog.Metric, labels []catalog.Attribute, matches ...match) string {
	return maxBy(matching(recorded, matches...), labels...) + " or " + maxBy(selector(gauge, matches...), labels...)
}
