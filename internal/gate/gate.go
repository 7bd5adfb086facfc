// Package gate compares a candidate with a dataset, with or without a baseline, and decides whether it passes. It knows
// nothing of files or OTLP: callers pass it calls that the online scorers have scored.
package gate

import (
	"context"
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// fewRows is the size of a dataset below which a comparison warns.
const fewRows = 30

// Decide compares the candidate with the rows, and with the baseline unless that is nil. Both must have been made
// with the same cases.
func Decide(ctx context.Context, candidate, baseline *RunSet, o Options) Report {
	var before *side
	var accepted [][]string
	if baseline != nil {
		before = baseline.judge(ctx, nil)
		accepted = before.accepted
	}
	r := compare(candidate.cases, candidate.judge(ctx, accepted), before, o)
	if len(candidate.skipped) > 0 {
		r.Skipped = candidate.skipped
	}
	return r
}

// compare decides on judged runs.
func compare(cases *Cases, now, before *side, o Options) Report {
	rows := cases.rows
	r := Report{
		Rows: make([]RowResult, 0, len(rows)), Counts: map[Status]int{}, Dataset: cases.version, Unmatched: now.unmatched,
	}
	for i := range rows {
		row := &rows[i]
		result := RowResult{
			ID: row.ID, Name: name(row), Class: row.Class, Detail: row.Detail, Signal: row.Fingerprint,
			Service: row.Service, TraceID: row.TraceID, Note: row.Note, Unseen: cases.unseen(i),
			Candidate: now.tallies[i], recorded: row.Decision == review.Confirmed,
		}
		if before == nil {
			result.Status = alone(now.tallies[i])
		} else {
			result.Baseline = &before.tallies[i]
			result.Status = paired(now.tallies[i], before.tallies[i], o.Repeats, row.Class == failure.Unsafe)
		}
		result.excuse(row, o)
		result.Blocks = result.Status.blocks()
		result.Weak = result.Status == RowPass && result.Candidate.Weak > 0
		if result.Status != RowPass || result.Weak {
			result.Question = clip.Text(row.Call.Question(), maxText)
			result.Failing = clip.Text(cases.facts[i].failing, maxText)
			result.Example = now.examples[i]
			if before != nil {
				result.BaselineExample = before.examples[i]
			}
		}
		r.Rows = append(r.Rows, result)
		r.Counts[result.Status]++
	}
	r.thresholds(o)
	r.repeats(o)
	if before != nil {
		r.Diffuse = diffuse(r.Rows, o)
	}
	r.coverage(rows, before != nil)
	r.scored(cases)
	r.decide(o)
	return r
}

// alone returns the status of a row without a baseline: a failure in most runs blocks.
func alone(c Tally) Status {
	switch {
	case c.Unsafe > 0:
		return RowUnsafe
	case c.runs() == 0:
		return c.silence()
	case 2*c.Failed > c.runs():
		if 2*c.Repeated >= c.Failed {
			return RowRepeated
		}
		return RowFailed
	case c.Inconclusive > c.runs():
		return RowInconclusive
	}
	return RowPass
}

// paired returns the status of a row with a baseline. safety is true where a person confirmed that the row is a safety
// failure: then it blocks whatever the baseline does.
func paired(c, b Tally, repeats int, safety bool) Status {
	switch {
	case c.Unsafe > 0 && (safety || c.certain || b.Unsafe == 0):
		return RowUnsafe
	case c.runs() == 0:
		return c.silence()
	case b.runs() == 0:
		return b.silence()
	case b.Failed == 0 && c.Passed == 0:
		if b.runs() >= repeats && c.runs() >= repeats {
			return RowFlip
		}
		return RowSuspect
	case c.rate() < b.rate():
		return RowWorse
	case c.Failed > 0:
		return RowKnown
	}
	return RowPass
}

// excuse takes the power to block from a row that is known to fail, or quarantined. Safety has no excuse.
func (result *RowResult) excuse(row *dataset.Row, o Options) {
	known := o.Known[row.ID]
	if known == "" {
		known = row.Known
	}
	switch flaky := o.Flaky[row.ID]; {
	case result.Status != RowRepeated && result.Status != RowFailed && result.Status != RowFlip &&
		result.Status != RowSuspect && result.Status != RowWorse:
	case known != "":
		result.Status, result.Excused = RowKnown, known
	case flaky != "":
		result.Status, result.Excused = RowFlaky, flaky
	}
}

// thresholds applies the pass rates of classes. The rows of such a class do not block alone.
func (r *Report) thresholds(o Options) {
	for _, info := range failure.Classes() {
		least, set := o.MinPass[info.Class]
		if !set {
			continue
		}
		c := ClassResult{Class: info.Class, MinPass: least}
		for i := range r.Rows {
			row := &r.Rows[i]
			if row.Class != info.Class || row.Excused != "" || row.Candidate.runs() == 0 {
				continue
			}
			c.Rows++
			c.Rate += row.Candidate.rate()
			row.Blocks = row.Blocks && row.Status == RowUnsafe
		}
		if c.Rows > 0 {
			c.Rate /= float64(c.Rows)
			c.Blocks = c.Rate < least
			r.Classes = append(r.Classes, c)
		}
	}
}

// repeats lists the rows that more runs would decide: with a baseline those that look like a flip, without one those
// that fail and have been run once.
func (r *Report) repeats(o Options) {
	for _, row := range r.Rows {
		need := Repeat{ID: row.ID}
		switch {
		case row.Status == RowSuspect:
			need.Candidate = max(0, o.Repeats-row.Candidate.runs())
			need.Baseline = max(0, o.Repeats-row.Baseline.runs())
		case row.Baseline == nil && (row.Status == RowRepeated || row.Status == RowFailed):
			need.Candidate = max(0, o.Repeats-row.Candidate.all())
		}
		if need.Candidate > 0 || need.Baseline > 0 {
			r.Repeats = append(r.Repeats, need)
		}
	}
}

// diffuse tests whether the candidate passes less often over all rows. Runs beyond the first were made because the
// first failed, and would bias the mean. They count only where every row was repeated.
func diffuse(rows []RowResult, o Options) *Diffuse {
	all := true
	for _, row := range rows {
		all = all && row.Candidate.runs() >= o.Repeats && row.Baseline.runs() >= o.Repeats
	}
	d := &Diffuse{P: 1}
	var differences []float64
	for _, row := range rows {
		if row.Candidate.runs() == 0 || row.Baseline.runs() == 0 || row.Excused != "" {
			continue
		}
		before, after := row.Baseline.first(), row.Candidate.first()
		if all {
			before, after = row.Baseline.rate(), row.Candidate.rate()
		}
		differences = append(differences, after-before)
		d.MeanDrop += before - after
	}
	if d.Rows = len(differences); d.Rows == 0 {
		return d
	}
	d.MeanDrop /= float64(d.Rows)
	d.P = signFlip(differences)
	d.Blocks = d.P < o.Alpha && d.MeanDrop > 0 && d.MeanDrop >= o.MinEffect
	return d
}

// coverage states what the rows can show and what they cannot.
func (r *Report) coverage(rows []dataset.Row, paired bool) {
	judged := 0
	for _, row := range r.Rows {
		if row.Candidate.runs() > 0 && row.Excused == "" {
			judged++
		}
	}
	least := unpaired(judged)
	if paired {
		least = detectable(judged)
	}
	r.Detectable = &least
	if paired && len(rows) < fewRows {
		r.warn("a dataset of %s is small: with fewer than %d, only a change that breaks %.0f %% of them is noticed reliably",
			count(len(rows), "row"), fewRows, 100*least)
	}
	for _, info := range failure.Classes() {
		if !transport(info.Class) && !slices.ContainsFunc(rows, func(row dataset.Row) bool {
			return row.Class == info.Class && row.Decision != review.Rejected
		}) {
			r.Uncovered = append(r.Uncovered, info.Class)
		}
	}
}

// scored adds the versions of the scorers, and warns of what they and the rows cannot tell.
func (r *Report) scored(cases *Cases) {
	unseen, weak, alarms := 0, 0, 0
	for i, row := range r.Rows {
		unseen += btoi(row.Unseen && len(cases.facts[i].assertions) == 0)
		weak += btoi(row.Weak)
		alarms += btoi(cases.rows[i].Decision == review.Rejected && len(cases.facts[i].found) > 0)
	}
	if unseen > 0 {
		r.warn("%s of a failure that no scorer finds in the row's own call: only the same answer again is seen as a "+
			"repetition; add an assertion, a scorer or a rule", count(unseen, "row"))
	}
	if weak > 0 {
		r.warn("%s checked weakly: the scorers find no failure and the answer is about the question, which a wrong "+
			"answer may be too; add assertions", count(weak, "passing row"))
	}
	if alarms > 0 {
		r.warn("the scorers find a failure in %s that a person found sound: it does not count here, "+
			"but is a false alarm online", count(alarms, "call"))
	}
	if cases.set != nil {
		r.Scorers = map[string]string{}
		for _, s := range cases.set.Scorers() {
			r.Scorers[s.Name()] = s.Version()
		}
	}
}

func (r *Report) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

func (r *Report) decide(o Options) {
	because := func(format string, args ...any) { r.Reasons = append(r.Reasons, fmt.Sprintf(format, args...)) }
	blocking := map[Status]int{}
	silent, unrecorded := 0, 0
	recorded := false
	for _, row := range r.Rows {
		switch recorded = recorded || row.recorded; {
		case !row.Blocks:
		case row.Status == RowFailed && !row.recorded:
			unrecorded++
		default:
			blocking[row.Status]++
		}
		silent += btoi(row.Status.silent())
	}
	for _, reason := range []struct {
		status Status
		words  string
	}{
		{RowUnsafe, "%s with a safety failure; one run is enough to block"},
		{RowFlip, "%s that the baseline always passes and the candidate never does"},
		{RowRepeated, "%s whose known failure repeats"},
		{RowFailed, "%s with a failure other than the recorded one"},
	} {
		if n := blocking[reason.status]; n > 0 {
			because(reason.words, count(n, "row"))
		}
	}
	if unrecorded > 0 {
		because("%s without a recorded failure: what must hold does not, or the scorers find one", count(unrecorded, "row"))
	}
	for _, c := range r.Classes {
		if c.Blocks {
			because("%s passes on %.1f %% of %s, less than the %.1f %% that it must", c.Class, 100*c.Rate,
				count(c.Rows, "row"), 100*c.MinPass)
		}
	}
	if r.Diffuse != nil && r.Diffuse.Blocks {
		because("the pass rate drops by %.1f points over %s (p = %.3g)",
			100*r.Diffuse.MeanDrop, count(r.Diffuse.Rows, "row"), r.Diffuse.P)
	}
	switch {
	case len(r.Reasons) > 0:
		r.Decision = Regression
	case len(r.Rows) == 0:
		r.Decision = Inconclusive
		because("the dataset holds no row")
	case r.Counts[RowMissing] == len(r.Rows):
		r.Decision = Inconclusive
		because("no trace of the candidate belongs to a row: " +
			"set the attribute " + spanattr.AttrDatasetRow + " to the row's id, or run the candidate on the rows' inputs")
	case float64(silent) > o.MaxInconclusive*float64(len(r.Rows)):
		r.Decision = Inconclusive
		because(
			"%d of %s gave no result, more than %.3g %%: %d missing, %d inconclusive, %d to be repeated to %d runs on each side",
			silent,
			count(len(r.Rows), "row"),
			100*o.MaxInconclusive,
			r.Counts[RowMissing],
			r.Counts[RowInconclusive],
			r.Counts[RowSuspect],
			o.Repeats,
		)
	default:
		r.Decision = Pass
		switch {
		case r.Diffuse != nil:
			because("no row went from passing to failing, and the pass rate did not drop")
		case recorded:
			because("no row repeats its failure")
		default:
			because("no row fails")
		}
	}
}
