package main

import (
	"fmt"
	"io"
	"strings"

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

// load reads the rubrics that the rows name. A name of several words is a rubric itself.
func (g *gateJudge) load(rows []dataset.Row) (rubrics []*judge.Rubric, err error) {
	seen := map[string]bool{"": true}
	for i := range rows {
		for _, line := range rows[i].Assertions {
			a, err := assertion.Parse(line)
			name := a.Rubric()
			if err != nil || seen[name] {
				continue
			}
			seen[name] = true
			if strings.Contains(name, " ") {
				rubrics = append(rubrics, judge.Plain(name))
				continue
			}
			found, err := judge.Select(g.rubrics, []string{name})
			if err != nil {
				return nil, exitError{exitUsage, errline.Prefix("row "+rows[i].ID, err)}
			}
			rubrics = append(rubrics, found...)
		}
	}
	return rubrics, nil
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
