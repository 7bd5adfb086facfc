package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/time/rate"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/chat"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/price"
)

func newJudge() *cobra.Command {
	c := &cobra.Command{
		Use:   "judge",
		Short: "Have a model judge by rubrics, and compare it with what people judged",
		Args:  func(_ *cobra.Command, args []string) error { return unknown("faultline judge", args) },
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newJudgeRun(), newJudgeCalibrate(), newJudgeDiff())
	return c
}

// keyVariable is the environment variable with the key of the judge's endpoint.
const keyVariable = "JUDGE_API_KEY"

// judgeModel is the flags that say which model judges, and for how much. With the same values as in llm_judge, results
// have the same version.
type judgeModel struct {
	prefix            string // of the flags
	endpoint          string
	provider, model   string
	free              bool
	temperature       float64
	seed              int64
	maxTokens         int64
	maxBytes          int
	format            string
	concurrency       int
	attempts          int
	timeout           time.Duration
	requestsPerMinute float64
	maxUSD            float64
	names             []string // of the models of the cascade, as flags
	cheap             []cascadeModel

	discount float64         // of batches, 0 without them
	judges   []*judge.Judge  // of open: the dear one first
	batches  []*chat.Batches // of each

	file   string // the gate file
	seeded bool   // by it
	set    *pflag.FlagSet
}

func (m *judgeModel) flags(f *pflag.FlagSet, prefix string) {
	m.prefix, m.set = prefix, f
	of := ""
	if prefix != "" {
		of = "of the judge: "
	}
	name := func(flag string) string { return prefix + flag }
	if prefix == "" {
		f.StringVar(&m.file, "config", "", "gate file, whose judge says what the flags here do not")
	}
	f.StringVar(&m.endpoint, name("endpoint"), "",
		of+"its endpoint for chat completions, such as http://127.0.0.1:11434/v1; the key is in "+keyVariable)
	f.StringVar(&m.model, name("model"), "", of+"the model")
	f.StringVar(&m.provider, name("provider"), "", of+"the provider, for the price (default: the maker of the model)")
	f.BoolVar(&m.free, name("free"), false, of+"the model costs nothing per token, such as one on a server of your own")
	f.Float64Var(&m.temperature, name("temperature"), 0, of+"the temperature; below 0 sends none")
	f.Int64Var(&m.seed, name("seed"), 0, of+"the seed (default: none is sent)")
	f.Int64Var(&m.maxTokens, name("max-tokens"), judge.DefaultMaxTokens, of+"tokens of a reply")
	f.IntVar(&m.maxBytes, name("max-content-bytes"), judge.DefaultBytes, of+"bytes of what is judged")
	f.StringVar(&m.format, name("reply-format"), string(judge.FormatSchema), of+"json_schema, json_object or none")
	f.StringSliceVar(&m.names, name("cascade"), nil,
		of+"two cheap models at the same endpoint, such as a,b; the model is asked only where they disagree")
	f.IntVar(&m.concurrency, name("concurrency"), 4, of+"requests at a time")
	f.IntVar(&m.attempts, name("attempts"), 5, of+"attempts of a judgement that a later one may make")
	f.DurationVar(&m.timeout, name("timeout"), time.Minute, of+"of one request")
	f.Float64Var(&m.requestsPerMinute, name("requests-per-minute"), 0,
		of+"requests in a minute, at most (default: no limit)")
	f.Float64Var(&m.maxUSD, name("max-usd"), 1, of+"what all requests may cost together; 0 is no limit")
}

// given reports whether the flags name a judge.
func (m *judgeModel) given() bool { return m.endpoint != "" || m.model != "" }

// check returns the first mistake in the flags.
func (m *judgeModel) check() error {
	flag := func(name string) string { return "--" + m.prefix + name }
	for _, model := range m.names {
		m.cheap = append(m.cheap, cascadeModel{Model: model, Free: m.free})
	}
	m.names = nil
	switch {
	case len(m.cheap) != 0 && len(m.cheap) != 2:
		return usage("%s must have two models, got %d", flag("cascade"), len(m.cheap))
	case slices.ContainsFunc(m.cheap, func(c cascadeModel) bool { return c.Model == "" }):
		return usage("%s must name the model of each of the two", flag("cascade"))
	case m.endpoint == "":
		return usage("%s must be given, such as http://127.0.0.1:11434/v1", flag("endpoint"))
	case m.model == "":
		return usage("%s must be given, the model that judges", flag("model"))
	case m.maxBytes < judge.MinBytes || m.maxBytes > judge.MaxBytes:
		return usage("%s must be %d to %d, got %d", flag("max-content-bytes"), judge.MinBytes, judge.MaxBytes, m.maxBytes)
	case m.maxTokens < 1:
		return usage("%s must be at least 1, got %d", flag("max-tokens"), m.maxTokens)
	case !(m.temperature <= 2):
		return usage("%s must be at most 2, got %g", flag("temperature"), m.temperature)
	case !slices.Contains(judge.Formats, judge.Format(m.format)):
		return usage("%s must be one of json_schema, json_object, none, got %q", flag("reply-format"), m.format)
	case m.concurrency < 1 || m.concurrency > 256:
		return usage("%s must be between 1 and 256, got %d", flag("concurrency"), m.concurrency)
	case m.attempts < 1:
		return usage("%s must be at least 1, got %d", flag("attempts"), m.attempts)
	case m.timeout <= 0:
		return usage("%s must be above 0, such as 30s, got %s", flag("timeout"), m.timeout)
	case !(m.requestsPerMinute >= 0):
		return usage("%s must be 0 or above, got %v", flag("requests-per-minute"), m.requestsPerMinute)
	case !(m.maxUSD >= 0) || math.IsInf(m.maxUSD, 0):
		return usage("%s must be 0 or above, got %v", flag("max-usd"), m.maxUSD)
	}
	for _, of := range m.models() {
		if u, err := url.Parse(of.Endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return usage("%s must be an http or https address, got %q", flag("endpoint"), of.Endpoint)
		}
	}
	return nil
}

