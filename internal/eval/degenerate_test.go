package eval

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/score/text"
)

// TestEvalDegenerate holds the scorer against ordinary answers, and against the same answers gone wrong: begun well, then
// caught in a loop of their last sentence. No threshold of it was set on any of them.
func TestEvalDegenerate(t *testing.T) {
	s, err := text.NewDegenerate(text.DegenerateConfig{})
	require.NoError(t, err)
	rows, err := labelled.Read(corpus.Dir(t), "relevance", labelled.Dev)
	require.NoError(t, err)
	more, err := labelled.Read(corpus.Dir(t), "refusal", labelled.Dev)
	require.NoError(t, err)
	var all []labelled.Row
	for _, row := range append(rows, more...) {
		if strings.TrimSpace(row.Output) == "" || row.Source == "halueval-general" && row.Label == 1 && row.ID[:4] == "rele" {
			continue // what is no answer to its question may well be in another language
		}
		row.Label = 0
		all = append(all, row)
		if sentence := lastSentence(row.Output); len(strings.Fields(sentence)) >= 6 {
			row.Label, row.Output = 1, row.Output+strings.Repeat(" "+sentence, 12)
			row.Source += ", looping"
			all = append(all, row)
		}
	}
	tab := classified(t, s, all, answer)
	tab.log(t)
	total := tab.sum()
	require.LessOrEqual(t, total.falsePositives(), 0.001)
	require.GreaterOrEqual(t, total.recall(), 0.95)
}

func lastSentence(answer string) string {
	answer = strings.TrimSpace(answer)
	head := strings.TrimRight(answer, ".!?")
	return answer[strings.LastIndexAny(head, ".!?\n")+1:]
}
