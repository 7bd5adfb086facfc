package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/spanattr"
	"github.com/faultline-otel/faultline/internal/triage"
)

func newScore() *cobra.Command {
	var (
		scorersFile, prices  string
		all, calls, sessions bool
		explain              bool
	)
	c := &cobra.Command{
		Use:   "score FILE...",
		Short: "Score trace files and print a JSON line a span",
		Long: `Score trace files with the code of the Collector, and print a JSON line for every span of a GenAI operation,
in the order of the input. Log records with the content of spans are joined to the spans, wherever they stand. Log
records with judgements add to the verdict of the span that they name.

"skipped" says for each scorer without a score why: no_content, no_definitions, no_sources, truncated, not_applicable,
off, or what it failed on. With --explain it prints, instead of JSON, what decided each verdict: the rule, the scorer
with its version and threshold, the place and the value. Values are content of your messages.`,
		Example: "  faultline score traces.jsonl | jq -r .error_class | sort | uniq -c\n" +
			"  faultline score --explain traces.jsonl | less\n" +
			"  zcat traces.jsonl.gz | faultline score --call -",
		Args: atLeastOneFile,
		RunE: func(c *cobra.Command, args []string) error {
			set, err := loadScorers(scorersFile)
			if err != nil {
				return err
			}
			book, err := loadPrices(prices)
			if err != nil {
				return err
			}
			in, err := openInput(c, args)
			if err != nil {
				return err
			}
			defer in.close()
			out := bufio.NewWriterSize(c.OutOrStdout(), 64<<10)
			w := newLineWriter(out, set, all, calls)
			if explain {
				w.explain = newExplainer(out, set)
			}
			if sessions {
				err = w.findIncidents(in, set, book)
			} else {
				in.watch("score", 2)
			}
			if err == nil {
				err = scoreInput(in, set, book, sessions, w.span)
			}
			if err := errors.Join(err, out.Flush()); err != nil {
				return err
			}
			in.progress.done()
			if err := w.summary.write(c.ErrOrStderr()); err != nil {
				return err
			}
			return in.verdict()
		},
	}
	c.Flags().StringVar(&scorersFile, "scorers", "", "scorer file (default: every scorer that needs no configuration)")
	c.Flags().StringVar(&prices, "prices", "", pricesUsage)
	c.Flags().BoolVar(&all, "all", false, "print a line for every span, those of other kinds with coverage not_llm")
	c.Flags().BoolVar(&explain, "explain", false, "print what decided each verdict, for people (--all: every span)")
	c.Flags().BoolVar(&calls, "call", false, "print the call as it was read")
	c.Flags().BoolVar(
		&sessions,
		"sessions",
		false,
		"follow sessions and traces over the whole input: session totals, loops, and the root cause of each trace",
	)
	return c
}

// line is what is printed of a span. The keys are a contract.
type line struct {
	TraceID      string            `json:"trace_id"`
	SpanID       string            `json:"span_id"`
	Name         string            `json:"name"`
	Operation    string            `json:"operation"`
	Model        string            `json:"model"`
	Coverage     spanattr.Coverage `json:"coverage"`
	ErrorClass   failure.Class     `json:"error_class"`
	ErrorBucket  failure.Bucket    `json:"error_bucket"`
	ErrorDetail  string            `json:"error_detail"`
	ErrorClasses []failure.Class   `json:"error_classes"`
	Evidence     string            `json:"evidence"`
	Fingerprint  string            `json:"fingerprint"`
	// DuplicateOf is the span that is counted for the model call which this one records too.
	DuplicateOf string             `json:"duplicate_of,omitempty"`
	Scores      map[string]float64 `json:"scores"`
	// Suspects are the scorers with a weak suspicion, which is no failure.
	Suspects []string          `json:"suspects"`
	Skipped  map[string]string `json:"skipped,omitempty"` // reasons by scorer
	Cost     *costLine         `json:"cost,omitempty"`
	Session  *sessionLine      `json:"session,omitempty"`
	Trace    *traceLine        `json:"trace,omitempty"`
	Call     *genai.Call       `json:"call,omitempty"`
}

type costLine struct {
	USD            float64 `json:"usd"`
	PricingVersion string  `json:"pricing_version,omitempty"`
	Source         string  `json:"source"`
}

// sessionLine is how far the session had come with the span, and the loops that it showed there first.
type sessionLine struct {
	ID         string   `json:"id"`
	Turns      int64    `json:"turns"`
	ModelCalls int64    `json:"model_calls"`
	ToolCalls  int64    `json:"tool_calls"`
	CostUSD    float64  `json:"cost_usd,omitempty"`
	Loops      []string `json:"loops,omitempty"`
}

