// Package componenttest has helpers for the tests of components.
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

// fileName is the first line of a block that is a file for another block: `# scorers.yaml`.
var fileName = regexp.MustCompile(`^# ([\w./-]+\.ya?ml)\n`)

// sections are the keys of a Collector configuration that hold components.
var sections = []string{"receivers", "processors", "connectors", "exporters", "extensions"}

// README decodes and validates every fenced YAML block of a component's README like the Collector: strictly, over the
// defaults of the factory, with ${env:…} and ${file:…} resolved. A block is a configuration, or a part of one, with the
// component in its section, such as
//
//	processors:
//	  llm_failure:
//
// or the content of a file that other blocks refer to, if its first line is a comment with the name of the file. Other
// blocks are errors, and so is a README without a block.
func README(t *testing.T, factory component.Factory, path string) {
	t.Helper()
	blocks, _ := Examples(t, path)
	require.NotEmpty(t, blocks, "%s has no configuration", path)
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

// Examples returns the fenced YAML blocks of a document that are configurations, and the names of the files in the
// other blocks. It writes the files to a folder and changes the test's working directory to it, so that relative names
// find them.
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

// Resolve reads YAML like the Collector, with ${env:…}, ${file:…} and ${yaml:…} resolved.
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

// Configured is a component in a configuration.
type Configured struct {
	Section string // such as processors
	ID      component.ID
	conf    *confmap.Conf
}

// Validate decodes the component's configuration over the defaults of its factory, and validates it.
func (c Configured) Validate(t *testing.T, factory component.Factory) {
	t.Helper()
	cfg := factory.CreateDefaultConfig()
	require.NoError(t, c.conf.Unmarshal(cfg), "%s::%s", c.Section, c.ID)
	require.NoError(t, confmap.Validate(cfg), "%s::%s", c.Section, c.ID)
}

// Components returns the components of all sections.
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
