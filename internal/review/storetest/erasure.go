package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// of is a failing trace of a user and a session.
func of(n int, user, session, evidence string) review.Trace {
	s := failing(1, 0, 1, failure.ToolCallMalformed)
	s.Fingerprint, s.Evidence = printA, evidence
	s.Call = &genai.Call{Operation: genai.OpChat, RequestModel: "gpt-4o", UserID: user, SessionID: session}
	s.Call.SetContent(genai.Content{Input: []genai.Message{{Role: "user", Text: "secret words of " + user}}})
	return trace(n, s)
}

// found lists the traces of a subject, all pages of it.
func (s *suite) found(t *testing.T, kind review.SubjectKind, id string) (ids []string) {
	t.Helper()
	for cursor := ""; ; {
		page, next, err := s.Find(t.Context(), review.Subject{Kind: kind, ID: id}, cursor)
		require.NoError(t, err)
		if ids = append(ids, page...); next == "" {
			return ids
		}
		cursor = next
	}
}

func (s *suite) erase(t *testing.T, kind review.SubjectKind, id string, want int) {
	t.Helper()
	n, err := s.Erase(t.Context(), review.Subject{Kind: kind, ID: id}, "ada")
	require.NoError(t, err)
	require.Equal(t, want, n)
}

func testErasure(s *suite) {
	t := s.t
	s.put(t, of(1, "u1", "s1", "what u1 said"), of(2, "u2", "s2", "what u2 said"), of(3, "u1", "s3", "more of u1"))
	// A later span of another user: the item is of both.
	second := span(2, 2, 3)
	second.Call = &genai.Call{Operation: genai.OpChat, UserID: "u3", SessionID: "s2"}
	s.put(t, trace(2, second))
	require.Equal(t, []string{traceID(1), traceID(3)}, s.found(t, review.UserSubject, "u1"))
	require.Equal(t, []string{traceID(2)}, s.found(t, review.UserSubject, "u3"))
	require.Equal(t, []string{traceID(2)}, s.found(t, review.SessionSubject, "s2"))
	require.Equal(t, []string{traceID(2)}, s.found(t, review.TraceSubject, strings.ToUpper(traceID(2))))
	require.Empty(t, s.found(t, review.UserSubject, "s1"), "a session is no user")
	require.Empty(t, s.found(t, review.UserSubject, "u"), "whole ids only")

	// Everything that refers to it goes.
	_, err := s.AddLabel(t.Context(), review.Label{TraceID: traceID(1), Decision: review.Confirmed, Note: "u1 again"})
	require.NoError(t, err)
	_, err = s.Claim(t.Context(), traceID(3), ben())
	require.NoError(t, err)
	require.NoError(t, s.PutEvaluations(t.Context(), []review.Evaluation{
		{TraceID: traceID(1), Name: "thumbs", By: "user", Explanation: "u1 was not content", Bad: true},
		{TraceID: traceID(9), Name: "thumbs", By: "user", Explanation: "came before its trace"},
	}))
	changes, err := s.Changes(t.Context(), "reader", "p", 10)
	require.NoError(t, err)
	require.Len(t, changes, 1)
	s.erase(t, review.UserSubject, "u1", 2)
	_, err = s.Item(t.Context(), traceID(1))
	require.ErrorIs(t, err, review.ErrNotFound)
	require.Equal(t, []string{traceID(2)}, s.ids(t, review.Filter{}))
	require.Empty(t, s.ids(t, review.Filter{Query: "secret words of u1"}))
	require.Empty(t, s.found(t, review.SessionSubject, "s1"))
	changes, err = s.Changes(t.Context(), "reader", "p", 10)
	require.NoError(t, err)
	require.Empty(t, changes, "notes leave with their item")
	g := s.signal(t, printA)
	require.Equal(t, []int{3, 1, 1}, []int{g.Total, g.Stored, g.Open})
	require.Equal(t, "what u2 said", g.Title, "the title was the evidence of u1")
	s.put(t, of(1, "u9", "s9", "again"))
	require.Empty(t, s.item(t, traceID(1)).Labels)
	require.Empty(t, s.item(t, traceID(1)).Evaluations)

	// A trace without an item may have evaluations.
	s.erase(t, review.TraceSubject, traceID(9), 0)
	s.put(t, of(9, "u1", "", "again"))
	require.Empty(t, s.item(t, traceID(9)).Evaluations)
	s.erase(t, review.TraceSubject, traceID(9), 1)
	s.erase(t, review.SessionSubject, "s2", 1)
	s.erase(t, review.SessionSubject, "s9", 1)
	require.Empty(t, s.signal(t, printA).Title)
	s.erase(t, review.UserSubject, "u1", 0)

	for _, subject := range []review.Subject{
		{}, {Kind: "reviewer", ID: "ada"}, {Kind: review.UserSubject, ID: " "}, {Kind: review.TraceSubject, ID: "u1"},
	} {
		_, err = s.Erase(t.Context(), subject, "ada")
		require.ErrorIs(t, err, review.ErrInvalid)
		_, _, err = s.Find(t.Context(), subject, "")
		require.ErrorIs(t, err, review.ErrInvalid)
	}
	_, _, err = s.Find(t.Context(), review.Subject{Kind: review.UserSubject, ID: "u1"}, "!")
	require.ErrorIs(t, err, review.ErrInvalid)
	for _, hostile := range []string{"' OR ''='", "%", "u1\x00", "\xff", strings.Repeat("u", 4000)} {
		s.erase(t, review.UserSubject, hostile, 0)
	}
	s.put(t, of(11, strings.Repeat("u", 4000), "", "a long name"))
	s.erase(t, review.UserSubject, strings.Repeat("u", 4000), 1)
}

