package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/faultline-otel/faultline/internal/gate"
)

// Bounds of the text report. Rows that pass are listed only in a small dataset.
const (
	maxListed   = 100
	maxCell     = 64 // bytes of a name in the table
	maxDetailed = 20
)

func (r Report) text(out io.Writer) error {
	w := &bytes.Buffer{}
	fmt.Fprintf(w, "%s\n", strings.ToUpper(string(r.Decision)))
	for _, reason := range r.Reasons {
		fmt.Fprintf(w, "  %s\n", line(reason, maxReason))
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "  warning: %s\n", line(warning, maxReason))
	}
	fmt.Fprintln(w)
	rows := r.sorted()
	r.table(w, rows)
	detailed := 0
	for i := range rows {
		if !attention(&rows[i]) {
			continue
		}
		if detailed++; detailed <= maxDetailed {
			r.detail(w, &rows[i])
		}
	}
	if more := detailed - maxDetailed; more > 0 {
		fmt.Fprintf(w, "%s more; --format html or json has all\n\n", count(more, "row"))
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, fact := range r.facts() {
		fmt.Fprintf(tw, "%s\t%s\n", fact[0], fact[1])
	}
	_ = tw.Flush() // to a buffer
	_, err := out.Write(w.Bytes())
	return err
}

// attention reports whether somebody should look at the row.
func attention(row *gate.RowResult) bool { return row.Status != gate.RowPass }

func (r Report) table(w io.Writer, rows []gate.RowResult) {
	if len(rows) == 0 {
		return
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	baseline := ""
	if r.Diffuse != nil {
		baseline = "\tBASELINE"
	}
	fmt.Fprintf(tw, "STATUS\tROW\tCLASS\tCANDIDATE%s\tSHOWED\n", baseline)
	for i := range rows {
		row := &rows[i]
		if i >= maxListed {
			break
		}
		baseline := ""
		if row.Baseline != nil {
			baseline = "\t" + row.Baseline.String()
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s%s\t%s\n", row.Status, line(name(row), maxCell), label(row), row.Candidate,
			baseline, dash(classes(&row.Candidate)))
	}
	_ = tw.Flush() // to a buffer
	if more := len(rows) - maxListed; more > 0 {
		fmt.Fprintf(w, "%s more\n", count(more, "row"))
	}
	fmt.Fprintln(w)
}

// detail writes what broke in a row.
func (r Report) detail(w io.Writer, row *gate.RowResult) {
	before, now := r.before(row), r.now(row)
	fmt.Fprintf(w, "%s: %s\n", row.Status, name(row))
	fact := func(key, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %-16s  %s\n", key, strings.ReplaceAll(value, "\n", "\n"+strings.Repeat(" ", 20)))
		}
	}
	fact("row", line(row.ID, maxName))
	fact("asked", block(row.Question, maxAsked))
	fact(before.Title, before.Answer)
	fact(now.Title, now.Answer)
	for _, check := range checks(row) {
		outcome, rest, _ := strings.Cut(check, ": ")
		fact(outcome, rest)
	}
	fact("does not block", line(row.Excused, maxReason))
	fact("note", line(row.Note, maxReason))
	fact("trace", trace(now))
	fact("trace before", trace(before))
	fmt.Fprintln(w)
}

func trace(v version) string {
	return strings.TrimSpace(v.TraceID + " " + v.URL)
}
