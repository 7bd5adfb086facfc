package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/faultline-otel/faultline/internal/gate"
)

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
	for i := range r.Rows {
		row := &r.Rows[i]
		// Readers tell cases apart by their names.
		c := junitCase{Name: name(row) + " [" + row.ID + "]", Class: "faultline." + dash(string(row.Class))}
		switch {
		case row.Blocks:
			c.Failure = r.message(row)
		case silent(row.Status):
			c.Skipped = r.message(row)
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
	if r.Decision == gate.Inconclusive {
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

func (r Report) message(row *gate.RowResult) *junitMessage {
	var b strings.Builder
	r.detail(&b, row)
	return &junitMessage{Message: explain(row), Text: b.String()}
}
