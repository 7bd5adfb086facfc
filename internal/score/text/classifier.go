// Package text holds the text classifiers: refusals, jailbreaks, prompt injections, toxicity and degenerate answers.
// Each is a small model with embedded weights, or a hand-made measure. All share the words that are read once for a
// call, look at a bounded part of a text, allocate nothing and use no network. docs/models.md describes the training
// data, the accuracy and the limits of each.
package text

import (
	"cmp"
	"fmt"
	"math"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/words"
)

// Config holds the settings that all classifiers share.
type Config = score.LevelConfig

// The default thresholds. The models are shifted and stretched so that verdicts begin at even odds, and suspicions at a
// score that is the same for all.
const (
	failBelow = 0.5
	// DefaultSuspect is the score below which a call is a suspicion: weak evidence, which is no failure. Below failBelow,
	// at most 1 in 10,000 ordinary calls have a score; below this one, 5 in 1,000.
	DefaultSuspect = 0.8
)

// SuspectMargin is how far below a verdict the suspicions begin, as log-odds.
const SuspectMargin = 1.3862944 // ln 4: the score DefaultSuspect

// levelsOf are the levels of the scorers without settings. A scorer that is not listed has no suspicions.
var levelsOf = map[string]score.Levels{
	RefusalName:   {FailBelow: failBelow, SuspectBelow: DefaultSuspect},
	ToxicityName:  {FailBelow: failBelow, SuspectBelow: DefaultSuspect},
	JailbreakName: {FailBelow: failBelow, SuspectBelow: DefaultSuspect},
	InjectionName: {FailBelow: failBelow, SuspectBelow: DefaultSuspect},
}

// DefaultLevels returns the levels of a scorer of this package without settings.
func DefaultLevels(name string) score.Levels {
	if l, ok := levelsOf[name]; ok {
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
	levels, suffix, err := config.Apply(DefaultLevels(name))
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
	place   place
	reading place // of the text that is being read
}

// place says where the passage is that decided.
type place struct {
	what       string // kind of message, "" if it is not told
	index      int
	from, upto int // bytes
}

// answerPlace is the place of a message of the answer.
func answerPlace(index int) place { return place{what: "output", index: index} }

// promptPlace is the place of a message of the prompt, from 1 on, or of a text that is no message for 0.
func promptPlace(number int) place {
	if number == 0 {
		return place{}
	}
	return place{what: "input", index: number}
}

func (p place) String() string {
	if p.what == "" {
		return fmt.Sprintf(" (bytes %d to %d)", p.from, p.upto)
	}
	return fmt.Sprintf(" (%s message %d, bytes %d to %d)", p.what, p.index, p.from, p.upto)
}

// show keeps the passage that decided.
func (v *verdict) show(at place, t *words.Text, passage []words.Word) {
	v.finding.Excerpt, v.place = t.Of(passage), at
	if len(passage) > 0 {
		v.place.from, v.place.upto = int(passage[0].Start), int(passage[len(passage)-1].End)
	}
}

// maxQuote bounds the quoted passage, in bytes.
const maxQuote = 120

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
		v.finding.Excerpt = clip.Text(v.finding.Excerpt, maxQuote)
		if v.place.upto > 0 {
			v.finding.Evidence += v.place.String()
		}
		v.finding.Where = cmp.Or(v.finding.Where, v.finding.Detail)
		r.Find(v.finding)
	}
}

// answered reports whether this is a model call with an answer.
func answered(c *genai.Call) bool { return !c.Error.IsError && c.IsLLMCall() }
