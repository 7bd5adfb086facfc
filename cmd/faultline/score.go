package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/triage"
	"github.com/faultline-otel/faultline/internal/wire"
)

func newScore() *cobra.Command {
	var (
		scorersFile, prices  string
		all, calls, sessions bool
	)
	c := &cobra.Command{
		Use:   "score FILE...",
		Short: "Score trace files and print a JSON line a span",
		Long: `Score trace files with the code that scores them in the Collector, and print a JSON line for every span of a GenAI operation, in the
order of the input. Log records that hold the content of spans are joined to them, wherever in the input they stand.`,
		Example: "  faultline score traces.jsonl | jq -r .error_class | sort | uniq -c\n  zcat traces.jsonl.gz | faultline score --call -",
		Args:    atLeastOneFile,
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
			w := newLineWriter(out, all, calls)
			if sessions {
				err = w.follow(in, set, book)
			} else {
				in.watch("score", 2)
				err = observe(in, set, book, nil, w.span)
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
	c.Flags().StringVar(&prices, "prices", "", "price file of your own over the embedded price book")
	c.Flags().BoolVar(&all, "all", false, "print a line for every span, those of other kinds with coverage not_llm")
	c.Flags().BoolVar(&calls, "call", false, "print the call as it was read")
	c.Flags().BoolVar(&sessions, "sessions", false, "follow sessions and traces over the whole input: how far each session had come, loops, and what each incident began with, step by step")
	return c
}

// line is what is printed of a span. The keys are a contract.
type line struct {
	TraceID      string             `json:"trace_id"`
	SpanID       string             `json:"span_id"`
	Name         string             `json:"name"`
	Operation    string             `json:"operation"`
	Model        string             `json:"model"`
	Coverage     wire.Coverage      `json:"coverage"`
	ErrorClass   failure.Class      `json:"error_class"`
	ErrorBucket  failure.Bucket     `json:"error_bucket"`
	ErrorDetail  string             `json:"error_detail"`
	ErrorClasses []failure.Class    `json:"error_classes"`
	Evidence     string             `json:"evidence"`
	Fingerprint  string             `json:"fingerprint"`
	Scores       map[string]float64 `json:"scores"`
	Cost         *costLine          `json:"cost,omitempty"`
	Session      *sessionLine       `json:"session,omitempty"`
	Trace        *traceLine         `json:"trace,omitempty"`
	Call         *genai.Call        `json:"call,omitempty"`
}

type costLine struct {
	USD            float64 `json:"usd"`
	PricingVersion string  `json:"pricing_version,omitempty"`
	Source         string  `json:"source"`
}

// sessionLine is how far the session had come with the span, and the loops that it showed there first.
type sessionLine struct {
	ID         session.ID `json:"id"`
	Turns      int        `json:"turns"`
	ModelCalls int        `json:"model_calls"`
	ToolCalls  int        `json:"tool_calls"`
	CostUSD    float64    `json:"cost_usd,omitempty"`
	Loops      []string   `json:"loops,omitempty"`
}

// traceLine is what the failures of the span's trace began with. The steps are on the line of the span that they began with, so that
// there is one such line an incident.
type traceLine struct {
	ErrorClass  failure.Class `json:"error_class"`
	ErrorDetail string        `json:"error_detail"`
	PrimarySpan string        `json:"primary_span_id"`
	CausedBy    string        `json:"caused_by,omitempty"`
	Recovered   bool          `json:"recovered,omitempty"`
	Steps       []triage.Step `json:"steps,omitempty"`
}

// newSessions follows sessions over an input, in which time stands still.
func newSessions() (*wire.Sessions, error) {
	began := time.Now()
	tracker, err := session.New(session.DefaultSettings(), func() time.Time { return began })
	return wire.NewSessions(tracker, wire.AnnotateOptions{}), err
}

// lineWriter prints a line a span.
type lineWriter struct {
	sessions   *wire.Sessions // nil where they are not followed, and so incidents
	incidents  *wire.Incidents
	encode     *json.Encoder
	all, calls bool
	summary    summary
}

func newLineWriter(w io.Writer, all, calls bool) *lineWriter {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return &lineWriter{encode: e, all: all, calls: calls, summary: newSummary()}
}

// follow prints the lines with the session and the incident of each span. What an incident began with is known only when everything was
// read, so everything is scored twice.
func (w *lineWriter) follow(in *input, set *score.Set, book *price.Book) error {
	ahead, err := newSessions()
	if err != nil {
		return err
	}
	if w.sessions, err = newSessions(); err != nil {
		return err
	}
	name := func(td ptrace.Traces) {
		ahead.Foresee(td)
		w.sessions.Foresee(td)
	}
	w.incidents = wire.NewIncidents()
	in.watch("score", 4)
	if err := observe(in, set, book, name, func(s observed) error {
		if s.Call != nil {
			ahead.Follow(&s)
		}
		w.incidents.Add(&s)
		return nil
	}); err != nil {
		return err
	}
	return observe(in, set, book, nil, w.span)
}

// trace is what is said of the incident that a span is part of.
func (w *lineWriter) trace(s *observed) *traceLine {
	if w.incidents == nil {
		return nil
	}
	incident := w.incidents.Of(s.Span.TraceID())
	if incident == nil {
		return nil
	}
	id := s.Span.SpanID()
	t := &traceLine{
		ErrorClass: incident.Finding.Class, ErrorDetail: incident.Finding.Detail, PrimarySpan: incident.Primary.String(), Recovered: incident.Recovered(id),
	}
	if cause, ok := incident.CausedBy(id); ok {
		t.CausedBy = cause.String()
	}
	if id == incident.Primary {
		t.Steps = incident.Steps
		w.summary.incident(s.Span.TraceID(), t.ErrorClass)
	}
	return t
}

func (w *lineWriter) span(s observed) error {
	var of *sessionLine
	if w.sessions != nil && s.Call != nil {
		f := w.sessions.Follow(&s)
		of = &sessionLine{ID: f.ID, Turns: f.Turns, ModelCalls: f.Models, ToolCalls: f.Tools, CostUSD: f.Spend}
		for i := range f.Findings {
			of.Loops = append(of.Loops, f.Findings[i].Detail)
		}
	}
	w.summary.add(s)
	trace := w.trace(&s)
	if s.Call == nil && !w.all {
		return nil
	}
	l := line{
		TraceID: s.Span.TraceID().String(), SpanID: s.Span.SpanID().String(), Name: s.Span.Name(), Coverage: s.Coverage,
		ErrorClass: s.Verdict.Class, ErrorBucket: s.Verdict.Bucket, ErrorDetail: s.Verdict.Detail, ErrorClasses: s.Verdict.Classes,
		Evidence: s.Verdict.Evidence, Fingerprint: s.Verdict.Fingerprint, Scores: scores(s.Result), Session: of, Trace: trace,
	}
	if l.ErrorClasses == nil {
		l.ErrorClasses = []failure.Class{}
	}
	if c := s.Call; c != nil {
		l.Operation, l.Model = c.Operation, c.AnyModel()
		if s.Cost.USD.Set {
			l.Cost = &costLine{USD: s.Cost.USD.Value, PricingVersion: s.Cost.Version, Source: s.Cost.Source}
		}
		if w.calls {
			l.Call = c
		}
	}
	return w.encode.Encode(l)
}

func scores(r *score.Result) map[string]float64 {
	m := map[string]float64{}
	if r != nil {
		for _, s := range r.Scores {
			m[s.Scorer] = s.Value
		}
	}
	return m
}

// summary counts what was read.
type summary struct {
	spans    int
	coverage map[wire.Coverage]int
	classes  map[failure.Class]int
	failing  int
	traces   map[[16]byte]bool          // with a failing span
	problems map[string]int             // of scorers: "name: reason"
	causes   map[[16]byte]failure.Class // of traces: what each incident began with
}

func newSummary() summary {
	return summary{
		coverage: map[wire.Coverage]int{}, classes: map[failure.Class]int{}, traces: map[[16]byte]bool{}, problems: map[string]int{}, causes: map[[16]byte]failure.Class{},
	}
}

func (s *summary) add(o observed) {
	s.spans++
	s.coverage[o.Coverage]++
	if o.Verdict.Failed() {
		s.failing++
		s.classes[o.Verdict.Class]++
		s.traces[o.Span.TraceID()] = true
	}
	if o.Result != nil {
		for _, p := range o.Result.Problems {
			s.problems[p.Scorer+": "+p.Reason]++
		}
	}
}

func (s *summary) incident(trace [16]byte, class failure.Class) { s.causes[trace] = class }

func (s *summary) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "spans\t%d\n", s.spans)
	for _, c := range []struct {
		coverage wire.Coverage
		words    string
	}{
		{wire.Scored, ""},
		{wire.NoContent, "the SDK recorded no messages; most have a switch for it"},
		{wire.Truncated, "messages were cut before they came here"},
		{wire.NotLLM, "no GenAI operation"},
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
		fmt.Fprintf(w, "incidents\t%d\tby what they began with\n", len(s.causes))
		for _, class := range mostFirst(began) {
			fmt.Fprintf(w, "  %s\t%d\t\n", class, began[class])
		}
	}
	if len(s.problems) > 0 {
		fmt.Fprintf(w, "scorers that could not do their work\t\t\n")
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
