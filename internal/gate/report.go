package gate

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Formats are the report formats, by name.
var Formats = []string{"text", "json", "junit", "markdown"}

// ErrFormat is returned for an unknown format.
var ErrFormat = errors.New("no such format")

// Write writes the report in one of Formats.
func (r Report) Write(w io.Writer, format string) error {
	switch format {
	case "text":
		return r.text(w)
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	case "junit":
		return r.junit(w)
	case "markdown":
		return r.markdown(w)
	}
	return fmt.Errorf("%w: %q", ErrFormat, format)
}

func (r Report) text(out io.Writer) error {
	w := &bytes.Buffer{}
	fmt.Fprintf(w, "%s\n", strings.ToUpper(string(r.Decision)))
	for _, reason := range r.Reasons {
		fmt.Fprintf(w, "  %s\n", reason)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "  warning: %s\n", warning)
	}
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(tw, "STATUS\tROW\tCLASS\tCANDIDATE%s\tSHOWED\n", r.ifPaired("\tBASELINE"))
	for _, row := range r.sorted() {
		baseline := ""
		if row.Baseline != nil {
			baseline = "\t" + row.Baseline.String()
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s%s\t%s\n", row.Status, row.ID, row.label(), row.Candidate, baseline,
			dash(row.Candidate.classes()))
	}
	fmt.Fprint(tw, "\n")
	for _, fact := range r.facts() {
		fmt.Fprintf(tw, "%s\t%s\n", fact[0], fact[1])
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := out.Write(w.Bytes())
	return err
}

func (r Report) markdown(out io.Writer) error {
	w := &bytes.Buffer{}
	icon := map[Decision]string{Pass: "✅", Regression: "❌", Inconclusive: "⚠️"}[r.Decision]
	fmt.Fprintf(w, "### %s Faultline gate: %s\n\n", icon, r.Decision)
	for _, reason := range r.Reasons {
		fmt.Fprintf(w, "- %s\n", reason)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "- warning: %s\n", warning)
	}
	fmt.Fprintf(w, "\n| status | row | class | candidate |%s showed |\n|---|---|---|---|%s---|\n",
		r.ifPaired(" baseline |"), r.ifPaired("---|"))
	for _, row := range r.sorted() {
		baseline := ""
		if row.Baseline != nil {
			baseline = " " + row.Baseline.String() + " |"
		}
		fmt.Fprintf(w, "| %s | `%s` | %s | %s |%s %s |\n", row.Status, cell(row.ID), cell(row.label()), row.Candidate,
			baseline, dash(row.Candidate.classes()))
	}
	fmt.Fprintln(w)
	for _, fact := range r.facts() {
		fmt.Fprintf(w, "%s: %s  \n", fact[0], fact[1])
	}
	_, err := out.Write(w.Bytes())
	return err
}

// cell escapes a text so that it stays inside its table cell.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "\r", " ", "`", "'", "<", "&lt;").Replace(s)
}

// The JUnit XML that CI systems read. A row that blocks is a failure, a row without a result is skipped.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// diffuseCase is the name of the case for the test over all rows.
const diffuseCase = "pass rate over all rows"

