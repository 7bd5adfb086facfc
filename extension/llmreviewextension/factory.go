package llmreviewextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/faultline-otel/faultline/extension/llmreviewextension/internal/metadata"
)

// NewFactory makes the factory of llm_review.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func create(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	return &reviewExtension{config: cfg.(*Config), settings: set.TelemetrySettings}, nil
}
