package main

import (
	"github.com/spf13/pflag"

	"github.com/faultline-otel/faultline/internal/judge/docket"
)

// judgeTrial holds the flags of the commands that compare judges with people: the labels, a judge to run, and the form
// of the report.
type judgeTrial struct {
	labels labelFlags
	model  judgeModel
	prices string
	format string
}

func (t *judgeTrial) flags(f *pflag.FlagSet) {
	t.labels.flags(f)
	t.model.flags(f, "")
	f.StringVar(&t.prices, "prices", "", pricesUsage)
	f.StringVar(&t.format, "format", "text", "text or json")
}

func (t *judgeTrial) check() error {
	if t.format != "text" && t.format != "json" {
		return usage("--format must be text or json, got %q", t.format)
	}
	return t.labels.check()
}

// desk returns the desk of the judge, nil where none is to run.
func (t *judgeTrial) desk() (*docket.Desk, error) {
	if !t.model.given() {
		return nil, nil
	}
	book, err := loadPrices(t.prices)
	if err != nil {
		return nil, err
	}
	desk, _, err := t.model.open(book)
	return desk, err
}
