// Package report writes the decision of the gate for people and machines: what broke, on which input, and how the
// answer differs from the one before.
package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/gate"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// Formats are the report formats, by name.
var Formats = []string{"text", "json", "junit", "markdown", "html"}

// ErrFormat is returned for an unknown format.
var ErrFormat = errors.New("no such format")

// Report is a decision to be written.
type Report struct {
	gate.Report
	// TraceURL is where a trace can be looked at, with {trace_id} in the place of its id; "" for no links.
	TraceURL string `json:"trace_url,omitempty"`
}

// placeholder stands for the id of a trace in a TraceURL.
const placeholder = "{trace_id}"

// CheckTraceURL returns the mistake in a TraceURL.
func CheckTraceURL(template string) error {
	if template == "" {
		return nil
	}
	u, err := url.Parse(strings.ReplaceAll(template, placeholder, "0"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" ||
		!strings.Contains(template, placeholder) {
		return fmt.Errorf("must be an http or https address with %s in it, got %q", placeholder, template)
	}
	return nil
}

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
	case "html":
		return r.html(w)
	}
	return fmt.Errorf("%w: %q", ErrFormat, format)
}

// silent reports whether the row gave no result.
func silent(s gate.Status) bool {
	return s == gate.RowSuspect || s == gate.RowInconclusive || s == gate.RowMissing
}

// sorted returns the rows in the order of the dataset, those that need attention first.
func (r Report) sorted() []gate.RowResult {
	rank := func(row *gate.RowResult) int {
		switch {
		case row.Blocks && row.Status == gate.RowUnsafe:
			return 0
		case row.Blocks:
			return 1
		case silent(row.Status):
			return 2
		case row.Status != gate.RowPass:
			return 3
		}
		return 4
	}
	rows := slices.Clone(r.Rows)
	slices.SortStableFunc(rows, func(a, b gate.RowResult) int { return rank(&a) - rank(&b) })
	return rows
}

// name is what a row is called: its own name, or what failed there, and in which service.
func name(row *gate.RowResult) string {
	verdict := string(row.Class)
	if row.Detail != "" {
		verdict += "/" + row.Detail
	}
	if about, ok := strings.CutPrefix(row.Name, verdict+" · "); ok && row.Class != "" { // the gate's own words
		return line(display.Headline(row.Class, row.Detail)+" · "+about, maxName)
	}
	if row.Name != "" {
		return line(row.Name, maxName)
	}
	words := row.ID
	if row.Class != "" {
		words = display.Headline(row.Class, row.Detail)
	}
	if row.Service != "" {
		words += " · " + row.Service
	}
	return line(words, maxName)
}

// Bounds of texts in a report, in bytes. What was asked is cut shorter than what was answered.
const (
	maxName   = 100
	maxAsked  = 600
	maxAnswer = 2000
	maxReason = 400
)

// line makes a text of strangers one line that is safe on a terminal.
func line(s string, most int) string {
	return clip.Text(display.Text(strings.Join(strings.Fields(s), " ")), most)
}

// block is line, but keeps the ends of lines.
func block(s string, most int) string { return clip.Text(display.Text(strings.TrimSpace(s)), most) }

// label is the class of a row with its detail.
func label(row *gate.RowResult) string {
	words := string(row.Class)
	switch {
	case row.Class == "":
		words = "none"
	case row.Detail != "":
		words += "/" + row.Detail
	}
	if row.Unseen {
		words += " (unseen)"
	}
	return words
}

