package storetest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// because is a trace without a failure that is an item for a reason.
func because(n int, source review.Source, p float64, spans ...review.Span) review.Trace {
	t := trace(n, spans...)
	t.Reasons = []review.Reason{{Source: source, Probability: p}}
	return t
}

func thumbsDown(n, span int) review.Evaluation {
	return review.Evaluation{
		TraceID: traceID(n), SpanID: spanID(span), Name: "thumbs", By: "user", Label: "thumbs_down",
		Value: genai.Some(0.0), Failed: true, Bad: true, Time: epoch, Service: "shop", Environment: "production",
	}
}

func testSources(s *suite) {
	s.put(s.t, trace(1, failing(1, 0, 1, failure.Refusal)), trace(2, span(1, 0, 1)),
		because(3, review.SourceSuspicion, 0.25, span(1, 0, 1)), because(4, review.SourceRandom, 0.01, span(1, 0, 1)),
		because(5, review.SourceSent, 0, span(1, 0, 1)))
	require.Equal(s.t, []string{traceID(5), traceID(4), traceID(3), traceID(1)}, s.ids(s.t, review.Filter{}))
	for source, want := range map[review.Source]string{
		review.SourceVerdict: traceID(1), review.SourceSuspicion: traceID(3), review.SourceRandom: traceID(4),
		review.SourceSent: traceID(5),
	} {
		require.Equal(s.t, []string{want}, s.ids(s.t, review.Filter{Source: source}))
	}
	require.Empty(s.t, s.ids(s.t, review.Filter{Source: review.SourceFeedback}))

	// The suspicion turns out to be a failure: all reasons stay, the strongest first.
	s.put(s.t, trace(3, failing(2, 1, 2, failure.Refusal)))
	want := []review.Reason{{Source: review.SourceVerdict, Probability: 1}, {Source: review.SourceSuspicion, Probability: 0.25}}
	require.Equal(s.t, want, s.item(s.t, traceID(3)).Reasons)
	page, err := s.Items(s.t.Context(), review.Filter{})
	require.NoError(s.t, err)
	require.Equal(s.t, want, page.Items[2].Reasons)
	require.Equal(s.t, []review.Reason{{Source: review.SourceRandom, Probability: 0.01}}, page.Items[1].Reasons)
	s.put(s.t, because(4, review.SourceRandom, 0.5, span(1, 0, 1)))
	require.InDelta(s.t, 0.01, s.item(s.t, traceID(4)).Reasons[0].Probability, 0, "the first draw counts")

	facets, err := s.Facets(s.t.Context(), review.Filter{})
	require.NoError(s.t, err)
	require.Equal(s.t, []review.Count{{Value: "refusal", N: 2}}, facets.Classes, "what did not fail has no class")
	require.Equal(s.t, []review.Count{
		{Value: "verdict", N: 2}, {Value: "sent", N: 1}, {Value: "suspicion", N: 1}, {Value: "random", N: 1},
	}, facets.Sources)
	facets, err = s.Facets(s.t.Context(), review.Filter{Source: review.SourceSuspicion, State: review.Open})
	require.NoError(s.t, err)
	require.Len(s.t, facets.Sources, 4)
	require.Equal(s.t, []review.Count{{Value: "shop", N: 1}}, facets.Services)
	signals, err := s.Signals(s.t.Context(), review.SignalFilter{})
	require.NoError(s.t, err)
	require.Empty(s.t, signals.Signals, "no fingerprint, no signal")

	bad := because(6, "whim", 1, span(1, 0, 1))
	require.ErrorIs(s.t, s.Put(s.t.Context(), []review.Trace{bad}), review.ErrInvalid)
}

func testForemost(s *suite) {
	agent, first, last := span(1, 0, 9), span(2, 1, 2), span(3, 3, 4)
	agent.Call = &genai.Call{Operation: genai.OpInvokeAgent, RequestModel: "m"}
	first.Call, last.Call = chat("a", "b"), chat("c", "d")
	s.put(s.t, because(1, review.SourceRandom, 1, agent, first, last))
	require.Equal(s.t, spanID(3), s.item(s.t, traceID(1)).PrimarySpanID, "the last model call")
	first.Suspects = []string{"groundedness"}
	s.put(s.t, because(2, review.SourceSuspicion, 1, agent, first))
	s.put(s.t, trace(2, last))
	require.Equal(s.t, spanID(2), s.item(s.t, traceID(2)).PrimarySpanID, "the suspicion")
	require.NoError(s.t, s.PutEvaluations(s.t.Context(), []review.Evaluation{thumbsDown(2, 1)}))
	require.Equal(s.t, spanID(1), s.item(s.t, traceID(2)).PrimarySpanID, "the feedback")
	s.put(s.t, trace(2, failing(4, 5, 6, failure.Refusal)))
	require.Equal(s.t, spanID(4), s.item(s.t, traceID(2)).PrimarySpanID, "the failure")
}

