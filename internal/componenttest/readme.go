// Package componenttest holds what the tests of our components share.
package componenttest

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
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
	blocks, _ := Examples(t, path)
	require.NotEmpty(t, blocks, "%s shows no configuration", path)
	for _, block := range blocks {
		configured := false
		for _, c := range Components(t, Resolve(t, block)) {
			if c.ID.Type() != factory.Type() {
				continue
			}
			configured = true
			c.Validate(t, factory)
		}
		require.True(t, configured, "no %s in\n%s", factory.Type(), block)
	}
}

// Examples are the fenced yaml blocks of a document: those that show a configuration, and the names of the files that the
// others show. It writes these into a folder, and the rest of the test runs there, so that relative names find them.
func Examples(t *testing.T, path string) (blocks, files []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, root.Close()) })
	for _, m := range fence.FindAllSubmatch(text, -1) {
		block := string(m[1])
		name := fileName.FindStringSubmatch(block)
		if name == nil {
			blocks = append(blocks, block)
			continue
		}
		require.NoError(t, root.MkdirAll(filepath.Dir(name[1]), 0o700))
		require.NoError(t, root.WriteFile(name[1], []byte(block), 0o600))
		files = append(files, name[1])
	}
	t.Chdir(dir)
	return blocks, files
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

// Configured is a component as a configuration has it.
type Configured struct {
	Section string // such as processors
	ID      component.ID
	conf    *confmap.Conf
}

// Validate decodes it over the defaults of its factory, and has it say what is wrong.
func (c Configured) Validate(t *testing.T, factory component.Factory) {
	t.Helper()
	cfg := factory.CreateDefaultConfig()
	require.NoError(t, c.conf.Unmarshal(cfg), "%s::%s", c.Section, c.ID)
	require.NoError(t, confmap.Validate(cfg), "%s::%s", c.Section, c.ID)
}

// Components are those of all sections.
func Components(t *testing.T, conf *confmap.Conf) []Configured {
	t.Helper()
	var found []Configured
	for _, section := range sections {
		all, err := conf.Sub(section)
		require.NoError(t, err)
		for name := range all.ToStringMap() {
			var id component.ID
			require.NoError(t, id.UnmarshalText([]byte(name)))
			one, err := all.Sub(name)
			require.NoError(t, err)
			found = append(found, Configured{section, id, one})
		}
	}
	return found
}
