package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/gate"
)

// hostile is what a user, a model or a tool could write to leave its place in a report.
const hostile = "</pre><script>alert(1)</script> | a `b` @octocat #1 [x](http://evil.example) *b* \x1b[31mred\x1b[0m \u202eabc"

func broken(id string) gate.RowResult {
	return gate.RowResult{
		ID: id, Name: "Refund without an amount " + id, Class: failure.ToolCallMalformed, Detail: "type_mismatch",
		Service: "returns-bot", TraceID: "5b8efff798038103d269b633813fc60c", Note: "the amount is a number",
		Status: gate.RowRepeated, Blocks: true, Question: "Refund order 4471.",
		Failing:   `issue_refund({"amount": "19,99 EUR"})`,
		Candidate: gate.Tally{Failed: 2, Passed: 1, Classes: []failure.Class{failure.ToolCallMalformed}},
		Example: &gate.Example{
			TraceID: "6b8efff798038103d269b633813fc60d", Answer: `issue_refund({"amount": "about 20"})`,
			Checks: []gate.Check{
				{Rule: "no failure", Outcome: assertion.Fail, Evidence: "issue_refund.amount is a string; the schema wants a number"},
				{Rule: `calls issue_refund`, Outcome: assertion.Pass},
				{Rule: "rubric kindness >= 0.5", Outcome: assertion.Inconclusive, Evidence: "no judge is configured"},
			},
		},
	}
}

func report(rows ...gate.RowResult) Report {
	r := Report{Report: gate.Report{
		Decision: gate.Regression, Reasons: []string{"1 row whose known failure repeats"}, Warnings: []string{"few rows"},
		Rows: rows, Counts: map[gate.Status]int{},
	}, TraceURL: "https://traces.example/explore?id={trace_id}&x=1"}
	for _, row := range rows {
		r.Counts[row.Status]++
	}
	return r
}

func write(t *testing.T, r Report, format string) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, r.Write(&b, format))
	return b.String()
}

func passing(id string) gate.RowResult {
	return gate.RowResult{ID: id, Name: "Row " + id, Status: gate.RowPass, Candidate: gate.Tally{Passed: 1}}
}

func TestText(t *testing.T) {
	require.Equal(t, `REGRESSION
  1 row whose known failure repeats
  warning: few rows

STATUS    ROW                         CLASS                              CANDIDATE  SHOWED
repeated  Refund without an amount a  tool_call_malformed/type_mismatch  1/3        tool_call_malformed
pass      Row b                       none                               1/1        -

repeated: Refund without an amount a
  row               a
  asked             Refund order 4471.
  recorded failure  issue_refund({"amount": "19,99 EUR"})
  candidate         issue_refund({"amount": "about 20"})
  fail              no failure: issue_refund.amount is a string; the schema wants a number
  inconclusive      rubric kindness >= 0.5: no judge is configured
  note              the amount is a number
  trace             6b8efff798038103d269b633813fc60d https://traces.example/explore?id=6b8efff798038103d269b633813fc60d&x=1
  trace before      5b8efff798038103d269b633813fc60c https://traces.example/explore?id=5b8efff798038103d269b633813fc60c&x=1

rows  2: 1 repeated, 1 pass
`, write(t, report(passing("b"), broken("a")), "text"))
}

