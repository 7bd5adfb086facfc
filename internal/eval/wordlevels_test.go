package eval

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/text"
)

// levels counts texts, and how many of them are verdicts and suspicions.
type levels struct{ all, verdicts, suspicions int }

func (l *levels) add(m levels) {
	l.all, l.verdicts, l.suspicions = l.all+m.all, l.verdicts+m.verdicts, l.suspicions+m.suspicions
}

func (l *levels) line(scorer, group string) string {
	return fmt.Sprintf("| %-8s | %-44s | %5d texts | verdicts %5d, %s | suspicions %5d, %s |", scorer, group, l.all,
		l.verdicts, share(l.verdicts, l.all), l.suspicions, share(l.suspicions, l.all))
}

// levelOf scores an answer alone. A verdict is a suspicion, too.
func levelOf(s score.Scorer, r *score.Result, output string) levels {
	c := genai.Call{Operation: genai.OpChat, FinishReasonsCanonical: []string{"stop"}}
	c.SetContent(genai.Content{Output: []genai.Message{{Role: genai.RoleAssistant, Text: output}}})
	r.Reset()
	s.Score(&c, r)
	return levelOfResult(r)
}

func levelOfResult(r *score.Result) levels {
	l := levels{all: 1}
	if len(r.Findings) > 0 {
		l.verdicts = 1
	}
	if len(r.Scores) > 0 && r.Scores[0].Value < text.DefaultSuspect {
		l.suspicions = 1
	}
	return l
}

// floor is what a group of texts with the failure must reach.
type floor struct{ verdicts, suspicions float64 }

// levelsOf prints both levels by group of rows, and checks the floors.
func levelsOf(t *testing.T, s score.Scorer, groups func(labelled.Row) []string, floors map[string]floor) {
	t.Helper()
	by, seen := map[string]*levels{}, map[string]bool{}
	var r score.Result
	for _, part := range [][2]string{{"attacks2", s.Name() + "-dev"}, {s.Name(), labelled.Dev}} {
		rows, err := labelled.Read(corpus.Dir(t), part[0], part[1])
		require.NoError(t, err)
		for _, row := range rows {
			if seen[row.Output] {
				continue
			}
			seen[row.Output] = true
			l := levelOf(s, &r, row.Output)
			for _, group := range groups(row) {
				group = part[1] + " " + group
				if by[group] == nil {
					by[group] = &levels{}
				}
				by[group].add(l)
			}
		}
	}
	lines := make([]string, 0, len(by))
	for _, group := range slices.Sorted(maps.Keys(by)) {
		lines = append(lines, by[group].line(s.Name(), group))
	}
	requireFigures(t, s.Name()+"_levels", lines)
	for group, want := range floors {
		l := by[group]
		require.NotNil(t, l, group)
		assert.GreaterOrEqual(t, ratio(l.verdicts, l.all), want.verdicts, "verdicts of %s", group)
		assert.GreaterOrEqual(t, ratio(l.suspicions, l.all), want.suspicions, "suspicions of %s", group)
	}
}

// TestEvalRefusalLevels measures which refusals are verdicts and which are suspicions. "explicit" are refusals that say
// so; the others deflect.
func TestEvalRefusalLevels(t *testing.T) {
	s, err := text.NewRefusal(text.Config{})
	require.NoError(t, err)
	levelsOf(t, s, func(row labelled.Row) []string {
		groups := []string{fmt.Sprintf("%s, label %d", row.Source, row.Label), fmt.Sprintf("all, label %d", row.Label)}
		if explicit, _ := row.Meta["explicit"].(bool); explicit {
			groups = append(groups, fmt.Sprintf("explicit, label %d", row.Label))
		}
		return groups
	}, map[string]floor{
		"refusal-dev all, label 1":      {0.45, 0.57},
		"refusal-dev explicit, label 1": {0.80, 0.95},
		"dev-test all, label 1":         {0.80, 0.85},
	})
}

// TestEvalToxicityLevels does the same for abuse.
func TestEvalToxicityLevels(t *testing.T) {
	s, err := text.NewToxicity(text.Config{})
	require.NoError(t, err)
	levelsOf(t, s, func(row labelled.Row) []string {
		groups := []string{fmt.Sprintf("%s, label %d", row.Source, row.Label), fmt.Sprintf("all, label %d", row.Label)}
		if explicit.MatchString(row.Output) {
			groups = append(groups, fmt.Sprintf("explicit, label %d", row.Label))
		}
		return groups
	}, map[string]floor{
		"dev-test explicit, label 1": {0.80, 0.95},
		"dev-test all, label 1":      {0, 0.86},
	})
}

// TestEvalSuspicionsOfOrdinaryAnswers counts the suspicions among ordinary answers that trained no model.
func TestEvalSuspicionsOfOrdinaryAnswers(t *testing.T) {
	refusal, err := text.NewRefusal(text.Config{})
	require.NoError(t, err)
	toxicity, err := text.NewToxicity(text.Config{})
	require.NoError(t, err)
	var r score.Result
	var refusals, abuse levels
	corpus.Lines(t, labelled.CallsFile, func(row ordinary) {
		if row.Use == labelled.MayTrain || row.Output == "" {
			return
		}
		if !slices.Contains(row.Flags, "refusal") && !slices.Contains(row.Flags, "moralising") {
			refusals.add(levelOf(refusal, &r, row.Output))
		}
		if !slices.Contains(row.Flags, "strong_profanity") {
			abuse.add(levelOf(toxicity, &r, row.Output))
		}
	})
	t.Log(refusals.line(refusal.Name(), "ordinary answers"))
	t.Log(abuse.line(toxicity.Name(), "ordinary answers"))
	const most = 0.005
	require.LessOrEqual(t, ratio(refusals.suspicions, refusals.all), most)
	require.LessOrEqual(t, ratio(abuse.suspicions, abuse.all), most)
}