func testFeedback(s *suite) {
	ctx := s.t.Context()
	judged := review.Evaluation{
		TraceID: traceID(1), SpanID: spanID(1), Name: "groundedness", By: "judge", Version: "g-3", Label: "fail",
		Value: genai.Some(0.25), Failed: true, Class: failure.Hallucination, Explanation: "not in the source", Time: epoch,
	}
	// First the evaluations, then the trace. A judge alone makes no item.
	require.NoError(s.t, s.PutEvaluations(ctx, []review.Evaluation{judged, thumbsDown(2, 7)}))
	require.Equal(s.t, []string{traceID(2)}, s.ids(s.t, review.Filter{Source: review.SourceFeedback}))
	item := s.item(s.t, traceID(2))
	require.Equal(s.t, "shop", item.Service)
	require.Equal(s.t, "production", item.Environment)
	require.Empty(s.t, item.Spans)
	require.Equal(s.t, []review.Reason{{Source: review.SourceFeedback, Probability: 1}}, item.Reasons)
	wanted, err := s.Wanted(ctx, time.Time{})
	require.NoError(s.t, err)
	require.Len(s.t, wanted, 1)
	require.Equal(s.t, traceID(2), wanted[0].TraceID)
	require.WithinDuration(s.t, time.Now(), wanted[0].Received, time.Minute)
	wanted, err = s.Wanted(ctx, time.Now().Add(time.Minute))
	require.NoError(s.t, err)
	require.Empty(s.t, wanted)

	s.put(s.t, trace(1, failing(1, 0, 1, failure.Refusal)), trace(2, span(6, 0, 1), span(7, 1, 2)))
	require.Len(s.t, s.item(s.t, traceID(2)).Spans, 2)
	require.Equal(s.t, spanID(7), s.item(s.t, traceID(2)).PrimarySpanID)
	wanted, err = s.Wanted(ctx, time.Time{})
	require.NoError(s.t, err)
	require.Empty(s.t, wanted)
	require.Equal(s.t, []review.Evaluation{judged}, s.item(s.t, traceID(1)).Evaluations)

	// The same again changes nothing, a later one replaces, an earlier one does not.
	up := thumbsDown(2, 7)
	up.Label, up.Value, up.Failed, up.Bad, up.Time = "thumbs_up", genai.Some(1.0), false, false, epoch.Add(time.Second)
	require.NoError(s.t, s.PutEvaluations(ctx, []review.Evaluation{thumbsDown(2, 7), up, thumbsDown(2, 7)}))
	up.Service, up.Environment = "", ""
	require.Equal(s.t, []review.Evaluation{up}, s.item(s.t, traceID(2)).Evaluations)

	// The trace first.
	require.NoError(s.t, s.PutEvaluations(ctx, []review.Evaluation{thumbsDown(1, 1)}))
	require.Equal(s.t, []review.Reason{
		{Source: review.SourceVerdict, Probability: 1}, {Source: review.SourceFeedback, Probability: 1},
	}, s.item(s.t, traceID(1)).Reasons)
	require.Len(s.t, s.item(s.t, traceID(1)).Evaluations, 2)

	var many []review.Evaluation
	for i := range review.MaxEvaluations + 10 {
		e := judged
		e.Name = fmt.Sprint("n", i)
		many = append(many, e)
	}
	require.NoError(s.t, s.PutEvaluations(ctx, many))
	require.Len(s.t, s.item(s.t, traceID(1)).Evaluations, review.MaxEvaluations)
	require.ErrorIs(s.t, s.PutEvaluations(ctx, []review.Evaluation{{TraceID: "x"}}), review.ErrInvalid)
}

func testVolumes(s *suite) {
	hour := time.Now().Unix() / 3600
	week, err := s.AddVolumes(s.t.Context(), []review.Volume{
		{Service: "a", Hour: hour, N: 2.5}, {Service: "a", Hour: hour - 5, N: 1}, {Service: "b", Hour: hour - 200, N: 9},
	})
	require.NoError(s.t, err)
	require.Equal(s.t, []review.Volume{{Service: "a", Hour: hour - 5, N: 3.5}}, week)
	week, err = s.AddVolumes(s.t.Context(), []review.Volume{{Service: "a", Hour: hour, N: 1}})
	require.NoError(s.t, err)
	require.Equal(s.t, []review.Volume{{Service: "a", Hour: hour - 5, N: 4.5}}, week)
}

