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
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/session"
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
			var first func(ptrace.Traces)
			if sessions {
				if w.sessions, err = newSessions(); err != nil {
					return err
				}
				first = w.sessions.Name
			}
			in.watch("score", 2)
			if err := errors.Join(observe(in, set, book, first, w.span), out.Flush()); err != nil {
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
	c.Flags().BoolVar(&sessions, "sessions", false, "follow the sessions of agents over the whole input: how far each had come, and loops")
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

// newSessions follows sessions over an input, in which time stands still.
func newSessions() (*wire.Sessions, error) {
	began := time.Now()
	tracker, err := session.New(session.DefaultSettings(), func() time.Time { return began })
	return wire.NewSessions(tracker, wire.AnnotateOptions{}), err
}

// lineWriter prints a line a span.
type lineWriter struct {
	sessions   *wire.Sessions // nil where they are not followed
	encode     *json.Encoder
	all, calls bool
	summary    summary
}

func newLineWriter(w io.Writer, all, calls bool) *lineWriter {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return &lineWriter{encode: e, all: all, calls: calls, summary: newSummary()}
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
	if s.Call == nil && !w.all {
		return nil
	}
	l := line{
		TraceID: s.Span.TraceID().String(), SpanID: s.Span.SpanID().String(), Name: s.Span.Name(), Coverage: s.Coverage,
		ErrorClass: s.Verdict.Class, ErrorBucket: s.Verdict.Bucket, ErrorDetail: s.Verdict.Detail, ErrorClasses: s.Verdict.Classes,
		Evidence: s.Verdict.Evidence, Fingerprint: s.Verdict.Fingerprint, Scores: scores(s.Result), Session: of,
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
	traces   map[[16]byte]bool // with a failing span
	problems map[string]int    // of scorers: "name: reason"
}

func newSummary() summary {
	return summary{
		coverage: map[wire.Coverage]int{}, classes: map[failure.Class]int{}, traces: map[[16]byte]bool{}, problems: map[string]int{},
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
