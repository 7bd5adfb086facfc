package grafana

import (
	"fmt"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// qualityAndDrift shows how good answers are, whether that changes, and whether reviewers keep up with flagged cases.
//
//nolint:staticcheck // the v2 schema needs Grafana 12; every version in use reads this one
func qualityAndDrift() (dashboard.Dashboard, error) {
	b := board("Quality and drift", qualityUID, "How good answers are, whether that changes, and whether reviewers "+
		"keep up with flagged cases.", "now-24h",
		variableOf(catalog.ScoreCount, "evaluation", "Scorer", catalog.Evaluation, scope...))
	chosen := match{catalog.Evaluation, "=~", "$evaluation"}
	// Scores of flagged traffic are low by design and would hide the level of the rest.
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
	noisy := []catalog.Attribute{catalog.ServiceName, catalog.Evaluation}

	b.WithRow(dashboard.NewRowBuilder("Now")).
		WithPanel(number("Groundedness, last hour", "percentunit", "Mean groundedness of the last hour. "+
			"LLMGroundednessLow pages when it is significantly below the threshold.",
			mean([]match{eq(catalog.Evaluation, grounded), unbiased})).Thresholds(floor(groundednessFloor))).
		WithPanel(number("Drift", "percentunit", "Highest drift statistic of a scorer, as a share of its alarm "+
			"threshold. 100 % or more is a significant drop.",
			followed(scoreDriftLevel, catalog.ScoreDrift, nil), 0.7, 1)).
		WithPanel(number("Scored", "percentunit", "Share of GenAI spans whose content could be scored.",
			perSecond(scored)+" / "+perSecond(scoped(catalog.Spans, match{catalog.Coverage, "!=", "not_llm"})))).
		WithPanel(number(
			"Retrievals that found nothing",
			"percentunit",
			"Share of retrievals without a result. A "+
				"model without sources makes them up, or refuses.",
			"("+orZero(
				perSecond(scoped(catalog.Retrievals, empty)),
			)+") / "+perSecond(
				scoped(catalog.Retrievals),
			),
			0.1,
			0.3,
		)).
		WithPanel(number("Open cases", "short", "Cases in the review queue without a verdict, of all services.",
			"sum("+reviewOpen+")")).
		WithPanel(number("Oldest open case", "s", "Age of the oldest case without a verdict.",
			"max("+reviewOldestAge+")", queueAge/3, queueAge))

	b.WithRow(dashboard.NewRowBuilder("Scores")).
		WithPanel(lines(
			"Mean score by scorer",
			"percentunit",
			"Mean over an hour; 1 is good. Scores of different "+
				"scorer versions are not comparable.",
			query(
				mean([]match{chosen, unbiased}, catalog.Evaluation, catalog.ScorerVersion),
				by(catalog.Evaluation, catalog.ScorerVersion),
			),
		).Max(1)).
		WithPanel(lines(
			"Mean score by prompt version",
			"percentunit",
			"Mean over an hour. Select one scorer to "+
				"compare prompt versions.",
			query(
				mean([]match{chosen, unbiased}, catalog.Evaluation, catalog.PromptName, catalog.PromptVersion),
				by(catalog.Evaluation, catalog.PromptName, catalog.PromptVersion),
			),
		).Max(1)).
		WithPanel(lines(
			"Mean score by turns",
			"percentunit",
			"Mean over an hour, by turns of the conversation so far.",
			query(
				mean(
					[]match{chosen, unbiased, {catalog.SessionTurns, "!=", ""}},
					catalog.Evaluation,
					catalog.SessionTurns,
				),
				by(catalog.Evaluation, catalog.SessionTurns)+" turns",
			),
		).Max(1)).
		WithPanel(linked(stacked(lines(
			"Failed scores",
			"short",
			"Failed scores per hour.",
			exemplars(
				query(
					perSecond(slicedBy(catalog.ScoreFailures, chosen), catalog.Evaluation)+" * 3600",
					by(catalog.Evaluation),
				),
			),
		)),
			tracesLink("Traces that failed", spans(failing))))

	b.WithPanel(limited(lines("Failed share by scorer", "percentunit", "Share of a scorer's scores that failed over a "+
		"day. LLMScorerNoisy fires above the line: the scorer is more likely wrong than the service.",
		query(sumBy(over("increase", slicedBy(catalog.ScoreFailures, chosen, unbiased), "1d"), noisy...)+" / "+
			sumBy(over("increase", slicedBy(catalog.ScoreCount, chosen, unbiased), "1d"), noisy...), by(noisy...))),
		steps(noisyShare)))
	b.WithPanel(stacked(lines("Suspicions", "short", "Scores per hour below the level of suspicion that did not fail. "+
		"They are no failures; a share of their traces is kept.",
		query(perSecond(scoped(catalog.ScoreSuspects, chosen), catalog.Evaluation)+" * 3600", by(catalog.Evaluation)))))

	b.WithRow(dashboard.NewRowBuilder("Drift")).
		WithPanel(limited(lines("Drift, slow", "percentunit",
			"The statistic that finds a drop of 3 points over hours, as a share of its alarm threshold. Above the "+
				"line the drop is significant.",
			query(drift("slow"), series)), steps(1))).
		WithPanel(limited(lines("Drift, fast", "percentunit",
			"The statistic that finds a drop of 10 points within an hour, as a share of its alarm threshold.",
			query(drift("fast"), series)), steps(1))).
		WithPanel(lines("Detectable drop", "percentunit", "Smallest drop of the mean score that one hour of this "+
			"traffic can reveal. Smaller drops are found late or never.",
			query(followed(scoreDetectable, catalog.DetectableDrop, ofSeries), series))).
		WithPanel(stacked(lines(
			"Scores given",
			"short",
			"Scores per hour, by scorer. LLMScorerSilent fires when a "+
				"scorer stops.",
			query(
				perSecond(slicedBy(catalog.ScoreCount, chosen), catalog.Evaluation)+" * 3600",
				by(catalog.Evaluation),
			),
		)))

	ofJudge := []catalog.Attribute{catalog.ServiceName, catalog.Evaluation, catalog.ScorerVersion}
	random := eq(catalog.Stratum, spanattr.StratumRandom)
	b.WithRow(dashboard.NewRowBuilder("Judges")).
		WithPanel(linked(stacked(lines("Findings of judges", "short", "Failures per hour that judges found, by class and "+
			"detail. They are apart from the failures and incidents of all traffic.", exemplars(query(
			perSecond(slicedBy(catalog.JudgeFindings, chosen), catalog.ErrorClass, catalog.ErrorDetail)+" * 3600",
			by(catalog.ErrorClass, catalog.ErrorDetail))))), tracesLink("Traces that failed", spans(failing)))).
		WithPanel(lines("Failed share of ordinary answers, by judge", "percentunit", "Share of the random sample that a "+
			"judge failed over a day, by version. LLMJudgedFailuresRose fires when that of a trusted judge rises.", query(
			sumBy(over("increase", slicedBy(catalog.ScoreFailures, chosen, random), "1d"), ofJudge...)+" / "+
				sumBy(over("increase", slicedBy(catalog.ScoreCount, chosen, random), "1d"), ofJudge...), by(ofJudge...))).Max(1))

	b.WithRow(dashboard.NewRowBuilder("Sources and people")).
		WithPanel(limited(lines(
			"Retrievals that found nothing, by service",
			"percentunit",
			"Share of a service's "+
				"retrievals without a result. Check this first.",
			query(
				perSecond(
					scoped(catalog.Retrievals, empty),
					catalog.ServiceName,
				)+" / "+perSecond(
					scoped(catalog.Retrievals),
					catalog.ServiceName,
				),
				by(catalog.ServiceName),
			),
		), steps(0.1, 0.3)).Max(1)).
		WithPanel(lines("Review queue", "short", "Open cases, and the age of the oldest in hours.",
			query("sum("+reviewOpen+")", "open cases"), query("max("+reviewOldestAge+") / 3600", "oldest, hours"))).
		WithPanel(traces(
			"Lowest scored traces",
			"Spans with the lowest groundedness, among the traces that sampling "+
				"kept.",
			spans(
				fmt.Sprintf("span.app.llm.score.%s < %g", grounded, groundednessFloor),
				"span.app.llm.score."+grounded,
				"span.app.llm.error_evidence",
				"span."+string(catalog.PromptVersion),
			),
		)).
		WithPanel(records("Evaluations", "Verdicts of judges and reviewers, newest first, each with its trace.",
			events("gen_ai.evaluation.result")))
	return b.Build()
}
