package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/sample"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// story is the traffic that shows a failure of a class, as trace files hold it.
type story struct {
	traces []byte
	logs   []byte // a judge's records, nil for what the scorers find
}

// stories has one story for each class of the taxonomy.
func stories(t *testing.T) map[failure.Class]story {
	t.Helper()
	all := map[failure.Class]story{}
	for _, trace := range sample.Generate(400, 3) {
		for _, want := range trace.Failing {
			if _, ok := all[want.Class]; !ok && len(trace.Failing) == 1 {
				all[want.Class] = story{traces: trace.OTLP}
			}
		}
	}
	var loop bytes.Buffer
	require.NoError(t, sample.Write(&loop, sample.Loop(21)))
	all[failure.RetryLoop] = story{traces: loop.Bytes()}
	all[failure.Unsafe] = story{traces: chatTrace(t, "unsafe", "Use the key AKIA"+"Z7QX4M2LTR6WN5VD to log in.")}
	for _, class := range []failure.Class{failure.Hallucination, failure.GoalDrift} {
		all[class] = story{
			traces: chatTrace(t, string(class), "Then the parcel is on its way."), logs: judged(t, string(class), class),
		}
	}
	require.Len(t, all, len(failure.Classes()))
	return all
}

func ids(name string) (trace pcommon.TraceID, span pcommon.SpanID) {
	copy(trace[:], fmt.Sprintf("%-16s", name))
	copy(span[:], fmt.Sprintf("%-8s", name))
	return trace, span
}

// chatTrace is a trace of one model call that gives an answer.
func chatTrace(t *testing.T, name, answer string) []byte {
	t.Helper()
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "parcels")
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	trace, id := ids(name)
	span.SetTraceID(trace)
	span.SetSpanID(id)
	span.SetName("chat")
	span.SetStartTimestamp(pcommon.Timestamp(1_790_000_000e9))
	span.SetEndTimestamp(pcommon.Timestamp(1_790_000_001e9))
	message := func(role, text string) string {
		return `[{"role":"` + role + `","parts":[{"type":"text","content":"` + text + `"}],"finish_reason":"stop"}]`
	}
	for key, value := range map[string]string{
		"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4.1",
		"gen_ai.input.messages": message("user", "Where is parcel "+name+"?"), "gen_ai.output.messages": message("assistant", answer),
	} {
		span.Attributes().PutStr(key, value)
	}
	b, err := (&ptrace.JSONMarshaler{}).MarshalTraces(td)
	require.NoError(t, err)
	return b
}

// judged is the log record of a judge that found a failure.
func judged(t *testing.T, name string, class failure.Class) []byte {
	t.Helper()
	ld := plog.NewLogs()
	record := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	trace, id := ids(name)
	record.SetTraceID(trace)
	record.SetSpanID(id)
	record.SetEventName(spanattr.EventEvaluation)
	record.Attributes().PutStr(spanattr.AttrEvaluationName, "judge")
	record.Attributes().PutStr(spanattr.AttrEvaluationLabel, "fail")
	record.Attributes().PutStr(spanattr.AttrErrorClass, string(class))
	b, err := (&plog.JSONMarshaler{}).MarshalLogs(ld)
	require.NoError(t, err)
	return b
}

// online puts traces through the stages of the Collector and into a review store.
func online(t *testing.T, store review.Store, traces []byte) {
	t.Helper()
	set, err := loadScorers("")
	require.NoError(t, err)
	tracker, err := session.New(session.DefaultSettings(), time.Now)
	require.NoError(t, err)
	scorer, sessions := pipeline.NewScorer(set, pipeline.ScorerOptions{}), pipeline.NewSessions(tracker)
	for line := range bytes.Lines(traces) {
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(line)
		require.NoError(t, err)
		b := pipeline.NewBatch()
		scorer.Traces(td, b, nil)
		sessions.Traces(td, b, nil)
		b.Release()
		pipeline.NewCauses().Traces(td, func(pcommon.TraceID) bool { return false }, nil)
		require.NoError(t, store.Put(t.Context(), pipeline.ReviewTraces(td, nil)))
	}
}

// TestEveryClassFailsTheGateOnItsOwnTrace: a failure that was found online, or by a judge, and confirmed is found again
// by the gate on the very traces that it came from.
func TestEveryClassFailsTheGateOnItsOwnTrace(t *testing.T) {
	for class, s := range stories(t) {
		t.Run(string(class), func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "review.db")
			store, err := sqlstore.Open(t.Context(), path)
			require.NoError(t, err)
			traces := filepath.Join(dir, "traces.jsonl")
			require.NoError(t, os.WriteFile(traces, s.traces, 0o600))
			candidate := traces
			if s.logs != nil {
				// The exporter queues only failing traces; these pass until a judge has read them, so the test queues them.
				logs := filepath.Join(dir, "judge.jsonl")
				require.NoError(t, os.WriteFile(logs, s.logs, 0o600))
				candidate += "," + logs
				putJudged(t, store, s.traces, class)
			} else {
				online(t, store, s.traces)
			}
			page, err := store.Items(t.Context(), review.Filter{})
			require.NoError(t, err)
			require.NotEmpty(t, page.Items)
			for _, item := range page.Items {
				_, err := store.AddLabel(t.Context(), review.Label{TraceID: item.TraceID, Decision: review.Confirmed, Class: class})
				require.NoError(t, err)
			}
			require.NoError(t, store.Close())
			dataset := filepath.Join(dir, "rows.jsonl")
			cli(t, exitOK, "dataset", "export", "--store", path, "--providers", "-o", dataset)
			stdout, _ := cli(t, exitFailure, "gate", "--dataset", dataset, "--candidate", candidate)
			want := "repeated"
			if class == failure.Unsafe {
				want = "unsafe"
			}
			require.Contains(t, stdout, want, stdout)
			require.NotContains(t, strings.Split(stdout, "\n")[0], "PASS")
		})
	}
}

// putJudged stores traces with the failure of a judge on every span.
func putJudged(t *testing.T, store review.Store, traces []byte, class failure.Class) {
	t.Helper()
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(traces)
	require.NoError(t, err)
	list := pipeline.ReviewTraces(td, nil)
	for i := range list {
		for j := range list[i].Spans {
			list[i].Spans[j].Verdict = failure.Judge([]failure.Finding{{Class: class, Scorer: "judge"}})
		}
	}
	require.NoError(t, store.Put(t.Context(), list))
}