// testErasureInParts: one record counts what several transactions removed, and has no id.
func testErasureInParts(s *suite) {
	t := s.t
	const many = 230
	traces := []review.Trace{of(1000, "other", "", "stays")}
	for n := range many {
		traces = append(traces, of(n+1, "heavy", "s", "of heavy"))
	}
	s.put(t, traces...)
	require.Len(t, s.found(t, review.UserSubject, "heavy"), many)
	s.erase(t, review.UserSubject, "heavy", many)
	require.Equal(t, []string{traceID(1000)}, s.ids(t, review.Filter{}))
	page, err := s.Entries(t.Context(), review.EntryFilter{})
	require.NoError(t, err)
	require.Len(t, page.Entries, 1)
	e := page.Entries[0]
	require.Equal(t, review.Entry{
		ID: e.ID, Time: e.Time, Who: "ada", Action: review.ActionErase, N: many,
		Subject: review.Subject{Kind: review.UserSubject, ID: "heavy"}.Hash(),
	}, e)
	require.NotContains(t, e.Subject, "heavy")
	require.WithinDuration(t, time.Now(), e.Time, time.Minute)
	_, err = s.Erase(cancelled(t), review.Subject{Kind: review.UserSubject, ID: "other"}, "ada")
	require.Error(t, err)
	page, err = s.Entries(t.Context(), review.EntryFilter{})
	require.NoError(t, err)
	require.Len(t, page.Entries, 1, "what was not done has no record")
}

