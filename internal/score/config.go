package score

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// Config is the content of a scorer file.
type Config struct {
	Version int `yaml:"version"`
	// Scorers maps the name of a scorer to its settings. A scorer without an entry is off.
	Scorers map[string]Settings `yaml:"scorers"`
	Rules   []Rule              `yaml:"rules"`
	// Services maps the name of a service to scorers with settings of their own there. They add to Scorers.
	Services map[string]map[string]Settings `yaml:"services"`
	// Dir is the folder that relative file names in the settings start from; "" is the working directory.
	Dir string `yaml:"-"`
}

// Settings are the settings of one scorer, decoded by that scorer.
type Settings struct {
	Off    bool
	Values map[string]any
}

// UnmarshalValue reads a mapping of settings, or one of the words on and off.
func (s *Settings) UnmarshalValue(in any) error {
	switch v := in.(type) {
	case nil:
		*s = Settings{}
	case map[string]any, map[any]any:
		*s = Settings{}
		return strictyaml.Decode(v, &s.Values)
	case bool: // what YAML 1.1 makes of the words
		*s = Settings{Off: !v}
	default:
		if v != "on" && v != "off" {
			return fmt.Errorf("must be a mapping of settings, or off, got %s", strictyaml.Show(v))
		}
		*s = Settings{Off: v == "off"}
	}
	return nil
}

// Over returns the settings on top of others: a key that both have is theirs no longer.
func (s Settings) Over(others Settings) Settings {
	if s.Off || len(others.Values) == 0 {
		return s
	}
	values := maps.Clone(others.Values)
	maps.Copy(values, s.Values)
	return Settings{Values: values}
}

// Over returns the configuration on top of another one: its scorers and rules add to the other's, and its settings
// override them.
func (c Config) Over(other Config) Config {
	c.Scorers = overlay(c.Scorers, other.Scorers)
	c.Rules = slices.Concat(other.Rules, c.Rules)
	return c
}

func overlay(own, other map[string]Settings) map[string]Settings {
	all := maps.Clone(other)
	if all == nil {
		all = map[string]Settings{}
	}
	for name, s := range own {
		all[name] = s.Over(other[name])
	}
	return all
}

// Of returns the settings of the scorers for one service.
func (c Config) Of(service string) map[string]Settings {
	return overlay(c.Services[service], c.Scorers)
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
