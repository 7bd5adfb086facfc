package spanattr

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
)

func TestEvaluationsBesideOurs(t *testing.T) {
	span := ptrace.NewSpan()
	require.Nil(t, EvaluationsBeside(span))
	for _, attributes := range []map[string]any{
		{AttrEvaluationName: "helpfulness", AttrEvaluationValue: 0.75},
		{AttrEvaluationName: "refusal", AttrEvaluationValue: 0.1, AttrEvaluationVersion: "3"}, // ours
	} {
		event := span.Events().AppendEmpty()
		event.SetName(EventEvaluation)
		require.NoError(t, event.Attributes().FromRaw(attributes))
	}
	require.NoError(t, span.Attributes().FromRaw(map[string]any{
		"annotations.0.annotation.name": "hallucination", "annotations.0.annotation.score": 1,
		"annotations.0.annotation.label": "hallucinated", "annotations.0.annotation.identifier": "judge-v2",
		"annotations.0.annotation.explanation": "a claim without a source", "annotations.0.annotation.annotator_kind": "LLM",
		"trace.evaluations.0.evaluation.name": "frustration", "trace.evaluations.0.evaluation.label": "pass",
		"annotations.first.annotation.name": "no index", "annotationsX": 1, "trace.id": "x",
	}))
	require.ElementsMatch(t, []Evaluation{
		{Name: "helpfulness", Value: genai.Some(0.75)},
		{
			Name: "hallucination", Value: genai.Some(1.0), By: EvaluatorJudge, Version: "judge-v2", Failed: true,
			Label: "hallucinated", Explanation: "a claim without a source",
		},
		{Name: "frustration", Label: "pass", Value: genai.Some(1.0)},
	}, EvaluationsBeside(span))
}

func TestASpanThatEvaluatesAnother(t *testing.T) {
	span := ptrace.NewSpan()
	span.Attributes().PutStr(AttrEvaluationName, "groundedness")
	span.Attributes().PutDouble(AttrEvaluationValue, 0.5)
	link := span.Links().AppendEmpty()
	link.SetTraceID(pcommon.TraceID{7})
	link.SetSpanID(pcommon.SpanID{8})
	span.Links().AppendEmpty()
	require.Equal(t, []Evaluation{{Name: "groundedness", Value: genai.Some(0.5)}}, EvaluationsBeside(span))
	require.Len(t, Judged(span), 1)
	require.Equal(t, pcommon.SpanID{8}, Judged(span)[0].SpanID())
}

func TestAnnotationsAreBounded(t *testing.T) {
	span := ptrace.NewSpan()
	for i := range 1000 {
		span.Attributes().PutStr("annotations."+string(rune('0'+i%10))+string(rune('0'+i/10%10))+string(rune('0'+i/100))+
			".annotation.name", "x")
	}
	require.Len(t, EvaluationsBeside(span), maxAnnotations)
}
