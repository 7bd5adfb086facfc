package llmreviewexporter

import (
	"context"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/faultline-otel/faultline/exporter/llmreviewexporter/internal/metadata"
	"github.com/faultline-otel/faultline/internal/draw"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
)

// NewFactory makes the factory of llm_review.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithTraces(createTraces, metadata.TracesStability),
		exporter.WithLogs(createLogs, metadata.LogsStability),
	)
}

// newReviewer makes what both signals need.
func newReviewer(set exporter.Settings, cfg *Config) (*reviewer, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	redactor, err := pipeline.NewRedactor(cfg.Redact)
	if err != nil {
		return nil, err
	}
	memory, err := newMemory(cfg.Recent.MaxSizeMiB << 20)
	if err != nil {
		return nil, err
	}
	chosen, err := lru.New[string, review.Reason](maxChosen)
	return &reviewer{
		config: cfg, set: set.TelemetrySettings, telemetry: telemetry, logger: set.Logger, redactor: redactor, chosen: chosen,
		sample: draw.New(draw.Share{Rate: cfg.Random.Rate, PerWeek: cfg.Random.PerWeek}),
		memory: memory, forget: func() {},
	}, err
}

func createTraces(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Traces, error) {
	cfg := config.(*Config)
	if cfg.Recent.Only {
		return &early{config: cfg}, nil
	}
	e, err := newReviewer(set, cfg)
	if err != nil {
		return nil, err
	}
	traces, err := exporterhelper.NewTraces(ctx, set, cfg, e.put,
		exporterhelper.WithStart(e.startTraces),
		exporterhelper.WithShutdown(e.shutdown),
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		exporterhelper.WithTimeout(cfg.Timeout),
		exporterhelper.WithRetry(cfg.Retry),
		exporterhelper.WithQueue(cfg.Queue))
	if err != nil {
		return nil, err
	}
	if e.redactor != nil {
		traces = &redacting{Traces: traces, redactor: e.redactor, telemetry: e.telemetry}
	}
	return &selecting{Traces: traces, reviewer: e}, nil
}

func createLogs(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	cfg := config.(*Config)
	e, err := newReviewer(set, cfg)
	if err != nil {
		return nil, err
	}
	logs, err := exporterhelper.NewLogs(ctx, set, cfg, e.putLogs,
		exporterhelper.WithStart(e.start),
		exporterhelper.WithShutdown(e.shutdown),
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		exporterhelper.WithTimeout(cfg.Timeout),
		exporterhelper.WithRetry(cfg.Retry),
		exporterhelper.WithQueue(cfg.Queue))
	if err != nil {
		return nil, err
	}
	return &evaluating{Logs: logs, reviewer: e}, nil
}