func (r Report) junit(w io.Writer) error {
	suite := junitSuite{Name: "faultline gate"}
	add := func(c junitCase) {
		suite.Tests++
		if c.Failure != nil {
			suite.Failures++
		}
		if c.Skipped != nil {
			suite.Skipped++
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, row := range r.Rows {
		c := junitCase{Name: row.ID, Class: "faultline." + dash(string(row.Class))}
		message := &junitMessage{Message: row.explain(), Text: row.Note}
		switch {
		case row.Blocks:
			c.Failure = message
		case row.Status.silent():
			c.Skipped = message
		}
		add(c)
	}
	if r.Diffuse != nil {
		c := junitCase{Name: diffuseCase, Class: "faultline"}
		if r.Diffuse.Blocks {
			c.Failure = &junitMessage{
				Message: fmt.Sprintf("the pass rate drops by %.1f points (p = %.3g)", 100*r.Diffuse.MeanDrop, r.Diffuse.P),
			}
		}
		add(c)
	}
	if r.Decision == Inconclusive {
		failure := &junitMessage{Message: strings.Join(r.Reasons, "; ")}
		add(junitCase{Name: "conclusive", Class: "faultline", Failure: failure})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// explain returns the result of a row in a sentence.
func (row RowResult) explain() string {
	s := fmt.Sprintf("%s: candidate passes %s", row.Status, row.Candidate)
	if row.Baseline != nil {
		s += ", baseline " + row.Baseline.String()
	}
	if classes := row.Candidate.classes(); classes != "" {
		s += "; it showed " + classes
	}
	if row.Status == RowSuspect {
		s += "; repeat it on both sides to be sure"
	}
	return s
}

func (row RowResult) label() string {
	label := string(row.Class)
	switch {
	case row.Class == "":
		return "none"
	case row.Detail != "":
		label += "/" + row.Detail
	}
	if row.Unseen {
		label += " (unseen)"
	}
	return label
}

// String returns the passed runs of those with a result, such as 3/5.
func (t Tally) String() string {
	s := fmt.Sprintf("%d/%d", t.Passed, t.runs())
	if t.Inconclusive > 0 {
		s += fmt.Sprintf(" (+%d?)", t.Inconclusive)
	}
	return s
}

func (t Tally) classes() string {
	names := make([]string, 0, len(t.Classes))
	for _, c := range t.Classes {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

func (r Report) ifPaired(s string) string {
	if r.Diffuse == nil {
		return ""
	}
	return s
}

// sorted returns the rows in the order of the dataset, those that need attention first.
func (r Report) sorted() []RowResult {
	rank := func(row RowResult) int {
		switch s := row.Status; {
		case s == RowUnsafe:
			return 0
		case row.Blocks:
			return 1
		case s.silent():
			return 2
		case s == RowWorse:
			return 3
		}
		return 4
	}
	rows := slices.Clone(r.Rows)
	slices.SortStableFunc(rows, func(a, b RowResult) int { return rank(a) - rank(b) })
	return rows
}

// facts returns the figures at the end of the report, each a name and a value.
func (r Report) facts() [][2]string {
	var counts []string
	for _, s := range []Status{
		RowUnsafe, RowFlip, RowRepeated, RowFailed, RowSuspect, RowMissing, RowInconclusive, RowWorse, RowKnown, RowFlaky,
		RowPass,
	} {
		if n := r.Counts[s]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, s))
		}
	}
	rows := "0"
	if len(r.Rows) > 0 {
		rows = fmt.Sprintf("%d: %s", len(r.Rows), strings.Join(counts, ", "))
	}
	facts := [][2]string{{"rows", rows}}
	if r.Diffuse != nil {
		facts = append(facts, [2]string{"mean drop", fmt.Sprintf("%.1f points over %s, p = %.3g",
			100*r.Diffuse.MeanDrop, count(r.Diffuse.Rows, "row"), r.Diffuse.P)})
	}
	if r.Detectable != nil {
		facts = append(facts, [2]string{
			"detectable", fmt.Sprintf("a change that breaks %.1f %% of rows is noticed with power 0.8", 100**r.Detectable),
		})
	}
	if len(r.Uncovered) > 0 {
		names := make([]string, len(r.Uncovered))
		for i, class := range r.Uncovered {
			names[i] = string(class)
		}
		facts = append(facts, [2]string{"not tested", strings.Join(names, ", ") + ": no row"})
	}
	if len(r.Repeats) > 0 {
		facts = append(facts, [2]string{"to repeat", count(len(r.Repeats), "row")})
	}
	if r.Unmatched > 0 {
		facts = append(facts, [2]string{
			"not judged", count(r.Unmatched, "trace") + " of the candidate, which belong to no row",
		})
	}
	var skips []string
	for _, scorer := range slices.Sorted(maps.Keys(r.Skipped)) {
		for _, reason := range slices.Sorted(maps.Keys(r.Skipped[scorer])) {
			skips = append(skips, fmt.Sprintf("%s %s in %s", scorer, reason, count(r.Skipped[scorer][reason], "call")))
		}
	}
	if len(skips) > 0 {
		facts = append(facts, [2]string{"no score", strings.Join(skips, ", ")})
	}
	return facts
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
