package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/gate"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// gateOptions are the flags of gate.
type gateOptions struct {
	dataset             string
	candidate, baseline []string
	scorers, prices     string
	format, output      string
	config, history     string
	minPass             map[string]string
	rules               gate.Options // the flags of which were given
}

func newGate() *cobra.Command {
	o := gateOptions{rules: gate.DefaultOptions()}
	c := &cobra.Command{
		Use:   "gate --dataset FILE --candidate FILE [--baseline FILE]",
		Short: "Compare a candidate's traces with a dataset of known failures",
		Long: `Compare a candidate's traces with a dataset of known failures. Run the candidate on the input of every row, and set
the attribute ` + spanattr.AttrDatasetRow + ` to the id of the row on a span or on the resource. Traces without it
are matched by their input. Several traces on a row are several runs of it. Sessions are followed as in the Collector: a
loop counts once a session. Log records with judgements in the files count as failures too.

A run passes if no scorer finds a failure, the answer is not the one that failed, and the row's assertions hold. Where a
row has neither assertions nor a corrected output, the answer must still be about the question, which is weak evidence.
Tool definitions and schemas that the candidate does not record are taken from the row.

Without a baseline, a row blocks if most of its runs fail, unless the dataset or the gate file says that its failure is
known. With a baseline, a row blocks if the baseline passed all of at least --repeats runs and the candidate none. The
whole blocks if the pass rate drops significantly. A safety failure always blocks.

Exit codes: 0 pass, 1 regression, 2 usage or a file that does not parse, 3 inconclusive.`,
		Example: "  faultline gate --dataset failures.jsonl --candidate new-traces.jsonl\n" +
			"  faultline gate --dataset failures.jsonl --candidate new.jsonl --baseline old.jsonl --format junit -o gate.xml",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return runGate(c, o) },
	}
	f := c.Flags()
	f.StringVar(&o.dataset, "dataset", "", "dataset file (required)")
	f.StringSliceVar(
		&o.candidate,
		"candidate",
		nil,
		"trace file of the candidate; may be given several times (required)",
	)
	f.StringSliceVar(
		&o.baseline,
		"baseline",
		nil,
		"trace file of what the candidate is compared with; may be given several times",
	)
	f.StringVar(&o.config, "config", "", "gate file with the rules of the decision; flags override it")
	f.StringVar(
		&o.history,
		"history",
		"",
		"file that the result is added to; rows that were flaky in it are quarantined",
	)
	f.StringToStringVar(
		&o.minPass,
		"min-pass",
		nil,
		"pass rate of a class whose rows need not all pass, such as refusal=0.9; may be given several times",
	)
	f.StringVar(&o.prices, "prices", "", "price file, for assertions about cost (default: the embedded prices)")
	f.StringVar(&o.scorers, "scorers", "", "scorer file (default: every scorer that needs no configuration)")
	f.StringVar(&o.format, "format", "text", strings.Join(gate.Formats, ", "))
	f.StringVarP(&o.output, "output", "o", "", "write the report to this file")
	f.IntVar(
		&o.rules.Repeats,
		"repeats",
		o.rules.Repeats,
		"runs on each side that confirm a row went from passing to failing",
	)
	f.Float64Var(&o.rules.Alpha, "alpha", o.rules.Alpha, "significance level of the drop over all rows")
	f.Float64Var(
		&o.rules.MinEffect,
		"min-effect",
		o.rules.MinEffect,
		"smallest drop of the pass rate that blocks, as a share",
	)
	f.Float64Var(
		&o.rules.MaxInconclusive,
		"max-inconclusive",
		o.rules.MaxInconclusive,
		"share of rows that may be without a result",
	)
	return c
}