// testAuditOfActions: the store writes who changed signals and cases, and who judged many.
func testAuditOfActions(s *suite) {
	t := s.t
	for n := range 3 {
		s.put(t, of(n+1, "u1", "", "e"))
	}
	batch, err := s.LabelMany(t.Context(), review.Selection{Signals: []string{printA}},
		review.Label{Decision: review.Rejected, Reviewer: "ben"})
	require.NoError(t, err)
	none, err := s.LabelMany(t.Context(), review.Selection{Signals: []string{printB}},
		review.Label{Decision: review.Rejected, Reviewer: "ben"})
	require.NoError(t, err)
	require.Zero(t, none.Labeled)
	require.NoError(t, s.ChangeSignal(t.Context(), printA, review.SignalChange{State: review.SignalIgnored, By: "ada"}))
	require.ErrorIs(t, s.ChangeSignal(t.Context(), printB, review.SignalChange{State: review.SignalIgnored, By: "ada"}), review.ErrNotFound)
	undone, err := s.UndoMany(t.Context(), batch.ID, "carol")
	require.NoError(t, err)
	require.Equal(t, 3, undone)
	undone, err = s.UndoMany(t.Context(), batch.ID, "carol")
	require.NoError(t, err)
	require.Zero(t, undone)
	other := review.Trace{ID: traceID(8), Spans: []review.Span{failing(1, 0, 1, failure.Refusal)}}
	other.Spans[0].Fingerprint = printB
	s.put(t, other)
	require.NoError(t, s.Assign(t.Context(), traceID(1), "ben", "ada"))
	require.NoError(t, s.Assign(t.Context(), traceID(1), "", "ada"))
	require.ErrorIs(t, s.Assign(t.Context(), traceID(7), "ben", "ada"), review.ErrNotFound)
	require.NoError(t, s.Requeue(t.Context(), traceID(2), review.Claimant{ID: "login ben", Name: "ben"}))
	require.ErrorIs(t, s.Requeue(t.Context(), traceID(7), review.Claimant{ID: "login ben", Name: "ben"}), review.ErrNotFound)
	require.NoError(t, s.RenameSignal(t.Context(), printA, " refunds ", "ada"))
	require.ErrorIs(t, s.RenameSignal(t.Context(), "none", "refunds", "ada"), review.ErrNotFound)
	require.NoError(t, s.MergeSignal(t.Context(), printB, printA, "ada"))
	require.ErrorIs(t, s.MergeSignal(t.Context(), printB, printA, "ada"), review.ErrInvalid)
	require.NoError(t, s.SplitSignal(t.Context(), printB, "ada"))
	require.ErrorIs(t, s.SplitSignal(t.Context(), printB, "ada"), review.ErrInvalid)
	page, err := s.Entries(t.Context(), review.EntryFilter{})
	require.NoError(t, err)
	wanted := []review.Entry{
		{Who: "ada", Action: review.ActionSplit, Subject: printB, N: 1},
		{Who: "ada", Action: review.ActionMerge, Subject: printB + " into " + printA, N: 1},
		{Who: "ada", Action: review.ActionRename, Subject: printA + " refunds", N: 1},
		{Who: "ben", Action: review.ActionRequeue, Subject: traceID(2), N: 1},
		{Who: "ada", Action: review.ActionAssign, Subject: traceID(1) + " to everybody", N: 1},
		{Who: "ada", Action: review.ActionAssign, Subject: traceID(1) + " to ben", N: 1},
		{Who: "carol", Action: review.ActionUndo, Subject: "batch " + batch.ID, N: 3},
		{Who: "ada", Action: review.ActionSignal, Subject: printA + " ignored", N: 1},
		{Who: "ben", Action: review.ActionBatch, Subject: "batch " + batch.ID + " rejected", N: 3},
	}
	require.Len(t, page.Entries, len(wanted), "what changed nothing has no record")
	for i, want := range wanted {
		want.ID, want.Time = page.Entries[i].ID, page.Entries[i].Time
		require.Equal(t, want, page.Entries[i])
	}
}

func testAudit(s *suite) {
	t := s.t
	for n := range 5 {
		require.NoError(t, s.Record(t.Context(), review.Entry{Who: "ada", Action: review.ActionExport, Subject: "user x", N: n}))
	}
	require.NoError(t, s.Record(t.Context(), review.Entry{Who: "ben\x00\xff", Action: review.ActionAssign, Subject: traceID(1), N: 1}))
	var counts []int
	f := review.EntryFilter{Action: review.ActionExport, Limit: 2}
	for {
		page, err := s.Entries(t.Context(), f)
		require.NoError(t, err)
		for _, e := range page.Entries {
			require.Equal(t, review.ActionExport, e.Action)
			counts = append(counts, e.N)
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			break
		}
	}
	require.Equal(t, []int{4, 3, 2, 1, 0}, counts, "newest first")
	_, err := s.Entries(t.Context(), review.EntryFilter{Cursor: "!"})
	require.ErrorIs(t, err, review.ErrInvalid)

	require.NoError(t, s.ForgetEntries(t.Context(), time.Now().Add(-time.Hour)))
	page, err := s.Entries(t.Context(), review.EntryFilter{})
	require.NoError(t, err)
	require.Len(t, page.Entries, 6)
	require.Equal(t, "ben\uFFFD\uFFFD", page.Entries[0].Who)
	require.NoError(t, s.ForgetEntries(t.Context(), time.Now().Add(time.Hour)))
	page, err = s.Entries(t.Context(), review.EntryFilter{})
	require.NoError(t, err)
	require.Empty(t, page.Entries)
}

// testErasureOfTurns: a trace that is a turn of another one's session goes too, and its users are found.
func testErasureOfTurns(s *suite) {
	t := s.t
	fails, turn := broken(3, "s-1", "third"), spoken(2, "s-1", "second")
	s.put(t, fails)
	s.put(t, turn)
	texts, _ := s.session(t, fails)
	require.Equal(t, []string{"second", "HERE"}, texts)
	s.erase(t, review.TraceSubject, turn.ID, 0)
	texts, _ = s.session(t, fails)
	require.Equal(t, []string{"HERE"}, texts)
	other := spoken(4, "s-1", "of another user")
	other.Spans[0].Call.UserID = "u2"
	s.put(t, other)
	require.Equal(t, []string{fails.ID}, s.found(t, review.UserSubject, "u2"))
	s.erase(t, review.UserSubject, "u2", 1)
	require.Empty(t, s.ids(t, review.Filter{}))
}
