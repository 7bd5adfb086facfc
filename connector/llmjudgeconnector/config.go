package llmjudgeconnector

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/price/pricefile"
)

// Config is the configuration of llm_judge.
type Config struct {
	// ModelConfig is the judge. It may be empty if there are only http_scorers.
	ModelConfig `mapstructure:",squash"`

	// Cascade are two cheap judges. The judge above is asked only if they disagree.
	Cascade []ModelConfig `mapstructure:"cascade"`

	// Rubrics are names of embedded rubrics, or paths of files or folders with rubrics.
	Rubrics []string `mapstructure:"rubrics"`

	// Trusted are the rubrics and scorers whose results may page, by name or by version. The others count in series apart.
	Trusted []string `mapstructure:"trusted"`

	// HTTPScorers are programs that score over HTTP, by the name of their evaluation.
	HTTPScorers map[string]ScorerConfig `mapstructure:"http_scorers"`

	// Prices is a price file, as in llm_failure.
	Prices map[string]any `mapstructure:"prices"`

	Shares   SharesConfig   `mapstructure:"shares"`
	Sessions SessionsConfig `mapstructure:"sessions"`

	// Concurrency is the number of requests at once, for each provider.
	Concurrency int `mapstructure:"concurrency"`

	// SpendLimitUSD is what a day (UTC) may cost. 0 is no limit.
	SpendLimitUSD float64 `mapstructure:"spend_limit_usd"`

	// Storage is the storage extension that keeps the queue and the spend over a restart.
	Storage *component.ID `mapstructure:"storage"`
	Queue   QueueConfig   `mapstructure:"queue"`
	Retry   RetryConfig   `mapstructure:"retry"`

	// Batch has the judge asked in batches of the provider, which cost less and take up to a day.
	Batch configoptional.Optional[BatchConfig] `mapstructure:"batch"`

	_ struct{}
}

// ModelConfig is a model behind an endpoint for chat completions.
type ModelConfig struct {
	// ClientConfig has the endpoint, such as https://api.openai.com/v1, the time-out of a request, headers, auth and TLS.
	confighttp.ClientConfig `mapstructure:",squash"`

	// Provider and Model name the model, for the request and for the price.
	Provider string `mapstructure:"provider"`
	Model    string `mapstructure:"model"`
	// Free is for a model that costs nothing per token, such as one on a server of your own.
	Free bool `mapstructure:"free"`

	// Temperature below 0 sends none, for models that accept none.
	Temperature float64      `mapstructure:"temperature"`
	Seed        *int64       `mapstructure:"seed"`
	MaxTokens   int64        `mapstructure:"max_tokens"`        // of a reply
	MaxBytes    int          `mapstructure:"max_content_bytes"` // of what is judged
	Format      judge.Format `mapstructure:"format"`

	// RequestsPerMinute bounds the requests. 0 is no bound.
	RequestsPerMinute float64 `mapstructure:"requests_per_minute"`

	// PromptCacheKey sends prompt_cache_key, so that requests of a rubric share the provider's cache. Without it, it is
	// sent to OpenAI only: other servers may refuse it.
	PromptCacheKey *bool `mapstructure:"prompt_cache_key"`
}

// BatchConfig is how requests are put together.
type BatchConfig struct {
	Every       time.Duration `mapstructure:"every"` // between batches
	MaxRequests int           `mapstructure:"max_requests"`
	Poll        time.Duration `mapstructure:"poll"` // between looks at those that are on their way
	// Discount is the part of the price that a batch saves, for the spend limit and the cost of results.
	Discount float64 `mapstructure:"discount"`

	_ struct{}
}

// maxBatch is what providers take in one batch.
const maxBatch = 50_000

