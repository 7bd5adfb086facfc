package llmmetricsconnector

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/faultline-otel/faultline/connector/llmmetricsconnector/internal/metadata"
	"github.com/faultline-otel/faultline/connector/llmmetricsconnector/internal/metadatatest"
	"github.com/faultline-otel/faultline/internal/checkpoint/storage"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// ends are the ends of one llm_metrics for all pairs of signals.
type ends struct {
	spans, versions connector.Traces
	evaluations     connector.Logs
	metrics         *consumertest.MetricsSink
	logs            *consumertest.LogsSink
}

// open creates and starts all ends of one configuration.
func open(t *testing.T, cfg *Config, host component.Host) *ends {
	t.Helper()
	f, set := NewFactory(), metadatatest.NewSettings(componenttest.NewTelemetry())
	e := &ends{metrics: &consumertest.MetricsSink{}, logs: &consumertest.LogsSink{}}
	var err error
	e.spans, err = f.CreateTracesToMetrics(t.Context(), set, cfg, e.metrics)
	require.NoError(t, err)
	e.versions, err = f.CreateTracesToLogs(t.Context(), set, cfg, e.logs)
	require.NoError(t, err)
	e.evaluations, err = f.CreateLogsToMetrics(t.Context(), set, cfg, e.metrics)
	require.NoError(t, err)
	for _, c := range []component.Component{e.spans, e.versions, e.evaluations} {
		require.NoError(t, c.Start(t.Context(), host))
	}
	return e
}

// consume passes traces to both ends that take them, like a pipeline.
func (e *ends) consume(t *testing.T, td ptrace.Traces) {
	t.Helper()
	td.MarkReadOnly()
	require.NoError(t, e.spans.ConsumeTraces(t.Context(), td))
	require.NoError(t, e.versions.ConsumeTraces(t.Context(), td))
}

func (e *ends) close(t *testing.T) {
	t.Helper()
	for _, c := range []component.Component{e.spans, e.versions, e.evaluations} {
		require.NoError(t, c.Shutdown(context.WithoutCancel(t.Context())))
	}
}

// last returns the lines of the last export.
func (e *ends) last(t *testing.T) string {
	t.Helper()
	all := e.metrics.AllMetrics()
	require.NotEmpty(t, all)
	return strings.Join(write(all[len(all)-1:]), "\n")
}

// evaluation is a log record of a judge.
func evaluation(logs plog.Logs, service string, attributes map[string]any) {
	rl := logs.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", service)
	r := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	r.SetEventName(spanattr.EventEvaluation)
	r.SetTraceID(pcommon.TraceID{15: 0xe1})
	r.SetSpanID(pcommon.SpanID{7: 0xe2})
	_ = r.Attributes().FromRaw(attributes)
}

