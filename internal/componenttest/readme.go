// Package componenttest holds what the tests of our components share.
package componenttest

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
)

// fence is a fenced block of YAML.
var fence = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// fileName is the first line of a block that shows a file which another block refers to: `# scorers.yaml`.
var fileName = regexp.MustCompile(`^# ([\w./-]+\.ya?ml)\n`)

// sections are the keys of a Collector's configuration that hold components.
var sections = []string{"receivers", "processors", "connectors", "exporters", "extensions"}

// README decodes and validates every fenced yaml block of a component's README, with the defaults of its factory, as the
// Collector does: strictly, with ${env:…} and ${file:…} resolved. A block is (part of) a configuration with the component
// in its section, such as
//
//	processors:
//	  llm_failure:
//
// or, where its first line is a comment with the name of a file, the content of that file, which other blocks can then
// refer to. A block that does neither is a mistake, and so is a README without a block.
func README(t *testing.T, factory component.Factory, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	dir := t.TempDir()
	files, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, files.Close()) })
	var blocks []string
	for _, m := range fence.FindAllSubmatch(text, -1) {
		block := string(m[1])
		name := fileName.FindStringSubmatch(block)
		if name == nil {
			blocks = append(blocks, block)
			continue
		}
		require.NoError(t, files.MkdirAll(filepath.Dir(name[1]), 0o700))
		require.NoError(t, files.WriteFile(name[1], []byte(block), 0o600))
	}
	require.NotEmpty(t, blocks, "%s shows no configuration", path)
	t.Chdir(dir) // relative names start there
	for _, block := range blocks {
		configured := false
		for id, conf := range ofType(t, Resolve(t, block), factory.Type()) {
			configured = true
			cfg := factory.CreateDefaultConfig()
			require.NoError(t, conf.Unmarshal(cfg), "%s in\n%s", id, block)
			require.NoError(t, confmap.Validate(cfg), "%s in\n%s", id, block)
		}
		require.True(t, configured, "no %s in\n%s", factory.Type(), block)
	}
}

// Resolve reads a text of YAML as the Collector does, with ${env:…}, ${file:…} and ${yaml:…} resolved.
func Resolve(t *testing.T, text string) *confmap.Conf {
	t.Helper()
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: []string{"yaml:" + text},
		ProviderFactories: []confmap.ProviderFactory{
			yamlprovider.NewFactory(), fileprovider.NewFactory(), envprovider.NewFactory(),
		},
		DefaultScheme: "env",
	})
	require.NoError(t, err)
	conf, err := resolver.Resolve(context.Background())
	require.NoError(t, err, text)
	require.NoError(t, resolver.Shutdown(context.Background()))
	return conf
}

// ofType finds the configurations of a component in all sections, by component ID.
func ofType(t *testing.T, conf *confmap.Conf, typ component.Type) map[string]*confmap.Conf {
	t.Helper()
	found := map[string]*confmap.Conf{}
	for _, section := range sections {
		all, err := conf.Sub(section)
		require.NoError(t, err)
		for id := range all.ToStringMap() {
			kind, _, _ := strings.Cut(id, "/")
			if kind != typ.String() {
				continue
			}
			one, err := all.Sub(id)
			require.NoError(t, err)
			found[section+"::"+id] = one
		}
	}
	return found
}
