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

// Config is the configuration of llm_failure.
type Config struct {
	// Scorers is a scorer file, usually `${file:scorers.yaml}`. If absent, every scorer that needs no configuration runs.
	Scorers map[string]any `mapstructure:"scorers"`

	// ScorersFile is the path of a scorer file, instead of Scorers. It is read again when it was written.
	ScorersFile string `mapstructure:"scorers_file"`

	// ReloadInterval is how often ScorersFile is looked at.
	ReloadInterval time.Duration `mapstructure:"reload_interval"`

	// SchemaDir is the directory for relative names of JSON Schema files in Scorers. If empty, it is the working
	// directory.
	SchemaDir string `mapstructure:"schema_dir"`

	// Prices is a price file, usually `${file:prices.yaml}`, or {file: prices.yaml}. Its rows take precedence over the
	// embedded price book. If absent, only the embedded price book is used.
	Prices map[string]any `mapstructure:"prices"`

	Evidence   Evidence   `mapstructure:"evidence"`
	LogContent LogContent `mapstructure:"log_content"`

	// Redact lists what to replace in spans and in log records with content, after scoring: pii, secrets. If empty,
	// nothing is replaced.
	Redact []string `mapstructure:"redact"`

	// Content bounds the content of spans, after scoring.
	Content Content `mapstructure:"content"`

	_ struct{}
}

// Content bounds the texts of a GenAI span on its way out.
type Content struct {
	// Mode says what happens to the longest texts of a span that is larger than MaxBytes: keep, cut or drop.
	Mode     string `mapstructure:"mode"`
	MaxBytes int    `mapstructure:"max_bytes"`

	_ struct{}
}

// Validate checks the mode and the bound.
func (c *Content) Validate() error {
	_, err := pipeline.NewCutter(c.Mode, c.MaxBytes)
	return err
}

// Evidence configures app.llm.error_evidence.
type Evidence struct {
	// Content lets evidence quote messages. Otherwise it names only keys, types and codes.
	Content bool `mapstructure:"content"`

	_ struct{}
}

// LogContent bounds the memory for log records with the content of spans, if the processor is in a logs pipeline.
type LogContent struct {
	LimitMiB int64         `mapstructure:"limit_mib"`
	MaxAge   time.Duration `mapstructure:"max_age"`

	_ struct{}
}

// minMaxAge rejects a number without a unit. It would be read as nanoseconds, and no record would wait for its span.
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

// minReload bounds how often the scorer file is looked at.
const minReload = time.Second

// Validate compiles all scorers, so that any mistake stops the start.
func (c *Config) Validate() error {
	_, _, err := c.set()
	if c.ReloadInterval < minReload {
		err = errors.Join(err, fmt.Errorf("reload_interval must be at least %v, got %v", minReload, c.ReloadInterval))
	}
	_, noBook := c.book()
	_, wrong := pipeline.NewRedactor(c.Redact)
	return errors.Join(err, noBook, wrong)
}

// book returns the price book: the user's prices over the embedded ones.
func (c *Config) book() (*price.Book, error) {
	file, err := pricefile.Settings(c.Prices)
	if err != nil {
		return nil, errline.Prefix("prices", err)
	}
	book, err := price.Embedded().With(file)
	return book, errline.Prefix("prices", err)
}

// set returns the scorers, and their file where it is to be watched. It uses the code that reads scorer files for the
// CLI. The error has one line for each mistake, with its place in the file.
func (c *Config) set() (*score.Set, *scorers.File, error) {
	switch {
	case c.ScorersFile != "" && len(c.Scorers) > 0:
		return nil, nil, errors.New("scorers and scorers_file must not both be given")
	case c.ScorersFile != "":
		file, set, err := scorers.OpenFile(c.ScorersFile)
		return set, file, errline.Prefix("scorers_file", err)
	}
	content := scorers.Default()
	if len(c.Scorers) > 0 {
		var err error
		if content, err = scorers.Decode(c.Scorers); err != nil {
			return nil, nil, errline.Prefix("scorers", err)
		}
		content.Dir = c.SchemaDir
	}
	set, err := scorers.New(content)
	return set, nil, errline.Prefix("scorers", err)
}
