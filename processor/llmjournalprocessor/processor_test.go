package llmjournalprocessor

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	xstorage "go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	ours "github.com/faultline-otel/faultline/internal/componenttest"
	"github.com/faultline-otel/faultline/internal/journal"
	"github.com/faultline-otel/faultline/internal/spanattr"
	"github.com/faultline-otel/faultline/processor/llmjournalprocessor/internal/metadata"
)

var (
	storageID = component.MustNewID("file_storage")
	entryID   = component.NewID(metadata.Type)
	exitID    = component.NewIDWithName(metadata.Type, "end")
)

// host has a file_storage over a folder.
type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

func files(tb testing.TB, dir string) host {
	tb.Helper()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = dir
	e, err := factory.Create(tb.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(tb, err)
	return host{storageID: e}
}

// sampler stands where tail_sampling stands. It holds all data until decide.
type sampler struct {
	consumertest.TracesSink
	exit consumer.Traces
}

// decide hands on what it holds and returns the first error.
func (s *sampler) decide(t *testing.T) (first error) {
	t.Helper()
	all := s.AllTraces()
	s.Reset()
	for _, td := range all {
		if err := s.exit.ConsumeTraces(t.Context(), td); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// backend stands behind the exit.
type backend struct {
	consumertest.TracesSink
	mu  sync.Mutex
	err error
}

func (b *backend) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *backend) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	return b.TracesSink.ConsumeTraces(ctx, td)
}

// ids are the span ids that the backend got, in order.
func (b *backend) ids() []byte { return idsOf(b.AllTraces()) }

func idsOf(all []ptrace.Traces) (ids []byte) {
	for _, td := range all {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					ids = append(ids, span.SpanID()[0])
				}
			}
		}
	}
	return ids
}

// chain is a pipeline of an entry, a sampler, an exit and a backend.
type chain struct {
	entry, exit processor.Traces
	sampler     *sampler
	backend     *backend
	telemetry   *componenttest.Telemetry
	host        host
}

func newChain(t *testing.T, dir string, change func(*Config)) *chain {
	t.Helper()
	c := &chain{
		sampler: &sampler{}, backend: &backend{}, telemetry: componenttest.NewTelemetry(), host: files(t, dir),
	}
	set := processortest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = c.telemetry.NewTelemetrySettings()
	set.ID = exitID
	var err error
	c.exit, err = NewFactory().CreateTraces(t.Context(), set, &Config{Of: &entryID}, c.backend)
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	cfg.Storage = &storageID
	if change != nil {
		change(cfg)
	}
	c.sampler.exit = c.exit
	set.ID = entryID
	c.entry, err = NewFactory().CreateTraces(t.Context(), set, cfg, c.sampler)
	require.NoError(t, err)
	require.NoError(t, c.exit.Start(t.Context(), c.host))
	require.NoError(t, c.entry.Start(t.Context(), c.host))
	return c
}

func (c *chain) stop(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	require.NoError(t, c.entry.Shutdown(ctx))
	require.NoError(t, c.exit.Shutdown(ctx))
	require.Zero(t, pairs.Len())
}

// sum returns the value of a counter, or the sum over its attributes.
func (c *chain) sum(t *testing.T, name string) (sum int64) {
	t.Helper()
	m, err := c.telemetry.GetMetric("otelcol_llm_journal_" + name)
	require.NoError(t, err)
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			sum += p.Value
		}
	case metricdata.Gauge[int64]:
		for _, p := range data.DataPoints {
			sum += p.Value
		}
	}
	return sum
}

// spans returns spans of one trace. A span whose id is 100 or more is failing.
func spans(trace byte, ids ...byte) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	all := rs.ScopeSpans().AppendEmpty().Spans()
	for _, id := range ids {
		span := all.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{trace})
		span.SetSpanID(pcommon.SpanID{id})
		if id >= 100 {
			span.Attributes().PutStr(spanattr.AttrErrorClass, "refusal")
		}
	}
	return td
}

