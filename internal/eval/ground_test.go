package eval

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score/ground"
)

// retrieved makes a conversation whose answer has a document as its source.
func retrieved(row labelled.Row) genai.Content {
	c := answer(row)
	c.Retrieval.Documents = []genai.Document{{Content: row.Context}}
	return c
}

// TestEvalGroundedness measures groundedness. It leaves out the questions of HaluEval, where the length of an answer
// alone gives its label away.
func TestEvalGroundedness(t *testing.T) {
	s, err := ground.NewGroundedness(ground.Config{})
	require.NoError(t, err)
	rows := slices.DeleteFunc(reported(t, "groundedness"), func(r labelled.Row) bool {
		return strings.HasPrefix(r.Source, "halueval")
	})
	tab := classified(t, s, rows, retrieved)
	figures := append(tab.figures(), tab.suspected(ground.GroundedSuspectBelow))
	sum, n := 0.0, 0
	for _, source := range slices.Sorted(maps.Keys(tab.sources)) {
		a := tab.auroc(source)
		figures = append(figures, ranks(s.Name(), source, a))
		if strings.HasPrefix(source, "summedits") {
			sum, n = sum+a, n+1
		}
	}
	requireFigures(t, "groundedness", append(figures, ranks(s.Name(), "summedits, mean of domains", sum/float64(n))))
}

// suspected is the line of a suspicion: the shares of the scores that are below its level.
func (tab *table) suspected(below float64) string {
	var c counts
	for _, rows := range tab.scores {
		for _, r := range rows {
			c.add(r.bad, r.value < below)
		}
	}
	return c.line(tab.scorer, "all, as suspicion or verdict")
}

// ranks is the line of an area under the ROC curve.
func ranks(scorer, source string, area float64) string {
	return fmt.Sprintf("| %-16s | %-26s | AUROC %.3f |", scorer, source, area)
}

// TestEvalRelevance measures relevance. The wrong answers belong to other questions, drawn at random or because the
// questions are worded alike; many of the latter could be meant. The right answers include turns of conversations, and
// answers to odd questions, with refusals among them.
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
	figures := append(tab.figures(), tab.suspected(ground.RelevantSuspectBelow))
	ranking := &table{scores: map[string][]scored{}}
	for _, source := range []string{"halueval-general", "another question's, any", "another question's, alike"} {
		ranking.scores["all"] = append(ranking.scores["all"], tab.scores[source]...)
	}
	figures = append(figures, ranks(s.Name(), "halueval-general", ranking.auroc("all")))
	for _, share := range []float64{0.005, 0.01, 0.03} {
		figures = append(figures, fmt.Sprintf(
			"| %-16s | %-26s | recall %s at a threshold that %s of relevant answers fall below |",
			s.Name(), "if it were set here", percent(tab.reachable(share)), percent(share)))
	}
	requireFigures(t, "relevance", figures)
}
