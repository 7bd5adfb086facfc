package eval

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/pattern"
	"github.com/faultline-otel/faultline/internal/score/text"
)

// ordinary is one call of the corpus of ordinary calls. They are benign by origin, not by a label.
type ordinary struct {
	ID         string   `json:"id"`
	Source     string   `json:"source"`
	System     string   `json:"system"`
	Input      string   `json:"input"`
	Context    string   `json:"context"`
	ToolResult string   `json:"tool_result"`
	Output     string   `json:"output"`
	Flags      []string `json:"flags"`
}

// content is the conversation of the row. What was retrieved comes before the request, what a tool gave after it.
func (o *ordinary) content() genai.Content {
	var c genai.Content
	add := func(role, text string) {
		if text != "" {
			c.Input = append(c.Input, genai.Message{Role: role, Text: text})
		}
	}
	add(genai.RoleSystem, o.System)
	add(genai.RoleTool, o.Context)
	add(genai.RoleUser, o.Input)
	add(genai.RoleTool, o.ToolResult)
	if o.Output != "" {
		c.Output = []genai.Message{{Role: genai.RoleAssistant, Text: o.Output}}
	}
	return c
}

// limit is how many false verdicts a scorer may give in 10,000 scored calls.
type limit struct{ all, source float64 }

// strict is the limit of scorers that decide by structure.
var strict = limit{all: 1, source: 5}

// largeSource is how many scored calls a source must have for a rate of its own.
const largeSource = 1000

// benignScorers are the scorers that run over the ordinary calls. leaveOut is the flag of rows that may hold a failure.
var benignScorers = []struct {
	make     func() (score.Scorer, error)
	leaveOut string
	limit    *limit // nil for scorers that are only printed
}{
	{func() (score.Scorer, error) { return text.NewDegenerate(text.DegenerateConfig{}) }, "", &strict},
	{func() (score.Scorer, error) { return pattern.NewPII(pattern.PIIConfig{}) }, "contact_in_answer", nil},
	{func() (score.Scorer, error) { return pattern.NewSecrets(pattern.SecretsConfig{}) }, "", nil},
}

// TestEvalBenign counts the false verdicts on ordinary calls, by scorer and source, in 10,000 calls that get a score.
func TestEvalBenign(t *testing.T) {
	type rate struct{ rows, scored, failed int }
	set, rates := make([]score.Scorer, len(benignScorers)), make([]map[string]*rate, len(benignScorers))
	for i, s := range benignScorers {
		var err error
		set[i], err = s.make()
		require.NoError(t, err)
		rates[i] = map[string]*rate{}
	}
	var r score.Result
	corpus.Lines(t, "text/benign/dev.jsonl.gz", func(row ordinary) {
		c := genai.Call{Operation: genai.OpChat, FinishReasonsCanonical: []string{"stop"}}
		c.SetContent(row.content())
		for i, s := range set {
			if slices.Contains(row.Flags, benignScorers[i].leaveOut) {
				continue
			}
			r.Reset()
			s.Score(&c, &r)
			require.Empty(t, r.Problems, row.ID)
			if rates[i][row.Source] == nil {
				rates[i][row.Source] = &rate{}
			}
			n := rates[i][row.Source]
			n.rows++
			if len(r.Scores) > 0 {
				n.scored++
			}
			if len(r.Findings) > 0 {
				n.failed++
				t.Logf("%s %s: %s: %q", s.Name(), row.ID, r.Findings[0].Evidence, r.Findings[0].Excerpt)
			}
		}
	})
	perMyriad := func(n *rate) float64 { return 1e4 * float64(n.failed) / float64(max(n.scored, 1)) }
	for i, s := range set {
		all := rate{}
		line := func(source string, n *rate) {
			t.Log(fmt.Sprintf("| %-16s | %-14s | %6d calls, %6d scored, %3d false verdicts, %5.1f in 10,000 |",
				s.Name(), source, n.rows, n.scored, n.failed, perMyriad(n)))
		}
		for _, source := range slices.Sorted(maps.Keys(rates[i])) {
			n := rates[i][source]
			line(source, n)
			all.rows, all.scored, all.failed = all.rows+n.rows, all.scored+n.scored, all.failed+n.failed
			if l := benignScorers[i].limit; l != nil && n.scored >= largeSource {
				assert.LessOrEqual(t, perMyriad(n), l.source, "%s on %s", s.Name(), source)
			}
		}
		line("all", &all)
		if l := benignScorers[i].limit; l != nil {
			assert.LessOrEqual(t, perMyriad(&all), l.all, s.Name())
		}
	}
}