func TestFailingSpansAreOnDiskUntilTheyHaveLeft(t *testing.T) {
	dir := t.TempDir()
	c := newChain(t, dir, nil)
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 1, 2, 100)))
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(2, 3)))
	require.EqualValues(t, 1, c.sum(t, "written_spans"))
	require.EqualValues(t, 1, c.sum(t, "waiting_spans"))
	require.Positive(t, c.sum(t, "waiting_bytes"))
	c.stop(t) // tail_sampling has decided nothing

	c = newChain(t, dir, nil)
	require.Eventually(t, func() bool { return c.sampler.SpanCount() == 1 }, 10*time.Second, time.Millisecond)
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 2)), "the rest of the trace joins it")
	require.NoError(t, c.sampler.decide(t))
	require.ElementsMatch(t, []byte{2, 100}, c.backend.ids())
	service, _ := c.backend.AllTraces()[0].ResourceSpans().At(0).Resource().Attributes().Get("service.name")
	require.Equal(t, "shop", service.Str())
	require.EqualValues(t, 1, c.sum(t, "replayed_spans"))
	require.EqualValues(t, 1, c.sum(t, "delivered_spans"))
	require.Zero(t, c.sum(t, "waiting_spans"))
	c.stop(t)

	c = newChain(t, dir, nil)
	require.Zero(t, c.sum(t, "waiting_spans"))
	c.stop(t)
	require.Zero(t, c.sampler.SpanCount(), "it is sent again once")
}

func TestDeliveredEntriesAreRemovedAtOnce(t *testing.T) {
	dir := t.TempDir()
	c := newChain(t, dir, nil)
	defer c.stop(t)
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 100)))
	require.NoError(t, c.sampler.decide(t))
	shared, err := acquire(entryID)
	require.NoError(t, err)
	defer func() { require.NoError(t, release(shared)) }()
	require.Eventually(t, func() bool {
		left := 0
		require.NoError(t, shared.Value.store.Walk(func(string, []byte) { left++ }))
		return left == 0
	}, 10*time.Second, time.Millisecond)
}

func TestAFailedDeliveryIsTriedAgain(t *testing.T) {
	c := newChain(t, t.TempDir(), func(cfg *Config) { cfg.ResendAfter = 200 * time.Millisecond })
	defer c.stop(t)
	c.backend.fail(errors.New("disk full"))
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 1, 100)))
	require.EqualError(t, c.sampler.decide(t), "disk full")
	require.EqualValues(t, 1, c.sum(t, "waiting_spans"))
	c.backend.fail(nil)
	require.Eventually(t, func() bool { return c.sum(t, "rescued_spans") == 1 }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, []byte{100}, c.backend.ids())
	require.Zero(t, c.sum(t, "delivered_spans"))
}

func TestWhatTailSamplingHasDroppedIsRescued(t *testing.T) {
	c := newChain(t, t.TempDir(), func(cfg *Config) { cfg.ResendAfter = 200 * time.Millisecond })
	defer c.stop(t)
	for trace := range byte(100) {
		require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(trace+1, 1, 100, 101)))
	}
	late := c.sampler.AllTraces()[0]
	c.sampler.Reset() // overflow
	require.Eventually(t, func() bool { return c.sum(t, "rescued_spans") == 200 }, 10*time.Second, 10*time.Millisecond)
	require.EqualValues(t, 100, c.sum(t, "rescued_traces"))
	require.Len(t, c.backend.ids(), 200)

	// It was slow, and not full: what has left does not leave again, and the rest does.
	require.NoError(t, c.exit.ConsumeTraces(t.Context(), late))
	require.Equal(t, byte(1), c.backend.ids()[200])
	require.Len(t, c.backend.ids(), 201)
	require.EqualValues(t, 2, c.sum(t, "duplicate_spans"))
}

func TestARepeatedRequestIsDropped(t *testing.T) {
	c := newChain(t, t.TempDir(), nil)
	defer c.stop(t)
	for range 2 {
		require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 1, 2, 100)))
	}
	require.Equal(t, []byte{1, 2, 100}, idsOf(c.sampler.AllTraces()))
	require.NoError(t, c.sampler.decide(t))
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 1, 2, 3, 100)), "after its delivery, with a new span")
	require.Equal(t, []byte{3}, idsOf(c.sampler.AllTraces()))
	require.EqualValues(t, 6-1+1, c.sum(t, "duplicate_spans"))
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 3, 101)), "another failing span is no repetition")
	require.Len(t, idsOf(c.sampler.AllTraces()), 3)
}

// TestARetryAfterACrash: the failing span was written, the request was not acknowledged, and the sender sends it again.
func TestARetryAfterACrash(t *testing.T) {
	dir := t.TempDir()
	c := newChain(t, dir, nil)
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 1, 100)))
	c.stop(t)
	c = newChain(t, dir, nil)
	defer c.stop(t)
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 1, 100)))
	require.Eventually(t, func() bool { return c.sampler.SpanCount() == 2 }, 10*time.Second, time.Millisecond)
	require.ElementsMatch(t, []byte{1, 100}, idsOf(c.sampler.AllTraces()), "what was in memory only is needed")
}

