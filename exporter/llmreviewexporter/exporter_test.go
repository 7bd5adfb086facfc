package llmreviewexporter

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/faultline-otel/faultline/exporter/llmreviewexporter/internal/metadata"
	"github.com/faultline-otel/faultline/exporter/llmreviewexporter/internal/metadatatest"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlite"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// owner is the least that an extension which owns a store can be. The store is a real one.
type owner struct {
	component.StartFunc
	component.ShutdownFunc
	store review.Store
}

func (o *owner) ReviewStore() review.Store { return o.store }

// host has the extensions that a test gives it.
type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

var reviewID = component.MustNewID("llm_review")

// open opens a store in a folder of the test and a host whose extension owns it.
func open(tb testing.TB) (review.Store, host) {
	tb.Helper()
	store, err := sqlstore.Open(tb.Context(), filepath.Join(tb.TempDir(), "review.db"))
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, store.Close()) })
	return store, host{reviewID: &owner{store: store}}
}

func create(t *testing.T, set exporter.Settings, cfg *Config) exporter.Traces {
	t.Helper()
	e, err := NewFactory().CreateTraces(t.Context(), set, cfg)
	require.NoError(t, err)
	return e
}

// failing is a trace of two spans, of which the second failed.
func failing(id byte) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for n := byte(1); n <= 2; n++ {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{15: id})
		span.SetSpanID(pcommon.SpanID{7: n})
		span.SetStartTimestamp(pcommon.Timestamp(int64(n) * 1e9))
		span.SetEndTimestamp(pcommon.Timestamp(int64(n)*1e9 + 1))
	}
	failed := spans.At(1).Attributes()
	failed.PutStr("gen_ai.operation.name", "chat")
	failed.PutStr(spanattr.AttrErrorClass, "refusal")
	return td
}

// one is one span of those of failing.
func one(id byte, n int) ptrace.Traces {
	td := failing(id)
	i := 0
	td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().RemoveIf(func(ptrace.Span) bool {
		i++
		return i != n
	})
	return td
}

func traceIDs(t *testing.T, store review.Store) []string {
	t.Helper()
	page, err := store.Items(t.Context(), review.Filter{})
	require.NoError(t, err)
	var ids []string
	for _, item := range page.Items {
		ids = append(ids, strings.TrimLeft(item.TraceID, "0"))
	}
	return ids
}

func TestFlaggedTracesBecomeItems(t *testing.T) {
	store, h := open(t)
	e := create(t, exportertest.NewNopSettings(metadata.Type), createDefaultConfig().(*Config))
	require.NoError(t, e.Start(t.Context(), h))
	require.NoError(t, e.ConsumeTraces(t.Context(), failing(1)))
	require.NoError(t, e.ConsumeTraces(t.Context(), one(2, 1))) // nothing failed on it
	require.NoError(t, e.ConsumeTraces(t.Context(), one(3, 2)))
	require.NoError(t, e.ConsumeTraces(t.Context(), one(3, 1))) // comes late
	require.NoError(t, e.ConsumeTraces(t.Context(), failing(1)))
	// What is queued is written before the exporter ends.
	require.NoError(t, e.Shutdown(t.Context()))
	require.Equal(t, []string{"3", "1"}, traceIDs(t, store))
	item, err := store.Item(t.Context(), "00000000000000000000000000000003")
	require.NoError(t, err)
	require.Len(t, item.Spans, 2)
	require.Equal(t, "shop", item.Service)
	require.Equal(t, "0000000000000002", item.PrimarySpanID)
	require.Equal(t, "chat", item.Spans[1].Call.Operation)
}

