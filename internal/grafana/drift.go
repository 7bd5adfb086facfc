package grafana

import (
	"fmt"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/drift"
)

// Drift is computed at three levels: all scores of a scorer in a service, scores of one prompt, and scores of one
// prompt version. The series of a level lack the labels of lower levels, so all levels share one name. Scores of
// different scorer versions are never mixed, because they are not comparable.
var (
	scoreOfService = []catalog.Attribute{
		catalog.Environment,
		catalog.ServiceName,
		catalog.Evaluation,
		catalog.ScorerVersion,
	}
	scoreOfPrompt  = append(scoreOfService[:4:4], catalog.PromptName)
	scoreOfVersion = append(scoreOfPrompt[:5:5], catalog.PromptVersion)
)

// Names of recorded series. "own" values come from the series itself. "usual" values come from the parent while the
// series is young.
const (
	versionCount5m   = "version:llm_score_count:increase5m"
	versionSum5m     = "version:llm_score_sum:increase5m"
	scoreCount5m     = "evaluation:llm_score_count:increase5m"
	scoreSum5m       = "evaluation:llm_score_sum:increase5m"
	scoreMeanOwn     = "evaluation:llm_score_mean:own7d"
	scoreMean        = "evaluation:llm_score_mean:usual7d"
	scoreMissing     = "evaluation:llm_score_missing:5m"
	scoreBlock       = "evaluation:llm_score_missing_square:mean_%s" // by speed
	scoreNoiseBlocks = "evaluation:llm_score_variance:measured7d"    // by speed
	scoreNoiseOwn    = "evaluation:llm_score_variance:own7d"         // by speed
	scoreNoise       = "evaluation:llm_score_variance:usual7d"       // by speed
	scoreDriftStep   = "evaluation:llm_score_drift:step5m"           // by speed
	scoreDriftLevel  = "evaluation:llm_score_drift:thresholds"       // by speed
	scoreDetectable  = "evaluation:llm_score_detectable_drop:1h"
)

// missedEvaluations is how long the last recorded value stays valid: two evaluations can fail. After more the sums
// restart at 0, which delays an alarm but never raises a false one.
var missedEvaluations = promDuration(3*drift.Bin + time.Minute)

