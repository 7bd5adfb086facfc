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
			Alert:         "LLMSafetyFailure",
			Expr:          first(selector(catalog.Failures, eq(catalog.ErrorBucket, string(failure.Safety))), append(slices.Clip(byService), catalog.ErrorClass)...),
			KeepFiringFor: "15m", Labels: page,
			Condition: "one safety failure within 10 minutes; what follows within 15 minutes is the same page",
			Guard:     "none: the first one pages",
			Annotations: annotations("LLMSafetyFailure",
				"Safety failure {{ $labels.app_llm_error_class }} in {{ $labels.service_name }}",
				"At least one {{ $labels.app_llm_error_class }} in "+ofService+" within 10 minutes."),
		},
	}}
}

// first is true for ten minutes after a counter has grown by anything. Beside what increase() sees it finds a series that is born
// above 0, and what was counted while nobody scraped.
func first(counter string, labels ...catalog.Attribute) string {
	return sumBy(fmt.Sprintf("\n  %[1]s > 0\n  or %[2]s > %[3]s\n  or (%[2]s > 0 unless %[3]s)\n",
		over("increase", counter, "10m"), counter, "last_over_time("+counter+"[6h] offset 10m)"), labels...)
}
