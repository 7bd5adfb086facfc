package llmreviewexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/faultline-otel/faultline/exporter/llmreviewexporter/internal/metadata"
	"github.com/faultline-otel/faultline/exporter/llmreviewexporter/internal/metadatatest"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// fine is a trace of one scored call in which nothing failed.
func fine(n int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID{14: byte(n >> 8), 15: byte(n)})
	span.SetSpanID(pcommon.SpanID{7: 1})
	span.SetStartTimestamp(1e9)
	span.SetEndTimestamp(2e9)
	span.Attributes().PutStr("gen_ai.operation.name", "chat")
	span.Attributes().PutStr(spanattr.AttrCoverage, string(spanattr.Scored))
	return td
}

func spanOf(td ptrace.Traces) ptrace.Span {
	return td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
}

func suspected(n int, state string) ptrace.Traces {
	td := fine(n)
	spanOf(td).Attributes().PutEmptySlice(spanattr.AttrSuspects).AppendEmpty().SetStr("groundedness")
	spanOf(td).TraceState().FromRaw(state)
	return td
}

func id(n int) string { return fmt.Sprintf("%032x", n) }

// noneAtRandom writes directly, and draws nothing.
func noneAtRandom() *Config {
	cfg := direct()
	cfg.Random = RandomConfig{}
	return cfg
}

// running starts an exporter of traces over a store.
func running(t *testing.T, h host, cfg *Config) exporter.Traces {
	t.Helper()
	e := create(t, exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, e.Start(t.Context(), h))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	return e
}

func reasons(t *testing.T, store review.Store, n int) []review.Reason {
	t.Helper()
	item, err := store.Item(t.Context(), id(n))
	require.NoError(t, err)
	return item.Reasons
}

func TestSuspicionsComeWithTheProbabilityOfSampling(t *testing.T) {
	store, h := open(t)
	cfg := noneAtRandom()
	cfg.Suspicions.Probability = 0.25
	e := running(t, h, cfg)
	for n, c := range []struct {
		state string
		want  float64
	}{
		{"", 0.25},
		{"vendor=x,ot=rv:00000000000001;th:8", 0.5},
		{"ot=th:0", 1},
		{"ot=th:e666666666666", 0.1},
		{"ot=th:xyz", 0.25},
		{"ot=th:", 0.25},
		{"ot=th:123456789abcdef", 0.25},
		{"other=th:8", 0.25},
	} {
		require.NoError(t, e.ConsumeTraces(t.Context(), suspected(n+1, c.state)))
		got := reasons(t, store, n+1)
		require.Len(t, got, 1)
		require.Equal(t, review.SourceSuspicion, got[0].Source)
		require.InDelta(t, c.want, got[0].Probability, 1e-6, c.state)
	}
	signals, err := store.Signals(t.Context(), review.SignalFilter{})
	require.NoError(t, err)
	require.Empty(t, signals.Signals)

	cfg = noneAtRandom()
	cfg.Suspicions.Probability = 0
	require.NoError(t, running(t, h, cfg).ConsumeTraces(t.Context(), suspected(99, "")))
	_, err = store.Item(t.Context(), id(99))
	require.ErrorIs(t, err, review.ErrNotFound)
}

