package llmjournalprocessor

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/journal"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/sharedinstance"
)

// exit is the processor behind tail_sampling. It hands spans to the next consumer itself, because what the journal does
// depends on the result.
type exit struct {
	consumer.Traces // the next one

	of      component.ID
	shared  *sharedinstance.Instance[*pair]
	pair    *pair
	started bool
}

func newExit(of component.ID, shared *sharedinstance.Instance[*pair], next consumer.Traces) *exit {
	x := &exit{Traces: next, of: of, shared: shared, pair: shared.Value}
	x.pair.exit = x
	return x
}

func (x *exit) start(context.Context, component.Host) error {
	if x.pair.entry == nil {
		return fmt.Errorf("of: no pipeline has the processor %q", x.of)
	}
	x.started = true
	return nil
}

func (x *exit) shutdown(ctx context.Context) error {
	return x.shared.Release(func() error { return x.pair.close(ctx) })
}

func (x *exit) processTraces(_ context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	return td, nil
}

// ConsumeTraces hands spans on. Failing spans that were delivered before do not leave again.
func (x *exit) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	failing := failingIn(td)
	if len(failing) == 0 {
		return x.Traces.ConsumeTraces(ctx, td)
	}
	delivery := x.pair.journal.Deliver(failing)
	if len(delivery.Repeated) > 0 {
		x.pair.entry.count.duplicates(ctx, len(delivery.Repeated))
		repeated := make(map[journal.Span]bool, len(delivery.Repeated))
		for _, id := range delivery.Repeated {
			repeated[id] = true
		}
		td = pipeline.Select(td, func(span ptrace.Span) bool {
			id, _ := idOf(span)
			return !repeated[id]
		})
		if td.SpanCount() == 0 {
			return nil
		}
	}
	if err := x.Traces.ConsumeTraces(ctx, td); err != nil {
		delivery.Failed()
		return err
	}
	delivery.Done()
	x.pair.entry.count.delivered(ctx, len(delivery.Spans))
	return nil
}
