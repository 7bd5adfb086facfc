package grafana

import (
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// safety pages on the first unsafe answer, prompt or argument.
func safety() ruleGroup {
	return ruleGroup{Name: "faultline.safety", Interval: "30s", Rules: []rule{
		{
			Alert: "LLMSafetyFailure",
			Expr: anyIncrease(selector(catalog.Failures, eq(catalog.ErrorBucket, string(failure.Safety))),
				append(slices.Clip(byService), catalog.ErrorClass)...),
			KeepFiringFor: "15m", Labels: page,
			Condition: "one safety failure within 10 minutes; further ones within 15 minutes belong to the same page",
			Guard:     "none: the first failure pages",
			Annotations: annotations("LLMSafetyFailure",
				"Safety failure {{ $labels.app_llm_error_class }} in {{ $labels.service_name }}",
				"At least one {{ $labels.app_llm_error_class }} failure in "+ofService+" within 10 minutes."),
		},
	}}
}

// anyIncrease is true for ten minutes after any increase of a counter. Unlike increase() alone, it also finds a series
// that starts above 0, and increases during a gap of scrapes.
func anyIncrease(counter string, labels ...catalog.Attribute) string {
	return sumBy(fmt.Sprintf("\n  %[1]s > 0\n  or %[2]s > %[3]s\n  or (%[2]s > 0 unless %[3]s)\n",
		over("increase", counter, "10m"), counter, "last_over_time("+counter+"[6h] offset 10m)"), labels...)
}
