package storetest

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// judgeFailed is what a judge found on a trace that it drew with a probability of 0.02.
func judgeFailed(n, span int, class failure.Class, detail string) review.Evaluation {
	return review.Evaluation{
		TraceID: traceID(n), SpanID: spanID(span), Name: "groundedness", By: review.ByJudge, Version: "m@1", Label: "fail",
		Value: genai.Some(0.25), Failed: true, Class: class, Detail: detail, Explanation: "it says 30 days",
		Stratum: "random", Probability: 0.02, Found: true, Time: epoch, Service: "shop", Environment: "production",
	}
}

// testJudged: what a judge finds makes an item. A trusted judge gives it a verdict, another one does not. Both leave the
// strata of traffic as they are.
func testJudged(s *suite) {
	t := s.t
	s.UseQueues([]review.Queue{{Name: "urgent", Reviewers: 1, Order: review.Priority}})
	trusted := judgeFailed(1, 2, failure.Hallucination, "contradicted")
	untrusted := judgeFailed(2, 2, failure.Hallucination, "contradicted")
	untrusted.Untrusted = true
	passed := judgeFailed(3, 2, "", "")
	passed.Label, passed.Failed, passed.Found = "pass", false, false
	unwanted := judgeFailed(4, 2, failure.Hallucination, "contradicted")
	unwanted.Found = false // the configuration does not want it
	require.NoError(t, s.PutEvaluations(t.Context(), []review.Evaluation{trusted, untrusted, passed, unwanted}))
	require.ElementsMatch(t, traceIDs(1, 2), s.ids(t, review.Filter{Source: review.SourceJudge}))
	require.ElementsMatch(t, traceIDs(1, 2), s.ids(t, review.Filter{}))
	wanted, err := s.Wanted(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Len(t, wanted, 2, "their spans are looked for")

	item := s.item(t, traceID(1))
	require.Equal(t, []review.Reason{{Source: review.SourceJudge, Probability: 0.02}}, item.Reasons)
	require.Equal(t, failure.Hallucination, item.Class)
	require.Equal(t, "contradicted", item.Detail)
	require.Equal(t, "shop", item.Service)
	require.NotContains(t, item.Evidence, "30 days", "an explanation may repeat content")
	require.Empty(t, s.item(t, traceID(2)).Class, "a judge that was not compared with people only suspects")

	// Their spans come: the one that was judged is looked at first.
	s.put(t, trace(1, span(1, 0, 1), span(2, 1, 2)), trace(2, span(1, 0, 1), span(2, 1, 2)))
	for _, id := range traceIDs(1, 2) {
		require.Equal(t, spanID(2), s.item(t, id).PrimarySpanID)
	}
	require.Equal(t, failure.Hallucination, s.item(t, traceID(1)).Class)
	require.Equal(t, traceIDs(1), s.ids(t, review.Filter{Class: failure.Hallucination}))
	signals, err := s.Signals(t.Context(), review.SignalFilter{})
	require.NoError(t, err)
	require.Len(t, signals.Signals, 1)
	require.Equal(t, failure.Hallucination, signals.Signals[0].Class)
	facets, err := s.Facets(t.Context(), review.Filter{})
	require.NoError(t, err)
	require.Equal(t, []review.Count{{Value: "judge", N: 2}}, facets.Sources)

	// A finding is no stratum of traffic: traces that the judge passed are not here.
	activity, err := s.Activity(t.Context(), review.ActivityFilter{Since: epoch})
	require.NoError(t, err)
	require.Empty(t, activity.Strata)
	drawn := because(5, review.SourceRandom, 0.01, span(2, 0, 1))
	s.put(t, drawn)
	require.NoError(t, s.PutEvaluations(t.Context(), []review.Evaluation{
		judgeFailed(5, 2, failure.Hallucination, "contradicted"),
	}))
	stratum, ok := review.Stratum(s.item(t, traceID(5)).Reasons)
	require.True(t, ok)
	require.Equal(t, review.Reason{Source: review.SourceRandom, Probability: 0.01}, stratum)
	require.Equal(t, failure.Hallucination, s.item(t, traceID(5)).Class)

	// A scorer that found a failure says what it is. The judge is one reason more.
	s.put(t, trace(6, failing(1, 0, 1, failure.Refusal)))
	require.NoError(t, s.PutEvaluations(t.Context(), []review.Evaluation{
		judgeFailed(6, 1, failure.Hallucination, "contradicted"),
	}))
	require.Equal(t, failure.Refusal, s.item(t, traceID(6)).Class)
	require.Len(t, s.item(t, traceID(6)).Reasons, 2)

	// Its next version passes it, and so takes the verdict back.
	again := trusted
	again.Version, again.Label, again.Failed, again.Class, again.Detail = "m@2", "pass", false, "", ""
	again.Found, again.Time = false, epoch.Add(time.Hour)
	require.NoError(t, s.PutEvaluations(t.Context(), []review.Evaluation{again}))
	require.Empty(t, s.item(t, traceID(1)).Class)
	require.Len(t, s.item(t, traceID(1)).Evaluations, 2)
	require.Equal(t, failure.Hallucination, s.item(t, traceID(5)).Class)

	// Safety comes first, in the order of a queue too.
	unsafe := judgeFailed(7, 2, failure.Unsafe, failure.Toxicity)
	unsafe.Name = "toxicity"
	guess := judgeFailed(8, 2, failure.BadAnswer, failure.OffTopic)
	guess.Untrusted = true
	require.NoError(t, s.PutEvaluations(t.Context(), []review.Evaluation{
		judgeFailed(7, 1, failure.Hallucination, "contradicted"), unsafe, guess,
	}))
	s.put(t, because(9, review.SourceRandom, 1, span(1, 0, 1)))
	require.Equal(t, failure.Unsafe, s.item(t, traceID(7)).Class)
	require.Equal(t, []failure.Class{failure.Unsafe, failure.Hallucination}, s.item(t, traceID(7)).Classes)
	first := s.ids(t, review.Filter{State: review.Open, Queue: "urgent"})
	require.Equal(t, traceID(7), first[0])
	require.Less(t, slices.Index(first, traceID(8)), slices.Index(first, traceID(9)), "a suspicion before what is random")
}
