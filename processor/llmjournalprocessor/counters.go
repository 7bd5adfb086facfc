package llmjournalprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/faultline-otel/faultline/processor/llmjournalprocessor/internal/metadata"
)

// reason says why a failing span is not in the journal.
type reason string

const (
	reasonFull    reason = "full"    // the journal has reached its bounds
	reasonStorage reason = "storage" // the storage extension returned an error
	reasonNoID    reason = "no_id"   // the span has no trace id or no span id
)

// counters are the metrics of a journal.
type counters struct{ telemetry *metadata.TelemetryBuilder }

func newCounters(ctx context.Context, set component.TelemetrySettings, p *pair) (*counters, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set)
	if err != nil {
		return nil, err
	}
	size := func(observe func(spans int, bytes int64) int64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			if p.journal != nil {
				o.Observe(observe(p.journal.Size()))
			}
			return nil
		}
	}
	if err := telemetry.RegisterLlmJournalWaitingSpansCallback(size(func(spans int, _ int64) int64 {
		return int64(spans)
	})); err != nil {
		return nil, err
	}
	if err := telemetry.RegisterLlmJournalWaitingBytesCallback(size(func(_ int, bytes int64) int64 {
		return bytes
	})); err != nil {
		return nil, err
	}
	c := &counters{telemetry}
	for _, r := range []reason{reasonFull, reasonStorage, reasonNoID} { // alerts need a first value
		c.notJournaled(ctx, 0, r)
	}
	c.written(ctx, 0)
	c.delivered(ctx, 0)
	c.replayed(ctx, 0)
	c.rescued(ctx, 0, 0)
	c.duplicates(ctx, 0)
	c.dropped(ctx, 0)
	c.unreadable(ctx, 0)
	return c, nil
}

func (c *counters) written(ctx context.Context, spans int) {
	c.telemetry.LlmJournalWrittenSpans.Add(ctx, int64(spans))
}

func (c *counters) delivered(ctx context.Context, spans int) {
	c.telemetry.LlmJournalDeliveredSpans.Add(ctx, int64(spans))
}

func (c *counters) replayed(ctx context.Context, spans int) {
	c.telemetry.LlmJournalReplayedSpans.Add(ctx, int64(spans))
}

func (c *counters) rescued(ctx context.Context, spans, traces int) {
	c.telemetry.LlmJournalRescuedSpans.Add(ctx, int64(spans))
	c.telemetry.LlmJournalRescuedTraces.Add(ctx, int64(traces))
}

func (c *counters) duplicates(ctx context.Context, spans int) {
	c.telemetry.LlmJournalDuplicateSpans.Add(ctx, int64(spans))
}

func (c *counters) dropped(ctx context.Context, spans int) {
	c.telemetry.LlmJournalDroppedSpans.Add(ctx, int64(spans),
		metric.WithAttributes(attribute.String("reason", "trace_too_large")))
}

func (c *counters) notJournaled(ctx context.Context, spans int, r reason) {
	c.telemetry.LlmJournalNotJournaledSpans.Add(ctx, int64(spans),
		metric.WithAttributes(attribute.String("reason", string(r))))
}

func (c *counters) unreadable(ctx context.Context, entries int) {
	c.telemetry.LlmJournalUnreadableEntries.Add(ctx, int64(entries))
}

func (c *counters) shutdown() { c.telemetry.Shutdown() }
