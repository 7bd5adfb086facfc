package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/agreement"
	"github.com/faultline-otel/faultline/internal/calibrate"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/yamlpatch"
)

// judgements is the part of review.Store that calibrating needs.
type judgements interface {
	Judgements(ctx context.Context, f review.JudgementFilter) (review.JudgementPage, error)
	Close() error
}

// calibration holds the flags of the command.
type calibration struct {
	store, from, labels string
	file                string
	services, names     []string
	pooled, write       bool
	target              float64
	since               string
}

func newCalibrate() *cobra.Command {
	var o calibration
	c := &cobra.Command{
		Use:   "calibrate",
		Short: "Propose the levels of scorers from what people judged",
		Long: `Propose fail_below of each scorer, for each service, from what people judged on the review page. A level
finds as many failures as possible at a precision of at least --precision: by Wilson's lower bound, which 95 % of
samples respect. What is no longer flagged stays a suspicion. Fewer than 30 labels give no proposal.

The changes of the scorer file are printed as a diff, and their reasons on standard error. --write makes them.

Exit codes: 0 done; 2 usage error; 3 too few labels for any scorer.`,
		Example: "  faultline calibrate --from http://127.0.0.1:8321 --scorers scorers.yaml\n" +
			"  faultline calibrate --store data/review.db --scorer refusal --service support-bot --scorers scorers.yaml --write",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.StringVar(&o.store, "store", "",
		"SQLite file of the review store (default data/review.db unless --from or --labels is given)")
	f.StringVar(&o.from, "from", "", fromUsage)
	f.StringVar(&o.labels, "labels", "", "file of answers of the API (/api/v1/judgements), or of one judgement a line")
	f.StringVar(&o.file, "scorers", "", "scorer file to change (default: every scorer that needs no configuration)")
	f.StringSliceVar(&o.services, "service", nil, "only these services; may be given several times")
	f.StringSliceVar(&o.names, "scorer", nil, "only these scorers; may be given several times")
	f.BoolVar(&o.pooled, "pooled", false, "one level for all services together")
	f.BoolVar(&o.write, "write", false, "change the scorer file")
	f.Float64Var(&o.target, "precision", 0.9, "share of what is flagged that must be failures")
	f.StringVar(&o.since, "since", "", "only what arrived on this day or later, such as 2026-11-01")
	return c
}

func (o *calibration) run(c *cobra.Command) error {
	if err := o.check(); err != nil {
		return err
	}
	text, config, err := o.scorerFile()
	if err != nil {
		return err
	}
	collection, err := o.collect(c.Context())
	if err != nil {
		return err
	}
	changed, enough, err := o.propose(c.ErrOrStderr(), collection, text, config)
	if err != nil {
		return err
	}
	if err := o.show(c, text, changed); err != nil {
		return err
	}
	if !enough {
		return exitError{code: exitInconclusive}
	}
	return nil
}

func (o *calibration) check() error {
	given := 0
	for _, source := range []string{o.store, o.from, o.labels} {
		if source != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return usage("give one of --store, --from and --labels")
	case !(o.target > 0 && o.target < 1):
		return usage("--precision must be between 0 and 1, got %v", o.target)
	case o.pooled && len(o.services) > 0:
		return usage("--pooled is all services together, so --service must not be given")
	case o.write && o.file == "":
		return usage("--write needs --scorers, the file to change")
	}
	for _, name := range o.names {
		if _, ok := scorers.Levels(name); ok {
			continue
		}
		if slices.Contains(scorers.Names(), name) {
			return usage("--scorer %s has no level: it passes or fails a call. Switch it off for a service with %s: off",
				name, name)
		}
		return usage("--scorer must be a scorer with a level, got %q", name)
	}
	return nil
}

// scorerFile reads the file to change. Without one the text is that of an empty file.
func (o *calibration) scorerFile() ([]byte, score.Config, error) {
	if _, err := loadScorers(o.file); err != nil { // mistakes come before proposals
		return nil, score.Config{}, err
	}
	return scorerText(o.file)
}

func (o *calibration) open(ctx context.Context) (judgements, error) {
	if o.labels != "" {
		return openLabels(o.labels)
	}
	q, err := openQueue(ctx, o.store, o.from)
	if err != nil {
		return nil, err
	}
	return q, nil
}

func (o *calibration) collect(ctx context.Context) (*calibrate.Collection, error) {
	f := review.JudgementFilter{}
	if o.since != "" {
		day, err := time.Parse(time.DateOnly, o.since)
		if err != nil {
			return nil, usage("--since must be a date such as 2026-11-01, got %q", o.since)
		}
		f.Since = day
	}
	source, err := o.open(ctx)
	if err != nil {
		return nil, err
	}
	collection := calibrate.NewCollection(o.pooled)
	for {
		page, err := source.Judgements(ctx, f)
		if err != nil {
			return nil, errors.Join(err, source.Close())
		}
		for i := range page.Judgements {
			if j := &page.Judgements[i]; !j.Received.Before(f.Since) {
				collection.Add(j)
			}
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			return collection, source.Close()
		}
	}
}

// propose explains a proposal for each scorer and service, and makes the changed text.
func (o *calibration) propose(
	out io.Writer, collection *calibrate.Collection, text []byte, config score.Config,
) (changed []byte, enough bool, err error) {
	changed = text
	if text == nil {
		changed = fmt.Appendf(nil, "version: %d\n", score.FileVersion)
	}
	said := false
	for _, subject := range collection.Subjects() {
		if subject.Service == "" && !o.pooled || !chosen(o.services, subject.Service) || !chosen(o.names, subject.Scorer) {
			continue
		}
		levels, on, err := scorers.LevelsIn(config, subject.Service, subject.Scorer)
		if err != nil {
			return nil, false, exitError{exitUsage, err}
		}
		if !on {
			continue
		}
		p := calibrate.Propose(collection.Points(subject), levels, o.target)
		if p.Labels == 0 {
			continue
		}
		said = true
		enough = enough || p.Verdict != calibrate.Few
		o.explain(out, subject, &p)
		if p.Verdict != calibrate.Change {
			continue
		}
		if changed, err = apply(changed, subject, &p); err != nil {
			return nil, false, fmt.Errorf("%s: set fail_below: %v of %s by hand: %w",
				o.file, p.New.FailBelow, name(subject), err)
		}
	}
	if !said {
		fmt.Fprintln(out, "nothing is judged yet of what scorers with a level flagged: judge cases on the review page first")
	}
	return changed, enough, nil
}

func chosen(wanted []string, name string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, name)
}

