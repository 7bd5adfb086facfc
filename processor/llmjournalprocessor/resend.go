package llmjournalprocessor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/journal"
	"github.com/faultline-otel/faultline/internal/pipeline"
)

// spansOf returns the ids of the spans in an entry.
func spansOf(value []byte) ([]journal.Span, error) {
	var unmarshaler ptrace.ProtoUnmarshaler
	td, err := unmarshaler.UnmarshalTraces(value)
	if err != nil {
		return nil, err
	}
	return failingIn(td), nil
}

// rescuedAtOnce bounds the entries that leave together, and with that the memory for them.
const rescuedAtOnce = 64

// keep sends what an earlier process left, then removes delivered entries and rescues overdue ones until the processor
// stops.
func (e *entry) keep(ctx context.Context, earlier []*journal.Entry) {
	e.replay(ctx, earlier)
	ticker := time.NewTicker(min(time.Second, e.config.ResendAfter/4))
	defer ticker.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-e.pair.journal.Delivered():
			if err := e.pair.journal.Clean(); err != nil {
				e.logger.Error("delivered spans will be sent again after a restart", zap.Error(err))
			}
		case <-ticker.C:
			e.rescue(ctx)
		}
	}
}

// stopped reports whether the processor is about to stop.
func (e *entry) stopped() bool {
	select {
	case <-e.stop:
		return true
	default:
		return false
	}
}

// replay sends the entries of an earlier process to tail_sampling, where they meet the rest of their traces.
func (e *entry) replay(ctx context.Context, earlier []*journal.Entry) {
	for _, entry := range earlier {
		if e.stopped() {
			return
		}
		td, ok, err := e.read(ctx, entry)
		if ok {
			err = e.next.ConsumeTraces(ctx, td)
		}
		if err != nil {
			e.logger.Warn("could not send spans of the journal again; they stay in it", zap.Error(err))
			continue
		}
		if ok {
			e.count.replayed(ctx, td.SpanCount())
		}
	}
}

// rescue delivers what tail_sampling did not, because it had no room or because a delivery failed.
func (e *entry) rescue(ctx context.Context) {
	for !e.stopped() {
		entries := e.pair.journal.Overdue(rescuedAtOnce)
		if len(entries) == 0 {
			return
		}
		var all []journal.Span
		for _, entry := range entries {
			all = append(all, entry.Spans...)
		}
		delivery := e.pair.journal.Deliver(all)
		if len(delivery.Spans) == 0 { // others are delivering them
			return
		}
		if !e.deliver(ctx, entries, delivery) {
			return
		}
	}
}

// deliver hands the spans of a delivery to the consumers behind tail_sampling.
func (e *entry) deliver(ctx context.Context, entries []*journal.Entry, delivery *journal.Delivery) bool {
	wanted := make(map[journal.Span]bool, len(delivery.Spans))
	traces := map[[16]byte]struct{}{}
	for _, span := range delivery.Spans {
		wanted[span] = true
	}
	out := ptrace.NewTraces()
	for _, entry := range entries {
		td, ok, err := e.read(ctx, entry)
		if err != nil {
			return e.failed(delivery, err)
		}
		if !ok {
			continue
		}
		pipeline.Select(td, func(span ptrace.Span) bool {
			id, _ := idOf(span)
			if !wanted[id] {
				return false
			}
			delete(wanted, id) // once
			traces[id.Trace] = struct{}{}
			return true
		}).ResourceSpans().MoveAndAppendTo(out.ResourceSpans())
	}
	spans := out.SpanCount()
	if spans == 0 {
		delivery.Done()
		return true
	}
	if err := e.pair.exit.Traces.ConsumeTraces(ctx, out); err != nil {
		return e.failed(delivery, err)
	}
	delivery.Done()
	e.count.rescued(ctx, spans, len(traces))
	return true
}

// failed ends a delivery that failed.
func (e *entry) failed(delivery *journal.Delivery, err error) bool {
	delivery.Failed()
	e.logger.Warn("could not deliver spans of the journal; they stay in it", zap.Error(err))
	return false
}

// read reads an entry from the store. It discards an entry that is gone or damaged, and reports false. An error of the
// store may pass, so the entry stays.
func (e *entry) read(ctx context.Context, entry *journal.Entry) (td ptrace.Traces, ok bool, err error) {
	value, err := e.pair.journal.Value(entry)
	if err != nil {
		return td, false, fmt.Errorf("read an entry of the journal: %w", err)
	}
	var unmarshaler ptrace.ProtoUnmarshaler
	if value == nil {
		err = errors.New("it is gone")
	} else if td, err = unmarshaler.UnmarshalTraces(value); err == nil {
		return td, true, nil
	}
	e.pair.journal.Discard(entry)
	e.count.unreadable(ctx, 1)
	e.logger.Error("discarding an unreadable entry of the journal", zap.Error(err))
	return td, false, nil
}