func runGate(c *cobra.Command, o gateOptions) error {
	switch {
	case o.dataset == "":
		return usage("--dataset must be given; faultline dataset export writes one")
	case len(o.candidate) == 0:
		return usage("--candidate must be given: a file of the candidate's traces")
	case !slices.Contains(gate.Formats, o.format):
		return usage("--format must be one of %s, got %q", strings.Join(gate.Formats, ", "), o.format)
	}
	rules, err := gateRules(c, o)
	if err != nil {
		return err
	}
	var history []gate.Entry
	if o.history != "" {
		if history, err = gate.ReadHistory(o.history); err != nil {
			return exitError{exitUsage, err}
		}
		rules.Flaky = gate.Flaky(history)
	}
	set, err := loadScorers(o.scorers)
	if err != nil {
		return err
	}
	rows, err := readDataset(o.dataset)
	if err != nil {
		return err
	}
	book, err := loadPrices(o.prices)
	if err != nil {
		return err
	}
	cases := gate.NewCases(rows, set, nil)
	candidate, err := side(c, cases, set, book, o.candidate)
	if err != nil {
		return err
	}
	var baseline *gate.RunSet
	if len(o.baseline) > 0 {
		if baseline, err = side(c, cases, set, book, o.baseline); err != nil {
			return err
		}
	}
	report := gate.Decide(c.Context(), candidate, baseline, rules)
	if err := writeReport(c, report, o); err != nil {
		return err
	}
	if o.history != "" {
		if err := gate.AppendHistory(o.history, report.Entry(time.Now())); err != nil {
			return err
		}
	}
	switch report.Decision {
	case gate.Regression:
		return exitError{code: exitFailure}
	case gate.Inconclusive:
		return exitError{code: exitInconclusive}
	}
	return nil
}

func readDataset(name string) ([]dataset.Row, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usage("%w", err)
	}
	defer f.Close()
	rows, err := dataset.Read(name, f)
	if err != nil {
		return nil, exitError{exitUsage, err}
	}
	return rows, nil
}

// gateRules are those of the gate file, with the flags that were given on top.
func gateRules(c *cobra.Command, o gateOptions) (gate.Options, error) {
	rules := gate.DefaultOptions()
	if o.config != "" {
		var err error
		if rules, err = gate.LoadOptions(o.config); err != nil {
			return rules, exitError{exitUsage, err}
		}
	}
	given := c.Flags().Changed
	if given("repeats") {
		rules.Repeats = o.rules.Repeats
	}
	if given("alpha") {
		rules.Alpha = o.rules.Alpha
	}
	if given("min-effect") {
		rules.MinEffect = o.rules.MinEffect
	}
	if given("max-inconclusive") {
		rules.MaxInconclusive = o.rules.MaxInconclusive
	}
	for class, text := range o.minPass {
		rate, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return rules, usage("--min-pass must be CLASS=RATE, such as refusal=0.9, got %s=%s", class, text)
		}
		if rules.MinPass == nil {
			rules.MinPass = map[failure.Class]float64{}
		}
		rules.MinPass[failure.Class(class)] = rate
	}
	if errs := rules.Validate(); len(errs) > 0 {
		return rules, exitError{exitUsage, errors.Join(errs...)}
	}
	return rules, nil
}

// side scores the traces of one side. A file that does not parse ends the gate: half a candidate is none.
func side(
	c *cobra.Command, cases *gate.Cases, set *score.Set, book *price.Book, files []string,
) (*gate.RunSet, error) {
	in, err := openInput(c, files)
	if err != nil {
		return nil, err
	}
	defer in.close()
	in.watch("gate", 2)
	s := gate.NewRunSet(cases)
	err = scoreInput(in, set, book, true, func(o *pipeline.Scored) error {
		if o.Call != nil {
			s.Observe(observation(o))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, in.verdict()
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

func writeReport(c *cobra.Command, report gate.Report, o gateOptions) error {
	var b bytes.Buffer
	if err := report.Write(&b, o.format); err != nil {
		return err
	}
	if o.output == "" {
		_, err := c.OutOrStdout().Write(b.Bytes())
		return err
	}
	if err := os.WriteFile(o.output, b.Bytes(), 0o644); err != nil { //nolint:gosec // a report, for others to read
		return fmt.Errorf("write report: %w", err)
	}
	fmt.Fprintf(
		c.ErrOrStderr(),
		"%s: %s; the report is in %s\n",
		report.Decision,
		strings.Join(report.Reasons, "; "),
		o.output,
	)
	return nil
}
