package ground

import (
	_ "embed"
	"math"
	"strings"
	"sync"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// GroundednessName is the key of the scorer in the scorer file.
const GroundednessName = "groundedness"

// Config holds the settings of both scorers.
type Config = score.LevelConfig

// The default of groundedness, and the same as log-odds.
const (
	groundedFailBelow = 0.3
	FailMargin        = 0.8473
)

// scorer is the common part of both scorers.
type scorer struct {
	name, version string
	levels        score.Levels
	forest        *Forest
}

// newScorer checks the settings. The version covers everything that decides: the rules around the weights, the weights
// and the threshold.
func newScorer(name, rules string, file []byte, features int, failBelow float64, config Config) (scorer, error) {
	forest, err := unmarshal(file, features)
	s := scorer{name: name, version: rules + "-" + forestVersion(file), forest: forest}
	if err != nil {
		return s, err
	}
	var suffix string
	s.levels, suffix, err = config.Apply(score.Levels{FailBelow: failBelow, SuspectBelow: failBelow})
	s.version += suffix
	return s, err
}

// Name is the scorer's name.
func (s *scorer) Name() string { return s.name }

// Version changes whenever the same call could get another score.
func (s *scorer) Version() string { return s.version }

// Levels are the thresholds of the score.
func (s *scorer) Levels() score.Levels { return s.levels }

// value turns a margin into a score.
func value(margin float32) float64 {
	const precision = 1e4
	return math.Round(precision/(1+math.Exp(float64(margin)))) / precision
}

// Groundedness finds answers with statements that are not in their sources: the documents and tool results of the call.
type Groundedness struct{ scorer }

//go:embed weights/groundedness.flf
var groundednessFile []byte

// NewGroundedness makes the scorer.
func NewGroundedness(config Config) (*Groundedness, error) {
	s, err := newScorer(GroundednessName, "1", groundednessFile, GroundedFeatures, groundedFailBelow, config)
	return &Groundedness{s}, err
}

// Memory for the features of one answer.
var (
	features     = sync.Pool{New: func() any { return new([GroundedFeatures]float32) }}
	relevantPool = sync.Pool{New: func() any { return new([RelevantFeatures]float32) }}
)

// Score compares each answer with all sources of the call. It adds no score without sources or with too few words.
func (s *Groundedness) Score(c *genai.Call, r *score.Result) {
	if c.Error.IsError || !c.IsLLMCall() || !answers(c) {
		return
	}
	o := NewOverlap()
	defer o.Release()
	sources(c, func(text string) { o.Add(r.SharedWords(text)) })
	if !o.Prose() {
		r.Skip(s, score.NoSources, "")
		return
	}
	if asked := c.Question(); asked != "" { // an answer may repeat it
		o.Add(r.SharedWords(asked))
	}
	f := features.Get().(*[GroundedFeatures]float32) //nolint:forcetypeassert // the pool holds nothing else
	defer features.Put(f)
	worst, at, seen := float32(0), 0, false
	output := c.Output()
	for i := range output {
		if output[i].Text == "" || len(output[i].ToolCalls) > 0 {
			continue
		}
		if t := r.Words(output[i].Text); o.grounded(t, f, len(output) == 1) {
			if margin := s.forest.Margin(f[:]); !seen || margin > worst {
				worst, at, seen = margin, i, true
			}
		}
	}
	if !seen {
		return
	}
	v := value(worst)
	if r.Judge(s, v, s.levels) {
		r.Find(failure.Finding{
			Class: failure.Hallucination, Detail: failure.Ungrounded, Scorer: s.name, Where: failure.Ungrounded,
			Evidence: "much of the answer is not in the documents and tool results of the call",
			Excerpt:  failure.Excerpt(output[at].Text),
		})
	}
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