func TestTextOfABaseline(t *testing.T) {
	row := broken("a")
	row.Name, row.Status, row.Baseline = "", gate.RowFlip, &gate.Tally{Passed: 5}
	row.BaselineExample = &gate.Example{TraceID: "7b", Answer: "Your refund\nof 20 EUR is on its way."}
	r := report(row)
	r.Diffuse, r.TraceURL = &gate.Diffuse{Rows: 1, MeanDrop: 1, P: 0.5}, ""
	text := write(t, r, "text")
	require.Contains(t, text, "\nflip: Tool call with an argument the tool cannot take · returns-bot\n")
	require.Contains(t, text, "\n  baseline          Your refund\n                    of 20 EUR is on its way.\n")
	require.Contains(t, text, "\n  trace before      7b\n")
	require.Contains(t, text, "BASELINE")
	require.NotContains(t, text, "19,99", "the baseline's answer stands for the recorded one")
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		row  gate.RowResult
		want string
	}{
		{gate.RowResult{ID: "a"}, "a"},
		{gate.RowResult{ID: "a", Name: "Refunds are numbers"}, "Refunds are numbers"},
		{gate.RowResult{ID: "a", Class: failure.Refusal, Service: "bot"}, "The request was declined · bot"},
		{
			gate.RowResult{ID: "a", Class: failure.BadAnswer, Detail: "off_topic", Name: "bad_answer/off_topic · bot · Hello?"},
			"The answer is about something else · bot · Hello?",
		},
	} {
		require.Equal(t, c.want, name(&c.row))
	}
}

func TestTextIsBounded(t *testing.T) {
	var rows []gate.RowResult
	for i := range 5000 {
		row := broken(fmt.Sprint("r", i))
		row.Example.Answer = strings.Repeat("long ", 10_000)
		rows = append(rows, row)
	}
	text := write(t, report(rows...), "text")
	require.Less(t, len(text), 200_000)
	require.Contains(t, text, "\n4900 rows more\n")
	require.Contains(t, text, "\n4980 rows more; --format html or json has all\n")
}

func TestJSON(t *testing.T) {
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(write(t, report(broken("a")), "json")), &got))
	require.Equal(t, "regression", got["decision"])
	require.Equal(t, "https://traces.example/explore?id={trace_id}&x=1", got["trace_url"])
	row := got["rows"].([]any)[0].(map[string]any)
	require.Equal(t, "Refund order 4471.", row["question"])
}

func TestJUnit(t *testing.T) {
	silent, excused := passing("c"), broken("d")
	silent.Status, silent.Candidate = gate.RowMissing, gate.Tally{}
	excused.Blocks, excused.Status, excused.Excused = false, gate.RowKnown, "known since May"
	r := report(broken("a"), passing("b"), silent, excused)
	r.Diffuse, r.Decision = &gate.Diffuse{MeanDrop: 0.1, P: 0.01, Blocks: true}, gate.Inconclusive
	var suite junitSuite
	require.NoError(t, xml.Unmarshal([]byte(write(t, r, "junit")), &suite))
	require.Equal(t, 6, suite.Tests)
	require.Equal(t, 3, suite.Failures)
	require.Equal(t, 1, suite.Skipped)
	first := suite.Cases[0]
	require.Equal(t, "Refund without an amount a [a]", first.Name)
	require.Equal(t, "repeated: candidate passes 1/3; it showed tool_call_malformed", first.Failure.Message)
	require.Contains(t, first.Failure.Text, `candidate         issue_refund({"amount": "about 20"})`)
	require.Nil(t, suite.Cases[1].Failure)
	require.NotNil(t, suite.Cases[2].Skipped)
	require.Nil(t, suite.Cases[3].Failure, "a known failure does not block")
	require.Equal(t, "the pass rate drops by 10.0 points (p = 0.01)", suite.Cases[4].Failure.Message)
	require.Equal(t, "conclusive", suite.Cases[5].Name)
}

func TestMarkdown(t *testing.T) {
	text := write(t, report(broken("a"), passing("b")), "markdown")
	for _, want := range []string{
		"### ❌ Faultline gate: regression\n\n- 1 row whose known failure repeats\n- warning: few rows\n",
		"| repeated | <code>Refund without an amount a</code> | tool_call_malformed/type_mismatch | 1/3 | tool_call_malformed |",
		"<details><summary>repeated: <code>Refund without an amount a</code></summary>",
		"| recorded failure | candidate |",
		"issue&#95;refund&#40;&#123;&#34;amount&#34;&#58; &#34;about 20&#34;",
		`<a href="https&#58;&#47;&#47;traces&#46;example&#47;explore?id&#61;6b8efff798038103d269b633813fc60d&#38;x&#61;1">trace`,
		"rows: 2: 1 repeated, 1 pass  \n",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "Row b", "rows that pass are counted")
}

