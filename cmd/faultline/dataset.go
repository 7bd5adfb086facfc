package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/postgres"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
)

func newDataset() *cobra.Command {
	c := &cobra.Command{
		Use:   "dataset",
		Short: "Make datasets of reviewed failures, check and change them",
		Args:  func(_ *cobra.Command, args []string) error { return unknown("faultline dataset", args) },
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		newExport(),
		newImport(),
		newEdit(),
		newSplit(),
		newLint(),
		newDiff(),
		newValidate(),
	)
	return c
}

// unknown is the argument rule of commands that only have subcommands.
func unknown(path string, args []string) error {
	if len(args) > 0 {
		return usage("unknown command %q; %s --help lists the commands", args[0], path)
	}
	return nil
}

// queue is the part of review.Store that the commands need.
type queue interface {
	Judgements(ctx context.Context, f review.JudgementFilter) (review.JudgementPage, error)
	Items(ctx context.Context, f review.Filter) (review.Page, error)
	Item(ctx context.Context, traceID string) (review.Item, error)
	GuardSignal(ctx context.Context, id string, g review.Guard) error
	Close() error
}

// exportOptions are the flags of dataset export.
type exportOptions struct {
	store, from                        string
	output                             rowsFile
	classes, signals, services, prompt []string
	since, until, decision             string
	allRows, providers, apart          bool
}

func newExport() *cobra.Command {
	var o exportOptions
	c := &cobra.Command{
		Use:   "export",
		Short: "Write what people judged as a dataset",
		Long: `Write what people judged on the review page as a dataset, a JSON object a line: failures that they confirmed, and calls
that they found sound, which guard against scorers that fire wrongly. The command reads them from the API of the page
(--from), or from the SQLite file of the review store (--store), which may be in use.

Of each signal it takes one row, with --all-rows all of them. Failures that no change of the application can mend
(limits and outages of a provider, time-outs, credentials) are left out unless --providers is given. What is left out is
counted.

With --output, the rows are added to the file, and those that it has are kept: a failure or a signal that has a row gets
no second one. A row of a call that was judged again since follows that judgement. The store records with each signal
which rows came of it: the page of the signal shows them, and the alert of one that comes back names them.`,
		Example: "  faultline dataset export --from http://127.0.0.1:8321 -o failures.jsonl\n" +
			"  faultline dataset export --store data/review.db --class schema_violation --since 7d",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return runExport(c, o) },
	}
	f := c.Flags()
	f.StringVar(
		&o.store,
		"store",
		"",
		"review store: a SQLite file, or postgres://... (default data/review.db unless --from is given)",
	)
	f.StringVar(&o.from, "from", "", fromUsage)
	f.StringSliceVar(&o.classes, "class", nil, "only these classes; may be given several times")
	f.StringSliceVar(&o.signals, "signal", nil, "only these signals: fingerprints or their beginnings")
	f.StringSliceVar(&o.services, "service", nil, "only these services")
	f.StringSliceVar(&o.prompt, "prompt", nil, "only these prompts: NAME or NAME@VERSION")
	f.StringVar(&o.since, "since", "", "only what was judged since then: a date, a time, or 7d, 24h")
	f.StringVar(&o.until, "until", "", "only what was judged before then")
	f.StringVar(&o.decision, "decision", "", "only confirmed failures, or only rejected ones")
	f.BoolVar(&o.allRows, "all-rows", false, "every row of a signal, not one")
	f.BoolVar(&o.providers, "providers", false, "also failures of providers")
	o.output.flags(c)
	f.BoolVar(&o.apart, "no-record", false, "do not record the rows with their signals")
	return c
}

func runExport(c *cobra.Command, o exportOptions) error {
	selection, err := o.selection(time.Now())
	if err != nil {
		return err
	}
	file, err := o.output.read()
	if err != nil {
		return err
	}
	q, err := openQueue(c.Context(), o.store, o.from)
	if err != nil {
		return err
	}
	defer q.Close() //nolint:errcheck // nothing is kept in it
	judged, skipped, err := export(c.Context(), q)
	if err != nil {
		return err
	}
	changed := dataset.Follow(file, judged)
	selected, left := dataset.Select(judged, selection)
	rows, there := dataset.Merge(file, selected, o.allRows)
	left.Add(there)
	if err := o.output.write(c, rows, len(file)); err != nil {
		return err
	}
	if len(changed) > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "judged again since, and changed: %s\n", strings.Join(changed, ", "))
	}
	for _, line := range left.Strings() {
		fmt.Fprintln(c.ErrOrStderr(), line)
	}
	if skipped > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "%d left out, for want of a call that could be scored again\n", skipped)
	}
	switch {
	case len(judged) == 0:
		fmt.Fprintln(c.ErrOrStderr(), "nothing is judged yet: confirm failures on the review page first")
	case len(selected) == 0:
		fmt.Fprintln(c.ErrOrStderr(), "no judged call is selected")
	}
	if o.output.name != "" && !o.apart {
		guardRows(c, q, o.output.name, rows)
	}
	return nil
}

