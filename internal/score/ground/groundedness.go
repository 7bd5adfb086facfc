package ground

import (
	_ "embed"
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/language"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/words"
)

// GroundednessName is the key of the scorer in the scorer file.
const GroundednessName = "groundedness"

// Config holds the settings of both scorers.
type Config = score.LevelConfig

// The default levels of groundedness. Below the first a call fails, below the second it is a case for a judge.
const (
	groundedFailBelow    = 0.24
	GroundedSuspectBelow = 0.3
	SuspectMargin        = 0.8473 // the second as log-odds
)

// scorer is the common part of both scorers.
type scorer struct {
	name, version string
	levels        score.Levels
	level         float64 // the default of levels.FailBelow
	forest        *Forest
}

// newScorer checks the settings. The version covers everything that decides: the rules around the weights, the weights
// and the threshold.
func newScorer(name, rules string, file []byte, features int, levels score.Levels, config Config) (scorer, error) {
	forest, err := unmarshal(file, features)
	s := scorer{
		name: name, version: rules + "-" + forestVersion(file), level: levels.FailBelow, forest: forest,
	}
	if err != nil {
		return s, err
	}
	var suffix string
	s.levels, suffix, err = config.Apply(levels)
	s.version += suffix
	return s, err
}

// Name is the scorer's name.
func (s *scorer) Name() string { return s.name }

// Version changes whenever the same call could get another score.
func (s *scorer) Version() string { return s.version }

// Levels are the thresholds of the score.
func (s *scorer) Levels() score.Levels { return s.levels }

// grade turns a margin into a score. Scores that fail by default need more than a margin: the rules of a verdict must
// hold too. They add to the margin.
func (s *scorer) grade(margin float32, certain bool, add float32) float64 {
	if certain {
		return value(margin + add)
	}
	return max(value(margin), s.level)
}

// value turns a margin into a score.
func value(margin float32) float64 {
	const precision = 1e4
	return math.Round(precision/(1+math.Exp(float64(margin)))) / precision
}

// Groundedness finds answers with statements that are not in their sources: the documents and tool results of the call.
type Groundedness struct{ scorer }

//go:embed weights/groundedness.flf
var groundednessFile []byte

// DefaultLevels returns the levels of a scorer of this package without settings.
func DefaultLevels(name string) score.Levels {
	if name == RelevanceName {
		return score.Levels{FailBelow: relevantFailBelow, SuspectBelow: RelevantSuspectBelow}
	}
	return score.Levels{FailBelow: groundedFailBelow, SuspectBelow: GroundedSuspectBelow}
}

// NewGroundedness makes the scorer.
func NewGroundedness(config Config) (*Groundedness, error) {
	levels := DefaultLevels(GroundednessName)
	s, err := newScorer(GroundednessName, "2", groundednessFile, GroundedFeatures, levels, config)
	return &Groundedness{s}, err
}

// Memory for the features of one answer.
var (
	features     = sync.Pool{New: func() any { return new([GroundedFeatures]float32) }}
	relevantPool = sync.Pool{New: func() any { return new([RelevantFeatures]float32) }}
)

// maxQuote is the length of the quoted sentence, in bytes.
const maxQuote = 120

// Score compares each answer with all sources of the call. It adds no score without sources, with too few words, or if
// the answer is in another language than its sources.
func (s *Groundedness) Score(c *genai.Call, r *score.Result) {
	if c.Error.IsError || !c.IsLLMCall() || !answers(c) {
		return
	}
	o := NewOverlap()
	defer o.Release()
	sources(c, func(text string) { o.Add(r.SharedWords(text)) })
	if len(o.texts) == 0 {
		r.Skip(s, score.NoSources, "")
		return
	}
	if !o.Prose() {
		return
	}
	if asked := c.Question(); asked != "" {
		o.Ask(r.SharedWords(asked))
	}
	f := features.Get().(*[GroundedFeatures]float32) //nolint:forcetypeassert // the pool holds nothing else
	defer features.Put(f)
	worst, seen := 1.0, false
	var finding failure.Finding
	output := c.Output()
	for i := range output {
		if output[i].Text == "" || len(output[i].ToolCalls) > 0 {
			continue
		}
		t := r.Words(output[i].Text)
		if !o.grounded(t, f, len(output) == 1) {
			continue
		}
		v := value(s.forest.Margin(f[:]))
		if v < max(GroundedSuspectBelow, s.levels.SuspectBelow) { // rare, so this may take its time
			if translated(o, t) {
				continue
			}
			var found failure.Finding
			if v, found = s.again(c, r, t, f); v < worst {
				finding = found
			}
		}
		worst, seen = min(worst, v), true
	}
	if !seen {
		return
	}
	if r.Judge(s, worst, s.levels) {
		r.Find(finding)
	}
}