func TestEvaluationsCountAsScores(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.InstanceID = "one"
	e := open(t, cfg, componenttest.NewNopHost())
	td := wide()
	td.ResourceSpans().
		At(0).
		ScopeSpans().
		At(0).
		Spans().
		RemoveIf(func(s ptrace.Span) bool { return s.SpanID() != pcommon.SpanID{2, 0} })
	e.consume(t, annotated(t, td))
	logs := plog.NewLogs()
	judged := map[string]any{
		spanattr.AttrEvaluationName:     "judge",
		spanattr.AttrEvaluationValue:    0.25,
		spanattr.AttrEvaluationLabel:    "fail",
		spanattr.AttrJudgePromptVersion: "j-2",
		spanattr.AttrStratum:            "random",
		spanattr.AttrErrorClass:         "hallucination",
		spanattr.AttrErrorDetail:        "contradicted",
		"gen_ai.provider.name":          "openai",
		"gen_ai.operation.name":         "chat",
		"gen_ai.request.model":          "gpt-5",
		"gen_ai.prompt.name":            "support",
		"gen_ai.prompt.version":         "7",
	}
	evaluation(logs, "support-bot", judged)
	evaluation(
		logs,
		"support-bot",
		map[string]any{spanattr.AttrEvaluationName: "helpful", spanattr.AttrEvaluationLabel: "pass"},
	)
	evaluation(logs, "support-bot", map[string]any{
		spanattr.AttrEvaluationName: "review", spanattr.AttrEvaluationLabel: "confirmed", spanattr.AttrEvaluator: "person",
		spanattr.AttrErrorClass: "refusal",
	})
	evaluation(logs, "support-bot", map[string]any{
		spanattr.AttrEvaluationName: "loyal", spanattr.AttrEvaluationValue: 0.5, spanattr.AttrStratum: "suspect",
		spanattr.AttrTrusted: false,
	})
	evaluation(
		logs,
		"support-bot",
		map[string]any{spanattr.AttrEvaluationName: "tone", spanattr.AttrEvaluationLabel: "formal"},
	) // neither good nor bad
	evaluation(
		logs,
		"support-bot",
		map[string]any{spanattr.AttrEvaluationName: "stars", spanattr.AttrEvaluationValue: 4.0},
	) // of five
	evaluation(
		logs,
		"support-bot",
		map[string]any{spanattr.AttrEvaluationValue: 1.0},
	) // of nothing
	logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().AppendEmpty().Body().SetStr("a record of another kind, " +
		"at night") // not an evaluation
	logs.MarkReadOnly()
	require.NoError(t, e.evaluations.ConsumeLogs(t.Context(), logs))
	e.close(t)
	got := e.last(t)
	require.Contains(t, got, "llm.score.count{support-bot one openai chat gpt-5 support 7 judge j-2 random} = 1 # "+
		"e1/e2 1")
	require.Contains(t, got, "llm.score.sum{support-bot one openai chat gpt-5 support 7 judge j-2 random} = 0.25 # "+
		"e1/e2 0.25")
	require.Contains(t, got, "llm.score.failures{support-bot one openai chat gpt-5 support 7 judge j-2 random} = 1 # "+
		"e1/e2 1")
	require.Contains(t, got, "llm.judge.findings{support-bot one openai chat gpt-5 support 7 judge j-2 random "+
		"hallucination quality contradicted} = 1 # e1/e2 1")
	require.Equal(t, 1, strings.Count(got, "llm.judge.findings"), "what a person says is no finding of a judge")
	require.Contains(t, got, "llm.score.sum{support-bot one helpful} = 1 # e1/e2 1")
	require.Contains(t, got, "llm.score.sum{support-bot one loyal suspect false} = 0.5 # e1/e2 0.5")
	require.NotContains(t, got, "tone")
	require.NotContains(t, got, "stars")
	require.NotContains(t, got, "llm.requests{support-bot one openai chat", "an evaluation is not a request")
	require.NotContains(t, got, "llm.failures{support-bot one  ")
	require.Contains(t, got, "llm.requests{support-bot prod one openai chat gpt-5 support 7 1-3 ok} = 1", "of the span")
	require.NotContains(t, got, "llm.spans{support-bot one", "an evaluation is not a span")
}

func TestFirstSeenVersionsAreLogEvents(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.InstanceID = "one"
	e := open(t, cfg, componenttest.NewNopHost())
	e.consume(t, annotated(t, wide()))
	e.close(t)
	logs := e.logs.AllLogs()
	require.Len(t, logs, 1)
	require.Equal(t, 1, logs[0].LogRecordCount())
	resource := logs[0].ResourceLogs().At(0)
	require.Equal(
		t,
		map[string]any{"service.name": "support-bot", "deployment.environment.name": "prod"},
		resource.Resource().Attributes().AsRaw(),
	)
	record := resource.ScopeLogs().At(0).LogRecords().At(0)
	require.Equal(t, "llm.version.first_seen", record.EventName())
	require.Equal(t, map[string]any{
		"service.name": "support-bot", "deployment.environment.name": "prod", "gen_ai.request.model": "gpt-5",
		"gen_ai.prompt.name": "support", "gen_ai.prompt.version": "7", "collector.instance.id": "one",
	}, record.Attributes().AsRaw())
	require.Equal(t, "support-bot uses model gpt-5 prompt support version 7 for the first time", record.Body().Str())
	require.WithinDuration(t, time.Now(), record.Timestamp().AsTime(), time.Minute)
	require.Contains(
		t,
		e.last(t),
		"llm.requests{support-bot prod one openai chat gpt-5 support 7 1-3 ok} = ",
		"counted once",
	)
	require.Contains(t, e.last(t), "llm.spans{support-bot prod one scored} = 100")
}

