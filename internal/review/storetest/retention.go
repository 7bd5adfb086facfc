package storetest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

func testRetention(s *suite) {
	t := s.t
	sweep := func(limits map[review.State]review.Limits) (sum int) {
		for {
			n, err := s.Sweep(t.Context(), limits)
			require.NoError(t, err)
			if n == 0 {
				return sum
			}
			sum += n
		}
	}
	for n := range 400 {
		s.put(t, alike(n+1, printA, "", time.Now()))
	}
	for n := range 10 {
		_, err := s.AddLabel(t.Context(), review.Label{TraceID: traceID(n + 1), Decision: review.Confirmed})
		require.NoError(t, err)
	}
	_, err := s.Claim(t.Context(), traceID(11), ada(time.Hour))
	require.NoError(t, err)
	require.Zero(t, sweep(nil), "without limits everything stays")
	wide := review.Limits{MaxAge: time.Hour, MaxItems: 390, MaxBytes: 1 << 30}
	require.Zero(t, sweep(map[review.State]review.Limits{review.Open: wide}))

	require.Equal(t, 290, sweep(map[review.State]review.Limits{review.Open: {MaxItems: 100}}), "the oldest go")
	require.NotNil(t, s.item(t, traceID(11)).Claim, "what somebody has stays")
	require.Equal(t, review.Reviewed, s.item(t, traceID(1)).State, "and what is of another state")
	_, err = s.Item(t.Context(), traceID(12))
	require.ErrorIs(t, err, review.ErrNotFound)
	require.Len(t, s.ids(t, review.Filter{State: review.Open}), 100)
	require.NotContains(t, s.ids(t, review.Filter{Query: "evidence"}), traceID(12), "nor is it found by its words")
	g := s.signal(t, printA)
	require.Equal(t, 400, g.Total, "a signal knows how often it was seen")
	require.Equal(t, 110, g.Stored)
	require.Equal(t, 100, g.Open)
	facets, err := s.Facets(t.Context(), review.Filter{})
	require.NoError(t, err)
	require.Equal(t, []review.Count{{Value: string(failure.ToolCallMalformed), N: 110}}, facets.Classes)

	require.Positive(t, sweep(map[review.State]review.Limits{review.Open: {MaxBytes: 2000}}))
	require.Less(t, len(s.ids(t, review.Filter{State: review.Open})), 20)
	require.Equal(t, 10, sweep(map[review.State]review.Limits{review.Reviewed: {MaxAge: time.Nanosecond}}))
}
