package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/gate"
	"github.com/faultline-otel/faultline/internal/gate/report"
	"github.com/faultline-otel/faultline/internal/runner"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// gateOptions are the flags of gate.
type gateOptions struct {
	dataset             string
	candidate, baseline []string
	runs, before        system // that make the traces, instead of files
	pace                pace
	save                string
	scorers, prices     string
	format, output      string
	reports             []string // FORMAT=FILE, further ones
	traceURL            string
	config, history     string
	minPass             map[string]string
	judge               gateJudge
	rules               gate.Options // the flags of which were given
}

func newGate() *cobra.Command {
	o := gateOptions{rules: gate.DefaultOptions()}
	c := &cobra.Command{
		Use:   "gate --dataset FILE {--candidate FILE | --exec COMMAND | ...} [--baseline FILE | ...]",
		Short: "Compare a candidate with a dataset of known failures",
		Long: `Compare a candidate with a dataset of known failures. The candidate is a file of traces, as faultline run writes it,
or it is run here: --exec, --http, --openai, or a program after -- (see faultline run --help). The baseline likewise,
with --baseline-exec and so on. What is run here is repeated only where a row needs it: once a row, and up to --repeats
times on both sides where the candidate fails and the baseline does not.

Traces belong to a row by the attribute ` + spanattr.AttrDatasetRow + `, on a span or on the resource. Traces without it
are matched by their input. Several traces on a row are several runs of it. Sessions are followed as in the Collector: a
loop counts once a session. Log records with judgements in the files count as failures too. Runs that were made before
the row changed are left out.

A run passes if no scorer finds a failure, the answer is not the one that failed, and the row's assertions hold. Where a
row has neither assertions nor a corrected output, the answer must still be about the question, which is weak evidence.
Tool definitions and schemas that the candidate does not record are taken from the row.

Assertions about rubrics need a judge: --judge-endpoint and --judge-model, or the block judge of the gate file. Without
one they are inconclusive.

Without a baseline, a row blocks if most of its runs fail, unless the dataset or the gate file says that its failure is
known. With a baseline, a row blocks if the baseline passed all of at least --repeats runs and the candidate none. The
whole blocks if the pass rate drops significantly. A safety failure always blocks.

Exit codes: 0 pass, 1 regression, 2 usage or a file that does not parse, 3 inconclusive, or the gate failed.`,
		Example: "  faultline gate --dataset failures.jsonl --candidate new-traces.jsonl\n" +
			"  faultline gate --dataset failures.jsonl --exec 'python3 app.py' --baseline old.jsonl --format markdown\n" +
			"  faultline gate --dataset failures.jsonl --candidate new.jsonl --baseline old.jsonl --format junit -o gate.xml",
		Args: afterDash,
		RunE: func(c *cobra.Command, args []string) error {
			o.runs.program = args
			return decided(runGate(c, o))
		},
	}
	f := c.Flags()
	f.StringVar(&o.dataset, "dataset", "", "dataset file (required)")
	f.StringSliceVar(&o.candidate, "candidate", nil, "trace file of the candidate; may be given several times")
	f.StringSliceVar(&o.baseline, "baseline", nil,
		"trace file of what the candidate is compared with; may be given several times")
	o.runs.flags(f, "", "the candidate")
	o.before.flags(f, "baseline-", "the baseline")
	o.pace.flags(f)
	o.judge.flags(f)
	f.StringVar(&o.save, "save", "", "write the traces of a candidate that is run here to this file")
	f.StringVar(&o.config, "config", "", "gate file with the rules of the decision; flags override it")
	f.StringVar(&o.history, "history", "", "file that the result is added to; rows that were flaky in it are quarantined")
	f.StringToStringVar(&o.minPass, "min-pass", nil,
		"pass rate of a class whose rows need not all pass, such as refusal=0.9; may be given several times")
	f.StringVar(&o.prices, "prices", "", "price file, for assertions about cost (default: the embedded prices)")
	f.StringVar(&o.scorers, "scorers", "", "scorer file (default: every scorer that needs no configuration)")
	f.StringVar(&o.format, "format", "text", strings.Join(report.Formats, ", "))
	f.StringVarP(&o.output, "output", "o", "", "write the report to this file")
	f.StringArrayVar(&o.reports, "report", nil,
		"another report, FORMAT=FILE such as markdown=gate.md; may be given several times")
	f.StringVar(&o.traceURL, "trace-url", "",
		"where a trace can be looked at, for links in reports, such as https://grafana.example/trace/{trace_id}")
	f.IntVar(&o.rules.Repeats, "repeats", o.rules.Repeats,
		"runs on each side that confirm a row went from passing to failing")
	f.Float64Var(&o.rules.Alpha, "alpha", o.rules.Alpha, "significance level of the drop over all rows")
	f.Float64Var(&o.rules.MinEffect, "min-effect", o.rules.MinEffect,
		"smallest drop of the pass rate that blocks, as a share")
	f.Float64Var(&o.rules.MaxInconclusive, "max-inconclusive", o.rules.MaxInconclusive,
		"share of rows that may be without a result")
	return c
}

