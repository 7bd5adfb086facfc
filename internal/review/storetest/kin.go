package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// said is a trace whose failure is told in words.
func said(n int, fingerprint, evidence, answer string) review.Trace {
	s := failing(1, 0, 1, failure.Hallucination)
	s.Fingerprint, s.Evidence, s.Start, s.Call = fingerprint, evidence, time.Now(), chat("hello?", answer)
	return trace(n, s)
}

var inWords = []failure.Class{failure.Hallucination, failure.ToolError}

func (s *suite) fresh(t *testing.T, model string) []review.Fresh {
	t.Helper()
	list, err := s.Fresh(t.Context(), model, inWords, 10)
	require.NoError(t, err)
	return list
}

func (s *suite) place(t *testing.T, model string, placements ...review.Placement) {
	t.Helper()
	require.NoError(t, s.Place(t.Context(), model, placements))
}

func (s *suite) leaders(t *testing.T, model string) []review.Leader {
	t.Helper()
	list, err := s.Leaders(t.Context(), model, failure.Hallucination, 10)
	require.NoError(t, err)
	return list
}

func testKin(s *suite) {
	t := s.t
	s.put(t, said(9, printB, "the later one", "later"), said(2, printB, "evidence b", "answer b"))
	s.put(t, said(1, printA, "evidence a", "answer a"), alike(3, "cccccccccccccccc", "v1", time.Now()))
	require.Equal(t, []review.Fresh{
		{ID: printA, Class: failure.Hallucination, Evidence: "evidence a", Answer: "answer a"},
		{ID: printB, Class: failure.Hallucination, Evidence: "evidence b", Answer: "answer b"},
	}, s.fresh(t, "m"), "in the order of their ids, with the texts of the least trace id; other classes are left out")
	v := []float32{0.6, -0.8}
	s.place(t, "m", review.Placement{ID: printA, Vector: v}, review.Placement{ID: printB, Vector: v, Into: printA})
	require.Empty(t, s.fresh(t, "m"))
	require.Equal(t, []review.Leader{{ID: printA, Vector: v}}, s.leaders(t, "m"))
	require.Empty(t, s.leaders(t, "another model"))
	require.Equal(t, 3, s.signal(t, printA).Total)
	require.Equal(t, printA, s.signal(t, printB).ID, "its address still works")

	// A person takes it out again, and that is how it stays.
	require.NoError(t, s.SplitSignal(t.Context(), printB, "ada"))
	require.Empty(t, s.fresh(t, "m"))
	s.place(t, "m", review.Placement{ID: printB, Vector: v, Into: printA})
	require.Equal(t, 2, s.signal(t, printB).Total)

	// Another model sees all of them, and moves none.
	for _, f := range s.fresh(t, "another model") {
		require.True(t, f.Placed, f.ID)
	}
	s.place(t, "another model", review.Placement{ID: printB, Vector: v, Into: printA})
	require.Equal(t, printB, s.signal(t, printB).ID)
	require.Equal(t, []review.Leader{{ID: printB, Vector: v}}, s.leaders(t, "another model"))

	// What is erased leaves no vector. The model is asked again about what is left.
	_, err := s.Erase(t.Context(), review.Subject{Kind: review.TraceSubject, ID: traceID(2)}, "ada")
	require.NoError(t, err)
	require.Empty(t, s.leaders(t, "another model"))
	require.Contains(t, s.fresh(t, "another model"), review.Fresh{
		ID: printB, Class: failure.Hallucination, Evidence: "the later one", Answer: "later", Placed: true,
	})

	// A text that no model takes is placed as well, and nothing joins it.
	const printD = "dddddddddddddddd"
	s.put(t, said(4, printD, "evidence d", ""))
	s.place(t, "m", review.Placement{ID: printD})
	require.Len(t, s.leaders(t, "m"), 1)
	require.NotContains(t, s.fresh(t, "m"), review.Fresh{ID: printD})
}

func testKinOfPeople(s *suite) {
	t := s.t
	const printD = "dddddddddddddddd"
	v := []float32{1}
	s.put(t, said(1, printA, "a", ""), said(2, printB, "b", ""))
	require.NoError(t, s.RenameSignal(t.Context(), printB, "a name", "ada"))
	fresh := s.fresh(t, "m")
	require.False(t, fresh[0].Stays())
	require.True(t, fresh[1].Touched)
	s.place(t, "m", review.Placement{ID: printA, Vector: v}, review.Placement{ID: printB, Vector: v, Into: printA})
	require.Equal(t, printB, s.signal(t, printB).ID, "a person named it")

	// What joins a resolved signal shows that it is not.
	resolve := review.SignalChange{State: review.SignalResolved, Version: "v2", By: "ada"}
	require.NoError(t, s.ChangeSignal(t.Context(), printA, resolve))
	s.put(t, said(3, printD, "d", ""))
	s.place(t, "m", review.Placement{ID: printD, Vector: v, Into: printA})
	require.Equal(t, review.SignalRegressed, s.signal(t, printA).State)
	require.Equal(t, 2, s.signal(t, printA).Total)

	// A leader that was merged meanwhile leads to where it went.
	const printE = "eeeeeeeeeeeeeeee"
	s.put(t, said(4, printE, "e", ""))
	require.NoError(t, s.MergeSignal(t.Context(), printA, printB, "ada"))
	s.place(t, "m", review.Placement{ID: printE, Vector: v, Into: printA})
	require.Equal(t, printB, s.signal(t, printE).ID)
}
