package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/propose"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/yamlpatch"
)

// proposing holds the flags of propose.
type proposing struct {
	dataset, file string
	store, from   string // where signals know their rules
	signals       []string
	traffic       []string
	seed          string
	precision     float64
	checks        int
	write         bool
	judge         proposingJudge
}

func newPropose() *cobra.Command {
	var o proposing
	c := &cobra.Command{
		Use:   "propose",
		Short: "Propose rules of the scorer file from judged failures",
		Long: `Propose rules of the scorer file that flag the failures of a signal, from the confirmed and rejected rows of a
dataset (faultline dataset export --all-rows). Half of the conversations are learned from; precision, recall and MCC are
those on the other half. A rule that flags too much there, that is as good as chance, or that is not better than
flagging all calls or none is refused. docs/guides/scorers.md says what rules can look at.

With a judge (--judge-endpoint and --judge-model, or the judge of --config), a signal without a rule gets a rubric where
one passes the same test: of those of its class, or one that is drafted from its class and what reviewers noted. What
that should cost is printed before. With --dry-run the judge is not asked: the rules and the price are all.

The changes of the scorer file are printed as a diff, and their reasons on standard error. --write makes them, and with
--from or --store records each rule with its signal: its page shows the rule, and the alert of one that comes back names
it.

Exit codes: 0 something is proposed; 2 usage error; 3 nothing is.`,
		Example: "  faultline propose --dataset judged.jsonl --signal 75f3 --scorers scorers.yaml \\\n" +
			"    --traffic traces.jsonl.gz\n" +
			"  faultline propose --dataset judged.jsonl --scorers scorers.yaml --write",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.StringVar(&o.dataset, "dataset", "", "dataset with failures and calls that were found sound")
	f.StringSliceVar(&o.signals, "signal", nil, "only these signals: fingerprints or their beginnings")
	f.StringVar(&o.file, "scorers", "", "scorer file to change (default: every scorer that needs no configuration)")
	f.StringSliceVar(&o.traffic, "traffic", nil, "trace files of recent traffic: what the rules would have flagged there")
	f.StringVar(&o.seed, "seed", "", "another seed gives other halves")
	f.Float64Var(&o.precision, "precision", 0.9, "share of what a rule flags on the held-out half that must be failures")
	f.IntVar(&o.checks, "rules", 3, "at most so many rules a signal")
	f.BoolVar(&o.write, "write", false, "change the scorer file")
	o.judge.flags(f)
	f.StringVar(&o.from, "from", "", "with --write: "+fromUsage)
	f.StringVar(&o.store, "store", "", "with --write: review store, a SQLite file or postgres://...")
	return c
}

func (o *proposing) check() error {
	switch {
	case o.dataset == "":
		return usage("--dataset must be given: a file of judged calls, as faultline dataset export --all-rows writes it")
	case !(o.precision > 0 && o.precision <= 1):
		return usage("--precision must be above 0 and at most 1, got %v", o.precision)
	case o.checks < 1 || o.checks > 10:
		return usage("--rules must be between 1 and 10, got %d", o.checks)
	case o.write && o.file == "":
		return usage("--write needs --scorers, the file to change")
	case (o.from != "" || o.store != "") && !o.write:
		return usage("--from and --store are only of use with --write: rules that are not written guard nothing")
	}
	return o.judge.check(o.write)
}

func (o *proposing) run(c *cobra.Command) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := o.judge.open(); err != nil {
		return err
	}
	set, err := loadScorers(o.file)
	if err != nil {
		return err
	}
	text, config, err := scorerText(o.file)
	if err != nil {
		return err
	}
	rows, err := readDataset(o.dataset)
	if err != nil {
		return err
	}
	in, err := openInput(c, o.traffic)
	if err != nil {
		return err
	}
	defer in.close()
	signals := propose.ForSignals(rows, o.signals, propose.Options{
		Scorers: set, Seed: o.seed, Precision: o.precision, Checks: o.checks, Taken: namesIn(config), Rules: rulesIn(config),
	})
	if len(signals) == 0 {
		return usage("%s: no confirmed failure %s", o.dataset, ofSignals(o.signals))
	}
	var accepted []score.Rule
	changed := text
	if text == nil {
		changed = fmt.Appendf(nil, "version: %d\n", score.FileVersion)
	}
	for i := range signals {
		for j := range signals[i].Proposals {
			p := &signals[i].Proposals[j]
			if p.Refused != "" {
				continue
			}
			accepted = append(accepted, p.Rule)
			if changed, err = yamlpatch.Append(changed, "rules", spelled(&signals[i], p)); err != nil {
				return fmt.Errorf("%s: add the rule %s by hand: %w", o.file, p.Rule.Name, err)
			}
		}
	}
	if _, err := scorers.Parse(changed); err != nil {
		return fmt.Errorf("the changed file would not be valid: %w", err)
	}
	seen, err := o.replay(in, config, accepted)
	if err != nil {
		return err
	}
	rubrics, err := o.judge.run(c, signals, o.precision)
	if err != nil {
		return err
	}
	for i := range signals {
		tell(c.ErrOrStderr(), &signals[i], seen)
	}
	if len(accepted) == 0 && rubrics == 0 {
		if o.judge.dryRun {
			return nil
		}
		return exitError{code: exitInconclusive}
	}
	if len(accepted) > 0 {
		if err := showDiff(c, o.file, text, changed, o.write); err != nil {
			return err
		}
	}
	for i := range signals {
		if err := o.judge.show(c, signals[i].Rubric, o.write); err != nil {
			return err
		}
	}
	if o.from != "" || o.store != "" {
		if err := o.record(c, signals); err != nil {
			return err
		}
	}
	return in.verdict()
}