// traceLine is the root cause of the span's trace. The steps are on the line of the span with the root cause, so that
// there is one such line an incident.
type traceLine struct {
	ErrorClass  failure.Class `json:"error_class"`
	ErrorDetail string        `json:"error_detail"`
	PrimarySpan string        `json:"primary_span_id"`
	CausedBy    string        `json:"caused_by,omitempty"`
	Recovered   bool          `json:"recovered,omitempty"`
	Steps       []triage.Step `json:"steps,omitempty"`
}

// lineWriter prints a line a span.
type lineWriter struct {
	incidents  *pipeline.Incidents // nil where sessions and traces are not followed
	encode     *json.Encoder
	explain    *explainer // nil for JSON
	all, calls bool
	summary    summary
}

func newLineWriter(w io.Writer, set *score.Set, all, calls bool) *lineWriter {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	lines := &lineWriter{encode: e, all: all, calls: calls, summary: newSummary()}
	lines.summary.off = scorers.Off(set)
	return lines
}

// skipped returns the reason of each scorer that gave a span no score, those that are off included.
func (w *lineWriter) skipped(s *pipeline.Scored) map[string]string {
	reasons := map[string]string{}
	maps.Copy(reasons, s.Entry.Record.Skipped(s.Scorers, s.Call, true))
	for _, name := range scorers.Names() {
		if s.Entry.Record.SkipOf(name, s.Scorers, s.Call) == score.Off {
			reasons[name] = score.Off
		}
	}
	return reasons
}

// findIncidents reads the whole input ahead of the printing: the root cause of a trace is known only once all of its
// spans were read.
func (w *lineWriter) findIncidents(in *input, set *score.Set, book *price.Book) error {
	w.incidents = pipeline.NewIncidents()
	in.watch("score", 4)
	return scoreInput(in, set, book, true, func(s *pipeline.Scored) error {
		w.incidents.Add(s.Span, s.Entry)
		return nil
	})
}

// trace is the incident that a span is part of, nil where there is none.
func (w *lineWriter) trace(s *pipeline.Scored) *traceLine {
	if w.incidents == nil {
		return nil
	}
	incident := w.incidents.Of(s.Span.TraceID())
	if incident == nil {
		return nil
	}
	id := s.Span.SpanID()
	t := &traceLine{
		ErrorClass: incident.Finding.Class, ErrorDetail: incident.Finding.Detail,
		PrimarySpan: incident.Primary.String(), Recovered: incident.Recovered(id),
	}
	if cause, ok := incident.CausedBy(id); ok {
		t.CausedBy = cause.String()
	}
	if id == incident.Primary {
		t.Steps = incident.Steps()
		w.summary.incident(s.Span.TraceID(), t.ErrorClass)
	}
	return t
}

// session is how far the session of a span had come, nil where sessions are not followed.
func (w *lineWriter) session(r *spanattr.Record) *sessionLine {
	s := &r.Session
	if w.incidents == nil || s.ID == "" {
		return nil
	}
	return &sessionLine{
		ID: s.ID, Turns: s.Turns, ModelCalls: s.ModelCalls, ToolCalls: s.ToolCalls,
		CostUSD: s.CostUSD.Value, Loops: s.Loops,
	}
}

func (w *lineWriter) span(s *pipeline.Scored) error {
	w.summary.add(s)
	trace := w.trace(s)
	if s.Call == nil && !w.all {
		return nil
	}
	r := &s.Entry.Record
	v := &r.Verdict
	if w.explain != nil {
		if s.Call == nil || !v.Failed() && !w.all {
			return nil
		}
		return w.explain.span(s, w.skipped(s))
	}
	l := line{
		TraceID:      s.Span.TraceID().String(),
		SpanID:       s.Span.SpanID().String(),
		Name:         s.Span.Name(),
		Coverage:     s.Coverage(),
		ErrorClass:   v.Class,
		ErrorBucket:  v.Bucket,
		ErrorDetail:  v.Detail,
		ErrorClasses: v.Classes,
		Evidence:     v.Evidence,
		Fingerprint:  v.Fingerprint,
		DuplicateOf:  r.DuplicateOf,
		Scores:       map[string]float64{},
		Suspects:     r.Suspects(),
		Session:      w.session(r),
		Trace:        trace,
	}
	if l.ErrorClasses == nil {
		l.ErrorClasses = []failure.Class{}
	}
	if l.Suspects == nil {
		l.Suspects = []string{}
	}
	for i := range r.Scores {
		// A score of an earlier pass is whatever stands on the span.
		if value := r.Scores[i].Value; !math.IsNaN(value) && !math.IsInf(value, 0) {
			l.Scores[r.Scores[i].Scorer] = value
		}
	}
	if c := s.Call; c != nil {
		l.Operation, l.Model, l.Skipped = c.Operation, c.AnyModel(), w.skipped(s)
		if r.Cost.USD.Set {
			l.Cost = &costLine{USD: r.Cost.USD.Value, PricingVersion: r.Cost.Version, Source: r.Cost.Source}
		}
		if w.calls {
			l.Call = c
		}
	}
	return w.encode.Encode(l)
}