func TestALargeTraceKeepsItsFailures(t *testing.T) {
	c := newChain(t, t.TempDir(), func(cfg *Config) { cfg.MaxSpansPerTrace = 10 })
	defer c.stop(t)
	for i := range byte(4) {
		require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 4*i+1, 4*i+2, 4*i+3, 100+i)))
	}
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(2, 50)))
	require.Equal(t, []byte{1, 2, 3, 100, 5, 6, 7, 101, 9, 10, 102, 103, 50}, idsOf(c.sampler.AllTraces()))
	for i := range byte(10) {
		require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 110+i)))
	}
	require.Len(t, idsOf(c.sampler.AllTraces()), 13+8, "failing spans are bounded, too")
	require.EqualValues(t, 4+2, c.sum(t, "dropped_spans"))
}

// TestALargeTraceAmongOthers reaches the limit in a request whose traces alternate.
func TestALargeTraceAmongOthers(t *testing.T) {
	c := newChain(t, t.TempDir(), func(cfg *Config) { cfg.MaxSpansPerTrace = 10 })
	defer c.stop(t)
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 1, 2, 3, 4, 5, 6, 7, 8)))
	td := spans(1, 11, 12, 13, 14, 15, 16, 17, 18)
	all := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	for i := range all.Len() {
		if i%2 == 1 {
			all.At(i).SetTraceID(pcommon.TraceID{2})
		}
	}
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), td))
	require.Equal(t, []byte{11, 12, 13, 14, 16, 18}, idsOf(c.sampler.AllTraces())[8:])
	require.EqualValues(t, 2, c.sum(t, "dropped_spans"))
}

// TestASpanTwiceInARequestLeaves: both copies leave, and the journal waits for neither.
func TestASpanTwiceInARequestLeaves(t *testing.T) {
	c := newChain(t, t.TempDir(), nil)
	defer c.stop(t)
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 100, 100)))
	require.NoError(t, c.sampler.decide(t))
	require.Equal(t, []byte{100, 100}, c.backend.ids())
	require.Zero(t, c.sum(t, "waiting_spans"))
	require.Zero(t, c.sum(t, "duplicate_spans"))
}

func TestAFullJournalPassesOn(t *testing.T) {
	c := newChain(t, t.TempDir(), func(cfg *Config) { cfg.MaxSpans = 2 })
	defer c.stop(t)
	for id := byte(100); id < 105; id++ {
		require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(id, id)))
	}
	noID := spans(1, 100)
	noID.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetSpanID(pcommon.SpanID{})
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), noID))
	require.Len(t, idsOf(c.sampler.AllTraces()), 6)
	m, err := c.telemetry.GetMetric("otelcol_llm_journal_not_journaled_spans")
	require.NoError(t, err)
	byReason := map[string]int64{}
	for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
		value, _ := p.Attributes.Value("reason")
		byReason[value.AsString()] = p.Value
	}
	require.Equal(t, map[string]int64{"full": 3, "storage": 0, "no_id": 1}, byReason)
	require.NoError(t, c.sampler.decide(t))
	require.Len(t, c.backend.ids(), 6)
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(9, 100)), "there is room again")
	require.EqualValues(t, 3, c.sum(t, "written_spans"))
}

// broken is a storage extension whose clients fail to write.
type broken struct {
	component.Component
	xstorage.Extension
}

func (b broken) Start(context.Context, component.Host) error { return nil }

func (b broken) Shutdown(context.Context) error { return nil }

func (b broken) GetClient(context.Context, component.Kind, component.ID, string) (xstorage.Client, error) {
	return brokenClient{xstorage.NewNopClient()}, nil
}

type brokenClient struct{ xstorage.Client }

func (brokenClient) Batch(context.Context, ...*xstorage.Operation) error {
	return errors.New("no space left")
}

func (brokenClient) Walk(context.Context, xstorage.WalkFunc) error { return nil }

