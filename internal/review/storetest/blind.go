package storetest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

func testBlindBatches(s *suite) {
	t := s.t
	s.UseQueues([]review.Queue{{
		Name: "pairs", Classes: []failure.Class{failure.ToolCallMalformed}, Reviewers: 2, Blind: true, Order: review.Newest,
	}})
	s.put(t, alike(1, printA, "v1", time.Now()), alike(2, printA, "v1", time.Now()), said(3, printB, "it is open", ""))
	require.Equal(t, [2]int{2, 2}, [2]int{s.signal(t, printA).Open, s.signal(t, printA).Blind})
	require.Equal(t, [2]int{1, 0}, [2]int{s.signal(t, printB).Open, s.signal(t, printB).Blind})
	confirm := review.Label{Decision: review.Confirmed, Reviewer: "ada", By: "login ada"}
	for name, c := range map[string]struct {
		selected review.Selection
		want     review.Batch
	}{
		"signals": {review.Selection{Signals: []string{printA, printB}}, review.Batch{Labeled: 1, LeftOut: 2}},
		"items":   {review.Selection{TraceIDs: []string{traceID(1)}}, review.Batch{LeftOut: 1}},
	} {
		c.selected.Holder = "login ada"
		done, err := s.LabelMany(t.Context(), c.selected, confirm)
		require.NoError(t, err)
		require.Equal(t, [2]int{c.want.Labeled, c.want.LeftOut}, [2]int{done.Labeled, done.LeftOut}, name)
	}
	require.Equal(t, review.Reviewed, s.item(t, traceID(3)).State)

	// Who has opened one judges it, alone or among others.
	_, err := s.Claim(t.Context(), traceID(1), review.Claimant{ID: "login ada", Name: "ada", For: time.Minute})
	require.NoError(t, err)
	done, err := s.LabelMany(t.Context(), review.Selection{Signals: []string{printA}, Holder: "login ada"}, confirm)
	require.NoError(t, err)
	require.Equal(t, [2]int{1, 1}, [2]int{done.Labeled, done.LeftOut})
	require.Equal(t, 1, s.item(t, traceID(1)).Judged)
	require.Zero(t, s.item(t, traceID(2)).Judged)

	// What another one tagged there is not known until it is judged.
	tagged := review.Label{TraceID: traceID(2), Decision: review.Confirmed, Reviewer: "bob"}
	tagged.Tags = []string{"odd"}
	s.label(t, tagged)
	seen := tagged
	seen.TraceID, seen.Tags = traceID(3), []string{"plain"}
	s.label(t, seen)
	tags := func() []string {
		facets, err := s.Facets(t.Context(), review.Filter{})
		require.NoError(t, err)
		return facets.Tags
	}
	require.Equal(t, []string{"plain"}, tags())
	s.label(t, review.Label{TraceID: traceID(2), Decision: review.Rejected, Reviewer: "cyd"})
	require.Equal(t, []string{"odd", "plain"}, tags())
}
