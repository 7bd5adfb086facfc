package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/agreement"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/judge/trial"
)

// judgeDiff holds the flags of judge diff.
type judgeDiff struct {
	judgeTrial
	before, after string
}

func newJudgeDiff() *cobra.Command {
	var o judgeDiff
	c := &cobra.Command{
		Use:   "diff --from FILE --to FILE [--dataset FILE | --labels FILE | --store URL]",
		Short: "Tell what a changed rubric decides otherwise",
		Long: `Tell what a changed rubric decides otherwise. --from and --to are files of faultline judge run, or rubrics (.yaml, or a
folder), which are run here on the cases that people judged: with --endpoint and --model, and --dataset or --store.

With labels only the cases that people judged are compared, and each change is better or worse. Without, all cases of
both files are.

Exit codes: 0 done, 1 the command failed, 2 usage, 3 no case was judged on both sides.`,
		Example: "  faultline judge diff --from before.jsonl --to after.jsonl --dataset labelled.jsonl\n" +
			"  faultline judge diff --from before.jsonl --to rubrics/refunds.yaml --dataset labelled.jsonl " +
			"--endpoint http://127.0.0.1:11434/v1 --model qwen3:14b --free",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.StringVar(&o.before, "from", "", "results or rubric before the change (required)")
	f.StringVar(&o.after, "to", "", "results or rubric after the change (required)")
	o.flags(f)
	return c
}

// isRubric reports whether a name is that of a rubric or a folder of them, and not of results.
func isRubric(name string) bool {
	ext := filepath.Ext(name)
	return ext == ".yaml" || ext == ".yml" || isFolder(name)
}

func (o *judgeDiff) check() error {
	rubric := isRubric(o.before) || isRubric(o.after)
	switch {
	case o.before == "" || o.after == "":
		return usage("--from and --to must be given, each a file of faultline judge run or a rubric")
	case rubric && o.labels.dataset == "" && o.labels.store == "":
		return usage("a rubric is run on the cases that people judged: give --dataset or --store")
	case rubric && !o.model.given():
		return usage("a rubric needs a judge to run it: give --endpoint and --model")
	case !rubric && o.model.given():
		return usage("--endpoint and --model are only of use with a rubric in --from or --to")
	}
	return o.judgeTrial.check()
}

func (o *judgeDiff) run(c *cobra.Command) error {
	if err := o.model.readFile(new(string)); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	desk, err := o.desk()
	if err != nil {
		return err
	}
	sides := [2]diffSide{{name: o.before}, {name: o.after}}
	for i := range sides {
		if err := sides[i].read(); err != nil {
			return err
		}
	}
	of := &labelled{}
	if o.labels.given() > 0 {
		var err error
		if of, err = o.labels.read(c.Context()); err != nil {
			return err
		}
		if of.labels.Len() == 0 {
			return exitError{exitInconclusive, errors.New("people judged nothing of it yet")}
		}
	}
	var all []trial.Given
	var rubrics []*judge.Rubric
	for i := range sides {
		s := &sides[i]
		if s.rubrics != nil {
			var err error
			if s.results, err = o.model.judge(c, desk, docket.Tasks(of.cases(o.model.maxBytes), s.rubrics)); err != nil {
				return err
			}
		}
		rubrics = append(s.rubrics, rubrics...) // the later text says what is looked for
		all = append(all, given(s.results)...)
	}
	diffs, err := trial.Differ(sides[0].results, sides[1].results, &of.labels, kinds(rubrics, all))
	if err != nil {
		return exitError{exitUsage, err}
	}
	return o.report(c.OutOrStdout(), diffs)
}

// diffSide is one side of the comparison: results, or rubrics that make them.
type diffSide struct {
	name    string
	rubrics []*judge.Rubric
	results []docket.Result
}

func (s *diffSide) read() (err error) {
	if !isRubric(s.name) {
		s.results, err = readResults(s.name)
		return err
	}
	if s.rubrics, err = judge.ReadRubrics(s.name); err != nil {
		return exitError{exitUsage, err}
	}
	return nil
}

func (o *judgeDiff) report(out io.Writer, diffs []trial.Diff) error {
	compared := 0
	for i := range diffs {
		compared += diffs[i].Compared
	}
	if o.format == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(map[string]any{"rubrics": diffs}); err != nil {
			return err
		}
	} else {
		for i := range diffs {
			writeDiff(out, &diffs[i])
		}
	}
	if compared == 0 {
		return exitError{exitInconclusive, errors.New("no case was judged on both sides")}
	}
	return nil
}

func writeDiff(out io.Writer, d *trial.Diff) {
	fmt.Fprintf(out, "%s, %s to %s: %s, %d decided otherwise", d.Rubric, d.From, d.To, count(d.Compared, "case"),
		len(d.Changes))
	if d.Before.TP+d.Before.FP+d.Before.FN+d.Before.TN > 0 {
		fmt.Fprintf(out, ", %d better and %d worse\n", d.Better, d.Worse)
		fmt.Fprintf(out, "  before: %s\n  after:  %s\n", quality(d.Before), quality(d.After))
	} else {
		fmt.Fprintln(out)
	}
	if d.From == d.To {
		fmt.Fprintln(out, "  both have the same version: what differs is chance")
	}
	if d.OneSided > 0 {
		fmt.Fprintf(out, "  %s judged on one side only\n", count(d.OneSided, "case"))
	}
	for i := range d.Changes {
		if i == maxShown {
			fmt.Fprintf(out, "  and %d more; --format json has all\n", len(d.Changes)-maxShown)
			break
		}
		ch := &d.Changes[i]
		fmt.Fprintf(out, "  %s", ch.ID)
		if verdict := ch.Verdict(); verdict != "" {
			fmt.Fprintf(out, "  %s\n    people: %s", verdict, peopleSay(ch.People))
		}
		fmt.Fprintf(out, "\n    before: %s\n    after:  %s\n", judgeSays(&ch.From), judgeSays(&ch.To))
	}
}

// quality is how well a judge agrees with people.
func quality(c agreement.Confusion) string {
	return fmt.Sprintf("MCC %s, sensitivity %s, specificity %s", orUnknown(c.MCC()), share(c.Recall()),
		share(c.Specificity()))
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
