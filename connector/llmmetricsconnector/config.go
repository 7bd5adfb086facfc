package llmmetricsconnector

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config is the configuration of llm_metrics.
type Config struct {
	// FlushInterval is how often all sums are exported. It should not exceed the scrape interval of the backend.
	FlushInterval time.Duration `mapstructure:"flush_interval"`

	// InstanceID is the collector.instance.id of every point. The default is the service.instance.id of this Collector.
	InstanceID string `mapstructure:"instance_id"`

	// MaxSeries bounds the series of all services together, MaxSeriesPerService the series of a service over all its
	// environments. Traffic beyond that counts under otel.metric.overflow.
	MaxSeries           int `mapstructure:"max_series"`
	MaxSeriesPerService int `mapstructure:"max_series_per_service"`

	// SeriesIdle is the time without traffic after which a service, or a breakdown of one, gives its series to others when
	// a bound is reached. 0 keeps all series until a restart.
	SeriesIdle time.Duration `mapstructure:"series_idle"`

	// OnlyIncidents counts only llm.incidents. It is for use downstream of tail_sampling and llm_rootcause, where other
	// counts would cover only the sampled traces.
	OnlyIncidents bool `mapstructure:"only_incidents"`

	// SessionIdle is the time without a span after which a session ends and is counted. MaxSessions bounds the open
	// sessions.
	SessionIdle time.Duration `mapstructure:"session_idle"`
	MaxSessions int           `mapstructure:"max_sessions"`

	Drift DriftConfig `mapstructure:"drift"`

	// Storage is the storage extension that keeps state over a restart: versions, open sessions, drift and usual costs.
	// Without it a restart loses that state. CheckpointInterval is how often the state is written.
	Storage            *component.ID `mapstructure:"storage"`
	CheckpointInterval time.Duration `mapstructure:"checkpoint_interval"`

	_ struct{}
}

// DriftConfig configures the drift and cost gauges, for a single Collector without recording rules.
type DriftConfig struct {
	// MaxSeries bounds the score series with drift tracking. 0 turns off drift and cost tracking.
	MaxSeries int `mapstructure:"max_series"`

	_ struct{}
}

// Limits of the configuration.
const (
	minFlushInterval      = 100 * time.Millisecond
	maxFlushInterval      = 5 * time.Minute // with a longer interval Prometheus marks series as stale
	maxInstanceID         = 128
	minCheckpointInterval = time.Second
	minSessionIdle        = time.Second // also refuses a number without a unit, which means nanoseconds
)

func createDefaultConfig() component.Config {
	return &Config{
		FlushInterval:       15 * time.Second,
		MaxSeries:           50_000,
		MaxSeriesPerService: 2_000,
		SeriesIdle:          time.Hour,
		SessionIdle:         30 * time.Minute,
		MaxSessions:         50_000,
		Drift:               DriftConfig{MaxSeries: 1_000},
		CheckpointInterval:  time.Minute,
	}
}

// Validate checks the keys and reports every error.
func (c *Config) Validate() error {
	var errs []error
	if c.FlushInterval < minFlushInterval || c.FlushInterval > maxFlushInterval {
		errs = append(
			errs,
			fmt.Errorf(
				"flush_interval must be between %v and %v, got %v",
				minFlushInterval,
				maxFlushInterval,
				c.FlushInterval,
			),
		)
	}
	if len(c.InstanceID) > maxInstanceID {
		errs = append(
			errs,
			fmt.Errorf("instance_id must be at most %d bytes, got %d", maxInstanceID, len(c.InstanceID)),
		)
	}
	if c.MaxSeries <= 0 {
		errs = append(errs, fmt.Errorf("max_series must be positive, got %d", c.MaxSeries))
	}
	if c.MaxSeriesPerService <= 0 {
		errs = append(errs, fmt.Errorf("max_series_per_service must be positive, got %d", c.MaxSeriesPerService))
	}
	if c.SeriesIdle != 0 && c.SeriesIdle < 2*c.FlushInterval {
		// What a series counted last must be exported before it ends.
		errs = append(errs, fmt.Errorf("series_idle must be 0 or at least twice flush_interval (%v), got %v",
			c.FlushInterval, c.SeriesIdle))
	}
	if c.SessionIdle < minSessionIdle {
		errs = append(errs, fmt.Errorf("session_idle must be at least %v, got %v", minSessionIdle, c.SessionIdle))
	}
	if c.MaxSessions <= 0 {
		errs = append(errs, fmt.Errorf("max_sessions must be positive, got %d", c.MaxSessions))
	}
	if c.CheckpointInterval < minCheckpointInterval {
		errs = append(
			errs,
			fmt.Errorf("checkpoint_interval must be at least %v, got %v", minCheckpointInterval, c.CheckpointInterval),
		)
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
