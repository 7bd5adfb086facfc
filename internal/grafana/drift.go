package grafana

import (
	"fmt"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/drift"
)

// Scores are judged at three levels: all of a scorer's of a service, those of one prompt, those of one version of it. Each level's series lack
// the labels of the ones below, so that all levels stand under one name. Versions of a scorer are never mixed: their scores are others.
var (
	scoreOfService = []catalog.Attribute{catalog.Environment, catalog.ServiceName, catalog.Evaluation, catalog.ScorerVersion}
	scoreOfPrompt  = append(scoreOfService[:4:4], catalog.PromptName)
	scoreOfVersion = append(scoreOfPrompt[:5:5], catalog.PromptVersion)
)

// The recorded names. What is "own" comes from the series itself; what is judged by comes from its parent as long as it is young.
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

// missedEvaluations is how long what was recorded last holds on, so that two evaluations can fail; after more the sums begin at 0 again, which
// is late and never false.
var missedEvaluations = promDuration(3*drift.Bin + time.Minute)

// scoreDrift is the detector of internal/drift as recording rules, for any number of replicas: counters add up, and what it remembers is in
// Prometheus. It differs in one thing: its usual mean is one number for all hours of the day. The interval is part of the arithmetic, since
// a bin must be added once.
func scoreDrift() ruleGroup {
	g := ruleGroup{Name: "faultline.drift", Interval: promDuration(drift.Bin)}
	record := func(name, expr string) { g.Rules = append(g.Rules, rule{Record: name, Expr: expr}) }

	// Scores of traffic that something had flagged are left out: they fall when more is flagged.
	unbiased := match{catalog.Stratum, "=~", "|random"}
	record(versionCount5m, sumBy(inBin(selector(catalog.ScoreCount, unbiased)), scoreOfVersion...))
	record(versionSum5m, sumBy(inBin(selector(catalog.ScoreSum, unbiased)), scoreOfVersion...))
	record(scoreCount5m, ofEachLevel(versionCount5m))
	record(scoreSum5m, ofEachLevel(versionSum5m))
	record(scoreMeanOwn, fmt.Sprintf("%s\n  / (%s > %d)", usually("sum", scoreSum5m), usually("sum", scoreCount5m), drift.MinScores))
	record(scoreMean, ofParentWhileYounger(scoreMeanOwn, drift.Week))
	record(scoreMissing, fmt.Sprintf("%s * %s - %s", scoreCount5m, scoreMean, scoreSum5m))
	for _, s := range []drift.Speed{drift.Slow, drift.Fast} {
		block := promDuration(s.Block)
		record(fmt.Sprintf(scoreBlock, block), fmt.Sprintf("%s ^ 2\n  / (%s > %d)",
			over("sum_over_time", scoreMissing, block), over("sum_over_time", scoreCount5m, block), drift.MinBlockScores))
		step := fmt.Sprintf("clamp_max(\n  (%s - %g * %s)\n    * %g / ignoring (%s) %s,\n  %d\n) / %g",
			scoreMissing, s.Drop/2, scoreCount5m, s.Drop, catalog.DriftSpeed.Label(), at(s, scoreNoise), drift.StepCap, s.Threshold)
		level := fmt.Sprintf("clamp(\n  %[1]s + %[2]s\n  or %[2]s,\n  0, %[3]g / %[4]g\n)",
			over("last_over_time", at(s, scoreDriftLevel), missedEvaluations), at(s, scoreDriftStep), s.Ceiling(), s.Threshold)
		g.Rules = append(g.Rules,
			ofSpeed(s, scoreNoiseBlocks, blockNoise(s)),
			ofSpeed(s, scoreNoiseOwn, ownNoise(s)),
			// Blocks of the first week were measured against the parent's mean, so they count as the series' own a week later than its mean does.
			ofSpeed(s, scoreNoise, ofParentWhileYounger(at(s, scoreNoiseOwn), 2*drift.Week)),
			ofSpeed(s, scoreDriftStep, step),
			ofSpeed(s, scoreDriftLevel, level))
	}
	record(scoreDetectable, fmt.Sprintf("clamp_max(sqrt(\n  %d * %s\n    / ignoring (%s) (%s > 0)\n), 1)",
		drift.Evidence, at(drift.Slow, scoreNoise), catalog.DriftSpeed.Label(), over("sum_over_time", scoreCount5m, "1h")))

	g.Rules = append(g.Rules,
		scoresFell(drift.Slow, "ticket", "by a few points, and for good"),
		scoresFell(drift.Fast, "page", "sharply"))
	return g
}

// ofEachLevel adds up versions for each level. Where a label is absent a level is the same series as the one above it, which stands first and
// holds more.
func ofEachLevel(ofVersions string) string {
	return strings.Join([]string{sumBy(ofVersions, scoreOfService...), sumBy(ofVersions, scoreOfPrompt...), ofVersions}, "\nor ")
}

