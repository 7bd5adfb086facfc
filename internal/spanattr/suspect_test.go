package spanattr

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/score"
)

// TestSuspectsRoundTrip: suspicions are read as they were written, are no failures, and vanish with the next pass.
func TestSuspectsRoundTrip(t *testing.T) {
	span := ptrace.NewSpan()
	var w Writer
	w.Write(span, &Record{Coverage: Scored, Scores: []score.Score{
		{Scorer: "jailbreak", Version: "1", Value: 0.6, Suspected: true},
		{Scorer: "refusal", Version: "1", Value: 0.9},
		{Scorer: "toxicity", Version: "1", Value: 0.7, Suspected: true},
	}}, Scores)
	v, ok := span.Attributes().Get(AttrSuspects)
	require.True(t, ok)
	require.Equal(t, []any{"jailbreak", "toxicity"}, v.Slice().AsRaw())
	require.False(t, Failed(span))
	require.Zero(t, span.Events().Len(), "an evaluation event is for a failing score")

	r := Of(span)
	require.Equal(t, []string{"jailbreak", "toxicity"}, r.Suspects())
	require.False(t, r.Verdict.Failed())
	again := ptrace.NewSpan()
	w.Write(again, r, Scores)
	require.Equal(t, span.Attributes().AsRaw(), again.Attributes().AsRaw())

	r.Scores = r.Scores[:0]
	w.Write(span, r, Scores)
	require.NotContains(t, span.Attributes().AsRaw(), AttrSuspects)
}

// TestHostileSuspects: names without a score, of failing scores, of another type and without end are no suspicions.
func TestHostileSuspects(t *testing.T) {
	many := make([]any, 100_000)
	for i := range many {
		many[i] = strings.Repeat("x", 10)
	}
	for _, value := range []any{"a", 7, []any{1, true, "b", "", nil}, many} {
		span := ptrace.NewSpan()
		require.NoError(t, span.Attributes().FromRaw(map[string]any{AttrSuspects: value, AttrScorePrefix + "a": 0.5}))
		require.Empty(t, Of(span).Suspects())
		require.True(t, Of(span).Annotated)
	}
	span := ptrace.NewSpan()
	var w Writer
	w.Write(span, &Record{Coverage: Scored, Scores: []score.Score{{Scorer: "a", Version: "1", Failed: true}}}, Scores)
	span.Attributes().PutEmptySlice(AttrSuspects).AppendEmpty().SetStr("a")
	require.Empty(t, Of(span).Suspects(), "a failure is no suspicion")
}

// TestCertainRoundTrip: a later stage that judges again keeps the certainty of the safety finding.
func TestCertainRoundTrip(t *testing.T) {
	leak := failure.Finding{Class: failure.Unsafe, Detail: failure.SecretLeak, Certain: true}
	words := failure.Finding{Class: failure.Unsafe, Detail: failure.Jailbreak}
	cut := failure.Finding{Class: failure.Truncation, Detail: failure.OutputLimit}
	for name, c := range map[string]struct {
		findings []failure.Finding
		want     bool
	}{
		"structure":           {[]failure.Finding{leak}, true},
		"words":               {[]failure.Finding{words}, false},
		"both, words first":   {[]failure.Finding{words, leak}, true},
		"with another class":  {[]failure.Finding{cut, leak}, true},
		"another class":       {[]failure.Finding{cut}, false},
		"certain, not unsafe": {[]failure.Finding{{Class: failure.Truncation, Detail: failure.OutputLimit, Certain: true}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			span := ptrace.NewSpan()
			var w Writer
			w.Write(span, &Record{Coverage: Scored, Verdict: failure.Judge(c.findings)}, Scores)
			r := Of(span)
			require.Equal(t, c.want, r.Verdict.Certain)
			r.AddFindings(failure.Finding{Class: failure.RetryLoop, Detail: failure.Repeat})
			w.Write(span, r, Verdict)
			require.Equal(t, c.want, Of(span).Verdict.Certain)
		})
	}
	span := ptrace.NewSpan()
	require.NoError(t, span.Attributes().FromRaw(map[string]any{AttrErrorClass: "truncation", AttrErrorCertain: true}))
	require.False(t, Of(span).Verdict.Certain, "only safety is certain")
}