func TestSomeOfTheRestAreDrawn(t *testing.T) {
	store, h := open(t)
	cfg := direct()
	cfg.Random = RandomConfig{Rate: 0.1, Probability: 0.5}
	e := running(t, h, cfg)
	batch := ptrace.NewTraces()
	for n := 1; n <= 1000; n++ {
		td := fine(n)
		if n%2 == 0 {
			spanOf(td).TraceState().FromRaw("ot=th:f") // 1 in 16
		}
		if n%10 == 0 { // no GenAI span
			spanOf(td).Attributes().Clear()
			spanOf(td).Attributes().PutStr(spanattr.AttrCoverage, string(spanattr.NotLLM))
		}
		td.ResourceSpans().MoveAndAppendTo(batch.ResourceSpans())
	}
	require.NoError(t, e.ConsumeTraces(t.Context(), batch))
	page, err := store.Items(t.Context(), review.Filter{Limit: 500})
	require.NoError(t, err)
	n := map[float64]int{}
	for i := range page.Items {
		item := &page.Items[i]
		require.Empty(t, item.Class)
		require.Len(t, item.Reasons, 1)
		require.Equal(t, review.SourceRandom, item.Reasons[0].Source)
		n[item.Reasons[0].Probability]++
	}
	require.InDelta(t, 100, n[0.1], 30, "of those that were kept with 0.5, a fifth")
	require.Equal(t, 400, n[0.0625], "all of those that were kept with less")
	require.Len(t, n, 2)

	// The volume is known to the next process.
	require.NoError(t, e.(*selecting).sample.Exchange(t.Context(), store))
	week, err := store.AddVolumes(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "shop", week[0].Service)
	require.InDelta(t, 500*2+400*16, week[0].N, 1)
}

// feedback is a log record.
func feedback(n int, attributes map[string]any) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "shop")
	record := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetEventName(spanattr.EventEvaluation)
	record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	if n != 0 {
		record.SetTraceID(pcommon.TraceID{14: byte(n >> 8), 15: byte(n)})
		record.SetSpanID(pcommon.SpanID{7: 1})
	}
	if err := record.Attributes().FromRaw(attributes); err != nil {
		panic(err)
	}
	return ld
}

func thumbsDown() map[string]any {
	return map[string]any{spanattr.AttrEvaluationName: "thumbs", spanattr.AttrEvaluationLabel: "thumbs_down"}
}

func listening(t *testing.T, set exporter.Settings, h host, cfg *Config) exporter.Logs {
	t.Helper()
	e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), h))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	return e
}

