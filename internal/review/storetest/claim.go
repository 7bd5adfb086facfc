package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

func ada(d time.Duration) review.Claimant {
	return review.Claimant{ID: "login ada", Name: "ada", For: d}
}

func ben() review.Claimant { return review.Claimant{ID: "login ben", Name: "ben", For: time.Hour} }

func testClaims(s *suite) {
	t := s.t
	for n := range 4 {
		s.put(t, trace(n+1, failing(1, n, n+1, failure.Refusal)))
	}
	const long = time.Hour
	before := time.Now()
	claim, err := s.Claim(t.Context(), traceID(4), ada(long))
	require.NoError(t, err)
	require.Equal(t, "login ada", claim.Holder)
	require.WithinRange(t, claim.Until, before.Add(long-time.Second), time.Now().Add(long+time.Second))
	require.Equal(t, &claim, s.item(t, traceID(4)).Claim)

	// Others are told who has it.
	other, err := s.Claim(t.Context(), traceID(4), ben())
	require.NoError(t, err)
	require.Equal(t, claim, other)
	page, err := s.Items(t.Context(), review.Filter{})
	require.NoError(t, err)
	require.Equal(t, "ada", page.Items[0].Claim.Name)
	require.Nil(t, page.Items[1].Claim)

	// The next case is another one, from a place in the queue on.
	next := func(from string, by review.Claimant) string {
		id, err := s.ClaimNext(t.Context(), review.Filter{}, from, by)
		require.NoError(t, err)
		return id
	}
	require.Equal(t, traceID(4), next("", ada(long)), "one's own is still one's own")
	require.Equal(t, traceID(3), next("", ben()))
	require.Equal(t, traceID(2), next("", review.Claimant{}), "who has no id looks")
	require.Equal(t, traceID(2), next("", review.Claimant{}), "and takes nothing")
	require.Equal(t, traceID(2), next(traceID(3), ada(long)))
	require.Nil(t, s.item(t, traceID(4)).Claim, "who takes another lets the former go")
	require.Equal(t, traceID(4), next("", review.Claimant{ID: "c", For: long}))

	require.NoError(t, s.Release(t.Context(), traceID(2), "login ben"))
	require.NotNil(t, s.item(t, traceID(2)).Claim, "nobody releases what another has")
	require.NoError(t, s.Release(t.Context(), traceID(2), "login ada"))
	require.Nil(t, s.item(t, traceID(2)).Claim)

	// An expired claim does not count.
	_, err = s.Claim(t.Context(), traceID(1), ada(-time.Second))
	require.NoError(t, err)
	require.Nil(t, s.item(t, traceID(1)).Claim)
	claim, err = s.Claim(t.Context(), traceID(1), ben())
	require.NoError(t, err)
	require.Equal(t, "ben", claim.Name)

	// What is judged is nobody's, and no next case.
	_, err = s.AddLabel(t.Context(), review.Label{TraceID: traceID(1), Decision: review.Rejected})
	require.NoError(t, err)
	require.Nil(t, s.item(t, traceID(1)).Claim)
	_, err = s.ClaimNext(t.Context(), review.Filter{}, traceID(1), ben())
	require.ErrorIs(t, err, review.ErrNotFound)
	_, err = s.Claim(t.Context(), traceID(9), ben())
	require.ErrorIs(t, err, review.ErrNotFound)
	require.ErrorIs(t, s.Release(t.Context(), traceID(9), "x"), review.ErrNotFound)
	_, err = s.Claim(t.Context(), traceID(2), review.Claimant{For: long})
	require.ErrorIs(t, err, review.ErrInvalid)
}

// testConflict: of two people who judge the same case at once, the second is told, and may say so again.
func testConflict(s *suite) {
	t := s.t
	s.put(t, trace(1, failing(1, 0, 1, failure.Refusal)))
	label := review.Label{TraceID: traceID(1), Decision: review.Confirmed, Reviewer: "ada"}
	var wait sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wait.Go(func() { _, errs[i] = s.AddLabel(t.Context(), label) })
	}
	wait.Wait()
	conflicts := slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	require.Len(t, conflicts, 7)
	for _, err := range conflicts {
		require.ErrorIs(t, err, review.ErrConflict)
	}
	got := s.item(t, traceID(1))
	require.Len(t, got.Labels, 1)
	label.Decision, label.Replaces = review.Rejected, got.Label.ID
	second, err := s.AddLabel(t.Context(), label)
	require.NoError(t, err)
	require.Equal(t, &second, s.item(t, traceID(1)).Label)
	label.Replaces = 0
	_, err = s.AddLabel(t.Context(), label)
	require.ErrorIs(t, err, review.ErrConflict)
}

// testManyReviewers: 200 people take and judge 5,000 cases at once. Each sleeps between a claim and its judgement, as
// people read: without that, the test would measure how long 200 writers wait for each other.
func testManyReviewers(s *suite) {
	t := s.t
	const reviewers, items, bound = 200, 5000, 50 * time.Millisecond
	for n := 0; n < items; n += 500 {
		var traces []review.Trace
		for i := range 500 {
			traces = append(traces, trace(n+i+1, failing(1, 0, 1, failure.Refusal)))
		}
		s.put(t, traces...)
	}
	var mu sync.Mutex // guards the two below
	var took []time.Duration
	claimed := map[string]int{}
	var wait sync.WaitGroup
	for n := range reviewers {
		wait.Go(func() {
			by := review.Claimant{ID: fmt.Sprint("reviewer ", n), For: time.Hour}
			time.Sleep(time.Duration(n) * s.reading / reviewers) // nobody starts with all others
			for {
				began := time.Now()
				id, err := s.ClaimNext(t.Context(), review.Filter{}, "", by)
				d := time.Since(began)
				if errors.Is(err, review.ErrNotFound) {
					return
				}
				time.Sleep(s.reading)
				mu.Lock()
				took = append(took, d)
				claimed[id]++
				mu.Unlock()
				if err == nil {
					_, err = s.AddLabel(t.Context(), review.Label{TraceID: id, Decision: review.Confirmed})
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	require.Len(t, claimed, items)
	require.Len(t, took, items, "each was claimed once")
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	t.Logf("%d reviewers, %d items: a claim p50 %v, p99 %v", reviewers, items, took[len(took)/2], p99)
	if p99 > bound {
		t.Logf("slower than %v: a claim waits for the disk of this machine", bound)
	}
	require.Less(t, p99, max(100*bound, 50*s.reading), "also beside other tests")
}
