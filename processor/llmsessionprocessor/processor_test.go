package llmsessionprocessor

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/faultline-otel/faultline/internal/budget"
	ours "github.com/faultline-otel/faultline/internal/componenttest"
	"github.com/faultline-otel/faultline/internal/spanattr"
	"github.com/faultline-otel/faultline/processor/llmsessionprocessor/internal/metadata"
	"github.com/faultline-otel/faultline/processor/llmsessionprocessor/internal/metadatatest"
)

// search returns a trace with n consecutive calls of the same tool, numbered from from.
func search(from, n int) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i := from; i < from+n; i++ {
		span := spans.AppendEmpty()
		span.SetTraceID([16]byte{1})
		span.SetSpanID([8]byte{1, byte(i)})
		span.SetStartTimestamp(pcommon.Timestamp(1_790_000_000_000_000_000 + i*1_000_000_000))
		for key, value := range map[string]string{
			"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.conversation.id": "c-1",
			"gen_ai.tool.call.arguments": `{"query":"late parcel"}`, "gen_ai.tool.call.result": "nothing found",
		} {
			span.Attributes().PutStr(key, value)
		}
	}
	return td
}

// host returns a host with a file storage extension in the directory.
func host(t *testing.T, dir string) (component.Host, component.ID) {
	t.Helper()
	f := filestorage.NewFactory()
	cfg := f.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = dir
	extension, err := f.Create(t.Context(), extensiontest.NewNopSettings(f.Type()), cfg)
	require.NoError(t, err)
	require.NoError(t, extension.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, extension.Shutdown(context.Background())) })
	id := component.NewID(f.Type())
	return fakeHost{id: extension}, id
}

type fakeHost map[component.ID]component.Component

func (h fakeHost) GetExtensions() map[component.ID]component.Component { return h }

// run starts a processor, sends traces through it, stops it, and returns the last span.
func run(t *testing.T, h component.Host, change func(*Config), traces ...ptrace.Traces) ptrace.Span {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	change(cfg)
	require.NoError(t, cfg.Validate())
	sink := new(consumertest.TracesSink)
	p, err := NewFactory().CreateTraces(t.Context(), processortest.NewNopSettings(metadata.Type), cfg, sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), h))
	for _, td := range traces {
		require.NoError(t, p.ConsumeTraces(t.Context(), td))
	}
	require.NoError(t, p.Shutdown(t.Context()))
	all := sink.AllTraces()
	spans := all[len(all)-1].ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	return spans.At(spans.Len() - 1)
}

func TestLoopIsWrittenOnTheSpanThatShowsIt(t *testing.T) {
	span := run(t, componenttest.NewNopHost(), func(*Config) {}, search(0, 2), search(2, 1))
	verdict := spanattr.Of(span).Verdict
	require.Equal(t, "retry_loop/repeat", fmt.Sprintf("%s/%s", verdict.Class, verdict.Detail))
	for key, want := range map[string]any{
		spanattr.AttrSessionID: "c-1", spanattr.AttrSessionToolCalls: int64(3), spanattr.AttrSessionModelCalls: int64(0),
		spanattr.AttrSessionTurns: int64(1),
		spanattr.AttrSessionLoops: []any{"repeat"},
	} {
		value, ok := span.Attributes().Get(key)
		require.True(t, ok, key)
		require.Equal(t, want, value.AsRaw(), key)
	}
	quiet := run(t, componenttest.NewNopHost(), func(*Config) {}, search(0, 3), search(3, 1))
	require.False(t, spanattr.Of(quiet).Verdict.Failed(), "a session shows a loop once")
}

// TestUnscoredSpansAreToldOnce: sessions without llm_failure before them work on half of what they need.
func TestUnscoredSpansAreToldOnce(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	telemetry := componenttest.NewTelemetry()
	set := metadatatest.NewSettings(telemetry)
	set.Logger = zap.New(core)
	p, err := NewFactory().CreateTraces(t.Context(), set, createDefaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	scored := search(0, 2)
	for _, span := range scored.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		span.Attributes().PutStr(spanattr.AttrCoverage, string(spanattr.Scored))
	}
	require.NoError(t, p.ConsumeTraces(t.Context(), scored))
	require.Empty(t, logs.All())
	for i := range 2 {
		require.NoError(t, p.ConsumeTraces(t.Context(), search(2+2*i, 2)))
	}
	require.Equal(t, 1, logs.FilterMessageSnippet("put llm_failure before llm_session").Len())
	metadatatest.AssertEqualLlmSessionUnscored(t, telemetry,
		[]metricdata.DataPoint[int64]{{Value: 4}}, metricdatatest.IgnoreTimestamp())
	require.NoError(t, p.Shutdown(t.Context()))
	require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))
}

// limiter is a budget of two tool calls per session.
type limiter struct {
	nopComponent
	breaker *budget.Breaker
}

