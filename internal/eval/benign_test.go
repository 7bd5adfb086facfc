package eval

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/ground"
	"github.com/faultline-otel/faultline/internal/score/pattern"
	"github.com/faultline-otel/faultline/internal/score/text"
)

// ordinary is one call of the corpus of ordinary calls. They are benign by origin, not by a label.
type ordinary struct{ labelled.Call }

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

// mostSuspected is the share of scored calls that a scorer may suspect.
const mostSuspected = 0.005

// largeSource is how many scored calls a source must have for a rate of its own.
const largeSource = 1000

// benignScorers are the scorers that run over the ordinary calls. leaveOut are the flags of rows that may hold a failure.
var benignScorers = []struct {
	make     func() (score.Scorer, error)
	leaveOut []string
	limit    *limit  // nil for scorers that are only printed
	suspect  float64 // the level of a suspicion, 0 without one
}{
	{func() (score.Scorer, error) { return text.NewDegenerate(text.DegenerateConfig{}) }, nil, &strict, 0},
	{
		func() (score.Scorer, error) { return text.NewRefusal(text.Config{}) },
		[]string{"refusal", "moralising"},
		&strict, text.DefaultSuspect,
	},
	{
		func() (score.Scorer, error) { return text.NewToxicity(text.Config{}) },
		[]string{"strong_profanity"},
		&strict, text.DefaultSuspect,
	},
	{
		func() (score.Scorer, error) { return ground.NewGroundedness(ground.Config{}) },
		nil, &strict, ground.GroundedSuspectBelow,
	},
	{
		func() (score.Scorer, error) { return ground.NewRelevance(ground.Config{}) },
		nil, &strict, ground.RelevantSuspectBelow,
	},
	{
		func() (score.Scorer, error) { return pattern.NewPII(pattern.PIIConfig{}) },
		[]string{"contact_in_answer"},
		&strict, 0,
	},
	{func() (score.Scorer, error) { return pattern.NewSecrets(pattern.SecretsConfig{}) }, nil, &strict, 0},
	{func() (score.Scorer, error) { return text.NewJailbreak(text.Config{}) }, nil, &strict, text.DefaultSuspect},
	{
		func() (score.Scorer, error) { return text.NewInjection(text.Config{}) },
		[]string{"mentions_attack"},
		&strict, text.DefaultSuspect,
	},
}

// benignRate counts the calls of a source.
type benignRate struct{ rows, scored, wrong, right, suspected int }

func (n *benignRate) add(m *benignRate) {
	n.rows, n.scored, n.wrong, n.right = n.rows+m.rows, n.scored+m.scored, n.wrong+m.wrong, n.right+m.right
	n.suspected += m.suspected
}

// perMyriad is the rate of false verdicts in 10,000 calls that got a score.
func (n *benignRate) perMyriad() float64 { return 1e4 * float64(n.wrong) / float64(max(n.scored, 1)) }

func (n *benignRate) line(scorer, source string) string {
	return fmt.Sprintf("| %-16s | %-14s | %5d calls, %5d with a score | false verdicts: %3d, %5.1f in 10,000 | read and right: %d | suspicions: %d |",
		scorer, source, n.rows, n.scored, n.wrong, n.perMyriad(), n.right, n.suspected)
}

// TestEvalBenign counts the false verdicts on ordinary calls, by scorer and source, in 10,000 calls that get a score.
// Verdicts that were read by hand and found right are counted apart.
func TestEvalBenign(t *testing.T) {
	read := readBenign(t)
	set, rates := make([]score.Scorer, len(benignScorers)), make([]map[string]*benignRate, len(benignScorers))
	for i, s := range benignScorers {
		var err error
		set[i], err = s.make()
		require.NoError(t, err)
		rates[i] = map[string]*benignRate{}
	}
	var r score.Result
	corpus.Lines(t, labelled.CallsFile, func(row ordinary) {
		c := genai.Call{Operation: genai.OpChat, FinishReasonsCanonical: []string{"stop"}}
		c.SetContent(row.content())
		for i, s := range set {
			if slices.ContainsFunc(row.Flags, func(flag string) bool {
				return slices.Contains(benignScorers[i].leaveOut, flag)
			}) {
				continue
			}
			r.Reset()
			s.Score(&c, &r)
			require.Empty(t, r.Problems, row.ID)
			if rates[i][row.Source] == nil {
				rates[i][row.Source] = &benignRate{}
			}
			n, verdict := rates[i][row.Source], s.Name()+" "+row.ID
			n.rows++
			if len(r.Scores) > 0 {
				n.scored++
				if r.Scores[0].Value < benignScorers[i].suspect && !r.Scores[0].Failed {
					n.suspected++
				}
			}
			switch _, right := read[verdict]; {
			case len(r.Findings) == 0:
			case right:
				n.right++
				delete(read, verdict)
			default:
				n.wrong++
				t.Logf("%s: %s: %q", verdict, r.Findings[0].Evidence, r.Findings[0].Excerpt)
			}
		}
	})
	for i, s := range set {
		var all benignRate
		l := benignScorers[i].limit
		for _, source := range slices.Sorted(maps.Keys(rates[i])) {
			n := rates[i][source]
			t.Log(n.line(s.Name(), source))
			all.add(n)
			if l != nil && n.scored >= largeSource {
				assert.LessOrEqual(t, n.perMyriad(), l.source, "%s on %s", s.Name(), source)
			}
		}
		t.Log(all.line(s.Name(), "all"))
		if l != nil {
			assert.LessOrEqual(t, all.perMyriad(), l.all, s.Name())
		}
		assert.LessOrEqual(t, float64(all.suspected), mostSuspected*float64(all.scored), "%s: suspicions", s.Name())
	}
	assert.Empty(t, read, "testdata/benign_read.txt lists verdicts that are gone")
}

// readBenign reads the verdicts that were found right, with the reason.
func readBenign(t *testing.T) map[string]string {
	t.Helper()
	read := map[string]string{}
	for line := range strings.Lines(readText(t, filepath.Join("testdata", "benign_read.txt"))) {
		if parts := strings.SplitN(strings.TrimSpace(line), " ", 3); len(parts) == 3 && parts[0] != "#" {
			read[parts[0]+" "+parts[1]] = parts[2]
		}
	}
	return read
}