// Validate checks the keys.
func (c *BatchConfig) Validate() error {
	var errs []error
	if c.Every < time.Second || c.Poll < time.Second {
		errs = append(errs, fmt.Errorf("every and poll must be at least 1s, got %v and %v", c.Every, c.Poll))
	}
	if c.MaxRequests < 1 || c.MaxRequests > maxBatch {
		errs = append(errs, fmt.Errorf("max_requests must be 1 to %d, got %d", maxBatch, c.MaxRequests))
	}
	if !(c.Discount >= 0 && c.Discount < 1) {
		errs = append(errs, fmt.Errorf("discount must be at least 0 and below 1, got %g", c.Discount))
	}
	return errors.Join(errs...)
}

// ScorerConfig is a program that scores over HTTP.
type ScorerConfig struct {
	confighttp.ClientConfig `mapstructure:",squash"`

	Of                judge.Scope    `mapstructure:"of"`
	Needs             []judge.Part   `mapstructure:"needs"`
	MinTurns          int            `mapstructure:"min_turns"`
	PassAt            float64        `mapstructure:"pass_at"`
	Reasons           []ReasonConfig `mapstructure:"reasons"`
	Suspicions        []string       `mapstructure:"suspicions"`
	USD               float64        `mapstructure:"usd_per_request"`
	RequestsPerMinute float64        `mapstructure:"requests_per_minute"`
}

// ReasonConfig maps a code of a program to a failure. Without class it passes.
type ReasonConfig struct {
	Code   string `mapstructure:"code"`
	Class  string `mapstructure:"class"`
	Detail string `mapstructure:"detail"`

	_ struct{}
}

// SharesConfig has the share of all traffic that is judged, by stratum.
type SharesConfig struct {
	Flagged float64 `mapstructure:"flagged"`
	Suspect float64 `mapstructure:"suspect"`
	Random  float64 `mapstructure:"random"`

	_ struct{}
}

// SessionsConfig says when sessions are judged: after Idle without a span, and every EveryTurns turns if it is not 0.
type SessionsConfig struct {
	Idle       time.Duration `mapstructure:"idle"`
	EveryTurns int           `mapstructure:"every_turns"`
	Max        int           `mapstructure:"max"` // that are open; beyond, the one that is longest silent ends

	_ struct{}
}

// QueueConfig bounds what waits.
type QueueConfig struct {
	Size   int           `mapstructure:"size"`
	MaxAge time.Duration `mapstructure:"max_age"` // after which it is no longer judged

	_ struct{}
}

// RetryConfig says how often a judgement is tried, and the pause after the first failure, which doubles.
type RetryConfig struct {
	Attempts int           `mapstructure:"attempts"`
	Backoff  time.Duration `mapstructure:"backoff"`

	_ struct{}
}

const defaultTimeout = time.Minute

func createDefaultConfig() component.Config {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = defaultTimeout
	return &Config{
		ModelConfig:   ModelConfig{ClientConfig: client},
		Rubrics:       []string{"groundedness", "relevance"},
		Shares:        SharesConfig{Flagged: 1, Suspect: 1, Random: 0.02},
		Sessions:      SessionsConfig{Idle: 30 * time.Minute, Max: 1_000},
		Concurrency:   4,
		SpendLimitUSD: 1,
		Queue:         QueueConfig{Size: 10_000, MaxAge: 6 * time.Hour},
		Retry:         RetryConfig{Attempts: 5, Backoff: time.Second},
		Batch: configoptional.Default(BatchConfig{
			Every: 10 * time.Minute, MaxRequests: 1000, Poll: time.Minute, Discount: 0.5,
		}),
	}
}

