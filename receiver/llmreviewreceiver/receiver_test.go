package llmreviewreceiver

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	ours "github.com/faultline-otel/faultline/internal/componenttest"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/spanattr"
	"github.com/faultline-otel/faultline/receiver/llmreviewreceiver/internal/metadata"
	"github.com/faultline-otel/faultline/receiver/llmreviewreceiver/internal/metadatatest"
)

// owner is the least that an extension which owns a store can be. The store is a real one.
type owner struct {
	component.StartFunc
	component.ShutdownFunc
	store review.Store
}

func (o *owner) ReviewStore() review.Store { return o.store }

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

var reviewID = component.MustNewID("llm_review")

const (
	traceID = "5b8efff798038103d269b633813fc60c"
	spanID  = "eee19b7ec3c1b174"
)

// open opens a store with one failing trace.
func open(t *testing.T) review.Store {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "review.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	failing := review.Span{
		ID: spanID, Name: "chat", Service: "shop", Start: time.Unix(1_800_000_000, 0), Duration: 2 * time.Second,
		Call: &genai.Call{Operation: genai.OpChat, RequestModel: "gpt-4o", PromptName: "support", PromptVersion: "7"},
	}
	failing.Class, failing.Classes = failure.Refusal, []failure.Class{failure.Refusal}
	require.NoError(t, store.Put(t.Context(), []review.Trace{
		{ID: traceID, Service: "shop", Environment: "production", Spans: []review.Span{failing}},
	}))
	return store
}

func quick() *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Interval, cfg.Retry.InitialInterval, cfg.Retry.MaxInterval = time.Millisecond, time.Millisecond, time.Millisecond
	return cfg
}

func start(t *testing.T, store review.Store, set receiver.Settings, cfg *Config, next consumer.Logs) receiver.Logs {
	t.Helper()
	r, err := NewFactory().CreateLogs(t.Context(), set, cfg, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), host{reviewID: &owner{store: store}}))
	return r
}

// label judges the trace again.
func label(t *testing.T, store review.Store, l review.Label) {
	t.Helper()
	item, err := store.Item(t.Context(), traceID)
	require.NoError(t, err)
	if item.Label != nil {
		l.Replaces = item.Label.ID
	}
	l.TraceID = traceID
	_, err = store.AddLabel(t.Context(), l)
	require.NoError(t, err)
}

func all(sink *consumertest.LogsSink) (records []plog.LogRecord) {
	for _, ld := range sink.AllLogs() {
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, r := range sl.LogRecords().All() {
					records = append(records, r)
				}
			}
		}
	}
	return records
}

func await(t *testing.T, sink *consumertest.LogsSink, n int) []plog.LogRecord {
	t.Helper()
	require.Eventually(t, func() bool { return sink.LogRecordCount() >= n }, 10*time.Second, time.Millisecond)
	require.Equal(t, n, sink.LogRecordCount())
	return all(sink)
}

func TestALabelIsAnEvaluationOfItsSpan(t *testing.T) {
	store, sink := open(t), &consumertest.LogsSink{}
	telemetry := componenttest.NewTelemetry()
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	r := start(t, store, set, quick(), sink)
	label(t, store, review.Label{
		Decision: review.Confirmed, Class: failure.Refusal, Detail: failure.ModelRefusal, Note: "private", Reviewer: "Ann",
	})
	record := await(t, sink, 1)[0]
	require.Equal(t, traceID, record.TraceID().String())
	require.Equal(t, spanID, record.SpanID().String())
	require.Equal(t, time.Unix(1_800_000_002, 0).UTC(), record.Timestamp().AsTime(), "the end of the span")
	require.WithinDuration(t, time.Now(), record.ObservedTimestamp().AsTime(), time.Minute)
	require.Equal(t, map[string]any{"service.name": "shop", "deployment.environment.name": "production"},
		sink.AllLogs()[0].ResourceLogs().At(0).Resource().Attributes().AsRaw())
	e, ok := spanattr.EvaluationOf(record)
	require.True(t, ok)
	require.Equal(t, spanattr.Evaluation{
		Name: "review", By: spanattr.EvaluatorPerson, Reviewer: "Ann", Label: "confirmed", Value: genai.Some(0.0),
		Failed: true, Class: failure.Refusal, Detail: failure.ModelRefusal, Stratum: spanattr.StratumFlagged,
		Probability: genai.Some(1.0), Model: "gpt-4o", PromptName: "support", PromptVersion: "7",
	}, e)

	label(t, store, review.Label{Decision: review.Rejected})
	e, _ = spanattr.EvaluationOf(await(t, sink, 2)[1])
	require.Equal(t, "rejected", e.Label)
	require.Equal(t, genai.Some(1.0), e.Value)
	require.False(t, e.Failed)
	require.Eventually(t, func() bool {
		m, err := telemetry.GetMetric("otelcol_llm_review_labels")
		return err == nil && len(m.Data.(metricdata.Sum[int64]).DataPoints) == 2
	}, 10*time.Second, time.Millisecond)
	decided := func(d string) metricdata.DataPoint[int64] {
		return metricdata.DataPoint[int64]{Value: 1, Attributes: attribute.NewSet(attribute.String("decision", d))}
	}
	metadatatest.AssertEqualLlmReviewLabels(t, telemetry,
		[]metricdata.DataPoint[int64]{decided("confirmed"), decided("rejected")}, metricdatatest.IgnoreTimestamp())
	require.NoError(t, r.Shutdown(t.Context()))
	require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))
}