func TestBadFeedbackMakesAnItem(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	defer func() { require.NoError(t, telemetry.Shutdown(context.Background())) }()
	store, h := open(t)
	logs := listening(t, metadatatest.NewSettings(telemetry), h, direct())
	const name, value, by = spanattr.AttrEvaluationName, spanattr.AttrEvaluationValue, spanattr.AttrEvaluator
	for n, c := range []struct {
		attributes map[string]any
		item       bool
	}{
		{thumbsDown(), true},
		{map[string]any{name: "stars", value: 0.49, by: "user"}, true},
		{map[string]any{name: "stars", value: 0.5, by: "user"}, false},
		{map[string]any{name: "stars", value: 0.2}, true},
		{map[string]any{name: "thumbs", spanattr.AttrEvaluationLabel: "thumbs_up"}, false},
		{map[string]any{name: "groundedness", value: 0.1, by: "judge"}, false},
		{map[string]any{name: "groundedness", value: 0.1, spanattr.AttrJudgePromptVersion: "g-1"}, false},
		{map[string]any{name: "refusal", value: 0.1, by: "scorer"}, false},
		{map[string]any{name: "refusal", value: 0.1, spanattr.AttrEvaluationVersion: "4"}, false},
		{map[string]any{name: "checked", spanattr.AttrEvaluationLabel: "fail", by: "person"}, true},
		{map[string]any{name: "review", spanattr.AttrEvaluationLabel: "confirmed", by: "person"}, false}, // our own
	} {
		require.NoError(t, logs.ConsumeLogs(t.Context(), feedback(n+1, c.attributes)))
		item, err := store.Item(t.Context(), id(n+1))
		if !c.item {
			require.ErrorIs(t, err, review.ErrNotFound, "%v", c.attributes)
			continue
		}
		require.NoError(t, err, "%v", c.attributes)
		require.Equal(t, []review.Reason{{Source: review.SourceFeedback, Probability: 1}}, item.Reasons)
		require.Equal(t, "shop", item.Service)
		require.Len(t, item.Evaluations, 1)
	}
	require.NoError(t, logs.ConsumeLogs(t.Context(), feedback(0, thumbsDown())))
	other := plog.NewLogs()
	other.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("hello")
	require.NoError(t, logs.ConsumeLogs(t.Context(), other))
	metadatatest.AssertEqualLlmReviewFeedback(t, telemetry, []metricdata.DataPoint[int64]{{Value: 4}},
		metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
	metadatatest.AssertEqualLlmReviewIgnoredEvaluations(t, telemetry, []metricdata.DataPoint[int64]{{Value: 1}},
		metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

// TestFeedbackFindsItsTrace in any order, without a Tempo.
// TestWhatAJudgeFoundMakesAnItem: its trace is found among the latest, and the item has the probability of the judge.
func TestWhatAJudgeFoundMakesAnItem(t *testing.T) {
	found := func(n int, trusted bool, label string) plog.Logs {
		e := spanattr.Evaluation{
			Name: "groundedness", By: spanattr.EvaluatorJudge, Version: "m@1", Label: label, Untrusted: !trusted,
			Stratum: spanattr.StratumRandom, Probability: genai.Some(0.02),
		}
		if label == "fail" {
			e.Class, e.Detail = failure.Hallucination, "contradicted"
		}
		ld := plog.NewLogs()
		record := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		e.Write(record)
		record.SetTraceID(pcommon.TraceID{14: byte(n >> 8), 15: byte(n)})
		record.SetSpanID(pcommon.SpanID{7: 1})
		return ld
	}
	for cases, want := range map[JudgedCases][]int{OfAll: {1, 2}, OfTrusted: {1}, OfNone: nil} {
		t.Run(string(cases), func(t *testing.T) {
			store, h := open(t)
			cfg := noneAtRandom()
			cfg.Judges.Cases = cases
			require.NoError(t, cfg.Judges.Validate())
			traces := running(t, h, cfg)
			for n := range 4 {
				require.NoError(t, traces.ConsumeTraces(t.Context(), fine(n)))
			}
			logs, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
			require.NoError(t, err)
			require.NoError(t, logs.Start(t.Context(), h))
			defer func() { require.NoError(t, logs.Shutdown(context.Background())) }()
			for _, ld := range []plog.Logs{found(1, true, "fail"), found(2, false, "fail"), found(3, true, "pass")} {
				require.NoError(t, logs.ConsumeLogs(t.Context(), ld))
			}
			page, err := store.Items(t.Context(), review.Filter{})
			require.NoError(t, err)
			require.Len(t, page.Items, len(want))
			for _, n := range want {
				require.Equal(t, []review.Reason{{Source: review.SourceJudge, Probability: 0.02}}, reasons(t, store, n))
				require.Eventually(t, func() bool {
					item, err := store.Item(t.Context(), id(n))
					return err == nil && len(item.Spans) == 1 && (item.Class != "") == (n == 1)
				}, 30*time.Second, 10*time.Millisecond)
			}
		})
	}
	require.ErrorContains(t, (&JudgesConfig{Cases: "some"}).Validate(), `cases must be "all", "trusted" or "none"`)
}

func TestFeedbackFindsItsTrace(t *testing.T) {
	store, h := open(t)
	traces := running(t, h, noneAtRandom())
	logs := listening(t, exportertest.NewNopSettings(metadata.Type), h, direct())
	spans := func(n int) int {
		item, err := store.Item(t.Context(), id(n))
		if err != nil {
			return -1
		}
		return len(item.Spans)
	}
	// The trace first: it is among the latest.
	require.NoError(t, traces.ConsumeTraces(t.Context(), fine(1)))
	require.Equal(t, -1, spans(1))
	require.NoError(t, logs.ConsumeLogs(t.Context(), feedback(1, thumbsDown())))
	require.Eventually(t, func() bool { return spans(1) == 1 }, 10*time.Second, 10*time.Millisecond)
	// The feedback first.
	require.NoError(t, logs.ConsumeLogs(t.Context(), feedback(2, thumbsDown())))
	require.Zero(t, spans(2))
	require.NoError(t, traces.ConsumeTraces(t.Context(), fine(2)))
	require.Equal(t, 1, spans(2))
	// A judge speaks of a flagged trace.
	require.NoError(t, traces.ConsumeTraces(t.Context(), failing(3)))
	require.NoError(t, logs.ConsumeLogs(t.Context(), feedback(3, map[string]any{
		spanattr.AttrEvaluationName: "groundedness", spanattr.AttrEvaluationValue: 0.1, spanattr.AttrEvaluator: "judge",
	})))
	item, err := store.Item(t.Context(), id(3))
	require.NoError(t, err)
	require.Equal(t, "judge", item.Evaluations[0].By)
	require.Len(t, item.Reasons, 1)
}

// TestAnnotationsOnSpans: OpenInference writes feedback beside the call, or as a span that links to it.
func TestAnnotationsOnSpans(t *testing.T) {
	store, h := open(t)
	e := running(t, h, noneAtRandom())
	annotated := fine(1)
	spanOf(annotated).Attributes().PutStr("annotations.0.annotation.name", "correct")
	spanOf(annotated).Attributes().PutStr("annotations.0.annotation.label", "thumbs_down")
	spanOf(annotated).Attributes().PutStr("annotations.0.annotation.annotator_kind", "HUMAN")
	require.NoError(t, e.ConsumeTraces(t.Context(), annotated))
	require.Equal(t, []review.Reason{{Source: review.SourceFeedback, Probability: 1}}, reasons(t, store, 1))
	item, err := store.Item(t.Context(), id(1))
	require.NoError(t, err)
	require.Len(t, item.Spans, 1)
	require.Equal(t, "correct", item.Evaluations[0].Name)

	machine := fine(2)
	spanOf(machine).Attributes().PutStr("annotations.0.annotation.name", "correct")
	spanOf(machine).Attributes().PutStr("annotations.0.annotation.label", "incorrect")
	spanOf(machine).Attributes().PutStr("annotations.0.annotation.annotator_kind", "LLM")
	require.NoError(t, e.ConsumeTraces(t.Context(), machine))
	late := fine(3)
	spanOf(late).Attributes().Clear()
	spanOf(late).Attributes().PutStr(spanattr.AttrEvaluationName, "thumbs")
	spanOf(late).Attributes().PutStr(spanattr.AttrEvaluationLabel, "thumbs_down")
	link := spanOf(late).Links().AppendEmpty()
	link.SetTraceID(pcommon.TraceID{15: 4})
	link.SetSpanID(pcommon.SpanID{7: 1})
	require.NoError(t, e.ConsumeTraces(t.Context(), late))
	require.Equal(t, []string{"4", "1"}, traceIDs(t, store), "the trace that it links to")
}

// tempoServer answers like Tempo.
func tempoServer(t *testing.T, answers map[string]http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[strings.TrimPrefix(r.URL.Path, "/base/api/traces/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func protobuf(td ptrace.Traces) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != "application/protobuf" {
			http.Error(w, "protobuf was not asked for", http.StatusNotAcceptable)
			return
		}
		data, _ := new(ptrace.ProtoMarshaler).MarshalTraces(td)
		w.Header().Set("Content-Type", "application/protobuf")
		_, _ = w.Write(data)
	}
}

func text(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// tempoJSON is a trace as Tempo writes it: other names, ids in base64.
const tempoJSON = `{"batches":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
"instrumentationLibrarySpans":[{"spans":[{"traceId":"AAAAAAAAAAAAAAAAAAAAAg==","spanId":"AAAAAAAAAAE=","name":"chat",
"kind":"SPAN_KIND_CLIENT","startTimeUnixNano":"1000000000","endTimeUnixNano":"2000000000",
"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}}]}]}]}]}`

func TestTracesAreFetchedFromTempo(t *testing.T) {
	store, h := open(t)
	server := tempoServer(t, map[string]http.HandlerFunc{
		id(1): protobuf(fine(1)), id(2): text(200, "application/json", tempoJSON),
		id(3): text(200, "application/json", `{"trace":`+strings.Replace(tempoJSON, "Ag==", "Aw==", 1)+`}`),
		id(5): text(500, "text/plain", "broken"), id(6): text(200, "application/protobuf", "\xff\xff"),
		id(7): text(200, "application/json", `{"batches":[]}`),
	})
	cfg := noneAtRandom()
	cfg.Tempo.Endpoint = server.URL + "/base/"
	e := running(t, h, cfg).(*selecting)
	for n := 1; n <= 3; n++ {
		found, err := e.Find(t.Context(), id(n))
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, id(n), found[0].ID)
		require.Equal(t, "shop", found[0].Service)
		require.Equal(t, "0000000000000001", found[0].Spans[0].ID)
		require.Equal(t, "chat", found[0].Spans[0].Call.Operation)
	}
	for n, want := range map[int]error{4: review.ErrNotFound, 5: review.ErrElsewhere, 6: review.ErrElsewhere, 7: review.ErrNotFound} {
		_, err := e.Find(t.Context(), id(n))
		require.ErrorIs(t, err, want)
		require.ErrorContains(t, err, "Tempo")
	}
	_, err := running(t, h, noneAtRandom()).(*selecting).Find(t.Context(), id(1))
	require.ErrorIs(t, err, review.ErrNotFound)
	require.ErrorContains(t, err, "no Tempo is configured (tempo::endpoint of the llm_review exporter)")

	// An item without a span is looked for after a while, and then less and less often.
	logs := listening(t, exportertest.NewNopSettings(metadata.Type), h, direct())
	require.NoError(t, logs.ConsumeLogs(t.Context(), feedback(1, thumbsDown())))
	require.NoError(t, logs.ConsumeLogs(t.Context(), feedback(4, thumbsDown())))
	next := map[string]time.Time{}
	require.NoError(t, e.searchOnce(t.Context(), time.Now(), next))
	require.Empty(t, next)
	later := time.Now().Add(20 * time.Second)
	require.NoError(t, e.searchOnce(t.Context(), later, next))
	item, err := store.Item(t.Context(), id(1))
	require.NoError(t, err)
	require.Len(t, item.Spans, 1)
	require.Len(t, next, 1)
	require.WithinDuration(t, later.Add(20*time.Second), next[id(4)], time.Second)
	server.Close()
	require.NoError(t, e.searchOnce(t.Context(), later.Add(time.Second), next), "it is not due")
	require.ErrorIs(t, e.searchOnce(t.Context(), later.Add(time.Minute), next), review.ErrElsewhere)
}

// TestWhatOthersSayIsRedacted before it is queued, and what is fetched before it is stored.
func TestWhatOthersSayIsRedacted(t *testing.T) {
	store, h := open(t)
	cfg := noneAtRandom()
	cfg.Redact = []string{"pii", "secrets"}
	logs := listening(t, exportertest.NewNopSettings(metadata.Type), h, cfg)
	attributes := thumbsDown()
	attributes[spanattr.AttrEvaluationExplain] = "write to maria@acme.pt"
	td := fine(1)
	spanOf(td).Attributes().PutStr("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"maria@acme.pt"}]}]`)
	e := running(t, h, cfg)
	require.NoError(t, e.ConsumeTraces(t.Context(), td))
	require.NoError(t, logs.ConsumeLogs(t.Context(), feedback(1, attributes)))
	found, err := e.(*selecting).Find(t.Context(), id(1))
	require.NoError(t, err)
	require.NoError(t, store.Put(t.Context(), found))
	item, err := store.Item(t.Context(), id(1))
	require.NoError(t, err)
	data, err := json.Marshal(item)
	require.NoError(t, err)
	require.NotContains(t, string(data), "maria")
	require.Equal(t, "write to [redacted:email]", item.Evaluations[0].Explanation)
}
