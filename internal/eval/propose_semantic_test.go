package eval

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/propose"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// semantic is the kind of a failure that no schema reveals, "" for one that is left out. BFCL counts calls against
// those that the question needs.
func semantic(l *line, call *genai.Call) string {
	made := 0
	for _, m := range call.Output() {
		made += len(m.ToolCalls)
	}
	_, cause, _ := strings.Cut(l.Labels.ErrorType, ":")
	kind, _, _ := strings.Cut(l.Labels.ErrorType, ":")
	several := strings.Contains(l.Labels.Category, "parallel")
	switch {
	case strings.HasSuffix(kind, "relevance_error") && cause == "decoder_success":
		return "a call, though no tool fits"
	case made == 0:
		return "no call, though one is needed"
	case (cause == "wrong_count" || cause == "exec_result_count") && several:
		return "fewer or more calls than needed"
	case cause == "wrong_count" || cause == "exec_result_count":
		return "several calls, though one is needed"
	case kind == "value_error":
		return "a wrong value"
	case kind == "type_error":
		return "a type of another language"
	case cause == "missing_optional":
		return "an optional parameter left out"
	case cause == "wrong_func_name":
		return "another tool than the right one"
	case cause == "cannot_find_match":
		return "one of several calls is wrong"
	}
	return ""
}

// TestEvalSemanticProposals proposes checks for the failures that no schema reveals. A category of BFCL stands for an
// application: a signal is the failures of one kind in one category, and its sound calls are those of the category. The
// figures are those of the held-out halves, summed over the signals of a kind; what a refused signal misses counts as
// missed. Most kinds cannot be told from the call: whether a value or a tool is right depends on what the question means.
func TestEvalSemanticProposals(t *testing.T) {
	if os.Getenv("FAULTLINE_EVAL") != "full" {
		t.Skip("make eval runs it")
	}
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	type application struct{ kind, category string }
	sound, failing := map[string][]dataset.Row{}, map[application][]dataset.Row{}
	n := 0
	for _, file := range []string{"native", "parsed_text", "live_v4"} {
		calls(t, file, func(l line, call *genai.Call) {
			n++
			call = call.Clone()
			call.ServiceName = l.Labels.Category
			row := dataset.Row{ID: fmt.Sprint(n), TraceID: l.ID, Call: call, Decision: review.Rejected}
			switch {
			case l.Labels.Disputed || l.Labels.ToolCallMalformed:
			case !l.Labels.Failed:
				sound[l.Labels.Category] = append(sound[l.Labels.Category], row)
			default:
				a := application{semantic(&l, call), l.Labels.Category}
				row.Decision, row.Class, row.Detail = review.Confirmed, failure.BadAnswer, failure.BrokenRule
				row.Fingerprint = a.kind
				failing[a] = append(failing[a], row)
			}
		})
	}
	for category, rows := range sound { // of all models alike
		thin := rows[:0:0]
		for i := range min(len(rows), 600) {
			thin = append(thin, rows[i*len(rows)/min(len(rows), 600)])
		}
		sound[category] = thin
	}
	type sum struct {
		propose.Outcome
		signals, refused int
	}
	kinds := map[string]*sum{}
	for _, a := range slices.SortedFunc(maps.Keys(failing), func(a, b application) int {
		return strings.Compare(a.kind+a.category, b.kind+b.category)
	}) {
		if a.kind == "" || len(failing[a]) < 4*propose.Needed {
			continue
		}
		k := kinds[a.kind]
		if k == nil {
			k = &sum{}
			kinds[a.kind] = k
		}
		for _, s := range propose.ForSignals(slices.Concat(failing[a], sound[a.category]), nil, propose.Options{
			Scorers: set, Precision: 0.9, Checks: 3,
		}) {
			var together propose.Outcome
			for i := range s.Proposals {
				if p := &s.Proposals[i]; p.Refused == "" {
					together = p.Together
					t.Logf("%s, %s: %s: %+v", a.kind, a.category, p.Rule.Fail, p.Alone)
				}
			}
			k.signals++
			if together == (propose.Outcome{}) {
				k.refused++
				together.Missed = s.Failures / 2 // of the half
			}
			k.Right, k.Wrong, k.Missed = k.Right+together.Right, k.Wrong+together.Wrong, k.Missed+together.Missed
		}
	}
	var lines []string
	reached := 0
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		k := kinds[kind]
		precision, _ := k.Precision()
		recall, _ := k.Recall()
		lines = append(lines, fmt.Sprintf("| %-35s | %2d signals, %2d refused | precision %.3f | recall %.3f |", kind,
			k.signals, k.refused, precision, recall))
		if precision >= 0.95 && recall >= 0.8 {
			reached++
		}
	}
	lines = append(lines, fmt.Sprintf("%d of %d semantic kinds reach a precision of 0.95 and a recall of 0.8", reached, len(kinds)))
	requireFigures(t, "semantic_proposals", lines)
}
