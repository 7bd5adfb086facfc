package gate

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// asked is a chat call with one question and an answer to it.
func asked(question string) *genai.Call {
	c := &genai.Call{Operation: genai.OpChat}
	c.SetContent(genai.Content{
		Input:  []genai.Message{{Role: "user", Text: question}},
		Output: []genai.Message{{Role: "assistant", Text: "the answer to the question"}},
	})
	return c
}

// unanswered is a chat call whose answer was not recorded.
func unanswered(question string) *genai.Call {
	c := &genai.Call{Operation: genai.OpChat, ContentMissing: true}
	c.SetContent(genai.Content{Input: []genai.Message{{Role: "user", Text: question}}})
	return c
}

// decide decides without scorers: the observations say what was found.
func decide(rows []dataset.Row, candidate, baseline *RunSet, o Options) Report {
	return Decide(context.Background(), candidate, baseline, o)
}

func row(id string, class failure.Class) dataset.Row {
	return dataset.Row{ID: id, Class: class, Decision: review.Confirmed, Call: unanswered("question of " + id)}
}

// play makes a side from runs: each is a row's id and the classes that it showed; "?" stands for content that is
// missing.
func play(rows []dataset.Row, runs ...[]string) *RunSet {
	s := NewRunSet(NewCases(rows, nil, nil))
	for i, r := range runs {
		o := Observation{TraceID: fmt.Sprint("t", i), Row: r[0], Call: asked("?"), Scored: true}
		for _, class := range r[1:] {
			if class == "?" {
				o.Scored, o.Call = false, unanswered("?")
				continue
			}
			o.Verdict.Classes = append(o.Verdict.Classes, failure.Class(class))
			o.Verdict.Class = o.Verdict.Classes[0]
		}
		s.Observe(o)
	}
	return s
}

func times(n int, r ...string) [][]string {
	runs := make([][]string, n)
	for i := range runs {
		runs[i] = r
	}
	return runs
}

func TestDecisionWithoutBaseline(t *testing.T) {
	rows := []dataset.Row{row("a", failure.Truncation), row("b", failure.RateLimit), row("u", failure.Unsafe)}
	for name, c := range map[string]struct {
		runs     [][]string
		decision Decision
		statuses []Status
	}{
		"all mended":                                {[][]string{{"a"}, {"b"}, {"u"}}, Pass, []Status{RowPass, RowPass, RowPass}},
		"failure repeats":                           {[][]string{{"a", "truncation"}, {"b"}, {"u"}}, Regression, []Status{RowRepeated, RowPass, RowPass}},
		"another failure":                           {[][]string{{"a", "refusal"}, {"b"}, {"u"}}, Regression, []Status{RowFailed, RowPass, RowPass}},
		"fails in a minority of runs":               {[][]string{{"a", "truncation"}, {"a"}, {"a"}, {"b"}, {"u"}}, Pass, []Status{RowPass, RowPass, RowPass}},
		"fails in half of the runs":                 {[][]string{{"a", "truncation"}, {"a"}, {"b"}, {"u"}}, Pass, []Status{RowPass, RowPass, RowPass}},
		"unsafe once in three":                      {[][]string{{"a"}, {"b"}, {"u"}, {"u", "unsafe"}, {"u"}}, Regression, []Status{RowPass, RowPass, RowUnsafe}},
		"unsafe where it was not before":            {[][]string{{"a", "unsafe"}, {"b"}, {"u"}}, Regression, []Status{RowUnsafe, RowPass, RowPass}},
		"the provider fails":                        {[][]string{{"a", "rate_limit"}, {"b"}, {"u"}}, Inconclusive, []Status{RowInconclusive, RowPass, RowPass}},
		"the provider fails a row that is about it": {[][]string{{"a"}, {"b", "rate_limit"}, {"u"}}, Regression, []Status{RowPass, RowRepeated, RowPass}},
		"no content recorded":                       {[][]string{{"a", "?"}, {"b"}, {"u"}}, Inconclusive, []Status{RowInconclusive, RowPass, RowPass}},
		"a failure without content is one":          {[][]string{{"a", "?", "truncation"}, {"b"}, {"u"}}, Regression, []Status{RowRepeated, RowPass, RowPass}},
		"a row is missing":                          {[][]string{{"a"}, {"b"}}, Inconclusive, []Status{RowPass, RowPass, RowMissing}},
		"a row is missing and another blocks":       {[][]string{{"a", "truncation"}, {"b"}}, Regression, []Status{RowRepeated, RowPass, RowMissing}},
		"nothing belongs to a row":                  {[][]string{{"x"}}, Inconclusive, []Status{RowMissing, RowMissing, RowMissing}},
	} {
		t.Run(name, func(t *testing.T) {
			r := decide(rows, play(rows, c.runs...), nil, DefaultOptions())
			require.Equal(t, c.decision, r.Decision, "%v", r.Reasons)
			require.Equal(t, c.statuses, statuses(r))
			require.NotEmpty(t, r.Reasons)
		})
	}
}

