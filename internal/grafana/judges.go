package grafana

import (
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Judges see a sample, so their series are apart from those of scorers, which see all traffic, and their windows are
// longer. Only judges that were compared with people alert.
var (
	byJudge = append(slices.Clip(byService), catalog.Evaluation, catalog.ScorerVersion)
	// ordinary is the sample of traffic that nothing suspected.
	ordinary = []match{eq(catalog.Stratum, spanattr.StratumRandom), trusted}
	// unflagged leaves out what a scorer flagged: the alerts on failures count it.
	unflagged = []match{{catalog.Stratum, "!=", spanattr.StratumFlagged}, trusted}
)

// Names of recorded series of judges: of a day, of the six hours at its end, and of the week before it.
const (
	judgeUpper      = "judge:llm_score_mean:upper_bound1d"
	judgeShare      = "judge:llm_score_failures:share1d"
	judgeShareUsual = "judge:llm_score_failures:share7d"
)

func judgeSum(m *catalog.Metric, window string) string {
	return fmt.Sprintf("judge:%s:increase%s", underscored(m), window)
}

// judges watches what judges find.
func judges() ruleGroup {
	g := ruleGroup{Name: "faultline.judges", Interval: "5m"}
	record := func(name, expr string) { g.Rules = append(g.Rules, rule{Record: name, Expr: expr}) }
	for _, window := range []string{"6h", "1d"} {
		for _, m := range []*catalog.Metric{catalog.ScoreCount, catalog.ScoreSum} {
			record(judgeSum(m, window), sumBy(over("increase", selector(m, ordinary...), window), byJudge...))
		}
	}
	for _, m := range []*catalog.Metric{catalog.ScoreSumSq, catalog.ScoreFailures} {
		record(judgeSum(m, "1d"), sumBy(over("increase", selector(m, ordinary...), "1d"), byJudge...))
	}
	for _, m := range []*catalog.Metric{catalog.ScoreCount, catalog.ScoreFailures} {
		record(judgeSum(m, "7d"), sumBy("increase("+selector(m, ordinary...)+"[7d] offset 1d)", byJudge...))
	}
	record(judgeUpper, upperBound(judgeSum(catalog.ScoreCount, "1d"), judgeSum(catalog.ScoreSum, "1d"),
		judgeSum(catalog.ScoreSumSq, "1d")))
	record(judgeShare, judgeSum(catalog.ScoreFailures, "1d")+" / ("+judgeSum(catalog.ScoreCount, "1d")+" > 0)")
	record(judgeShareUsual, judgeSum(catalog.ScoreFailures, "7d")+" / ("+judgeSum(catalog.ScoreCount, "7d")+" > 0)")
	g.Rules = append(g.Rules, judgedGroundednessLow(), judgedFailuresRose(), judgedUnsafe())
	return g
}

// judgedGroundednessLow is for judges that score too few answers in an hour for the alert of the hour.
func judgedGroundednessLow() rule {
	return rule{
		Alert: "LLMGroundednessLow",
		Expr: fmt.Sprintf("%s < %g\nand %s / %s < %g\nand %s >= %d",
			matching(judgeUpper, eq(catalog.Evaluation, grounded)), groundednessFloor,
			judgeSum(catalog.ScoreSum, "6h"), judgeSum(catalog.ScoreCount, "6h"), groundednessFloor,
			judgeSum(catalog.ScoreCount, "1d"), groundednessScores),
		For: "10m", KeepFiringFor: "1h", Labels: map[string]string{"severity": "ticket", "evidence": "judge"},
		Condition: fmt.Sprintf("a trusted judge finds the mean groundedness of a service's ordinary answers significantly "+
			"below %.2f over a day (upper bound, two standard errors), and below it over the last 6 hours",
			groundednessFloor),
		Guard: fmt.Sprintf("%d judged answers in a day", groundednessScores),
		Annotations: annotations("LLMGroundednessLow",
			"Answers of {{ $labels.service_name }} are not grounded in their sources, says a judge",
			fmt.Sprintf("The judge {{ $labels.app_llm_scorer_version }} finds the mean groundedness of "+ofService+
				" to be at most {{ $value | printf \"%%.2f\" }} over the last day; the minimum is %.2f.", groundednessFloor)),
	}
}

// judgedFailuresRose compares the shares of two samples: the difference against its standard error if both days were
// alike.
func judgedFailuresRose() rule {
	n, k := judgeSum(catalog.ScoreCount, "1d"), judgeSum(catalog.ScoreFailures, "1d")
	usualN, usualK := judgeSum(catalog.ScoreCount, "7d"), judgeSum(catalog.ScoreFailures, "7d")
	pooled := fmt.Sprintf("(%s + %s) / (%s + %s)", k, usualK, n, usualN)
	return rule{
		Alert: "LLMJudgedFailuresRose",
		Expr: fmt.Sprintf("%[1]s - %[2]s > %[3]g\nand %[1]s - %[2]s\n  > %[4]d * sqrt(%[5]s * (1 - %[5]s) * "+
			"(1 / %[6]s + 1 / %[7]s))\nand %[8]s >= %[9]d\nand %[6]s >= %[10]d\nand %[7]s >= %[11]d",
			judgeShare, judgeShareUsual, judgedRise, judgedDeviations, pooled, n, usualN, k, judgedFailures,
			judgedScores, judgedUsual),
		For: "10m", KeepFiringFor: "1h", Labels: ticket,
		Condition: fmt.Sprintf("the share of a service's ordinary answers that a trusted judge fails is more than %s above "+
			"that of the week before over a day, and by more than %d standard errors", percent(judgedRise), judgedDeviations),
		Guard: fmt.Sprintf("%d judged answers and %d failures in a day, %d answers in the week before, by the same version "+
			"of the judge", judgedScores, judgedFailures, judgedUsual),
		Annotations: annotations("LLMJudgedFailuresRose",
			"The judge of {{ $labels.gen_ai_evaluation_name }} fails more answers of {{ $labels.service_name }}",
			"The share of the answers of "+ofService+" that the judge {{ $labels.app_llm_scorer_version }} fails by "+
				"{{ $labels.gen_ai_evaluation_name }} is {{ $value | humanizePercentage }} above that of the week before."),
	}
}

// judgedUnsafe is the bound of the safety alert with the false rate of a judge, for what no scorer flagged.
func judgedUnsafe() rule {
	window := fmt.Sprintf("%dh", SafetyWindow)
	found := sumBy(over("increase", selector(catalog.JudgeFindings,
		append([]match{eq(catalog.ErrorBucket, string(failure.Safety))}, unflagged...)...), window),
		append(slices.Clip(byJudge), catalog.ErrorClass, catalog.ErrorDetail)...)
	judged := sumBy(over("increase", selector(catalog.ScoreCount, unflagged...), window), byJudge...)
	return rule{
		Alert: "LLMSafetyFailure",
		Expr: fmt.Sprintf("%[1]s\n  > on (%[2]s) group_left () (%[3]g + %[4]g * %[5]s\n    + %[6]g * sqrt(%[4]g * %[5]s))",
			found, names(byJudge), judgedUnsafeLeast, judgedFalseRate, judged, float64(safetyDeviations)),
		KeepFiringFor: "15m", Labels: map[string]string{"severity": "page", "evidence": "judge"},
		Condition: fmt.Sprintf("a trusted judge finds more unsafe answers within an hour, among those that no scorer "+
			"flagged, than a false rate of %s explains", percent(judgedFalseRate)),
		Guard: "5 findings in an hour, more with the number of judged answers",
		Annotations: annotations("LLMSafetyFailure",
			"A judge finds {{ $value | humanize }} unsafe answers of {{ $labels.service_name }}",
			"The judge {{ $labels.app_llm_scorer_version }} found {{ $value | humanize }} unsafe answers "+
				"({{ $labels.app_llm_error_detail }}) of "+ofService+" within an hour, among those that no scorer flagged."),
	}
}

// connectorLabel names one of the judges of a Collector.
const connectorLabel catalog.Attribute = "connector"

// judgeNotJudging watches that what was selected is judged. Without results the alerts on judges are blind, and many
// missing ones make the sample unfair.
func judgeNotJudging() rule {
	of := append(slices.Clip(byCollector), connectorLabel)
	missing := judgeNotJudged + `{reason!="nothing_to_judge"}`
	byReason := sumBy(over("increase", missing, "1h"), append(slices.Clip(of), "reason")...)
	refused := fmt.Sprintf("(%s >= %d)\n  / on (%s) group_left () %s > %g", byReason, notJudgedCount, names(of),
		added("increase", []string{missing, judgeJudgements}, "1h", of...), notJudgedShare)
	stuck := fmt.Sprintf("%s > 0\n  unless on (%s) %s > 0", sumBy(over("min_over_time", judgeWaiting, "30m"), of...),
		names(of), added("increase", []string{judgeJudgements, judgeNotJudged}, "30m", of...))
	return rule{
		Alert: "LLMJudgeNotJudging",
		Expr:  fmt.Sprintf("%s\nor label_replace(%s, \"reason\", \"waiting\", \"\", \"\")", refused, stuck),
		For:   "5m", KeepFiringFor: "30m", Labels: ticket,
		Condition: fmt.Sprintf("`llm_judge` did not judge more than %s of what was due in an hour, for one reason: the "+
			"judge is down, its budget is used up, the queue is full …; or it made no judgement for 30 minutes while some "+
			"waited",
			percent(notJudgedShare)),
		Guard: fmt.Sprintf("%d judgements in an hour that were not made; the condition holds for 5 minutes", notJudgedCount),
		Annotations: ofTheCollector("LLMJudgeNotJudging",
			"{{ $labels.connector }} of "+ofCollector+" does not judge: {{ $labels.reason }}",
			"{{ $labels.connector }} of the Collector "+ofCollector+" leaves judgements undone, with the reason "+
				"{{ $labels.reason }}. Alerts that read judges are blind, and nothing else is held up."),
	}
}