// scoreDrift implements the detector of internal/drift as recording rules. They work for any number of replicas,
// because counters add up and the state is in Prometheus. One thing differs: the usual mean is a single number for all
// hours of the day. The interval is part of the arithmetic, because each bin must be added once.
func scoreDrift() ruleGroup {
	g := ruleGroup{Name: "faultline.drift", Interval: promDuration(drift.Bin)}
	record := func(name, expr string) { g.Rules = append(g.Rules, rule{Record: name, Expr: expr}) }

	// Scores of flagged traffic are left out: their mean drops when more traffic is flagged.
	record(versionCount5m, sumBy(inBin(selector(catalog.ScoreCount, unbiased, trusted)), scoreOfVersion...))
	record(versionSum5m, sumBy(inBin(selector(catalog.ScoreSum, unbiased, trusted)), scoreOfVersion...))
	record(scoreCount5m, ofEachLevel(versionCount5m))
	record(scoreSum5m, ofEachLevel(versionSum5m))
	record(
		scoreMeanOwn,
		fmt.Sprintf(
			"%s\n  / (%s > %d)",
			overUsualWeek("sum", scoreSum5m),
			overUsualWeek("sum", scoreCount5m),
			drift.MinScores,
		),
	)
	record(scoreMean, ofParentWhileYounger(scoreMeanOwn, drift.Week))
	record(scoreMissing, fmt.Sprintf("%s * %s - %s", scoreCount5m, scoreMean, scoreSum5m))
	for _, s := range []drift.Speed{drift.Slow, drift.Fast} {
		block := promDuration(s.Block)
		record(fmt.Sprintf(scoreBlock, block), fmt.Sprintf(
			"%s ^ 2\n  / (%s > %d)",
			over(
				"sum_over_time",
				scoreMissing,
				block,
			),
			over("sum_over_time", scoreCount5m, block),
			drift.MinBlockScores,
		))
		step := fmt.Sprintf(
			"clamp_max(\n  (%s - %g * %s)\n    * %g / ignoring (%s) %s,\n  %d\n) / %g",
			scoreMissing,
			s.Drop/2,
			scoreCount5m,
			s.Drop,
			catalog.DriftSpeed.Label(),
			at(s, scoreNoise),
			drift.StepCap,
			s.Threshold,
		)
		level := fmt.Sprintf(
			"clamp(\n  %[1]s + %[2]s\n  or %[2]s,\n  0, %[3]g / %[4]g\n)",
			over(
				"last_over_time",
				at(s, scoreDriftLevel),
				missedEvaluations,
			),
			at(s, scoreDriftStep),
			s.Ceiling(),
			s.Threshold,
		)
		g.Rules = append(g.Rules,
			ofSpeed(s, scoreNoiseBlocks, blockNoise(s)),
			ofSpeed(s, scoreNoiseOwn, ownNoise(s)),
			// Blocks of the first week were measured against the parent's mean. So the series' own noise is valid a
			// week later than its mean.
			ofSpeed(s, scoreNoise, ofParentWhileYounger(at(s, scoreNoiseOwn), 2*drift.Week)),
			ofSpeed(s, scoreDriftStep, step),
			ofSpeed(s, scoreDriftLevel, level))
	}
	record(scoreDetectable, fmt.Sprintf(
		"clamp_max(sqrt(\n  %d * %s\n    / ignoring (%s) (%s > 0)\n), 1)",
		drift.Evidence,
		at(drift.Slow, scoreNoise),
		catalog.DriftSpeed.Label(),
		over("sum_over_time", scoreCount5m, "1h"),
	))

	g.Rules = append(g.Rules,
		scoreDriftAlert(drift.Slow, "ticket", "by a few points for hours"),
		scoreDriftAlert(drift.Fast, "page", "sharply"))
	return g
}

// ofEachLevel sums versions for each level. Where a label is absent, a level has the same series as the level above.
// The level above comes first in the expression and wins: it has more scores.
func ofEachLevel(ofVersions string) string {
	return strings.Join(
		[]string{sumBy(ofVersions, scoreOfService...), sumBy(ofVersions, scoreOfPrompt...), ofVersions},
		"\nor ",
	)
}

// inBin is the increase of a counter in a bin. It uses differences, because they add up to the whole whenever the
// counter was scraped. increase() would miss the part between bins and extrapolate it, which adds noise: a tenth of the
// value if the scrape interval is half a minute. increase() is used only where the counter was reset.
func inBin(counter string) string {
	bin := promDuration(drift.Bin)
	return fmt.Sprintf("\n  (%[1]s - %[1]s offset %[2]s\n    unless resets(%[1]s[%[3]s]) > 0)\n  or "+
		"increase(%[1]s[%[2]s])\n", counter, bin, promDuration(2*drift.Bin))
}

// overUsualWeek applies a function over the week that ended before the guard interval.
func overUsualWeek(function, recorded string) string {
	return fmt.Sprintf(
		"%s_over_time(%s[%s] offset %s)",
		function,
		recorded,
		promDuration(drift.Week),
		promDuration(drift.Guard),
	)
}

// ofParentWhileYounger is the recorded value of the series itself. While the series is younger than age, it is the
// value for all versions of its prompt.
func ofParentWhileYounger(own string, age time.Duration) string {
	parent := strings.TrimSuffix(own, "}")
	if parent == own {
		parent += "{"
	} else {
		parent += ","
	}
	parent += catalog.PromptVersion.Label() + `=""}`
	return fmt.Sprintf(
		"(%[1]s\n  and ignoring (%[5]s) last_over_time(%[2]s[%[3]s] offset %[4]s))\nor ignoring "+
			"(%[5]s) (%[2]s * 0 + on (%[6]s) group_left () %[7]s)",
		own,
		scoreCount5m,
		missedEvaluations,
		promDuration(age),
		catalog.DriftSpeed.Label(),
		names(scoreOfPrompt),
		parent,
	)
}

