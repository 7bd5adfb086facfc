package llmfailureprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/sharedinstance"
	"github.com/faultline-otel/faultline/processor/llmfailureprocessor/internal/metadata"
)

// factory creates one instance for each configuration. All pipelines with the same llm_failure share it, so that
// content from a logs pipeline meets its span in a traces pipeline.
type factory struct{ instances sharedinstance.Set[*instance] }

// instance does the work of one configuration.
type instance struct {
	scorer    *pipeline.Scorer
	redactor  *pipeline.Redactor // nil if nothing is redacted
	cutter    *pipeline.Cutter   // nil if nothing is cut
	counters  *counters
	telemetry *metadata.TelemetryBuilder
	shared    *sharedinstance.Instance[*instance]
	watch     *watch // nil without a file to watch
}

func (f *factory) instance(set processor.Settings, cfg *Config) (*instance, error) {
	shared, err := f.instances.Acquire(cfg, func() (*instance, error) { return newInstance(set, cfg) })
	if err != nil {
		return nil, err
	}
	shared.Value.shared = shared
	return shared.Value, nil
}

func newInstance(set processor.Settings, cfg *Config) (*instance, error) {
	ours, file, err := cfg.set()
	if err != nil {
		return nil, err
	}
	logScorers(set.Logger, ours)
	book, err := cfg.book()
	if err != nil {
		return nil, err
	}
	redactor, err := pipeline.NewRedactor(cfg.Redact)
	if err != nil {
		return nil, err
	}
	cutter, err := pipeline.NewCutter(cfg.Content.Mode, cfg.Content.MaxBytes)
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	scorer := pipeline.NewScorer(ours, pipeline.ScorerOptions{
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
		scorer: scorer, redactor: redactor, cutter: cutter, counters: newCounters(telemetry), telemetry: telemetry,
	}
	if file != nil {
		i.watch = newWatch(file, cfg.ReloadInterval, set.Logger, scorer, telemetry)
	}
	return i, nil
}

// start starts what runs beside the pipelines, once.
func (i *instance) start(context.Context, component.Host) error {
	i.watch.start()
	return nil
}

// logScorers says which scorers run: a scorer file states only what it changes of the default.
func logScorers(logger *zap.Logger, set *score.Set) {
	log := func(set *score.Set, more ...zap.Field) {
		var on []string
		for _, s := range set.Scorers() {
			on = append(on, s.Name())
		}
		logger.Info("scorers are on", append(more, zap.Strings("on", on), zap.Strings("off", scorers.Off(set)))...)
	}
	log(set)
	for _, service := range set.Services() {
		log(set.For(service), zap.String("service", service))
	}
}

// release shuts the instance down when its last user releases it.
func (i *instance) release(context.Context) error {
	return i.shared.Release(func() error {
		i.watch.stop()
		i.telemetry.Shutdown()
		return nil
	})
}
