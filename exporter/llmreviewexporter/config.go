package llmreviewexporter

import (
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/faultline-otel/faultline/internal/pipeline"
)

// Config is what users write.
type Config struct {
	// Review is the extension that owns the store.
	Review component.ID `mapstructure:"review"`

	// Redact is what is replaced before anything is queued or stored: pii, secrets. Empty: nothing.
	Redact []string `mapstructure:"redact"`

	// Timeout bounds one attempt to write a batch.
	Timeout exporterhelper.TimeoutConfig                             `mapstructure:",squash"`
	Retry   configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`
	Queue   configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`

	_ struct{}
}

// Validate checks what is to be redacted.
func (c *Config) Validate() error {
	_, err := pipeline.NewRedactor(c.Redact)
	return err
}

// Defaults of the queue, in bytes.
const (
	queueSize = 64 << 20
	batchSize = 1 << 20
)

func createDefaultConfig() component.Config {
	queue := exporterhelper.NewDefaultQueueConfig()
	// Traces differ in size a thousand times: bytes are what memory is bounded by.
	queue.Sizer, queue.QueueSize = exporterhelper.RequestSizerTypeBytes, queueSize
	// The store writes one batch at a time. A second consumer would wait, and could put the late spans of a trace before
	// the failing span that makes the trace an item.
	queue.NumConsumers = 1
	batch := queue.Batch.GetOrInsertDefault()
	// Each batch costs one fsync. There is no upper bound: a batch that is split can cut a trace in two.
	batch.Sizer, batch.MinSize, batch.MaxSize = exporterhelper.RequestSizerTypeBytes, batchSize, 0
	// What cannot be written waits until the store works again, as long as the queue has room.
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0
	return &Config{
		Review:  component.MustNewID("llm_review"),
		Timeout: exporterhelper.TimeoutConfig{Timeout: 30 * time.Second},
		Retry:   retry,
		Queue:   configoptional.Some(queue),
	}
}