// blockNoise is the variance per score over blocks. It is absent if there are too few blocks.
func blockNoise(s drift.Speed) string {
	blocks := fmt.Sprintf(scoreBlock, promDuration(s.Block))
	return fmt.Sprintf(
		"%s\nand %s >= %d",
		overUsualWeek("avg", blocks),
		overUsualWeek("count", blocks),
		int64(drift.MinBlocks*s.Block/drift.Bin),
	)
}

// ownNoise is at least the variance of scores that are 0 or 1. The fast sum uses the noise of the slow sum where hours
// have too few scores.
func ownNoise(s drift.Speed) string {
	measured, speed := at(s, scoreNoiseBlocks), catalog.DriftSpeed.Label()
	known := fmt.Sprintf("clamp_min(\n  %[1]s > ignoring (%[2]s) %[3]s * (1 - %[3]s)\n  or ignoring (%[2]s) (%[3]s * "+
		"(1 - %[3]s) and ignoring (%[2]s) %[1]s),\n  %[4]g\n)",
		measured, speed, scoreMean, drift.MinVariance)
	if s.Name == drift.Slow.Name {
		return known
	}
	slow := at(drift.Slow, scoreNoiseOwn)
	return fmt.Sprintf("%s\nand ignoring (%s) %s\nor ignoring (%s) %s", known, speed, slow, speed, slow)
}

// ofSpeed records a series with the label of a speed.
func ofSpeed(s drift.Speed, name, expr string) rule {
	return rule{Record: name, Expr: expr, Labels: map[string]string{catalog.DriftSpeed.Label(): s.Name}}
}

// at selects the recorded series of a speed.
func at(s drift.Speed, name string) string {
	return fmt.Sprintf("%s{%s=%q}", name, catalog.DriftSpeed.Label(), s.Name)
}

func scoreDriftAlert(s drift.Speed, severity, how string) rule {
	block := promDuration(drift.Slow.Block)
	return rule{
		Alert: "LLMScoreDrift",
		// A version that is no longer used gets no scores that could clear its alarm.
		Expr: fmt.Sprintf("%s >= 1\nand ignoring (%s) %s > %d", at(s, scoreDriftLevel), catalog.DriftSpeed.Label(),
			over("sum_over_time", scoreCount5m, block), drift.MinBlockScores),
		KeepFiringFor: "30m",
		Labels:        map[string]string{"severity": severity},
		Condition: fmt.Sprintf("the scores of a scorer dropped %s: the %s sum (for drops of %g points) is at its "+
			"alarm threshold",
			how, s.Name, 100*s.Drop),
		Guard: fmt.Sprintf("%d scores in the baseline week, %d blocks to measure the noise, more than %d scores in %s",
			drift.MinScores, drift.MinBlocks, drift.MinBlockScores, block),
		Annotations: annotations("LLMScoreDrift",
			"{{ $labels.gen_ai_evaluation_name }} of {{ $labels.service_name }} dropped "+how,
			fmt.Sprintf("Scores of {{ $labels.gen_ai_evaluation_name }} in "+ofService+ofPrompt+
				" dropped significantly: the statistic for drops of %g points is at {{ $value | humanize }} times "+
				"its alarm threshold.",
				100*s.Drop)),
	}
}

// promDuration formats a duration as Prometheus does.
func promDuration(d time.Duration) string {
	units := []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}}
	var b strings.Builder
	for _, u := range units {
		if n := d / u.length; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d -= n * u.length
		}
	}
	return b.String()
}
