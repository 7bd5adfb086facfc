package eval

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/toolcall"
)

// structural lists the files whose calls are recorded as calls.
var structural = []string{"native", "parsed_text", "live_v4", "multiturn_steps"}

// TestEvalToolCallMalformed compares the scorer with the labels that a schema can reveal (detectable: schema). All must
// agree, and so must each kind of violation. It leaves out disputed lines, on which the two truths of the corpus
// disagree, and lines with a call in the text, which the next test counts.
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
				t.Errorf("%s is labelled %v, found %v", l.ID, l.Labels.Violations, found)
			}
			if truth {
				for _, kind := range l.Labels.Violations {
					kinds++
					if slices.Contains(found, detailOf(kind)) {
						named++
					} else {
						t.Errorf("%s is labelled %s, found %v", l.ID, kind, found)
					}
				}
			}
		})
		t.Logf("| %-16s | %5d | %4d | recall %.4f | precision %.4f |",
			file, c.tp+c.fp+c.fn+c.tn, c.tp+c.fn, c.recall(), c.precision())
		all.tp, all.fp, all.fn, all.tn = all.tp+c.tp, all.fp+c.fp, all.fn+c.fn, all.tn+c.tn
	}
	t.Logf("tool_call_malformed: recall %.4f, precision %.4f (tp %d, fp %d, fn %d), kinds named %.4f of %d",
		all.recall(), all.precision(), all.tp, all.fp, all.fn, ratio(named, kinds), kinds)
	require.NotZero(t, all.tp)
	require.NotZero(t, all.tn)
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

// detailOf is our name for a kind of the corpus. The corpus names each constraint.
func detailOf(kind string) string {
	switch kind {
	case "min_items", "max_items", "maximum", "minimum":
		return failure.ConstraintViolation
	}
	return kind
}

// TestEvalCallInText counts calls in the text of answers. Native models must not write calls as text, and BFCL labels
// such a line text_parse where the answer was wrong too. The prompt-mode and Hermes models of raw_text had to write
// their calls as text, in formats of their own. There text_parse means that the decoder of BFCL failed, while a line
// that it could decode holds a call in the text as well. So a line is positive where it is labelled text_parse. A line
// is left out where BFCL decoded a call in its text, and in prompt mode where a call in the text was asked for. All
// others are negative.
func TestEvalCallInText(t *testing.T) {
	scorer, err := toolcall.New(toolcall.Config{})
	require.NoError(t, err)
	var all counts
	decoded, asked, unlabelled := 0, 0, 0 // lines that are left out, by reason
	var lines, misses []string
	for _, file := range []string{"native", "parsed_text", "live_v4", "multiturn_steps", "raw_text"} {
		var c counts
		calls(t, file, func(l line, call *genai.Call) {
			truth := l.Labels.Detectable == "text_parse"
			texts := file == "raw_text" // all its models write calls as text
			switch {
			case truth:
			case l.Labels.OutputKind == "tool_call_in_text":
				decoded++
				return
			case texts && l.Labels.Mode == "prompt":
				asked++
				return
			case texts && l.Labels.OutputKind == "no_tool_call" && holdsObject(call):
				// Hermes-2-Theta writes calls between <|im_start|> marks. The pattern of the corpus does not know them.
				unlabelled++
				return
			}
			var r score.Result
			scorer.Score(call, &r)
			found := slices.ContainsFunc(r.Findings, func(f failure.Finding) bool {
				return f.Detail == failure.CallInText
			})
			c.add(truth, found)
			if truth != found && len(call.Output()) > 0 {
				t.Logf("  miss %s: %.160q", l.ID, call.Output()[0].Text)
				misses = append(misses, fmt.Sprintf("  miss %s labelled %s %s",
					l.ID, l.Labels.Detectable, l.Labels.OutputKind))
			}
		})
		lines = append(lines, fmt.Sprintf("| %-16s | %5d | %4d | recall %.4f | precision %.4f |",
			file, c.tp+c.fp+c.fn+c.tn, c.tp+c.fn, c.recall(), c.precision()))
		all.tp, all.fp, all.fn, all.tn = all.tp+c.tp, all.fp+c.fp, all.fn+c.fn, all.tn+c.tn
	}
	lines = append(lines, fmt.Sprintf("  left out, since their text holds a call that is no failure by its label: "+
		"%d decoded by BFCL, %d asked for in prompt mode, %d in a format that the corpus does not know",
		decoded, asked, unlabelled))
	lines = append(lines, fmt.Sprintf("call_in_text: recall %.4f, precision %.4f (tp %d, fp %d, fn %d)",
		all.recall(), all.precision(), all.tp, all.fp, all.fn))
	slices.Sort(misses)
	requireFigures(t, "call_in_text", append(lines, misses...))
}

// holdsObject reports whether an answer holds an object with a name and arguments: a call that is written as text.
func holdsObject(call *genai.Call) bool {
	for _, m := range call.Output() {
		if strings.Contains(m.Text, `"arguments"`) && strings.Contains(m.Text, `"name"`) {
			return true
		}
	}
	return false
}
