package llmjournalprocessor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/checkpoint/storage"
	"github.com/faultline-otel/faultline/internal/journal"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/sharedinstance"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// countedTraces is how many traces have a span count at a time. They take 16 bytes each.
const countedTraces = 1 << 17

// entry is the processor before tail_sampling.
type entry struct {
	config *Config
	id     component.ID
	logger *zap.Logger
	count  *counters
	shared *sharedinstance.Instance[*pair]
	pair   *pair
	next   consumer.Traces
	spans  *journal.Counts // by trace
	beyond *journal.Counts // failing spans by trace, of traces with too many spans

	complained sync.Once // about a span that could not be written
	stop       chan struct{}
	done       sync.WaitGroup
}

func newEntry(
	ctx context.Context, set processor.Settings, config *Config, shared *sharedinstance.Instance[*pair],
	next consumer.Traces,
) (*entry, error) {
	count, err := newCounters(ctx, set.TelemetrySettings, shared.Value)
	if err != nil {
		return nil, err
	}
	e := &entry{
		config: config, id: set.ID, logger: set.Logger, count: count, shared: shared, pair: shared.Value, next: next,
		spans: journal.NewCounts(countedTraces), beyond: journal.NewCounts(countedTraces / 64),
		stop: make(chan struct{}),
	}
	e.pair.entry = e
	return e, nil
}

func (e *entry) start(ctx context.Context, host component.Host) error {
	if e.pair.exit == nil || !e.pair.exit.started {
		return fmt.Errorf("a second llm_journal with of: %s must stand behind it, after tail_sampling", e.id)
	}
	store, err := storage.Open(ctx, host, *e.config.Storage, component.KindProcessor, e.id)
	if err != nil {
		return err
	}
	j, unreadable, err := journal.Open(store, e.config.limits(), time.Now, spansOf)
	if err != nil {
		return errors.Join(err, store.Close(ctx))
	}
	e.pair.store, e.pair.journal = store, j
	if unreadable > 0 {
		e.count.unreadable(ctx, unreadable)
		e.logger.Error("removed unreadable entries of the journal", zap.Int("entries", unreadable))
	}
	earlier := j.Entries() // before new ones arrive
	e.done.Go(func() { e.keep(context.WithoutCancel(ctx), earlier) })
	return nil
}

func (e *entry) shutdown(ctx context.Context) error {
	close(e.stop)
	e.done.Wait()
	e.count.shutdown()
	return e.shared.Release(func() error { return e.pair.close(ctx) })
}

// batch is what processTraces finds in a request.
type batch struct {
	failing   bool
	oversized map[pcommon.TraceID]int // spans so far of traces with too many, with those of the request
}

// inspect looks at every span once. It allocates nothing for a request without failing spans and large traces.
func (e *entry) inspect(td ptrace.Traces) batch {
	var b batch
	var trace pcommon.TraceID
	run := 0
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if id := span.TraceID(); id != trace {
					e.add(&b, trace, run)
					trace, run = id, 0
				}
				run++
				b.failing = b.failing || spanattr.IsFailing(span)
			}
		}
	}
	e.add(&b, trace, run)
	return b
}

// add counts spans of a trace.
func (e *entry) add(b *batch, trace pcommon.TraceID, run int) {
	if run == 0 || trace.IsEmpty() {
		return
	}
	if n := e.spans.Add(trace, run); n > e.config.MaxSpansPerTrace {
		if b.oversized == nil {
			b.oversized = map[pcommon.TraceID]int{}
		}
		b.oversized[trace] = n
	}
}

func (e *entry) processTraces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	b := e.inspect(td)
	if b.oversized != nil {
		td = e.trim(ctx, td, b.oversized)
	}
	if b.failing {
		td = e.write(ctx, td)
	}
	if td.ResourceSpans().Len() == 0 {
		return td, processorhelper.ErrSkipProcessingData
	}
	return td, nil
}

