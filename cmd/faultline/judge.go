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

	set *pflag.FlagSet
}

func (m *judgeModel) flags(f *pflag.FlagSet, prefix string) {
	m.prefix, m.set = prefix, f
	of := ""
	if prefix != "" {
		of = "of the judge: "
	}
	name := func(flag string) string { return prefix + flag }
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
	switch {
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
	if u, err := url.Parse(m.endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return usage("%s must be an http or https address, got %q", flag("endpoint"), m.endpoint)
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
	if m.set.Changed(m.prefix + "seed") {
		s.Seed = genai.Some(m.seed)
	}
	return s
}

// open checks the flags and returns the desk of the judge, with the purse that it spends from.
func (m *judgeModel) open(book *price.Book) (*docket.Desk, *docket.Purse, error) {
	if err := m.check(); err != nil {
		return nil, nil, err
	}
	var row *price.Row
	if !m.free {
		if row = book.Find(m.provider, time.Now(), m.model); row == nil {
			return nil, nil, usage("no price is known for %s, so --%smax-usd could not hold: add it with --prices FILE, "+
				"or give --%sfree for a model that costs nothing", strings.TrimSpace(m.provider+" "+m.model), m.prefix, m.prefix)
		}
	}
	client := &http.Client{Timeout: m.timeout, Transport: keyed{os.Getenv(keyVariable), &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: m.concurrency,
	}}}
	var pace judge.Pace
	if m.requestsPerMinute > 0 {
		pace = rate.NewLimiter(rate.Limit(m.requestsPerMinute/60), 1)
	}
	purse, s := docket.NewPurse(m.maxUSD), m.settings()
	return &docket.Desk{
		Judge:       judge.New(chat.New(client, m.endpoint, s), s, row, purse, pace),
		Concurrency: m.concurrency, Attempts: m.attempts, Backoff: time.Second,
	}, purse, nil
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
	fmt.Fprintf(out, "%s with %s, about %d input and %d output tokens, about %s and at most %s USD\n",
		count(d.Calls, "call"), m.model, d.Input, d.Output, dollars(d.USD), dollars(d.MaxUSD))
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