// summary counts what was read.
type summary struct {
	spans    int
	coverage map[spanattr.Coverage]int
	classes  map[failure.Class]int
	failing  int
	traces   map[[16]byte]bool          // with a failing span
	problems map[string]int             // of scorers: "name: reason"
	skips    map[string]int             // the same, where the call lacks what the scorer reads
	causes   map[[16]byte]failure.Class // of traces: what each incident began with
	suspects map[string]int             // suspicions by scorer
	off      []string                   // the scorers that did not run
}

func newSummary() summary {
	return summary{
		coverage: map[spanattr.Coverage]int{},
		classes:  map[failure.Class]int{},
		traces:   map[[16]byte]bool{},
		problems: map[string]int{},
		skips:    map[string]int{},
		causes:   map[[16]byte]failure.Class{},
		suspects: map[string]int{},
	}
}

func (s *summary) add(o *pipeline.Scored) {
	r := &o.Entry.Record
	s.spans++
	s.coverage[o.Coverage()]++
	if r.Verdict.Failed() {
		s.failing++
		s.classes[r.Verdict.Class]++
		s.traces[o.Span.TraceID()] = true
	}
	for _, scorer := range r.Suspects() {
		s.suspects[scorer]++
	}
	for _, p := range r.Problems {
		s.problems[p.Scorer+": "+p.Reason]++
	}
	for _, skip := range r.Skips {
		if score.Errored(skip.Reason) {
			s.problems[skip.Scorer+": "+skip.Reason]++
		} else {
			s.skips[skip.Scorer+": "+skip.Reason]++
		}
	}
}

func (s *summary) incident(trace [16]byte, class failure.Class) { s.causes[trace] = class }

func (s *summary) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "spans\t%d\n", s.spans)
	for _, c := range []struct {
		coverage spanattr.Coverage
		words    string
	}{
		{spanattr.Scored, ""},
		{spanattr.NoContent, "the SDK recorded no messages; most have a switch for it"},
		{spanattr.Truncated, "messages were cut before they arrived, or are longer than the 1 MiB of a field that is read"},
		{spanattr.NotLLM, "not a GenAI operation"},
	} {
		if n := s.coverage[c.coverage]; n > 0 {
			fmt.Fprintf(w, "  %s\t%d\t%s\n", c.coverage, n, c.words)
		}
	}
	fmt.Fprintf(w, "failing\t%d\tin %s\n", s.failing, count(len(s.traces), "trace"))
	for _, class := range mostFirst(s.classes) {
		fmt.Fprintf(w, "  %s\t%d\t\n", class, s.classes[class])
	}
	if len(s.causes) > 0 {
		began := map[failure.Class]int{}
		for _, class := range s.causes {
			began[class]++
		}
		fmt.Fprintf(w, "incidents\t%d\tby root cause\n", len(s.causes))
		for _, class := range mostFirst(began) {
			fmt.Fprintf(w, "  %s\t%d\t\n", class, began[class])
		}
	}
	if len(s.suspects) > 0 {
		fmt.Fprintf(w, "suspicions\t\tno failures\n")
		for _, scorer := range mostFirst(s.suspects) {
			fmt.Fprintf(w, "  %s\t%d\t\n", scorer, s.suspects[scorer])
		}
	}
	if len(s.off) > 0 {
		fmt.Fprintf(w, "scorers off\t%d\t%s\n", len(s.off), strings.Join(s.off, ", "))
	}
	if len(s.skips) > 0 {
		fmt.Fprintf(w, "without a score\t\t\n")
		for _, p := range mostFirst(s.skips) {
			fmt.Fprintf(w, "  %s\t%d\t\n", p, s.skips[p])
		}
	}
	if len(s.problems) > 0 {
		fmt.Fprintf(w, "problems of scorers\t\t\n")
		for _, p := range mostFirst(s.problems) {
			fmt.Fprintf(w, "  %s\t%d\t\n", p, s.problems[p])
		}
	}
	return w.Flush()
}

// mostFirst is the keys, those with the highest count first.
func mostFirst[K cmp.Ordered](counts map[K]int) []K {
	return slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b))
	})
}
