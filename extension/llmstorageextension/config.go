package llmstorageextension

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
)

// Config is the configuration of llm_storage.
type Config struct {
	// Directory is the folder with a folder for each component.
	Directory string `mapstructure:"directory"`
	// CreateDirectory creates the folder if it does not exist.
	CreateDirectory bool `mapstructure:"create_directory"`
	// FSync makes every write wait for the disk. Without it, a power failure may lose the last writes.
	FSync bool `mapstructure:"fsync"`
	// MaxSize bounds the bytes that one component stores. 0 is no bound.
	MaxSize int64 `mapstructure:"max_size"`

	_ struct{}
}

func createDefaultConfig() component.Config {
	return &Config{Directory: "./data/storage", CreateDirectory: true}
}

// Validate names each invalid setting.
func (c *Config) Validate() error {
	var errs []error
	if c.Directory == "" {
		errs = append(errs, errors.New(`directory must name a folder, got ""`))
	}
	if c.MaxSize < 0 {
		errs = append(errs, fmt.Errorf("max_size must not be negative, got %d", c.MaxSize))
	}
	return errors.Join(errs...)
}
