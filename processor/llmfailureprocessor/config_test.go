package llmfailureprocessor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/faultline-otel/faultline/internal/componenttest"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/price/pricefile"
)

func load(t *testing.T, file string) (*Config, error) {
	t.Helper()
	conf, err := confmaptest.LoadConf(file)
	require.NoError(t, err)
	cfg := NewFactory().CreateDefaultConfig().(*Config)
	if err := conf.Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestConfigIsRead(t *testing.T) {
	cfg, err := load(t, filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	require.True(t, cfg.Evidence.Content)
	require.Equal(t, "testdata/schemas", cfg.SchemaDir)
	set, _, err := cfg.set()
	require.NoError(t, err)
	var names []string
	for _, s := range set.Scorers() {
		names = append(names, s.Name())
	}
	require.Subset(t, names, []string{"tool_arguments", "json_schema"})
	require.Equal(t, int64(16), cfg.LogContent.LimitMiB)
}

// TestPriceFileByPathAndInline checks that a price file gives the same book by path, inline through ${file:…}, and in
// the CLI.
func TestPriceFileByPathAndInline(t *testing.T) {
	const file = "testdata/prices.yaml"
	content, err := confmaptest.LoadConf(file)
	require.NoError(t, err)
	own, err := pricefile.Load(file)
	require.NoError(t, err)
	want, err := price.Embedded().With(own)
	require.NoError(t, err)
	for name, prices := range map[string]map[string]any{"by path": {"file": file}, "inline": content.ToStringMap()} {
		cfg := NewFactory().CreateDefaultConfig().(*Config)
		cfg.Prices = prices
		require.NoError(t, confmap.Validate(cfg), name)
		book, err := cfg.book()
		require.NoError(t, err, name)
		require.Equal(t, want.Version(), book.Version(), name)
		require.NotEqual(t, price.Embedded().Version(), book.Version())
	}
}

func TestDefaultConfigHasScorers(t *testing.T) {
	cfg := NewFactory().CreateDefaultConfig().(*Config)
	require.NoError(t, confmap.Validate(cfg))
	set, _, err := cfg.set()
	require.NoError(t, err)
	require.NotEmpty(t, set.Scorers())
}

// TestConfigErrors compares the errors for testdata/invalid_*.yaml with the comment at the top of each file.
func TestConfigErrors(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "invalid_*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			var want, config []string
			for line := range strings.Lines(string(text)) {
				if message, ok := strings.CutPrefix(line, "# "); ok {
					want = append(want, message)
				} else {
					config = append(config, line)
				}
			}
			_, err = load(t, file)
			require.Error(t, err)
			got := err.Error() + "\n"
			if *update {
				text := "# " + strings.ReplaceAll(strings.TrimSpace(got), "\n", "\n# ") + "\n" + strings.Join(config, "")
				require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
				return
			}
			require.Equal(t, strings.Join(want, ""), got)
		})
	}
}

func TestConfigurationInTheReadmeIsValid(t *testing.T) {
	componenttest.README(t, NewFactory(), "README.md")
}