// trim returns the data without the spans that are too many for their trace.
func (e *entry) trim(ctx context.Context, td ptrace.Traces, had map[pcommon.TraceID]int) ptrace.Traces {
	before, most := td.SpanCount(), e.config.MaxSpansPerTrace
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if _, large := had[span.TraceID()]; large {
					had[span.TraceID()]-- // to the number before this request
				}
			}
		}
	}
	td = pipeline.Select(td, func(span ptrace.Span) bool {
		id := span.TraceID()
		n, large := had[id]
		if !large {
			return true
		}
		had[id] = n + 1
		return n < most || spanattr.IsFailing(span) && e.beyond.Add(id, 1) <= most
	})
	e.count.dropped(ctx, before-td.SpanCount())
	return td
}

// write puts the failing spans of a request into the journal. It returns the data without spans that came before.
func (e *entry) write(ctx context.Context, td ptrace.Traces) ptrace.Traces {
	j := e.pair.journal
	repeated := map[journal.Span]bool{}
	failing := map[pcommon.TraceID]bool{} // traces; true if a failing span of it is repeated
	noID := 0
	fresh := pipeline.SelectByTrace(td, func(span ptrace.Span) (pcommon.TraceID, bool) {
		if !spanattr.IsFailing(span) {
			return pcommon.TraceID{}, false
		}
		id, ok := idOf(span)
		if !ok {
			noID++
			return pcommon.TraceID{}, false
		}
		known := j.State(id) != journal.Unknown
		if known {
			repeated[id] = true
		}
		failing[id.Trace] = failing[id.Trace] || known
		return id.Trace, !known
	})
	e.count.notJournaled(ctx, noID, reasonNoID)
	e.append(ctx, fresh)
	e.companions(td, failing, repeated)
	if len(repeated) == 0 {
		return td
	}
	e.count.duplicates(ctx, len(repeated))
	return pipeline.Select(td, func(span ptrace.Span) bool {
		id, ok := idOf(span)
		return !ok || !repeated[id]
	})
}

// companions adds to repeated the spans beside repeated failing spans that came with them before: a sender repeats
// whole requests.
func (e *entry) companions(td ptrace.Traces, failing map[pcommon.TraceID]bool, repeated map[journal.Span]bool) {
	var beside []journal.Span
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if _, ok := failing[span.TraceID()]; !ok || spanattr.IsFailing(span) {
					continue
				}
				if id, ok := idOf(span); ok {
					beside = append(beside, id)
				}
			}
		}
	}
	for i, known := range e.pair.journal.Accompanied(beside) {
		if known && failing[beside[i].Trace] {
			repeated[beside[i]] = true
		}
	}
}

// append writes spans to the journal. If that is impossible, they are in memory only, as all others.
func (e *entry) append(ctx context.Context, groups []pipeline.Group) {
	if len(groups) == 0 {
		return
	}
	var marshaler ptrace.ProtoMarshaler
	drafts := make([]journal.Draft, 0, len(groups))
	spans := 0
	for _, g := range groups {
		value, err := marshaler.MarshalTraces(g.Traces)
		if err != nil { // does not happen with protobuf
			e.complain(ctx, g.Traces.SpanCount(), reasonStorage, err)
			continue
		}
		drafts = append(drafts, journal.Draft{Spans: failingIn(g.Traces), Value: value})
		spans += g.Traces.SpanCount()
	}
	switch err := e.pair.journal.Append(drafts); {
	case err == nil:
		e.count.written(ctx, spans)
	case errors.Is(err, journal.ErrFull):
		e.complain(ctx, spans, reasonFull, err)
	default:
		e.complain(ctx, spans, reasonStorage, err)
	}
}

// complain counts spans that are not in the journal. It logs only the first time, because a full disk fails always.
func (e *entry) complain(ctx context.Context, spans int, reason reason, err error) {
	e.count.notJournaled(ctx, spans, reason)
	e.complained.Do(func() {
		e.logger.Error("failing spans are not in the journal and would be lost in a crash; "+
			"otelcol_llm_journal_not_journaled_spans counts them from here on", zap.Error(err))
	})
}
