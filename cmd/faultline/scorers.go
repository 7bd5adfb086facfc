package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/cases"
	outcomes "github.com/faultline-otel/faultline/internal/score/outcome"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/strictyaml"
)

func newScorers() *cobra.Command {
	c := &cobra.Command{
		Use:   "scorers",
		Short: "Check, test and explain scorer files",
		Args:  func(_ *cobra.Command, args []string) error { return unknown("faultline scorers", args) },
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newScorersLint(), newScorersTest(), newScorersExplain())
	return c
}

func newScorersLint() *cobra.Command {
	return &cobra.Command{
		Use:   "lint FILE...",
		Short: "Find mistakes in scorer files: key, rule, value",
		Long: `Find mistakes in scorer files, each on a line with key, rule and value. In files without mistakes, find rules that will
disappoint: those that fail calls of which no content was recorded, and those that break on calls without tools.

Exit codes: 0 nothing found, 1 a rule will disappoint, 2 a file has mistakes.`,
		Args: namedFiles,
		RunE: func(c *cobra.Command, args []string) error {
			found := 0
			for _, name := range args {
				set, err := loadScorers(name)
				if err != nil {
					return err
				}
				config, err := scorers.Load(name)
				if err != nil {
					return exitError{exitUsage, err}
				}
				for _, fault := range disappointing(set, config) {
					fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", name, fault)
					found++
				}
				fmt.Fprintf(c.ErrOrStderr(), "%s: %s and %s\n", name, count(len(set.Scorers())-len(config.Rules), "scorer"),
					count(len(config.Rules), "rule"))
			}
			if found > 0 {
				return exitError{code: exitFailure}
			}
			return nil
		},
	}
}

// disappointing runs the rules on calls that say next to nothing.
func disappointing(set *score.Set, config score.Config) (faults []string) {
	spoken := &genai.Call{Operation: genai.OpChat, FinishReasonsCanonical: []string{"stop"}}
	spoken.SetContent(genai.Content{
		Input:  []genai.Message{{Role: genai.RoleUser, Text: "Hello!"}},
		Output: []genai.Message{{Role: genai.RoleAssistant, Text: "Hello, what can I do for you?"}},
	})
	silent := &genai.Call{Operation: genai.OpChat}
	silent.SetContent(genai.Content{})
	for i, r := range config.Rules {
		at := slices.IndexFunc(set.Scorers(), func(s score.Scorer) bool { return s.Name() == r.Name })
		if at < 0 {
			continue
		}
		place := fmt.Sprintf("rules[%d] (%s): ", i, r.Name)
		var result score.Result
		set.Scorers()[at].Score(silent, &result)
		if len(result.Findings) > 0 {
			faults = append(faults, place+`fails a call without recorded content; add to when: output != ""`)
		}
		result.Reset()
		set.Scorers()[at].Score(spoken, &result)
		for _, p := range result.Problems {
			faults = append(faults, fmt.Sprintf("%sbreaks on an answer without tool calls: %s; add a condition to when", place,
				p.Detail))
		}
	}
	return faults
}

func newScorersTest() *cobra.Command {
	var caseFiles []string
	c := &cobra.Command{
		Use:   "test FILE",
		Short: "Run the cases of a scorer file",
		Long: `Run the cases of a scorer file: calls with what has to be found in them, and what must not be. The cases of
scorers.yaml are in scorers.cases.yaml and in scorers.*.cases.yaml beside it, or where --cases says.
docs/guides/scorers.md describes the format. Nothing else is needed: no Collector, no network.

Exit codes: 0 all cases hold, 1 one does not, 2 a file has mistakes.`,
		Example: "  faultline scorers test scorers.yaml",
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			set, err := loadScorers(args[0])
			if err != nil {
				return err
			}
			files := caseFiles
			if len(files) == 0 {
				if files, err = besides(args[0]); err != nil {
					return err
				}
			}
			held, missed := 0, 0
			for _, name := range files {
				list, err := cases.Load(name, set)
				if err != nil {
					return exitError{exitUsage, err}
				}
				for i := range list {
					misses := list[i].Check(set)
					for _, miss := range misses {
						fmt.Fprintf(c.OutOrStdout(), "%s: %s: %s\n", name, list[i].Name, miss)
					}
					if len(misses) > 0 {
						missed++
					} else {
						held++
					}
				}
			}
			fmt.Fprintf(c.ErrOrStderr(), "%s: %s, %d missed\n", args[0], count(held+missed, "case"), missed)
			if missed > 0 {
				return exitError{code: exitFailure}
			}
			return nil
		},
	}
	c.Flags().StringSliceVar(&caseFiles, "cases", nil, "files of cases (default: those beside the scorer file)")
	return c
}

