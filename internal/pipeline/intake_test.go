package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

func TestKeptTraces(t *testing.T) {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	add := func(trace byte, state string, attributes map[string]any) {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{15: trace})
		span.SetSpanID(pcommon.SpanID{7: byte(spans.Len())})
		span.TraceState().FromRaw(state)
		require.NoError(t, span.Attributes().FromRaw(attributes))
	}
	scored := map[string]any{spanattr.AttrCoverage: string(spanattr.Scored)}
	add(1, "ot=th:8", map[string]any{spanattr.AttrCoverage: string(spanattr.NotLLM)})
	add(1, "ot=th:c", map[string]any{spanattr.AttrErrorClass: "refusal"})
	add(2, "", scored)
	add(3, "", map[string]any{ // unscored
		"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.conversation.id": "s-3",
	})
	call := func(session string) map[string]any {
		return map[string]any{
			spanattr.AttrCoverage: string(spanattr.Scored), spanattr.AttrSuspects: []any{"x"},
			"gen_ai.operation.name": "chat", "gen_ai.conversation.id": session,
		}
	}
	add(4, "", scored)
	add(4, "", call("s-4"))
	add(4, "", call("another"))
	add(5, "", map[string]any{
		spanattr.AttrCoverage: string(spanattr.NotLLM), spanattr.AttrEvaluationName: "thumbs", spanattr.AttrEvaluationValue: 0.1,
	})
	add(0, "", scored)
	kept, ignored, unscored := KeptTraces(td, 0.5)
	require.Equal(t, 1, ignored)
	require.Equal(t, 1, unscored)
	want := []Kept{
		{Failed: true, Probability: genai.Some(0.25)},
		{Service: "shop", GenAI: true},
		{Service: "shop", GenAI: true, Session: "s-3"},
		{Service: "shop", GenAI: true, Suspected: true, Session: "s-4"},
		{Complaint: true},
	}
	for i := range want {
		want[i].Trace = pcommon.TraceID{15: byte(i + 1)}
		want[i].ID = want[i].Trace.String()
	}
	require.Equal(t, want, kept)
}

// TestWhatAJudgeSaysReachesTheReviewStore: with what it makes of a suspicion, whether it may be trusted, and its cost.
func TestWhatAJudgeSaysReachesTheReviewStore(t *testing.T) {
	ld := plog.NewLogs()
	record := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetTraceID(pcommon.TraceID{15: 1})
	(&spanattr.Evaluation{
		Name: "groundedness", By: spanattr.EvaluatorJudge, Version: "m@1", Label: "fail", Value: genai.Some(0.5),
		Failed: true, Class: failure.Hallucination, Detail: "contradicted", Suspicion: spanattr.SuspicionConfirmed, Untrusted: true,
		SuspicionOf: []string{"groundedness"},
		CostUSD:     genai.Some(0.002), Stratum: spanattr.StratumSuspect,
	}).Write(record)
	all, ignored := EvaluationsInLogs(ld, 0)
	require.Zero(t, ignored)
	require.Len(t, all, 1)
	got := all[0]
	require.Equal(t, review.SuspicionConfirmed, got.Suspicion)
	require.Equal(t, []string{"groundedness"}, got.SuspicionOf)
	require.True(t, got.Untrusted)
	require.Equal(t, genai.Some(0.002), got.CostUSD)
	require.False(t, got.Bad, "it is no feedback")
}

func TestLabelsAreEvaluations(t *testing.T) {
	confirmed := review.Label{
		Decision: review.Confirmed, Class: failure.Refusal, Detail: failure.ModelRefusal, Note: "n", Reviewer: "Ann",
	}
	for name, c := range map[string]struct {
		change review.LabelChange
		notes  bool
		want   spanattr.Evaluation
	}{
		"confirmed": {
			review.LabelChange{Label: confirmed, Model: "m", Stratum: review.Reason{Source: review.SourceVerdict, Probability: 1}},
			true,
			spanattr.Evaluation{
				Name: "review", By: spanattr.EvaluatorPerson, Reviewer: "Ann", Label: "confirmed", Value: genai.Some(0.0), Failed: true,
				Class: failure.Refusal, Detail: failure.ModelRefusal, Explanation: "n", Model: "m", Stratum: spanattr.StratumFlagged,
				Probability: genai.Some(1.0),
			},
		},
		"rejected": {
			review.LabelChange{
				Label: review.Label{Decision: review.Rejected, Note: "n"}, Stratum: review.Reason{Source: review.SourceSuspicion, Probability: 0.25},
			},
			false,
			spanattr.Evaluation{
				Name: "review", By: spanattr.EvaluatorPerson, Label: "rejected", Value: genai.Some(1.0), Stratum: spanattr.StratumSuspect,
				Probability: genai.Some(0.25),
			},
		},
		"unsure, of a trace that somebody sent": {
			review.LabelChange{Label: review.Label{Decision: "unsure"}},
			false,
			spanattr.Evaluation{Name: "review", By: spanattr.EvaluatorPerson, Label: "unsure"},
		},
		"a session, with many others": {
			review.LabelChange{Label: review.Label{
				Decision: review.Rejected, Batch: "b", Remarks: review.Remarks{Scope: review.ScopeSession, Severity: review.High},
			}},
			false,
			spanattr.Evaluation{
				Name: "review", By: spanattr.EvaluatorPerson, Label: "rejected", Value: genai.Some(1.0), Scope: "session",
				Severity: "high", Bulk: true,
			},
		},
		"undone": {
			review.LabelChange{Label: confirmed, Undone: true, Stratum: review.Reason{Source: review.SourceRandom, Probability: 0.01}},
			true,
			spanattr.Evaluation{
				Name: "review", By: spanattr.EvaluatorPerson, Reviewer: "Ann", Label: "undone", Stratum: spanattr.StratumRandom,
				Probability: genai.Some(0.01),
			},
		},
	} {
		require.Equal(t, c.want, LabelEvaluation(&c.change, c.notes), name)
	}
}
