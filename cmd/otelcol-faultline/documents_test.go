package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/converter/wiringconverter"
	"github.com/faultline-otel/faultline/internal/componenttest"
)

// elsewhere are documents with YAML that is not for this Collector. Tests of other packages check them: internal/grafana
// for Prometheus, e2e for ocb, cmd/faultline for CI systems, requests, datasets and scorer files.
var elsewhere = []string{
	"docs/reference/alerts.md", "docs/guides/own-build.md", "docs/guides/gate.md", "deploy/ci/README.md",
	"docs/guides/datasets.md", "docs/guides/scorers.md",
}

// TestExamplesInDocumentsAreValid reads every fenced YAML block of every document like this Collector: all components
// that it configures, ours or not, all components in its pipelines, the extensions that they name, and the scorer and
// price files that it shows.
func TestExamplesInDocumentsAreValid(t *testing.T) {
	factories := sections(t)
	shown := map[string]bool{}
	wiring := wiringconverter.NewFactory().Create(confmap.ConverterSettings{Logger: zap.NewNop()})
	t.Setenv("HOOK_SECRET", "of an example")
	t.Setenv("JUDGE_API_KEY", "of an example")
	t.Setenv("SLACK_URL", "https://hooks.example/slack")
	t.Setenv("GITHUB_TOKEN", "of an example")
	t.Setenv("GITHUB_WEBHOOK_SECRET", "of an example")
	for _, document := range documents(t) {
		t.Run(document, func(t *testing.T) {
			blocks, files := componenttest.Examples(t, filepath.Join(home(t), document))
			for _, file := range files {
				block, ok := map[string]string{
					"scorers.yaml": "processors: {llm_failure: {scorers: '${file:scorers.yaml}'}}",
					"prices.yaml":  "processors: {llm_failure: {prices: {file: prices.yaml}}}",
					"refunds.yaml": "connectors: {llm_judge: {endpoint: 'http://127.0.0.1:1/v1', model: m, free: true, " +
						"rubrics: [./refunds.yaml]}}",
				}[file]
				require.True(t, ok, "no component reads a file named %s", file)
				blocks = append(blocks, block)
			}
			for _, block := range blocks {
				conf := componenttest.Resolve(t, block)
				configured := componenttest.Components(t, conf)
				require.NotEmpty(t, configured, "it configures nothing:\n%s", block)
				for _, c := range configured {
					factory := factories[c.Section][c.ID.Type()]
					require.NotNil(t, factory, "%s: this Collector has no %s", c.Section, c.ID)
					c.Validate(t, factory)
					shown[filepath.Dir(document)+" "+c.ID.Type().String()] = true
				}
				pipelines(t, conf, factories)
				if conf.IsSet("service::extensions") { // else it is a part of a configuration
					require.NoError(t, wiring.Convert(t.Context(), conf), block)
				}
			}
		})
	}
	ours, err := filepath.Glob(filepath.Join("..", "..", "*", "*", "metadata.yaml"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(ours), 7, "our own components")
	for _, metadata := range ours {
		text, err := os.ReadFile(metadata)
		require.NoError(t, err)
		typ := regexp.MustCompile(`(?m)^type: (\w+)$`).FindSubmatch(text)
		require.NotNil(t, typ, "%s has no type", metadata)
		folder, err := filepath.Rel(filepath.Join("..", ".."), filepath.Dir(metadata))
		require.NoError(t, err)
		require.True(t, shown[folder+" "+string(typ[1])], "the README of %s has no configuration of it", folder)
	}
}

// pipelines checks the components of pipelines against the configured and available ones.
func pipelines(t *testing.T, conf *confmap.Conf, factories map[string]map[component.Type]component.Factory) {
	t.Helper()
	all, err := conf.Sub("service::pipelines")
	require.NoError(t, err)
	for name, pipeline := range all.ToStringMap() {
		for kind, ids := range pipeline.(map[string]any) {
			for _, id := range ids.([]any) {
				var parsed component.ID
				require.NoError(t, parsed.UnmarshalText([]byte(id.(string))))
				require.True(
					t,
					factories[kind][parsed.Type()] != nil ||
						kind != "processors" && factories["connectors"][parsed.Type()] != nil,
					"pipeline %s: this Collector has no %s among its %s",
					name,
					id,
					kind,
				)
			}
		}
	}
}

// sections are the factories of this Collector by the section of a configuration.
func sections(t *testing.T) map[string]map[component.Type]component.Factory {
	t.Helper()
	f, err := components()
	require.NoError(t, err)
	return map[string]map[component.Type]component.Factory{
		"receivers": all(f.Receivers), "processors": all(f.Processors), "connectors": all(f.Connectors),
		"exporters": all(f.Exporters), "extensions": all(f.Extensions),
	}
}

func all[F component.Factory](of map[component.Type]F) map[component.Type]component.Factory {
	factories := map[component.Type]component.Factory{}
	for typ, factory := range of {
		factories[typ] = factory
	}
	return factories
}

// home returns the root of the repository.
func home(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	return root
}

// documents returns all Markdown files up to three folders deep, by their path from the root.
func documents(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*.md", "*/*.md", "*/*/*.md", "*/*/*/*.md"} {
		found, err := filepath.Glob(filepath.Join("..", "..", pattern))
		require.NoError(t, err)
		for _, path := range found {
			name, err := filepath.Rel(filepath.Join("..", ".."), path)
			require.NoError(t, err)
			if name = filepath.ToSlash(name); !slices.Contains(elsewhere, name) {
				names = append(names, name)
			}
		}
	}
	require.Contains(t, names, "README.md")
	require.Greater(t, len(names), 30)
	return names
}
