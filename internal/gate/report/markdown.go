package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/gate"
)

// MaxMarkdown is the length of a comment that GitHub accepts, in characters, less some room for what is added around
// the report, such as a mark by which it is found again.
const MaxMarkdown = 65_536 - 1024

// Bounds of the texts in Markdown: every character that means something is written as up to six.
const (
	markdownAnswer = 800
	markdownAsked  = 300
)

func (r Report) markdown(out io.Writer) error {
	var head, tail strings.Builder
	icon := map[gate.Decision]string{gate.Pass: "✅", gate.Regression: "❌", gate.Inconclusive: "⚠️"}[r.Decision]
	fmt.Fprintf(&head, "### %s Faultline gate: %s\n\n", icon, r.Decision)
	for _, reason := range r.Reasons {
		fmt.Fprintf(&head, "- %s\n", plain(line(reason, maxReason)))
	}
	for i, warning := range r.Warnings {
		if i == 20 {
			break
		}
		fmt.Fprintf(&head, "- warning: %s\n", plain(line(warning, maxReason)))
	}
	fmt.Fprintln(&tail)
	for _, fact := range r.facts() {
		fmt.Fprintf(&tail, "%s: %s  \n", fact[0], plain(line(fact[1], maxAnswer)))
	}
	left := MaxMarkdown - utf8.RuneCountInString(head.String()) - utf8.RuneCountInString(tail.String())
	body := r.markdownRows(left)
	_, err := io.WriteString(out, head.String()+body+tail.String())
	return err
}

// markdownRows writes the rows that need attention, as many as find room: a table of all, then what broke in each.
func (r Report) markdownRows(left int) string {
	const more = "\nNot all rows find room here; the HTML report has them.\n"
	left -= len(more)
	var b strings.Builder
	full := false
	add := func(s string, share int) bool { // share is how much must be left afterwards
		n := utf8.RuneCountInString(s)
		if left-n < share {
			full = true
			return false
		}
		b.WriteString(s)
		left -= n
		return true
	}
	baseline, rule := "", ""
	if r.Diffuse != nil {
		baseline, rule = " baseline |", "---|"
	}
	rows := r.sorted()
	half := left / 2
	begun := false
	for i := range rows {
		row := &rows[i]
		if !attention(row) {
			break
		}
		if !begun {
			begun = add(fmt.Sprintf("\n| status | row | class | candidate |%s showed |\n|---|---|---|---|%s---|\n",
				baseline, rule), 0)
		}
		cell := ""
		if row.Baseline != nil {
			cell = " " + row.Baseline.String() + " |"
		}
		if !add(fmt.Sprintf("| %s | %s | %s | %s |%s %s |\n", row.Status, code(name(row)), label(row), row.Candidate, cell,
			dash(classes(&row.Candidate))), half) {
			break
		}
	}
	for i := range rows {
		if !attention(&rows[i]) || !add(r.markdownRow(&rows[i]), 0) {
			break
		}
	}
	if full {
		b.WriteString(more)
	}
	return b.String()
}

// markdownRow writes a row that folds: the input, the answers side by side, what did not hold, and the traces.
func (r Report) markdownRow(row *gate.RowResult) string {
	var b strings.Builder
	before, now := r.before(row), r.now(row)
	fmt.Fprintf(&b, "\n<details><summary>%s: %s</summary>\n\n", row.Status, code(name(row)))
	if row.Question != "" {
		fmt.Fprintf(&b, "Asked: %s\n\n", code(line(row.Question, markdownAsked)))
	}
	fmt.Fprintf(&b, "| %s | %s |\n|---|---|\n| %s | %s |\n", before.Title, now.Title,
		code(block(before.Answer, markdownAnswer)), code(block(now.Answer, markdownAnswer)))
	if before.TraceID != "" || now.TraceID != "" {
		fmt.Fprintf(&b, "| %s | %s |\n", anchor(before), anchor(now))
	}
	fmt.Fprintln(&b)
	for _, check := range checks(row) {
		outcome, rest, _ := strings.Cut(check, ": ")
		fmt.Fprintf(&b, "- %s: %s\n", outcome, code(rest))
	}
	for _, fact := range [][2]string{{"does not block", row.Excused}, {"note", row.Note}} {
		if fact[1] != "" {
			fmt.Fprintf(&b, "- %s: %s\n", fact[0], code(line(fact[1], maxReason)))
		}
	}
	fmt.Fprintf(&b, "- row: %s\n\n</details>\n", code(row.ID))
	return b.String()
}

func anchor(v version) string {
	switch {
	case v.TraceID == "":
		return ""
	case v.URL == "":
		return "trace " + code(v.TraceID)
	}
	return fmt.Sprintf(`<a href="%s">trace %s</a>`, entities(v.URL), code(v.TraceID))
}

// code makes a text of strangers code, in which nobody is mentioned and nothing is linked, also within a table.
func code(s string) string {
	if s == "" {
		return "-"
	}
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = "<code>" + entities(lines[i]) + "</code>"
	}
	return strings.Join(lines, "<br>")
}

// entities writes every character that Markdown or HTML could take for its own as an entity.
func entities(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == '\n' || c == '\r' || c == '\t':
			b.WriteByte(' ')
		case c < ' ' || c == 0x7f:
		case c < utf8.RuneSelf && strings.ContainsRune("\\`*_{}[]()<>#+-.!|&@~:/\"'$^=", c):
			fmt.Fprintf(&b, "&#%d;", c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// plain escapes a sentence of ours, which may quote what a system wrote, so that it stays a sentence: nothing in it is
// set, linked or mentioned.
func plain(s string) string { return sentence.Replace(s) }

var sentence = strings.NewReplacer("\n", " ", "|", "&#124;", "`", "&#96;", "<", "&lt;", "&", "&amp;", "*", "&#42;",
	"_", "&#95;", "[", "&#91;", "]", "&#93;", "~", "&#126;", "\\", "&#92;", "://", ":&#47;&#47;", "@", "@\u2060",
	"#", "#\u2060", "www.", "www&#46;")
