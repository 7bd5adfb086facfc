package grafana

import (
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// Names of recorded series: class counts for the spike alert, and slices with the lower bound of their failed share.
const (
	classIncrease = "service_class:llm_failures:increase15m"
	classExpected = "service_class:llm_failures:expected15m"
	sliceRequests = "slice:llm_requests:increase30m"
	sliceFailed   = "slice:llm_requests_failed:increase30m"
	sliceLower    = "slice:llm_requests_failed:lower_bound30m"
)

// failures watches the failed share of services and of slices of their traffic, and the failures of each class.
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

// failedRequests selects requests that failed with any class.
var failedRequests = selector(catalog.Requests, eq(catalog.Outcome, "failed"))

// failedShare is the share of a service's requests that failed over a window, where it exceeds a limit.
func failedShare(window string, limit float64) string {
	return fmt.Sprintf("(%s\n  / %s > %g)", sumBy(over("rate", failedRequests, window), byService...),
		sumBy(over("rate", selector(catalog.Requests), window), byService...), limit)
}

func errorsHigh() rule {
	return rule{
		Alert: "LLMErrorRateHigh",
		// The short window ends the alert soon after the failures end.
		Expr: fmt.Sprintf(
			"%s\nand %s\nand %s >= %d",
			failedShare("5m", errorRateHigh),
			failedShare("2m", errorRateHigh),
			sumBy(over("increase", failedRequests, "5m"), byService...),
			errorRateFailures,
		),
		For:           "1m",
		KeepFiringFor: "5m",
		Labels:        page,
		Condition: fmt.Sprintf("more than %s of a service's requests failed over 5 minutes, and over the last 2 "+
			"minutes",
			percent(errorRateHigh)),
		Guard: fmt.Sprintf("%d failed requests in 5 minutes", errorRateFailures),
		Annotations: annotations("LLMErrorRateHigh",
			"{{ $value | humanizePercentage }} of the requests of {{ $labels.service_name }} fail",
			"More than "+percent(errorRateHigh)+" of the model calls of "+ofService+" failed over the last 5 minutes."),
	}
}

func errorsSustained() rule {
	return rule{
		Alert: "LLMErrorRateSustained",
		Expr: fmt.Sprintf(
			"%s\nand %s\nand %s >= %d",
			failedShare("1h", errorRateSustained),
			failedShare("5m", errorRateSustained),
			sumBy(over("increase", failedRequests, "1h"), byService...),
			sustainedFailures,
		),
		For:           "5m",
		KeepFiringFor: "15m",
		Labels:        ticket,
		Condition: fmt.Sprintf("more than %s of a service's requests failed over an hour, and over the last 5 "+
			"minutes", percent(errorRateSustained)),
		Guard: fmt.Sprintf("%d failed requests in an hour", sustainedFailures),
		Annotations: annotations("LLMErrorRateSustained",
			"{{ $value | humanizePercentage }} of the requests of {{ $labels.service_name }} failed within an hour",
			"More than "+percent(errorRateSustained)+" of the model calls of "+ofService+" failed over the last "+
				"hour, and calls still fail."),
	}
}

func contentFailures() rule {
	bucket := append(slices.Clip(byService), catalog.ErrorBucket)
	content := selector(
		catalog.Failures,
		match{catalog.ErrorBucket, "=~", string(failure.Structure) + "|" + string(failure.Quality)},
	)
	share := func(window string) string {
		return fmt.Sprintf("(%s\n  / on (%s) group_left () %s > %g)", sumBy(over("rate", content, window), bucket...),
			names(byService), sumBy(over("rate", selector(catalog.Requests), window), byService...), contentRate)
	}
	return rule{
		Alert: "LLMContentFailureSustained",
		Expr: fmt.Sprintf("%s\nand %s\nand %s >= %d", share("1h"), share("5m"),
			sumBy(over("increase", content, "1h"), bucket...), sustainedFailures),
		For: "5m", KeepFiringFor: "15m", Labels: ticket,
		Condition: fmt.Sprintf("structure or quality failures, which no status code shows, exceed %s of a service's "+
			"requests over an hour, and over the last 5 minutes",
			percent(contentRate)),
		Guard: fmt.Sprintf("%d such failures in an hour", sustainedFailures),
		Annotations: annotations(
			"LLMContentFailureSustained",
			"{{ $value | humanizePercentage }} {{ $labels.app_llm_error_bucket }} failures in {{ "+
				"$labels.service_name }}",
			"More than "+percent(
				contentRate,
			)+" of the model calls of "+ofService+" had a {{ $labels.app_llm_error_bucket }} failure over the last "+
				"hour. Their responses may look successful.",
		),
	}
}

// expected is the number of failures of a class in 15 minutes if their share of requests were the same as yesterday. So
// a rise of traffic alone is not a spike.
func expected(class []catalog.Attribute) string {
	return fmt.Sprintf("%s\n  * on (%s) group_left () (\n    %s\n    / (%s > 0)\n  )",
		sumBy(yesterday(catalog.Failures), class...),
		names(byService),
		sumBy(over("increase", selector(catalog.Requests), "15m"), byService...),
		sumBy(yesterday(catalog.Requests), byService...))
}

// yesterday is the increase over the day that ended 15 minutes ago.
func yesterday(m *catalog.Metric) string {
	return fmt.Sprintf("increase(%s[1d] offset 15m)", selector(m))
}

func classSpike() rule {
	return rule{
		Alert: "LLMFailureClassSpike",
		// A service younger than six hours has no usual number. The error rate alerts cover it.
		Expr: fmt.Sprintf("%s >= %d\nand %s > %d * %s\nand %s > %s + %d * sqrt(%s)\nand on (%s) %s",
			classIncrease, spikeFailures,
			classIncrease, spikeFactor, classExpected,
			classIncrease, classExpected, spikeDeviations, classExpected,
			names(byService), sumBy(selector(catalog.Requests)+" offset "+spikeHistory, byService...)),
		For: "2m", KeepFiringFor: "15m", Labels: ticket,
		Condition: fmt.Sprintf("a class has more than %d times the failures that its share of the last day's "+
			"requests predicts for 15 minutes, and is more than %d standard deviations above that",
			spikeFactor, spikeDeviations),
		Guard: fmt.Sprintf("%d failures in 15 minutes; %s of history", spikeFailures, spikeHistory),
		Annotations: annotations("LLMFailureClassSpike",
			"{{ $labels.app_llm_error_class }} in {{ $labels.service_name }} is far above its usual rate",
			fmt.Sprintf("{{ $value | humanize }} failures of class {{ $labels.app_llm_error_class }} in "+ofService+
				" within 15 minutes, more than %d times as many as expected from the last day.", spikeFactor)),
	}
}

func sliceRegressed() rule {
	return rule{
		Alert: "LLMFailureSliceRegressed",
		// This alert finds a bad slice in a healthy service. If the whole service fails, the error rate alerts fire,
		// and no slice is worse than the whole.
		Expr: fmt.Sprintf(
			"(%s > %g)\n  > on (%s) group_left () (%s / %s)\nand %s >= %d",
			sliceLower,
			sliceRate,
			names(byService),
			sumBy(sliceFailed, byService...),
			sumBy(sliceRequests, byService...),
			sliceFailed,
			sliceFailures,
		),
		For:           "5m",
		KeepFiringFor: "15m",
		Labels:        ticket,
		Condition: fmt.Sprintf("more than %s of the requests of one model and prompt version failed over 30 minutes "+
			"(lower Wilson bound, z = 2), and more than of the whole service",
			percent(sliceRate)),
		Guard: fmt.Sprintf(
			"%d failed requests in 30 minutes; the bound also accounts for small numbers",
			sliceFailures,
		),
		Annotations: annotations(
			"LLMFailureSliceRegressed",
			"Requests of {{ $labels.service_name }}"+ofModel+ofPrompt+" fail",
			"At least {{ $value | humanizePercentage }} of the requests of "+ofService+ofModel+ofPrompt+
				" fail, more than of the whole service. The average of the service hides it.",
		),
	}
}