func TestABrokenDiskStopsNoData(t *testing.T) {
	c := newChain(t, t.TempDir(), nil)
	c.stop(t)
	c.host[storageID] = broken{}
	set := processortest.NewNopSettings(metadata.Type)
	sampled := new(consumertest.TracesSink)
	x, err := NewFactory().CreateTraces(t.Context(), set, &Config{Of: &entryID}, consumertest.NewNop())
	require.NoError(t, err)
	set.ID = entryID
	cfg := createDefaultConfig().(*Config)
	cfg.Storage = &storageID
	e, err := NewFactory().CreateTraces(t.Context(), set, cfg, sampled)
	require.NoError(t, err)
	require.NoError(t, x.Start(t.Context(), c.host))
	require.NoError(t, e.Start(t.Context(), c.host))
	require.NoError(t, e.ConsumeTraces(t.Context(), spans(1, 1, 100)))
	require.Equal(t, 2, sampled.SpanCount())
	require.NoError(t, e.Shutdown(t.Context()))
	require.NoError(t, x.Shutdown(t.Context()))
}

// TestAStoreThatCannotBeReadKeepsItsEntries closes the store, as if its disk were away.
func TestAStoreThatCannotBeReadKeepsItsEntries(t *testing.T) {
	c := newChain(t, t.TempDir(), nil)
	require.NoError(t, c.entry.ConsumeTraces(t.Context(), spans(1, 100)))
	shared, err := acquire(entryID)
	require.NoError(t, err)
	p := shared.Value
	require.NoError(t, p.store.Close(t.Context()))
	failing := failingIn(spans(1, 100))
	require.False(t, p.entry.deliver(t.Context(), p.journal.Entries(), p.journal.Deliver(failing)))
	require.Equal(t, journal.Waiting, p.journal.State(failing[0]))
	require.Zero(t, c.sum(t, "unreadable_entries"))
	require.Zero(t, c.backend.SpanCount())
	require.NoError(t, release(shared))
	c.stop(t)
}

func TestWiringIsChecked(t *testing.T) {
	h := files(t, t.TempDir())
	create := func(id component.ID, cfg *Config) (processor.Traces, error) {
		set := processortest.NewNopSettings(metadata.Type)
		set.ID = id
		return NewFactory().CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
	}
	entryConfig := createDefaultConfig().(*Config)
	entryConfig.Storage = &storageID

	alone, err := create(entryID, entryConfig)
	require.NoError(t, err)
	require.EqualError(t, alone.Start(t.Context(), h),
		"a second llm_journal with of: llm_journal must stand behind it, after tail_sampling")
	_, err = create(entryID, entryConfig)
	require.EqualError(t, err, `"llm_journal" stands in more than one pipeline; each needs an llm_journal of its own`)
	behind, err := create(exitID, &Config{Of: &entryID})
	require.NoError(t, err)
	require.ErrorContains(t, alone.Start(t.Context(), h), "must stand behind it", "it starts later, so it stands before")
	_, err = create(exitID, &Config{Of: &entryID})
	require.EqualError(t, err, `"llm_journal" has more than one llm_journal behind it`)
	require.NoError(t, behind.Start(t.Context(), h))
	require.EqualError(t, alone.Start(t.Context(), host{}),
		`storage: extension "file_storage" not found; list it under service::extensions`)
	require.NoError(t, alone.Shutdown(t.Context()))
	require.NoError(t, behind.Shutdown(t.Context()))

	orphan, err := create(exitID, &Config{Of: &storageID})
	require.NoError(t, err)
	require.EqualError(t, orphan.Start(t.Context(), h), `of: no pipeline has the processor "file_storage"`)
	require.NoError(t, orphan.Shutdown(t.Context()))
	require.Zero(t, pairs.Len())
}

func TestInvalidSettings(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.ResendAfter, cfg.MaxSpans, cfg.MaxSizeMiB, cfg.MaxSpansPerTrace = 30, 0, -1, 0
	require.EqualError(t, confmap.Validate(cfg),
		"storage must name a storage extension, or of the llm_journal before tail_sampling\n"+
			"resend_after must be at least 100ms, got 30ns\nmax_spans must be positive, got 0\n"+
			"max_size_mib must be positive, got -1\nmax_spans_per_trace must be positive, got 0")
	cfg.Of = &entryID
	require.EqualError(t, confmap.Validate(cfg), `of stands alone: all other settings belong to "llm_journal"`)
	cfg = createDefaultConfig().(*Config)
	cfg.Of = &entryID
	require.NoError(t, confmap.Validate(cfg))
}

func TestConfigurationInTheReadmeIsValid(t *testing.T) {
	path, err := filepath.Abs("README.md")
	require.NoError(t, err)
	ours.README(t, NewFactory(), path)
}
