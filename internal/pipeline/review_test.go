package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// resourceSpans appends a resource for a service and returns its list of spans.
func resourceSpans(td ptrace.Traces, service, environment string) ptrace.SpanSlice {
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", service)
	rs.Resource().Attributes().PutStr("deployment.environment.name", environment)
	return rs.ScopeSpans().AppendEmpty().Spans()
}

func addSpan(spans ptrace.SpanSlice, trace, id byte, start, end int64) ptrace.Span {
	span := spans.AppendEmpty()
	span.SetTraceID(pcommon.TraceID{15: trace})
	span.SetSpanID(pcommon.SpanID{7: id})
	span.SetStartTimestamp(pcommon.Timestamp(start))
	span.SetEndTimestamp(pcommon.Timestamp(end))
	return span
}

func TestReviewTraces(t *testing.T) {
	td := ptrace.NewTraces()
	front := resourceSpans(td, "front", "production")
	root := addSpan(front, 1, 1, 1e9, 9e9)
	root.SetName("POST /chat")
	back := resourceSpans(td, "agent", "")
	other := addSpan(back, 2, 5, 1e9, 2e9)
	other.SetName("health")
	chat := addSpan(back, 1, 2, 2e9, 4e9)
	chat.SetName("chat gpt-4o")
	chat.SetParentSpanID(root.SpanID())
	chat.Status().SetCode(ptrace.StatusCodeError)
	chat.Status().SetMessage("bad arguments")
	a := chat.Attributes()
	a.PutStr("gen_ai.operation.name", "chat")
	a.PutStr("gen_ai.request.model", "gpt-4o")
	a.PutStr("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"as you wish"}]}]`)
	a.PutStr(spanattr.AttrErrorClass, "tool_call_malformed")
	a.PutStr(spanattr.AttrErrorDetail, "type_mismatch")
	a.PutStr(spanattr.AttrErrorEvidence, "amount is a string")
	a.PutStr(spanattr.AttrFingerprint, "0123456789abcdef")
	classes := a.PutEmptySlice(spanattr.AttrErrorClasses)
	classes.AppendEmpty().SetStr("tool_call_malformed")
	classes.AppendEmpty().SetStr("refusal")
	a.PutDouble(spanattr.AttrScorePrefix+"tool_arguments", 0)
	a.PutDouble(spanattr.AttrScorePrefix+"refusal", 0.25)
	verdict := chat.Events().AppendEmpty()
	verdict.SetName(spanattr.EventEvaluation)
	verdict.Attributes().PutStr(spanattr.AttrEvaluationName, "tool_arguments")
	verdict.Attributes().PutStr(spanattr.AttrEvaluationVersion, "3")
	a.PutEmptySlice(spanattr.AttrProblems).AppendEmpty().SetStr("json_schema:too_large")
	a.PutDouble(spanattr.AttrCostUSD, 0.125)
	a.PutStr(spanattr.AttrToolOutcome, "excellent") // not one of our values
	second := addSpan(back, 1, 3, 5e9, 6e9)
	second.Attributes().PutStr("gen_ai.operation.name", "chat")
	second.Attributes().PutStr("gen_ai.request.model", "other")
	second.Attributes().PutStr(spanattr.AttrRetrievalOutcome, "empty")

	traces := ReviewTraces(td, nil)
	require.Len(t, traces, 2)
	first := traces[0]
	require.Equal(t, "00000000000000000000000000000001", first.ID)
	require.Equal(t, "agent", first.Service, "the service of the span that failed")
	require.Equal(t, "production", first.Environment)
	require.Len(t, first.Spans, 3, "all spans of the trace, of any resource")
	require.Equal(t, review.Span{
		ID: "0000000000000001", Name: "POST /chat", Service: "front", Start: time.Unix(1, 0).UTC(), Duration: 8 * time.Second,
	}, first.Spans[0])

	failed := first.Spans[1]
	call := failed.Call
	failed.Call, failed.CallHash = nil, ""
	require.Equal(t, review.Span{
		ID: "0000000000000002", ParentID: "0000000000000001", Name: "chat gpt-4o", Service: "agent",
		Start:    time.Unix(2, 0).UTC(),
		Duration: 2 * time.Second, Error: true, Message: "bad arguments", Verdict: failure.Verdict{
			Class: failure.ToolCallMalformed, Bucket: failure.Structure, Detail: "type_mismatch",
			Classes:  []failure.Class{failure.ToolCallMalformed, failure.Refusal},
			Evidence: "amount is a string", Fingerprint: "0123456789abcdef",
		},
		Scores:  map[string]float64{"tool_arguments": 0, "refusal": 0.25},
		Failing: []string{"tool_arguments"},
	}, failed)
	// The reader has since read another span, and the data is gone.
	td.ResourceSpans().RemoveIf(func(ptrace.ResourceSpans) bool { return true })
	require.Equal(t, "gpt-4o", call.RequestModel)
	require.Equal(t, genai.Some(0.125), call.CostUSD)
	require.Len(t, call.Output(), 1)
	require.Equal(t, "as you wish", call.Output()[0].Text)
	require.Equal(t, "other", first.Spans[2].Call.RequestModel)
	require.Equal(t, "empty", first.Spans[2].Outcome)

	require.Equal(t, "agent", traces[1].Service)
	require.Nil(t, traces[1].Spans[0].Call)
}

// TestQueueShowsTheRootCause has a tool call that fails and succeeds on retry, and then a truncated answer.
func TestQueueShowsTheRootCause(t *testing.T) {
	td := ptrace.NewTraces()
	spans := resourceSpans(td, "agent", "")
	root := addSpan(spans, 1, 1, 1e9, 9e9)
	root.Attributes().PutStr("gen_ai.operation.name", "invoke_agent")
	tool := func(id byte, start int64, class string) {
		span := addSpan(spans, 1, id, start, start+1e9)
		span.SetParentSpanID(root.SpanID())
		a := span.Attributes()
		a.PutStr("gen_ai.operation.name", "execute_tool")
		a.PutStr("gen_ai.tool.name", "refund")
		a.PutStr("gen_ai.tool.call.arguments", `{"order":17}`)
		if class != "" {
			a.PutStr(spanattr.AttrErrorClass, class)
			a.PutStr(spanattr.AttrErrorDetail, "failed")
		}
	}
	tool(2, 2e9, "tool_error")
	tool(3, 4e9, "")
	answer := addSpan(spans, 1, 4, 6e9, 7e9)
	answer.SetParentSpanID(root.SpanID())
	answer.Attributes().PutStr("gen_ai.operation.name", "chat")
	answer.Attributes().PutStr(spanattr.AttrErrorClass, "truncation")
	answer.Attributes().PutStr(spanattr.AttrErrorDetail, "output_limit")

	var written TraceCause
	NewCauses().Traces(td, never, func(c TraceCause) { written = c })
	require.Equal(t, failure.Truncation, written.Finding.Class)
	trace := ReviewTraces(td, nil)[0]
	cause := review.FindCause(trace.Spans)
	require.Equal(t, written.Primary.SpanID().String(), trace.Spans[cause.Primary].ID)
	require.NotEmpty(t, trace.Spans[1].CallHash)
	require.Equal(t, trace.Spans[1].CallHash, trace.Spans[2].CallHash)
}

func TestReviewTracesOfUntrustedSpans(t *testing.T) {
	td := ptrace.NewTraces()
	spans := resourceSpans(td, "s", "")
	spans.AppendEmpty() // no ids at all
	addSpan(spans, 0, 1, 1, 2)
	addSpan(spans, 1, 0, 1, 2)
	require.Empty(t, ReviewTraces(td, nil))

	odd := addSpan(spans, 1, 1, 5e9, 1e9)
	odd.Attributes().PutStr(spanattr.AttrErrorClass, "boredom")
	odd.Attributes().PutStr(spanattr.AttrScorePrefix+"text", "high")
	unstarted := addSpan(spans, 1, 2, 0, 7e9)
	traces := ReviewTraces(td, nil)
	require.Len(t, traces, 1)
	require.NoError(t, traces[0].Validate())
	require.False(t, traces[0].Spans[0].Failed(), "a class that is none of ours is no verdict")
	require.Empty(t, traces[0].Spans[0].Scores)
	require.Zero(t, traces[0].Spans[0].Duration)
	require.Equal(t, unstarted.EndTimestamp().AsTime(), traces[0].Spans[1].Start)
	require.Zero(t, traces[0].Spans[1].Duration)
}

// TestReviewTracesOfTheCorpus compares every call in the review queue with the call that the reader returns.
func TestReviewTracesOfTheCorpus(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus.Dir(t), "dialects", "*", "*.json"))
	require.NoError(t, err)
	calls := 0
	for _, file := range files {
		if strings.HasSuffix(file, ".expected.json") || strings.HasSuffix(file, ".logs.json") {
			continue
		}
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(data)
		require.NoError(t, err, file)
		want := map[string]string{}
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					if call, ok := dialect.NewReader(nil).Read(rs.Resource(), ss.Scope(), span); ok {
						text, err := call.MarshalJSON()
						require.NoError(t, err)
						want[span.TraceID().String()+span.SpanID().String()] = string(text)
					}
				}
			}
		}
		for _, trace := range ReviewTraces(td, nil) {
			for i := range trace.Spans {
				id := trace.ID + trace.Spans[i].ID
				if trace.Spans[i].Call == nil {
					require.NotContains(t, want, id, file)
					continue
				}
				got, err := trace.Spans[i].Call.MarshalJSON()
				require.NoError(t, err)
				require.Equal(t, want[id], string(got), file)
				delete(want, id)
				calls++
			}
		}
		require.Empty(t, want, file)
	}
	require.Positive(t, calls)
}