// again compares an answer that leaves its documents with all that the call holds: the prompts too. The finding is
// for a score that fails.
func (s *Groundedness) again(
	c *genai.Call, r *score.Result, t *words.Text, f *[GroundedFeatures]float32,
) (float64, failure.Finding) {
	o := NewOverlap()
	defer o.Release()
	sources(c, func(text string) { o.Add(r.SharedWords(text)) })
	asked := c.Question()
	if asked != "" {
		o.Ask(r.SharedWords(asked))
	}
	prompts(c, func(text string) {
		if text != asked {
			o.Add(r.SharedWords(text))
		}
	})
	if !o.grounded(t, f, false) {
		return 1, failure.Finding{}
	}
	v := s.grade(s.forest.Margin(f[:]), !c.ContentTruncated && off(o, t, f), 0)
	if v >= s.levels.FailBelow {
		return v, failure.Finding{}
	}
	at := o.farthest
	sentence := t.Of(t.Words[at.from:at.upto])
	start := t.Words[at.from].Start
	return v, failure.Finding{
		Class: failure.Hallucination, Detail: failure.Ungrounded, Scorer: s.name, Where: failure.Ungrounded,
		Evidence: fmt.Sprintf(
			"%.0f %% of the answer's own words, common ones aside, are in no document, tool result or prompt of the call: "+
				"sentence %d, bytes %d to %d", 100*f[novelContent], at.number, start, int(start)+len(sentence)),
		Excerpt: clip.Text(sentence, maxQuote),
	}
}

// The rules of a verdict: nearly all of an answer of some length is new.
const (
	minOwn   = 10 // words
	minNovel = 0.9
)

// off reports whether an answer is nearly all off its sources, which were read in full and are in its language.
func off(o *Overlap, t *words.Text, f *[GroundedFeatures]float32) bool {
	if o.cut || t.Cut || f[novelContent] < minNovel || f[novelPairs] < minNovel || f[length] < logarithm(minOwn) {
		return false
	}
	votes := language.Count(t)
	to := votes.Best(minQuestionVotes)
	if to == language.Unknown {
		return false
	}
	for _, source := range o.texts {
		votes := language.Count(source)
		if votes.Best(minQuestionVotes) == to {
			return true
		}
	}
	return false
}

// translated reports whether an answer is in another language than every source whose language shows.
func translated(o *Overlap, t *words.Text) bool {
	answered := language.Count(t)
	to := answered.Best(minQuestionVotes)
	if to == language.Unknown {
		return false
	}
	seen := false
	for _, source := range o.texts {
		votes := language.Count(source)
		if from := votes.Best(minQuestionVotes); from != language.Unknown {
			if language.Related(from, to) || !answered.Clear(to, from) {
				return false
			}
			seen = true
		}
	}
	return seen
}

// answers reports whether a call has an answer in words.
func answers(c *genai.Call) bool {
	output := c.Output()
	for i := range output {
		if output[i].Text != "" && len(output[i].ToolCalls) == 0 {
			return true
		}
	}
	return false
}

// marks start the documents in a prompt that contains them.
var marks = []string{
	"<context>", "<documents>", "<document", "Context:", "CONTEXT:", "Documents:", "Sources:", "Passage:", "Retrieved",
	"### Context",
}

// minPasted is the least length of a prompt with documents, in bytes.
const minPasted = 400

// sources calls each with every text that should support the answer: retrieved documents, tool results, and prompts
// that contain documents after one of the marks.
func sources(c *genai.Call, each func(string)) {
	give := func(text string) {
		if text != "" {
			each(text)
		}
	}
	documents := c.Retrieval().Documents
	for i := range documents {
		give(documents[i].Content)
	}
	input := c.Input()
	for i := range input {
		m := &input[i]
		for k := range m.ToolResults {
			give(m.ToolResults[k].Result.Text)
		}
		if m.Role == genai.RoleTool || m.Role == genai.RoleUser && pasted(m.Text) {
			give(m.Text)
		}
	}
	if pasted(c.System()) {
		give(c.System())
	}
}

// prompts calls each with every text of the application and the user. They support an answer, but by themselves they
// are no reason to expect that it keeps to them.
func prompts(c *genai.Call, each func(string)) {
	if system := c.System(); system != "" && !pasted(system) {
		each(system)
	}
	input := c.Input()
	for i := range input {
		m := &input[i]
		if m.Text != "" && (m.Role == genai.RoleSystem || m.Role == genai.RoleUser && !pasted(m.Text)) {
			each(m.Text)
		}
	}
}

func pasted(prompt string) bool {
	if len(prompt) < minPasted {
		return false
	}
	for _, mark := range marks {
		if strings.Contains(prompt, mark) {
			return true
		}
	}
	return false
}