// TestOnlyWhatTheStoreNeedsIsQueued: traces that did not fail are not encoded for a queue on disk.
func TestOnlyWhatTheStoreNeedsIsQueued(t *testing.T) {
	_, h := open(t)
	e := create(t, exportertest.NewNopSettings(metadata.Type), direct())
	require.NoError(t, e.Start(t.Context(), h))
	selected := e.(*selecting)
	queue := &consumertest.TracesSink{}
	store := selected.Traces
	selected.Traces = struct {
		component.Component
		consumer.Traces
	}{store, queue}
	require.NoError(t, e.ConsumeTraces(t.Context(), one(2, 1))) // nothing failed on it
	require.Empty(t, queue.AllTraces())
	require.NoError(t, e.ConsumeTraces(t.Context(), failing(1)))
	require.NoError(t, e.ConsumeTraces(t.Context(), one(1, 1))) // its trace waits in the queue
	require.Len(t, queue.AllTraces(), 2)
	require.NoError(t, store.ConsumeTraces(t.Context(), failing(3)))
	require.NoError(t, e.ConsumeTraces(t.Context(), one(3, 1))) // its trace is stored
	require.Len(t, queue.AllTraces(), 3)
	require.NoError(t, e.Shutdown(t.Context()))
}

// direct is a configuration without a queue, so that ConsumeTraces returns what became of the data.
func direct() *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Queue = configoptional.None[exporterhelper.QueueBatchConfig]()
	cfg.Retry.InitialInterval, cfg.Retry.MaxElapsedTime = time.Millisecond, 50*time.Millisecond
	return cfg
}

func TestErrorsOfTheStoreAreRetried(t *testing.T) {
	store, h := open(t)
	e := create(t, exportertest.NewNopSettings(metadata.Type), direct())
	require.NoError(t, e.Start(t.Context(), h))
	defer func() { require.NoError(t, e.Shutdown(context.Background())) }()
	require.NoError(t, store.Close())
	err := e.ConsumeTraces(t.Context(), failing(1))
	require.ErrorContains(t, err, "put traces")
	require.ErrorContains(t, err, "no more retries left")
	require.False(t, consumererror.IsPermanent(err))
}

