// Command faultline runs the Collector's checks on files: it scores traces, replays them, turns reviewed failures into
// a dataset, and gates a candidate against it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes. Scripts depend on them.
const (
	exitOK           = 0
	exitFailure      = 1 // the gate found a regression, or another command failed
	exitUsage        = 2 // wrong arguments or configuration, or a file that does not parse
	exitInconclusive = 3 // the gate is inconclusive, or failed
)

func main() {
	// Signals are not caught: every command is safe to interrupt, and reading a large file must stop at once.
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot() //nolint:contextcheck // commands get it through cobra
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil || errors.Is(err, syscall.EPIPE) { // the reader of a pipe, such as head, has closed it
		return exitOK
	}
	exit := exitError{code: exitFailure, err: err}
	errors.As(err, &exit)
	if exit.err != nil {
		for line := range strings.SplitSeq(exit.err.Error(), "\n") {
			fmt.Fprintln(stderr, "faultline:", line)
		}
	}
	return exit.code
}

// exitError ends the program with a code. A nil err means that the error was already reported.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// usage is an error of the caller. The message says what to do next.
func usage(format string, args ...any) error {
	return exitError{exitUsage, fmt.Errorf(format, args...)}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "faultline",
		Short: "Find the failures of LLM applications in their traces",
		Long: `Find the failures of LLM applications in their traces.

FILE is a path or - for standard input: OTLP/JSON (one request, or one per line) or OTLP protobuf, optionally gzipped.

Exit codes: 0 done, or the gate passes; 1 regression, or another command failed; 2 usage error, invalid configuration,
or a file that does not parse; 3 the gate is inconclusive, or failed.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          func(_ *cobra.Command, args []string) error { return unknown("faultline", args) },
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w; see %s --help", err, c.CommandPath())
	})
	root.AddCommand(
		newScore(),
		newReplay(),
		newDataset(),
		newCalibrate(),
		newPropose(),
		newScorers(),
		newJudge(),
		newReview(),
		newRun(),
		newGate(),
		newSample(),
		newPrices(),
		newTaxonomy(),
		newVersion(),
	)
	return root
}

// namedFiles is the argument rule of commands that read files by name: it ends in .yaml or not, say.
func namedFiles(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage("%s needs a FILE; see %s --help", c.Name(), c.CommandPath())
	}
	return nil
}

// atLeastOneFile is the argument rule of commands that read traces.
func atLeastOneFile(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage("%s needs a FILE, or - for standard input; see %s --help", c.Name(), c.CommandPath())
	}
	return nil
}

func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no arguments, got %q", c.CommandPath(), args[0])
	}
	return nil
}

// count formats a number of things: 1 row, 2 rows.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
