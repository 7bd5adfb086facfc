package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"

	"github.com/faultline-otel/faultline/internal/gate"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"name": name, "label": label, "checks": checks,
	"texts": block, "line": line, "outcome": outcome,
}).Parse(pageText))

// view is what the page shows.
type view struct {
	Report
	Style  template.CSS
	Policy string // a Content-Security-Policy that allows the style and nothing else
	Facts  [][2]string
	Broken []viewRow // rows that need attention
	Passed []*gate.RowResult
}

type viewRow struct {
	*gate.RowResult
	Versions [2]version
	Showed   string // the classes of the candidate's failures
}

// html writes one page without scripts. Nothing is loaded from elsewhere: its policy forbids it.
func (r Report) html(out io.Writer) error {
	sum := sha256.Sum256([]byte(pageStyle))
	v := view{
		Report: r, Facts: r.facts(), Style: template.CSS(pageStyle), //nolint:gosec // ours, embedded
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" +
			base64.StdEncoding.EncodeToString(sum[:]) + "'",
	}
	rows := r.sorted()
	for i := range rows {
		row := &rows[i]
		if attention(row) {
			v.Broken = append(v.Broken, viewRow{row, [2]version{r.before(row), r.now(row)}, classes(&row.Candidate)})
		} else {
			v.Passed = append(v.Passed, row)
		}
	}
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		return err
	}
	_, err := b.WriteTo(out)
	return err
}

// outcome splits a line of checks into its outcome and the rest.
func outcome(check string) [2]string {
	before, after, _ := strings.Cut(check, ": ")
	return [2]string{before, after}
}