func weakWarning(rows int) string {
	return count(rows, "passing row") + " checked weakly: the scorers find no failure and the answer is about the " +
		"question, which a wrong answer may be too; add assertions"
}

func statuses(r Report) []Status {
	var list []Status
	for _, row := range r.Rows {
		list = append(list, row.Status)
	}
	return list
}

func TestDecisionWithBaseline(t *testing.T) {
	rows := []dataset.Row{row("a", failure.Truncation)}
	for i := range 39 {
		rows = append(rows, row(fmt.Sprint("r", i), failure.SchemaViolation))
	}
	// side passes all rows but a once.
	side := func(a ...[]string) *RunSet {
		runs := a
		for _, r := range rows[1:] {
			runs = append(runs, []string{r.ID})
		}
		return play(rows, runs...)
	}
	for name, c := range map[string]struct {
		candidate, baseline *RunSet
		decision            Decision
		status              Status
	}{
		"the same":                   {side([]string{"a"}), side([]string{"a"}), Pass, RowPass},
		"confirmed flip":             {side(times(5, "a", "truncation")...), side(times(5, "a")...), Regression, RowFlip},
		"flip that is not confirmed": {side([]string{"a", "truncation"}), side([]string{"a"}), Pass, RowSuspect}, // one row of forty
		"fails four of five":         {side(append(times(4, "a", "truncation"), []string{"a"})...), side(times(5, "a")...), Pass, RowWorse},
		"failed before":              {side(times(5, "a", "truncation")...), side(times(5, "a", "truncation")...), Pass, RowKnown},
		"failed before, mended":      {side(times(5, "a")...), side(times(5, "a", "truncation")...), Pass, RowPass},
		"unsafe as before":           {side([]string{"a", "unsafe"}), side([]string{"a", "unsafe"}), Pass, RowKnown},
		"unsafe as never before":     {side([]string{"a", "unsafe"}), side([]string{"a"}), Regression, RowUnsafe},
	} {
		t.Run(name, func(t *testing.T) {
			r := decide(rows, c.candidate, c.baseline, DefaultOptions())
			require.Equal(t, c.decision, r.Decision, "%v", r.Reasons)
			require.Equal(t, c.status, r.Rows[0].Status)
			require.Subset(t, []string{weakWarning(39), weakWarning(40)}, r.Warnings)
			require.NotNil(t, r.Detectable)
		})
	}
}

func TestDiffuseDropBlocks(t *testing.T) {
	var rows []dataset.Row
	for i := range 60 {
		rows = append(rows, row(fmt.Sprint("r", i), failure.SchemaViolation))
	}
	var before, after [][]string
	for i, r := range rows {
		before = append(before, times(5, r.ID)...)
		fails := 0
		if i < 12 { // a fifth of the rows pass three times of five
			fails = 2
		}
		after = append(after, times(fails, r.ID, "schema_violation")...)
		after = append(after, times(5-fails, r.ID)...)
	}
	r := decide(rows, play(rows, after...), play(rows, before...), DefaultOptions())
	require.Equal(t, Regression, r.Decision)
	require.Empty(t, r.Blocking(), "no row shows it alone")
	require.True(t, r.Diffuse.Blocks)
	require.InDelta(t, 12*0.4/60, r.Diffuse.MeanDrop, 1e-9)
	require.InDelta(t, 1./4096, r.Diffuse.P, 1e-9)

	o := DefaultOptions()
	o.MinEffect = 0.10
	require.Equal(t, Pass, decide(rows, play(rows, after...), play(rows, before...), o).Decision, "a drop smaller than asked for")
}

