package storetest

import (
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

func testLabels(s *suite) {
	t := s.t
	s.put(t, trace(1, failing(1, 0, 1, failure.Refusal)), trace(2, failing(1, 5, 6, failure.Timeout)))
	require.Nil(t, s.item(t, traceID(1)).Label)

	before := time.Now()
	first, err := s.AddLabel(t.Context(), review.Label{
		TraceID: traceID(
			1,
		),
		SpanID:   spanID(1),
		Decision: review.Confirmed,
		Class:    failure.Hallucination,
		Detail:   "claimed_action",
		Note:     "it did <b>not</b> refund",
		Reviewer: "ada",
	})
	require.NoError(t, err)
	require.NotZero(t, first.ID)
	require.WithinRange(t, first.Created, before.Add(-time.Second), time.Now().Add(time.Second))
	got := s.item(t, traceID(1))
	require.Equal(t, review.Reviewed, got.State)
	require.Equal(t, &first, got.Label)
	require.Equal(t, []review.Label{first}, got.Labels)
	require.Equal(t, failure.Refusal, got.Class, "what was found stays beside what a person says")

	second, err := s.AddLabel(
		t.Context(),
		review.Label{
			TraceID: traceID(1), Decision: review.Rejected, Class: failure.Refusal, Reviewer: "bob", Replaces: first.ID,
		},
	)
	require.NoError(t, err)
	require.Empty(t, second.Class, "no failure has no class")
	require.Greater(t, second.ID, first.ID)
	got = s.item(t, traceID(1))
	require.Equal(t, &second, got.Label)
	require.Equal(t, []review.Label{second, first}, got.Labels)

	page, err := s.Items(t.Context(), review.Filter{})
	require.NoError(t, err)
	require.Nil(t, page.Items[0].Label)
	require.Equal(t, review.Open, page.Items[0].State)
	require.Equal(t, &second, page.Items[1].Label)

	// Late spans do not take a judgement back.
	s.put(t, trace(1, span(9, 0, 1)))
	require.Equal(t, review.Reviewed, s.item(t, traceID(1)).State)
	require.Len(t, s.item(t, traceID(1)).Labels, 2)
}

func testInvalidLabels(s *suite) {
	t := s.t
	s.put(t, trace(1, failing(1, 0, 1, failure.Refusal)))
	good := review.Label{TraceID: traceID(1), Decision: review.Confirmed}
	for why, change := range map[string]func(*review.Label){
		"no decision":              func(l *review.Label) { l.Decision = "" },
		"another decision":         func(l *review.Label) { l.Decision = "maybe" },
		"another class":            func(l *review.Label) { l.Class = "boredom" },
		"a detail of another one":  func(l *review.Label) { l.Class, l.Detail = failure.Refusal, "pii_leak" },
		"a detail without a class": func(l *review.Label) { l.Detail = "pii_leak" },
		"a span of another trace":  func(l *review.Label) { l.SpanID = spanID(2) },
		"a novel":                  func(l *review.Label) { l.Note = strings.Repeat("x", 1<<20) },
		"a reviewer of many names": func(l *review.Label) { l.Reviewer = strings.Repeat("x", 1<<10) },
	} {
		l := good
		change(&l)
		_, err := s.AddLabel(t.Context(), l)
		require.ErrorIs(t, err, review.ErrInvalid, why)
	}
	require.Equal(t, review.Open, s.item(t, traceID(1)).State)
	_, err := s.AddLabel(t.Context(), good)
	require.NoError(t, err, "confirmed as found needs no class")

	s.put(t, because(2, review.SourceRandom, 0.1, span(1, 0, 1)))
	good.TraceID = traceID(2)
	_, err = s.AddLabel(t.Context(), good)
	require.ErrorIs(t, err, review.ErrInvalid, "nothing was found that could be confirmed")
	require.Equal(t, review.Open, s.item(t, traceID(2)).State)
	good.Class = failure.BadAnswer
	_, err = s.AddLabel(t.Context(), good)
	require.NoError(t, err)
}

func testNotFound(s *suite) {
	t := s.t
	for _, id := range []string{"", traceID(1), "x", "' OR 1=1 --", "\x00", strings.Repeat("a", 1<<20)} {
		_, err := s.Item(t.Context(), id)
		require.ErrorIs(t, err, review.ErrNotFound)
		_, err = s.AddLabel(t.Context(), review.Label{TraceID: id, Decision: review.Confirmed})
		require.ErrorIs(t, err, review.ErrNotFound)
	}
}
