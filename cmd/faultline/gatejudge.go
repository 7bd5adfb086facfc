package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/pflag"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/assess"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/price"
)

// gateJudge is the judge of the gate, for assertions about rubrics.
type gateJudge struct {
	model   judgeModel
	rubrics string

	assessor *assess.Assessor // nil without a judge
	purse    *docket.Purse
}

func (g *gateJudge) flags(f *pflag.FlagSet) {
	g.model.flags(f, "judge-")
	f.StringVar(&g.rubrics, "judge-rubrics", "", "file or folder of your own rubrics, beside those in the program")
}

// open returns the judge of the rows, or nil without one.
func (g *gateJudge) open(rows []dataset.Row, book *price.Book) (assertion.Judge, error) {
	if !g.model.given() {
		if g.rubrics != "" {
			return nil, usage("--judge-rubrics is only of use with --judge-endpoint and --judge-model")
		}
		return nil, nil //nolint:nilnil // the gate works without a judge
	}
	desk, purse, err := g.model.open(book)
	if err != nil {
		return nil, err
	}
	rubrics, err := g.load(rows)
	if err != nil {
		return nil, err
	}
	g.purse, g.assessor = purse, assess.New(desk, rubrics, g.model.maxBytes)
	return g.assessor, nil
}

// load reads the rubrics that the rows name.
func (g *gateJudge) load(rows []dataset.Row) ([]*judge.Rubric, error) {
	var names []string
	for i := range rows {
		for _, line := range rows[i].Assertions {
			a, err := assertion.Parse(line)
			name := a.Rubric()
			if err != nil || name == "" || slices.Contains(names, name) {
				continue
			}
			if _, err := judge.Select(g.rubrics, []string{name}); err != nil {
				return nil, exitError{exitUsage, errline.Prefix("row "+rows[i].ID, err)}
			}
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	return judge.Select(g.rubrics, names)
}

// tell says what the judge cost, and returns the versions of its rubrics.
func (g *gateJudge) tell(out io.Writer) map[string]string {
	if g.assessor == nil {
		return nil
	}
	fmt.Fprintf(out, "the judge %s made %s for %s USD\n", g.model.model, count(g.assessor.Calls(), "judgement"),
		dollars(g.purse.Spent()))
	return g.assessor.Versions()
}
