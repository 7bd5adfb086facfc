package storetest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// used is a failing trace of a user, a model and a version of a prompt.
func used(n int, fingerprint, user, model, version string, cost float64) review.Trace {
	t := alike(n, fingerprint, version, time.Now())
	c := t.Spans[0].Call
	c.UserID, c.RequestModel, c.PromptName, c.CostUSD = user, model, "refunds", genai.Some(cost)
	return t
}

func testExtent(s *suite) {
	t := s.t
	s.put(t, used(1, printB, "u1", "gpt-4o", "v1", 1))
	s.put(t, used(2, printB, "u1", "gpt-4o", "v2", 1)) // the new version fails in the old way too
	s.put(t, used(3, printA, "u1", "gpt-4o", "v2", 0.25), used(4, printA, "u2", "gpt-4o", "v2", 0.5),
		used(5, printA, "u2", "o3", "v3", 0.5))
	s.label(t, review.Label{TraceID: traceID(3), Decision: review.Confirmed, Reviewer: "ada"})
	s.label(t, review.Label{TraceID: traceID(4), Decision: review.Rejected, Reviewer: "ada"})
	g := s.signal(t, printA)
	require.Equal(t, &review.Extent{
		Items: 3, Users: 2, CostUSD: genai.Some(1.25), Confirmed: 1, Rejected: 1,
		Since: []review.Since{{
			Key: review.SincePrompt, Value: "v2", Seen: s.item(t, traceID(2)).Received, Before: 1,
		}},
	}, g.Extent, "the models were there before")

	// An old deployment has it too: the version is not what it came with.
	s.put(t, used(6, printA, "", "gpt-4o", "v1", 0))
	require.Empty(t, s.signal(t, printA).Extent.Since)
	require.Empty(t, s.signal(t, printB).Extent.Since, "nothing was before it")

	// Other services have other prompts.
	other := used(7, "cccccccccccccccc", "", "gpt-4o", "v9", 0)
	other.Service = "another"
	s.put(t, other)
	require.Empty(t, s.signal(t, "cccccccccccccccc").Extent.Since)

	require.NoError(t, s.MergeSignal(t.Context(), printB, printA, "ada"))
	require.Equal(t, 6, s.signal(t, printA).Extent.Items)
	require.False(t, g.Extent.Hour.Set, "nobody knows what is usual in the first week")
}

func testSignalFilter(s *suite) {
	t := s.t
	s.put(t, said(1, printA, "The refund of 100% was _promised_", ""), said(2, printB, "a fee is made up", ""))
	require.NoError(t, s.RenameSignal(t.Context(), printB, "Invented Fees", "ada"))
	require.NoError(t, s.AssignSignal(t.Context(), printB, " ada ", "ada"))
	for query, want := range map[string][]string{
		"":                       {printB, printA},
		"REFUND promised":        {printA},
		"refund fee":             nil,
		"invented":               {printB},
		"hallucination":          {printB, printA},
		"100%":                   {printA},
		"%":                      {printA},
		"_":                      {printA},
		`\`:                      nil,
		`'`:                      nil,
		"shop " + printA[:4]:     {printA},
		"fee hallucination \xff": nil,
	} {
		page, err := s.Signals(t.Context(), review.SignalFilter{Query: query})
		require.NoError(t, err)
		var ids []string
		for i := range page.Signals {
			ids = append(ids, page.Signals[i].ID)
		}
		require.ElementsMatch(t, want, ids, "%q", query)
		require.Equal(t, len(want), page.Total)
	}
	page, err := s.Signals(t.Context(), review.SignalFilter{Assignee: "ada"})
	require.NoError(t, err)
	require.Len(t, page.Signals, 1)
	require.Equal(t, "ada", page.Signals[0].Assignee)
	require.NoError(t, s.AssignSignal(t.Context(), printB, "", "ada"))
	require.Empty(t, s.signal(t, printB).Assignee)
	require.ErrorIs(t, s.AssignSignal(t.Context(), "none", "ada", "ada"), review.ErrNotFound)
}
