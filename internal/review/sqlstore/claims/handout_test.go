package claims_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/postgres"
	"github.com/faultline-otel/faultline/internal/review/postgres/postgrestest"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/claims"
)

// onPostgres opens a store that is closed when the test ends.
func onPostgres(t *testing.T, dsn string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.OpenPostgres(t.Context(), postgres.Settings{DSN: dsn})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func failingTrace(n int) review.Trace {
	return review.Trace{ID: fmt.Sprintf("%032x", n), Spans: []review.Span{
		{ID: fmt.Sprintf("%016x", n), Verdict: failure.Verdict{Class: failure.Refusal}},
	}}
}

// TestCasesHandedOutTogether: who asks together with others gets what they would get one after the other, whatever is
// claimed, judged and assigned already.
func TestCasesHandedOutTogether(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		testHandOut(t, 15, func() *sqlstore.Store {
			s, err := sqlstore.Open(t.Context(), sqlstore.Memory)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			return s
		})
	})
	t.Run("postgres", func(t *testing.T) {
		if testing.Short() {
			t.Skip("the race detector sees the same code on SQLite")
		}
		server := postgrestest.Start(t)
		server.Template(t, func(dsn string) {
			s, err := sqlstore.OpenPostgres(t.Context(), postgres.Settings{DSN: dsn})
			require.NoError(t, err)
			require.NoError(t, s.Close())
		})
		testHandOut(t, 2, func() *sqlstore.Store { return onPostgres(t, server.Copy(t)) })
	})
}

func testHandOut(t *testing.T, seeds uint64, fresh func() *sqlstore.Store) {
	t.Helper()
	for seed := range seeds {
		together, apart := fresh(), fresh()
		var people []review.Claimant
		for n := range 12 {
			by := review.Claimant{ID: fmt.Sprint("login ", n), For: time.Hour}
			if n%4 != 0 {
				by.Name = fmt.Sprint("person ", n)
			}
			people = append(people, by)
		}
		for _, s := range []*sqlstore.Store{together, apart} {
			prepare(t, s, rand.New(rand.NewPCG(seed, 1)), people)
		}
		r := rand.New(rand.NewPCG(seed, 2))
		for _, f := range []review.Filter{{}, {Queue: "twice"}, {Class: failure.Truncation}} {
			r.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
			slices.SortStableFunc(people, func(a, b review.Claimant) int { // who has a case of their own is served first
				return cmp.Compare(assignedTo(t, apart, b.Name), assignedTo(t, apart, a.Name))
			})
			from := ""
			if r.IntN(2) == 0 {
				from = failingTrace(1 + r.IntN(30)).ID
			}
			asking := append(slices.Clone(people), people[r.IntN(len(people))]) // one asks twice
			got, err := claims.Together(t.Context(), together.Claims, f, from, asking)
			require.NoError(t, err)
			for i, by := range asking {
				want, err := apart.ClaimNext(t.Context(), f, from, by)
				if !errors.Is(err, review.ErrNotFound) {
					require.NoError(t, err)
				}
				require.Equal(t, want, got[i], "seed %d, %+v from %q, the %d-th: %s", seed, f, from, i, by.ID)
			}
		}
		for n := range 30 {
			a, err := together.Item(t.Context(), failingTrace(n+1).ID)
			require.NoError(t, err)
			b, err := apart.Item(t.Context(), failingTrace(n+1).ID)
			require.NoError(t, err)
			require.Equal(t, holders(a), holders(b), "seed %d, item %d", seed, n+1)
		}
	}
}

func holders(item review.Item) (holders []string) {
	for i := range item.Claims {
		holders = append(holders, item.Claims[i].Holder)
	}
	slices.Sort(holders)
	return holders
}

// assignedTo counts the open cases that are assigned to somebody, 1 for several.
func assignedTo(t *testing.T, s *sqlstore.Store, name string) int {
	t.Helper()
	page, err := s.Items(t.Context(), review.Filter{State: review.Open})
	require.NoError(t, err)
	if name != "" && slices.ContainsFunc(page.Items, func(i review.Item) bool { return i.Assignee == name }) {
		return 1
	}
	return 0
}

// prepare makes a store of 30 cases, some of them claimed, judged, or assigned to the persons 1 and 2.
func prepare(t *testing.T, s *sqlstore.Store, r *rand.Rand, people []review.Claimant) {
	t.Helper()
	s.UseQueues([]review.Queue{
		{Name: "twice", Classes: []failure.Class{failure.Refusal}, Reviewers: 2, Order: review.Priority},
		{Name: "once", Reviewers: 1, Order: review.Newest},
	})
	for n := range 30 {
		tr := failingTrace(n + 1)
		if n%3 == 0 {
			tr.Spans[0].Class = failure.Truncation
		}
		require.NoError(t, s.Put(t.Context(), []review.Trace{tr}))
	}
	for range 8 {
		by := people[r.IntN(len(people))]
		id := failingTrace(1 + r.IntN(30)).ID
		label := review.Label{TraceID: id, Decision: review.Rejected, Reviewer: by.Name, By: by.ID}
		if _, err := s.AddLabel(t.Context(), label); !errors.Is(err, review.ErrConflict) {
			require.NoError(t, err)
		}
		_, err := s.Claim(t.Context(), failingTrace(1+r.IntN(30)).ID, people[r.IntN(len(people))])
		require.NoError(t, err)
	}
	for range r.IntN(5) {
		err := s.Assign(t.Context(), failingTrace(1+r.IntN(30)).ID, fmt.Sprint("person ", 1+r.IntN(2)), "admin")
		if !errors.Is(err, review.ErrConflict) {
			require.NoError(t, err)
		}
	}
}

// TestReplicasHandOutCases: people of two replicas who ask at the same moment get a case each.
func TestReplicasHandOutCases(t *testing.T) {
	dsn := postgrestest.Start(t).DSN(t)
	replicas := []*sqlstore.Store{onPostgres(t, dsn), onPostgres(t, dsn)}
	const people = 60
	for n := range people + 10 {
		require.NoError(t, replicas[0].Put(t.Context(), []review.Trace{failingTrace(n + 1)}))
	}
	var mu sync.Mutex // guards claimed
	claimed := map[string]int{}
	var wait sync.WaitGroup
	for n := range people {
		wait.Go(func() {
			by := review.Claimant{ID: fmt.Sprint("reviewer ", n), For: time.Hour}
			id, err := replicas[n%2].ClaimNext(t.Context(), review.Filter{}, "", by)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			claimed[id]++
			mu.Unlock()
		})
	}
	wait.Wait()
	require.Len(t, claimed, people)
}