func TestFewRowsAreWarnedOf(t *testing.T) {
	rows := []dataset.Row{row("a", failure.Truncation)}
	r := decide(rows, play(rows, []string{"a"}), play(rows, []string{"a"}), DefaultOptions())
	require.Len(t, r.Warnings, 2)
	require.Contains(t, r.Warnings[0], "a dataset of 1 row is small")
	require.Equal(t, weakWarning(1), r.Warnings[1])
}

func TestTracesFindTheirRow(t *testing.T) {
	rows := []dataset.Row{row("a", failure.Truncation), row("b", failure.Refusal)}
	rows[1].Service = "returns-bot"
	rows[1].Call = unanswered("where is my refund?")
	withSystem := func(question, system string) *genai.Call {
		c := &genai.Call{Operation: genai.OpChat, ServiceName: "returns-bot"}
		c.SetContent(genai.Content{System: system, Input: []genai.Message{{Role: "user", Text: question}}, Output: []genai.Message{{Text: "Your refund is on its way."}}})
		return c
	}
	tool := &genai.Call{Operation: genai.OpExecuteTool, ToolName: "issue_refund"}
	elsewhere := withSystem("where is my refund?", "another service")
	elsewhere.ServiceName = "support-bot"
	s := NewRunSet(NewCases(rows, nil, nil))
	for _, o := range []Observation{
		{TraceID: "named", Call: tool, Verdict: failure.Verdict{Class: failure.ToolError}},       // belongs by a later span of its trace
		{TraceID: "named", Row: "a", Call: asked("something else"), Scored: true},                //
		{TraceID: "input", Call: asked("question of a"), Scored: true},                           // same input
		{TraceID: "prompt", Call: withSystem("where is my refund?", "new prompt"), Scored: true}, // same question, new prompt
		{TraceID: "elsewhere", Call: elsewhere, Scored: true},                                    // same question to another service
		{TraceID: "stranger", Call: asked("who are you?"), Scored: true},
		{TraceID: "unknown row", Row: "zz", Call: asked("who are you?"), Scored: true},
	} {
		s.Observe(o)
	}
	got := s.judge(t.Context(), nil)
	want := []Tally{
		{Passed: 1, Failed: 1, Weak: 1, Classes: []failure.Class{failure.ToolError}},
		{Passed: 1, Weak: 1, firstPassed: true},
	}
	require.Empty(t, cmp.Diff(want, got.tallies, cmp.AllowUnexported(Tally{})))
	require.Equal(t, 3, got.unmatched)
}

func TestDecisionDoesNotDependOnTheOrderOfRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "rows")
		rows := make([]dataset.Row, n)
		var before, after [][]string
		outcomes := rapid.SampledFrom([]string{"", "schema_violation", "refusal", "rate_limit", "unsafe", "?"})
		for i := range rows {
			rows[i] = row(fmt.Sprint("r", i), failure.SchemaViolation)
			for range rapid.IntRange(0, 6).Draw(t, "runs") {
				for _, side := range []*[][]string{&before, &after} {
					r := []string{rows[i].ID}
					if class := outcomes.Draw(t, "outcome"); class != "" {
						r = append(r, class)
					}
					*side = append(*side, r)
				}
			}
		}
		r := decide(rows, play(rows, after...), play(rows, before...), DefaultOptions())
		shuffled := rapid.Permutation(rows).Draw(t, "shuffled")
		other := decide(shuffled, play(shuffled, after...), play(shuffled, before...), DefaultOptions())
		if r.Decision != other.Decision {
			t.Fatalf("%s becomes %s", r.Decision, other.Decision)
		}
		total := 0
		for _, c := range r.Counts {
			total += c
		}
		if total != n {
			t.Fatalf("%d rows are counted as %d", n, total)
		}
		if len(r.Blocking()) > 0 && r.Decision != Regression {
			t.Fatalf("a row blocks, and the decision is %s", r.Decision)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	require.Empty(t, DefaultOptions().Validate())
	errs := Options{Repeats: 0, Alpha: 2, MinEffect: -1, MaxInconclusive: 0.1}.Validate()
	require.Len(t, errs, 3)
	require.EqualError(t, errs[0], "repeats must be at least 1, got 0")
}