func name(s calibrate.Subject) string {
	if s.Service == "" {
		return s.Scorer + ", all services"
	}
	return s.Scorer + ", " + s.Service
}

func (o *calibration) explain(out io.Writer, subject calibrate.Subject, p *calibrate.Proposal) {
	fmt.Fprintf(out, "%s: ", name(subject))
	at := func(l score.Levels) string { return "fail_below " + strconv.FormatFloat(l.FailBelow, 'g', 6, 64) }
	switch p.Verdict {
	case calibrate.Few:
		fmt.Fprintf(out, "%d of %d labels; judge %s of what it flagged first\n",
			p.Labels, agreement.MinLabels, count(agreement.MinLabels-p.Labels, "more case"))
	case calibrate.Pointless:
		fmt.Fprintf(out, "%s, and people confirmed none: consider switching it off\n", count(p.Labels, "label"))
	case calibrate.Keep:
		fmt.Fprintf(out, "%s stays; %s\n", at(p.Old), outcome(&p.Before))
	case calibrate.NoLevel:
		fmt.Fprintf(out, "no level reaches a precision of %g for certain; the best lower bound is %.2f, on %s. "+
			"%s stays; %s\n", o.target, p.BestBound, count(p.BestFlagged, "label"), at(p.Old), outcome(&p.Before))
	case calibrate.Change:
		fmt.Fprintf(out, "%s instead of %s, by %s\n", at(p.New), strconv.FormatFloat(p.Old.FailBelow, 'g', 6, 64),
			count(p.Labels, "label"))
		fmt.Fprintf(out, "  before: %s\n  after:  %s\n", outcome(&p.Before), outcome(&p.After))
		if p.Dropped.Right+p.Dropped.Wrong > 0 {
			fmt.Fprintf(out, "  no longer flagged: %d that people rejected, %d that they confirmed%s\n",
				p.Dropped.Wrong, p.Dropped.Right, traces(p.Dropped.Missed))
		}
		if p.Added.Right+p.Added.Wrong > 0 {
			fmt.Fprintf(out, "  newly flagged: %d that people confirmed%s, %d that they rejected\n",
				p.Added.Right, traces(p.Added.Missed), p.Added.Wrong)
		}
	}
}

