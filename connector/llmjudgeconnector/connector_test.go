package llmjudgeconnector

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/connector/llmjudgeconnector/internal/metadata"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// started starts a connector.
func started(tb testing.TB, cfg *Config, host component.Host) (connector.Traces, *consumertest.LogsSink) {
	tb.Helper()
	require.NoError(tb, cfg.Validate())
	sink := new(consumertest.LogsSink)
	c, err := NewFactory().CreateTracesToLogs(tb.Context(), connectortest.NewNopSettings(metadata.Type), cfg, sink)
	require.NoError(tb, err)
	require.NoError(tb, c.Start(tb.Context(), host))
	var once sync.Once
	stop := func() { once.Do(func() { require.NoError(tb, c.Shutdown(context.Background())) }) }
	tb.Cleanup(stop)
	return c, sink
}

func configFor(s *judgetest.Server) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Endpoint, cfg.Model, cfg.Free = s.Endpoint(), "stand-in", true
	cfg.Rubrics = []string{"groundedness"}
	cfg.Shares.Random = 1
	cfg.Retry.Backoff = time.Millisecond
	return cfg
}

// answered is a trace with one scored model call.
type answered struct {
	trace              byte
	question, answer   string
	document           string
	class              failure.Class
	suspects           []string
	tracestate, thread string
}

func (a answered) traces() ptrace.Traces {
	td := ptrace.NewTraces()
	a.add(td)
	return td
}

func (a answered) add(td ptrace.Traces) {
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID{a.trace, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
	span.SetSpanID(pcommon.SpanID{a.trace, 9})
	span.SetStartTimestamp(1_000_000_000)
	span.SetEndTimestamp(2_000_000_000)
	span.TraceState().FromRaw(a.tracestate)
	at := span.Attributes()
	at.PutStr("gen_ai.operation.name", "chat")
	at.PutStr("gen_ai.provider.name", "openai")
	at.PutStr("gen_ai.request.model", "gpt-x")
	input := `[{"role":"user","parts":[{"type":"text","content":` + quoted(a.question) + `}]}`
	if a.document != "" {
		input += `,{"role":"assistant","parts":[{"type":"tool_call","id":"1","name":"search","arguments":{}}]},` +
			`{"role":"tool","parts":[{"type":"tool_call_response","id":"1","response":` + quoted(a.document) + `}]}`
	}
	at.PutStr("gen_ai.input.messages", input+"]")
	at.PutStr("gen_ai.output.messages",
		`[{"role":"assistant","finish_reason":"stop","parts":[{"type":"text","content":`+quoted(a.answer)+`}]}]`)
	at.PutStr(spanattr.AttrCoverage, string(spanattr.Scored))
	if a.thread != "" {
		at.PutStr(spanattr.AttrSessionID, a.thread)
	}
	if a.class != "" {
		at.PutStr(spanattr.AttrErrorClass, string(a.class))
	}
	if len(a.suspects) > 0 {
		list := at.PutEmptySlice(spanattr.AttrSuspects)
		for _, s := range a.suspects {
			list.AppendEmpty().SetStr(s)
			at.PutDouble(spanattr.AttrScorePrefix+s, 0.4)
		}
	}
}

func quoted(text string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// records returns the log records once there are n.
func records(tb testing.TB, sink *consumertest.LogsSink, n int) (all []plog.LogRecord) {
	tb.Helper()
	require.Eventually(tb, func() bool { return sink.LogRecordCount() >= n }, 30*time.Second, 5*time.Millisecond)
	for _, ld := range sink.AllLogs() {
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, r := range sl.LogRecords().All() {
					all = append(all, r)
				}
			}
		}
	}
	require.Len(tb, all, n)
	return all
}

const contradicted = `{"claims":[{"claim":"refunds take 5 days","reason":"contradicted"},` +
	`{"claim":"they are free","reason":"supported"}],"explanation":"The document says 14 days."}`

func TestAnAnswerIsJudged(t *testing.T) {
	server := judgetest.New(t, func(*judgetest.Request) judgetest.Answer { return judgetest.Answer{Text: contradicted} })
	c, sink := started(t, configFor(server), componenttest.NewNopHost())
	a := answered{
		trace: 1, question: "How long do refunds take?", document: "Refunds take 14 days and are free.",
		answer: "Refunds take 5 days and are free.", suspects: []string{"groundedness"}, thread: "c-1",
	}
	require.NoError(t, c.ConsumeTraces(t.Context(), a.traces()))
	record := records(t, sink, 1)[0]
	require.Equal(t, pcommon.TraceID{1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, record.TraceID())
	require.Equal(t, pcommon.SpanID{1, 9}, record.SpanID())
	e, ok := spanattr.EvaluationOf(record)
	require.True(t, ok)
	r, err := judge.Find("groundedness")
	require.NoError(t, err)
	require.Equal(t, spanattr.Evaluation{
		Name: "groundedness", By: spanattr.EvaluatorJudge, Stratum: spanattr.StratumSuspect,
		Version:     judge.New(nil, configFor(server).settings(), nil, nil, nil).Version(r),
		Probability: genai.Some(1.0), Label: "fail", Value: genai.Some(0.5), Failed: true,
		Class: failure.Hallucination, Detail: "contradicted", Explanation: "The document says 14 days.",
		JudgeModel: "stand-in", Suspicion: spanattr.SuspicionConfirmed, SuspicionOf: []string{"groundedness"},
		Untrusted: true, CostUSD: genai.Some(0.0),
		Session: "c-1", Provider: "openai", Operation: "chat", Model: "gpt-x",
	}, e)
	service, _ := sink.AllLogs()[0].ResourceLogs().At(0).Resource().Attributes().Get("service.name")
	require.Equal(t, "shop", service.Str())
}
