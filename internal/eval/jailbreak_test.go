package eval

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score/text"
)

// asked is a conversation that ends with a prompt.
func asked(row labelled.Row) genai.Content {
	return genai.Content{Input: []genai.Message{{Role: genai.RoleUser, Text: row.Input}}}
}

// named gives the open overrides among deepset's attacks a source of their own.
func named(rows []labelled.Row) []labelled.Row {
	for i := range rows {
		if overrides(rows[i]) {
			rows[i].Source = "deepset, open overrides"
		}
	}
	return rows
}

// TestEvalJailbreak: PAIR's attacks are stories around a harmful request, with nothing in them that takes rules away; deepset
// counts ordinary requests among its attacks.
func TestEvalJailbreak(t *testing.T) {
	s, err := text.NewJailbreak(text.Config{})
	require.NoError(t, err)
	tab := classified(t, s, named(reported(t, "jailbreak")), asked)
	tab.log(t)
	require.GreaterOrEqual(t, tab.sum("inthewild").recall(), 0.90)
	require.GreaterOrEqual(t, tab.sum("inthewild", "deepset, open").recall(), 0.87)
	require.LessOrEqual(t, tab.sum().falsePositives(), 0.003)
}
