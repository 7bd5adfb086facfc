package llmmetricsconnector

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config is what users write.
type Config struct {
	// FlushInterval is how often all sums are handed on. No longer than the scrape interval of what reads them is best.
	FlushInterval time.Duration `mapstructure:"flush_interval"`

	// InstanceID becomes collector.instance.id of every point. Empty: the service.instance.id of this Collector.
	InstanceID string `mapstructure:"instance_id"`

	// MaxSeries bounds the series of all services together, MaxSeriesPerService those of a service in all its environments. What is
	// over is counted under otel.metric.overflow.
	MaxSeries           int `mapstructure:"max_series"`
	MaxSeriesPerService int `mapstructure:"max_series_per_service"`

	// OnlyIncidents counts llm.incidents and nothing else. For behind tail_sampling and llm_rootcause, where all other counts would be
	// of what was kept.
	OnlyIncidents bool `mapstructure:"only_incidents"`

	// SessionIdle is after how long without a span a session has ended and is counted. MaxSessions bounds those that go on.
	SessionIdle time.Duration `mapstructure:"session_idle"`
	MaxSessions int           `mapstructure:"max_sessions"`

	Drift DriftConfig `mapstructure:"drift"`

	// Storage is the storage extension that keeps over a restart what was seen: versions, sessions that go on, drift and usual costs.
	// Absent: they begin anew. CheckpointInterval is how often they are written there.
	Storage            *component.ID `mapstructure:"storage"`
	CheckpointInterval time.Duration `mapstructure:"checkpoint_interval"`

	_ struct{}
}

// DriftConfig is of the gauges for a single Collector without recording rules.
type DriftConfig struct {
	// MaxSeries bounds the scores that are followed. 0: no drift, and no baseline of costs.
	MaxSeries int `mapstructure:"max_series"`

	_ struct{}
}

// Limits of the configuration.
const (
	minFlushInterval      = 100 * time.Millisecond
	maxFlushInterval      = 5 * time.Minute // beyond it Prometheus takes a series for gone
	maxInstanceID         = 128
	minCheckpointInterval = time.Second
	minSessionIdle        = time.Second // a number without a unit is read as nanoseconds
)

func createDefaultConfig() component.Config {
	return &Config{
		FlushInterval: 15 * time.Second, MaxSeries: 50_000, MaxSeriesPerService: 2_000,
		SessionIdle: 30 * time.Minute, MaxSessions: 50_000, Drift: DriftConfig{MaxSeries: 1_000}, CheckpointInterval: time.Minute,
	}
}

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
	if c.SessionIdle < minSessionIdle {
		errs = append(errs, fmt.Errorf("session_idle must be at least %v, got %v", minSessionIdle, c.SessionIdle))
	}
	if c.MaxSessions <= 0 {
		errs = append(errs, fmt.Errorf("max_sessions must be positive, got %d", c.MaxSessions))
	}
	if c.CheckpointInterval < minCheckpointInterval {
		errs = append(errs, fmt.Errorf("checkpoint_interval must be at least %v, got %v", minCheckpointInterval, c.CheckpointInterval))
	}
	return errors.Join(errs...)
}

// Validate checks the key.
func (c *DriftConfig) Validate() error {
	if c.MaxSeries < 0 {
		return fmt.Errorf("max_series must not be negative, got %d", c.MaxSeries)
	}
	return nil
}
