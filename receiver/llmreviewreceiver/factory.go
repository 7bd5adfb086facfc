package llmreviewreceiver

import (
	"context"
	"crypto/rand"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/faultline-otel/faultline/receiver/llmreviewreceiver/internal/metadata"
)

// NewFactory makes the factory of llm_review.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(metadata.Type, createDefaultConfig, receiver.WithLogs(createLogs, metadata.LogsStability))
}

func createLogs(
	_ context.Context, set receiver.Settings, config component.Config, next consumer.Logs,
) (receiver.Logs, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &labels{
		config: config.(*Config), telemetry: telemetry, logger: set.Logger, next: next, reader: set.ID.String(),
		process: rand.Text(),
	}, nil
}
