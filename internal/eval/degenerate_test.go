package eval

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/score/text"
)

// TestEvalDegenerate measures the scorer on ordinary answers, and on the same answers with their last sentence
// repeated. No threshold of the scorer was set on them.
func TestEvalDegenerate(t *testing.T) {
	s, err := text.NewDegenerate(text.DegenerateConfig{})
	require.NoError(t, err)
	rows, err := labelled.Read(corpus.Dir(t), "relevance", labelled.Dev)
	require.NoError(t, err)
	more, err := labelled.Read(corpus.Dir(t), "refusal", labelled.Dev)
	require.NoError(t, err)
	var all []labelled.Row
	for _, row := range append(rows, more...) {
		swapped := row.Source == "halueval-general" && row.Label == 1 && row.ID[:4] == "rele"
		if strings.TrimSpace(row.Output) == "" || swapped {
			continue // an answer to another question may be in another language
		}
		row.Label = 0
		all = append(all, row)
		if sentence := lastSentence(row.Output); len(strings.Fields(sentence)) >= 6 {
			row.Label, row.Output = 1, row.Output+strings.Repeat(" "+sentence, 12)
			row.Source += ", looping"
			all = append(all, row)
		}
	}
	requireFigures(t, "degenerate", classified(t, s, all, answer).figures())
}

func lastSentence(answer string) string {
	answer = strings.TrimSpace(answer)
	head := strings.TrimRight(answer, ".!?")
	return answer[strings.LastIndexAny(head, ".!?\n")+1:]
}