// besides returns the files of cases of a scorer file.
func besides(name string) ([]string, error) {
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		return nil, usage("%w", err)
	}
	var files []string
	for _, e := range entries {
		rest, mine := strings.CutPrefix(e.Name(), filepath.Base(stem)+".")
		if mine && (rest == "cases.yaml" || strings.HasSuffix(rest, ".cases.yaml")) {
			files = append(files, filepath.Join(filepath.Dir(name), e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, usage("%s has no cases: write them to %s.cases.yaml, or give --cases", name, stem)
	}
	return files, nil
}

func newScorersExplain() *cobra.Command {
	var service string
	c := &cobra.Command{
		Use:   "explain [FILE]",
		Short: "Print which scorers run, with versions, thresholds and rules",
		Long: `Print the effective configuration: the scorers that need none, changed by the scorer file, for each service that has
settings of its own. Versions are those that stand on spans, online and in CI.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("%s takes one FILE, got %d", c.CommandPath(), len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			name := strings.Join(args, "")
			set, err := loadScorers(name)
			if err != nil {
				return err
			}
			_, config, err := scorerText(name)
			if err != nil {
				return err
			}
			services := slices.Concat([]string{""}, set.Services())
			if c.Flags().Changed("service") {
				services = []string{service}
			}
			return explainScorers(c.OutOrStdout(), set, config, services)
		},
	}
	c.Flags().StringVar(&service, "service", "", "only for this service")
	return c
}

func explainScorers(out io.Writer, set *score.Set, config score.Config, services []string) error {
	for i, service := range services {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if service == "" {
			fmt.Fprintln(out, "every service without settings of its own:")
		} else {
			fmt.Fprintf(out, "service %s:\n", service)
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "  scorer\tversion\tfail_below\tsuspect_below\tfrom\tsettings")
		own := set.For(service)
		for _, s := range own.Scorers() {
			if slices.ContainsFunc(config.Rules, func(r score.Rule) bool { return r.Name == s.Name() }) {
				continue
			}
			fail, suspect := "-", "-"
			if l, ok := s.(interface{ Levels() score.Levels }); ok {
				fail, suspect = fmt.Sprint(l.Levels().FailBelow), fmt.Sprint(l.Levels().SuspectBelow)
			}
			from, settings := origin(config, service, s.Name())
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\n", s.Name(), s.Version(), fail, suspect, from, settings)
		}
		for _, name := range scorers.Off(own) {
			from, _ := origin(config, service, name)
			fmt.Fprintf(w, "  %s\toff\t-\t-\t%s\t\n", name, from)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	for _, s := range set.Scorers() {
		at := slices.IndexFunc(config.Rules, func(r score.Rule) bool { return r.Name == s.Name() })
		if at < 0 {
			continue
		}
		r := config.Rules[at]
		class := strings.Trim(r.Class+"/"+r.Detail, "/")
		if class == "" {
			class = "bad_answer/rule"
		}
		when := r.When
		if when == "" {
			when = "true"
		}
		fmt.Fprintf(out, "\nrule %s, version %s: %s\n  when %s\n  fail %s\n", r.Name, s.Version(), class, when, r.Fail)
	}
	return nil
}

// origin says where the settings of a scorer are from, and which they are.
func origin(config score.Config, service, scorer string) (from, settings string) {
	if scorer == outcomes.Name {
		return "always", ""
	}
	given := config.Scorers[scorer]
	from = "default"
	if _, own := config.Services[service][scorer]; own {
		from, given = "services."+service, config.Of(service)[scorer]
	} else if given.Off || len(given.Values) > 0 {
		from = "scorers"
	}
	var list []string
	for _, key := range slices.Sorted(maps.Keys(given.Values)) {
		list = append(list, key+": "+strictyaml.Show(given.Values[key]))
	}
	return from, strings.Join(list, ", ")
}