// Validate checks the keys and reports every error.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(format string, of ...any) { errs = append(errs, fmt.Errorf(format, of...)) }
	hasModel := c.Model != "" || c.Endpoint != ""
	switch {
	case !hasModel && len(c.HTTPScorers) == 0:
		wrong("model and endpoint must be set, or http_scorers")
	case hasModel:
		errs = append(errs, c.check(""))
	}
	if n := len(c.Cascade); n != 0 && n != 2 {
		wrong("cascade must have two judges, got %d", n)
	}
	for i := range c.Cascade {
		errs = append(errs, c.Cascade[i].check(fmt.Sprintf("cascade[%d].", i)))
	}
	if c.Batch.HasValue() {
		switch {
		case !hasModel:
			wrong("batch needs model and endpoint: http_scorers have no batches")
		case c.Storage == nil:
			wrong("batch needs storage: a batch takes up to a day, and must outlive the process")
		}
	}
	if len(c.Cascade) > 0 && !hasModel {
		wrong("cascade needs model and endpoint, the judge that is asked when the two disagree")
	}
	for key, share := range map[string]float64{
		"flagged": c.Shares.Flagged, "suspect": c.Shares.Suspect, "random": c.Shares.Random,
	} {
		if !(share >= 0 && share <= 1) {
			wrong("shares.%s must be between 0 and 1, got %g", key, share)
		}
	}
	if c.Sessions.Idle < time.Second || c.Sessions.EveryTurns < 0 || c.Sessions.Max <= 0 {
		wrong("sessions must have idle of at least 1s, every_turns of at least 0 and max above 0")
	}
	if c.Concurrency < 1 || c.Concurrency > 256 {
		wrong("concurrency must be between 1 and 256, got %d", c.Concurrency)
	}
	if !(c.SpendLimitUSD >= 0 && c.SpendLimitUSD < 1e9) {
		wrong("spend_limit_usd must be 0 or more, got %g", c.SpendLimitUSD)
	}
	if c.Queue.Size < 1 || c.Queue.MaxAge < time.Second {
		wrong("queue must have a size above 0 and max_age of at least 1s")
	}
	if c.Retry.Attempts < 1 || c.Retry.Backoff < time.Millisecond {
		wrong("retry must have at least 1 attempt and a backoff of at least 1ms")
	}
	if len(errs) == 0 || errors.Join(errs...) == nil {
		_, err := c.plan()
		return err
	}
	return errors.Join(errs...)
}

func (m *ModelConfig) check(at string) error {
	var errs []error
	if m.Model == "" {
		errs = append(errs, fmt.Errorf("%smodel must be set", at))
	}
	errs = append(errs, checkEndpoint(at, m.Endpoint))
	if m.MaxBytes != 0 && (m.MaxBytes < judge.MinBytes || m.MaxBytes > judge.MaxBytes) {
		errs = append(errs, fmt.Errorf("%smax_content_bytes must be %d to %d, got %d", at, judge.MinBytes, judge.MaxBytes,
			m.MaxBytes))
	}
	if m.MaxTokens < 0 || m.RequestsPerMinute < 0 || m.Temperature > 2 {
		errs = append(errs, fmt.Errorf("%smax_tokens and requests_per_minute must not be negative, "+
			"temperature at most 2", at))
	}
	if m.Format != "" && !slices.Contains(judge.Formats, m.Format) {
		errs = append(errs, fmt.Errorf("%sformat must be one of %v, got %q", at, judge.Formats, m.Format))
	}
	return errors.Join(errs...)
}

func checkEndpoint(at, endpoint string) error {
	if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%sendpoint must be an http or https URL, got %q", at, endpoint)
	}
	return nil
}

// cacheKeys reports whether requests have a prompt_cache_key.
func (m *ModelConfig) cacheKeys() bool {
	if m.PromptCacheKey != nil {
		return *m.PromptCacheKey
	}
	return m.Provider == "openai"
}

// settings returns the parameters of the judge.
func (m *ModelConfig) settings() judge.Settings {
	s := judge.Settings{
		Provider: m.Provider, Model: m.Model,
		MaxTokens: cmp.Or(m.MaxTokens, judge.DefaultMaxTokens),
		MaxBytes:  cmp.Or(m.MaxBytes, judge.DefaultBytes),
		Format:    cmp.Or(m.Format, judge.FormatSchema),
	}
	if m.Temperature >= 0 {
		s.Temperature = genai.Some(m.Temperature)
	}
	if m.Seed != nil {
		s.Seed = genai.Some(*m.Seed)
	}
	return s
}

