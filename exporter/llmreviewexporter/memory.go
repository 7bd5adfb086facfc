package llmreviewexporter

import (
	"context"
	"errors"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/sharedinstance"
)

// memories has what the exporters of one extension remember together: what one sees before sampling, the one behind it
// finds.
var memories sharedinstance.Set[*memory]

// memory is what exporters remember of the latest traffic.
type memory struct {
	recent *recent
	talks  *lru.Cache[string, struct{}] // sessions with an item that was queued lately and may not be stored yet
	turns  *lru.Cache[string, struct{}] // traces that were queued, and of which none is to be drawn any more

	mu    sync.Mutex
	early int             // exporters that see the traffic before sampling
	queue consumer.Traces // of the exporter behind sampling; nil without one
}

func newMemory(bytes int) (*memory, error) {
	talks, err := lru.New[string, struct{}](maxTalks)
	if err != nil {
		return nil, err
	}
	turns, err := lru.New[string, struct{}](maxChosen)
	return &memory{recent: newRecent(bytes), talks: talks, turns: turns}, err
}

// join shares the memory of an extension. The largest size that an exporter asks for holds.
func join(extension component.Component, bytes int) (*sharedinstance.Instance[*memory], error) {
	shared, err := memories.Acquire(extension, func() (*memory, error) { return newMemory(bytes) })
	if err == nil {
		shared.Value.recent.grow(bytes)
	}
	return shared, err
}

// watched reports whether an exporter remembers the traffic before sampling. What comes behind it is remembered then.
func (m *memory) watched() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.early > 0
}

func (m *memory) setQueue(queue consumer.Traces) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queue = queue
}

// pass queues turns. None is drawn of them: sampling has not seen them, or they were not drawn when they came.
func (m *memory) pass(ctx context.Context, queue consumer.Traces, td ptrace.Traces) error {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				m.turns.Add(span.TraceID().String(), struct{}{})
			}
		}
	}
	return queue.ConsumeTraces(ctx, td)
}

// early remembers the traffic before sampling, and passes turns of sessions that have an item to the exporter behind
// it. It makes no items.
type early struct {
	config *Config
	shared *sharedinstance.Instance[*memory] // nil before the start
}

var _ exporter.Traces = (*early)(nil)

// Start joins the memory of the extension.
func (e *early) Start(_ context.Context, host component.Host) error {
	extension, _, err := ownerOf(host, e.config.Review)
	if err != nil {
		return err
	}
	if e.shared, err = join(extension, e.config.Recent.MaxSizeMiB<<20); err != nil {
		return err
	}
	m := e.shared.Value
	m.mu.Lock()
	defer m.mu.Unlock()
	m.early++
	return nil
}

// Shutdown leaves it.
func (e *early) Shutdown(context.Context) error {
	if e.shared == nil {
		return nil
	}
	m := e.shared.Value
	m.mu.Lock()
	m.early--
	m.mu.Unlock()
	return e.shared.Release(func() error { return nil })
}

// Capabilities says that nothing is changed.
func (e *early) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeTraces never fails for want of a store: it asks none.
func (e *early) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	m := e.shared.Value
	kept, _, _ := pipeline.KeptTraces(td, e.config.Feedback.Below)
	rest, turns := make(map[pcommon.TraceID]string, len(kept)), map[pcommon.TraceID]bool{}
	var talks []string
	for i := range kept {
		switch k := &kept[i]; {
		case k.Failed || !k.GenAI: // it comes from sampling, or says nothing
		case k.Session != "" && m.talks.Contains(k.Session):
			turns[k.Trace] = true
			talks = append(talks, k.Session)
		default:
			rest[k.Trace] = k.Session
		}
	}
	m.recent.add(td, rest)
	m.mu.Lock()
	queue := m.queue
	m.mu.Unlock()
	if len(turns) == 0 || queue == nil {
		return nil
	}
	err := m.release(ctx, talks)
	if err == nil {
		err = m.pass(ctx, queue, pipeline.Select(td, func(span ptrace.Span) bool { return turns[span.TraceID()] }))
	}
	if errors.Is(err, exporterhelper.ErrQueueIsFull) {
		return nil // the queue has counted it, and sampling must have the traffic nevertheless
	}
	return err
}