// decided gives an error without an exit code that of an inconclusive gate: where the runs or the report could not be
// made, no regression was found.
func decided(err error) error {
	if exit := (exitError{}); err == nil || errors.As(err, &exit) {
		return err
	}
	return exitError{exitInconclusive, err}
}

// check returns the first mistake in the flags.
func (o *gateOptions) check() error {
	switch {
	case o.dataset == "":
		return usage("--dataset must be given; faultline dataset export writes one")
	case len(o.candidate) == 0 && !o.runs.given():
		return usage("--candidate must be given, a file of the candidate's traces, or a way to run it: " +
			"--exec, --http, --openai, or a program after --")
	case len(o.candidate) > 0 && o.runs.given():
		return usage("give the candidate as files or as a system to run, not both")
	case len(o.baseline) > 0 && o.before.given():
		return usage("give the baseline as files or as a system to run, not both")
	case o.save != "" && !o.runs.given():
		return usage("--save is only of use with a candidate that is run here")
	case !slices.Contains(report.Formats, o.format):
		return usage("--format must be one of %s, got %q", strings.Join(report.Formats, ", "), o.format)
	}
	for _, further := range o.reports {
		if format, file, ok := strings.Cut(further, "="); !ok || file == "" || !slices.Contains(report.Formats, format) {
			return usage("--report must be FORMAT=FILE with a format of %s, got %q", strings.Join(report.Formats, ", "), further)
		} else if err := canWrite(file); err != nil {
			return usage("--report: %w", err)
		}
	}
	if err := canWrite(o.output); err != nil {
		return usage("--output: %w", err)
	}
	if err := report.CheckTraceURL(o.traceURL); err != nil {
		return usage("--trace-url %w", err)
	}
	return o.keepApart()
}

// keepApart refuses reports and runs in the place of what is read.
func (o *gateOptions) keepApart() error {
	inputs := slices.Concat([]string{o.dataset, o.scorers, o.prices, o.config}, o.candidate, o.baseline, o.runs.files(),
		o.before.files())
	outputs := []output{{"--history", o.history}, {"--save", o.save}, {"--output", o.output}}
	for _, further := range o.reports {
		_, file, _ := strings.Cut(further, "=")
		outputs = append(outputs, output{"--report", file})
	}
	return keepApart(inputs, outputs...)
}

// canWrite returns why a file cannot be written, as far as one can tell before there is something to write: what the
// runs cost is lost without the report, and a failure at its end would look like a regression.
func canWrite(file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder", file)
	}
	_, err := os.Stat(filepath.Dir(file))
	return err
}