func (l limiter) Breaker() *budget.Breaker { return l.breaker }

// limitsOf returns the session limits on the spans of a batch.
func limitsOf(td ptrace.Traces) (limits []string) {
	for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		limit := ""
		if v, ok := span.Attributes().Get(spanattr.AttrSessionLimit); ok {
			limit = v.Str()
		}
		limits = append(limits, limit)
	}
	return limits
}

func TestSpanThatReachesALimitIsMarked(t *testing.T) {
	b, err := budget.NewBreaker(10, func(string) budget.Limits { return budget.Limits{ToolCalls: 2} }, time.Now, nil)
	require.NoError(t, err)
	id := component.MustNewID("budget")
	cfg := createDefaultConfig().(*Config)
	cfg.Budget = &id
	s, err := newSessions(processortest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.NoError(t, s.start(t.Context(), fakeHost{id: limiter{breaker: b}}))
	batch := func(td ptrace.Traces) []string {
		td, err := s.processTraces(t.Context(), td)
		require.NoError(t, err)
		return limitsOf(td)
	}
	require.Equal(t, []string{"", "tool_calls", ""}, batch(search(0, 3)))
	require.Equal(t, []string{"", "", ""}, batch(search(1, 3)), "two duplicates and one new span")
	_, known := b.Reset("c-1")
	require.True(t, known)
	claimed := search(10, 3)
	claimed.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().PutStr(spanattr.AttrSessionLimit, "usd")
	require.Equal(t, []string{"", "tool_calls", ""}, batch(claimed),
		"the limit trips again, and a limit that the span brought along is removed")
	require.NoError(t, s.shutdown(t.Context()))

	none := search(0, 3)
	run(t, componenttest.NewNopHost(), func(*Config) {}, none)
	require.Equal(t, []string{"", "", ""}, limitsOf(none), "without a budget there is no limit")
}

func TestMissingBudgetStopsTheStart(t *testing.T) {
	id := component.MustNewID("llm_budget")
	for name, h := range map[string]component.Host{
		"not found": componenttest.NewNopHost(), "is not an llm_budget extension": fakeHost{id: nopComponent{}},
	} {
		cfg := createDefaultConfig().(*Config)
		cfg.Budget = &id
		p, err := NewFactory().CreateTraces(t.Context(), processortest.NewNopSettings(metadata.Type), cfg,
			consumertest.NewNop())
		require.NoError(t, err)
		require.ErrorContains(t, p.Start(t.Context(), h), name)
		require.NoError(t, p.Shutdown(t.Context()))
	}
}

func TestSessionsOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	keep := func(h component.Host, id component.ID, td ptrace.Traces) ptrace.Span {
		return run(t, h, func(c *Config) { c.Storage = &id }, td)
	}
	h, id := host(t, dir)
	keep(h, id, search(0, 2))
	require.True(t, spanattr.Of(keep(h, id, search(1, 2))).Verdict.Failed(),
		"one of the two spans is new and completes the loop")
}

// TestUntrustedSessions checks that spans with any session id, cost and time pass, that the written attributes are
// bounded and can be stored, and that sessions survive a restart.
func TestUntrustedSessions(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	ids := []string{
		long, long + "y", "", " ", "\x00", "a\nb", "\xff\xfe", "../../etc/passwd", "session/sessions", "<script>",
		strings.Repeat("é", 1<<19), strings.Repeat("\xff", 1<<20),
	}
	costs := []func(pcommon.Map){
		func(m pcommon.Map) { m.PutDouble(spanattr.AttrCostUSD, math.NaN()) },
		func(m pcommon.Map) { m.PutDouble(spanattr.AttrCostUSD, math.Inf(1)) },
		func(m pcommon.Map) { m.PutDouble(spanattr.AttrCostUSD, -1e9) },
		func(m pcommon.Map) { m.PutDouble(spanattr.AttrCostUSD, 1e300) },
		func(m pcommon.Map) { m.PutStr(spanattr.AttrCostUSD, "free") },
		func(m pcommon.Map) { m.PutEmptySlice(spanattr.AttrCostUSD) },
	}
	times := []uint64{0, 1, 1_790_000_000_000_000_000, math.MaxInt64, math.MaxUint64}
	untrusted := func() ptrace.Traces {
		td := ptrace.NewTraces()
		spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
		for i, id := range ids {
			for k, cost := range costs {
				span := spans.AppendEmpty()
				span.SetTraceID([16]byte{byte(i + 1)})
				span.SetSpanID([8]byte{1, byte(i), byte(k)})
				span.SetStartTimestamp(pcommon.Timestamp(times[k%len(times)]))
				span.SetEndTimestamp(pcommon.Timestamp(times[(k+3)%len(times)])) // sometimes before the start
				span.Attributes().PutStr("gen_ai.operation.name", "chat")
				span.Attributes().PutStr("gen_ai.conversation.id", id)
				cost(span.Attributes())
			}
		}
		return td
	}
	h, storage := host(t, t.TempDir())
	for range 2 { // the second time after a restart: nothing is new
		td := untrusted()
		run(t, h, func(c *Config) { c.Storage = &storage }, td)
		named := map[string]bool{}
		for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			id, ok := span.Attributes().Get(spanattr.AttrSessionID)
			require.True(t, ok)
			require.Less(t, len(id.Str()), 200)
			require.True(t, utf8.ValidString(id.Str()))
			named[id.Str()] = true
			calls, _ := span.Attributes().Get(spanattr.AttrSessionModelCalls)
			require.LessOrEqual(t, calls.Int(), int64(len(costs)))
			if spent, ok := span.Attributes().Get(spanattr.AttrSessionCostUSD); ok {
				require.Greater(t, spent.Double(), 0.0)
				require.LessOrEqual(t, spent.Double(), 2e6, "two of the six costs are absurd and count a million each")
			}
		}
		require.Len(t, named, len(ids), "no two sessions are merged")
	}
}

