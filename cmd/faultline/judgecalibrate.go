package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/agreement"
	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/judge/trial"
	"github.com/faultline-otel/faultline/internal/review"
)

// judgeCalibrate holds the flags of judge calibrate.
type judgeCalibrate struct {
	judgeTrial
	results []string
	rubrics rubricFlags
	dryRun  bool
}

func newJudgeCalibrate() *cobra.Command {
	var o judgeCalibrate
	c := &cobra.Command{
		Use:   "calibrate {--store URL | --from URL | --labels FILE | --dataset FILE}",
		Short: "Compare judges with what people judged, and say which can be trusted",
		Long: fmt.Sprintf(`Compare judges with what people judged, and say which can be trusted. Each version of a rubric is
compared apart; the newest one decides.

What judges say is stored with the cases of the review page. Or it comes from files of faultline judge run (--results),
or the rubrics are run here on the judged cases (--endpoint and --model).

A judge is trusted with at least %d labels of failures that its rubric looks for, and a Matthews correlation (MCC) of at
least %.1f. Then the lines of configuration are printed with which llm_judge trusts it. Otherwise it says what is
missing.

Exit codes: 0 all can be trusted, 1 the command failed, 2 usage, 3 one of them cannot, or there is nothing to compare.`,
			trial.MinPositives, trial.MinMCC),
		Example: "  faultline judge calibrate --from http://127.0.0.1:8321\n" +
			"  faultline judge calibrate --dataset labelled.jsonl --results judged.jsonl --rubric groundedness\n" +
			"  faultline judge calibrate --store data/review.db --rubrics rubrics --endpoint http://127.0.0.1:11434/v1 " +
			"--model qwen3:14b --free",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	o.flags(f)
	f.StringVar(&o.labels.from, "from", "", fromUsage)
	f.StringSliceVar(&o.results, "results", nil, "file of faultline judge run; may be given several times")
	o.rubrics.flags(f)
	f.BoolVar(&o.dryRun, "dry-run", false, "of --endpoint: print calls, tokens and price, and send nothing")
	return c
}

func (o *judgeCalibrate) check() error {
	switch {
	case len(o.results) > 0 && o.model.given():
		return usage("give --results or a judge to run, --endpoint and --model, not both")
	case o.labels.labels != "" && o.model.given():
		return usage("--labels has no content to judge: give --store, --from or --dataset with --endpoint")
	case o.labels.dataset != "" && !o.model.given() && len(o.results) == 0:
		return usage("a dataset has no results of judges: give --results, or --endpoint and --model")
	case o.dryRun && !o.model.given():
		return usage("--dry-run is only of use with --endpoint and --model")
	}
	return o.judgeTrial.check()
}

func (o *judgeCalibrate) run(c *cobra.Command) error {
	if err := o.model.readFile(&o.rubrics.path); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	rubrics, err := o.rubrics.load()
	if err != nil {
		return err
	}
	desk, err := o.desk()
	if err != nil {
		return err
	}
	results, err := readResults(o.results...)
	if err != nil {
		return err
	}
	of, err := o.labels.read(c.Context())
	if err != nil {
		return err
	}
	switch {
	case len(o.results) > 0:
		of.given = given(results)
	case desk != nil:
		tasks := docket.Tasks(of.cases(o.model.maxBytes), rubrics)
		if o.dryRun {
			o.model.tellDemand(c.OutOrStdout(), desk.Demand(tasks))
			return nil
		}
		results, err := o.model.judge(c, desk, tasks)
		if err != nil {
			return err
		}
		of.given = given(results)
	}
	of.given = slices.DeleteFunc(of.given, func(g trial.Given) bool {
		return len(o.rubrics.names) > 0 && !slices.Contains(o.rubrics.names, g.Rubric)
	})
	trials := trial.Compare(of.given, &of.labels, kinds(rubrics, of.given))
	return o.report(c, trials, of.labels.Len())
}

func given(results []docket.Result) []trial.Given {
	list := make([]trial.Given, len(results))
	for i := range results {
		list[i].Result = results[i]
	}
	return list
}

// judge has tasks judged, after it told the price, and returns the results.
func (m *judgeModel) judge(
	c *cobra.Command, desk *docket.Desk, tasks []docket.Task,
) (results []docket.Result, err error) {
	m.tellDemand(c.ErrOrStderr(), desk.Demand(tasks))
	ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	bar := newSteps(c.ErrOrStderr(), "judge", len(tasks))
	var told tally
	err = desk.Run(ctx, tasks, func(r *docket.Result) error {
		bar.step()
		told.add(r)
		results = append(results, *r)
		return nil
	})
	bar.done()
	told.write(c.ErrOrStderr())
	if len(m.cheap) > 0 {
		told.writeCascade(c.ErrOrStderr(), m.model)
	}
	switch {
	case err != nil && ctx.Err() != nil && c.Context().Err() == nil:
		return nil, fmt.Errorf("interrupted: %w", context.Canceled)
	case err == nil && len(tasks) > 0 && told.passed+told.failed == 0:
		return nil, fmt.Errorf("nothing was judged: %s", told.why())
	}
	return results, err
}

// kinds returns what a rubric looks for: by its text or, where that is not known, by what it found.
func kinds(rubrics []*judge.Rubric, results []trial.Given) func(string) []review.Kind {
	return func(name string) []review.Kind {
		if at := slices.IndexFunc(rubrics, func(r *judge.Rubric) bool { return r.Name == name }); at >= 0 {
			return trial.KindsOf(rubrics[at])
		}
		if r, err := judge.Find(name); err == nil {
			return trial.KindsOf(r)
		}
		var found []review.Kind
		for i := range results {
			class := results[i].Class
			if results[i].Rubric == name && class != "" &&
				!slices.ContainsFunc(found, func(k review.Kind) bool { return k.Class == class }) {
				found = append(found, review.Kind{Class: class})
			}
		}
		if len(found) == 0 {
			return trial.KindsOf(nil)
		}
		return found
	}
}

func (o *judgeCalibrate) report(c *cobra.Command, trials []*trial.Trial, labels int) error {
	out := c.OutOrStdout()
	if len(trials) == 0 || !slices.ContainsFunc(trials, func(t *trial.Trial) bool { return t.Cases() > 0 }) {
		return exitError{exitInconclusive, fmt.Errorf(
			"nothing to compare: %s, and no result of a judge on one of them", count(labels, "labelled case"))}
	}
	var trusted []*trial.Trial
	all := true
	for i, t := range trials {
		if i > 0 && trials[i-1].Rubric == t.Rubric {
			continue // an earlier version
		}
		if len(t.Missing()) == 0 {
			trusted = append(trusted, t)
		} else {
			all = false
		}
	}
	if o.format == "json" {
		if err := trialsAsJSON(out, trials); err != nil {
			return err
		}
	} else {
		for i, t := range trials {
			if i > 0 {
				fmt.Fprintln(out)
			}
			writeTrial(out, t, i > 0 && trials[i-1].Rubric == t.Rubric)
		}
		writeTrusted(out, trusted)
	}
	if !all {
		return exitError{code: exitInconclusive}
	}
	return nil
}

// trialJSON is a trial in the JSON report. The keys are a contract.
type trialJSON struct {
	*trial.Trial
	MCC         *float64            `json:"mcc"`
	Kappa       *agreement.Estimate `json:"kappa"`
	Sensitivity agreement.Estimate  `json:"sensitivity"`
	Specificity agreement.Estimate  `json:"specificity"`
	Precision   agreement.Estimate  `json:"precision"`
	Trusted     bool                `json:"trusted"`
	Missing     []string            `json:"missing"`
	Earlier     bool                `json:"earlier_version,omitempty"`
}

func trialsAsJSON(out io.Writer, trials []*trial.Trial) error {
	list := make([]trialJSON, len(trials))
	for i, t := range trials {
		j := trialJSON{
			Trial: t, Sensitivity: t.Recall(), Specificity: t.Specificity(), Precision: t.Precision(), Missing: t.Missing(),
			Earlier: i > 0 && trials[i-1].Rubric == t.Rubric,
		}
		j.Trusted = len(j.Missing) == 0 && !j.Earlier
		if mcc, ok := t.MCC(); ok {
			j.MCC = &mcc
		}
		if kappa, ok := t.Kappa(); ok {
			j.Kappa = &kappa
		}
		list[i] = j
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{"judges": list})
}

// maxShown bounds the disagreements that are shown to people. JSON has all.
const maxShown = 50

func writeTrial(out io.Writer, t *trial.Trial, earlier bool) {
	verdict := "can be trusted"
	if missing := t.Missing(); len(missing) > 0 {
		verdict = "not trusted: " + strings.Join(missing, "; ")
	}
	if earlier {
		verdict = "an earlier version, which decides nothing"
	}
	fmt.Fprintf(out, "%s, %s: %s\n", t.Rubric, t.Version, verdict)
	fmt.Fprintf(out, "                 people: failed  people: sound\n")
	fmt.Fprintf(out, "  judge: failed  %14d  %13d\n", t.TP, t.FP)
	fmt.Fprintf(out, "  judge: passed  %14d  %13d\n", t.FN, t.TN)
	fmt.Fprintf(out, "  MCC %s, kappa %s\n", orUnknown(t.MCC()), kappaOf(t))
	fmt.Fprintf(out, "  sensitivity %s, specificity %s, precision %s\n",
		share(t.Recall()), share(t.Specificity()), share(t.Precision()))
	for _, c := range t.Classes {
		word := "wrongly failed"
		if c.Failure {
			word = "found"
		}
		fmt.Fprintf(out, "  %s: %d of %d %s\n", c.Name, c.Flagged, c.Cases, word)
	}
	if t.Cost.Set {
		fmt.Fprintf(out, "  cost %s USD a trace\n", dollars(t.Cost.Value))
	} else {
		fmt.Fprintln(out, "  cost was not recorded")
	}
	if t.NotJudged > 0 {
		fmt.Fprintf(out, "  %s not judged\n", count(t.NotJudged, "labelled case"))
	}
	if t.Unlabelled > 0 {
		fmt.Fprintf(out, "  %s of which people say nothing to it\n", count(t.Unlabelled, "case"))
	}
	if len(t.Disagreements) == 0 {
		return
	}
	fmt.Fprintln(out, "  disagreements:")
	for i := range t.Disagreements {
		if i == maxShown {
			fmt.Fprintf(out, "    and %d more; --format json has all\n", len(t.Disagreements)-maxShown)
			break
		}
		d := &t.Disagreements[i]
		fmt.Fprintf(out, "    %s\n      people: %s\n      judge:  %s\n", d.ID, peopleSay(&d.People), judgeSays(&d.Judge))
	}
}

func orUnknown(v float64, ok bool) string {
	if !ok {
		return "not defined"
	}
	return fmt.Sprintf("%.2f", v)
}

func kappaOf(t *trial.Trial) string {
	kappa, ok := t.Kappa()
	if !ok {
		return "not defined"
	}
	return fmt.Sprintf("%.2f%s", kappa.Value, interval(kappa))
}

func share(e agreement.Estimate) string {
	if !e.Known() {
		return "unknown"
	}
	return fmt.Sprintf("%.2f%s", e.Value, interval(e))
}

func peopleSay(s *trial.Said) string {
	if s.Note == "" {
		return s.String()
	}
	return s.String() + ", " + cited(s.Note)
}

func judgeSays(r *docket.Result) string {
	words := r.Label
	if r.Score.Set {
		words += fmt.Sprintf(" %.2f", r.Score.Value)
	}
	if r.Reason != "" {
		words += ", " + r.Reason
	}
	if r.Explanation != "" {
		words += ", " + cited(r.Explanation)
	}
	return words
}

// cited quotes a text from outside on one line.
func cited(text string) string {
	return strconv.Quote(clip.Text(strings.Join(strings.Fields(text), " "), maxCited))
}

// maxCited bounds a text that is shown to people, in bytes.
const maxCited = 600

// writeTrusted prints the configuration of llm_judge that trusts judges, each in the version that was compared.
func writeTrusted(out io.Writer, trusted []*trial.Trial) {
	if len(trusted) == 0 {
		return
	}
	fmt.Fprintln(out)
	versions := make([]string, len(trusted))
	for i, t := range trusted {
		versions[i] = strconv.Quote(t.Version)
		mcc, _ := t.MCC()
		fmt.Fprintf(out, "# %s: %s, MCC %.2f on %s\n", t.Rubric, t.Version, mcc, count(t.Cases(), "label"))
	}
	fmt.Fprintf(out, "connectors:\n  llm_judge:\n    trusted: [%s]\n", strings.Join(versions, ", "))
}
