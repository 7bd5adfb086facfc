// Package scorers builds a set of scorers from a scorer file. It is the one place that knows all of them.
package scorers

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/ground"
	"github.com/faultline-otel/faultline/internal/score/outcome"
	"github.com/faultline-otel/faultline/internal/score/pattern"
	"github.com/faultline-otel/faultline/internal/score/rule"
	"github.com/faultline-otel/faultline/internal/score/schema"
	"github.com/faultline-otel/faultline/internal/score/text"
	"github.com/faultline-otel/faultline/internal/score/toolcall"
)

// registry holds the scorers by their key in the scorer file.
var registry = map[string]entry{
	toolcall.Name: scorer(func(config toolcall.Config, _ string) (score.Scorer, error) { return toolcall.New(config) }),
	schema.Name:   scorer(func(config schema.Config, dir string) (score.Scorer, error) { return schema.New(config, dir) }),

	text.RefusalName:    scorer(func(config text.Config, _ string) (score.Scorer, error) { return text.NewRefusal(config) }),
	text.JailbreakName:  scorer(func(config text.Config, _ string) (score.Scorer, error) { return text.NewJailbreak(config) }),
	text.InjectionName:  scorer(func(config text.Config, _ string) (score.Scorer, error) { return text.NewInjection(config) }),
	text.ToxicityName:   scorer(func(config text.Config, _ string) (score.Scorer, error) { return text.NewToxicity(config) }),
	text.DegenerateName: scorer(func(config text.DegenerateConfig, _ string) (score.Scorer, error) { return text.NewDegenerate(config) }),

	ground.GroundednessName: scorer(func(config ground.Config, _ string) (score.Scorer, error) { return ground.NewGroundedness(config) }),
	ground.RelevanceName:    scorer(func(config ground.Config, _ string) (score.Scorer, error) { return ground.NewRelevance(config) }),

	pattern.PIIName:     scorer(func(config pattern.PIIConfig, _ string) (score.Scorer, error) { return pattern.NewPII(config) }),
	pattern.SecretsName: scorer(func(config pattern.SecretsConfig, _ string) (score.Scorer, error) { return pattern.NewSecrets(config) }),
}

// entry is a scorer that can be configured: check tells the mistakes in its settings that need no other file, build makes it.
type entry struct {
	check, build func(settings map[string]any, dir string) (score.Scorer, error)
}

func scorer[Config any](build func(Config, string) (score.Scorer, error)) entry {
	return entry{
		check: func(settings map[string]any, _ string) (score.Scorer, error) {
			_, err := decode[Config](settings)
			return nil, err
		},
		build: func(settings map[string]any, dir string) (score.Scorer, error) {
			config, err := decode[Config](settings)
			if err != nil {
				return nil, err
			}
			return build(config, dir)
		},
	}
}

// Names are the scorers that exist, sorted.
func Names() []string { return slices.Sorted(maps.Keys(registry)) }

//go:embed default.yaml
var defaultFile []byte

// Default is the configuration without a scorer file: every scorer that needs no settings.
func Default() score.Config {
	config, err := Parse(defaultFile)
	if err != nil {
		panic(err) // the embedded file is tested
	}
	return config
}

// Load reads a scorer file. Relative names in it start from its folder.
func Load(path string) (score.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return score.Config{}, fmt.Errorf("read scorer file: %w", err)
	}
	config, err := Parse(text)
	if err != nil {
		return score.Config{}, keyed("scorer file "+path, err)
	}
	config.Dir = filepath.Dir(path)
	return config, nil
}

// Decode reads a scorer file that was already parsed, as part of the Collector's configuration.
func Decode(content map[string]any) (score.Config, error) {
	text, err := yaml.Marshal(content)
	if err != nil {
		return score.Config{}, err
	}
	return Parse(text)
}

// Parse reads the text of a scorer file. A text that is no such file is an error, which then tells all other mistakes too,
// as far as they show without looking at other files; those of a well-formed file are left to New.
func Parse(text []byte) (score.Config, error) {
	var config score.Config
	err := strict(text, &config)
	if bad, ok := errors.AsType[malformed](err); ok {
		_, others := assemble(config, check)
		return score.Config{}, errors.Join(bad, others)
	}
	if err != nil {
		return score.Config{}, err
	}
	return config, nil
}

// New makes the set: first what was reported, then the scorers of the configuration by name, then its rules in their
// order. All mistakes are reported at once, one line each: key, rule and value.
func New(config score.Config) (*score.Set, error) {
	list, err := assemble(config, build)
	if err != nil {
		return nil, err
	}
	return score.NewSet(list...), nil
}

// action is what is done with a scorer of a configuration.
type action func(e entry, settings map[string]any, dir string) (score.Scorer, error)

func check(e entry, settings map[string]any, dir string) (score.Scorer, error) {
	return e.check(settings, dir)
}

func build(e entry, settings map[string]any, dir string) (score.Scorer, error) {
	return e.build(settings, dir)
}

// assemble makes the scorers of a configuration.
func assemble(config score.Config, do action) ([]score.Scorer, error) {
	list := []score.Scorer{outcome.New()}
	errs := []error{config.Validate()}
	for _, name := range slices.Sorted(maps.Keys(config.Scorers)) {
		known, ok := registry[name]
		if !ok {
			errs = append(errs, fmt.Errorf("scorers.%s: there is no such scorer, expected one of %s", name, strings.Join(Names(), ", ")))
			continue
		}
		s, err := do(known, config.Scorers[name], config.Dir)
		if err != nil {
			errs = append(errs, keyed("scorers."+name, err))
			continue
		}
		list = append(list, s)
	}
	for i, r := range config.Rules {
		if _, taken := registry[r.Name]; taken || r.Name == outcome.Name {
			errs = append(errs, fmt.Errorf("rules[%d].name must not be the name of a scorer, got %q", i, r.Name))
			continue
		}
		if strings.TrimSpace(r.Fail) == "" { // which Validate told
			continue
		}
		s, err := rule.New(r)
		if err != nil {
			errs = append(errs, keyed(fmt.Sprintf("rules[%d] (%s)", i, r.Name), err))
			continue
		}
		list = append(list, s)
	}
	return list, errors.Join(errs...)
}

// keyed puts a key before each line of an error.
func keyed(key string, err error) error {
	if err == nil {
		return nil
	}
	var errs []error
	for line := range strings.SplitSeq(err.Error(), "\n") {
		errs = append(errs, fmt.Errorf("%s: %s", key, line))
	}
	return errors.Join(errs...)
}
