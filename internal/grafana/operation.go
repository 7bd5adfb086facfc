package grafana

import (
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// operation watches scorers and reviewers: scorers that stopped or fail too much, and cases that are not reviewed.
func operation() ruleGroup {
	return ruleGroup{
		Name: "faultline.operation", Interval: "1m", Rules: append(scorerNoise(), scorerSilent(), queueAgeing()),
	}
}

func scorerSilent() rule {
	scorer := append(slices.Clip(byService), catalog.Evaluation)
	day := func(m *catalog.Metric, matches ...match) string {
		return "increase(" + selector(m, matches...) + "[1d] offset 1h)"
	}
	scored := eq(catalog.Coverage, "scored")
	return rule{
		Alert: "LLMScorerSilent",
		// A scorer that seldom applies can be silent for good reason. So the alert compares with the number of scores
		// that yesterday's share predicts for today's spans.
		Expr: fmt.Sprintf("(%s\n  * on (%s) group_left () (\n    %s\n    / (%s > 0)\n  ) >= %d)\nunless %s > 0",
			sumBy(day(catalog.ScoreCount), scorer...),
			names(byService),
			sumBy(over("increase", selector(catalog.Spans, scored), "1h"), byService...),
			sumBy(day(catalog.Spans, scored), byService...), silentScores,
			sumBy(over("increase", selector(catalog.ScoreCount), "1h"), scorer...)),
		For: "15m", KeepFiringFor: "15m", Labels: ticket,
		Condition: "a scorer that gave scores over the last day gave no score for an hour, while the service still " +
			"had scored spans",
		Guard: fmt.Sprintf("%d scores expected in the hour, from the scorer's share over the last day", silentScores),
		Annotations: annotations("LLMScorerSilent",
			"Scorer {{ $labels.gen_ai_evaluation_name }} no longer scores {{ $labels.service_name }}",
			"Scorer {{ $labels.gen_ai_evaluation_name }} gave no score for "+ofService+" for an hour; {{ $value | "+
				"humanize }} were expected from the last day. Failures that only this scorer finds go unnoticed.",
			notNil(catalog.Coverage)),
	}
}

func queueAgeing() rule {
	return rule{
		Alert: "LLMReviewQueueAgeing",
		// Each Collector with a review queue reports its own age. The oldest case counts.
		Expr: fmt.Sprintf("max by (%[1]s) (%[2]s) > %[3]d\nand max by (%[1]s) (%[4]s) > 0",
			scrapeJob, reviewOldestAge, queueAge, reviewOpen),
		For: "1h", KeepFiringFor: "1h", Labels: ticket,
		Condition: fmt.Sprintf("the oldest open case in the review queue is older than %d days", queueAge/24/3600),
		Guard:     "one open case; the condition holds for an hour",
		Annotations: annotations("LLMReviewQueueAgeing",
			"A case has waited for {{ $value | humanizeDuration }} in the review queue",
			fmt.Sprintf("The oldest case without a verdict is older than %d days. Only judged cases become "+
				"regression tests and show how often the scorers are right.", queueAge/24/3600)),
	}
}
