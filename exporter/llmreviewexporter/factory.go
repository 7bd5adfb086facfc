package llmreviewexporter

import (
	"context"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/faultline-otel/faultline/exporter/llmreviewexporter/internal/metadata"
	"github.com/faultline-otel/faultline/internal/pipeline"
)

// NewFactory makes the factory of llm_review.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithTraces(createTraces, metadata.TracesStability),
	)
}

func createTraces(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Traces, error) {
	cfg := config.(*Config)
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	e := &reviewer{extension: cfg.Review, telemetry: telemetry, logger: set.Logger}
	redactor, err := pipeline.NewRedactor(cfg.Redact)
	if err != nil {
		return nil, err
	}
	traces, err := exporterhelper.NewTraces(ctx, set, cfg, e.put,
		exporterhelper.WithStart(e.start),
		exporterhelper.WithShutdown(e.shutdown),
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		exporterhelper.WithTimeout(cfg.Timeout),
		exporterhelper.WithRetry(cfg.Retry),
		exporterhelper.WithQueue(cfg.Queue))
	if err != nil {
		return nil, err
	}
	if redactor != nil {
		traces = &redacting{Traces: traces, redactor: redactor, telemetry: telemetry}
	}
	queued, err := lru.New[string, struct{}](maxQueued)
	return &selecting{Traces: traces, reviewer: e, queued: queued}, err
}