func TestNotesAndUndo(t *testing.T) {
	store, sink := open(t), &consumertest.LogsSink{}
	cfg := quick()
	cfg.Notes = true
	r := start(t, store, receivertest.NewNopSettings(metadata.Type), cfg, sink)
	batch, err := store.LabelMany(t.Context(), review.Selection{TraceIDs: []string{traceID}},
		review.Label{Decision: review.Confirmed, Note: "all of them"})
	require.NoError(t, err)
	e, _ := spanattr.EvaluationOf(await(t, sink, 1)[0])
	require.Equal(t, "all of them", e.Explanation)
	_, err = store.UndoMany(t.Context(), batch.ID, "ada")
	require.NoError(t, err)
	e, _ = spanattr.EvaluationOf(await(t, sink, 2)[1])
	require.Equal(t, "undone", e.Label)
	require.False(t, e.Value.Set || e.Failed || e.Explanation != "")
	require.NoError(t, r.Shutdown(t.Context()))
}

// refusing refuses some requests.
type refusing struct {
	consumertest.LogsSink
	mu   sync.Mutex
	errs []error // of the next requests
}

func (r *refusing) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.errs) > 0 {
		err := r.errs[0]
		r.errs = r.errs[1:]
		return err
	}
	return r.LogsSink.ConsumeLogs(ctx, ld)
}

func TestLabelsWaitWhileThePipelineRefuses(t *testing.T) {
	store, sink := open(t), &refusing{errs: []error{errors.New("full"), errors.New("full"), errors.New("full")}}
	r := start(t, store, receivertest.NewNopSettings(metadata.Type), quick(), sink)
	for range 3 {
		label(t, store, review.Label{Decision: review.Rejected})
	}
	await(t, &sink.LogsSink, 3)
	require.NoError(t, r.Shutdown(t.Context()))
}

func TestARefusalForGoodHoldsUpNothing(t *testing.T) {
	store, sink := open(t), &refusing{errs: []error{consumererror.NewPermanent(errors.New("no"))}}
	telemetry := componenttest.NewTelemetry()
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	label(t, store, review.Label{Decision: review.Rejected})
	r := start(t, store, set, quick(), sink)
	require.Eventually(t, func() bool {
		_, err := telemetry.GetMetric("otelcol_llm_review_refused_labels")
		return err == nil
	}, 10*time.Second, time.Millisecond)
	label(t, store, review.Label{Decision: review.Confirmed})
	e, _ := spanattr.EvaluationOf(await(t, &sink.LogsSink, 1)[0])
	require.Equal(t, "confirmed", e.Label)
	require.NoError(t, r.Shutdown(t.Context()))
	require.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context())))
}

// TestARestartGoesOn: what was given while nobody read comes, what was delivered does not come again.
func TestARestartGoesOn(t *testing.T) {
	store, sink := open(t), &consumertest.LogsSink{}
	cfg := quick()
	cfg.BatchSize = 2
	create := func() receiver.Logs { return start(t, store, receivertest.NewNopSettings(metadata.Type), cfg, sink) }
	first := create().(*labels)
	label(t, store, review.Label{Decision: review.Rejected})
	await(t, sink, 1)
	require.NoError(t, first.Shutdown(t.Context()))
	for range 5 {
		label(t, store, review.Label{Decision: review.Confirmed})
	}
	second, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, sink)
	require.NoError(t, err)
	second.(*labels).reader, second.(*labels).process = first.reader, first.process // another one waits for its turn
	require.NoError(t, second.Start(t.Context(), host{reviewID: &owner{store: store}}))
	records := await(t, sink, 6)
	seen := map[string]int{}
	for _, r := range records {
		e, _ := spanattr.EvaluationOf(r)
		seen[e.Label]++
	}
	require.Equal(t, map[string]int{"rejected": 1, "confirmed": 5}, seen)
	require.NoError(t, second.Shutdown(t.Context()))
}

func TestStartSaysWhichExtensionIsMissing(t *testing.T) {
	for want, h := range map[string]host{
		`review must name an extension that is listed in service::extensions, got "llm_review"`: {},
		`review must name an llm_review extension, got "llm_review"`: {reviewID: struct {
			component.StartFunc
			component.ShutdownFunc
		}{}},
	} {
		r, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), quick(), consumertest.NewNop())
		require.NoError(t, err)
		require.EqualError(t, r.Start(t.Context(), h), want)
		require.NoError(t, r.Shutdown(t.Context()))
	}
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	for want, change := range map[string]map[string]any{
		"interval must be positive":       {"interval": "0s"},
		"batch_size must be 1 to 500":     {"batch_size": 501},
		"retry_on_failure must be enable": {"retry_on_failure": map[string]any{"max_elapsed_time": "1s"}},
	} {
		cfg := createDefaultConfig()
		require.NoError(t, confmap.NewFromStringMap(change).Unmarshal(cfg))
		require.ErrorContains(t, confmap.Validate(cfg), want)
	}
	require.NoError(t, confmap.Validate(createDefaultConfig()))
}

func TestReadme(t *testing.T) {
	ours.README(t, NewFactory(), "README.md")
}
