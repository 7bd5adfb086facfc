package grafana

import (
	"fmt"
	"strings"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/drift"
)

// spender are the labels by which cost is compared with usual.
var spender = []catalog.Attribute{catalog.Environment, catalog.ServiceName}

// Names of recorded series.
const (
	cost5m        = "service:llm_cost_usd:increase5m"
	costDay       = "service:llm_cost_usd:sum24h"
	costBurst     = "service:llm_cost_usd:sum6h"
	costUsualDay  = "service:llm_cost_usd_sum24h:median7d"
	costUsualSame = "service:llm_cost_usd_sum6h:median14d"
	costRatio     = "service:llm_cost_usd:baseline_ratio" // by window
)

// costRise implements drift.Cost as rules.
func costRise() ruleGroup {
	day, burst := drift.Day, drift.Burst
	g := ruleGroup{Name: "faultline.cost", Interval: promDuration(drift.Bin)}
	record := func(name, expr string) { g.Rules = append(g.Rules, rule{Record: name, Expr: expr}) }
	record(cost5m, sumBy(inBin(selector(catalog.Cost)), spender...))
	record(costDay, over("sum_over_time", cost5m, day.Name))
	record(costBurst, over("sum_over_time", cost5m, burst.Name))
	// A service needs one day of history more than the median covers, because its first day is not complete.
	record(costUsualDay, fmt.Sprintf("%s\nand last_over_time(%s[%s] offset %dd)",
		medianOfDays(costDay, drift.MedianDays), cost5m, missedEvaluations, drift.MedianDays+1))
	record(costUsualSame, medianOfDays(costBurst, drift.MedianBursts))
	g.Rules = append(
		g.Rules,
		ofWindow(day, fmt.Sprintf("%s / clamp_min(%s, %d)", costDay, costUsualDay, drift.MinDay)),
		ofWindow(
			burst,
			fmt.Sprintf(
				"clamp_min(%s - %s, 0) / clamp_min(%s, %d)",
				costBurst,
				costUsualSame,
				costUsualDay,
				drift.MinDay,
			),
		),
		costAlert("LLMCostSpikeDay", "ticket", day,
			fmt.Sprintf("the last %s cost more than %g times the median of the %d days before",
				day.Name, day.Limit, drift.MedianDays),
			"{{ $labels.service_name }} costs {{ $value | humanize }} times its usual day",
			fmt.Sprintf("The last 24 hours of "+ofService+" cost {{ $value | humanize }} times the median of the %d "+
				"days before.",
				drift.MedianDays)),
		costAlert(
			"LLMCostBurst",
			"page",
			burst,
			fmt.Sprintf(
				"the last %s cost more than the same hours usually do, by over %g median day",
				burst.Name,
				burst.Limit,
			),
			"{{ $labels.service_name }} spent a day's budget in six hours",
			"In the last six hours "+ofService+
				" spent {{ $value | humanize }} median days' cost more than in the same hours of other days.",
		),
	)
	return g
}

// medianOfDays is the median of a recorded series at this time of day, over the given number of days before. Each day
// is an expression of its own, because the steps of a subquery are aligned to midnight.
func medianOfDays(recorded string, days int) string {
	parts := make([]string, days)
	for i := range parts {
		parts[i] = fmt.Sprintf("  label_replace(last_over_time(%[1]s[%[2]s] offset %[3]dd), \"days_ago\", \"%[3]d\", "+
			"\"\", \"\")", recorded, missedEvaluations, i+1)
	}
	return fmt.Sprintf("quantile by (%s) (0.5,\n%s\n)", names(spender), strings.Join(parts, "\n  or\n"))
}

// ofWindow records the cost ratio of a window.
func ofWindow(w drift.Window, expr string) rule {
	return rule{Record: costRatio, Expr: expr, Labels: map[string]string{catalog.CostWindow.Label(): w.Name}}
}

func costAlert(alert, severity string, w drift.Window, condition, summary, description string) rule {
	return rule{
		Alert: alert, Expr: fmt.Sprintf("%s{%s=%q} > %g", costRatio, catalog.CostWindow.Label(), w.Name, w.Limit),
		KeepFiringFor: "30m",
		Labels:        map[string]string{"severity": severity},
		Condition:     condition,
		Guard: fmt.Sprintf("%d days of history; a median day of less than %[2]d USD counts as %[2]d USD",
			drift.MedianDays+1, drift.MinDay),
		Annotations: annotations(alert, summary, description, costlyCalls),
	}
}
