package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/dataset/foreign"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

func newImport() *cobra.Command {
	var format string
	var into rowsFile
	c := &cobra.Command{
		Use:   "import FILE...",
		Short: "Make a dataset of the test cases of other tools",
		Long: `Make a dataset of the test cases of other tools: JSON lines or CSV with an input and an expected answer, configurations
of promptfoo, and samples of OpenAI Evals. What has no counterpart is left out, and counted. docs/guides/datasets.md
lists the keys and checks that are read. Rows that the output has are kept.`,
		Example: "  faultline dataset import promptfooconfig.yaml -o cases.jsonl\n" +
			"  faultline dataset import --format csv questions.txt -o cases.jsonl",
		Args: namedFiles,
		RunE: func(c *cobra.Command, args []string) error { return runImport(c, args, format, into) },
	}
	c.Flags().StringVar(&format, "format", "", strings.Join(foreign.Formats, ", ")+" (default: by name and content)")
	into.flags(c)
	return c
}

func runImport(c *cobra.Command, files []string, format string, into rowsFile) error {
	if format != "" && !slices.Contains(foreign.Formats, format) {
		return usage("--format must be one of %s, got %q", strings.Join(foreign.Formats, ", "), format)
	}
	if err := keepApart(files, output{"--output", into.name}); err != nil {
		return err
	}
	kept, err := into.read()
	if err != nil {
		return err
	}
	var rows []dataset.Row
	var left []string
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			return usage("%w", err)
		}
		as := format
		if as == "" {
			as = foreign.Detect(name, content)
		}
		m, err := foreign.Read(as, name, content)
		if err != nil {
			return exitError{exitUsage, err}
		}
		rows = append(rows, m.Rows...)
		for _, line := range m.Strings() {
			left = append(left, name+": "+line)
		}
	}
	merged, there := dataset.Merge(kept, rows, true)
	left = append(left, there.Strings()...)
	if err := into.write(c, merged, len(kept)); err != nil {
		return err
	}
	for _, line := range left {
		fmt.Fprintln(c.ErrOrStderr(), line)
	}
	return nil
}

// edits are the flags of dataset edit.
type edits struct {
	rows, expect, drop, tags                       []string
	name, corrected, class, known, note, part, sev string
	remove, sound                                  bool
	output                                         string
}

func newEdit() *cobra.Command {
	var e edits
	c := &cobra.Command{
		Use:   "edit FILE --row ID...",
		Short: "Change rows of a dataset",
		Long: `Change rows of a dataset in its file, whole or not at all. --row takes ids or their beginnings. A dataset in the short
form (.yaml) is edited by hand.`,
		Example: `  faultline dataset edit failures.jsonl --row 75f385bb --expect 'calls issue_refund with {"amount": 20}'` + "\n" +
			`  faultline dataset edit failures.jsonl --row 75f385bb --known "until the new prompt is out"`,
		Args: oneFile,
		RunE: func(c *cobra.Command, args []string) error { return runEdit(c, args[0], e) },
	}
	f := c.Flags()
	f.StringSliceVar(&e.rows, "row", nil, "rows to change: ids or their beginnings (required)")
	f.StringArrayVar(&e.expect, "expect", nil, "add an assertion; may be given several times")
	f.StringArrayVar(&e.drop, "drop-expect", nil, "remove an assertion")
	f.StringArrayVar(&e.tags, "tag", nil, "add a tag")
	f.StringVar(&e.name, "name", "", "what reports call the row")
	f.StringVar(&e.corrected, "corrected", "", "the answer that was wanted")
	f.StringVar(&e.class, "class", "", "what failed: CLASS or CLASS/DETAIL")
	f.BoolVar(&e.sound, "sound", false, "the recorded answer is no failure")
	f.StringVar(&e.known, "known", "", "why the failure does not block; empty to let it block")
	f.StringVar(&e.sev, "severity", "", "low, medium or high")
	f.StringVar(&e.note, "note", "", "a note")
	f.StringVar(&e.part, "split", "", "the part of the dataset")
	f.BoolVar(&e.remove, "remove", false, "remove the rows")
	f.StringVarP(&e.output, "output", "o", "", "write to this file instead")
	return c
}

