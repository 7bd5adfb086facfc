package llmsessionprocessor

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/faultline-otel/faultline/internal/session"
)

// Config is the configuration of llm_session.
type Config struct {
	// MaxSessions bounds the sessions in memory. Beyond it, the session that was silent longest is dropped.
	MaxSessions int `mapstructure:"max_sessions"`
	// Idle is the time without a span after which a session is dropped.
	Idle time.Duration `mapstructure:"idle"`
	// PollingTools are tools that are called repeatedly by design. Their calls are not loops.
	PollingTools []string `mapstructure:"polling_tools"`

	// Storage is the storage extension that keeps sessions across restarts, like llm_storage. If absent, sessions start
	// anew.
	Storage *component.ID `mapstructure:"storage"`
	// CheckpointInterval is how often sessions are written to Storage. A crash loses at most this much.
	CheckpointInterval time.Duration `mapstructure:"checkpoint_interval"`

	// Budget is the llm_budget extension that receives the usage of sessions. If absent, there are no limits.
	Budget *component.ID `mapstructure:"budget"`

	_ struct{}
}

// minCheckpointInterval is the shortest interval that a disk can keep up with. It also rejects a number without a unit,
// which would be read as nanoseconds.
const minCheckpointInterval = 10 * time.Millisecond

func createDefaultConfig() component.Config {
	s := session.DefaultSettings()
	return &Config{MaxSessions: s.MaxSessions, Idle: s.Idle, CheckpointInterval: 10 * time.Second}
}

// Validate reports every invalid setting.
func (c *Config) Validate() error {
	settings := c.settings()
	errs := []error{settings.Validate()}
	if c.CheckpointInterval < minCheckpointInterval {
		errs = append(errs, fmt.Errorf("checkpoint_interval must be at least %v, got %v",
			minCheckpointInterval, c.CheckpointInterval))
	}
	return errors.Join(errs...)
}

func (c *Config) settings() session.Settings {
	return session.Settings{MaxSessions: c.MaxSessions, Idle: c.Idle, PollingTools: c.PollingTools}
}
