// Package scorers builds a set of scorers from a scorer file. Only this package knows all of them.
package scorers

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/ground"
	"github.com/faultline-otel/faultline/internal/score/outcome"
	"github.com/faultline-otel/faultline/internal/score/pattern"
	"github.com/faultline-otel/faultline/internal/score/rule"
	"github.com/faultline-otel/faultline/internal/score/schema"
	"github.com/faultline-otel/faultline/internal/score/text"
	"github.com/faultline-otel/faultline/internal/score/toolcall"
	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// registry holds the scorers by their key in the scorer file.
var registry = map[string]entry{
	toolcall.Name: scorer(func(config toolcall.Config, _ string) (score.Scorer, error) { return toolcall.New(config) }),
	schema.Name:   scorer(func(config schema.Config, dir string) (score.Scorer, error) { return schema.New(config, dir) }),

	text.RefusalName: scorer(
		func(config text.Config, _ string) (score.Scorer, error) { return text.NewRefusal(config) },
	),
	text.JailbreakName: scorer(
		func(config text.Config, _ string) (score.Scorer, error) { return text.NewJailbreak(config) },
	),
	text.InjectionName: scorer(
		func(config text.Config, _ string) (score.Scorer, error) { return text.NewInjection(config) },
	),
	text.ToxicityName: scorer(
		func(config text.Config, _ string) (score.Scorer, error) { return text.NewToxicity(config) },
	),
	text.DegenerateName: scorer(
		func(config text.DegenerateConfig, _ string) (score.Scorer, error) { return text.NewDegenerate(config) },
	),

	ground.GroundednessName: scorer(
		func(config ground.Config, _ string) (score.Scorer, error) { return ground.NewGroundedness(config) },
	),
	ground.RelevanceName: scorer(
		func(config ground.Config, _ string) (score.Scorer, error) { return ground.NewRelevance(config) },
	),

	pattern.PIIName: scorer(
		func(config pattern.PIIConfig, _ string) (score.Scorer, error) { return pattern.NewPII(config) },
	),
	pattern.SecretsName: scorer(
		func(config pattern.SecretsConfig, _ string) (score.Scorer, error) { return pattern.NewSecrets(config) },
	),
}

// entry is a scorer that can be configured. check finds the mistakes in its settings that need no other file, build
// makes it.
type entry struct {
	check, build func(settings map[string]any, dir string) (score.Scorer, error)
}

func scorer[Config any](build func(Config, string) (score.Scorer, error)) entry {
	return entry{
		check: func(settings map[string]any, _ string) (score.Scorer, error) {
			return nil, strictyaml.Decode(settings, new(Config))
		},
		build: func(settings map[string]any, dir string) (score.Scorer, error) {
			var config Config
			if err := strictyaml.Decode(settings, &config); err != nil {
				return nil, err
			}
			return build(config, dir)
		},
	}
}

// Names returns the names of all scorers, sorted.
func Names() []string { return slices.Sorted(maps.Keys(registry)) }

// Off returns the names of the scorers that are not in a set, sorted.
func Off(set *score.Set) []string {
	return slices.DeleteFunc(Names(), func(name string) bool {
		return slices.ContainsFunc(set.Scorers(), func(s score.Scorer) bool { return s.Name() == name })
	})
}

//go:embed default.yaml
var defaultFile []byte

// Default returns the configuration without a scorer file: every scorer that needs no settings.
func Default() score.Config {
	config, err := parse(defaultFile)
	if err != nil {
		panic(err) // the embedded file is tested
	}
	return config
}

// Load reads a scorer file. Relative file names in it start from its folder.
func Load(path string) (score.Config, error) {
	text, err := strictyaml.ReadFile(path)
	if err != nil {
		return score.Config{}, errline.Prefix("scorer file "+path, err)
	}
	config, err := Parse(text)
	if err != nil {
		return score.Config{}, errline.Prefix("scorer file "+path, err)
	}
	config.Dir = filepath.Dir(path)
	return config, nil
}

// Decode reads a scorer file that is parsed already, as part of the Collector's configuration. It is Parse otherwise.
func Decode(content map[string]any) (score.Config, error) {
	var config score.Config
	err := strictyaml.Decode(content, &config)
	return onDefault(checked(config, err))
}

// Parse reads the text of a scorer file, and adds it to the default. If the file has keys or values of the wrong form,
// the error also names the other mistakes that show without reading further files. Otherwise these are left to New.
func Parse(text []byte) (score.Config, error) { return onDefault(parse(text)) }

