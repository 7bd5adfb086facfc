package llmfailureprocessor

import (
	"errors"
	"fmt"
	"time"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/price/pricefile"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// Config is what users write.
type Config struct {
	// Scorers is a scorer file, most often `${file:scorers.yaml}`. Absent: every scorer that needs no configuration.
	Scorers map[string]any `mapstructure:"scorers"`

	// SchemaDir is where relative names of JSON Schema files in Scorers start from. Empty: the working directory.
	SchemaDir string `mapstructure:"schema_dir"`

	// Prices is a price file, most often `${file:prices.yaml}`, or {file: prices.yaml}. Its rows come before those of the embedded
	// price book, which is all there is where it is absent.
	Prices map[string]any `mapstructure:"prices"`

	Evidence   Evidence   `mapstructure:"evidence"`
	LogContent LogContent `mapstructure:"log_content"`

	// Redact is what is replaced in spans and in log records with content, after scoring: pii, secrets. Empty: nothing.
	Redact []string `mapstructure:"redact"`

	_ struct{}
}

// Evidence is what app.llm.error_evidence may hold.
type Evidence struct {
	// Content lets it quote what was said. Otherwise it names keys, types and codes only.
	Content bool `mapstructure:"content"`

	_ struct{}
}

// LogContent bounds what is kept of log records that hold the content of spans, in a logs pipeline with this processor.
type LogContent struct {
	LimitMiB int64         `mapstructure:"limit_mib"`
	MaxAge   time.Duration `mapstructure:"max_age"`

	_ struct{}
}

// minMaxAge refuses a number without a unit, which is read as nanoseconds: no record would wait for its span.
const minMaxAge = time.Second

// Validate checks the limits.
func (c *LogContent) Validate() error {
	var errs []error
	if c.LimitMiB <= 0 {
		errs = append(errs, fmt.Errorf("limit_mib must be positive, got %d", c.LimitMiB))
	}
	if c.MaxAge < minMaxAge {
		errs = append(errs, fmt.Errorf("max_age must be at least %v, got %v", minMaxAge, c.MaxAge))
	}
	return errors.Join(errs...)
}

// Validate compiles all scorers, so that a mistake in any of them stops the start.
func (c *Config) Validate() error {
	_, err := c.set()
	_, noBook := c.book()
	_, wrong := pipeline.NewRedactor(c.Redact)
	return errors.Join(err, noBook, wrong)
}

// book is the price book, with the user's prices over the embedded one.
func (c *Config) book() (*price.Book, error) {
	file, err := pricefile.Settings(c.Prices)
	if err != nil {
		return nil, errline.Prefix("prices", err)
	}
	book, err := price.Embedded().With(file)
	return book, errline.Prefix("prices", err)
}

// set makes the scorers. They are read by the code that reads scorer files for the CLI. The error has a line for each
// mistake, with its place in the file.
func (c *Config) set() (*score.Set, error) {
	file := scorers.Default()
	if len(c.Scorers) > 0 {
		var err error
		if file, err = scorers.Decode(c.Scorers); err != nil {
			return nil, errline.Prefix("scorers", err)
		}
		file.Dir = c.SchemaDir
	}
	set, err := scorers.New(file)
	if err != nil {
		return nil, errline.Prefix("scorers", err)
	}
	return set, nil
}