func TestVersionsAreReportedWithoutMetrics(t *testing.T) {
	logs := &consumertest.LogsSink{}
	c, err := NewFactory().CreateTracesToLogs(t.Context(), metadatatest.NewSettings(componenttest.NewTelemetry()),
		createDefaultConfig(), logs)
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, c.ConsumeTraces(t.Context(), annotated(t, wide())))
	require.NoError(t, c.Shutdown(t.Context()))
	require.Equal(t, 1, logs.LogRecordCount())
}

// stored is a host with a file storage below a folder.
type stored map[component.ID]component.Component

func (s stored) GetExtensions() map[component.ID]component.Component { return s }

var storageID = component.MustNewID("file_storage")

func newStored(t *testing.T, dir string) stored {
	t.Helper()
	f := filestorage.NewFactory()
	cfg := f.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory, cfg.CreateDirectory, cfg.Compaction.Directory = dir, true, dir
	e, err := f.Create(t.Context(), extensiontest.NewNopSettings(f.Type()), cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.WithoutCancel(t.Context()))) })
	return stored{storageID: e}
}

// TestStateSurvivesARestart runs the same traffic through one Collector after another.
func TestStateSurvivesARestart(t *testing.T) {
	host := newStored(t, filepath.Join(t.TempDir(), "storage"))
	td := annotated(t, wide())
	for run := range 2 {
		cfg := createDefaultConfig().(*Config)
		cfg.Storage = &storageID
		e := open(t, cfg, host)
		e.consume(t, td)
		e.close(t)
		require.Equal(t, 1-run, e.logs.LogRecordCount(), "reported once, run %d", run)
		require.NotContains(t, e.last(t), "llm.session.turns", "sessions continue in the next run")
	}
	e := open(t, createDefaultConfig().(*Config), componenttest.NewNopHost())
	e.consume(t, td)
	e.close(t)
	require.Contains(t, e.last(t), "llm.session.turns", "without a storage, they end with the Collector")
}

// TestACheckpointOfAnotherVersionStartsAnew stores values that are no checkpoint, with a right checksum.
func TestACheckpointOfAnotherVersionStartsAnew(t *testing.T) {
	host := newStored(t, filepath.Join(t.TempDir(), "storage"))
	settings := connectortest.NewNopSettings(metadata.Type)
	store, err := storage.Open(t.Context(), host, storageID, component.KindConnector, settings.ID)
	require.NoError(t, err)
	other := []byte("version 99 of a checkpoint")
	require.NoError(t, store.Write(map[string][]byte{"versions": other, "sessions": other}, nil))
	require.NoError(t, store.Close(t.Context()))
	telemetry := componenttest.NewTelemetry()
	core, logs := observer.New(zap.ErrorLevel)
	settings.TelemetrySettings = telemetry.NewTelemetrySettings()
	settings.Logger = zap.New(core)
	cfg := createDefaultConfig().(*Config)
	cfg.Storage = &storageID
	c, err := NewFactory().CreateTracesToMetrics(t.Context(), settings, cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), host))
	m, err := telemetry.GetMetric("otelcol_llm_metrics_checkpoint_discards")
	require.NoError(t, err)
	require.EqualValues(t, 2, m.Data.(metricdata.Sum[int64]).DataPoints[0].Value)
	require.Equal(t, 1, logs.FilterMessageSnippet("Discarding unreadable parts").Len())
	require.NoError(t, c.Shutdown(t.Context()))
	require.NoError(t, telemetry.Shutdown(context.Background()))
}

