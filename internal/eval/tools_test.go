package eval

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/toolcall"
)

// structural are the files whose calls are recorded as calls.
var structural = []string{"native", "parsed_text", "live_v4", "multiturn_steps"}

// TestEvalToolCallMalformed holds the scorer against the labels that a schema can reveal (detectable: schema). Disputed
// lines, on which the two truths of the corpus disagree, are left out; so are the lines with a call in the text, which
// the next test counts.
func TestEvalToolCallMalformed(t *testing.T) {
	scorer, err := toolcall.New(toolcall.Config{})
	require.NoError(t, err)
	var all counts
	named, kinds := 0, 0
	for _, file := range structural {
		var c counts
		calls(t, file, func(l line, call *genai.Call) {
			if l.Labels.Disputed || l.Labels.Detectable == "text_parse" {
				return
			}
			var r score.Result
			scorer.Score(call, &r)
			require.Empty(t, r.Problems, l.ID)
			found := details(r, failure.CallInText)
			truth := l.Labels.ToolCallMalformed && l.Labels.Detectable == "schema"
			c.add(truth, len(found) > 0)
			if truth != (len(found) > 0) {
				t.Logf("  miss %s: labelled %v, found %v", l.ID, l.Labels.Violations, found)
			}
			if truth {
				for _, kind := range l.Labels.Violations {
					kinds++
					if slices.Contains(found, detailOf(kind)) {
						named++
					} else {
						t.Logf("  kind %s: labelled %s, found %v", l.ID, kind, found)
					}
				}
			}
		})
		t.Logf("| %-16s | %5d | %4d | recall %.4f | precision %.4f |", file, c.tp+c.fp+c.fn+c.tn, c.tp+c.fn, c.recall(), c.precision())
		all.tp, all.fp, all.fn, all.tn = all.tp+c.tp, all.fp+c.fp, all.fn+c.fn, all.tn+c.tn
	}
	t.Logf("tool_call_malformed: recall %.4f, precision %.4f (tp %d, fp %d, fn %d), kinds named %.4f of %d",
		all.recall(), all.precision(), all.tp, all.fp, all.fn, ratio(named, kinds), kinds)
	require.GreaterOrEqual(t, all.recall(), 0.99)
	require.GreaterOrEqual(t, all.precision(), 0.97)
	require.GreaterOrEqual(t, ratio(named, kinds), 0.97)
}

// details lists the distinct details of a result, without one of them.
func details(r score.Result, without string) []string {
	var list []string
	for _, f := range r.Findings {
		if f.Detail != without && !slices.Contains(list, f.Detail) {
			list = append(list, f.Detail)
		}
	}
	return list
}

// detailOf is our name of a kind of the corpus, which spells out which constraint was broken.
func detailOf(kind string) string {
	switch kind {
	case "min_items", "max_items", "maximum", "minimum":
		return failure.ConstraintViolation
	}
	return kind
}

// TestEvalCallInText counts calls in the text of answers. In native mode a call in the text is a failure whatever it says,
// and BFCL labels it text_parse where it also failed the question. The prompt-mode and Hermes models of raw_text were
// asked to write their calls as text, in formats of their own: there text_parse means that BFCL's decoder failed on the
// call, and a line that it could decode holds a call in the text just as well. So a line counts as positive where it is
// labelled text_parse, is left out where BFCL passed or semantically failed a call that stands in its text (or, in
// prompt mode, where any call was asked for in the text), and is negative otherwise.
func TestEvalCallInText(t *testing.T) {
	scorer, err := toolcall.New(toolcall.Config{})
	require.NoError(t, err)
	var all counts
	decoded, asked, unlabelled := 0, 0, 0 // the lines that are left out, by the reason
	for _, file := range []string{"native", "parsed_text", "live_v4", "multiturn_steps", "raw_text"} {
		var c counts
		calls(t, file, func(l line, call *genai.Call) {
			truth := l.Labels.Detectable == "text_parse"
			texts := file == "raw_text" // the whole file is models that write calls as text
			switch {
			case truth:
			case l.Labels.OutputKind == "tool_call_in_text":
				decoded++
				return
			case texts && l.Labels.Mode == "prompt":
				asked++
				return
			case texts && l.Labels.OutputKind == "no_tool_call" && holdsObject(call):
				// Hermes-2-Theta writes calls between <|im_start|> marks, which the corpus' own pattern does not know.
				unlabelled++
				return
			}
			var r score.Result
			scorer.Score(call, &r)
			found := slices.ContainsFunc(r.Findings, func(f failure.Finding) bool { return f.Detail == failure.CallInText })
			c.add(truth, found)
			if truth != found && len(call.Output()) > 0 {
				t.Logf("  miss %s labelled %s %s: %.160q", l.ID, l.Labels.Detectable, l.Labels.OutputKind, call.Output()[0].Text)
			}
		})
		t.Logf("| %-16s | %5d | %4d | recall %.4f | precision %.4f |", file, c.tp+c.fp+c.fn+c.tn, c.tp+c.fn, c.recall(), c.precision())
		all.tp, all.fp, all.fn, all.tn = all.tp+c.tp, all.fp+c.fp, all.fn+c.fn, all.tn+c.tn
	}
	t.Logf("  left out, since their text holds a call that is no failure by its label: %d decoded by BFCL, %d asked for in prompt mode, %d in a format that the corpus does not know",
		decoded, asked, unlabelled)
	t.Logf("call_in_text: recall %.4f, precision %.4f (tp %d, fp %d, fn %d)", all.recall(), all.precision(), all.tp, all.fp, all.fn)
	require.GreaterOrEqual(t, all.recall(), 0.8)
	require.GreaterOrEqual(t, all.precision(), 0.95)
}

// holdsObject reports whether a text holds an object with a name and arguments: a call that was written as text.
func holdsObject(call *genai.Call) bool {
	for _, m := range call.Output() {
		if strings.Contains(m.Text, `"arguments"`) && strings.Contains(m.Text, `"name"`) {
			return true
		}
	}
	return false
}
