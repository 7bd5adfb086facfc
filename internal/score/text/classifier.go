// Package text holds the text classifiers: refusals, jailbreaks, prompt injections, toxicity and degenerate answers.
// Each is a small model with embedded weights, or a hand-made measure. All share the words that are read once for a
// call, look at a bounded part of a text, allocate nothing and use no network. docs/models.md describes the training
// data, the accuracy and the limits of each.
package text

import (
	"cmp"
	"fmt"
	"math"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// Config holds the settings that all classifiers share.
type Config struct {
	// FailBelow is the score (0 bad, 1 good) below which the call fails. nil is the default, at which the rate of false
	// positives was measured.
	FailBelow *float64 `yaml:"fail_below"`
}

// failBelow is the default: the models are shifted so that they operate at even odds.
const failBelow = 0.5

// classifier is the common part of all scorers of this package.
type classifier struct {
	name, version string
	failBelow     float64
}

// newClassifier checks the settings. The version covers everything that decides: the weights, the rules around them
// and the threshold.
func newClassifier(name, version string, config Config) (classifier, error) {
	c := classifier{name: name, version: version, failBelow: failBelow}
	if config.FailBelow != nil {
		c.failBelow = *config.FailBelow
		if !(c.failBelow >= 0 && c.failBelow <= 1) { // NaN too
			return c, fmt.Errorf("fail_below must be between 0 and 1, got %v", *config.FailBelow)
		}
		if c.failBelow != failBelow {
			c.version += fmt.Sprintf("-%g", c.failBelow)
		}
	}
	return c, nil
}

// Name is the scorer's name.
func (c *classifier) Name() string { return c.name }

// Version changes whenever the same call could get another score.
func (c *classifier) Version() string { return c.version }

// FailBelow is the threshold of the score.
func (c *classifier) FailBelow() float64 { return c.failBelow }

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

func (c *classifier) fails(margin float32) bool { return value(margin) < c.failBelow }

// conclude adds the score of a verdict, and its finding if the call fails.
func (c *classifier) conclude(s score.Scorer, v verdict, r *score.Result) {
	if !v.seen {
		return
	}
	result := value(v.margin)
	failed := result < c.failBelow
	r.Add(s, result, failed)
	if failed {
		v.finding.Scorer = c.name
		v.finding.Where = cmp.Or(v.finding.Where, v.finding.Detail)
		r.Find(v.finding)
	}
}

// answered reports whether this is a model call with an answer.
func answered(c *genai.Call) bool { return !c.Error.IsError && c.IsLLMCall() }