// oneFile is the argument rule of commands that read one file.
func oneFile(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("%s needs one FILE, got %d; see %s --help", c.Name(), len(args), c.CommandPath())
	}
	return nil
}

func runEdit(c *cobra.Command, name string, e edits) error {
	if err := checkRows(e.output); err != nil {
		return err
	}
	switch {
	case dataset.IsShort(name) && e.output == "":
		return usage("%s is in the short form: edit it by hand, or give --output to write JSON lines", name)
	case len(e.rows) == 0:
		return usage("--row must be given: the id of a row, or its beginning")
	}
	rows, err := readDataset(name)
	if err != nil {
		return err
	}
	chosen := map[int]bool{}
	for _, prefix := range e.rows {
		found := -1
		for i := range rows {
			if rows[i].ID == prefix {
				found = i
				break
			}
			if prefix != "" && strings.HasPrefix(rows[i].ID, prefix) {
				if found >= 0 {
					return usage("--row must name one row, got %q, which begins %s and %s", prefix, rows[found].ID, rows[i].ID)
				}
				found = i
			}
		}
		if found < 0 {
			return usage("--row must be a row of %s, got %q", name, prefix)
		}
		chosen[found] = true
	}
	var kept []dataset.Row
	var errs []error
	for i := range rows {
		if chosen[i] {
			if e.remove {
				continue
			}
			if err := e.apply(c, &rows[i]); err != nil {
				return err
			}
			for _, err := range rows[i].Validate() {
				errs = append(errs, fmt.Errorf("row %s: %w", rows[i].ID, err))
			}
		}
		kept = append(kept, rows[i])
	}
	if len(errs) > 0 {
		return exitError{exitUsage, errors.Join(errs...)}
	}
	output := e.output
	if output == "" {
		output = name
	}
	if err := dataset.WriteFile(output, kept); err != nil {
		return err
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s changed in %s, dataset %s\n", count(len(chosen), "row"), output, dataset.Hash(kept))
	return nil
}

func (e *edits) apply(c *cobra.Command, row *dataset.Row) error {
	given := c.Flags().Changed
	for _, line := range e.drop {
		i := slices.Index(row.Assertions, line)
		if i < 0 {
			return usage("--drop-expect must be an assertion of row %s, got %q", row.ID, line)
		}
		row.Assertions = slices.Delete(row.Assertions, i, i+1)
	}
	for _, line := range e.expect {
		if !slices.Contains(row.Assertions, line) {
			row.Assertions = append(row.Assertions, line)
		}
	}
	for _, tag := range e.tags {
		if !slices.Contains(row.Tags, tag) {
			row.Tags = append(row.Tags, tag)
		}
	}
	for flag, field := range map[string]*string{
		"name": &row.Name, "corrected": &row.CorrectedOutput, "known": &row.Known, "note": &row.Note, "split": &row.Split,
	} {
		if given(flag) {
			*field, _ = c.Flags().GetString(flag)
		}
	}
	if given("severity") {
		row.Severity = e.sev
	}
	switch {
	case e.sound && given("class"):
		return usage("--class and --sound must not both be given")
	case e.sound:
		row.Decision, row.Class, row.Detail = review.Rejected, "", ""
	case given("class"):
		class, detail, _ := strings.Cut(e.class, "/")
		row.Decision, row.Class, row.Detail = review.Confirmed, failure.Class(class), detail
	}
	return nil
}

func newSplit() *cobra.Command {
	var into, seed, output string
	var again bool
	c := &cobra.Command{
		Use:   "split FILE",
		Short: "Divide a dataset into parts without parting a conversation",
		Long: `Divide a dataset into parts. Rows of one session or trace, and rows whose histories continue each other, get the same
part. Rows that have a part keep it, unless --again is given.`,
		Example: "  faultline dataset split failures.jsonl --into learn=0.5,test=0.5",
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			parts, err := dataset.ParseParts(into)
			if err != nil {
				return usage("--into: %w", err)
			}
			if err := checkRows(output); err != nil {
				return err
			}
			if dataset.IsShort(args[0]) && output == "" {
				return usage("%s is in the short form: give --output to write JSON lines", args[0])
			}
			rows, err := readDataset(args[0])
			if err != nil {
				return err
			}
			if again {
				for i := range rows {
					rows[i].Split = ""
				}
			}
			dataset.Split(rows, parts, seed)
			if output == "" {
				output = args[0]
			}
			if err := dataset.WriteFile(output, rows); err != nil {
				return err
			}
			size := map[string]int{}
			for i := range rows {
				size[rows[i].Split]++
			}
			for _, p := range parts {
				fmt.Fprintf(c.ErrOrStderr(), "%s: %s\n", p.Name, count(size[p.Name], "row"))
			}
			return nil
		},
	}
	c.Flags().StringVar(&into, "into", "learn=0.5,test=0.5", "the parts and their shares")
	c.Flags().StringVar(&seed, "seed", "", "another seed gives other parts")
	c.Flags().BoolVar(&again, "again", false, "divide all rows anew")
	c.Flags().StringVarP(&output, "output", "o", "", "write to this file instead")
	return c
}