func TestInvalidSettings(t *testing.T) {
	cm, err := confmaptest.LoadConf(filepath.Join("testdata", "wrong.yaml"))
	require.NoError(t, err)
	for name, want := range map[string]string{
		"sessions":   "max_sessions must be positive, got 0",
		"idle":       "idle must be at least 1s, got 30ns",
		"checkpoint": "checkpoint_interval must be at least 10ms, got 0s",
	} {
		sub, err := cm.Sub(name)
		require.NoError(t, err)
		cfg := createDefaultConfig()
		require.NoError(t, sub.Unmarshal(cfg))
		require.EqualError(t, cfg.(*Config).Validate(), want)
	}
}

func TestMissingStorageStopsTheStart(t *testing.T) {
	id := component.MustNewID("file_storage")
	for name, h := range map[string]component.Host{
		"not found": componenttest.NewNopHost(), "is not a storage extension": fakeHost{id: nopComponent{}},
	} {
		cfg := createDefaultConfig().(*Config)
		cfg.Storage = &id
		p, err := NewFactory().CreateTraces(t.Context(), processortest.NewNopSettings(metadata.Type), cfg,
			consumertest.NewNop())
		require.NoError(t, err)
		require.ErrorContains(t, p.Start(t.Context(), h), name)
		require.NoError(t, p.Shutdown(t.Context()))
	}
}

type nopComponent struct {
	component.StartFunc
	component.ShutdownFunc
}

func TestCheckpointsAreWrittenWhileItRuns(t *testing.T) {
	h, id := host(t, t.TempDir())
	cfg := createDefaultConfig().(*Config)
	cfg.Storage, cfg.CheckpointInterval = &id, 10*time.Millisecond
	s, err := newSessions(processortest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.NoError(t, s.start(t.Context(), h))
	_, err = s.processTraces(t.Context(), search(0, 2))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		value, err := s.store.Get("session/c-1")
		return err == nil && len(value) > 0
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, s.shutdown(t.Context()))
}

// TestASessionOfAnotherVersionStartsAnew stores a session that is no session, with a right checksum.
func TestASessionOfAnotherVersionStartsAnew(t *testing.T) {
	h, id := host(t, t.TempDir())
	cfg := createDefaultConfig().(*Config)
	cfg.Storage = &id
	s, err := newSessions(processortest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.NoError(t, s.start(t.Context(), h))
	_, err = s.processTraces(t.Context(), search(0, 2))
	require.NoError(t, err)
	s.save()
	require.NoError(t, s.store.Write(map[string][]byte{"session/c-1": []byte("version 99 of a session")}, nil))
	require.NoError(t, s.store.Close(t.Context()))

	telemetry := componenttest.NewTelemetry()
	core, logs := observer.New(zap.ErrorLevel)
	settings := metadatatest.NewSettings(telemetry)
	settings.Logger = zap.New(core)
	again, err := newSessions(settings, cfg)
	require.NoError(t, err)
	require.NoError(t, again.start(t.Context(), h))
	metadatatest.AssertEqualLlmSessionCheckpointDiscards(t, telemetry,
		[]metricdata.DataPoint[int64]{{Value: 1}}, metricdatatest.IgnoreTimestamp())
	require.Equal(t, 1, logs.FilterMessageSnippet("discarding unreadable sessions").Len())
	require.NoError(t, again.shutdown(t.Context()))
	require.NoError(t, telemetry.Shutdown(context.Background()))
	close(s.stop)
	s.done.Wait()
}

func TestConfigurationInTheReadmeIsValid(t *testing.T) {
	ours.README(t, NewFactory(), "README.md")
}
