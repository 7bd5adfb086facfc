package llmmetricsconnector

import (
	"errors"
	"fmt"
	"time"
)

// Config is what users write.
type Config struct {
	// FlushInterval is how often all sums are handed on. No longer than the scrape interval of what reads them is best.
	FlushInterval time.Duration `mapstructure:"flush_interval"`

	// InstanceID becomes collector.instance.id of every point. Empty: the service.instance.id of this Collector.
	InstanceID string `mapstructure:"instance_id"`

	// MaxSeries bounds the series of all services together, MaxSeriesPerService those of a service in an environment. What is
	// over is counted under otel.metric.overflow.
	MaxSeries           int `mapstructure:"max_series"`
	MaxSeriesPerService int `mapstructure:"max_series_per_service"`

	// OnlyIncidents counts llm.incidents and nothing else. For behind tail_sampling and llm_rootcause, where all other counts would be
	// of what was kept.
	OnlyIncidents bool `mapstructure:"only_incidents"`

	_ struct{}
}

// Limits of the configuration.
const (
	minFlushInterval = 100 * time.Millisecond
	maxFlushInterval = 5 * time.Minute // beyond it Prometheus takes a series for gone
	maxInstanceID    = 128
)

// Validate checks the keys, and reports every mistake.
func (c *Config) Validate() error {
	var errs []error
	if c.FlushInterval < minFlushInterval || c.FlushInterval > maxFlushInterval {
		errs = append(errs, fmt.Errorf("flush_interval must be between %v and %v, got %v", minFlushInterval, maxFlushInterval, c.FlushInterval))
	}
	if len(c.InstanceID) > maxInstanceID {
		errs = append(errs, fmt.Errorf("instance_id must be at most %d bytes, got %d", maxInstanceID, len(c.InstanceID)))
	}
	if c.MaxSeries <= 0 {
		errs = append(errs, fmt.Errorf("max_series must be positive, got %d", c.MaxSeries))
	}
	if c.MaxSeriesPerService <= 0 {
		errs = append(errs, fmt.Errorf("max_series_per_service must be positive, got %d", c.MaxSeriesPerService))
	}
	return errors.Join(errs...)
}
