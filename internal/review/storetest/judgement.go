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

// scored is a failing span with what scorers said.
func scored(n int, class failure.Class, scores map[string]float64, verdicts ...string) review.Span {
	s := failing(n, n, n+1, class)
	s.Scores, s.Failing = scores, verdicts
	return s
}

// judgements lists what a filter selects, all pages of it.
func (s *suite) judgements(t *testing.T, f review.JudgementFilter) (all []review.Judgement) {
	t.Helper()
	for {
		page, err := s.Judgements(t.Context(), f)
		require.NoError(t, err)
		if f.Limit > 0 {
			require.LessOrEqual(t, len(page.Judgements), f.Limit)
		}
		all = append(all, page.Judgements...)
		if f.Cursor = page.Next; f.Cursor == "" {
			return all
		}
	}
}

func (s *suite) label(t *testing.T, l review.Label) review.Label {
	t.Helper()
	if item := s.item(t, l.TraceID); item.Label != nil {
		l.Replaces = item.Label.ID
	}
	l, err := s.AddLabel(t.Context(), l)
	require.NoError(t, err)
	return l
}

func testJudgements(s *suite) {
	t := s.t
	quiet := span(9, 0, 1)
	quiet.Scores = map[string]float64{"toxicity": 0.45, "refusal": 1}
	quiet.Suspects = []string{"toxicity"}
	s.put(t,
		trace(1, scored(1, failure.Unsafe, map[string]float64{"toxicity": 0.3, "refusal": 0.9}, "toxicity"), quiet),
		trace(2, scored(1, failure.Refusal, map[string]float64{"refusal": 0}, "refusal")),
		trace(3, failing(1, 0, 1, failure.Timeout)),
	)
	require.Empty(t, s.judgements(t, review.JudgementFilter{}), "nobody has judged")

	first := s.label(t, review.Label{TraceID: traceID(1), Decision: review.Confirmed, Note: "a secret", Reviewer: "ada"})
	second := s.label(t, review.Label{TraceID: traceID(1), Decision: review.Rejected, Reviewer: "bob"})
	third := s.label(t, review.Label{TraceID: traceID(3), Decision: review.Rejected, Reviewer: "ada"})
	first.Note = ""

	got := s.judgements(t, review.JudgementFilter{})
	require.Len(t, got, 2)
	require.Equal(t, traceID(1), got[0].TraceID, "oldest arrival first")
	require.Equal(t, "shop", got[0].Service)
	require.Equal(t, failure.Unsafe, got[0].Class)
	require.Equal(t, review.SourceVerdict, got[0].Source)
	require.InDelta(t, 1, got[0].Probability, 0)
	require.WithinDuration(t, time.Now(), got[0].Received, time.Minute)
	require.Equal(t, []review.Label{first, second}, got[0].Labels, "of all people, oldest first, without notes")
	toxicity, ok := got[0].Opinion(review.ByScorer, "toxicity")
	require.True(t, ok)
	require.Equal(t, review.Opinion{By: review.ByScorer, Name: "toxicity", Value: genai.Some(0.3), Failed: true}, toxicity,
		"the worst of all spans")
	refusal, ok := got[0].Opinion(review.ByScorer, "refusal")
	require.True(t, ok)
	require.Equal(t, review.Opinion{By: review.ByScorer, Name: "refusal", Value: genai.Some(0.9)}, refusal)
	require.Equal(t, []review.Label{third}, got[1].Labels)
	require.Empty(t, got[1].Opinions)

	// What comes later counts too.
	s.put(t, trace(3, scored(2, failure.Refusal, map[string]float64{"refusal": 0.1}, "refusal")))
	got = s.judgements(t, review.JudgementFilter{})
	refusal, ok = got[1].Opinion(review.ByScorer, "refusal")
	require.True(t, ok)
	require.True(t, refusal.Failed)
}

