package grafana

import (
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// Recorded names: of the class counts that the spike compares, and of slices with the share that surely fails.
const (
	classIncrease = "service_class:llm_failures:increase15m"
	classExpected = "service_class:llm_failures:expected15m"
	sliceRequests = "slice:llm_requests:increase30m"
	sliceFailed   = "slice:llm_requests_failed:increase30m"
	sliceLower    = "slice:llm_requests_failed:lower_bound30m"
)

// failures watches how much fails: of a service, of a class, of a slice of its traffic.
func failures() ruleGroup {
	class := append(slices.Clip(byService), catalog.ErrorClass)
	return ruleGroup{Name: "faultline.failures", Interval: "30s", Rules: []rule{
		{Record: classIncrease, Expr: sumBy(over("increase", selector(catalog.Failures), "15m"), class...)},
		{Record: classExpected, Expr: expected(class)},
		{Record: sliceRequests, Expr: sumBy(over("increase", selector(catalog.Requests), "30m"), bySlice...)},
		{Record: sliceFailed, Expr: sumBy(over("increase", failedRequests, "30m"), bySlice...)},
		{Record: sliceLower, Expr: wilsonLower(sliceFailed, "("+sliceRequests+" > 0)")},
		errorsHigh(), errorsSustained(), contentFailures(), classSpike(), sliceRegressed(),
	}}
}

// failedRequests is every request that failed, whatever the class.
var failedRequests = selector(catalog.Requests, eq(catalog.Outcome, "failed"))

// failedShare is the part of a service's requests that failed over a window, where it is over a limit.
func failedShare(window string, limit float64) string {
	return fmt.Sprintf("(%s\n  / %s > %g)", sumBy(over("rate", failedRequests, window), byService...),
		sumBy(over("rate", selector(catalog.Requests), window), byService...), limit)
}

func errorsHigh() rule {
	return rule{
		Alert: "LLMErrorRateHigh",
		// The short window lets the alert end soon after the failures do.
		Expr: fmt.Sprintf("%s\nand %s\nand %s >= %d", failedShare("5m", errorRateHigh), failedShare("2m", errorRateHigh),
			sumBy(over("increase", failedRequests, "5m"), byService...), errorRateFailures),
		For: "1m", KeepFiringFor: "5m", Labels: page,
		Condition: fmt.Sprintf("more than %s of a service's requests failed over 5 minutes, and over the last 2", percent(errorRateHigh)),
		Guard:     fmt.Sprintf("%d failed requests in 5 minutes", errorRateFailures),
		Annotations: annotations("LLMErrorRateHigh",
			"{{ $value | humanizePercentage }} of the requests of {{ $labels.service_name }} fail",
			"More than "+percent(errorRateHigh)+" of the model calls of "+ofService+" failed over the last 5 minutes."),
	}
}

func errorsSustained() rule {
	return rule{
		Alert: "LLMErrorRateSustained",
		Expr: fmt.Sprintf("%s\nand %s\nand %s >= %d", failedShare("1h", errorRateSustained), failedShare("5m", errorRateSustained),
			sumBy(over("increase", failedRequests, "1h"), byService...), sustainedFailures),
		For: "5m", KeepFiringFor: "15m", Labels: ticket,
		Condition: fmt.Sprintf("more than %s of a service's requests failed over an hour, and over the last 5 minutes", percent(errorRateSustained)),
		Guard:     fmt.Sprintf("%d failed requests in an hour", sustainedFailures),
		Annotations: annotations("LLMErrorRateSustained",
			"{{ $value | humanizePercentage }} of the requests of {{ $labels.service_name }} within an hour failed",
			"More than "+percent(errorRateSustained)+" of the model calls of "+ofService+" failed over the last hour, and still do."),
	}
}

func contentFailures() rule {
	bucket := append(slices.Clip(byService), catalog.ErrorBucket)
	content := selector(catalog.Failures, match{catalog.ErrorBucket, "=~", string(failure.Structure) + "|" + string(failure.Quality)})
	share := func(window string) string {
		return fmt.Sprintf("(%s\n  / on (%s) group_left () %s > %g)", sumBy(over("rate", content, window), bucket...),
			names(byService), sumBy(over("rate", selector(catalog.Requests), window), byService...), contentRate)
	}
	return rule{
		Alert: "LLMContentFailureSustained",
		Expr: fmt.Sprintf("%s\nand %s\nand %s >= %d", share("1h"), share("5m"),
			sumBy(over("increase", content, "1h"), bucket...), sustainedFailures),
		For: "5m", KeepFiringFor: "15m", Labels: ticket,
		Condition: fmt.Sprintf("failures that no status code shows, of structure or of quality, are more than %s of a service's requests over an hour, and over the last 5 minutes",
			percent(contentRate)),
		Guard: fmt.Sprintf("%d such failures in an hour", sustainedFailures),
		Annotations: annotations("LLMContentFailureSustained",
			"{{ $value | humanizePercentage }} {{ $labels.app_llm_error_bucket }} failures behind successful responses of {{ $labels.service_name }}",
			"Responses of "+ofService+" come back, and their {{ $labels.app_llm_error_bucket }} is wrong: over the last hour in more than "+
				percent(contentRate)+" of the model calls."),
	}
}

// expected is how many failures of a class a quarter of an hour would hold if the share of yesterday's requests still
// held: a rise of traffic alone is no spike.
func expected(class []catalog.Attribute) string {
	return fmt.Sprintf("%s\n  * on (%s) group_left () (\n    %s\n    / (%s > 0)\n  )",
		sumBy(yesterday(catalog.Failures), class...),
		names(byService),
		sumBy(over("increase", selector(catalog.Requests), "15m"), byService...),
		sumBy(yesterday(catalog.Requests), byService...))
}

// yesterday is the increase over the day that ended when the quarter of an hour began.
func yesterday(m *catalog.Metric) string {
	return fmt.Sprintf("increase(%s[1d] offset 15m)", selector(m))
}

func classSpike() rule {
	return rule{
		Alert: "LLMFailureClassSpike",
		// A service of less than six hours has no usual number; the error rate watches it.
		Expr: fmt.Sprintf("%s >= %d\nand %s > %d * %s\nand %s > %s + %d * sqrt(%s)\nand on (%s) %s",
			classIncrease, spikeFailures,
			classIncrease, spikeFactor, classExpected,
			classIncrease, classExpected, spikeDeviations, classExpected,
			names(byService), sumBy(selector(catalog.Requests)+" offset "+spikeHistory, byService...)),
		For: "2m", KeepFiringFor: "15m", Labels: ticket,
		Condition: fmt.Sprintf("a class has more than %d times the failures within 15 minutes that its share of the last day's requests lets one expect, and lies %d standard deviations above",
			spikeFactor, spikeDeviations),
		Guard: fmt.Sprintf("%d failures in 15 minutes; %s of history", spikeFailures, spikeHistory),
		Annotations: annotations("LLMFailureClassSpike",
			"{{ $labels.app_llm_error_class }} in {{ $labels.service_name }} is far above its usual rate",
			fmt.Sprintf("{{ $value | humanize }} failures of class {{ $labels.app_llm_error_class }} in "+ofService+" within 15 minutes, more than %d times what the last day would let one expect.", spikeFactor)),
	}
}

func sliceRegressed() rule {
	return rule{
		Alert: "LLMFailureSliceRegressed",
		// A slice hides in a service that is well. Where the whole service fails, the error rate says so, and no slice is worse than all.
		Expr: fmt.Sprintf("(%s > %g)\n  > on (%s) group_left () (%s / %s)\nand %s >= %d",
			sliceLower, sliceRate, names(byService), sumBy(sliceFailed, byService...), sumBy(sliceRequests, byService...),
			sliceFailed, sliceFailures),
		For: "5m", KeepFiringFor: "15m", Labels: ticket,
		Condition: fmt.Sprintf("of one model and prompt version surely more than %s of the requests failed over 30 minutes (lower Wilson bound, z = 2), and more than of the service as a whole",
			percent(sliceRate)),
		Guard: fmt.Sprintf("%d failed requests in 30 minutes; the bound itself allows for small numbers", sliceFailures),
		Annotations: annotations("LLMFailureSliceRegressed",
			"Requests of {{ $labels.service_name }}"+ofModel+ofPrompt+" fail",
			"At least {{ $value | humanizePercentage }} of the requests of "+ofService+ofModel+ofPrompt+" fail, more than of the service as a whole, whose average hides it."),
	}
}
