package llmfailureprocessor

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/metric"

	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/processor/llmfailureprocessor/internal/metadata"
)

// factory makes one instance for each configuration: the processors of all pipelines that name the same llm_failure share
// it, so that content which comes in a logs pipeline meets its span in a traces pipeline.
type factory struct {
	mu        sync.Mutex
	instances map[component.Config]*instance // guarded by mu
}

// instance is the work of one configuration.
type instance struct {
	scorer    *pipeline.Scorer
	redactor  *pipeline.Redactor // nil where nothing is to be redacted
	counters  *counters
	telemetry *metadata.TelemetryBuilder

	factory *factory
	config  *Config
	users   int // processors that hold it, guarded by factory.mu
}

func (f *factory) instance(set processor.Settings, cfg *Config) (*instance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i, ok := f.instances[cfg]; ok {
		i.users++
		return i, nil
	}
	scorers, err := cfg.set()
	if err != nil {
		return nil, err
	}
	book, err := cfg.book()
	if err != nil {
		return nil, err
	}
	redactor, err := pipeline.NewRedactor(cfg.Redact)
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	scorer := pipeline.NewScorer(scorers, pipeline.ScorerOptions{
		Content:         cfg.Evidence.Content,
		LogContentBytes: cfg.LogContent.LimitMiB << 20, LogContentAge: cfg.LogContent.MaxAge,
		Prices: book,
	})
	if err := telemetry.RegisterLlmFailureLentBytesCallback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(scorer.LogContentBytes())
		return nil
	}); err != nil {
		return nil, err
	}
	i := &instance{
		scorer: scorer, redactor: redactor,
		counters: newCounters(telemetry), telemetry: telemetry,
		factory: f, config: cfg, users: 1,
	}
	f.instances[cfg] = i
	return i, nil
}

// release gives the instance back; the last user ends it.
func (i *instance) release(context.Context) error {
	i.factory.mu.Lock()
	defer i.factory.mu.Unlock()
	if i.users--; i.users == 0 {
		delete(i.factory.instances, i.config)
		i.telemetry.Shutdown()
	}
	return nil
}
