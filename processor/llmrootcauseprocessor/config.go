package llmrootcauseprocessor

import (
	"fmt"

	"go.opentelemetry.io/collector/component"
)

// Config is the configuration of llm_rootcause.
type Config struct {
	// MaxTraces is how many decided traces are remembered, so that late spans are not a second incident.
	MaxTraces int `mapstructure:"max_traces"`

	_ struct{}
}

func createDefaultConfig() component.Config { return &Config{MaxTraces: 100_000} }

// Validate checks the bound.
func (c *Config) Validate() error {
	if c.MaxTraces <= 0 {
		return fmt.Errorf("max_traces must be positive, got %d", c.MaxTraces)
	}
	return nil
}