func testOutbox(s *suite) {
	ctx := s.t.Context()
	first := failing(1, 0, 3, failure.Refusal)
	first.Call, first.Service = chat("a", "b"), "shop-api"
	s.put(s.t, trace(1, first, span(2, 4, 6)), because(2, review.SourceRandom, 0.01, span(1, 0, 1)))
	changes := func(reader, process string) []review.LabelChange {
		all, err := s.Changes(ctx, reader, process, 100)
		require.NoError(s.t, err)
		return all
	}
	require.Empty(s.t, changes("r", "p"))
	given, err := s.AddLabel(ctx, review.Label{
		TraceID: traceID(1), Decision: review.Confirmed, Class: failure.Refusal, Note: "n", Reviewer: "Ann",
		Remarks: review.Remarks{Scope: review.ScopeSession, Severity: review.High},
	})
	require.NoError(s.t, err)
	_, err = s.AddLabel(ctx, review.Label{TraceID: traceID(1), SpanID: spanID(2), Decision: review.Rejected, Replaces: given.ID})
	require.NoError(s.t, err)
	batch, err := s.LabelMany(ctx, review.Selection{TraceIDs: []string{traceID(2)}}, review.Label{Decision: review.Rejected})
	require.NoError(s.t, err)
	_, err = s.UndoMany(ctx, batch.ID, "ada")
	require.NoError(s.t, err)

	all := changes("r", "p")
	require.Len(s.t, all, 4)
	require.Less(s.t, all[0].ID, all[1].ID)
	got := all[0]
	require.Equal(s.t, review.LabelChange{
		ID: got.ID, Label: given, SpanID: spanID(1), Service: "shop-api", Environment: "production",
		End: first.End().UTC(), Model: "gpt-4o", Stratum: review.Reason{Source: review.SourceVerdict, Probability: 1},
	}, got)
	require.Equal(s.t, spanID(2), all[1].SpanID)
	require.Equal(s.t, review.Reason{Source: review.SourceRandom, Probability: 0.01}, all[2].Stratum)
	require.False(s.t, all[2].Undone)
	require.True(s.t, all[3].Undone)
	require.Equal(s.t, all[2].Label.ID, all[3].Label.ID)
	require.Empty(s.t, all[1].Label.Batch)
	require.Equal(s.t, batch.ID, all[2].Label.Batch)
	require.Equal(s.t, batch.ID, all[3].Label.Batch)

	// One process of a name has its turn; other names have their own place.
	require.Empty(s.t, changes("r", "other"))
	require.NoError(s.t, s.Delivered(ctx, "r", "other", all[3].ID), "it is not its turn")
	require.NoError(s.t, s.Delivered(ctx, "r", "p", all[1].ID))
	require.Equal(s.t, all[2:], changes("r", "p"))
	require.Equal(s.t, all, changes("second", "other"))
	require.NoError(s.t, s.Delivered(ctx, "r", "p", all[3].ID))
	require.Empty(s.t, changes("r", "p"))

	// What retention removes is not taken back.
	_, err = s.Sweep(ctx, map[review.State]review.Limits{review.Reviewed: {MaxBytes: 1}, review.Open: {MaxBytes: 1}})
	require.NoError(s.t, err)
	require.Empty(s.t, s.ids(s.t, review.Filter{}))
	require.Empty(s.t, changes("r", "p"))
	require.Equal(s.t, all, changes("second", "other"))
	require.NoError(s.t, s.Delivered(ctx, "second", "other", all[3].ID))
	_, err = s.Sweep(ctx, nil) // all have all
	require.NoError(s.t, err)
	require.Empty(s.t, changes("third", "p"))
}

func testReasonsNeedNoSpan(s *suite) {
	s.put(s.t, because(1, review.SourceSent, 0))
	item := s.item(s.t, traceID(1))
	require.Empty(s.t, item.Spans)
	require.Equal(s.t, []review.Reason{{Source: review.SourceSent}}, item.Reasons)
	s.put(s.t, review.Trace{ID: traceID(2)})
	require.Equal(s.t, []string{traceID(1)}, s.ids(s.t, review.Filter{}))
}