func runGate(c *cobra.Command, o gateOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	rules, err := gateRules(c, o)
	if err != nil {
		return err
	}
	if err := o.judge.model.readBlock(o.config, rules.Judge, &o.judge.rubrics); err != nil {
		return err
	}
	set, err := loadScorers(o.scorers)
	if err != nil {
		return err
	}
	book, err := loadPrices(o.prices)
	if err != nil {
		return err
	}
	candidate := &side{files: o.candidate, system: &o.runs, save: o.save, name: "candidate"}
	baseline := &side{files: o.baseline, system: &o.before, name: "baseline"}
	sides := []*side{candidate}
	if len(o.baseline) > 0 || o.before.given() {
		sides = append(sides, baseline)
	}
	for _, s := range []*side{candidate, baseline} {
		if err := s.open(c, &o.pace); err != nil {
			return err
		}
	}
	rows, err := readDataset(o.dataset)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(c.Context())
	if candidate.runs != nil || baseline.runs != nil { // reading files must stop at once
		stop()
		ctx, stop = signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
	}
	defer stop()
	judges, err := o.judge.open(rows, book)
	if err != nil {
		return err
	}
	cases := gate.NewCases(rows, set, judges)
	for _, s := range sides {
		s.begin(c, cases, set, book, runner.Hashes(rows))
	}
	decision, err := decide(ctx, sides, rules)
	if err != nil {
		return err
	}
	decision.Judges = o.judge.tell(c.ErrOrStderr())
	err = writeReport(c, report.Report{Report: decision, TraceURL: o.traceURL}, o)
	if o.history != "" {
		err = errors.Join(err, gate.AppendHistory(o.history, decision.Entry(time.Now())))
	}
	switch decision.Decision { // which stands, whatever could not be written
	case gate.Regression:
		return exitError{exitFailure, err}
	case gate.Inconclusive:
		return exitError{exitInconclusive, err}
	}
	return err
}

// decide runs or reads both sides once, and then repeats the rows that the gate cannot decide on yet, one run at a
// time: most need fewer than they may have.
func decide(ctx context.Context, sides []*side, rules gate.Options) (gate.Report, error) {
	for _, s := range sides {
		if err := s.first(ctx); err != nil {
			return gate.Report{}, err
		}
	}
	var before *gate.RunSet
	if len(sides) > 1 {
		before = sides[1].set
	}
	for {
		decision := gate.Decide(ctx, sides[0].set, before, rules)
		more := false
		for i, s := range sides {
			wanted := map[string]bool{}
			for _, repeat := range decision.Repeats {
				if n := []int{repeat.Candidate, repeat.Baseline}[i]; n > 0 && s.made[repeat.ID] < rules.Repeats {
					wanted[repeat.ID] = true
				}
			}
			if s.runs == nil || len(wanted) == 0 {
				continue
			}
			more = true
			if err := s.again(ctx, wanted); err != nil {
				return gate.Report{}, err
			}
		}
		if !more {
			for _, s := range sides {
				decision.Warnings = append(decision.Warnings, s.warnings()...)
			}
			return decision, nil
		}
	}
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

func writeReport(c *cobra.Command, r report.Report, o gateOptions) error {
	for _, further := range o.reports {
		format, file, _ := strings.Cut(further, "=")
		if err := reportFile(r, format, file); err != nil {
			return err
		}
	}
	if o.output == "" {
		return r.Write(c.OutOrStdout(), o.format)
	}
	if err := reportFile(r, o.format, o.output); err != nil {
		return err
	}
	fmt.Fprintf(
		c.ErrOrStderr(),
		"%s: %s; the report is in %s\n",
		r.Decision,
		strings.Join(r.Reasons, "; "),
		o.output,
	)
	return nil
}

func reportFile(r report.Report, format, file string) error {
	var b bytes.Buffer
	if err := r.Write(&b, format); err != nil {
		return err
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil { //nolint:gosec // a report, for others to read
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
