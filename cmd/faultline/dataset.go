package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
)

func newDataset() *cobra.Command {
	c := &cobra.Command{
		Use:   "dataset",
		Short: "Make datasets of confirmed failures, and check them",
		Args:  func(_ *cobra.Command, args []string) error { return unknown("faultline dataset", args) },
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newExport(), newValidate())
	return c
}

// unknown is the argument rule of commands that only have subcommands.
func unknown(path string, args []string) error {
	if len(args) > 0 {
		return usage("unknown command %q; %s --help lists the commands", args[0], path)
	}
	return nil
}

// queue is the part of review.Store that an export needs.
type queue interface {
	Items(ctx context.Context, f review.Filter) (review.Page, error)
	Item(ctx context.Context, traceID string) (review.Item, error)
	Close() error
}

func newExport() *cobra.Command {
	var store, from, output string
	var classes []string
	c := &cobra.Command{
		Use:   "export",
		Short: "Write the failures that people confirmed as a dataset",
		Long: `Write the failures that people confirmed on the review page as a dataset, a JSON object a line. The command reads
them from the API of the page (--from), or from the SQLite file of the review store (--store), which may be in use.`,
		Example: "  faultline dataset export --from http://127.0.0.1:8321 -o failures.jsonl\n" +
			"  faultline dataset export --store data/review.db --class schema_violation",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			wanted, err := parseClasses(classes)
			if err != nil {
				return err
			}
			q, err := openQueue(c.Context(), store, from)
			if err != nil {
				return err
			}
			rows, skipped, err := export(c.Context(), q, wanted)
			if err = errors.Join(err, q.Close()); err != nil {
				return err
			}
			if output == "" {
				err = dataset.Write(c.OutOrStdout(), rows)
			} else {
				err = dataset.WriteFile(output, rows)
			}
			if err != nil {
				return err
			}
			words := count(len(rows), "row")
			if output != "" {
				words += " in " + output
			}
			if skipped > 0 {
				words += "; " + count(
					skipped,
					"confirmed item",
				) + " left out, for want of a call that could be scored again"
			}
			fmt.Fprintln(c.ErrOrStderr(), words)
			if len(rows) == 0 {
				fmt.Fprintln(c.ErrOrStderr(), "nothing is confirmed yet: confirm failures on the review page first")
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&store, "store", "", "SQLite file of the review store (default data/review.db unless --from is given)")
	f.StringVar(&from, "from", "", "address of the review page, such as http://127.0.0.1:8321")
	f.StringSliceVar(&classes, "class", nil, "only these classes; may be given several times")
	f.StringVarP(&output, "output", "o", "", "write to this file, whole or not at all")
	return c
}

func parseClasses(names []string) (map[failure.Class]bool, error) {
	classes := map[failure.Class]bool{}
	for _, name := range names {
		class := failure.Class(name)
		if _, ok := failure.Info(class); !ok {
			return nil, usage("--class must be a class of faultline taxonomy, got %q", name)
		}
		classes[class] = true
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
	if _, err := os.Stat(store); err != nil { // opening would create it
		return nil, usage("%w; name the store with --store, or the review page with --from", err)
	}
	return sqlstore.Open(ctx, store)
}

// export makes rows of all confirmed items, newest first. Skipped counts the items without a call.
func export(ctx context.Context, q queue, wanted map[failure.Class]bool) (rows []dataset.Row, skipped int, err error) {
	for f := (review.Filter{State: review.Reviewed, Limit: 200}); ; {
		page, err := q.Items(ctx, f)
		if err != nil {
			return nil, 0, err
		}
		for _, summary := range page.Items {
			if summary.Label != nil && summary.Label.Decision != review.Confirmed {
				continue
			}
			item, err := q.Item(ctx, summary.TraceID)
			if err != nil {
				return nil, 0, err
			}
			if item.Label == nil && len(item.Labels) > 0 {
				item.Label = &item.Labels[0]
			}
			row, err := dataset.FromItem(item)
			switch {
			case errors.Is(err, dataset.ErrNotJudged):
				skipped++
			case err != nil:
				return nil, 0, err
			case row.Decision == review.Confirmed && (len(wanted) == 0 || wanted[row.Class]):
				rows = append(rows, row)
			}
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			return dataset.Dedupe(rows), skipped, nil
		}
	}
}

func newValidate() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check dataset files: row, key, rule, value",
		Args:  atLeastOneFile,
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