func (o exportOptions) selection(now time.Time) (s dataset.Selection, err error) {
	s = dataset.Selection{
		Signals: o.signals, Services: o.services, Prompts: o.prompt, Decision: review.Decision(o.decision),
		AllRows: o.allRows, Providers: o.providers,
	}
	if s.Classes, err = parseClasses(o.classes); err != nil {
		return s, err
	}
	switch s.Decision {
	case "", review.Confirmed, review.Rejected:
	default:
		return s, usage("--decision must be confirmed or rejected, got %q", o.decision)
	}
	if s.From, err = parseTime("--since", o.since, now); err != nil {
		return s, err
	}
	s.To, err = parseTime("--until", o.until, now)
	return s, err
}

// parseTime reads a date, a time, or how long ago it was.
func parseTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	days, isDays := strings.CutSuffix(text, "d")
	if n, err := strconv.Atoi(days); isDays && err == nil && n >= 0 {
		return now.AddDate(0, 0, -n), nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, usage("%s must be a date such as 2026-11-30, a time, or how long ago, such as 7d or 24h, got %q",
		flag, text)
}

func parseClasses(names []string) (classes []failure.Class, err error) {
	for _, name := range names {
		class := failure.Class(name)
		if _, ok := failure.Info(class); !ok {
			return nil, usage("--class must be a class of faultline taxonomy, got %q", name)
		}
		classes = append(classes, class)
	}
	return classes, nil
}

func openQueue(ctx context.Context, store, from string) (queue, error) {
	switch {
	case store != "" && from != "":
		return nil, usage("give one of --store and --from, not both")
	case from != "":
		return newRemoteQueue(from)
	case store == "":
		store = "data/review.db"
	}
	if strings.HasPrefix(store, "postgres://") || strings.HasPrefix(store, "postgresql://") {
		return sqlstore.OpenPostgres(ctx, postgres.Settings{DSN: store})
	}
	if _, err := os.Stat(store); err != nil { // opening would create it
		return nil, usage("%w; name the store with --store, or the review page with --from", err)
	}
	return sqlstore.Open(ctx, store)
}

// export makes rows of all judged items, newest first. skipped counts the items without a call.
func export(ctx context.Context, q queue) (rows []dataset.Row, skipped int, err error) {
	err = eachReviewed(ctx, q, func(item *review.Item) error {
		row, err := dataset.FromItem(*item)
		switch {
		case errors.Is(err, dataset.ErrNotJudged):
			skipped++
		case err != nil:
			return err
		default:
			rows = append(rows, row)
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return dataset.Dedupe(rows), skipped, nil
}

// eachReviewed reads all judged items, newest first. Each has its newest label.
func eachReviewed(ctx context.Context, q queue, each func(*review.Item) error) error {
	for f := (review.Filter{State: review.Reviewed, Limit: 200}); ; {
		page, err := q.Items(ctx, f)
		if err != nil {
			return err
		}
		for _, summary := range page.Items {
			item, err := q.Item(ctx, summary.TraceID)
			if err != nil {
				return err
			}
			if item.Label == nil && len(item.Labels) > 0 {
				item.Label = &item.Labels[0]
			}
			if err := each(&item); err != nil {
				return err
			}
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			return nil
		}
	}
}

func newValidate() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check dataset files: row, key, rule, value",
		Args:  namedFiles,
		RunE: func(c *cobra.Command, args []string) error {
			var errs []error
			for _, name := range args {
				rows, err := readDataset(name)
				if err != nil {
					errs = append(errs, err)
					continue
				}
				fmt.Fprintf(c.OutOrStdout(), "%s: %s, all right\n", name, count(len(rows), "row"))
			}
			if len(errs) > 0 {
				return exitError{exitUsage, errors.Join(errs...)}
			}
			return nil
		},
	}
}

// address completes a base address as people type it.
func address(from string) string {
	if !strings.Contains(from, "://") {
		from = "http://" + from
	}
	return strings.TrimRight(from, "/")
}
