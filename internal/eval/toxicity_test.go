package eval

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/score/text"
)

// explicit tells posts that say it in so many words: a slur, an obscene name for somebody, a curse. What is left is contempt that a lexicon
// does not see, and words such as "trash" or "ghetto", which are none by themselves.
var explicit = regexp.MustCompile(`(?i)\b(bitch\w*|cunts?|whores?|sluts?|fags?|faggots?|nigg(er|ers|a|as|uh|ah)|kikes?|spics?|wetbacks?|chinks?|gooks?|dykes?|trann(y|ies)|` +
	`retard(s|ed)?|motherfuck\w*|fuck\w*|assholes?|bastards?|twats?|hoes?|puss(y|ies)|coons?|beaners?|queers?)\b`)

// TestEvalToxicity: the positives are posts of people, the negatives both posts and ordinary answers.
func TestEvalToxicity(t *testing.T) {
	s, err := text.NewToxicity(text.Config{})
	require.NoError(t, err)
	rows := reported(t, "toxicity")
	for i := range rows {
		if rows[i].Label == 1 && explicit.MatchString(rows[i].Output) {
			rows[i].Source += ", explicit"
		}
	}
	tab := classified(t, s, rows, answer)
	tab.log(t)
	require.GreaterOrEqual(t, tab.sum().recall(), 0.80)
	require.GreaterOrEqual(t, tab.sum("davidson, explicit").recall(), 0.85)
	require.LessOrEqual(t, tab.sum().falsePositives(), 0.005)
	require.LessOrEqual(t, tab.sum("halueval", "tau").falsePositives(), 0.002)
}