func newLint() *cobra.Command {
	return &cobra.Command{
		Use:   "lint FILE...",
		Short: "Find rows that are poor tests: row, rule, value",
		Long: `Find rows that are poor tests: without anything that must hold, with assertions that the failing answer keeps, and so
on. docs/guides/datasets.md explains each rule.

Exit codes: 0 nothing found, 1 something found, 2 a file that does not parse.`,
		Args: namedFiles,
		RunE: func(c *cobra.Command, args []string) error {
			found := 0
			for _, name := range args {
				rows, err := readDataset(name)
				if err != nil {
					return err
				}
				for _, fault := range dataset.Lint(rows, filepath.Dir(name)) {
					fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", name, fault)
					found++
				}
				fmt.Fprintf(c.ErrOrStderr(), "%s: %s, dataset %s\n", name, count(len(rows), "row"), dataset.Hash(rows))
			}
			if found > 0 {
				return exitError{code: exitFailure}
			}
			return nil
		},
	}
}

func newDiff() *cobra.Command {
	var exitCode bool
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Compare two datasets by row",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("diff needs two files, got %d; see %s --help", len(args), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			older, err := readDataset(args[0])
			if err != nil {
				return err
			}
			newer, err := readDataset(args[1])
			if err != nil {
				return err
			}
			changes := dataset.Diff(older, newer)
			out := c.OutOrStdout()
			for _, change := range changes {
				switch {
				case change.Old == nil:
					fmt.Fprintf(out, "+ %s %s\n", change.ID, about(change.New))
				case change.New == nil:
					fmt.Fprintf(out, "- %s %s\n", change.ID, about(change.Old))
				default:
					fmt.Fprintf(out, "~ %s %s: %s\n", change.ID, about(change.New), strings.Join(change.Keys, ", "))
				}
			}
			fmt.Fprintf(c.ErrOrStderr(), "%s → %s: %s\n", dataset.Hash(older), dataset.Hash(newer),
				count(len(changes), "difference"))
			if exitCode && len(changes) > 0 {
				return exitError{code: exitFailure}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&exitCode, "exit-code", false, "exit with 1 if there are differences")
	return c
}

// about says in a few words what a row is.
func about(row *dataset.Row) string {
	words := row.Name
	if words == "" {
		words = strings.Trim(string(row.Class)+"/"+row.Detail, "/")
	}
	if row.Service != "" {
		words += " (" + row.Service + ")"
	}
	return strings.TrimSpace(words)
}
