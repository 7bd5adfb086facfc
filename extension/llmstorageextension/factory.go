package llmstorageextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/faultline-otel/faultline/extension/llmstorageextension/internal/metadata"
)

// NewFactory returns the factory of llm_storage.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func create(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	return newStorage(set.TelemetrySettings, cfg.(*Config))
}
