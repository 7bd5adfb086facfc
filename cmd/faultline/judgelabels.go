package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/judge/trial"
	"github.com/faultline-otel/faultline/internal/review"
)

// labelFlags say where labels of people come from.
type labelFlags struct{ store, from, labels, dataset string }

// flags defines the flags besides --from, which means something else where two results are compared.
func (l *labelFlags) flags(f *pflag.FlagSet) {
	f.StringVar(&l.store, "store", "", "labels: review store, a SQLite file, or postgres://...")
	f.StringVar(&l.labels, "labels", "",
		"labels: file of answers of the API (/api/v1/judgements), or of one judgement a line")
	f.StringVar(&l.dataset, "dataset", "", "labels: dataset file, whose rows people judged")
}

// given is the number of sources.
func (l *labelFlags) given() (n int) {
	for _, source := range []string{l.store, l.from, l.labels, l.dataset} {
		if source != "" {
			n++
		}
	}
	return n
}

func (l *labelFlags) check() error {
	if l.given() > 1 {
		return usage("give one of --store, --from, --labels and --dataset")
	}
	return nil
}

// labelled is what people judged, with what judges said of it before.
type labelled struct {
	labels trial.Labels
	given  []trial.Given
	rows   []dataset.Row // with content, for a judge
	byRow  bool          // the ids of the labels are those of rows
}

// read reads the labels. Without a source it reads the review store in its usual place.
func (l *labelFlags) read(ctx context.Context) (*labelled, error) {
	switch {
	case l.dataset != "":
		rows, err := readDataset(l.dataset)
		if err != nil {
			return nil, err
		}
		return ofRows(rows), nil
	case l.labels != "":
		return ofLabels(ctx, l.labels)
	}
	q, err := openQueue(ctx, l.store, l.from)
	if err != nil {
		return nil, err
	}
	of := &labelled{}
	err = eachReviewed(ctx, q, of.item)
	return of, errors.Join(err, q.Close())
}

// ofRows takes the judgements of rows. A row with a class that nobody decided on was written as a failure.
func ofRows(rows []dataset.Row) *labelled {
	of := &labelled{byRow: true}
	for i := range rows {
		row := &rows[i]
		decision := row.Decision
		if decision == "" && row.Class != "" {
			decision = review.Confirmed
		}
		j := &review.Judgement{TraceID: row.TraceID, Service: row.Service, Labels: []review.Label{{
			Decision: decision, Class: row.Class, Detail: row.Detail, Note: row.Note, Reviewer: row.Reviewer,
		}}}
		if of.labels.Add(j, row.ID, row.TraceID); of.labels.Has(row.ID) {
			of.rows = append(of.rows, *row)
		}
	}
	return of
}

// ofLabels takes the judgements of a file, with the opinions of judges on them.
func ofLabels(ctx context.Context, name string) (*labelled, error) {
	file, err := openLabels(name)
	if err != nil {
		return nil, err
	}
	of := &labelled{}
	for f := (review.JudgementFilter{}); ; {
		page, err := file.Judgements(ctx, f)
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		for i := range page.Judgements {
			j := &page.Judgements[i]
			of.labels.Add(j, j.TraceID)
			for _, o := range j.Opinions {
				if o.By == review.ByJudge {
					of.add(&review.Evaluation{
						TraceID: j.TraceID, Name: o.Name, Version: o.Version, Value: o.Value, Failed: o.Failed,
					})
				}
			}
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			return of, file.Close()
		}
	}
}

// item takes an item of the review store with the evaluations of judges, and of scorers over HTTP, which have versions
// too.
func (of *labelled) item(item *review.Item) error {
	labels := slices.Clone(item.Labels)
	slices.Reverse(labels)
	of.labels.Add(&review.Judgement{
		TraceID: item.TraceID, Service: item.Service, Class: item.Class, Detail: item.Detail, Labels: labels,
	}, item.TraceID)
	for i := range item.Evaluations {
		e := item.Evaluations[i]
		if e.By == review.ByJudge || e.By == review.ByScorer && e.Version != "" {
			e.TraceID = item.TraceID
			of.add(&e)
		}
	}
	row, err := dataset.FromItem(*item)
	if errors.Is(err, dataset.ErrNotJudged) {
		return nil
	}
	of.rows = append(of.rows, row)
	return err
}

func (of *labelled) add(e *review.Evaluation) {
	r := docket.Result{
		TraceID: e.TraceID, SpanID: e.SpanID, Rubric: e.Name, Version: e.Version, Score: e.Value, Label: docket.Pass,
		Class: e.Class, Detail: e.Detail, Explanation: e.Explanation,
	}
	if e.Failed {
		r.Label = docket.Fail
	}
	of.given = append(of.given, trial.Given{Result: r, At: e.Time})
}

// cases are the labelled cases with content.
func (of *labelled) cases(maxBytes int) []docket.Case {
	cases := rowCases(of.rows, maxBytes)
	if !of.byRow {
		for i := range cases {
			cases[i].Row = ""
		}
	}
	return cases
}

// readResults reads files of results.
func readResults(names ...string) (all []docket.Result, err error) {
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return nil, usage("%w", err)
		}
		results, err := docket.Read(name, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, exitError{exitUsage, err}
		}
		all = append(all, results...)
	}
	return all, nil
}
