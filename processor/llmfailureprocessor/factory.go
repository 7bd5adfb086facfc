package llmfailureprocessor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/processor/llmfailureprocessor/internal/metadata"
)

// NewFactory returns the factory of llm_failure.
func NewFactory() processor.Factory {
	f := &factory{}
	return processor.NewFactory(metadata.Type, createDefaultConfig,
		processor.WithTraces(f.createTraces, metadata.TracesStability),
		processor.WithLogs(f.createLogs, metadata.LogsStability))
}

func createDefaultConfig() component.Config {
	return &Config{
		ReloadInterval: 10 * time.Second,
		LogContent:     LogContent{LimitMiB: 64, MaxAge: 2 * time.Minute},
		Content:        Content{Mode: pipeline.ContentKeep, MaxBytes: pipeline.DefaultContentBytes},
	}
}

func (f *factory) createTraces(
	ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Traces,
) (processor.Traces, error) {
	i, err := f.instance(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	inner, err := processorhelper.NewTraces(ctx, set, cfg, next, i.processTraces,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}),
		processorhelper.WithStart(i.start), processorhelper.WithShutdown(i.release))
	if err != nil {
		return nil, err
	}
	return &traces{inner}, nil
}

func (f *factory) createLogs(
	ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Logs,
) (processor.Logs, error) {
	i, err := f.instance(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	return processorhelper.NewLogs(ctx, set, cfg, next, i.processLogs,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}),
		processorhelper.WithStart(i.start), processorhelper.WithShutdown(i.release))
}
