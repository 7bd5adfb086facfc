package eval

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// table is what a scorer found in labelled texts, by source.
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

// classified runs a scorer over labelled rows, each made a call. Rows of the half of dev-test that thresholds were set on must
// have been left out: see reported.
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
			t.Logf("  miss %s labelled %d: in %.150q context %.100q out %.200q", row.ID, row.Label, row.Input, row.Context, row.Output)
		}
	}
	return tab
}

// verboseMisses lists what a scorer got wrong, for those who work on it.
const verboseMisses = false

// reported are the rows of dev-test that no threshold is computed from. Settings were chosen with them in view: see docs/models.md.
func reported(t *testing.T, task string) []labelled.Row {
	t.Helper()
	rows, err := labelled.Read(corpus.Dir(t), task, labelled.Dev)
	require.NoError(t, err)
	return slices.DeleteFunc(rows, func(r labelled.Row) bool { return !labelled.Report(r.ID) })
}

// sum adds up the sources that begin with one of the prefixes, all without any.
func (tab *table) sum(prefixes ...string) (all counts) {
	for source, c := range tab.sources {
		if len(prefixes) == 0 || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(source, p) }) {
			all.tp, all.fp, all.fn, all.tn = all.tp+c.tp, all.fp+c.fp, all.fn+c.fn, all.tn+c.tn
		}
	}
	return all
}

// falsePositives is the share of negatives that were found.
func (c counts) falsePositives() float64 {
	if c.fp+c.tn == 0 {
		return 0
	}
	return float64(c.fp) / float64(c.fp+c.tn)
}

// auroc is the chance that a bad row scores below a good one, of a source.
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

// reachable is the share of bad rows of all sources that would be found at a threshold that finds a share of the good ones.
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

// log prints the table.
func (tab *table) log(t *testing.T) {
	t.Helper()
	for _, source := range slices.Sorted(maps.Keys(tab.sources)) {
		c := tab.sources[source]
		t.Logf("| %-16s | %-26s | %5d failures, recall %s | %5d others, false positives %s |", tab.scorer, source,
			c.tp+c.fn, share(c.tp, c.tp+c.fn), c.fp+c.tn, share(c.fp, c.fp+c.tn))
	}
	all := tab.sum()
	t.Logf("| %-16s | %-26s | %5d failures, recall %s | %5d others, false positives %s |", tab.scorer, "all",
		all.tp+all.fn, share(all.tp, all.tp+all.fn), all.fp+all.tn, share(all.fp, all.fp+all.tn))
}

func share(part, whole int) string {
	if whole == 0 {
		return "      –"
	}
	return percent(float64(part) / float64(whole))
}

func percent(x float64) string { return fmt.Sprintf("%6.2f%%", 100*x) }

// answer is a conversation of a question and its answer.
func answer(row labelled.Row) genai.Content {
	var c genai.Content
	if row.Input != "" {
		c.Input = []genai.Message{{Role: genai.RoleUser, Text: row.Input}}
	}
	c.Output = []genai.Message{{Role: genai.RoleAssistant, Text: row.Output}}
	return c
}
