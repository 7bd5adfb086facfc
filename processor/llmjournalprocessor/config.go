package llmjournalprocessor

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/faultline-otel/faultline/internal/journal"
)

// Config is the configuration of llm_journal. One processor stands before tail_sampling and has Storage. A second one
// stands behind it and has Of.
type Config struct {
	// Of names the llm_journal before tail_sampling. No other setting goes with it.
	Of *component.ID `mapstructure:"of"`

	// Storage is the storage extension that holds the journal, such as llm_storage.
	Storage *component.ID `mapstructure:"storage"`
	// ResendAfter is how long a failing span waits for tail_sampling. Then it leaves without it. It must be longer than
	// decision_wait.
	ResendAfter time.Duration `mapstructure:"resend_after"`
	// MaxSpans and MaxSizeMiB bound the journal. Failing spans beyond them are passed on without being written.
	MaxSpans   int `mapstructure:"max_spans"`
	MaxSizeMiB int `mapstructure:"max_size_mib"`
	// MaxSpansPerTrace bounds what one trace may take of tail_sampling's memory. Beyond it only failing spans pass, up to
	// as many again.
	MaxSpansPerTrace int `mapstructure:"max_spans_per_trace"`

	_ struct{}
}

// minResendAfter rejects a number without a unit, which would be read as nanoseconds.
const minResendAfter = 100 * time.Millisecond

func defaults() Config {
	return Config{ResendAfter: 2 * time.Minute, MaxSpans: 100_000, MaxSizeMiB: 256, MaxSpansPerTrace: 10_000}
}

func createDefaultConfig() component.Config {
	c := defaults()
	return &c
}

// Validate reports every invalid setting.
func (c *Config) Validate() error {
	if c.Of != nil {
		rest := *c
		rest.Of = nil
		if rest != defaults() {
			return fmt.Errorf("of stands alone: all other settings belong to %q", c.Of)
		}
		return nil
	}
	var errs []error
	if c.Storage == nil {
		errs = append(errs, errors.New("storage must name a storage extension, or of the llm_journal before tail_sampling"))
	}
	if c.ResendAfter < minResendAfter {
		errs = append(errs, fmt.Errorf("resend_after must be at least %v, got %v", minResendAfter, c.ResendAfter))
	}
	for _, bound := range []struct {
		key   string
		value int
	}{
		{"max_spans", c.MaxSpans}, {"max_size_mib", c.MaxSizeMiB}, {"max_spans_per_trace", c.MaxSpansPerTrace},
	} {
		if bound.value <= 0 {
			errs = append(errs, fmt.Errorf("%s must be positive, got %d", bound.key, bound.value))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) limits() journal.Limits {
	return journal.Limits{Spans: c.MaxSpans, Bytes: int64(c.MaxSizeMiB) << 20, ResendAfter: c.ResendAfter}
}
