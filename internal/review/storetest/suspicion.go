package storetest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/review"
)

func traceIDs(numbers ...int) (ids []string) {
	for _, n := range numbers {
		ids = append(ids, traceID(n))
	}
	return ids
}

// testResolution: what a trusted judge makes of a suspicion moves the item, whichever came first.
func testResolution(s *suite) {
	t := s.t
	s.UseQueues([]review.Queue{{Name: "urgent", Reviewers: 1, Order: review.Priority}})
	open := review.Filter{State: review.Open, Queue: "urgent"}
	suspected := func(n int) review.Trace {
		of := because(n, review.SourceSuspicion, 1, span(1, 0, 1))
		of.Spans[0].Suspects = []string{"groundedness"}
		return of
	}
	says := func(n int, suspicion string, later time.Duration, untrusted bool) review.Evaluation {
		return review.Evaluation{
			TraceID: traceID(n), SpanID: spanID(1), Name: "groundedness", By: review.ByJudge, Version: fmt.Sprint("m@", later),
			Suspicion: suspicion, Untrusted: untrusted, Time: epoch.Add(later),
		}
	}
	require.NoError(t, s.PutEvaluations(t.Context(), []review.Evaluation{says(5, review.SuspicionWithdrawn, 0, false)}))
	s.put(t, suspected(1), suspected(2), suspected(3), suspected(4), suspected(5))
	require.Equal(t, traceIDs(4, 3, 2, 1, 5), s.ids(t, open), "withdrawn before the trace came")
	program := says(1, review.SuspicionConfirmed, 0, false)
	program.By = "scorer" // over HTTP; it resolves like a judge
	require.NoError(t, s.PutEvaluations(t.Context(), []review.Evaluation{
		program, says(3, review.SuspicionWithdrawn, 0, false),
		says(2, review.SuspicionConfirmed, 0, true), says(4, "", 0, false),
	}))
	require.Equal(t, traceIDs(1, 4, 2, 5, 3), s.ids(t, open), "a judge that is not trusted moves nothing")
	require.Equal(t, "m@0s", review.Resolution(s.item(t, traceID(1)).Evaluations, "").Version)
	require.True(t, review.Resolution(s.item(t, traceID(2)).Evaluations, "").Untrusted)

	// The latest version of the judge counts. What was put at the end stays there, and what was judged stays out.
	require.NoError(t, s.Requeue(t.Context(), traceID(2), review.Claimant{}))
	s.judge(5, "ada", review.Rejected)
	require.NoError(t, s.PutEvaluations(t.Context(), []review.Evaluation{
		says(1, review.SuspicionWithdrawn, time.Hour, false), says(3, review.SuspicionConfirmed, time.Hour, false),
		says(2, review.SuspicionConfirmed, time.Hour, false), says(5, review.SuspicionConfirmed, time.Hour, false),
	}))
	require.Equal(t, traceIDs(3, 4, 1, 2), s.ids(t, open))
}

// testSuspicionsApart: a judge decides about the suspicion that it looked at, and not about another one.
func testSuspicionsApart(s *suite) {
	t := s.t
	s.UseQueues([]review.Queue{{Name: "urgent", Reviewers: 1, Order: review.Priority}})
	open := review.Filter{State: review.Open, Queue: "urgent"}
	for n := 1; n <= 3; n++ {
		of := because(n, review.SourceSuspicion, 1, span(1, 0, 1))
		of.Spans[0].Suspects = []string{"groundedness", "toxicity"}
		of.Spans[0].Scores = map[string]float64{"groundedness": 0.55, "toxicity": 0.6, "relevance": 0.9}
		s.put(t, of)
	}
	says := func(n int, name, suspicion string, of ...string) review.Evaluation {
		return review.Evaluation{
			TraceID: traceID(n), SpanID: spanID(1), Name: name, By: review.ByJudge, Version: "m@1", Suspicion: suspicion,
			SuspicionOf: of, Time: epoch,
		}
	}
	require.NoError(t, s.PutEvaluations(t.Context(), []review.Evaluation{
		says(3, "grounds", review.SuspicionWithdrawn, "groundedness"),
		says(2, "grounds", review.SuspicionWithdrawn, "groundedness"), says(2, "tone", review.SuspicionWithdrawn, "toxicity"),
	}))
	require.Equal(t, traceIDs(3, 1, 2), s.ids(t, open), "one suspicion of the third stands")
	require.NoError(t, s.PutEvaluations(t.Context(), []review.Evaluation{
		says(1, "grounds", review.SuspicionWithdrawn, "groundedness"), says(1, "tone", review.SuspicionConfirmed, "toxicity"),
	}))
	require.Equal(t, traceIDs(1, 3, 2), s.ids(t, open))
	evaluations := s.item(t, traceID(1)).Evaluations
	require.Equal(t, "grounds", review.Resolution(evaluations, "groundedness").Name)
	require.Equal(t, "tone", review.Resolution(evaluations, "toxicity").Name)
	require.Equal(t, []string{"toxicity"}, review.Resolution(evaluations, "toxicity").SuspicionOf)
	require.Nil(t, review.Resolution(evaluations, "refusal"))
}