// record tells the review store which rules came of its signals.
func (o *proposing) record(c *cobra.Command, signals []propose.Signal) error {
	set, err := loadScorers(o.file)
	if err != nil {
		return err
	}
	q, err := openQueue(c.Context(), o.store, o.from)
	if err != nil {
		return err
	}
	defer q.Close() //nolint:errcheck // nothing is kept in it
	for i := range signals {
		if !fingerprint.MatchString(signals[i].Name) {
			continue
		}
		for j := range signals[i].Proposals {
			p := &signals[i].Proposals[j]
			at := slices.IndexFunc(set.Scorers(), func(s score.Scorer) bool { return s.Name() == p.Rule.Name })
			if p.Refused != "" || at < 0 {
				continue
			}
			guard(c, q, map[string]review.Guard{signals[i].Name: {
				Kind: review.GuardRule, Name: p.Rule.Name, Version: set.Scorers()[at].Version(),
			}})
		}
	}
	return nil
}

func ofSignals(signals []string) string {
	if len(signals) == 0 {
		return "in the dataset"
	}
	return "of signal " + strings.Join(signals, ", ")
}

// namesIn returns the names that a new rule must not have.
func namesIn(config score.Config) map[string]bool {
	taken := map[string]bool{"outcome": true}
	for _, name := range scorers.Names() {
		taken[name] = true
	}
	for _, r := range config.Rules {
		taken[r.Name] = true
	}
	return taken
}

func rulesIn(config score.Config) map[string]bool {
	rules := map[string]bool{}
	for _, r := range config.Rules {
		rules[r.Name] = true
	}
	return rules
}

// spelled is a proposal as an item of the scorer file.
func spelled(s *propose.Signal, p *propose.Proposal) []string {
	lines := []string{fmt.Sprintf("# Proposed for signal %s: %s", s.Name, onHeldOut(&p.Alone))}
	for _, field := range []struct{ key, value string }{
		{"name", p.Rule.Name},
		{"when", p.Rule.When},
		{"fail", p.Rule.Fail},
		{"class", p.Rule.Class},
		{"detail", p.Rule.Detail},
	} {
		if field.value != "" {
			lines = append(lines, field.key+": "+scalar(field.value))
		}
	}
	return lines
}

