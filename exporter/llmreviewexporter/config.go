package llmreviewexporter

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
)

// Config is what users write.
type Config struct {
	// Review is the extension that owns the store.
	Review component.ID `mapstructure:"review"`

	// Redact is what is replaced before anything is queued or stored: pii, secrets. Empty: nothing.
	Redact []string `mapstructure:"redact"`

	Suspicions SuspicionsConfig `mapstructure:"suspicions"`
	Random     RandomConfig     `mapstructure:"random"`
	Feedback   FeedbackConfig   `mapstructure:"feedback"`
	Judges     JudgesConfig     `mapstructure:"judges"`
	Recent     RecentConfig     `mapstructure:"recent"`

	// Tempo is where traces are fetched that people complain about or send. No endpoint: nowhere.
	Tempo confighttp.ClientConfig `mapstructure:"tempo"`

	// Timeout bounds one attempt to write a batch.
	Timeout exporterhelper.TimeoutConfig                             `mapstructure:",squash"`
	Retry   configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`
	Queue   configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`

	_ struct{}
}

// SuspicionsConfig is about traces with a suspicion.
type SuspicionsConfig struct {
	// Probability is that with which sampling keeps them, for traces that do not say it. 0: they are no items.
	Probability float64 `mapstructure:"probability"`

	_ struct{}
}

// RandomConfig is about the sample of all other traces.
type RandomConfig struct {
	Rate    float64 `mapstructure:"rate"`     // of all traffic that looks fine
	PerWeek int     `mapstructure:"per_week"` // of each service, at least
	// Probability is that with which sampling keeps them, for traces that do not say it.
	Probability float64 `mapstructure:"probability"`

	_ struct{}
}

// FeedbackConfig says which feedback is bad.
type FeedbackConfig struct {
	Below float64 `mapstructure:"below"`

	_ struct{}
}

// JudgesConfig says whose findings make an item.
type JudgesConfig struct {
	Cases JudgedCases `mapstructure:"cases"`

	_ struct{}
}

// JudgedCases says which judges make items of what they find.
type JudgedCases string

// The judges that make items.
const (
	OfAll     JudgedCases = "all"
	OfTrusted JudgedCases = "trusted" // that were compared with people
	OfNone    JudgedCases = "none"
)

// Validate checks the choice.
func (c *JudgesConfig) Validate() error {
	switch c.Cases {
	case OfAll, OfTrusted, OfNone:
		return nil
	}
	return fmt.Errorf("cases must be %q, %q or %q, got %q", OfAll, OfTrusted, OfNone, c.Cases)
}

// makesItem reports whether an evaluation is a finding that makes its trace an item.
func (c *JudgesConfig) makesItem(e *review.Evaluation) bool {
	return e.IsJudgement() && e.Failed && (c.Cases == OfAll || c.Cases == OfTrusted && !e.Untrusted)
}

// RecentConfig bounds the traces that are remembered, though they are no items, in case somebody complains.
type RecentConfig struct {
	MaxSizeMiB int `mapstructure:"max_size_mib"`
	// Only makes the exporter remember, and nothing else: it stands before sampling, and those behind it find what
	// sampling drops.
	Only bool `mapstructure:"only"`

	_ struct{}
}

// maxRecentMiB bounds what a configuration may ask for.
const maxRecentMiB = 1 << 16

// Validate checks what is to be redacted, and whether Tempo has an address.
func (c *Config) Validate() error {
	_, err := pipeline.NewRedactor(c.Redact)
	if c.Tempo.Endpoint != "" {
		if u, bad := url.Parse(c.Tempo.Endpoint); bad != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			err = errors.Join(err, fmt.Errorf("tempo::endpoint must begin with http:// or https:// and a host, got %q",
				c.Tempo.Endpoint))
		}
	}
	return err
}

// Validate checks the probability.
func (c *SuspicionsConfig) Validate() error { return share("probability", c.Probability) }

// Validate checks the keys.
func (c *RandomConfig) Validate() error {
	err := errors.Join(share("rate", c.Rate), share("probability", c.Probability))
	if c.PerWeek < 0 {
		err = errors.Join(err, fmt.Errorf("per_week must not be negative, got %d", c.PerWeek))
	}
	return err
}

// Validate checks the size.
func (c *RecentConfig) Validate() error {
	if c.MaxSizeMiB < 0 || c.MaxSizeMiB > maxRecentMiB {
		return fmt.Errorf("max_size_mib must be 0 to %d, got %d", maxRecentMiB, c.MaxSizeMiB)
	}
	return nil
}

func share(key string, value float64) error {
	if value >= 0 && value <= 1 {
		return nil
	}
	return fmt.Errorf("%s must be between 0 and 1, got %v", key, value)
}

// Defaults of the queue, in bytes.
const (
	queueSize = 64 << 20
	batchSize = 1 << 20
)

func createDefaultConfig() component.Config {
	queue := exporterhelper.NewDefaultQueueConfig()
	// Traces differ in size a thousand times: bytes are what memory is bounded by.
	queue.Sizer, queue.QueueSize = exporterhelper.RequestSizerTypeBytes, queueSize
	// The store writes one batch at a time. A second consumer would wait, and could put the late spans of a trace before
	// the failing span that makes the trace an item.
	queue.NumConsumers = 1
	batch := queue.Batch.GetOrInsertDefault()
	// Each batch costs one fsync. There is no upper bound: a batch that is split can cut a trace in two.
	batch.Sizer, batch.MinSize, batch.MaxSize = exporterhelper.RequestSizerTypeBytes, batchSize, 0
	// What cannot be written waits until the store works again, as long as the queue has room.
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0
	tempo := confighttp.NewDefaultClientConfig()
	tempo.Timeout = 10 * time.Second
	return &Config{
		Review:     component.MustNewID("llm_review"),
		Suspicions: SuspicionsConfig{Probability: 1},
		Random:     RandomConfig{Rate: 0.01, PerWeek: 50, Probability: 1},
		Feedback:   FeedbackConfig{Below: 0.5},
		Judges:     JudgesConfig{Cases: OfAll},
		Recent:     RecentConfig{MaxSizeMiB: 32},
		Tempo:      tempo,
		Timeout:    exporterhelper.TimeoutConfig{Timeout: 30 * time.Second},
		Retry:      retry,
		Queue:      configoptional.Some(queue),
	}
}
