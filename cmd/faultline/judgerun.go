package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/docket"
)

// judgeRun holds the flags of judge run.
type judgeRun struct {
	files          []string
	dataset        string
	rubrics        rubricFlags
	model          judgeModel
	batch          batchFlags
	prices, output string
	dryRun         bool
}

func newJudgeRun() *cobra.Command {
	var o judgeRun
	c := &cobra.Command{
		Use:   "run {--file FILE | --dataset FILE} --endpoint URL --model MODEL",
		Short: "Have a model judge a trace file or a dataset by rubrics",
		Long: `Have a model judge a trace file or a dataset by rubrics, and print a JSON line for each judgement, as soon as it is
there. What it should cost is printed before on standard error; with --dry-run that is all, and nothing is sent.

Of a trace it judges what llm_judge would: the answer that failed or is suspected, else the last one, and by rubrics of
sessions each session. Of a dataset it judges the answer in each row. Rubrics that do not apply are left out:
groundedness needs sources, context_loss more than ten turns.

The endpoint is one for OpenAI's chat completions. Its key, where it wants one, is in ` + keyVariable + `. A line without
a verdict has the reason in not_judged. With the flags as in llm_judge, results have the same version.

With --batch, batches of the provider judge, for less money and within a day. It waits for them. What is on its way is
kept beside the output: after an interrupt the same command goes on.

Exit codes: 0 done, 1 nothing was judged, or the command failed, 2 usage, 3 --max-usd ended it before all was judged.`,
		Example: "  faultline judge run --file traces.jsonl --endpoint http://127.0.0.1:11434/v1 --model qwen3:14b --free\n" +
			"  faultline judge run --dataset labelled.jsonl --rubrics rubrics --endpoint https://api.openai.com/v1 " +
			"--model gpt-4.1-mini --dry-run",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.StringSliceVar(&o.files, "file", nil, "trace file, or - for standard input; may be given several times")
	f.StringVar(&o.dataset, "dataset", "", "dataset file")
	o.rubrics.flags(f)
	o.model.flags(f, "")
	o.batch.flags(f)
	f.StringVar(&o.prices, "prices", "", pricesUsage)
	f.BoolVar(&o.dryRun, "dry-run", false, "print calls, tokens and price, and send nothing")
	f.StringVarP(&o.output, "output", "o", "", "write the lines to this file")
	return c
}

func (o *judgeRun) run(c *cobra.Command) error {
	if (len(o.files) > 0) == (o.dataset != "") {
		return usage("give either --file, a trace file, or --dataset")
	}
	if err := keepApart(append([]string{o.dataset, o.prices}, o.files...), output{"--output", o.output}); err != nil {
		return err
	}
	if err := o.model.readFile(&o.rubrics.path); err != nil {
		return err
	}
	book, err := loadPrices(o.prices)
	if err != nil {
		return err
	}
	if o.model.discount, err = o.batch.check(o.output, o.dryRun); err != nil {
		return err
	}
	desk, purse, err := o.model.open(book)
	if err != nil {
		return err
	}
	rubrics, err := o.rubrics.load()
	if err != nil {
		return err
	}
	cases, err := o.cases(c)
	if err != nil {
		return err
	}
	tasks := docket.Tasks(cases, rubrics)
	if o.dryRun {
		return o.tellPrice(c.OutOrStdout(), desk, tasks)
	}
	if len(tasks) == 0 {
		return errors.New("there is nothing to judge: no answer with its content, or none that a rubric applies to")
	}
	o.model.tellDemand(c.ErrOrStderr(), desk.Demand(tasks))
	if o.batch.on {
		return o.inBatches(c, desk, tasks)
	}
	out, err := o.open(c)
	if err != nil {
		return err
	}
	err = o.judge(c, desk, tasks, out)
	fmt.Fprintf(c.ErrOrStderr(), "cost %s USD\n", dollars(purse.Spent()))
	return errors.Join(err, out.Close())
}

func (o *judgeRun) cases(c *cobra.Command) ([]docket.Case, error) {
	if o.dataset == "" {
		return traceCases(c, o.files, o.model.maxBytes)
	}
	rows, err := readDataset(o.dataset)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, usage("%s holds no row", o.dataset)
	}
	return rowCases(rows, o.model.maxBytes), nil
}

// tellPrice prints what the judgements should take, by rubric.
func (o *judgeRun) tellPrice(out io.Writer, desk *docket.Desk, tasks []docket.Task) error {
	of := map[*judge.Rubric]judge.Demand{}
	var order []*judge.Rubric
	for _, t := range tasks {
		sum, known := of[t.Rubric]
		if !known {
			order = append(order, t.Rubric)
		}
		sum.Add(desk.Judge.Demand(t.Case.Case, t.Rubric))
		of[t.Rubric] = sum
	}
	for _, r := range order {
		d := of[r]
		fmt.Fprintf(out, "%s %s: %s, about %d input and %d output tokens, about %s and at most %s USD\n",
			r.Name, desk.Judge.Version(r), count(d.Calls, "call"), d.Input, d.Output, dollars(d.USD), dollars(d.MaxUSD))
	}
	o.model.tellDemand(out, desk.Demand(tasks))
	fmt.Fprintln(out, "nothing was sent")
	return nil
}

// open opens the output.
func (o *judgeRun) open(c *cobra.Command) (io.WriteCloser, error) {
	if o.output == "" {
		return struct {
			io.Writer
			io.Closer
		}{c.OutOrStdout(), io.NopCloser(nil)}, nil
	}
	f, err := os.OpenFile(o.output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, usage("--output: %w", err)
	}
	return f, nil
}

// judge has the tasks judged and writes the lines.
func (o *judgeRun) judge(c *cobra.Command, desk *docket.Desk, tasks []docket.Task, out io.Writer) error {
	ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var told tally
	bar := newSteps(c.ErrOrStderr(), "judge", len(tasks))
	w := bufio.NewWriter(out)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	err := desk.Run(ctx, tasks, func(r *docket.Result) error {
		told.add(r)
		bar.step()
		return errors.Join(encoder.Encode(r), w.Flush()) // what was paid for must not be lost
	})
	bar.done()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	return o.verdict(c.ErrOrStderr(), &told, err)
}

// verdict prints the summary, and says whether the run was a success.
func (o *judgeRun) verdict(out io.Writer, told *tally, err error) error {
	told.write(out)
	if len(o.model.cheap) > 0 {
		told.writeCascade(out, o.model.model)
	}
	switch {
	case err != nil:
		return err
	case told.missing[judge.SpendLimit] > 0:
		return exitError{exitInconclusive, fmt.Errorf("--max-usd %g was reached: %s were not judged",
			o.model.maxUSD, count(told.missing[judge.SpendLimit], "case"))}
	case told.passed+told.failed+told.missing[judge.Nothing] == 0:
		return fmt.Errorf("nothing was judged: %s", told.why())
	}
	return nil
}