func traces(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return " (" + strings.Join(ids, ", ") + ")"
}

func outcome(o *calibrate.Outcome) string {
	if !o.Precision.Known() {
		return fmt.Sprintf("flags nothing that was judged, and misses %d", o.Missed)
	}
	text := fmt.Sprintf("precision %.2f%s, recall %.2f%s", o.Precision.Value, interval(o.Precision), o.Recall.Value,
		interval(o.Recall))
	return text + fmt.Sprintf(": flags %d that people confirmed and %d that they rejected, misses %d",
		o.Right, o.Wrong, o.Missed)
}

func interval(e agreement.Estimate) string {
	if e.Interval == nil {
		return " (" + e.Missing() + ")"
	}
	return fmt.Sprintf(" (%.2f to %.2f)", e.Interval.Low, e.Interval.High)
}

// apply sets the levels of a proposal in the text of a scorer file.
func apply(text []byte, subject calibrate.Subject, p *calibrate.Proposal) ([]byte, error) {
	path := []string{"scorers", subject.Scorer}
	if subject.Service != "" {
		path = []string{"services", subject.Service, subject.Scorer}
	}
	set := func(key string, level float64) (err error) {
		text, err = yamlpatch.Set(text, append(slices.Clone(path), key), strconv.FormatFloat(level, 'g', -1, 64))
		return err
	}
	if p.New.SuspectBelow != p.Old.SuspectBelow {
		if err := set("suspect_below", p.New.SuspectBelow); err != nil {
			return nil, err
		}
	}
	if err := set("fail_below", p.New.FailBelow); err != nil {
		return nil, err
	}
	config, err := scorers.Parse(text)
	if err != nil {
		return nil, err
	}
	if got, _, err := scorers.LevelsIn(config, subject.Service, subject.Scorer); err != nil || got != p.New {
		return nil, errors.Join(fmt.Errorf("the levels would be %v", got), err)
	}
	return text, nil
}

// show prints the diff, and writes the file where that is wanted.
func (o *calibration) show(c *cobra.Command, before, after []byte) error {
	if o.file == "" && string(after) == fmt.Sprintf("version: %d\n", score.FileVersion) {
		return nil
	}
	return showDiff(c, o.file, before, after, o.write)
}

func lines(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	all := strings.SplitAfter(string(text), "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// replaceFile writes a file whole or not at all, with the permissions that it has.
func replaceFile(path string, content []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".calibrate-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// labelsFile reads judgements from a file, in pages.
type labelsFile struct {
	name    string
	file    *os.File
	decoder *json.Decoder
	read    int
	next    string // of the last answer
}

// labelsPage bounds the judgements of one page of a file.
const labelsPage = 500

func openLabels(name string) (*labelsFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usage("--labels: %w", err)
	}
	return &labelsFile{name: name, file: f, decoder: json.NewDecoder(bufio.NewReader(f))}, nil
}

func (l *labelsFile) Close() error { return l.file.Close() }

// Judgements returns the next page.
func (l *labelsFile) Judgements(context.Context, review.JudgementFilter) (page review.JudgementPage, err error) {
	for len(page.Judgements) < labelsPage {
		var value struct {
			review.Judgement
			Page []review.Judgement `json:"judgements"`
			Next string             `json:"next"`
		}
		err := l.decoder.Decode(&value)
		switch {
		case errors.Is(err, io.EOF) && l.next != "":
			return page, usage("%s: more labels follow the last answer: add that of cursor=%s", l.name, l.next)
		case errors.Is(err, io.EOF):
			return page, nil
		case err != nil:
			return page, usage("%s: value %d: %w", l.name, l.read+1, err)
		}
		l.next = value.Next
		if l.read++; value.Page == nil {
			value.Page = []review.Judgement{value.Judgement}
		}
		page.Judgements = append(page.Judgements, value.Page...)
	}
	page.Next = strconv.Itoa(l.read)
	return page, nil
}
