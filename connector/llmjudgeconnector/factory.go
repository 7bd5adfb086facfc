package llmjudgeconnector

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"

	"github.com/faultline-otel/faultline/connector/llmjudgeconnector/internal/metadata"
)

// NewFactory returns the factory of llm_judge.
func NewFactory() connector.Factory {
	return connector.NewFactory(metadata.Type, createDefaultConfig,
		connector.WithTracesToLogs(createTracesToLogs, metadata.TracesToLogsStability))
}

func createTracesToLogs(
	ctx context.Context,
	set connector.Settings,
	cfg component.Config,
	next consumer.Logs,
) (connector.Traces, error) {
	return newBench(ctx, set, cfg.(*Config), next)
}
