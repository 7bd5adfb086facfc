package eval

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// table counts the findings of a scorer in labelled texts, by source.
type table struct {
	scorer  string
	sources map[string]*counts
	scores  map[string][]scored
}

// scored is the score of a row.
type scored struct {
	value float64
	bad   bool
}

// classified makes each labelled row a call and runs a scorer over it. Leave out the half of dev-test that thresholds
// were set on: see reported.
func classified(t *testing.T, s score.Scorer, rows []labelled.Row, content func(labelled.Row) genai.Content) *table {
	t.Helper()
	tab := &table{scorer: s.Name(), sources: map[string]*counts{}, scores: map[string][]scored{}}
	var r score.Result
	for _, row := range rows {
		var c genai.Call
		c.Operation = genai.OpChat
		c.FinishReasonsCanonical = []string{"stop"}
		c.SetContent(content(row))
		r.Reset()
		s.Score(&c, &r)
		require.Empty(t, r.Problems, row.ID)
		if tab.sources[row.Source] == nil {
			tab.sources[row.Source] = &counts{}
		}
		failed := slices.ContainsFunc(r.Scores, func(s score.Score) bool { return s.Failed })
		require.Equal(t, failed, len(r.Findings) > 0, row.ID)
		tab.sources[row.Source].add(row.Label == 1, failed)
		if len(r.Scores) > 0 {
			tab.scores[row.Source] = append(tab.scores[row.Source], scored{r.Scores[0].Value, row.Label == 1})
		}
		if failed != (row.Label == 1) && testing.Verbose() && verboseMisses {
			t.Logf("  miss %s labelled %d: in %.150q context %.100q out %.200q",
				row.ID, row.Label, row.Input, row.Context, row.Output)
		}
	}
	return tab
}

// verboseMisses lists the rows that a scorer gets wrong. Switch it on while you work on the scorer.
const verboseMisses = false

// reported lists the rows of dev-test that no threshold is computed on. Settings were chosen with them in view: see
// docs/models.md.
func reported(t *testing.T, task string) []labelled.Row {
	t.Helper()
	rows, err := labelled.Read(corpus.Dir(t), task, labelled.Dev)
	require.NoError(t, err)
	return slices.DeleteFunc(rows, func(r labelled.Row) bool { return !labelled.Report(r.ID) })
}

// sum adds up the sources.
func (tab *table) sum() (all counts) {
	for _, c := range tab.sources {
		all.tp, all.fp, all.fn, all.tn = all.tp+c.tp, all.fp+c.fp, all.fn+c.fn, all.tn+c.tn
	}
	return all
}

// auroc is the chance that a bad row of a source scores below a good one.
func (tab *table) auroc(source string) float64 {
	rows := slices.Clone(tab.scores[source])
	slices.SortFunc(rows, func(a, b scored) int { return cmp.Compare(a.value, b.value) })
	bad, good, below := 0, 0, 0.0 // below: pairs in the right order, ties count half
	for i := 0; i < len(rows); {
		j, b := i, 0
		for ; j < len(rows) && rows[j].value == rows[i].value; j++ {
			if rows[j].bad {
				b++
			}
		}
		g := j - i - b
		below += float64(bad*g) + float64(b*g)/2
		bad, good, i = bad+b, good+g, j
	}
	if bad == 0 || good == 0 {
		return 0.5
	}
	return below / float64(bad*good)
}

// reachable is the share of the bad rows of all sources that a threshold finds which also finds the given share of the
// good ones.
func (tab *table) reachable(falsePositives float64) float64 {
	var good, bad []float64
	for _, rows := range tab.scores {
		for _, r := range rows {
			if r.bad {
				bad = append(bad, r.value)
			} else {
				good = append(good, r.value)
			}
		}
	}
	slices.Sort(good)
	at, found := good[int(falsePositives*float64(len(good)))], 0
	for _, v := range bad {
		if v < at {
			found++
		}
	}
	return ratio(found, len(bad))
}

// figures are the lines of the table.
func (tab *table) figures() (lines []string) {
	for _, source := range slices.Sorted(maps.Keys(tab.sources)) {
		c := tab.sources[source]
		lines = append(lines, c.line(tab.scorer, source))
	}
	return append(lines, tab.sum().line(tab.scorer, "all"))
}

func (c counts) line(scorer, source string) string {
	return fmt.Sprintf("| %-16s | %-26s | %5d failures, found %5d, %s | %5d others, found %3d, %s |", scorer, source,
		c.tp+c.fn, c.tp, share(c.tp, c.tp+c.fn), c.fp+c.tn, c.fp, share(c.fp, c.fp+c.tn))
}

func share(part, whole int) string {
	if whole == 0 {
		return "      –"
	}
	return percent(float64(part) / float64(whole))
}

func percent(x float64) string { return fmt.Sprintf("%6.2f%%", 100*x) }

// answer makes a conversation of a question and its answer.
func answer(row labelled.Row) genai.Content {
	var c genai.Content
	if row.Input != "" {
		c.Input = []genai.Message{{Role: genai.RoleUser, Text: row.Input}}
	}
	c.Output = []genai.Message{{Role: genai.RoleAssistant, Text: row.Output}}
	return c
}
