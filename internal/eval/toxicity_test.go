package eval

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/score/text"
)

// explicit matches posts with a slur, an obscene name for somebody or a curse. The others hold contempt that a lexicon
// does not see, or words such as "trash" and "ghetto", which are not abusive by themselves.
var explicit = regexp.MustCompile(`(?i)\b(bitch\w*|cunts?|whores?|sluts?|fags?|faggots?|nigg(er|ers|a|as|uh|ah)|` +
	`kikes?|spics?|wetbacks?|chinks?|gooks?|dykes?|trann(y|ies)|retard(s|ed)?|motherfuck\w*|fuck\w*|assholes?|bastards?|twats?|` +
	`hoes?|puss(y|ies)|coons?|beaners?|queers?)\b`)

// TestEvalToxicity measures toxicity. The positives are posts of people, the negatives posts and ordinary answers.
func TestEvalToxicity(t *testing.T) {
	s, err := text.NewToxicity(text.Config{})
	require.NoError(t, err)
	rows := reported(t, "toxicity")
	for i := range rows {
		if rows[i].Label == 1 && explicit.MatchString(rows[i].Output) {
			rows[i].Source += ", explicit"
		}
	}
	requireFigures(t, "toxicity", classified(t, s, rows, answer).figures())
}
