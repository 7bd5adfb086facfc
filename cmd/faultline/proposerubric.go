package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/propose"
)

// proposingJudge is the judge of propose, for rubrics where no rule is found.
type proposingJudge struct {
	model   judgeModel
	rubrics rubricFlags
	prices  string
	calls   int
	dryRun  bool

	desk  *docket.Desk // nil without a judge
	purse *docket.Purse
	list  []*judge.Rubric
}

func (j *proposingJudge) flags(f *pflag.FlagSet) {
	j.model.flags(f, "judge-")
	f.StringVar(&j.model.file, "config", "", "gate file, whose judge says what the flags of the judge do not")
	f.StringVar(&j.rubrics.path, "judge-rubrics", "", "file or folder of your own rubrics (default: those in the program)")
	f.StringSliceVar(&j.rubrics.names, "judge-rubric", nil,
		"try only these rubrics, and the drafted one (default: those with a reason of the class of the signal)")
	f.IntVar(&j.calls, "judge-calls", 200, "at most so many cases are judged for a signal, half of them to learn")
	f.StringVar(&j.prices, "prices", "", "price file of your own over the embedded price book")
	f.BoolVar(&j.dryRun, "dry-run", false,
		"print the rules, which cost nothing, and what the judge would cost; do not ask it")
}

func (j *proposingJudge) given() bool { return j.model.given() || j.model.file != "" }

func (j *proposingJudge) check(write bool) error {
	switch {
	case write && j.dryRun:
		return usage("give either --write or --dry-run")
	case !j.given() && (j.dryRun || j.rubrics.path != "" || len(j.rubrics.names) > 0):
		return usage("--dry-run, --judge-rubrics and --judge-rubric are only of use with a judge: give " +
			"--judge-endpoint and --judge-model, or --config")
	case j.calls < 1:
		return usage("--judge-calls must be at least 1, got %d", j.calls)
	}
	return nil
}

func (j *proposingJudge) open() error {
	if !j.given() {
		return nil
	}
	if err := j.model.readFile(&j.rubrics.path); err != nil {
		return err
	}
	book, err := loadPrices(j.prices)
	if err != nil {
		return err
	}
	if j.list, err = j.rubrics.load(); err != nil {
		return err
	}
	j.desk, j.purse, err = j.model.open(book)
	return err
}

// run looks for rubrics for the signals that have no rule, and returns how many are proposed.
func (j *proposingJudge) run(c *cobra.Command, signals []propose.Signal, precision float64) (proposed int, err error) {
	if j.desk == nil {
		return 0, nil
	}
	out := c.ErrOrStderr()
	var searches []*propose.RubricSearch
	var tasks []docket.Task
	for i := range signals {
		search, err := signals[i].ForRubric(propose.RubricOptions{
			Rubrics: j.list, Named: len(j.rubrics.names) > 0, MaxBytes: j.model.maxBytes, Calls: j.calls, Precision: precision,
		})
		switch {
		case err != nil:
			return 0, usage("signal %s: %w", signals[i].Name, err)
		case search != nil:
			searches, tasks = append(searches, search), append(tasks, search.Tasks()...)
		}
	}
	if len(searches) == 0 {
		if j.dryRun {
			fmt.Fprintln(out, "no signal is left for a rubric: the judge would not be asked, and would cost nothing")
		}
		return 0, nil
	}
	fmt.Fprintf(out, "rubrics for %s: ", count(len(searches), "signal"))
	j.model.tellDemand(out, j.desk.Demand(tasks))
	if j.dryRun {
		return 0, nil
	}
	ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	bar := newSteps(out, "judge", len(tasks))
	for _, search := range searches {
		if err = search.Run(ctx, j.desk, bar.step); err != nil {
			break
		}
		if search.Signal.Rubric.Refused == "" {
			proposed++
		}
	}
	bar.done()
	fmt.Fprintf(out, "the judge %s cost %s USD\n", j.model.model, dollars(j.purse.Spent()))
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	return proposed, err
}

// show prints the file of a drafted rubric as a diff, and writes it where that is wanted.
func (j *proposingJudge) show(c *cobra.Command, p *propose.ProposedRubric, write bool) error {
	if p == nil || p.Refused != "" || p.Text == nil {
		return nil
	}
	name := j.fileOf(p)
	if write {
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			return err
		}
	}
	before, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return showDiff(c, name, before, p.Text, write)
}

// fileOf is the file of a drafted rubric: beside those of the user, or in the folder rubrics.
func (j *proposingJudge) fileOf(p *propose.ProposedRubric) string {
	folder := "rubrics"
	if j.rubrics.path != "" {
		folder = j.rubrics.path
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			folder = filepath.Dir(folder)
		}
	}
	return filepath.Join(folder, p.Rubric.Name+".yaml")
}

// tellRubric says what a rubric is worth.
func tellRubric(out io.Writer, p *propose.ProposedRubric) {
	if p == nil {
		return
	}
	words := "the rubric " + p.Rubric.Name
	if p.Text != nil {
		words = "a drafted rubric, " + p.Rubric.Name
	}
	if p.Refused != "" {
		fmt.Fprintf(out, "  refused: %s: %s\n", words, p.Refused)
		return
	}
	fmt.Fprintf(out, "  %s: %s\n    %s\n", words, p.Rubric.About, onHeldOut(&p.Worth))
	if p.Unjudged > 0 {
		fmt.Fprintf(out, "    the judge gave no verdict on %s more\n", count(p.Unjudged, "call"))
	}
	fmt.Fprintf(out, "    add it to the rubrics of llm_judge, or to a row of a dataset: rubric %s >= %g\n", p.Rubric.Name,
		p.Rubric.PassAt)
}
