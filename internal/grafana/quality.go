package grafana

import (
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// unbiased leaves out scores of traffic that was sampled because something may be wrong with it, trusted those of
// judges that were not compared with people.
var (
	unbiased = match{catalog.Stratum, "!~", "flagged|suspect"}
	trusted  = match{catalog.Trusted, "!=", "false"}
)

// grounded is the scorer whose mean has a minimum.
const grounded = "groundedness"

// quality watches the level of scores. The drift rules watch changes.
func quality() ruleGroup {
	g := ruleGroup{Name: "faultline.quality", Interval: "1m"}
	// Scores of different scorer versions are not comparable, and scores of flagged traffic are lower by design.
	scores := func(m *catalog.Metric) string {
		return selector(m, eq(catalog.Evaluation, grounded), unbiased, trusted)
	}
	for _, level := range groundednessLevels {
		for _, m := range []*catalog.Metric{catalog.ScoreCount, catalog.ScoreSum, catalog.ScoreSumSq} {
			g.Rules = append(
				g.Rules,
				rule{Record: level.of(m, "1h"), Expr: sumBy(over("increase", scores(m), "1h"), level.by...)},
			)
		}
		for _, m := range []*catalog.Metric{catalog.ScoreCount, catalog.ScoreSum} {
			g.Rules = append(
				g.Rules,
				rule{Record: level.of(m, "15m"), Expr: sumBy(over("increase", scores(m), "15m"), level.by...)},
			)
		}
		g.Rules = append(g.Rules, rule{
			Record: level.upper(),
			Expr: upperBound(
				level.of(catalog.ScoreCount, "1h"),
				level.of(catalog.ScoreSum, "1h"),
				level.of(catalog.ScoreSumSq, "1h"),
			),
		})
	}
	g.Rules = append(g.Rules, groundednessLow())
	return g
}

// scoreLevel is a level at which scores are averaged: a whole service, or one prompt version.
type scoreLevel struct {
	name string
	by   []catalog.Attribute
}

var (
	serviceScores = scoreLevel{"service", append(slices.Clip(byService), catalog.Evaluation, catalog.ScorerVersion)}
	promptScores  = scoreLevel{"prompt", append(slices.Clip(byPrompt), catalog.Evaluation, catalog.ScorerVersion)}

	groundednessLevels = []scoreLevel{promptScores, serviceScores}
)

// of is the name of a recorded sum of scores.
func (l scoreLevel) of(m *catalog.Metric, window string) string {
	return fmt.Sprintf("%s:%s:increase%s", l.name, underscored(m), window)
}

// upper is the name of the recorded upper bound of the mean of an hour.
func (l scoreLevel) upper() string { return l.name + ":llm_score_mean:upper_bound1h" }

// below is true where the upper bound of the mean is below the floor over an hour, and the mean still is over the last
// 15 minutes.
func (l scoreLevel) below(floor float64) string {
	return fmt.Sprintf("(%s < %g\n  and %s / %s < %g\n  and %s >= %d)",
		l.upper(), floor, l.of(catalog.ScoreSum, "15m"), l.of(catalog.ScoreCount, "15m"), floor,
		l.of(catalog.ScoreCount, "1h"), groundednessScores)
}

func groundednessLow() rule {
	byPromptVersion := promptScores.below(groundednessFloor)
	return rule{
		Alert: "LLMGroundednessLow",
		// If no prompt version has enough scores alone, all versions together can have enough.
		Expr: fmt.Sprintf("%s\nor (\n%s\nunless on (%s) %s\n)", byPromptVersion, serviceScores.below(groundednessFloor),
			names(serviceScores.by), byPromptVersion),
		For: "5m", KeepFiringFor: "15m", Labels: page,
		Condition: fmt.Sprintf("the mean groundedness of a prompt version or of the whole service is significantly "+
			"below %.2f over an hour (upper bound, two standard errors), and below it over the last 15 minutes",
			groundednessFloor),
		Guard: fmt.Sprintf("%d scores in an hour", groundednessScores),
		Annotations: annotations("LLMGroundednessLow",
			"Answers of {{ $labels.service_name }} are not grounded in their sources",
			fmt.Sprintf("The mean groundedness of "+ofService+ofPrompt+
				" is at most {{ $value | printf \"%%.2f\" }} over the last hour; the minimum is %.2f.",
				groundednessFloor),
			fmt.Sprintf("span.app.llm.score.%s < %g", grounded, groundednessFloor)),
	}
}
