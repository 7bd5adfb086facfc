package llmreviewexporter

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/faultline-otel/faultline/internal/componenttest"
)

// load reads a file as the Collector does: over the defaults, then validated with all that is nested.
func load(t *testing.T, file string) (*Config, error) {
	t.Helper()
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "configs", file))
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	if err := conf.Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestConfigIsRead(t *testing.T) {
	cfg, err := load(t, "valid.yaml")
	require.NoError(t, err)
	require.Equal(t, component.MustNewIDWithName("llm_review", "team"), cfg.Review)
	require.Equal(t, 5*time.Second, cfg.Timeout.Timeout)
	require.Equal(t, time.Minute, cfg.Retry.MaxElapsedTime)
	require.Equal(t, int64(100), cfg.Queue.Get().QueueSize)
	require.Equal(t, 1, cfg.Queue.Get().NumConsumers, "what is not written keeps its default")
	require.Equal(t, exporterhelper.RequestSizerTypeBytes, cfg.Queue.Get().Batch.Get().Sizer)
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	for file, want := range map[string]string{
		"invalid_queue.yaml":   "sending_queue: `queue_size` must be positive",
		"invalid_redact.yaml":  "redact[1] must be pii or secrets, got \"names\"",
		"invalid_key.yaml":     "has invalid keys: revue",
		"invalid_review.yaml":  `in "no such/" id`,
		"invalid_timeout.yaml": "'timeout' must be non-negative",
	} {
		_, err := load(t, file)
		require.ErrorContains(t, err, want, file)
	}
}

func TestConfigurationInTheReadmeIsValid(t *testing.T) {
	componenttest.README(t, NewFactory(), "README.md")
}