// scalar spells a text as YAML.
func scalar(text string) string {
	if strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

func onHeldOut(o *propose.Outcome) string {
	precision, _ := o.Precision()
	recall, _ := o.Recall()
	return fmt.Sprintf("precision %.2f, recall %.2f, MCC %.2f on %s and %s", precision, recall, o.MCC(),
		count(o.Right+o.Missed, "held-out failure"), count(o.Wrong+o.Quiet, "sound call"))
}

// flagged is what a rule flags in traffic.
type flagged struct {
	spans, new int // new ones have no verdict without the rule
	traces     []string
}

// sightings is what rules flag in traffic. It is nil without traffic.
type sightings struct {
	spans int
	rules map[string]*flagged
}

// maxTracesNamed bounds the traces that are named.
const maxTracesNamed = 3

// replay runs the rules on the traffic.
func (o *proposing) replay(in *input, config score.Config, rules []score.Rule) (*sightings, error) {
	if len(o.traffic) == 0 || len(rules) == 0 {
		return nil, nil
	}
	config.Rules = slices.Concat(config.Rules, rules)
	set, err := scorers.New(config)
	if err != nil {
		return nil, err
	}
	seen := &sightings{rules: map[string]*flagged{}}
	for _, r := range rules {
		seen.rules[r.Name] = &flagged{}
	}
	in.watch("replay", 2)
	err = scoreInput(in, set, nil, false, func(s *pipeline.Scored) error {
		if s.Call == nil {
			return nil
		}
		seen.spans++
		others := 0
		for i := range s.Entry.Record.Findings {
			if seen.rules[s.Entry.Record.Findings[i].Scorer] == nil {
				others++
			}
		}
		for i := range s.Entry.Record.Findings {
			f := seen.rules[s.Entry.Record.Findings[i].Scorer]
			if f == nil {
				continue
			}
			if f.spans++; others == 0 {
				f.new++
			}
			if id := s.Span.TraceID().String(); len(f.traces) < maxTracesNamed && !slices.Contains(f.traces, id) {
				f.traces = append(f.traces, id)
			}
		}
		return nil
	})
	in.progress.done()
	return seen, err
}

// tell explains what is proposed for a signal.
func tell(out io.Writer, s *propose.Signal, seen *sightings) {
	fmt.Fprintf(out, "signal %s: %s, %s\n", s.Name, count(s.Failures, "failure"), count(s.Sound, "sound call"))
	if s.Ruled > 0 && s.Ruled < s.Failures {
		fmt.Fprintf(out, "  rules find %s of these already\n", count(s.Ruled, "failure"))
	}
	if s.Refused != "" {
		fmt.Fprintf(out, "  refused: %s\n", s.Refused)
	}
	for i := range s.Proposals {
		p := &s.Proposals[i]
		if p.Refused != "" {
			fmt.Fprintf(out, "  refused: %s: %s\n", p.Rule.Fail, p.Refused)
			continue
		}
		fmt.Fprintf(out, "  %s: %s\n    %s\n", p.Rule.Name, p.Rule.Fail, onHeldOut(&p.Alone))
		if p.Together != p.Alone {
			fmt.Fprintf(out, "    with those before it: %s\n", onHeldOut(&p.Together))
		}
		if p.Known > 0 {
			fmt.Fprintf(out, "    the scorers find %d of these %d failures without it\n", p.Known, p.Alone.Right)
		}
		if seen != nil {
			f := seen.rules[p.Rule.Name]
			fmt.Fprintf(out, "    traffic: flags %d of %s, %d of them without a verdict so far%s\n", f.spans,
				count(seen.spans, "GenAI span"), f.new, traces(f.traces))
		}
	}
	tellRubric(out, s.Rubric)
}

// scorerText reads a scorer file that has no mistakes. Without a name the text is nil.
func scorerText(name string) ([]byte, score.Config, error) {
	if name == "" {
		return nil, scorers.Default(), nil
	}
	config, err := scorers.Load(name)
	if err != nil {
		return nil, config, exitError{exitUsage, err}
	}
	text, err := os.ReadFile(name)
	return text, config, err
}

// showDiff prints what changes in a file, and writes it where that is wanted. before is nil for a new file.
func showDiff(c *cobra.Command, name string, before, after []byte, write bool) error {
	from, to := "/dev/null", "scorers.yaml"
	if name != "" {
		to = filepath.ToSlash(name)
	}
	if before != nil {
		from = to
	}
	diff, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: lines(before), B: lines(after), FromFile: from, ToFile: to, Context: 3,
	})
	if err != nil {
		return err
	}
	if _, err := io.WriteString(c.OutOrStdout(), diff); err != nil || !write || diff == "" {
		return err
	}
	put := replaceFile
	if before == nil {
		put = func(name string, content []byte) error {
			return os.WriteFile(name, content, 0o644) //nolint:gosec // no secret
		}
	}
	if err := put(name, after); err != nil {
		return errors.Join(errors.New(name+" was not changed"), err)
	}
	fmt.Fprintln(c.ErrOrStderr(), "wrote "+name)
	return nil
}
