package grafana

import (
	"fmt"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// qualityAndDrift is how good answers are, whether that changes, and whether people keep up with what is flagged.
//
//nolint:staticcheck // the v2 schema needs Grafana 12; this one is read by all that are in use
func qualityAndDrift() (dashboard.Dashboard, error) {
	b := board("Quality and drift", qualityUID, "How good answers are, whether that changes, and whether people keep up with what is flagged.", "now-24h",
		variableOf(catalog.ScoreCount, "evaluation", "Scorer", catalog.Evaluation, scope...))
	chosen := match{catalog.Evaluation, "=~", "$evaluation"}
	// Scores of flagged traffic are bad by design and would hide the level of the rest.
	unbiased := match{catalog.Stratum, "!=", "flagged"}
	mean := func(matches []match, labels ...catalog.Attribute) string {
		return fmt.Sprintf("%s / %s", sumBy(over("rate", slicedBy(catalog.ScoreSum, matches...), "1h"), labels...),
			sumBy(over("rate", slicedBy(catalog.ScoreCount, matches...), "1h"), labels...))
	}
	scored := scoped(catalog.Spans, eq(catalog.Coverage, "scored"))
	empty := eq(catalog.RetrievalOutcome, "empty")
	followed := func(recorded string, m *catalog.Metric, labels []catalog.Attribute, matches ...match) string {
		return recordedOr(recorded, m, labels, append(append(slices.Clip(versioned), chosen), matches...)...)
	}
	ofSeries := []catalog.Attribute{catalog.ServiceName, catalog.Evaluation, catalog.PromptName, catalog.PromptVersion}
	drift := func(speed string) string {
		return followed(scoreDriftLevel, catalog.ScoreDrift, ofSeries, eq(catalog.DriftSpeed, speed))
	}
	series := by(ofSeries...)

	b.WithRow(dashboard.NewRowBuilder("Now")).
		WithPanel(number("Groundedness, last hour", "percentunit", "Mean of the last hour. Below the limit, and surely so, LLMGroundednessLow pages.",
			mean([]match{eq(catalog.Evaluation, grounded), unbiased})).Thresholds(floor(groundednessFloor))).
		WithPanel(number("Drift", "percentunit", "How near the scorer that fell most is to its threshold. From 100 % on it is no noise.",
			followed(scoreDriftLevel, catalog.ScoreDrift, nil), 0.7, 1)).
		WithPanel(number("Scored", "percentunit", "Share of GenAI spans whose content could be scored.",
			perSecond(scored)+" / "+perSecond(scoped(catalog.Spans, match{catalog.Coverage, "!=", "not_llm"})))).
		WithPanel(number("Retrievals that found nothing", "percentunit", "Share of retrievals. A model without a source makes one up, or refuses.",
			"("+orNothing(perSecond(scoped(catalog.Retrievals, empty)))+") / "+perSecond(scoped(catalog.Retrievals)), 0.1, 0.3)).
		WithPanel(number("Open cases", "short", "Cases in the review queue that nobody has judged, of all services.", "sum("+reviewOpen+")")).
		WithPanel(number("Oldest open case", "s", "How long it has waited.", "max("+reviewOldestAge+")", queueAge/3, queueAge))

	b.WithRow(dashboard.NewRowBuilder("Scores")).
		WithPanel(lines("Mean score by scorer", "percentunit", "Over an hour; 1 is good. Versions of a scorer are not comparable.",
			query(mean([]match{chosen, unbiased}, catalog.Evaluation, catalog.ScorerVersion), by(catalog.Evaluation, catalog.ScorerVersion))).Max(1)).
		WithPanel(lines("Mean score by prompt version", "percentunit", "Over an hour. Select one scorer to compare versions of a prompt.",
			query(mean([]match{chosen, unbiased}, catalog.Evaluation, catalog.PromptName, catalog.PromptVersion), by(catalog.Evaluation, catalog.PromptName, catalog.PromptVersion))).Max(1)).
		WithPanel(lines("Mean score by turns", "percentunit", "Over an hour, by how far the conversation had come.",
			query(mean([]match{chosen, unbiased, {catalog.SessionTurns, "!=", ""}}, catalog.Evaluation, catalog.SessionTurns), by(catalog.Evaluation, catalog.SessionTurns)+" turns")).Max(1)).
		WithPanel(linked(stacked(lines("Failed scores", "short", "Scores below their threshold, an hour.",
			exemplars(query(perSecond(slicedBy(catalog.ScoreFailures, chosen), catalog.Evaluation)+" * 3600", by(catalog.Evaluation))))),
			tracesLink("Traces that failed", spans(failing))))

	b.WithRow(dashboard.NewRowBuilder("Drift")).
		WithPanel(limited(lines("Drift, slow", "percentunit", "The sum that finds a fall of 3 points over hours, in parts of its threshold. Over the line it is no noise.", query(drift("slow"), series)), steps(1))).
		WithPanel(limited(lines("Drift, fast", "percentunit", "The sum that finds a fall of 10 points within the hour, in parts of its threshold.", query(drift("fast"), series)), steps(1))).
		WithPanel(lines("Detectable drop", "percentunit", "The least fall of the mean that an hour of this traffic can show. Smaller ones are seen late or never.",
			query(followed(scoreDetectable, catalog.DetectableDrop, ofSeries), series))).
		WithPanel(stacked(lines("Scores given", "short", "An hour, by scorer. A scorer that goes silent is LLMScorerSilent.",
			query(perSecond(slicedBy(catalog.ScoreCount, chosen), catalog.Evaluation)+" * 3600", by(catalog.Evaluation)))))

	b.WithRow(dashboard.NewRowBuilder("Sources and people")).
		WithPanel(limited(lines("Retrievals that found nothing, by service", "percentunit", "Share of the retrievals of each service: the first thing to look at.",
			query(perSecond(scoped(catalog.Retrievals, empty), catalog.ServiceName)+" / "+perSecond(scoped(catalog.Retrievals), catalog.ServiceName), by(catalog.ServiceName))), steps(0.1, 0.3)).Max(1)).
		WithPanel(lines("Review queue", "short", "Open cases, and how many hours the oldest has waited.",
			query("sum("+reviewOpen+")", "open cases"), query("max("+reviewOldestAge+") / 3600", "oldest, hours"))).
		WithPanel(traces("Lowest scored traces", "Spans whose answer stands least on its sources, among the traces that sampling kept.",
			spans(fmt.Sprintf("span.app.llm.score.%s < %g", grounded, groundednessFloor), "span.app.llm.score."+grounded, "span.app.llm.error_evidence", "span."+string(catalog.PromptVersion)))).
		WithPanel(records("Evaluations", "What judges and people said, newest first, with the trace that they judged.", events("gen_ai.evaluation.result")))
	return b.Build()
}
