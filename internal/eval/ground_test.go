package eval

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score/ground"
)

// retrieved is a conversation whose answer has a document to stand on.
func retrieved(row labelled.Row) genai.Content {
	c := answer(row)
	c.Retrieval.Documents = []genai.Document{{Content: row.Context}}
	return c
}

// TestEvalGroundedness: HaluEval's questions are left out, since the length of an answer alone tells its label there.
func TestEvalGroundedness(t *testing.T) {
	s, err := ground.NewGroundedness(ground.Config{})
	require.NoError(t, err)
	rows := slices.DeleteFunc(reported(t, "groundedness"), func(r labelled.Row) bool { return strings.HasPrefix(r.Source, "halueval") })
	tab := classified(t, s, rows, retrieved)
	tab.log(t)
	sum, n := 0.0, 0
	for _, source := range slices.Sorted(maps.Keys(tab.sources)) {
		a := tab.auroc(source)
		t.Logf("| %-16s | %-26s | AUROC %.3f |", s.Name(), source, a)
		if strings.HasPrefix(source, "summedits") {
			sum, n = sum+a, n+1
		}
	}
	t.Logf("| %-16s | %-26s | AUROC %.3f |", s.Name(), "summedits, mean of domains", sum/float64(n))
	require.GreaterOrEqual(t, tab.auroc("begin-wow"), 0.90)
	require.GreaterOrEqual(t, sum/float64(n), 0.60)
	require.LessOrEqual(t, tab.sum().falsePositives(), 0.005)
}

// TestEvalRelevance: the wrong answers are those to other questions, drawn at random or for being worded alike: of the latter many could be meant. Beside
// them, as answers that are about what was said, stand turns of conversations, and answers to odd questions, refusals too.
func TestEvalRelevance(t *testing.T) {
	s, err := ground.NewRelevance(ground.Config{})
	require.NoError(t, err)
	rows := reported(t, "relevance")
	for i := range rows {
		switch rows[i].Meta["mismatch"] {
		case "random":
			rows[i].Source = "another question's, any"
		case "hard":
			rows[i].Source = "another question's, alike"
		}
	}
	for _, row := range reported(t, "refusal") {
		if strings.HasPrefix(row.Source, "xstest") || strings.HasPrefix(row.Source, "tau") {
			row.Label = 0
			rows = append(rows, row)
		}
	}
	tab := classified(t, s, rows, answer)
	tab.log(t)
	ranking := &table{scores: map[string][]scored{}}
	for _, source := range []string{"halueval-general", "another question's, any", "another question's, alike"} {
		ranking.scores["all"] = append(ranking.scores["all"], tab.scores[source]...)
	}
	t.Logf("| %-16s | %-26s | AUROC %.3f |", s.Name(), "halueval-general", ranking.auroc("all"))
	for _, share := range []float64{0.005, 0.01, 0.03} {
		t.Logf("| %-16s | %-26s | recall %s at a threshold that %s of relevant answers fall below |", s.Name(), "if it were set here", percent(tab.reachable(share)), percent(share))
	}
	require.GreaterOrEqual(t, ranking.auroc("all"), 0.93)
	require.GreaterOrEqual(t, tab.sum().recall(), 0.20)
	require.LessOrEqual(t, tab.sum().falsePositives(), 0.005)
	require.LessOrEqual(t, tab.sum("xstest", "tau").falsePositives(), 0.01)
}
