package main

import (
	"context"
	"fmt"
	"iter"
	"os"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/gate"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/runner"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// side is the candidate or the baseline: files of traces, or a system that is run.
type side struct {
	name   string
	files  []string
	system *system
	save   string

	c       *cobra.Command
	rows    []dataset.Row
	scorers *score.Set
	prices  *price.Book
	hashes  map[string]string // of the cases by row
	set     *gate.RunSet
	runs    runs // nil for files
	bar     *progress
	made    map[string]int // runs by row, of a system
	stale   map[string]bool
	summary runner.Summary
}

// open checks the flags of the side.
func (s *side) open(c *cobra.Command, p *pace) (err error) {
	if s.system.given() {
		s.runs, err = s.system.open(c, p, func() { s.bar.step() })
		return err
	}
	return s.system.check() // flags that are of no use
}

func (s *side) begin(
	c *cobra.Command, cases *gate.Cases, scorers *score.Set, prices *price.Book, hashes map[string]string,
) {
	s.c, s.rows, s.scorers, s.prices, s.hashes = c, cases.Rows(), scorers, prices, hashes
	s.set, s.made, s.stale = gate.NewRunSet(cases), map[string]int{}, map[string]bool{}
	if s.save != "" {
		_ = os.Remove(s.save) // an earlier one; whether it can be written shows below
	}
}

// first reads the files, or runs every row once.
func (s *side) first(ctx context.Context) error {
	if s.runs == nil {
		return s.score(s.files)
	}
	return s.run(ctx, s.rows)
}

// again runs the wanted rows once more.
func (s *side) again(ctx context.Context, wanted map[string]bool) error {
	var rows []dataset.Row
	for _, row := range s.rows {
		if wanted[row.ID] {
			rows = append(rows, row)
		}
	}
	return s.run(ctx, rows)
}

// run runs the rows once each and scores what they recorded.
func (s *side) run(ctx context.Context, rows []dataset.Row) error {
	f, err := os.CreateTemp("", "faultline-run-*.jsonl")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // in a folder for temporary files
	defer f.Close()
	files := []*os.File{f}
	if s.save != "" {
		kept, err := os.OpenFile(s.save, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return usage("--save: %w", err)
		}
		defer kept.Close()
		files = append(files, kept)
	}
	s.bar = newSteps(s.c.ErrOrStderr(), s.name, len(rows))
	summary, err := s.runs.make(ctx, s.cases(rows), func(lines []byte) error {
		for _, f := range files {
			if _, err := f.Write(lines); err != nil {
				return err
			}
		}
		return nil
	})
	s.bar.done()
	s.summary.Add(summary)
	if err != nil {
		return err
	}
	if s.summary.Runs > 0 && s.summary.Failed == s.summary.Runs {
		fmt.Fprintf(s.c.ErrOrStderr(), "faultline: no run of the %s gave an answer: %s\n", s.name, s.summary.Why())
	}
	return s.score([]string{f.Name()})
}

// cases returns the next run of each row.
func (s *side) cases(rows []dataset.Row) iter.Seq[runner.Case] {
	return func(yield func(runner.Case) bool) {
		for i := range rows {
			c := runner.NewCase(&rows[i])
			s.made[c.Row]++
			c.Run = s.made[c.Row]
			if !yield(c) {
				return
			}
		}
	}
}

// score scores traces of the side. A file that does not parse ends the gate: half a candidate is none.
func (s *side) score(files []string) error {
	in, err := openInput(s.c, files)
	if err != nil {
		return err
	}
	defer in.close()
	in.watch("gate", 2)
	stages, err := pipeline.NewFiles(s.scorers, s.prices, true)
	if err != nil {
		return err
	}
	stages.ReadUpTo(dataset.MaxRow)
	err = runFiles(in, stages, func(o *pipeline.Scored) error {
		if o.Call != nil && !s.isStale(pipeline.DatasetRow(o.Resource, o.Span), o.Resource) {
			s.set.Observe(observation(o))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return in.verdict()
}

// observation is what the gate sees of a scored span.
func observation(o *pipeline.Scored) gate.Observation {
	r := &o.Entry.Record
	return gate.Observation{
		TraceID:   o.Span.TraceID().String(),
		Row:       pipeline.DatasetRow(o.Resource, o.Span),
		Call:      o.Call,
		Duplicate: r.DuplicateOf != "",
		Start:     int64(o.Span.StartTimestamp()),
		End:       int64(o.Span.EndTimestamp()),
		Session:   r.Session.ID,
		Verdict:   r.Verdict,
		Scored:    o.Coverage() == spanattr.Scored,
		Scores:    r.Scores,
		Cost:      r.Cost.USD,
		Skipped:   r.Skipped(o.Scorers, o.Call, false),
	}
}

// isStale reports whether the run was given something else than the row holds now.
func (s *side) isStale(row string, resource pcommon.Resource) bool {
	hash, ok := resource.Attributes().Get(spanattr.AttrDatasetCase)
	want, known := s.hashes[row]
	if ok && known && hash.AsString() != want {
		s.stale[row] = true
		return true
	}
	return false
}

// warnings says what of the side does not count.
func (s *side) warnings() []string {
	var list []string
	if n := len(s.stale); n > 0 {
		list = append(list, fmt.Sprintf(
			"runs of the %s on %s were made before the row changed, and are left out: run it again", s.name, count(n, "row"),
		))
	}
	if n := s.summary.Failed; n > 0 {
		list = append(list, fmt.Sprintf("%d of %s of the %s gave no answer, mostly: %s",
			n, count(s.summary.Runs, "run"), s.name, s.summary.Why()))
	}
	return list
}