func TestInvalidStorageFailsTheStart(t *testing.T) {
	for want, host := range map[string]component.Host{
		`storage: extension "file_storage" not found`:                  componenttest.NewNopHost(),
		`storage: extension "file_storage" is not a storage extension`: stored{storageID: nil},
	} {
		cfg := createDefaultConfig().(*Config)
		cfg.Storage = &storageID
		c := create(t, cfg, consumertest.NewNop())
		require.ErrorContains(t, c.Start(t.Context(), host), want)
		require.NoError(t, c.Shutdown(t.Context()))
	}
}

// TestEvaluationsOnSpansAreCounted checks that annotations of OpenInference and evaluation events of others count like
// the log records of a judge, and that our own events do not count again.
func TestEvaluationsOnSpansAreCounted(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	e := open(t, cfg, componenttest.NewNopHost())
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	require.NoError(t, span.Attributes().FromRaw(map[string]any{
		"openinference.span.kind":       "LLM",
		"annotations.0.annotation.name": "faithful", "annotations.0.annotation.label": "fail",
		"annotations.1.annotation.name": "unusable",
	}))
	for _, attributes := range []map[string]any{
		{spanattr.AttrEvaluationName: "tone", spanattr.AttrEvaluationValue: 0.5},
		{spanattr.AttrEvaluationName: "ours", spanattr.AttrEvaluationValue: 0.5, spanattr.AttrEvaluationVersion: "1"},
	} {
		event := span.Events().AppendEmpty()
		event.SetName(spanattr.EventEvaluation)
		require.NoError(t, event.Attributes().FromRaw(attributes))
	}
	e.consume(t, td)
	e.close(t)
	last := e.last(t)
	require.Regexp(t, `llm\.score\.failures.*faithful.* = 1`, last)
	require.Regexp(t, `llm\.score\.sum.*tone.* = 0\.5`, last)
	require.NotContains(t, last, "unusable")
	require.NotContains(t, last, "ours")
}

func TestCallsThatStandOnlyInLogRecordsCount(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.InstanceID = "one"
	e := open(t, cfg, componenttest.NewNopHost())
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "claude-code")
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for _, attributes := range []map[string]any{
		{"event.name": "claude_code.api_request", "model": "claude-sonnet-4-5", "input_tokens": "1000", "output_tokens": "100"},
		{"event.name": "claude_code.api_error", "model": "claude-sonnet-4-5", "error": "Overloaded", "status_code": "529"},
		{"event.name": "claude_code.user_prompt", "prompt": "x"},
	} {
		require.NoError(t, records.AppendEmpty().Attributes().FromRaw(attributes))
	}
	unscored := plog.NewLogs()
	logs.CopyTo(unscored)
	require.NoError(t, e.evaluations.ConsumeLogs(t.Context(), unscored), "without llm_failure nothing is counted")
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	pipeline.NewScorer(set, pipeline.ScorerOptions{Prices: price.Embedded()}).LogCalls(logs, func(*pipeline.Scored) {})
	logs.MarkReadOnly()
	require.NoError(t, e.evaluations.ConsumeLogs(t.Context(), logs))
	e.close(t)
	got := e.last(t)
	for _, want := range []string{"llm.requests", "llm.failures", "provider_error", "claude-sonnet-4-5", "llm.cost.usd", "gen_ai.client.token.usage"} {
		require.Contains(t, got, want)
	}
	var requests float64
	for _, md := range e.metrics.AllMetrics()[len(e.metrics.AllMetrics())-1:] {
		for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
			if m.Name() != "llm.requests" {
				continue
			}
			for _, p := range m.Sum().DataPoints().All() {
				requests += p.DoubleValue() + float64(p.IntValue())
			}
		}
	}
	require.InDelta(t, 2, requests, 0)
}
