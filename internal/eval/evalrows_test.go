package eval

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
)

// rowFiles are the files of labelled rows, one a scorer.
var rowFiles = []string{
	"outcome", "tool_results", "tool_arguments", "json_schema", "refusal", "jailbreak", "prompt_injection", "toxicity", "pii", "secrets",
	"groundedness", "relevance", "degenerate", "rules", "sessions",
}

// minRows is how many rows there are at least, over all files.
const minRows = 1000

// TestEvalRows runs the default scorers over the labelled rows of the repository. It prints a line for each scorer and
// holds every miss against the list of known ones: a new miss fails, and so does one that no longer happens.
func TestEvalRows(t *testing.T) {
	s := newRowScorer(t)
	known := readKnownMisses(t)
	readme, models := readText(t, filepath.Join(rowsDir, "README.md")), readText(t, "../../docs/models.md")
	ids, contents, classes := map[string]bool{}, map[string]string{}, map[failure.Class]bool{}
	total := 0
	t.Log("| file | rows | found | false alarms | missed | left alone | precision (95 %) | recall (95 %) |")
	for _, file := range rowFiles {
		var c counts
		hard := 0
		rows := readRows(t, file)
		for i := range rows {
			r := &rows[i]
			require.False(t, ids[r.ID], "two rows are called %s", r.ID)
			ids[r.ID] = true
			content := r.content(t)
			require.Empty(t, contents[content], "%s is the same as %s", r.ID, contents[content])
			contents[content] = r.ID
			if r.hard() {
				hard++
			}
			if r.Label == 1 {
				classes[r.Want.Class] = true
			}
			found := s.find(t, r)
			right := r.right(found)
			c.add(r.Label == 1, right == (r.Label == 1))
			known.check(t, r, right, describe(found))
		}
		require.GreaterOrEqual(t, 2*hard, len(rows), "%s: fewer than half of the rows are hard negatives", file)
		total += len(rows)
		figures := fmt.Sprintf("| `%s` | %d | %d | %d | %d | %d | %s | %s |", file, len(rows), c.tp, c.fp, c.fn, c.tn,
			interval(c.tp, c.tp+c.fp), interval(c.tp, c.tp+c.fn))
		t.Log(figures)
		if !strings.Contains(models, figures) {
			t.Errorf("docs/models.md has other figures for %s, put this line into its table:\n%s", file, figures)
		}
		counted := fmt.Sprintf("| `%s.jsonl` | %d | %d | %d |", file, len(rows), c.tp+c.fn, hard)
		if !strings.Contains(readme, counted) {
			t.Errorf("testdata/eval/README.md has other counts for %s, its line begins with:\n%s", file, counted)
		}
	}
	t.Logf("labelled rows: %d in %d files, %d known misses", total, len(rowFiles), len(known.reasons))
	require.GreaterOrEqual(t, total, minRows)
	for _, class := range failure.Classes() {
		if !classes[class.Class] {
			t.Errorf("no row has a failure of class %s", class.Class)
		}
	}
	for id := range known.reasons {
		if !ids[id] {
			t.Errorf("known_misses.txt names %s, and no row is called so", id)
		}
	}
	files, err := filepath.Glob(filepath.Join(rowsDir, "*.jsonl"))
	require.NoError(t, err)
	require.Len(t, files, len(rowFiles), "a file of rows is not evaluated")
}

// content is what the row gives to the scorer, to find rows that were copied.
func (r *row) content(t *testing.T) string {
	t.Helper()
	if r.Call != nil {
		b, err := r.Call.MarshalJSON()
		require.NoError(t, err)
		return r.Scorer + string(b)
	}
	var all strings.Builder
	for _, c := range r.Calls {
		b, err := c.MarshalJSON()
		require.NoError(t, err)
		all.Write(b)
	}
	return all.String()
}

// knownMisses are the rows that the scorers get wrong, with the reason for each.
type knownMisses struct {
	reasons map[string]string
}

// readKnownMisses reads the list: an id and its reason on each line, comments behind #.
func readKnownMisses(t *testing.T) *knownMisses {
	t.Helper()
	known := &knownMisses{reasons: map[string]string{}}
	for line := range strings.SplitSeq(readText(t, filepath.Join(rowsDir, "known_misses.txt")), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		id, reason, _ := strings.Cut(line, " ")
		require.NotEmpty(t, strings.TrimSpace(reason), "known_misses.txt: %s has no reason", id)
		require.NotContains(t, known.reasons, id, "known_misses.txt names %s twice", id)
		known.reasons[id] = reason
	}
	return known
}

// check compares the result of a row with the list.
func (k *knownMisses) check(t *testing.T, r *row, right bool, found string) {
	t.Helper()
	_, listed := k.reasons[r.ID]
	switch {
	case right && listed:
		t.Errorf("%s is no longer missed: remove it from testdata/eval/known_misses.txt", r.ID)
	case !right && !listed && r.Label == 1:
		t.Errorf("new miss %s (%s): want %s/%s, found %s; "+
			"mend it, or add it to testdata/eval/known_misses.txt with a reason",
			r.ID, r.Why, r.Want.Class, r.Want.Detail, found)
	case !right && !listed:
		t.Errorf("new false positive %s (%s): found %s; "+
			"mend it, or add it to testdata/eval/known_misses.txt with a reason",
			r.ID, r.Why, found)
	}
}

// describe lists findings for a message.
func describe(found []failure.Finding) string {
	var list []string
	for _, f := range found {
		list = append(list, fmt.Sprintf("%s/%s (%s)", f.Class, f.Detail, f.Evidence))
	}
	if list == nil {
		return "nothing"
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

// interval is a share in percent with its Wilson interval at 95 %.
func interval(part, whole int) string {
	low, high := wilson(part, whole)
	return fmt.Sprintf("%.1f (%.1f–%.1f)", 100*ratio(part, whole), 100*low, 100*high)
}

// wilson is the Wilson score interval of a share at 95 %. It is everything where nothing was counted.
func wilson(part, whole int) (low, high float64) {
	if whole == 0 {
		return 0, 1
	}
	const z = 1.959964
	n := float64(whole)
	p := float64(part) / n
	centre, spread := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	scale := 1 + z*z/n
	return max(0, (centre-spread)/scale), min(1, (centre+spread)/scale)
}

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		part, whole int
		low, high   float64
	}{{0, 0, 0, 1}, {0, 10, 0, 0.2775}, {10, 10, 0.7225, 1}, {50, 100, 0.4038, 0.5962}, {81, 263, 0.2553, 0.3662}} {
		low, high := wilson(c.part, c.whole)
		require.InDelta(t, c.low, low, 1e-4)
		require.InDelta(t, c.high, high, 1e-4)
	}
}
