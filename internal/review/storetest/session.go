package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// spoken is a turn of a session: one call that did not fail.
func spoken(n int, session, text string) review.Trace {
	c := &genai.Call{Operation: genai.OpChat, SessionID: session}
	c.SetContent(genai.Content{Input: []genai.Message{{Role: "user", Text: text}}})
	return review.Trace{ID: fmt.Sprintf("%032x", n), Spans: []review.Span{{
		ID: fmt.Sprintf("%016x", n), Name: "chat", Call: c, Duration: time.Second,
		Start: time.Date(2026, time.November, 23, 10, n%60, 0, 0, time.UTC),
	}}}
}

func broken(n int, session, text string) review.Trace {
	t := spoken(n, session, text)
	t.Spans[0].Class, t.Spans[0].Evidence, t.Spans[0].Fingerprint = "refusal", "it declines", "f1"
	return t
}

func (s *suite) session(t *testing.T, trace review.Trace) (texts []string, found review.Session) {
	t.Helper()
	found, err := s.Session(t.Context(), s.item(t, trace.ID).SessionID, trace.ID)
	require.NoError(t, err)
	for _, turn := range found.Turns {
		switch {
		case turn.TraceID == trace.ID:
			require.Empty(t, turn.Spans, "the page has them already")
			texts = append(texts, "HERE")
		case turn.Item != nil:
			texts = append(texts, "failed: "+turn.Spans[0].Call.Input()[0].Text)
			require.EqualValues(t, "refusal", turn.Item.Class)
		default:
			texts = append(texts, turn.Spans[0].Call.Input()[0].Text)
		}
	}
	return texts, found
}

func testSession(s *suite) {
	t := s.t
	s.put(t, spoken(1, "s-1", "too early"))
	known, err := s.KnownSessions(t.Context(), []string{"s-1", "s-2", ""})
	require.NoError(t, err)
	require.False(t, known["s-1"] || known["s-2"] || known[""])

	// Of one batch the failure is stored first, whatever began first.
	fails := broken(3, "s-1", "third")
	s.put(t, spoken(2, "s-1", "second"), fails, spoken(9, "s-2", "of another session"), spoken(8, "", "of none"))
	s.put(t, spoken(5, "s-1", "fifth"))
	s.put(t, spoken(5, "s-1", "fifth"))
	s.put(t, broken(4, "s-1", "fourth"))
	texts, _ := s.session(t, fails)
	require.Equal(t, []string{"second", "HERE", "failed: fourth", "fifth"}, texts)
	known, err = s.KnownSessions(t.Context(), []string{"s-1", "s-2", ""})
	require.NoError(t, err)
	require.True(t, known["s-1"])
	require.False(t, known["s-2"] || known[""])

	// Late spans join their turn, with or without the session; one that fails makes the turn an item.
	late := spoken(5, "", "later")
	late.Spans[0].ID = strings.Repeat("e", 16)
	late.Spans[0].Start = late.Spans[0].Start.Add(time.Second)
	s.put(t, late)
	_, found := s.session(t, fails)
	require.Len(t, found.Turns[3].Spans, 2)
	late.Spans[0].ID, late.Spans[0].Class = strings.Repeat("d", 16), "refusal"
	s.put(t, late)
	require.Len(t, s.item(t, late.ID).Spans, 3)
	texts, _ = s.session(t, fails)
	require.Equal(t, []string{"second", "HERE", "failed: fourth", "failed: fifth"}, texts)

	// Turns go with their item.
	for {
		n, err := s.Sweep(t.Context(), map[review.State]review.Limits{review.Open: {MaxItems: 1}})
		require.NoError(t, err)
		if n == 0 {
			break
		}
	}
	texts, _ = s.session(t, late)
	require.Equal(t, []string{"HERE"}, texts)
	none, err := s.Session(t.Context(), "", late.ID)
	require.NoError(t, err)
	require.Empty(t, none.Turns)
	none, err = s.Session(t.Context(), "s-1", strings.Repeat("9", 32))
	require.NoError(t, err)
	require.Empty(t, none.Turns)
}

