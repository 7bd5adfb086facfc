package grafana

import (
	"fmt"
	"strings"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/drift"
)

// spender is whose cost is compared with the usual.
var spender = []catalog.Attribute{catalog.Environment, catalog.ServiceName}

// The recorded names.
const (
	cost5m        = "service:llm_cost_usd:increase5m"
	costDay       = "service:llm_cost_usd:sum24h"
	costBurst     = "service:llm_cost_usd:sum6h"
	costUsualDay  = "service:llm_cost_usd_sum24h:median7d"
	costUsualSame = "service:llm_cost_usd_sum6h:median14d"
	costRatio     = "service:llm_cost_usd:baseline_ratio" // by window
)

// costRise is drift.Cost as rules.
func costRise() ruleGroup {
	day, burst := drift.Day, drift.Burst
	g := ruleGroup{Name: "faultline.cost", Interval: promDuration(drift.Bin)}
	record := func(name, expr string) { g.Rules = append(g.Rules, rule{Record: name, Expr: expr}) }
	record(cost5m, sumBy(inBin(selector(catalog.Cost)), spender...))
	record(costDay, over("sum_over_time", cost5m, day.Name))
	record(costBurst, over("sum_over_time", cost5m, burst.Name))
	// A service must have been there for a day more than the median is of: its first day is no whole one.
	record(costUsualDay, fmt.Sprintf("%s\nand last_over_time(%s[%s] offset %dd)",
		medianOfDays(costDay, drift.MedianDays), cost5m, missedEvaluations, drift.MedianDays+1))
	record(costUsualSame, medianOfDays(costBurst, drift.MedianBursts))
	g.Rules = append(g.Rules,
		ofWindow(day, fmt.Sprintf("%s / clamp_min(%s, %d)", costDay, costUsualDay, drift.MinDay)),
		ofWindow(burst, fmt.Sprintf("clamp_min(%s - %s, 0) / clamp_min(%s, %d)", costBurst, costUsualSame, costUsualDay, drift.MinDay)),
		costTooHigh("LLMCostSpikeDay", "ticket", day,
			fmt.Sprintf("the last %s cost more than %g times the median of the %d days before", day.Name, day.Limit, drift.MedianDays),
			"{{ $labels.service_name }} costs {{ $value | humanize }} times its usual day",
			fmt.Sprintf("The last 24 hours of "+ofService+" cost {{ $value | humanize }} times the median of the %d days before.", drift.MedianDays)),
		costTooHigh("LLMCostBurst", "page", burst,
			fmt.Sprintf("the last %s cost more than %g median day above what the same hours usually do", burst.Name, burst.Limit),
			"{{ $labels.service_name }} spent a day's money in six hours",
			"In the last six hours "+ofService+" spent {{ $value | humanize }} median days more than the same hours usually do."),
	)
	return g
}

// medianOfDays is the median of what was recorded this time of the day, over so many days before. The days are spelled out: the steps of a
// subquery would be taken at midnight, whatever the time is.
func medianOfDays(recorded string, days int) string {
	parts := make([]string, days)
	for i := range parts {
		parts[i] = fmt.Sprintf("  label_replace(last_over_time(%[1]s[%[2]s] offset %[3]dd), \"days_ago\", \"%[3]d\", \"\", \"\")", recorded, missedEvaluations, i+1)
	}
	return fmt.Sprintf("quantile by (%s) (0.5,\n%s\n)", names(spender), strings.Join(parts, "\n  or\n"))
}

// ofWindow records the ratio of a window.
func ofWindow(w drift.Window, expr string) rule {
	return rule{Record: costRatio, Expr: expr, Labels: map[string]string{catalog.CostWindow.Label(): w.Name}}
}

func costTooHigh(alert, severity string, w drift.Window, condition, summary, description string) rule {
	return rule{
		Alert: alert, Expr: fmt.Sprintf("%s{%s=%q} > %g", costRatio, catalog.CostWindow.Label(), w.Name, w.Limit),
		KeepFiringFor: "30m",
		Labels:        map[string]string{"severity": severity},
		Condition:     condition,
		Guard:         fmt.Sprintf("%d days of history; a median day of less than %d USD counts as that", drift.MedianDays+1, drift.MinDay),
		Annotations:   annotations(alert, summary, description, paid),
	}
}