// settings are the parameters of the judge.
func (m *judgeModel) settings() judge.Settings {
	s := judge.Settings{
		Provider: m.provider, Model: m.model, MaxTokens: m.maxTokens, MaxBytes: m.maxBytes, Format: judge.Format(m.format),
	}
	if m.temperature >= 0 {
		s.Temperature = genai.Some(m.temperature)
	}
	if m.seeded || m.set.Changed(m.prefix+"seed") {
		s.Seed = genai.Some(m.seed)
	}
	return s
}

// open checks the flags and returns the desk of the judge, with the purse that it spends from.
func (m *judgeModel) open(book *price.Book) (*docket.Desk, *docket.Purse, error) {
	if err := m.check(); err != nil {
		return nil, nil, err
	}
	client := &http.Client{Timeout: m.timeout, Transport: keyed{os.Getenv(keyVariable), &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: m.concurrency,
	}}}
	var pace judge.Pace
	if m.requestsPerMinute > 0 {
		pace = rate.NewLimiter(rate.Limit(m.requestsPerMinute/60), 1)
	}
	purse := docket.NewPurse(m.maxUSD)
	m.judges, m.batches = nil, nil
	for _, of := range m.models() {
		var row *price.Row
		if !of.Free {
			if row = book.Find(of.Provider, time.Now(), of.Model); row == nil {
				return nil, nil, usage("no price is known for %s, so --%smax-usd could not hold: add it with --prices FILE, "+
					"or give --%sfree for a model that costs nothing", strings.TrimSpace(of.Provider+" "+of.Model), m.prefix,
					m.prefix)
			}
		}
		s := of.settings(m.settings())
		model := chat.New(client, of.Endpoint, s)
		m.judges = append(m.judges, judge.New(model, s, row, purse, pace).Discounted(1-m.discount))
		m.batches = append(m.batches, chat.NewBatches(client, of.Endpoint, model))
	}
	judges := m.judges
	desk := &docket.Desk{Judge: judges[0], Concurrency: m.concurrency, Attempts: m.attempts, Backoff: time.Second}
	if len(judges) == 3 {
		desk.Judge = judge.NewPanel(judges[1], judges[2], judges[0])
	}
	return desk, purse, nil
}

// keyed adds the key to requests.
type keyed struct {
	key  string
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (k keyed) RoundTrip(req *http.Request) (*http.Response, error) {
	if k.key != "" {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+k.key)
	}
	return k.next.RoundTrip(req)
}

// rubricFlags choose rubrics.
type rubricFlags struct {
	path  string
	names []string
}

func (r *rubricFlags) flags(f *pflag.FlagSet) {
	f.StringVar(&r.path, "rubrics", "", "file or folder of your own rubrics (default: those in the program)")
	f.StringSliceVar(&r.names, "rubric", nil,
		"only these rubrics, of --rubrics or in the program; may be given several times")
}

func (r *rubricFlags) load() ([]*judge.Rubric, error) {
	rubrics, err := judge.Select(r.path, r.names)
	var path *os.PathError
	switch {
	case errors.As(err, &path):
		return nil, usage("--rubrics: %w", err)
	case err != nil:
		return nil, exitError{exitUsage, err}
	}
	return rubrics, nil
}

// tellDemand says what judgements should take, before they are made.
func (m *judgeModel) tellDemand(out io.Writer, d judge.Demand) {
	name := m.model
	if len(m.cheap) > 0 {
		name = "a cascade"
	}
	fmt.Fprintf(out, "%s with %s, about %d input and %d output tokens, about %s and at most %s USD\n",
		count(d.Calls, "call"), name, d.Input, d.Output, dollars(d.USD), dollars(d.MaxUSD))
	if len(m.cheap) > 0 {
		fmt.Fprintf(out, "about: of %s and %s; %s is asked where they disagree\n",
			m.cheap[0].Model, m.cheap[1].Model, m.model)
	}
	if m.maxUSD > 0 && d.USD > m.maxUSD {
		fmt.Fprintf(out, "--%smax-usd %g ends before: it is enough for about %.0f %% of them\n",
			m.prefix, m.maxUSD, math.Floor(100*m.maxUSD/d.USD))
	}
}

// dollars formats a small amount of money.
func dollars(usd float64) string {
	switch {
	case usd == 0:
		return "0"
	case usd < 0.01:
		return fmt.Sprintf("%.2g", usd)
	}
	return fmt.Sprintf("%.2f", usd)
}
