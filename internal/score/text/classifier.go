// Package text holds the text classifiers: refusals, jailbreaks, prompt injections, toxicity and degenerate answers.
// Each is a small model with embedded weights, or a hand-made measure. All share the words that are read once for a
// call, look at a bounded part of a text, allocate nothing and use no network. docs/models.md describes the training
// data, the accuracy and the limits of each.
package text

import (
	"cmp"
	"math"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// Config holds the settings that all classifiers share.
type Config = score.LevelConfig

// failBelow is the default: the models are shifted so that they operate at even odds.
const failBelow = 0.5

// defaults are the levels of the scorers without settings. A scorer that is not listed has no suspicions.
var defaults = map[string]score.Levels{}

func defaultLevels(name string) score.Levels {
	if l, ok := defaults[name]; ok {
		return l
	}
	return score.Levels{FailBelow: failBelow, SuspectBelow: failBelow}
}

// classifier is the common part of all scorers of this package.
type classifier struct {
	name, version string
	levels        score.Levels
}

// newClassifier checks the settings. The version covers everything that decides: the weights, the rules around them
// and the threshold.
func newClassifier(name, version string, config Config) (classifier, error) {
	levels, suffix, err := config.Apply(defaultLevels(name))
	return classifier{name: name, version: version + suffix, levels: levels}, err
}

// Name is the scorer's name.
func (c *classifier) Name() string { return c.name }

// Version changes whenever the same call could get another score.
func (c *classifier) Version() string { return c.version }

// Levels are the thresholds of the score.
func (c *classifier) Levels() score.Levels { return c.levels }

// verdict is the worst result among the texts of a call.
type verdict struct {
	margin  float32 // log-odds of a failure, 0 at the operating point
	seen    bool    // whether there was any text
	finding failure.Finding
}

// worse keeps the greater margin, and reports whether that is the new margin.
func (v *verdict) worse(margin float32) bool {
	if v.seen && margin <= v.margin {
		return false
	}
	v.margin, v.seen = margin, true
	return true
}

// precision is the number of steps between 0 and 1. More digits would carry no information, but cost space and time.
const precision = 1e4

// value turns a margin into a score.
func value(margin float32) float64 {
	return math.Round(precision/(1+math.Exp(float64(margin)))) / precision
}

func (c *classifier) fails(margin float32) bool { return value(margin) < c.levels.FailBelow }

// conclude adds the score of a verdict, and its finding if the call fails. A suspicion has no finding.
func (c *classifier) conclude(s score.Scorer, v verdict, r *score.Result) {
	if !v.seen {
		return
	}
	if r.Judge(s, value(v.margin), c.levels) {
		v.finding.Scorer = c.name
		v.finding.Where = cmp.Or(v.finding.Where, v.finding.Detail)
		r.Find(v.finding)
	}
}

// answered reports whether this is a model call with an answer.
func answered(c *genai.Call) bool { return !c.Error.IsError && c.IsLLMCall() }