// A pull request gets as much of the report as GitHub accepts, and says that there is more.
func TestMarkdownFitsAComment(t *testing.T) {
	for _, n := range []int{1, 60, 400, 5000} {
		var rows []gate.RowResult
		for i := range n {
			row := broken(fmt.Sprint("r", i))
			row.Question = strings.Repeat(hostile, 50)
			row.Example.Answer, row.Failing = strings.Repeat("|`*😀", 5000), strings.Repeat("*", 50_000)
			rows = append(rows, row)
		}
		r := report(rows...)
		for range 200 {
			r.Warnings = append(r.Warnings, strings.Repeat("warned ", 200))
		}
		text := write(t, r, "markdown")
		require.LessOrEqual(t, utf8.RuneCountInString(text), 65_536-1024)
		require.Equal(t, n > 1, strings.Contains(text, "Not all rows find room here"), n)
		require.Equal(t, strings.Count(text, "<details>"), strings.Count(text, "</details>"))
		require.Contains(t, text, fmt.Sprintf("rows: %d: %d repeated", n, n))
		require.GreaterOrEqual(t, strings.Count(text, "<details>"), 1)
	}
}

func TestHostileTextsStayInTheirPlace(t *testing.T) {
	row := broken("a")
	row.Name, row.Question, row.Failing, row.Note, row.Example.Answer = hostile, hostile, hostile, hostile, hostile+"\n"+hostile
	row.Example.Checks[0].Evidence, row.Excused = hostile, hostile
	row.Example.TraceID = `"><script>`
	r := report(row)
	r.Reasons = []string{hostile}
	for _, format := range Formats {
		text := write(t, r, format)
		require.NotContains(t, text, "\x1b", format)
		if format != "json" {
			require.NotContains(t, text, "\u202e", format)
		}
	}
	markdown := write(t, r, "markdown")
	for line := range strings.SplitSeq(markdown, "\n") {
		line = regexp.MustCompile("<code>[^<`|*@]*</code>").ReplaceAllString(line, "")
		for _, alive := range []string{"<script>", "@octocat", "#1 ", "](", "http://", "`", "*b*"} {
			require.NotContains(t, line, alive)
		}
	}
	page := write(t, r, "html")
	require.NotContains(t, page, "<script")
	require.NotContains(t, page, `href="http://evil`)
	require.Contains(t, html.UnescapeString(page), "alert(1)")
}

// The page is one file: nothing is loaded, and its policy allows its style alone.
func TestHTML(t *testing.T) {
	page := write(t, report(broken("a"), passing("b")), "html")
	require.Contains(t, html.UnescapeString(page),
		"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-")
	for _, forbidden := range []string{"<script", " src=", "<link", "@import", "url(", " style=", "onclick"} {
		require.NotContains(t, page, forbidden)
	}
	for _, want := range []string{
		"<title>Faultline gate: regression</title>", "Refund without an amount a", "Refund order 4471.",
		"<h3>recorded failure</h3>", "<h3>candidate</h3>", "about 20", "the schema wants a number", "Rows that pass", "Row b",
		`<a href="https://traces.example/explore?id=6b8efff798038103d269b633813fc60d&amp;x=1">`,
	} {
		require.Contains(t, page, want)
	}
}

func TestTraceURL(t *testing.T) {
	require.NoError(t, CheckTraceURL(""))
	require.NoError(t, CheckTraceURL("http://127.0.0.1:3200/{trace_id}"))
	for _, wrong := range []string{"x", "https://x/", "javascript:alert({trace_id})", "ftp://x/{trace_id}", "https:///{trace_id}"} {
		require.ErrorContains(t, CheckTraceURL(wrong), "must be an http or https address with {trace_id} in it, got ")
	}
}

func TestUnknownFormat(t *testing.T) {
	require.ErrorIs(t, Report{}.Write(io.Discard, "pdf"), ErrFormat)
}
