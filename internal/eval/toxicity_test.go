package eval

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/score/text"
)

// TestEvalToxicity: the positives are posts of people, the negatives both posts and ordinary answers.
func TestEvalToxicity(t *testing.T) {
	s, err := text.NewToxicity(text.Config{})
	require.NoError(t, err)
	tab := classified(t, s, reported(t, "toxicity"), answer)
	tab.log(t)
	require.GreaterOrEqual(t, tab.sum().recall(), 0.79)
	require.LessOrEqual(t, tab.sum().falsePositives(), 0.005)
	require.LessOrEqual(t, tab.sum("halueval", "tau").falsePositives(), 0.005)
}
