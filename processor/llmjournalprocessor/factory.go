package llmjournalprocessor

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/faultline-otel/faultline/internal/sharedinstance"
	"github.com/faultline-otel/faultline/processor/llmjournalprocessor/internal/metadata"
)

// NewFactory returns the factory of llm_journal.
func NewFactory() processor.Factory {
	return processor.NewFactory(metadata.Type, createDefaultConfig,
		processor.WithTraces(createTraces, metadata.TracesStability))
}

// pairs has what the two processors of a journal share, by the id of the first one.
var pairs sharedinstance.Set[*pair]

var readOnly = processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: false})

func createTraces(
	ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Traces,
) (processor.Traces, error) {
	c := cfg.(*Config)
	if c.Of != nil {
		return createExit(ctx, set, c, next)
	}
	shared, err := acquire(set.ID)
	if err != nil {
		return nil, err
	}
	if shared.Value.entry != nil {
		err := fmt.Errorf("%q stands in more than one pipeline; each needs an llm_journal of its own", set.ID)
		return nil, errors.Join(err, release(shared))
	}
	e, err := newEntry(ctx, set, c, shared, next)
	if err != nil {
		return nil, errors.Join(err, release(shared))
	}
	return processorhelper.NewTraces(ctx, set, cfg, next, e.processTraces, readOnly,
		processorhelper.WithStart(e.start), processorhelper.WithShutdown(e.shutdown))
}

func createExit(
	ctx context.Context, set processor.Settings, cfg *Config, next consumer.Traces,
) (processor.Traces, error) {
	shared, err := acquire(*cfg.Of)
	if err != nil {
		return nil, err
	}
	if shared.Value.exit != nil {
		return nil, errors.Join(fmt.Errorf("%q has more than one llm_journal behind it", cfg.Of), release(shared))
	}
	x := newExit(*cfg.Of, shared, next)
	return processorhelper.NewTraces(ctx, set, cfg, x, x.processTraces, readOnly,
		processorhelper.WithStart(x.start), processorhelper.WithShutdown(x.shutdown))
}

// release gives back what a processor that could not be made has acquired.
func release(shared *sharedinstance.Instance[*pair]) error {
	return shared.Release(func() error { return nil })
}

func acquire(id component.ID) (*sharedinstance.Instance[*pair], error) {
	return pairs.Acquire(id, func() (*pair, error) { return &pair{}, nil })
}
