package gate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
)

// TestGateFile: the example of the guide is a gate file, and says what the defaults are.
func TestGateFile(t *testing.T) {
	page, err := os.ReadFile("../../docs/guides/datasets.md")
	require.NoError(t, err)
	parts := strings.Split(string(page), "```yaml\n")
	example, _, _ := strings.Cut(parts[len(parts)-1], "```")
	path := filepath.Join(t.TempDir(), "gate.yaml")
	require.NoError(t, os.WriteFile(path, []byte(example), 0o600))
	o, err := LoadOptions(path)
	require.NoError(t, err)
	want := DefaultOptions()
	want.MinPass = map[failure.Class]float64{failure.Refusal: 0.9}
	want.Known = map[string]string{"75f385bbdaef7966": "until the new prompt is out"}
	require.NotNil(t, o.Judge, "who judges is read by the command")
	o.Judge = nil
	require.Equal(t, want, o)
}

// TestExcuses: a known or flaky row does not block, a safety failure always does.
func TestExcuses(t *testing.T) {
	rows := []dataset.Row{row("a", failure.Truncation), row("b", failure.Refusal), row("u", failure.Unsafe)}
	o := DefaultOptions()
	o.Known = map[string]string{"a": "later", "u": "later"}
	o.Flaky = map[string]string{"b": "quarantined", "u": "quarantined"}
	runs := [][]string{{"a", "truncation"}, {"b", "refusal"}, {"u"}}
	r := decide(rows, play(rows, runs...), nil, o)
	require.Equal(t, Pass, r.Decision, "%v", r.Reasons)
	require.Equal(t, []Status{RowKnown, RowFlaky, RowPass}, statuses(r))
	require.Equal(t, "later", r.Rows[0].Excused)
	require.Empty(t, r.Blocking())

	r = decide(rows, play(rows, append(runs, []string{"u", "unsafe"})...), nil, o)
	require.Equal(t, Regression, r.Decision)
	require.Len(t, r.Blocking(), 1)

	rows[0].Known = "the row says so itself"
	o.Known = nil
	r = decide(rows, play(rows, runs...), nil, o)
	require.Equal(t, RowKnown, r.Rows[0].Status)
}

func TestClassesWithAThreshold(t *testing.T) {
	rows := []dataset.Row{row("a", failure.Refusal), row("b", failure.Refusal), row("u", failure.Truncation)}
	o := DefaultOptions()
	o.MinPass = map[failure.Class]float64{failure.Refusal: 0.5}
	r := decide(rows, play(rows, []string{"a", "refusal"}, []string{"b"}, []string{"u"}), nil, o)
	require.Equal(t, Pass, r.Decision, "%v", r.Reasons)
	require.InDelta(t, 0.5, r.Classes[0].Rate, 1e-9)
	o.MinPass[failure.Refusal] = 0.6
	r = decide(rows, play(rows, []string{"a", "refusal"}, []string{"b"}, []string{"u"}), nil, o)
	require.Equal(t, Regression, r.Decision)
	require.Contains(t, r.Reasons[0], "refusal passes on 50.0 % of 2 rows")
}

// TestHistoryQuarantines: a row whose runs of one system differed twice is flaky; one that failed twice is not.
func TestHistoryQuarantines(t *testing.T) {
	rows := []dataset.Row{row("mixed", failure.Refusal), row("broken", failure.Refusal)}
	path := filepath.Join(t.TempDir(), "history.jsonl")
	history, err := ReadHistory(path)
	require.NoError(t, err)
	require.Empty(t, Flaky(history))
	for range 2 {
		r := decide(rows, play(rows, []string{"mixed"}, []string{"mixed", "refusal"}, []string{"broken", "refusal"}), nil, DefaultOptions())
		require.NoError(t, AppendHistory(path, r.Entry(time.Now())))
	}
	history, err = ReadHistory(path)
	require.NoError(t, err)
	flaky := Flaky(history)
	require.Len(t, flaky, 1)
	require.Equal(t, "quarantined: its runs of one system differed in 2 of the last 2 gates", flaky["mixed"])
	for range lastGates {
		require.NoError(t, AppendHistory(path, decide(rows, play(rows, []string{"mixed"}), nil, DefaultOptions()).Entry(time.Now())))
	}
	history, err = ReadHistory(path)
	require.NoError(t, err)
	require.Empty(t, Flaky(history), "what was long ago is forgotten")
}

// TestCorrectedOutput: the answer must be nearer to what was wanted than to what failed.
func TestCorrectedOutput(t *testing.T) {
	r := row("a", failure.Hallucination)
	r.Call = asked("When does the parcel arrive?")
	r.Call.Output()[0].Text = "The parcel arrives on Monday at nine."
	r.CorrectedOutput = "It takes three more days; we will write to you."
	rows := []dataset.Row{r}
	for answer, want := range map[string]Status{
		"It takes three more days, and we will write to you.": RowPass,
		"The parcel arrives on Monday at ten.":                RowFailed,
		"The parcel arrives on Monday at nine.":               RowRepeated,
		"xyzzyfoo":                                            RowInconclusive,
	} {
		s := NewRunSet(NewCases(rows, nil, nil))
		c := asked("When does the parcel arrive?")
		c.Output()[0].Text = answer
		s.Observe(Observation{TraceID: "t", Row: "a", Call: c, Scored: true})
		report := Decide(t.Context(), s, nil, DefaultOptions())
		require.Equal(t, want, report.Rows[0].Status, "%s: %v", answer, report.Rows[0].Example)
	}
}

// TestCorrectedOutputAlone: where no answer failed, a few words in common with the corrected one say little, and a yes is
// no no.
func TestCorrectedOutputAlone(t *testing.T) {
	r := dataset.Row{ID: "a", Call: unanswered("Are you open on Sunday?"), CorrectedOutput: "No, we are closed on Sundays."}
	cases := NewCases([]dataset.Row{r}, nil, nil)
	for answer, want := range map[string]RowResult{
		"No, we are closed on Sundays and on holidays.": {Status: RowPass},
		"Yes, we are open on Sundays.":                  {Status: RowFailed},
		"We are happy to help on a Sunday.":             {Status: RowPass, Weak: true},
	} {
		s := NewRunSet(cases)
		c := asked("Are you open on Sunday?")
		c.Output()[0].Text = answer
		s.Observe(Observation{TraceID: "t", Row: "a", Call: c, Scored: true})
		row := Decide(t.Context(), s, nil, DefaultOptions()).Rows[0]
		require.Equal(t, want.Status, row.Status, "%s: %v", answer, row.Example)
		require.Equal(t, want.Weak, row.Weak, answer)
		require.Equal(t, "Are you open on Sunday?", row.Name)
	}
}

// TestASoundAnswerIsNoFailure: what the scorers wrongly find in it does not count against a candidate.
func TestASoundAnswerIsNoFailure(t *testing.T) {
	r := dataset.Row{ID: "s", Decision: "rejected", Call: asked("question")}
	cases := NewCases([]dataset.Row{r}, nil, nil)
	cases.facts[0].found = []failure.Finding{{Class: failure.Refusal}}
	for class, want := range map[failure.Class]Status{failure.Refusal: RowPass, failure.Truncation: RowFailed} {
		s := NewRunSet(cases)
		s.Observe(Observation{TraceID: "t", Row: "s", Call: asked("question"), Scored: true, Verdict: failure.Verdict{Class: class}})
		require.Equal(t, want, Decide(t.Context(), s, nil, DefaultOptions()).Rows[0].Status, class)
	}
}
