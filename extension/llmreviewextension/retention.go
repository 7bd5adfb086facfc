package llmreviewextension

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/review"
)

// RetentionConfig bounds what is kept, by state.
type RetentionConfig struct {
	Open     LimitsConfig `mapstructure:"open"`
	Reviewed LimitsConfig `mapstructure:"reviewed"`
	// Audit bounds the audit log.
	Audit AuditConfig `mapstructure:"audit"`

	_ struct{}
}

// AuditConfig bounds the audit log. 0 is no limit.
type AuditConfig struct {
	MaxAge time.Duration `mapstructure:"max_age"`

	_ struct{}
}

// Validate checks that the limit is not negative.
func (c *AuditConfig) Validate() error {
	if c.MaxAge < 0 {
		return fmt.Errorf("max_age must not be negative, got %v", c.MaxAge)
	}
	return nil
}

// LimitsConfig bounds the items of one state. 0 is no limit.
type LimitsConfig struct {
	MaxAge     time.Duration `mapstructure:"max_age"`
	MaxItems   int           `mapstructure:"max_items"`
	MaxSizeMiB int           `mapstructure:"max_size_mib"`

	_ struct{}
}

// defaultRetention keeps the file below 4 GiB.
func defaultRetention() RetentionConfig {
	const day = 24 * time.Hour
	return RetentionConfig{
		Open:     LimitsConfig{MaxAge: 30 * day, MaxItems: 200_000, MaxSizeMiB: 1024},
		Reviewed: LimitsConfig{MaxAge: 365 * day, MaxItems: 200_000, MaxSizeMiB: 512},
		Audit:    AuditConfig{MaxAge: 2 * 365 * day},
	}
}

// Validate checks that no limit is negative.
func (c *LimitsConfig) Validate() error {
	switch {
	case c.MaxAge < 0:
		return fmt.Errorf("max_age must not be negative, got %v", c.MaxAge)
	case c.MaxItems < 0:
		return fmt.Errorf("max_items must not be negative, got %d", c.MaxItems)
	case c.MaxSizeMiB < 0:
		return fmt.Errorf("max_size_mib must not be negative, got %d", c.MaxSizeMiB)
	}
	return nil
}

func (c *LimitsConfig) limits() review.Limits {
	return review.Limits{MaxAge: c.MaxAge, MaxItems: c.MaxItems, MaxBytes: int64(c.MaxSizeMiB) << 20}
}

const (
	tendEvery  = time.Minute
	sweepPause = 20 * time.Millisecond // for other writers
)

// tend puts items into queues that were changed, ages signals and removes what exceeds the limits, until the context
// ends.
func (e *reviewExtension) tend(ctx context.Context) {
	limits := map[review.State]review.Limits{
		review.Open: e.config.Retention.Open.limits(), review.Reviewed: e.config.Retention.Reviewed.limits(),
	}
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		err := e.store.Redistribute(ctx)
		removed := 0
		if err == nil {
			removed, err = e.store.Sweep(ctx, limits)
		}
		if err == nil && removed > 0 {
			wait.Reset(sweepPause)
			continue
		}
		if err == nil {
			err = e.store.AgeSignals(ctx)
		}
		if age := e.config.Retention.Audit.MaxAge; err == nil && age > 0 {
			err = e.store.ForgetEntries(ctx, time.Now().Add(-age))
		}
		if err != nil && ctx.Err() == nil {
			e.warn("Could not tend the review store", err)
		}
		wait.Reset(tendEvery)
	}
}

// warn logs an error of the background. A store that does not work was reported when it ceased to.
func (e *reviewExtension) warn(what string, err error) {
	if _, reported := errors.AsType[*review.UnavailableError](err); !reported {
		e.settings.Logger.Warn(what, zap.Error(err))
	}
}
