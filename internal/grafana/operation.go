package grafana

import (
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// operation watches what watches: scorers that say nothing any more, and cases that nobody reads.
func operation() ruleGroup {
	return ruleGroup{Name: "faultline.operation", Interval: "1m", Rules: []rule{scorerSilent(), queueAgeing()}}
}

func scorerSilent() rule {
	scorer := append(slices.Clip(byService), catalog.Evaluation)
	day := func(m *catalog.Metric, matches ...match) string {
		return "increase(" + selector(m, matches...) + "[1d] offset 1h)"
	}
	scored := eq(catalog.Coverage, "scored")
	return rule{
		Alert: "LLMScorerSilent",
		// A scorer that seldom applies is silent by right: what counts is what yesterday's share of today's spans would be.
		Expr: fmt.Sprintf("(%s\n  * on (%s) group_left () (\n    %s\n    / (%s > 0)\n  ) >= %d)\nunless %s > 0",
			sumBy(day(catalog.ScoreCount), scorer...),
			names(byService),
			sumBy(over("increase", selector(catalog.Spans, scored), "1h"), byService...),
			sumBy(day(catalog.Spans, scored), byService...), silentScores,
			sumBy(over("increase", selector(catalog.ScoreCount), "1h"), scorer...)),
		For: "15m", KeepFiringFor: "15m", Labels: ticket,
		Condition: "a scorer that gave scores over the last day gave none for an hour, while spans of the service were scored by others",
		Guard:     fmt.Sprintf("%d scores that its share over the last day lets one expect of the hour", silentScores),
		Annotations: annotations("LLMScorerSilent",
			"Scorer {{ $labels.gen_ai_evaluation_name }} says nothing of {{ $labels.service_name }} any more",
			"Scorer {{ $labels.gen_ai_evaluation_name }} gave no score of "+ofService+" for an hour; over the last day its share would have been {{ $value | humanize }}. What it would find is not seen.",
			notNil(catalog.Coverage)),
	}
}

func queueAgeing() rule {
	return rule{
		Alert: "LLMReviewQueueAgeing",
		// Each Collector that keeps a queue tells its own: the oldest case counts.
		Expr: fmt.Sprintf("max by (%[1]s) (%[2]s) > %[3]d\nand max by (%[1]s) (%[4]s) > 0", scrapeJob, reviewOldestAge, queueAge, reviewOpen),
		For:  "1h", KeepFiringFor: "1h", Labels: ticket,
		Condition: fmt.Sprintf("the oldest case of the review queue has waited for more than %d days", queueAge/24/3600),
		Guard:     "one open case; an hour",
		Annotations: annotations("LLMReviewQueueAgeing",
			"A case has waited for {{ $value | humanizeDuration }} in the review queue",
			fmt.Sprintf("The oldest case that nobody has judged is older than %d days. What people do not judge becomes no regression test, and nobody knows how often the scorers are right.", queueAge/24/3600)),
	}
}
