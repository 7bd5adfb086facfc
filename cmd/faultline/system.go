package main

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/faultline-otel/faultline/internal/otlpfile"
	"github.com/faultline-otel/faultline/internal/runner"
)

// system is the flags that say how a system is run: the candidate, or with a prefix the baseline.
type system struct {
	prefix     string
	exec, http string
	openai     bool
	model      string
	prompt     string
	baseURL    string
	parameters []string
	version    string
	program    []string // what stands after --
}

func (s *system) flags(f *pflag.FlagSet, prefix, who string) {
	s.prefix = prefix
	name := func(flag string) string { return prefix + flag }
	f.StringVar(&s.exec, name("exec"), "", who+": a shell command; a JSON case on its stdin, its answer on its stdout")
	f.StringVar(&s.http, name("http"), "", who+": a file that describes an HTTP request")
	f.BoolVar(&s.openai, name("openai"), false, who+": a model at an endpoint with OpenAI's chat API")
	f.StringVar(&s.model, name("model"), "", "of --"+name("openai")+": the model (default: that of the row)")
	f.StringVar(&s.prompt, name("prompt"), "",
		"of --"+name("openai")+": a file with the system instructions, a template (default: those of the row)")
	f.StringVar(&s.baseURL, name("base-url"), "",
		"of --"+name("openai")+": the endpoint (default: OPENAI_BASE_URL, else https://api.openai.com/v1)")
	f.StringArrayVar(&s.parameters, name("param"), nil,
		"of --"+name("openai")+": another key of the request, such as temperature=0; may be given several times")
	f.StringVar(&s.version, name("version"), "",
		"a name for the state of the system, such as a commit; the cache and partial outputs of another one are not used")
}

// given reports whether the flags name a system.
func (s *system) given() bool { return s.exec != "" || s.http != "" || s.openai || len(s.program) > 0 }

// files are the files that the flags have read.
func (s *system) files() []string { return []string{s.http, s.prompt} }

// pace is the flags that say how fast.
type pace struct {
	concurrency int
	timeout     time.Duration
	rate        float64
	cache       string
}

func (p *pace) flags(f *pflag.FlagSet) {
	f.IntVar(&p.concurrency, "concurrency", 8, "runs at a time")
	f.DurationVar(&p.timeout, "timeout", time.Minute, "of one run; of a program after -- 60 times as much, for all cases")
	f.Float64Var(&p.rate, "rate", 0, "runs started in a second, at most (default: no limit)")
	f.StringVar(&p.cache, "cache", "", "a folder of earlier runs, used where case, system and --version are the same")
}

func (p *pace) check() error {
	switch {
	case p.concurrency < 1:
		return usage("--concurrency must be at least 1, got %d", p.concurrency)
	case p.timeout <= 0:
		return usage("--timeout must be above 0, such as 30s, got %s", p.timeout)
	case !(p.rate >= 0): // NaN too
		return usage("--rate must be 0 or above, got %v", p.rate)
	}
	return nil
}

// open opens the cache, nil without one.
func (p *pace) open() (*runner.Cache, error) {
	if p.cache == "" {
		return nil, nil
	}
	cache, err := runner.OpenCache(p.cache)
	if err != nil {
		return nil, usage("--cache must be a folder: %w", err)
	}
	return cache, nil
}

// runs makes runs of cases. Its write gets whole lines.
type runs interface {
	key() string
	make(ctx context.Context, cases iter.Seq[runner.Case], write func([]byte) error) (runner.Summary, error)
}

