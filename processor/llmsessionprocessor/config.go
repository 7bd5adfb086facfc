package llmsessionprocessor

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/faultline-otel/faultline/internal/session"
)

// Config is what users write.
type Config struct {
	// MaxSessions bounds the sessions in memory. Over it, the one that was silent longest is forgotten.
	MaxSessions int `mapstructure:"max_sessions"`
	// Idle is after how long without a span a session is forgotten.
	Idle time.Duration `mapstructure:"idle"`
	// PollingTools are tools that are asked again and again by design: their calls are no loop.
	PollingTools []string `mapstructure:"polling_tools"`

	// Storage is the storage extension that keeps sessions over a restart, like file_storage. Absent: they begin anew.
	Storage *component.ID `mapstructure:"storage"`
	// CheckpointInterval is how often sessions are written there: what a crash can lose.
	CheckpointInterval time.Duration `mapstructure:"checkpoint_interval"`

	// Budget is the llm_budget extension that is told what sessions use up. Absent: nobody is.
	Budget *component.ID `mapstructure:"budget"`

	_ struct{}
}

// minCheckpointInterval is as fast as a disk can be asked to follow. It refuses a number without a unit, which is read as nanoseconds.
const minCheckpointInterval = 10 * time.Millisecond

func createDefaultConfig() component.Config {
	s := session.DefaultSettings()
	return &Config{MaxSessions: s.MaxSessions, Idle: s.Idle, CheckpointInterval: 10 * time.Second}
}

// Validate names each setting that cannot be.
func (c *Config) Validate() error {
	settings := c.settings()
	errs := []error{settings.Validate()}
	if c.CheckpointInterval < minCheckpointInterval {
		errs = append(errs, fmt.Errorf("checkpoint_interval must be at least %v, got %v", minCheckpointInterval, c.CheckpointInterval))
	}
	return errors.Join(errs...)
}

func (c *Config) settings() session.Settings {
	return session.Settings{MaxSessions: c.MaxSessions, Idle: c.Idle, PollingTools: c.PollingTools}
}
