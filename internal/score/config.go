package score

import (
	"errors"
	"fmt"
	"strings"
)

// Config is a scorer file. A scorer is on when its key is present.
type Config struct {
	Version int `yaml:"version"`
	// Scorers maps the name of a scorer to its settings, decoded by that scorer.
	Scorers map[string]map[string]any `yaml:"scorers"`
	Rules   []Rule                    `yaml:"rules"`
	// Dir is the folder that relative file names in the settings start from; "" is the working directory.
	Dir string `yaml:"-"`
}

// Rule is a user's own check: two expressions over the call. See package rule.
type Rule struct {
	Name   string `yaml:"name"`
	When   string `yaml:"when"` // "" means always
	Fail   string `yaml:"fail"`
	Class  string `yaml:"class"`  // default bad_answer
	Detail string `yaml:"detail"` // default rule
}

// FileVersion is the version of the scorer file format that this package reads.
const FileVersion = 1

// The name of a rule becomes a part of attribute names and the value of a metric label.
const (
	maxName   = 64
	nameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
)

// Validate checks everything that does not depend on a scorer.
func (c Config) Validate() error {
	var errs []error
	if c.Version != FileVersion {
		errs = append(errs, fmt.Errorf("version must be %d, got %d", FileVersion, c.Version))
	}
	seen := map[string]bool{}
	for i, r := range c.Rules {
		switch {
		case r.Name == "":
			errs = append(errs, fmt.Errorf("rules[%d].name must not be empty", i))
		case len(r.Name) > maxName || strings.Trim(r.Name, nameChars) != "":
			errs = append(errs, fmt.Errorf(
				"rules[%d].name must be at most %d letters, digits, _, - or ., got %q", i, maxName, r.Name,
			))
		case seen[r.Name]:
			errs = append(errs, fmt.Errorf("rules[%d].name must be unique, got %q twice", i, r.Name))
		}
		seen[r.Name] = true
		if strings.TrimSpace(r.Fail) == "" {
			errs = append(errs, fmt.Errorf("rules[%d].fail must not be empty (rule %q)", i, r.Name))
		}
	}
	return errors.Join(errs...)
}