// onDefault puts the content of a scorer file on the default, so that a file states only what it changes.
func onDefault(config score.Config, err error) (score.Config, error) {
	if err != nil {
		return score.Config{}, err
	}
	return config.Over(Default()), nil
}

func parse(text []byte) (score.Config, error) {
	var config score.Config
	err := strictyaml.Unmarshal(text, &config)
	return checked(config, err)
}

func checked(config score.Config, err error) (score.Config, error) {
	mistakes, ok := errors.AsType[strictyaml.MistakesError](err)
	switch {
	case ok:
		errs := []error{mistakes}
		if _, others := assemble(config, check); others != nil {
			for line := range strings.SplitSeq(others.Error(), "\n") {
				if !repeats(mistakes, line) {
					errs = append(errs, errors.New(line))
				}
			}
		}
		return score.Config{}, errors.Join(errs...)
	case err != nil:
		return score.Config{}, err
	}
	return config, nil
}

// repeats reports whether a line is about a rule that is not a mapping, and so has neither name nor expression.
func repeats(mistakes strictyaml.MistakesError, line string) bool {
	return slices.ContainsFunc(mistakes, func(m strictyaml.Mistake) bool {
		return len(m.Path) == 2 && m.Path[0] == "rules" && strings.HasPrefix(m.Text, "must ") &&
			strings.HasPrefix(line, fmt.Sprintf("rules[%d]", m.Path[1]))
	})
}

// New makes the set: first the outcome scorer, then the scorers of the configuration by name, then its rules in order.
// It reports all mistakes at once, one line each: key, rule and value.
func New(config score.Config) (*score.Set, error) {
	return assemble(config, build)
}

// action is what to do with a scorer of a configuration.
type action func(e entry, settings map[string]any, dir string) (score.Scorer, error)

func check(e entry, settings map[string]any, dir string) (score.Scorer, error) {
	return e.check(settings, dir)
}

func build(e entry, settings map[string]any, dir string) (score.Scorer, error) {
	return e.build(settings, dir)
}

// assemble makes the scorers of a configuration.
func assemble(config score.Config, do action) (*score.Set, error) {
	base, err := named("scorers", config.Scorers, config.Dir, do)
	rules, wrong := ruleScorers(config.Rules)
	set := score.NewSet(listOf(base, rules)...)
	errs := []error{config.Validate(), err, wrong}
	for _, service := range slices.Sorted(maps.Keys(config.Services)) {
		own := config.Services[service]
		merged := config.Of(service)
		for name := range merged {
			if _, changed := own[name]; !changed {
				delete(merged, name)
			}
		}
		// What the service does not change it shares.
		scorers, err := named("services."+service, merged, config.Dir, do)
		for name, s := range base {
			if _, changed := own[name]; !changed {
				scorers[name] = s
			}
		}
		errs = append(errs, err)
		set.SetService(service, score.NewSet(listOf(scorers, rules)...))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return set, nil
}

// listOf returns the scorers in the order in which they run.
func listOf(byName map[string]score.Scorer, rules []score.Scorer) []score.Scorer {
	list := []score.Scorer{outcome.New()}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		list = append(list, byName[name])
	}
	return append(list, rules...)
}

// named makes the scorers that are on. place is their place in the file.
func named(
	place string, settings map[string]score.Settings, dir string, do action,
) (map[string]score.Scorer, error) {
	scorers := map[string]score.Scorer{}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		known, ok := registry[name]
		if !ok {
			errs = append(
				errs,
				fmt.Errorf("%s.%s: unknown scorer, expected one of %s", place, name, strings.Join(Names(), ", ")),
			)
			continue
		}
		if settings[name].Off {
			continue
		}
		s, err := do(known, settings[name].Values, dir)
		if err != nil {
			errs = append(errs, errline.Prefix(place+"."+name, err))
			continue
		}
		scorers[name] = s
	}
	return scorers, errors.Join(errs...)
}

// ruleScorers makes the user's own checks.
func ruleScorers(rules []score.Rule) ([]score.Scorer, error) {
	var list []score.Scorer
	var errs []error
	for i, r := range rules {
		if _, taken := registry[r.Name]; taken || r.Name == outcome.Name {
			errs = append(errs, fmt.Errorf("rules[%d].name must not be the name of a scorer, got %q", i, r.Name))
			continue
		}
		if strings.TrimSpace(r.Fail) == "" { // Validate reported it
			continue
		}
		s, err := rule.New(r)
		if err != nil {
			errs = append(errs, errline.Prefix(fmt.Sprintf("rules[%d] (%s)", i, r.Name), err))
			continue
		}
		list = append(list, s)
	}
	return list, errors.Join(errs...)
}
