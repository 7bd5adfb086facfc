// Package wiringconverter checks how the components of a configuration are wired: their order, the extensions that they
// name, and the slips that users make most often. A component does not know its neighbours. A converter sees the whole
// configuration at each start and reload, and when `validate` runs. It changes nothing.
package wiringconverter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
)

// NewFactory returns the factory of the converter.
func NewFactory() confmap.ConverterFactory {
	return confmap.NewConverterFactory(func(set confmap.ConverterSettings) confmap.Converter {
		c := &converter{logger: set.Logger, screen: io.Discard}
		// The Collector's validate prints no log.
		if slices.Contains(os.Args[1:], "validate") {
			c.screen = os.Stderr
		}
		return c
	})
}

type converter struct {
	logger *zap.Logger
	screen io.Writer // for warnings, besides the log
}

// finding is something wrong at a key of the user's YAML. It is fatal if no user can mean it.
type finding struct {
	key, text string
	fatal     bool
}

func (f finding) String() string { return f.key + ": " + f.text }

// checks find what is wrong in a configuration.
var checks = []func(*settings) []finding{slips, references, order, idle}

// Convert refuses a configuration in which a component cannot work. If there is none, it warns of what is unusual.
func (c *converter) Convert(_ context.Context, conf *confmap.Conf) error {
	s := read(conf)
	var errs []error
	var warnings []finding
	for _, check := range checks {
		for _, f := range check(s) {
			if f.fatal {
				errs = append(errs, errors.New(f.String()))
			} else {
				warnings = append(warnings, f)
			}
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, f := range warnings {
		c.logger.Warn(f.String())
		fmt.Fprintln(c.screen, "warning:", f)
	}
	return nil
}
