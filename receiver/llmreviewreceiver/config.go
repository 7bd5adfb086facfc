package llmreviewreceiver

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configretry"
)

// Config is what users write.
type Config struct {
	// Review is the extension that owns the store.
	Review component.ID `mapstructure:"review"`

	// Notes sends what people wrote along. It may hold what users of the application wrote.
	Notes bool `mapstructure:"notes"`

	// Interval is how often the store is asked for new labels.
	Interval time.Duration `mapstructure:"interval"`

	// BatchSize bounds the records of one request.
	BatchSize int `mapstructure:"batch_size"`

	// Retry is how a request is repeated that the pipeline did not accept.
	Retry configretry.BackOffConfig `mapstructure:"retry_on_failure"`

	_ struct{}
}

// maxBatch bounds what the store gives at once.
const maxBatch = 500

func createDefaultConfig() component.Config {
	retry := configretry.NewDefaultBackOffConfig()
	retry.InitialInterval, retry.MaxElapsedTime = time.Second, 0
	return &Config{
		Review: component.MustNewID("llm_review"), Interval: time.Second, BatchSize: 100, Retry: retry,
	}
}

// Validate checks the bounds.
func (c *Config) Validate() error {
	switch {
	case c.Interval <= 0:
		return fmt.Errorf("interval must be positive, got %v", c.Interval)
	case c.BatchSize < 1 || c.BatchSize > maxBatch:
		return fmt.Errorf("batch_size must be 1 to %d, got %d", maxBatch, c.BatchSize)
	case !c.Retry.Enabled || c.Retry.MaxElapsedTime != 0:
		return errors.New("retry_on_failure must be enabled, with max_elapsed_time 0: labels wait in the store without end")
	}
	return nil
}
