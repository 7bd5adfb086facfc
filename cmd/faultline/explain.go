package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// explainer prints what decided a verdict, for people. It needs nothing of a scorer but its findings, and its threshold
// where it has one.
type explainer struct {
	out io.Writer
	set *score.Set
}

// levelled is a scorer with thresholds.
type levelled interface{ Levels() score.Levels }

func newExplainer(out io.Writer, set *score.Set) *explainer { return &explainer{out: out, set: set} }

// levels are the thresholds of a scorer for a service.
func (e *explainer) levels(service, name string) (l score.Levels, ok bool) {
	for _, s := range e.set.For(service).Scorers() {
		if at, has := s.(levelled); has && s.Name() == name {
			return at.Levels(), true
		}
	}
	return l, false
}

// span prints one span: its verdict, every finding behind it, and the scores and skips. skipped are the reasons by
// scorer.
func (e *explainer) span(s *pipeline.Scored, skipped map[string]string) error {
	var b strings.Builder
	r := &s.Entry.Record
	v := &r.Verdict
	name := printable(clip.Text(s.Span.Name(), maxExplained))
	fmt.Fprintf(&b, "%s  span %s  trace %s\n", name, s.Span.SpanID(), s.Span.TraceID())
	if !v.Failed() {
		fact(&b, "verdict", "nothing failed")
	} else {
		fact(&b, "verdict", label(v.Class, v.Detail))
		fact(&b, "rule", failure.Definition(v.Class, v.Detail))
	}
	for i := range r.Findings {
		e.finding(&b, &r.Findings[i], r)
	}
	if v.Failed() {
		fact(&b, "fingerprint", v.Fingerprint)
	}
	for i := range r.Scores {
		fact(&b, "score", e.score(&r.Scores[i], s.Call.ServiceName))
	}
	for _, scorer := range slices.Sorted(maps.Keys(skipped)) {
		if reason := skipped[scorer]; reason != score.NotApplicable && reason != score.Off {
			fact(&b, "no score", scorer+": "+reason+detailOf(r.Skips, scorer))
		}
	}
	for i := range r.Problems {
		fact(&b, "problem", r.Problems[i].Scorer+": "+r.Problems[i].Reason)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(e.out, b.String())
	return err
}

// detailOf returns what a scorer says about its skip.
func detailOf(skips []score.Skip, scorer string) string {
	for i := range skips {
		if skips[i].Scorer == scorer && skips[i].Detail != "" {
			return ", " + skips[i].Detail
		}
	}
	return ""
}

// finding prints what one scorer found: why, where, and the value that it found.
func (e *explainer) finding(b *strings.Builder, f *failure.Finding, r *spanattr.Record) {
	fact(b, "found", label(f.Class, f.Detail))
	by := f.Scorer
	switch {
	case by == "" && f.Class == failure.RetryLoop:
		by = "the session"
	case by == "":
		by = "the report of the provider or the tool"
	}
	at := slices.IndexFunc(r.Scores, func(s score.Score) bool { return s.Scorer == f.Scorer })
	if at >= 0 && r.Scores[at].Version != "" {
		by += ", version " + r.Scores[at].Version
	}
	fact(b, "  by", by)
	fact(b, "  why", f.Evidence)
	fact(b, "  tool", f.Tool)
	fact(b, "  place", f.Where)
	fact(b, "  what", f.What)
	fact(b, "  value", f.Excerpt)
}

// score returns a score with the threshold that it is held against.
func (e *explainer) score(s *score.Score, service string) string {
	text := fmt.Sprintf("%s %.4g", s.Scorer, s.Value)
	switch l, ok := e.levels(service, s.Scorer); {
	case ok && s.Failed:
		text += fmt.Sprintf(", below the threshold %.4g", l.FailBelow)
	case ok && s.Suspected:
		text += fmt.Sprintf(", suspected: below %.4g, threshold %.4g", l.SuspectBelow, l.FailBelow)
	case ok:
		text += fmt.Sprintf(", threshold %.4g", l.FailBelow)
	case s.Failed:
		text += ", failed"
	case s.Suspected:
		text += ", suspected"
	}
	return text
}

// maxExplained bounds a text from a span, in bytes.
const maxExplained = 300

// fact prints a name and a value on one line, and nothing without a value. Content cannot break the line, or reach the
// terminal as control codes.
func fact(b *strings.Builder, name, value string) {
	if value == "" {
		return
	}
	fmt.Fprintf(b, "  %-12s %s\n", name, printable(clip.Text(value, maxExplained)))
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e ||
			r >= 0x2066 && r <= 0x2069: // controls, and marks that reorder text
			return -1
		}
		return r
	}, text)
}

func label(class failure.Class, detail string) string {
	if detail == "" {
		return string(class)
	}
	return string(class) + "/" + detail
}
