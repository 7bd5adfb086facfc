package llmmetricsconnector

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"

	"github.com/faultline-otel/faultline/connector/llmmetricsconnector/internal/metadata"
)

// NewFactory returns the factory of llm_metrics.
func NewFactory() connector.Factory {
	f := &factory{}
	return connector.NewFactory(metadata.Type, createDefaultConfig,
		connector.WithTracesToMetrics(f.createTracesToMetrics, metadata.TracesToMetricsStability),
		connector.WithTracesToLogs(f.createTracesToLogs, metadata.TracesToLogsStability),
		connector.WithLogsToMetrics(f.createLogsToMetrics, metadata.LogsToMetricsStability))
}

func (f *factory) createTracesToMetrics(
	_ context.Context,
	set connector.Settings,
	cfg component.Config,
	next consumer.Metrics,
) (connector.Traces, error) {
	c, err := f.counter(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	c.spans, c.metrics = true, next
	return &spans{end{counter: c, metrics: true}}, nil
}

func (f *factory) createTracesToLogs(
	_ context.Context,
	set connector.Settings,
	cfg component.Config,
	next consumer.Logs,
) (connector.Traces, error) {
	c, err := f.counter(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	c.logs = next
	return &versions{end{counter: c}}, nil
}

func (f *factory) createLogsToMetrics(
	_ context.Context,
	set connector.Settings,
	cfg component.Config,
	next consumer.Metrics,
) (connector.Logs, error) {
	c, err := f.counter(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	c.metrics = next
	return &evaluations{end{counter: c, metrics: true}}, nil
}