func classes(t *gate.Tally) string {
	names := make([]string, 0, len(t.Classes))
	for _, c := range t.Classes {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

// version is an answer of a row, the one before or the one now.
type version struct {
	Title   string
	Answer  string
	TraceID string
	URL     string
}

// before returns the answer to compare with: that of the baseline, or else the one that failed.
func (r Report) before(row *gate.RowResult) version {
	if e := row.BaselineExample; e != nil {
		return version{"baseline", block(e.Answer, maxAnswer), e.TraceID, r.link(e.TraceID)}
	}
	title := "recorded failure"
	if row.Class == "" {
		title = "sound answer"
	}
	return version{title, block(row.Failing, maxAnswer), row.TraceID, r.link(row.TraceID)}
}

// now returns the answer of the candidate.
func (r Report) now(row *gate.RowResult) version {
	v := version{Title: "candidate"}
	if e := row.Example; e != nil {
		v.Answer, v.TraceID, v.URL = block(e.Answer, maxAnswer), e.TraceID, r.link(e.TraceID)
	}
	return v
}

func (r Report) link(traceID string) string {
	if r.TraceURL == "" || traceID == "" {
		return ""
	}
	return strings.ReplaceAll(r.TraceURL, placeholder, url.PathEscape(traceID))
}

// checks returns what did not hold of the candidate's answer, a line each.
func checks(row *gate.RowResult) []string {
	var lines []string
	if row.Example == nil {
		return nil
	}
	for _, outcome := range []assertion.Outcome{assertion.Fail, assertion.Inconclusive} {
		for _, check := range row.Example.Checks {
			if check.Outcome == outcome {
				lines = append(lines, line(string(outcome)+": "+joined(check.Rule, check.Evidence), maxReason))
			}
		}
	}
	return lines
}

func joined(rule, evidence string) string {
	if evidence == "" {
		return rule
	}
	return rule + ": " + evidence
}

// explain returns the result of a row in a sentence.
func explain(row *gate.RowResult) string {
	s := fmt.Sprintf("%s: candidate passes %s", row.Status, row.Candidate)
	if row.Baseline != nil {
		s += ", baseline " + row.Baseline.String()
	}
	if shown := classes(&row.Candidate); shown != "" {
		s += "; it showed " + shown
	}
	if row.Excused != "" {
		s += "; does not block: " + line(row.Excused, maxReason)
	}
	if row.Status == gate.RowSuspect {
		s += "; repeat it on both sides to be sure"
	}
	return s
}

// facts returns the figures at the end of the report, each a name and a value.
func (r Report) facts() [][2]string {
	var counts []string
	for _, s := range []gate.Status{
		gate.RowUnsafe, gate.RowFlip, gate.RowRepeated, gate.RowFailed, gate.RowSuspect, gate.RowMissing,
		gate.RowInconclusive, gate.RowWorse, gate.RowKnown, gate.RowFlaky, gate.RowPass,
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
	if weak := r.count(func(row *gate.RowResult) bool { return row.Weak }); weak > 0 {
		facts = append(facts, [2]string{"weak", count(weak, "row") + " passed only for being like an answer: add assertions"})
	}
	if r.Diffuse != nil {
		facts = append(facts, [2]string{"mean drop", fmt.Sprintf("%.1f points over %s, p = %.3g",
			100*r.Diffuse.MeanDrop, count(r.Diffuse.Rows, "row"), r.Diffuse.P)})
	}
	if r.Detectable != nil {
		facts = append(facts, [2]string{
			"detectable", fmt.Sprintf("a change that breaks %.1f %% of rows is noticed with power 0.8", 100**r.Detectable),
		})
	}
	for _, c := range r.Classes {
		facts = append(facts, [2]string{string(c.Class), fmt.Sprintf("%.1f %% of %s pass, at least %.1f %% must",
			100*c.Rate, count(c.Rows, "row"), 100*c.MinPass)})
	}
	if len(r.Repeats) > 0 {
		facts = append(facts, [2]string{"to repeat", count(len(r.Repeats), "row")})
	}
	if len(r.Uncovered) > 0 {
		facts = append(facts, [2]string{"not tested", list(r.Uncovered) + ": no row"})
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

func (r Report) count(is func(*gate.RowResult) bool) int {
	n := 0
	for i := range r.Rows {
		if is(&r.Rows[i]) {
			n++
		}
	}
	return n
}

func list(classes []failure.Class) string {
	names := make([]string, 0, len(classes))
	for _, c := range classes {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func dash(s string) string { return cmp.Or(s, "-") }