// testSessionOfOtherItems: an item need not be a failure, and a turn becomes one when somebody complains of it.
func testSessionOfOtherItems(s *suite) {
	t := s.t
	drawn := spoken(1, "s-1", "drawn")
	drawn.Reasons = []review.Reason{{Source: review.SourceRandom, Probability: 0.1}}
	s.put(t, spoken(2, "s-1", "after"), drawn) // of one batch the item comes first
	found, err := s.Session(t.Context(), "s-1", drawn.ID)
	require.NoError(t, err)
	require.Len(t, found.Turns, 2)
	require.Nil(t, found.Turns[1].Item)

	require.NoError(t, s.PutEvaluations(t.Context(), []review.Evaluation{thumbsDown(2, 2)}))
	require.Len(t, s.item(t, traceID(2)).Spans, 1, "what was kept as a turn")
	wanted, err := s.Wanted(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Empty(t, wanted)
	found, err = s.Session(t.Context(), "s-1", drawn.ID)
	require.NoError(t, err)
	require.Len(t, found.Turns, 2)
	require.NotNil(t, found.Turns[1].Item)
}

func testSessionBounds(s *suite) {
	t := s.t
	fails := broken(1000, "s-1", "here")
	s.put(t, fails)
	for n := range review.MaxTurns + 5 {
		s.put(t, spoken(n+1, "s-1", "short"))
	}
	texts, _ := s.session(t, fails)
	require.Len(t, texts, review.MaxTurns, "and itself, less the one that is farthest away")

	large := broken(2000, "s-2", "here")
	s.put(t, large)
	for n := range 8 {
		s.put(t, spoken(3000+n, "s-2", strings.Repeat("x", 900_000)))
	}
	found, err := s.Session(t.Context(), "s-2", large.ID)
	require.NoError(t, err)
	size := 0
	for _, turn := range found.Turns {
		for i := range turn.Spans {
			if c := turn.Spans[i].Call; c != nil {
				size += len(c.Input()[0].Text)
			}
		}
	}
	require.Len(t, found.Turns, 9)
	require.LessOrEqual(t, size, review.MaxTurnBytes)
	require.Greater(t, size, review.MaxTurnBytes/2)

	// They count in the size of the store.
	n, err := s.Sweep(t.Context(), map[review.State]review.Limits{review.Open: {MaxBytes: 1 << 20}})
	require.NoError(t, err)
	require.Equal(t, 2, n, "the oldest, then the large one")
}

func testAttributes(s *suite) {
	t := s.t
	for n := range 6 {
		trace := broken(n+1, "s", "word")
		trace.Environment = []string{"production", "staging"}[n%2]
		trace.Spans[0].Call.RequestModel = []string{"a", "b", "c"}[n%3]
		trace.Spans[0].Call.PromptName, trace.Spans[0].Call.PromptVersion = "p", []string{"v1", "v2"}[n/3]
		trace.Spans[0].Scores = map[string]float64{"relevance": float64(n) / 5, "refusal": 0.3}
		s.put(t, trace)
	}
	id := func(n int) string { return fmt.Sprintf("%032x", n) }
	_, err := s.AddLabel(t.Context(), review.Label{TraceID: id(2), Decision: review.Confirmed, Reviewer: "ada"})
	require.NoError(t, err)
	for n, tags := range map[int][]string{4: {"de-DE", "billing"}, 3: {"billing"}} {
		l := review.Label{TraceID: id(n), Decision: review.Unsure, Reviewer: "ben", Remarks: review.Remarks{Tags: tags}}
		_, err := s.AddLabel(t.Context(), l)
		require.NoError(t, err)
	}
	// What is taken back tags nothing. Nor is the item of it judged.
	l, err := s.AddLabel(t.Context(), review.Label{
		TraceID: id(6), Decision: review.Confirmed, Reviewer: "ben", Remarks: review.Remarks{Tags: []string{"billing"}},
	})
	require.NoError(t, err)
	_, err = s.AddLabel(t.Context(), review.Label{
		TraceID: id(6), Decision: review.TakenBack, Reviewer: "ben", Replaces: l.ID,
	})
	require.NoError(t, err)
	// The lowest score of all spans counts.
	lower := broken(1, "s", "word")
	lower.Spans[0].ID, lower.Spans[0].Scores = "00000000000000ff", map[string]float64{"refusal": 0.1, "relevance": 1}
	s.put(t, lower)
	scored := func(name string, below float64) review.Filter {
		return review.Filter{Attributes: review.Attributes{Score: review.Score{Name: name, Below: below}}}
	}
	third, fifth := s.item(t, id(3)).Received, s.item(t, id(5)).Received
	for name, c := range map[string]struct {
		filter review.Filter
		want   []string
	}{
		"model":       {review.Filter{Attributes: review.Attributes{Model: "b"}}, []string{id(5), id(2)}},
		"version":     {review.Filter{Attributes: review.Attributes{PromptVersion: "v2"}}, []string{id(6), id(5), id(4)}},
		"environment": {review.Filter{Attributes: review.Attributes{Environment: "staging"}}, []string{id(6), id(4), id(2)}},
		"reviewer":    {review.Filter{Attributes: review.Attributes{Reviewer: "ada"}}, []string{id(2)}},
		"since":       {review.Filter{Attributes: review.Attributes{Since: third}}, []string{id(6), id(5), id(4), id(3)}},
		"until":       {review.Filter{Attributes: review.Attributes{Until: third}}, []string{id(2), id(1)}},
		"between":     {review.Filter{Attributes: review.Attributes{Since: third, Until: fifth}}, []string{id(4), id(3)}},
		"tag":         {review.Filter{Attributes: review.Attributes{Tag: "billing"}}, []string{id(4), id(3)}},
		"other tag":   {review.Filter{Attributes: review.Attributes{Tag: "de-DE"}}, []string{id(4)}},
		"score":       {scored("relevance", 0.4), []string{id(2), id(1)}},
		"lowest":      {scored("refusal", 0.3), []string{id(1)}},
		"below 1":     {scored("relevance", 1), []string{id(5), id(4), id(3), id(2), id(1)}},
		"no scorer":   {scored("grounded", 1), []string{}},
		"several": {review.Filter{Class: "refusal", State: review.Open, Query: "word", Attributes: review.Attributes{
			Model: "b", Environment: "production",
		}}, []string{id(5)}},
		"too late": {review.Filter{Attributes: review.Attributes{Since: fifth.Add(time.Hour)}}, []string{}},
		"nothing":  {review.Filter{Attributes: review.Attributes{Model: "z"}}, []string{}},
	} {
		require.Equal(t, c.want, s.ids(t, c.filter), name)
		facets, err := s.Facets(t.Context(), c.filter)
		require.NoError(t, err)
		require.Equal(t, len(c.want) > 0, len(facets.Classes) > 0, name)
	}
	facets, err := s.Facets(t.Context(), review.Filter{})
	require.NoError(t, err)
	require.Equal(t, review.Known{
		Models: []string{"a", "b", "c"}, PromptVersions: []string{"v1", "v2"}, Environments: []string{"production", "staging"},
		Reviewers: []string{"ada", "ben"}, Tags: []string{"billing", "de-DE"}, Scorers: []string{"refusal", "relevance"},
	}, facets.Known)
	b, err := s.LabelMany(t.Context(), review.Selection{TraceIDs: []string{id(1), id(5)}, Holder: "login cy"}, review.Label{
		Decision: review.Confirmed, Reviewer: "cy", Remarks: review.Remarks{Tags: []string{"many"}},
	})
	require.NoError(t, err)
	many := review.Filter{Attributes: review.Attributes{Tag: "many"}}
	require.Equal(t, []string{id(5), id(1)}, s.ids(t, many))
	_, err = s.UndoMany(t.Context(), b.ID, "ada")
	require.NoError(t, err)
	require.Empty(t, s.ids(t, many))
}