func testJudgementPages(s *suite) {
	t := s.t
	const n = 23
	want := map[string]bool{}
	for i := range n {
		tr := trace(i+1, failing(1, 0, 1, failure.Refusal))
		if i%2 == 0 {
			tr.Service = "even"
		}
		tr.Spans[0].Service = tr.Service
		s.put(t, tr)
		s.label(t, review.Label{TraceID: tr.ID, Decision: review.Confirmed, Reviewer: "ada"})
		want[tr.ID] = true
	}
	for limit := 1; limit <= n+1; limit += 5 {
		seen := map[string]bool{}
		for _, j := range s.judgements(t, review.JudgementFilter{Limit: limit}) {
			require.False(t, seen[j.TraceID], "each once")
			seen[j.TraceID] = true
		}
		require.Equal(t, want, seen)
	}
	require.Len(t, s.judgements(t, review.JudgementFilter{Service: "even", Limit: 4}), 12)
	require.Empty(t, s.judgements(t, review.JudgementFilter{Since: time.Now().Add(time.Hour)}))
	require.Len(t, s.judgements(t, review.JudgementFilter{Since: time.Now().Add(-time.Hour)}), n)
	for _, cursor := range []string{"x", "1", "1.", ".1", "-1.1", "1.-1", "' OR 1=1", strings.Repeat("z", 99)} {
		_, err := s.Judgements(t.Context(), review.JudgementFilter{Cursor: cursor})
		require.ErrorIs(t, err, review.ErrInvalid, cursor)
	}
}

func testActivity(s *suite) {
	t := s.t
	for i := range 5 {
		s.put(t, trace(i+1, failing(1, 0, 1, failure.Refusal)))
	}
	s.put(t, review.Trace{ID: traceID(9), Service: "desk", Spans: []review.Span{failing(1, 0, 1, failure.Timeout)}})
	s.label(t, review.Label{TraceID: traceID(1), Decision: review.Confirmed, Reviewer: "ada"})
	s.label(t, review.Label{TraceID: traceID(2), Decision: review.Rejected, Reviewer: "ada"})
	s.label(t, review.Label{TraceID: traceID(2), Decision: review.Confirmed, Reviewer: "bob"})

	const days = 7
	a, err := s.Activity(t.Context(), review.ActivityFilter{Since: time.Now().AddDate(0, 0, 1-days)})
	require.NoError(t, err)
	require.InDelta(t, days, len(a.Days), 1)
	received, judged := 0, 0
	for i, d := range a.Days {
		received, judged = received+d.Received, judged+d.Judged
		require.Equal(t, d.Date, d.Date.UTC().Truncate(24*time.Hour), "a day begins at midnight in UTC")
		if i > 0 {
			require.Equal(t, a.Days[i-1].Date.AddDate(0, 0, 1), d.Date)
		}
	}
	require.Equal(t, 6, received)
	require.Equal(t, 3, judged)
	require.Equal(t, []int{4, 0, 0, 0, 0}, a.Waiting, "open ones, by age")
	require.Len(t, a.Reviewers, 2)
	require.Equal(t, "ada", a.Reviewers[0].Name)
	require.Equal(t, [2]int{1, 1}, [2]int{a.Reviewers[0].Confirmed, a.Reviewers[0].Rejected})
	require.WithinDuration(t, time.Now(), a.Reviewers[1].Last, time.Minute)
	require.Equal(t, []review.Size{
		{Service: "desk", Source: review.SourceVerdict, Items: 1, Traffic: 1},
		{Service: "shop", Source: review.SourceVerdict, Items: 5, Traffic: 5},
	}, a.Strata)

	a, err = s.Activity(t.Context(), review.ActivityFilter{})
	require.NoError(t, err)
	require.Len(t, a.Days, 366, "bounded")
	require.Equal(t, 6, a.Days[365].Received+a.Days[364].Received)
	require.Equal(t, []int{4, 0, 0, 0, 0}, a.Waiting)
	require.Equal(t, s.item(t, traceID(3)).Received, a.Oldest)

	// One queue alone.
	s.UseQueues([]review.Queue{{Name: "desk", Services: []string{"desk"}, Reviewers: 1, Order: review.Newest}})
	require.NoError(t, s.Redistribute(t.Context()))
	s.label(t, review.Label{TraceID: traceID(9), Decision: review.Confirmed, Reviewer: "cyd"})
	a, err = s.Activity(t.Context(), review.ActivityFilter{Since: time.Now().AddDate(0, 0, -1), Queue: "desk"})
	require.NoError(t, err)
	last := len(a.Days) - 1
	require.Equal(t, 1, a.Days[last].Received+a.Days[last-1].Received)
	require.Equal(t, 1, a.Days[last].Judged+a.Days[last-1].Judged)
	require.Equal(t, []int{0, 0, 0, 0, 0}, a.Waiting)
	require.True(t, a.Oldest.IsZero())
	require.Len(t, a.Reviewers, 1)
	require.Equal(t, []review.Size{{Service: "desk", Source: review.SourceVerdict, Items: 1, Traffic: 1}}, a.Strata)
	require.Len(t, s.judgements(t, review.JudgementFilter{Queue: "desk"}), 1)
}