// open checks the flags and returns what makes the runs.
func (s *system) open(c *cobra.Command, p *pace, finished func()) (runs, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if len(s.program) > 0 {
		cache, err := p.open()
		return &programRuns{
			program: runner.Program{
				Args: s.program, Version: s.version, Timeout: 60 * p.timeout, Output: c.ErrOrStderr(),
			}, cache: cache, finished: finished,
		}, err
	}
	cache, err := p.open()
	if err != nil {
		return nil, err
	}
	pool := &runner.Pool{
		Concurrency: p.concurrency, Timeout: p.timeout, Rate: p.rate, Cache: cache, Finished: finished,
		Mark: func(otlp []byte, marks runner.Marks) ([]byte, error) { return otlpfile.Mark(otlp, marks) },
	}
	client := &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: p.concurrency,
	}}
	switch {
	case s.exec != "":
		pool.Runner = runner.Exec{Command: s.exec, Version: s.version}
	case s.http != "":
		h, err := runner.LoadHTTP(s.http, client)
		if err != nil {
			return nil, exitError{exitUsage, err}
		}
		h.Version = s.version
		pool.Runner = h
	default:
		if pool.Runner, err = s.endpoint(client); err != nil {
			return nil, err
		}
	}
	return poolRuns{pool}, nil
}

func (s *system) check() error {
	var ways []string
	for _, way := range []struct {
		given bool
		name  string
	}{
		{s.exec != "", "--" + s.prefix + "exec"},
		{s.http != "", "--" + s.prefix + "http"},
		{s.openai, "--" + s.prefix + "openai"},
		{len(s.program) > 0, "a command after --"},
	} {
		if way.given {
			ways = append(ways, way.name)
		}
	}
	if len(ways) > 1 {
		return usage("give one way to run the system, got %s", strings.Join(ways, " and "))
	}
	for _, flag := range []struct {
		given bool
		name  string
	}{
		{s.model != "", "model"},
		{s.prompt != "", "prompt"},
		{s.baseURL != "", "base-url"},
		{len(s.parameters) > 0, "param"},
	} {
		if flag.given && !s.openai {
			return usage("--%s%s is only of use with --%sopenai", s.prefix, flag.name, s.prefix)
		}
	}
	return nil
}

func (s *system) endpoint(client *http.Client) (runner.OpenAI, error) {
	o := runner.OpenAI{
		BaseURL: s.baseURL, APIKey: os.Getenv("OPENAI_API_KEY"), Model: s.model, Version: s.version, Client: client,
		Parameters: map[string]json.RawMessage{},
	}
	if o.BaseURL == "" {
		o.BaseURL = os.Getenv("OPENAI_BASE_URL")
	}
	if o.BaseURL == "" {
		o.BaseURL = "https://api.openai.com/v1"
		if o.APIKey == "" {
			return o, usage("--%sopenai needs the key of the API in OPENAI_API_KEY, or another endpoint in --%sbase-url",
				s.prefix, s.prefix)
		}
	}
	if u, err := url.Parse(o.BaseURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return o, usage("--%sbase-url must be an http or https address, got %q", s.prefix, o.BaseURL)
	}
	for _, parameter := range s.parameters {
		key, value, ok := strings.Cut(parameter, "=")
		if !ok || key == "" {
			return o, usage("--%sparam must be key=value, got %q", s.prefix, parameter)
		}
		if !json.Valid([]byte(value)) {
			b, _ := json.Marshal(value) //nolint:errchkjson // a string
			value = string(b)
		}
		o.Parameters[key] = json.RawMessage(value)
	}
	if s.prompt != "" {
		text, err := os.ReadFile(s.prompt)
		if err != nil {
			return o, usage("--%sprompt: %w", s.prefix, err)
		}
		o.PromptText = string(text)
		if o.Prompt, err = runner.Template(s.prompt, o.PromptText); err != nil {
			return o, exitError{exitUsage, err}
		}
	}
	return o, nil
}

// poolRuns runs one case at a time and place.
type poolRuns struct{ pool *runner.Pool }

func (p poolRuns) key() string { return p.pool.Runner.Key() }

func (p poolRuns) make(ctx context.Context, cases iter.Seq[runner.Case], write func([]byte) error,
) (runner.Summary, error) {
	summary, err := p.pool.Run(ctx, cases, write)
	if errors.Is(err, runner.ErrNotRunnable) {
		err = exitError{exitUsage, err}
	}
	return summary, err
}
