package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/runner"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// runOptions are the flags of run.
type runOptions struct {
	dataset, output string
	overwrite       bool
	repeats         int
	system          system
	pace            pace
}

func newRun() *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run --dataset FILE -o FILE (--exec COMMAND | --http FILE | --openai | -- PROGRAM ARGS...)",
		Short: "Run a system on the rows of a dataset, and record its traces",
		Long: `Run a system on the rows of a dataset, and record its traces for faultline gate, with the attribute
` + spanattr.AttrDatasetRow + ` set. There are four ways to run it:

--exec COMMAND runs a shell command for each case. It reads the case as JSON on its standard input (row, input, system,
messages, tools, schema, documents) and writes its answer on its standard output: a text, JSON ({"content": "…",
"tool_calls": [{"name": "…", "arguments": {}}]} or a chat completion), or OTLP that it recorded.

--http FILE sends a request for each case. The YAML file has url, method (default POST), headers, body, and the path of
the answer in the response (answer: reply.text; tool_calls: reply.calls). url, headers and body are templates:
{{json .Input}}, {{json .Messages}}, {{env "TOKEN"}}. Without a body, the case is sent as JSON.

--openai asks a model at an endpoint with OpenAI's chat API. The key is in OPENAI_API_KEY.

-- PROGRAM runs a program once for all cases, such as a test suite. It reads them from the file that FAULTLINE_DATASET
names, a JSON object a line, and its OpenTelemetry SDK sends to OTEL_EXPORTER_OTLP_ENDPOINT, by gRPC or HTTP. It sets
` + spanattr.AttrDatasetRow + ` on a span of each case or its resource; else traces are found by their input.

An output that was interrupted is continued; of a program, rows whose outermost span has ended are done. A run that
fails or takes too long is recorded with its reason, and is
inconclusive for the gate.

Exit codes: 0 done, 1 no run gave an answer, or the command failed, 2 usage.`,
		Example: "  faultline run --dataset failures.jsonl -o new.jsonl --exec 'python3 app.py'\n" +
			"  faultline run --dataset failures.jsonl -o new.jsonl --openai --model gpt-4.1-mini --prompt prompt.txt\n" +
			"  faultline run --dataset failures.jsonl -o new.jsonl --repeats 5 -- pytest tests/",
		Args: afterDash,
		RunE: func(c *cobra.Command, args []string) error {
			o.system.program = args
			return makeRuns(c, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.dataset, "dataset", "", "dataset file (required)")
	f.StringVarP(&o.output, "output", "o", "", "write the traces to this file; one that was interrupted is continued")
	f.BoolVar(&o.overwrite, "overwrite", false, "begin anew where the output exists")
	f.IntVar(&o.repeats, "repeats", 1, "runs of each row")
	o.system.flags(f, "", "the system")
	o.pace.flags(f)
	return c
}

// afterDash is the argument rule of commands that take a program after --.
func afterDash(c *cobra.Command, args []string) error {
	if dash := c.ArgsLenAtDash(); len(args) > 0 && dash != 0 {
		return usage("%s takes no arguments, got %q; a program to run stands after --", c.CommandPath(), args[0])
	}
	return nil
}

func makeRuns(c *cobra.Command, o runOptions) error {
	switch {
	case o.dataset == "":
		return usage("--dataset must be given; faultline dataset export writes one")
	case !o.system.given():
		return usage("say how to run the system: --exec, --http, --openai, or a program after --; see faultline run --help")
	case o.repeats < 1:
		return usage("--repeats must be at least 1, got %d", o.repeats)
	}
	if err := keepApart(append(o.system.files(), o.dataset), output{"--output", o.output}); err != nil {
		return err
	}
	var bar *progress
	made, err := o.system.open(c, &o.pace, func() { bar.step() })
	if err != nil {
		return err
	}
	rows, err := readDataset(o.dataset)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return usage("%s holds no row", o.dataset)
	}
	out, done, err := openRuns(c, o, made.key(), rows)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	bar = newSteps(c.ErrOrStderr(), "run", len(rows)*o.repeats-len(done))
	summary, err := made.make(ctx, runner.Cases(rows, o.repeats, done), func(lines []byte) error {
		_, err := out.Write(lines)
		return err
	})
	bar.done()
	if closer, ok := out.(io.Closer); ok {
		err = errors.Join(err, closer.Close())
	}
	tellRuns(c, o, summary, len(rows), len(done))
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return errors.New("interrupted; the same command continues the output")
	case err != nil:
		return err
	case summary.Runs > 0 && summary.Failed == summary.Runs:
		return fmt.Errorf("no run gave an answer: %s", summary.Why())
	}
	return nil
}

// openRuns opens the output, and returns the runs that it already holds.
func openRuns(
	c *cobra.Command, o runOptions, key string, rows []dataset.Row,
) (io.Writer, map[runner.RunID]bool, error) {
	if o.output == "" {
		return struct{ io.Writer }{c.OutOrStdout()}, nil, nil
	}
	out, err := runner.OpenOutput(o.output, key, o.overwrite, runner.Hashes(rows))
	switch {
	case errors.Is(err, runner.ErrOtherOutput):
		return nil, nil, usage("%s %w; write to another file, or give --overwrite", o.output, err)
	case err != nil:
		return nil, nil, usage("--output: %w", err)
	}
	return out, out.Done, nil
}

// tellRuns says what was done, on stderr.
func tellRuns(c *cobra.Command, o runOptions, s runner.Summary, rows, done int) {
	words := fmt.Sprintf("%s of %s", count(s.Runs, "run"), count(rows, "row"))
	if s.Cached > 0 {
		words += fmt.Sprintf(", %d from the cache", s.Cached)
	}
	if done > 0 {
		words += fmt.Sprintf(", beside %d that the output had", done)
	}
	if o.output != "" {
		words += ", in " + o.output
	}
	fmt.Fprintln(c.ErrOrStderr(), words)
	if s.Failed == 0 {
		return
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s without an answer, which the gate takes as inconclusive:\n", count(s.Failed, "run"))
	for _, reason := range slices.Compact(mostFirst(s.Reasons)) {
		fmt.Fprintf(c.ErrOrStderr(), "  %d  %s\n", s.Reasons[reason], reason)
	}
}
