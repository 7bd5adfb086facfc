// Package scorers builds a set of scorers from a scorer file. It is the one place that knows all of them.
package scorers

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/outcome"
	"github.com/faultline-otel/faultline/internal/score/rule"
	"github.com/faultline-otel/faultline/internal/score/schema"
	"github.com/faultline-otel/faultline/internal/score/toolcall"
)

// registry holds how each scorer is made from its settings, by its key in the scorer file.
var registry = map[string]func(settings map[string]any, dir string) (score.Scorer, error){
	toolcall.Name: func(settings map[string]any, _ string) (score.Scorer, error) {
		config, err := decode[toolcall.Config](settings)
		if err != nil {
			return nil, err
		}
		return toolcall.New(config)
	},
	schema.Name: func(settings map[string]any, dir string) (score.Scorer, error) {
		config, err := decode[schema.Config](settings)
		if err != nil {
			return nil, err
		}
		return schema.New(config, dir)
	},
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
		return score.Config{}, fmt.Errorf("scorer file %s: %w", path, err)
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

// Parse reads the text of a scorer file. An unknown key is an error.
func Parse(text []byte) (score.Config, error) {
	var config score.Config
	if err := strict(text, &config); err != nil {
		return score.Config{}, err
	}
	return config, config.Validate()
}

// New makes the set: first what was reported, then the scorers of the configuration by name, then its rules in their
// order. All mistakes are reported at once, one line each: key, rule and value.
func New(config score.Config) (*score.Set, error) {
	list := []score.Scorer{outcome.New()}
	var errs []error
	fail := func(key string, err error) {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			errs = append(errs, fmt.Errorf("%s: %s", key, line))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(config.Scorers)) {
		build, ok := registry[name]
		if !ok {
			errs = append(errs, fmt.Errorf("scorers.%s: there is no such scorer, expected one of %s", name, strings.Join(Names(), ", ")))
			continue
		}
		s, err := build(config.Scorers[name], config.Dir)
		if err != nil {
			fail("scorers."+name, err)
			continue
		}
		list = append(list, s)
	}
	for i, r := range config.Rules {
		if _, taken := registry[r.Name]; taken || r.Name == outcome.Name {
			errs = append(errs, fmt.Errorf("rules[%d].name must not be the name of a scorer, got %q", i, r.Name))
			continue
		}
		s, err := rule.New(r)
		if err != nil {
			fail(fmt.Sprintf("rules[%d] (%s)", i, r.Name), err)
			continue
		}
		list = append(list, s)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return score.NewSet(list...), nil
}

// decode reads the settings of one scorer into its configuration; an unknown key is an error.
func decode[T any](settings map[string]any) (config T, err error) {
	if len(settings) == 0 {
		return config, nil
	}
	text, err := yaml.Marshal(settings)
	if err != nil {
		return config, err
	}
	return config, strict(text, &config)
}

// strict decodes YAML and refuses keys that the target does not have.
func strict(text []byte, target any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err := d.Decode(target)
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty")
	}
	if bad, ok := errors.AsType[*yaml.TypeError](err); ok {
		var errs []error
		for _, line := range bad.Errors {
			errs = append(errs, errors.New(plain(line)))
		}
		return errors.Join(errs...)
	}
	return err
}

// plain turns the words of the YAML library, which name Go types, into those of a user.
func plain(line string) string {
	if line, _, ok := strings.Cut(line, " not found in type "); ok {
		return strings.Replace(line, "field ", "unknown key ", 1)
	}
	return strings.NewReplacer("!!", "", "cannot unmarshal ", "must be of another type, got ").Replace(line)
}