// inBin is what a counter rose by in a bin. Differences add up to the whole, whenever it was scraped; increase() would leave out what lies
// between bins, and make up for it by a guess that is noise: a tenth at a scrape every half minute. It steps in where the counter began anew.
func inBin(counter string) string {
	bin := promDuration(drift.Bin)
	return fmt.Sprintf("\n  (%[1]s - %[1]s offset %[2]s\n    unless resets(%[1]s[%[3]s]) > 0)\n  or increase(%[1]s[%[2]s])\n", counter, bin, promDuration(2*drift.Bin))
}

// usually is a function over the week that ended before the guard.
func usually(function, recorded string) string {
	return fmt.Sprintf("%s_over_time(%s[%s] offset %s)", function, recorded, promDuration(drift.Week), promDuration(drift.Guard))
}

// ofParentWhileYounger is what was recorded of the series itself, and as long as it is younger than that, of all versions of its prompt.
func ofParentWhileYounger(own string, age time.Duration) string {
	parent := strings.TrimSuffix(own, "}")
	if parent == own {
		parent += "{"
	} else {
		parent += ","
	}
	parent += catalog.PromptVersion.Label() + `=""}`
	return fmt.Sprintf("(%[1]s\n  and ignoring (%[5]s) last_over_time(%[2]s[%[3]s] offset %[4]s))\nor ignoring (%[5]s) (%[2]s * 0 + on (%[6]s) group_left () %[7]s)",
		own, scoreCount5m, missedEvaluations, promDuration(age), catalog.DriftSpeed.Label(), names(scoreOfPrompt), parent)
}

// blockNoise is the variance a score over blocks, where there are enough of them.
func blockNoise(s drift.Speed) string {
	blocks := fmt.Sprintf(scoreBlock, promDuration(s.Block))
	return fmt.Sprintf("%s\nand %s >= %d", usually("avg", blocks), usually("count", blocks), int64(drift.MinBlocks*s.Block/drift.Bin))
}

// ownNoise is no less than that of scores which are 0 or 1. The fast sum takes the slow one's where hours have too few scores.
func ownNoise(s drift.Speed) string {
	measured, speed := at(s, scoreNoiseBlocks), catalog.DriftSpeed.Label()
	known := fmt.Sprintf("clamp_min(\n  %[1]s > ignoring (%[2]s) %[3]s * (1 - %[3]s)\n  or ignoring (%[2]s) (%[3]s * (1 - %[3]s) and ignoring (%[2]s) %[1]s),\n  %[4]g\n)",
		measured, speed, scoreMean, drift.MinVariance)
	if s.Name == drift.Slow.Name {
		return known
	}
	slow := at(drift.Slow, scoreNoiseOwn)
	return fmt.Sprintf("%s\nand ignoring (%s) %s\nor ignoring (%s) %s", known, speed, slow, speed, slow)
}

// ofSpeed records under the name of a speed.
func ofSpeed(s drift.Speed, name, expr string) rule {
	return rule{Record: name, Expr: expr, Labels: map[string]string{catalog.DriftSpeed.Label(): s.Name}}
}

// at is what was recorded so.
func at(s drift.Speed, name string) string {
	return fmt.Sprintf("%s{%s=%q}", name, catalog.DriftSpeed.Label(), s.Name)
}

func scoresFell(s drift.Speed, severity, how string) rule {
	block := promDuration(drift.Slow.Block)
	return rule{
		Alert: "LLMScoreDrift",
		// A version that is gone has no scores that could rise again.
		Expr: fmt.Sprintf("%s >= 1\nand ignoring (%s) %s > %d", at(s, scoreDriftLevel), catalog.DriftSpeed.Label(),
			over("sum_over_time", scoreCount5m, block), drift.MinBlockScores),
		KeepFiringFor: "30m",
		Labels:        map[string]string{"severity": severity},
		Condition:     fmt.Sprintf("the scores of a scorer fell %s: the %s sum (made for a fall of %g points) is at its threshold", how, s.Name, 100*s.Drop),
		Guard:         fmt.Sprintf("%d scores in the week that is the usual, %d blocks of noise, more than %d scores in %s", drift.MinScores, drift.MinBlocks, drift.MinBlockScores, block),
		Annotations: annotations("LLMScoreDrift",
			"{{ $labels.gen_ai_evaluation_name }} of {{ $labels.service_name }} fell "+how,
			fmt.Sprintf("Scores of {{ $labels.gen_ai_evaluation_name }} in "+ofService+ofPrompt+" fell, and it is no noise: {{ $value | humanize }} of the threshold of the detector for falls of %g points.", 100*s.Drop)),
	}
}

// promDuration writes a time as Prometheus does.
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
