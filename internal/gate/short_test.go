package gate

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// TestShortAnswers: a word says little about a question. It passes, weakly, where it is what an accepted answer says.
func TestShortAnswers(t *testing.T) {
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		asked, recorded, corrected string
		class                      failure.Class // "" for a sound answer
		answer                     string
		want                       Status
		weak                       bool
	}{
		"the accepted answer":          {"Which city?", "Paris", "", "", "**Paris.**", RowPass, true},
		"another answer":               {"Which city?", "Paris", "", "", "Lyon", RowInconclusive, false},
		"the accepted answer in short": {"Are you open?", "Yes, until six.", "", "", "yes", RowPass, true},
		"the corrected answer":         {"Which city?", "Lyon", "Paris", failure.Hallucination, "paris", RowPass, false},
		"yes where no was wrong":       {"Are you open?", "No.", "", failure.Hallucination, "Yes.", RowPass, true},
		"no where no was wrong":        {"Are you open?", "No.", "", failure.Hallucination, "no", RowInconclusive, false},
		"no once more":                 {"Are you open?", "No.", "", failure.Hallucination, "No.", RowRepeated, false},
	} {
		t.Run(name, func(t *testing.T) {
			call := &genai.Call{Operation: genai.OpChat}
			content := question(c.asked)
			content.Output = []genai.Message{{Role: genai.RoleAssistant, Text: c.recorded}}
			call.SetContent(content)
			row := dataset.Row{
				ID: "row", Version: dataset.Version, Decision: review.Rejected, CorrectedOutput: c.corrected, Call: call,
			}
			if c.class != "" {
				row.Decision, row.Class = review.Confirmed, c.class
			}
			s := NewRunSet(NewCases([]dataset.Row{row}, set, nil))
			observe(s, set, row, 0, like(call, text(c.answer)))
			got := decide([]dataset.Row{row}, s, nil, DefaultOptions()).Rows[0]
			require.Equal(t, c.want, got.Status, got.Example)
			require.Equal(t, c.weak, got.Weak)
		})
	}
}

// TestRowsWithoutARecordedFailure: the report does not speak of a failure that a row by hand does not have.
func TestRowsWithoutARecordedFailure(t *testing.T) {
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	call := &genai.Call{Operation: genai.OpChat}
	call.SetContent(question("Which city is the capital of France?"))
	row := dataset.Row{
		ID: "row", Version: dataset.Version, Assertions: []string{`contains "Paris"`}, Call: call,
	}
	require.Empty(t, row.Validate())
	for answer, reason := range map[string]string{
		"It is Lyon.":  "1 row without a recorded failure: what must hold does not, or the scorers find one",
		"It is Paris.": "no row fails",
	} {
		s := NewRunSet(NewCases([]dataset.Row{row}, set, nil))
		observe(s, set, row, 0, like(call, text(answer)))
		require.Equal(t, []string{reason}, decide([]dataset.Row{row}, s, nil, DefaultOptions()).Reasons)
	}
}
