package llmmetricsconnector

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

// load reads a file as the Collector does: over the defaults, then validated with all that is nested.
func load(t *testing.T, conf *confmap.Conf) (*Config, error) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	if err := conf.Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestConfigIsRead(t *testing.T) {
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "configs", "valid.yaml"))
	require.NoError(t, err)
	cfg, err := load(t, conf)
	require.NoError(t, err)
	storage := component.MustNewIDWithName("file_storage", "metrics")
	require.Equal(t, &Config{
		FlushInterval: time.Minute, InstanceID: "gateway-7", MaxSeries: 10_000, MaxSeriesPerService: 500,
		SessionIdle: time.Hour, MaxSessions: 1000, Drift: DriftConfig{MaxSeries: 20}, Storage: &storage, CheckpointInterval: 10 * time.Second,
	}, cfg)
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	for file, want := range map[string]string{
		"invalid_flush_interval.yaml": "flush_interval must be between 100ms and 5m0s, got 10ms",
		"invalid_everything.yaml": "flush_interval must be between 100ms and 5m0s, got 10m0s\n" +
			"instance_id must be at most 128 bytes, got 129\n" +
			"max_series must be positive, got 0\n" +
			"max_series_per_service must be positive, got -1\n" +
			"session_idle must be positive, got 0s\n" +
			"max_sessions must be positive, got -5\n" +
			"checkpoint_interval must be at least 1s, got 100ms\n" +
			"drift: max_series must not be negative, got -1",
		"invalid_key.yaml": "has invalid keys: flush_intervall",
	} {
		conf, err := confmaptest.LoadConf(filepath.Join("testdata", "configs", file))
		require.NoError(t, err)
		_, err = load(t, conf)
		require.ErrorContains(t, err, want, file)
	}
}

// TestConfigurationInTheReadmeIsValid loads every example of the README, so that it cannot drift from the code.
func TestConfigurationInTheReadmeIsValid(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := strings.Split(string(readme), "```yaml\n")[1:]
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		retrieved, err := confmap.NewRetrievedFromYAML([]byte(block))
		require.NoError(t, err, block)
		conf, err := retrieved.AsConf()
		require.NoError(t, err, block)
		found := 0
		for _, key := range conf.AllKeys() {
			require.True(t, strings.HasPrefix(key, "connectors::llm_metrics") || strings.HasPrefix(key, "service::"), "%s: not ours", key)
			found++
		}
		require.Positive(t, found)
		connectors, err := conf.Sub("connectors")
		require.NoError(t, err)
		for name := range connectors.ToStringMap() {
			ours, err := connectors.Sub(name)
			require.NoError(t, err)
			_, err = load(t, ours)
			require.NoError(t, err, block)
		}
	}
}
