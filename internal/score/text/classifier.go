// Package text is the classifiers of texts: refusals, jailbreaks, prompt injections, toxicity, degenerate answers. Each is a
// small model with its weights embedded, or a measure made by hand; all work on the words that were read once for a call, see
// nothing beyond their byte budget, allocate nothing and ask nobody. docs/models.md tells what each was trained on, what
// it reaches and what it cannot do.
package text

import (
	"cmp"
	"fmt"
	"math"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// Config is the settings that all classifiers share.
type Config struct {
	// FailBelow is the score (0 bad, 1 good) below which the call fails. At the default the rate of false positives was
	// measured; nil is the default.
	FailBelow *float64 `yaml:"fail_below"`
}

// failBelow is the default: models are shifted so that they operate at even odds.
const failBelow = 0.5

// classifier is what all scorers of this package have in common.
type classifier struct {
	name, version string
	failBelow     float64
}

// newClassifier checks the settings. The version names what decides: the weights, the rules around them and the threshold.
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

// verdict is the worst of what a classifier saw in the texts of a call.
type verdict struct {
	margin  float32 // log-odds of the failure, 0 at the operating point
	seen    bool    // whether there was any text
	finding failure.Finding
}

// worse keeps the greater margin, and reports whether that is the new one.
func (v *verdict) worse(margin float32) bool {
	if v.seen && margin <= v.margin {
		return false
	}
	v.margin, v.seen = margin, true
	return true
}

// precision of a score: more digits say nothing, and are read, stored and compared.
const precision = 1e4

// value is the score of a margin.
func value(margin float32) float64 {
	return math.Round(precision/(1+math.Exp(float64(margin)))) / precision
}

func (c *classifier) fails(margin float32) bool { return value(margin) < c.failBelow }

// conclude adds the score of a verdict, and its finding where it fails.
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

// answered reports whether the call is a model's, and was answered: the texts of others are read elsewhere.
func answered(c *genai.Call) bool { return !c.Error.IsError && c.IsLLMCall() }