// TestTheQueueWaitsForALostStore: what arrives while the store has no file is written when it has one again.
func TestTheQueueWaitsForALostStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	store, err := sqlstore.OpenGuarded(t.Context(), filepath.Join(dir, "review.db"), sqlite.Guard{
		Interval: 5 * time.Millisecond,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.WriteFile(dir, nil, 0o600)) // no folder can be made
	require.Eventually(t, func() bool { return store.Health() == review.Deleted }, 10*time.Second, time.Millisecond)

	cfg := createDefaultConfig().(*Config)
	require.Zero(t, cfg.Retry.MaxElapsedTime, "it waits without end")
	cfg.Retry.InitialInterval, cfg.Retry.MaxInterval = time.Millisecond, 5*time.Millisecond
	e := create(t, exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, e.Start(t.Context(), host{reviewID: &owner{store: store}}))
	require.NoError(t, e.ConsumeTraces(t.Context(), failing(1)))
	unavailable := (*review.UnavailableError)(nil)
	_, err = store.Items(t.Context(), review.Filter{})
	require.ErrorAs(t, err, &unavailable)

	require.NoError(t, os.Remove(dir))
	require.Eventually(t, func() bool {
		page, err := store.Items(t.Context(), review.Filter{})
		return err == nil && page.Total == 1
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, e.Shutdown(t.Context()))
}

// strict is a store that refuses what the reader of spans lets through.
type strict struct{ review.Store }

func (strict) Put(context.Context, []review.Trace) error { return review.ErrInvalid }

func (strict) Known(context.Context, []string) (map[string]bool, error) {
	return map[string]bool{}, nil
}

func TestWhatIsInvalidIsNotRetried(t *testing.T) {
	store, _ := open(t)
	e := create(t, exportertest.NewNopSettings(metadata.Type), direct())
	require.NoError(t, e.Start(t.Context(), host{reviewID: &owner{store: strict{store}}}))
	defer func() { require.NoError(t, e.Shutdown(context.Background())) }()
	err := e.ConsumeTraces(t.Context(), failing(1))
	require.ErrorIs(t, err, review.ErrInvalid)
	require.True(t, consumererror.IsPermanent(err))
}

func TestSpansWithoutIDsAreCounted(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	defer func() { require.NoError(t, telemetry.Shutdown(context.Background())) }()
	set := exportertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	store, h := open(t)
	e := create(t, set, direct())
	require.NoError(t, e.Start(t.Context(), h))
	require.False(t, e.Capabilities().MutatesData)
	td := failing(1)
	td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty()
	require.NoError(t, e.ConsumeTraces(t.Context(), td))
	require.Equal(t, []string{"1"}, traceIDs(t, store))
	metadatatest.AssertEqualLlmReviewIgnoredSpans(t, telemetry, []metricdata.DataPoint[int64]{{Value: 1}}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
	require.NoError(t, e.Shutdown(t.Context()))
}

// TestUnscoredSpansAreToldOnce: without llm_failure before it, nothing ever becomes a case.
func TestUnscoredSpansAreToldOnce(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	telemetry := componenttest.NewTelemetry()
	set := metadatatest.NewSettings(telemetry)
	set.Logger = zap.New(core)
	cfg := createDefaultConfig().(*Config)
	cfg.Queue = configoptional.None[exporterhelper.QueueBatchConfig]()
	e := create(t, set, cfg)
	_, h := open(t)
	require.NoError(t, e.Start(t.Context(), h))
	for _, scored := range []bool{true, false, false} {
		td := failing(1)
		span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(1)
		span.Attributes().Remove(spanattr.AttrErrorClass)
		if scored {
			span.Attributes().PutStr(spanattr.AttrCoverage, string(spanattr.Scored))
		}
		require.NoError(t, e.ConsumeTraces(t.Context(), td))
		require.Equal(t, scored, logs.Len() == 0)
	}
	require.Equal(t, 1, logs.FilterMessageSnippet("put llm_failure before llm_review").Len())
	metadatatest.AssertEqualLlmReviewUnscoredSpans(t, telemetry,
		[]metricdata.DataPoint[int64]{{Value: 2}}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
	require.NoError(t, e.Shutdown(t.Context()))
	require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))
}

// TestNothingOfAValueIsStored puts a trace with personal data and a credential into a real store, and reads the store's
// own file.
func TestNothingOfAValueIsStored(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	defer func() { require.NoError(t, telemetry.Shutdown(context.Background())) }()
	set := exportertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	store, h := open(t)
	cfg := createDefaultConfig().(*Config)
	cfg.Redact = []string{"pii", "secrets"}
	e := create(t, set, cfg)
	require.False(t, e.Capabilities().MutatesData, "other exporters get the same spans")
	require.NoError(t, e.Start(t.Context(), h))
	td := failing(1)
	failed := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(1)
	failed.Attributes().PutStr("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"I am\nmaria\u0040acme.pt, 4539 1488 0343 6467"}]}]`)
	failed.Attributes().PutStr("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"login","arguments":{"dsn":"postgres://shop:Xk29vPq81z@db.shop.io/x"}}]}]`)
	failed.Attributes().PutStr(spanattr.AttrErrorEvidence, "the answer is for maria@acme.pt")
	failed.Status().SetMessage("no such user: maria@acme.pt")
	td.MarkReadOnly()
	require.NoError(t, e.ConsumeTraces(t.Context(), td))
	require.NoError(t, e.Shutdown(t.Context()))
	require.Equal(t, 2, td.SpanCount(), "a batch takes its own")
	require.Equal(t, "no such user: maria@acme.pt", failed.Status().Message())
	item, err := store.Item(t.Context(), "00000000000000000000000000000001")
	require.NoError(t, err)
	text, err := json.Marshal(item)
	require.NoError(t, err)
	for _, value := range []string{"maria", "4539 1488", "0343 6467", "Xk29vPq81z"} {
		require.NotContains(t, string(text), value)
	}
	call := item.Spans[1].Call
	require.Equal(t, "I am\n[redacted:email], [redacted:card]", call.Input()[0].Text)
	require.JSONEq(t, `{"dsn":"postgres://shop:[redacted:database_url_password]@db.shop.io/x"}`, call.Output()[0].ToolCalls[0].Arguments.Text)
	require.Equal(t, "the answer is for [redacted:email]", item.Spans[1].Evidence)
	metadatatest.AssertEqualLlmReviewRedactions(t, telemetry, []metricdata.DataPoint[int64]{{Value: 5}}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

func TestStartSaysWhichExtensionIsMissing(t *testing.T) {
	for want, h := range map[string]host{
		`review must name an extension that is listed in service::extensions, got "llm_review"`: {},
		`review must name an llm_review extension, got "llm_review"`: {reviewID: struct {
			component.StartFunc
			component.ShutdownFunc
		}{}},
	} {
		e := create(t, exportertest.NewNopSettings(metadata.Type), createDefaultConfig().(*Config))
		require.EqualError(t, e.Start(t.Context(), h), want)
		require.NoError(t, e.Shutdown(t.Context()))
	}
}

// spoken is a trace of one call of a session that did not fail.
func spoken(id byte, session string) ptrace.Traces {
	td := one(id, 1)
	span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	span.Attributes().PutStr("gen_ai.operation.name", "chat")
	span.Attributes().PutStr("gen_ai.conversation.id", session)
	span.SetStartTimestamp(pcommon.Timestamp(int64(id) * 1e9))
	return td
}

// TestTurnsAreKeptWithTheFailuresOfTheirSession: those before the failure are remembered until it comes.
func TestTurnsAreKeptWithTheFailuresOfTheirSession(t *testing.T) {
	for name, cfg := range map[string]*Config{"with a queue": createDefaultConfig().(*Config), "without": direct()} {
		t.Run(name, func(t *testing.T) {
			cfg.Random = RandomConfig{}
			store, h := open(t)
			e := create(t, exportertest.NewNopSettings(metadata.Type), cfg)
			require.NoError(t, e.Start(t.Context(), h))
			failed := failing(3)
			failed.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(1).Attributes().PutStr("gen_ai.conversation.id", "s-1")
			for _, td := range []ptrace.Traces{spoken(1, "s-1"), spoken(2, "s-2"), failed, spoken(4, "s-1"), spoken(5, "s-2")} {
				require.NoError(t, e.ConsumeTraces(t.Context(), td))
			}
			require.NoError(t, e.Shutdown(t.Context()))
			session, err := store.Session(t.Context(), "s-1", "00000000000000000000000000000003")
			require.NoError(t, err)
			var turns []string
			for _, turn := range session.Turns {
				turns = append(turns, strings.TrimLeft(turn.TraceID, "0"))
			}
			require.Equal(t, []string{"1", "3", "4"}, turns)
		})
	}
}

// TestTurnsAreKeptWithAnyItem: also with a suspicion, and with what somebody complained of meanwhile.
func TestTurnsAreKeptWithAnyItem(t *testing.T) {
	store, h := open(t)
	e, logs := running(t, h, noneAtRandom()), listening(t, exportertest.NewNopSettings(metadata.Type), h, direct())
	turns := func(session string, n int) (ids []string) {
		found, err := store.Session(t.Context(), session, id(n))
		require.NoError(t, err)
		for _, turn := range found.Turns {
			ids = append(ids, strings.TrimLeft(turn.TraceID, "0"))
		}
		return ids
	}
	suspicion := spoken(2, "s-1")
	spanOf(suspicion).Attributes().PutEmptySlice(spanattr.AttrSuspects).AppendEmpty().SetStr("groundedness")
	for _, td := range []ptrace.Traces{spoken(1, "s-1"), suspicion, spoken(3, "s-1"), spoken(4, "s-2"), spoken(5, "s-2")} {
		require.NoError(t, e.ConsumeTraces(t.Context(), td))
	}
	require.Equal(t, []string{"1", "2", "3"}, turns("s-1", 2))
	require.NoError(t, logs.ConsumeLogs(t.Context(), feedback(5, thumbsDown())))
	require.Eventually(t, func() bool {
		item, err := store.Item(t.Context(), id(5))
		return err == nil && len(item.Spans) == 1
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, e.ConsumeTraces(t.Context(), spoken(6, "s-2"))) // the session goes on
	require.Eventually(t, func() bool { return slices.Equal([]string{"4", "5", "6"}, turns("s-2", 5)) },
		10*time.Second, 10*time.Millisecond, "what was said before comes once the trace is found")
}
