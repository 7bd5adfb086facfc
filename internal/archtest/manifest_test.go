package archtest

import (
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// manifest is the part of builder-config.yaml that the tests read.
type manifest struct {
	Receivers  []entry `yaml:"receivers"`
	Processors []entry `yaml:"processors"`
	Connectors []entry `yaml:"connectors"`
	Exporters  []entry `yaml:"exporters"`
	Extensions []entry `yaml:"extensions"`
	Providers  []entry `yaml:"providers"`
	Converters []entry `yaml:"converters"`
}

type entry struct {
	GoMod  string `yaml:"gomod"`
	Import string `yaml:"import"`
}

func (e entry) importPath() string {
	if e.Import != "" {
		return e.Import
	}
	path, _, _ := strings.Cut(e.GoMod, " ")
	return path
}

func (m manifest) entries() []entry {
	return slices.Concat(
		m.Receivers, m.Processors, m.Connectors, m.Exporters, m.Extensions, m.Providers, m.Converters,
	)
}

func readManifest(t *testing.T) manifest {
	t.Helper()
	b, err := os.ReadFile("../../builder-config.yaml")
	require.NoError(t, err)
	var m manifest
	require.NoError(t, yaml.Unmarshal(b, &m))
	return m
}

// TestManifestIsWhatIsBuilt compares the generated main with the manifest. A listed component that was not generated
// would be missing from the binary without a build error.
func TestManifestIsWhatIsBuilt(t *testing.T) {
	var want []string
	for _, e := range readManifest(t).entries() {
		want = append(want, e.importPath())
	}

	var got []string
	for _, name := range []string{"components.go", "main.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), "../../cmd/otelcol-faultline/"+name, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, i := range file.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			require.NoError(t, err)
			if i.Name != nil && !strings.HasPrefix(path, "go.opentelemetry.io/collector/service/") {
				got = append(got, path)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	require.Equal(t, want, got, "run make generate")
}

// TestManifestPinsWhatIsLinked compares the versions in the manifest with go.mod. ocb does not write go.mod, because
// the distribution is built in this module.
func TestManifestPinsWhatIsLinked(t *testing.T) {
	b, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	required := map[string]string{}
	for line := range strings.SplitSeq(string(b), "\n") {
		if fields := strings.Fields(line); len(fields) >= 2 && strings.HasPrefix(fields[1], "v") {
			required[fields[0]] = fields[1]
		}
	}
	for _, e := range readManifest(t).entries() {
		path, version, _ := strings.Cut(e.GoMod, " ")
		if path+"/" == module {
			continue
		}
		require.Equal(t, version, required[path], "%s: builder-config.yaml and go.mod differ", path)
	}
}

// TestEveryComponentIsShipped finds components that are not part of the distribution.
func TestEveryComponentIsShipped(t *testing.T) {
	var listed []string
	for _, e := range readManifest(t).entries() {
		listed = append(listed, ours(e.importPath()))
	}
	for _, kind := range kinds {
		folders, err := os.ReadDir("../../" + kind)
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		for _, f := range folders {
			require.Contains(t, listed, kind+"/"+f.Name(), "not in builder-config.yaml")
		}
	}
}
