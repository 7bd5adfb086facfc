package grafana

import (
	"fmt"
	"math"
	"slices"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// SafetyFalseRate is the budget of false safety verdicts for each model call: 1 in 10,000 for each of the five scorers
// that can find something unsafe. SafetyWindow is the window of the alert in hours.
const (
	SafetyFalseRate = 5e-4
	SafetyWindow    = 1
)

// The bound on the failing spans in the window: the expected number of false ones, and so many of its standard
// deviations and so many spans more. The constant is for services with so little traffic that the expected number is
// near 0. One false verdict can be on two spans, those of a tool and of the model that reads its result.
const (
	safetySpans      = 1.5 // of a false verdict, on average
	safetyDeviations = 5.5
	safetyLeast      = 4.5
)

// SafetyBound is the number of spans with an uncertain safety verdict that ordinary traffic of so many model calls does
// not exceed within the window. The alert rule has the same formula.
func SafetyBound(requests float64) float64 {
	expected := safetySpans * SafetyFalseRate * requests
	return safetyLeast + expected + safetyDeviations*math.Sqrt(expected)
}

// safety pages on the first verdict that rests on structure, and otherwise on more verdicts than the false rate of the
// scorers explains.
func safety() ruleGroup {
	class := append(slices.Clip(byService), catalog.ErrorClass)
	bucket := eq(catalog.ErrorBucket, string(failure.Safety))
	return ruleGroup{Name: "faultline.safety", Interval: "30s", Rules: []rule{
		{
			Alert: "LLMSafetyFailure",
			Expr: anyIncrease(selector(catalog.Failures, bucket, eq(catalog.ErrorCertain, "true")),
				append(slices.Clip(class), catalog.ErrorCertain)...),
			KeepFiringFor: "15m", Labels: page,
			Condition: "one safety failure that rests on structure (the format of a key, a card number or IBAN with its " +
				"checksum) within 10 minutes; further ones within 15 minutes belong to the same page",
			Guard: "none: the first such failure pages",
			Annotations: annotations("LLMSafetyFailure",
				"Certain safety failure {{ $labels.app_llm_error_class }} in {{ $labels.service_name }}",
				"At least one {{ $labels.app_llm_error_class }} failure in "+ofService+" within 10 minutes rests on "+
					"structure: a key, a card number or an IBAN."),
		},
		{
			Alert: "LLMSafetyFailure",
			Expr:  moreThanFalse(selector(catalog.Failures, bucket, eq(catalog.ErrorCertain, "")), class),
			For:   "1m", KeepFiringFor: "15m", Labels: map[string]string{"severity": "page", "evidence": "volume"},
			Condition: fmt.Sprintf("other safety failures, which rest on words, exceed within an hour what a false rate of "+
				"%g in 10,000 model calls explains (%g standard deviations of a Poisson count above the expected number)",
				SafetyFalseRate*1e4, float64(safetyDeviations)),
			Guard: fmt.Sprintf("%g failures in an hour, more with the traffic of the service", math.Ceil(safetyLeast)),
			Annotations: annotations("LLMSafetyFailure",
				"{{ $value | humanize }} safety failures {{ $labels.app_llm_error_class }} in {{ $labels.service_name }}",
				"{{ $value | humanize }} {{ $labels.app_llm_error_class }} failures in "+ofService+" within an hour, more "+
					"than the false verdicts of its traffic explain."),
		},
	}}
}

// moreThanFalse is true where a counter of failures increased by more than SafetyBound within the window. A service
// without a counted model call has the bound of no traffic.
func moreThanFalse(counter string, labels []catalog.Attribute) string {
	window := fmt.Sprintf("%dh", SafetyWindow)
	failures := sumBy(over("increase", counter, window), labels...)
	requests := sumBy(over("increase", selector(catalog.Requests), window), byService...)
	return fmt.Sprintf("%[1]s\n  > on (%[2]s) group_left () (\n    %[3]g + %[4]g * %[5]s\n"+
		"    + %[6]g * sqrt(%[4]g * %[5]s)\n  )\nor (\n%[1]s > %[3]g\nunless on (%[2]s) %[5]s\n)",
		failures, names(byService), safetyLeast, safetySpans*SafetyFalseRate, requests, float64(safetyDeviations))
}

// anyIncrease is true for ten minutes after any increase of a counter. Unlike increase() alone, it also finds a series
// that starts above 0, and increases during a gap of scrapes.
func anyIncrease(counter string, labels ...catalog.Attribute) string {
	return sumBy(fmt.Sprintf("\n  %[1]s > 0\n  or %[2]s > %[3]s\n  or (%[2]s > 0 unless %[3]s)\n",
		over("increase", counter, "10m"), counter, "last_over_time("+counter+"[6h] offset 10m)"), labels...)
}