// plan is what the configuration names: rubrics and prices.
type plan struct {
	rubrics []*judge.Rubric
	rows    []*price.Row // of the judge and those of the cascade, nil if free
	scorers []judge.ScorerSettings
	trusted map[string]bool
}

func (c *Config) plan() (*plan, error) {
	p := &plan{trusted: map[string]bool{}}
	var errs []error
	names := map[string]bool{}
	if c.Model != "" {
		for _, name := range c.Rubrics {
			rubrics, err := find(name)
			if err != nil {
				errs = append(errs, errline.Prefix("rubrics", err))
				continue
			}
			for _, r := range rubrics {
				if names[r.Name] {
					errs = append(errs, fmt.Errorf("rubrics: %q is configured twice", r.Name))
				}
				names[r.Name] = true
				p.rubrics = append(p.rubrics, r)
			}
		}
		if len(c.Rubrics) == 0 {
			errs = append(errs, errors.New("rubrics must name at least one"))
		}
		rows, err := c.rows()
		errs = append(errs, err)
		p.rows = rows
	}
	for _, name := range slices.Sorted(maps.Keys(c.HTTPScorers)) {
		if names[name] {
			errs = append(errs, fmt.Errorf("http_scorers: %q is the name of a rubric", name))
		}
		names[name] = true
		s := c.HTTPScorers[name]
		if err := checkEndpoint("http_scorers::"+name+"::", s.Endpoint); err != nil {
			errs = append(errs, err)
		}
		settings := s.settings(name)
		if _, err := judge.NewScorer(judge.Transport{}, s.Endpoint, settings, nil, nil); err != nil {
			errs = append(errs, errline.Prefix("http_scorers::"+name, err))
		}
		p.scorers = append(p.scorers, settings)
	}
	for _, name := range c.Trusted {
		if !names[name] && !isVersion(name) { // an earlier version is no mistake: it is not trusted any more
			errs = append(errs, fmt.Errorf("trusted: %q is neither a rubric nor a scorer, nor a version of one", name))
		}
		p.trusted[name] = true
	}
	return p, errors.Join(errs...)
}

// isVersion reports whether an entry of trusted is a version, such as gpt-4.1-mini@be0994b65f9c.
func isVersion(entry string) bool { return strings.Contains(entry, "@") }

// find returns the embedded rubric of a name, or those at a path.
func find(name string) ([]*judge.Rubric, error) {
	if strings.ContainsAny(name, "./\\") {
		return judge.ReadRubrics(name)
	}
	r, err := judge.Find(name)
	return []*judge.Rubric{r}, err
}

// rows returns the prices of the judge and of those of the cascade.
func (c *Config) rows() ([]*price.Row, error) {
	file, err := pricefile.Settings(c.Prices)
	if err != nil {
		return nil, errline.Prefix("prices", err)
	}
	book, err := price.Embedded().With(file)
	if err != nil {
		return nil, errline.Prefix("prices", err)
	}
	var rows []*price.Row
	var errs []error
	for _, m := range append([]ModelConfig{c.ModelConfig}, c.Cascade...) {
		var row *price.Row
		if !m.Free {
			if row = book.Find(m.Provider, time.Now(), m.Model); row == nil {
				errs = append(errs, fmt.Errorf("model %q of provider %q has no price, so spend_limit_usd cannot hold: "+
					"add it under prices, or set free: true for a model that costs nothing", m.Model, m.Provider))
			}
		}
		rows = append(rows, row)
	}
	return rows, errors.Join(errs...)
}

func (s *ScorerConfig) settings(name string) judge.ScorerSettings {
	settings := judge.ScorerSettings{
		Name: name, Of: s.Of, Needs: s.Needs, MinTurns: s.MinTurns, PassAt: s.PassAt, Suspicions: s.Suspicions, USD: s.USD,
	}
	for _, r := range s.Reasons {
		settings.Reasons = append(settings.Reasons, r.reason())
	}
	return settings
}
