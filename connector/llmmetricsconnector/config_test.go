package llmmetricsconnector

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	ours "github.com/faultline-otel/faultline/internal/componenttest"
)

// load reads a file like the Collector: over the defaults, with validation of nested settings.
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
		FlushInterval:       time.Minute,
		InstanceID:          "gateway-7",
		MaxSeries:           10_000,
		MaxSeriesPerService: 500,
		SeriesIdle:          10 * time.Minute,
		SessionIdle:         time.Hour,
		MaxSessions:         1000,
		Drift:               DriftConfig{MaxSeries: 20},
		Storage:             &storage,
		CheckpointInterval:  10 * time.Second,
	}, cfg)
}

func TestInvalidConfig(t *testing.T) {
	for file, want := range map[string]string{
		"invalid_flush_interval.yaml": "flush_interval must be between 100ms and 5m0s, got 10ms",
		"invalid_everything.yaml": "flush_interval must be between 100ms and 5m0s, got 10m0s\n" +
			"instance_id must be at most 128 bytes, got 129\n" +
			"max_series must be positive, got 0\n" +
			"max_series_per_service must be positive, got -1\n" +
			"series_idle must be 0 or at least twice flush_interval (10m0s), got 1m0s\n" +
			"session_idle must be at least 1s, got 0s\n" +
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

func TestExamplesInTheREADMEAreValid(t *testing.T) {
	ours.README(t, NewFactory(), "README.md")
}
