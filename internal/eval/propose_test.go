package eval

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/propose"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// TestEvalProposals proposes checks for every kind of malformed call of the corpus, from half of its conversations. At
// least 80 % of the kinds must reach a precision of 0.95 and a recall of 0.8 on the other half.
func TestEvalProposals(t *testing.T) {
	if os.Getenv("FAULTLINE_EVAL") != "full" {
		t.Skip("make eval runs it")
	}
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	var sound []dataset.Row
	failing := map[string][]dataset.Row{}
	n := 0
	for _, file := range structural {
		calls(t, file, func(l line, call *genai.Call) {
			if l.Labels.Disputed || l.Labels.Detectable == "text_parse" {
				return
			}
			n++
			row := dataset.Row{ID: fmt.Sprint(n), TraceID: l.ID, Call: call.Clone(), Decision: review.Rejected}
			if !l.Labels.ToolCallMalformed {
				if !l.Labels.Failed && len(sound) < 2000 {
					sound = append(sound, row)
				}
				return
			}
			row.Decision, row.Class = review.Confirmed, failure.ToolCallMalformed
			for _, kind := range l.Labels.Violations {
				row.Fingerprint, row.Detail = kind, detailOf(kind)
				failing[kind] = append(failing[kind], row)
			}
		})
	}
	reached, kinds := 0, 0
	for _, kind := range slices.Sorted(maps.Keys(failing)) {
		if len(failing[kind]) < 4*propose.Needed {
			continue
		}
		kinds++
		for _, s := range propose.ForSignals(slices.Concat(failing[kind], sound), nil, propose.Options{
			Scorers: set, Precision: 0.9, Checks: 3,
		}) {
			var together propose.Outcome
			for _, p := range s.Proposals {
				if p.Refused == "" {
					together = p.Together
				}
			}
			precision, _ := together.Precision()
			recall, _ := together.Recall()
			t.Logf("| %-20s | %4d | precision %.3f | recall %.3f | MCC %.3f |", kind, s.Failures, precision, recall,
				together.MCC())
			if precision >= 0.95 && recall >= 0.8 {
				reached++
			}
		}
	}
	require.NotZero(t, kinds)
	require.GreaterOrEqual(t, 100*reached, 80*kinds)
}
