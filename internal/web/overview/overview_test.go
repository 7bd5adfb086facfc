package overview

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// fake is a store with what people said.
type fake struct {
	judgements []review.Judgement
	activity   review.Activity
	failing    atomic.Bool
	computed   int
	queues     []string
}

func (f *fake) Queues() []review.Queue { return []review.Queue{{Name: "refunds"}} }

func (f *fake) Facets(_ context.Context, filter review.Filter) (review.Facets, error) {
	f.computed++
	f.queues = append(f.queues, filter.Queue)
	if f.failing.Load() {
		return review.Facets{}, errors.New("disk")
	}
	return review.Facets{Classes: []review.Count{{Value: "refusal", N: 40}, {Value: "", N: 2}}}, nil
}

// Judgements gives them in pages of 7.
func (f *fake) Judgements(_ context.Context, filter review.JudgementFilter) (page review.JudgementPage, _ error) {
	at := len(filter.Cursor)
	end := min(at+7, len(f.judgements))
	page.Judgements = f.judgements[at:end]
	if end < len(f.judgements) {
		page.Next = strings.Repeat("x", end)
	}
	return page, nil
}

func (f *fake) Activity(context.Context, review.ActivityFilter) (review.Activity, error) {
	a := f.activity
	if a.Waiting == nil {
		a.Waiting = []int{1, 2}
	}
	a.Oldest = now.Add(-26 * time.Hour)
	return a, nil
}

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// add adds n equal judgements of people, named, who decide so.
func (f *fake) add(n int, j review.Judgement, decisions ...review.Decision) {
	for range n {
		j.Labels = nil
		for i, d := range decisions {
			j.Labels = append(j.Labels, review.Label{Decision: d, Reviewer: string(rune('a' + i))})
		}
		f.judgements = append(f.judgements, j)
	}
}

func refused(service string, value float64) review.Judgement {
	return review.Judgement{
		Service: service, Class: failure.Refusal, Source: review.SourceVerdict, Probability: 1,
		Opinions: []review.Opinion{{By: review.ByScorer, Name: "refusal", Value: genai.Some(value), Failed: value < 0.5}},
	}
}

func drawn(service string) review.Judgement {
	j := refused(service, 0.9)
	j.Class, j.Source, j.Probability = "", review.SourceRandom, 0.01
	return j
}

func compute(t *testing.T, f *fake) *Figures {
	t.Helper()
	figures, err := Compute(t.Context(), f, Whole, now)
	require.NoError(t, err)
	return figures
}

func TestRejectedLabelsMakeAScorerNoisy(t *testing.T) {
	f := &fake{}
	f.add(20, refused("shop", 0.1), review.Confirmed)
	f.add(25, refused("shop", 0.4), review.Rejected)
	f.add(40, refused("desk", 0.1), review.Confirmed)
	missed := drawn("shop")
	f.add(1, missed, review.Confirmed) // of no kind: nobody says which
	f.judgements[len(f.judgements)-1].Labels[0].Class = failure.Refusal

	list := compute(t, f).Scorers
	require.Len(t, list, 3)
	shop := list[1]
	require.Equal(t, [2]string{"refusal", "shop"}, [2]string{shop.Name, shop.Service})
	require.Equal(t, 25, shop.Wrong())
	require.InDelta(t, 20.0/45, shop.Precision.Value, 1e-12)
	require.NotNil(t, shop.Precision.Interval)
	require.True(t, shop.Noisy)
	require.InDelta(t, 20.0/(20+100), shop.Recall.Value, 1e-12, "the one that was drawn stands for 100")
	require.False(t, list[2].Noisy, "desk")

	v := ViewOf(compute(t, f), Whole, nil, now)
	require.Len(t, v.Noisy, 1, "what is said of one service is not said again of all")
	require.Equal(t, "faultline calibrate --scorer refusal --service shop", v.Noisy[0].Command)
	require.Equal(t, "25 of 45 were no failure", v.Noisy[0].Wrong)
	require.Equal(t, "44%", v.Scorers[1].Precision)
}

func TestFewLabelsHaveNoInterval(t *testing.T) {
	f := &fake{}
	f.add(5, refused("shop", 0.1), review.Confirmed)
	f.add(7, refused("shop", 0.1), review.Rejected)
	s := compute(t, f).Scorers
	require.Len(t, s, 1, "one service is all services")
	require.Nil(t, s[0].Precision.Interval)
	require.False(t, s[0].Noisy)
	v := ViewOf(compute(t, f), Whole, nil, now)
	require.Equal(t, "12 of 30 labels", v.Scorers[0].Missing)
	require.Empty(t, v.Scorers[0].Interval)
	require.Len(t, v.Noisy, 1, "more wrong than right is said all the same")
	require.Empty(t, v.Noisy[0].Command, "and calibrate would refuse")
}

func TestTheTrueRateComesFirst(t *testing.T) {
	f := &fake{activity: review.Activity{Strata: []review.Size{
		{Service: "shop", Source: review.SourceVerdict, Items: 100, Traffic: 100},
		{Service: "shop", Source: review.SourceRandom, Items: 99, Traffic: 9900},
		{Service: "desk", Source: review.SourceVerdict, Items: 10, Traffic: 10},
	}}}
	f.add(30, refused("shop", 0.1), review.Confirmed)
	f.add(10, refused("shop", 0.1), review.Rejected)
	f.add(48, drawn("shop"), review.Rejected)
	f.add(2, drawn("shop"), review.Confirmed)
	f.add(5, refused("desk", 0.1), review.Confirmed)
	asked := refused("shop", 0.1)
	asked.Source, asked.Probability = "", 0
	f.add(9, asked, review.Confirmed) // what somebody sent is no sample

	rates := compute(t, f).Rates
	require.Len(t, rates, 3)
	shop := rates[1]
	require.Equal(t, "shop", shop.Service)
	require.InDelta(t, 10_000, shop.Traffic, 1e-9)
	require.InDelta(t, 0.01, shop.Flagged, 1e-12)
	require.InDelta(t, 0.01*0.75+0.99*0.04, shop.Corrected.Value, 1e-12)
	require.Equal(t, 90, shop.Corrected.Labels)
	require.NotNil(t, shop.Corrected.Interval)
	require.Empty(t, shop.Missing)
	require.Nil(t, rates[2].Corrected)
	require.Equal(t, "no random sample: what scorers miss is not known", rates[2].Missing)

	row := ViewOf(compute(t, f), Whole, nil, now).Rates[1]
	require.Equal(t, []string{"4.7%", "1.0%", "10,000 traces"}, []string{row.Corrected, row.Flagged, row.Traffic})
	require.Regexp(t, `^\d+\.\d to \d+\.\d$`, row.Interval)
}

func TestJudgesDivideTheSample(t *testing.T) {
	judged := func(failed bool) review.Judgement {
		j := drawn("shop")
		j.Opinions = append(j.Opinions, review.Opinion{By: review.ByJudge, Name: "helpful", Version: "3", Failed: failed})
		return j
	}
	f := &fake{activity: review.Activity{Strata: []review.Size{
		{Service: "shop", Source: review.SourceRandom, Judge: review.JudgeFailed, Items: 10, Traffic: 1000},
		{Service: "shop", Source: review.SourceRandom, Judge: review.JudgePassed, Items: 90, Traffic: 9000},
	}}}
	f.add(5, judged(true), review.Confirmed)
	f.add(5, judged(true), review.Rejected)
	f.add(25, judged(false), review.Rejected)
	figures := compute(t, f)
	require.InDelta(t, 0.1*0.5, figures.Rates[0].Corrected.Value, 1e-12)
	require.Equal(t, 35, figures.Rates[0].Corrected.Labels)
	at := 0
	for at < len(figures.Scorers) && figures.Scorers[at].By != review.ByJudge {
		at++
	}
	judge := figures.Scorers[at]
	require.Equal(t, "helpful", judge.Name)
	require.Equal(t, [4]int{5, 5, 0, 25}, [4]int{judge.Confusion.TP, judge.Confusion.FP, judge.Confusion.FN, judge.Confusion.TN})
	require.NotNil(t, judge.MCC)
}

func TestAgreementOfPeople(t *testing.T) {
	f := &fake{}
	f.add(20, refused("shop", 0.1), review.Confirmed, review.Confirmed)
	f.add(5, refused("shop", 0.1), review.Confirmed, review.Rejected)
	f.add(10, refused("shop", 0.1), review.Rejected, review.Confirmed)
	f.add(15, refused("shop", 0.1), review.Rejected, review.Rejected)
	f.add(9, refused("shop", 0.1), review.Rejected)
	a := compute(t, f).Agreement
	require.Equal(t, 50, a.Items)
	require.Len(t, a.Pairs, 1)
	require.Equal(t, [2]int{50, 35}, [2]int{a.Pairs[0].Items, a.Pairs[0].Agreed})
	require.InDelta(t, 0.4, a.Pairs[0].Kappa.Value, 1e-12)
	require.NotNil(t, a.Kappa)
	v := ViewOf(compute(t, f), Whole, nil, now).Agreement
	require.Regexp(t, `^0\.\d\d to 0\.\d\d, fair agreement on 50 cases$`, v.Words)
	require.Equal(t, "0.40", v.Pairs[0].Kappa)
	require.Equal(t, "35 of 50 the same", v.Pairs[0].Agreed)

	// By the bucket of what was found.
	timeout := refused("shop", 0.9)
	timeout.Class = failure.Timeout
	f.add(9, timeout, review.Confirmed, review.Confirmed)
	f.add(2, timeout, review.Rejected, review.Rejected)
	f.add(3, drawn("shop"), review.Rejected, review.Rejected)
	a = compute(t, f).Agreement
	require.Equal(t, 64, a.Items)
	rows := ViewOf(compute(t, f), Whole, nil, now).Agreement.Buckets
	require.Len(t, rows, 4)
	require.Equal(t, []string{"ops", "11", "11 of 30 cases"}, []string{rows[0].Names, rows[0].Items, rows[0].Missing})
	require.Equal(t, []string{"structure", "none judged twice"}, []string{rows[1].Names, rows[1].Missing})
	require.Equal(t, []string{"quality", "50", "0.39"}, []string{rows[2].Names, rows[2].Items, rows[2].Kappa})
	require.Equal(t, "safety", rows[3].Names)

	require.Contains(t, ViewOf(compute(t, &fake{}), Whole, nil, now).Agreement.Words, "No case was judged by two people")
}

// TestRulesAreJudgedWhereTheyAreAlone: a label says nothing of one rule among others.
func TestRulesAreJudgedWhereTheyAreAlone(t *testing.T) {
	f := &fake{}
	rule := review.Judgement{Class: failure.BadAnswer, Source: review.SourceVerdict, Probability: 1, Opinions: []review.Opinion{
		{By: review.ByScorer, Name: "polite", Failed: true},
	}}
	f.add(3, rule, review.Confirmed)
	rule.Opinions = append(rule.Opinions, review.Opinion{By: review.ByScorer, Name: "short", Failed: true})
	f.add(4, rule, review.Confirmed)
	list := compute(t, f).Scorers
	require.Len(t, list, 1)
	require.Equal(t, 3, list[0].Confusion.TP)
}

func TestManyNamesAreBounded(t *testing.T) {
	f := &fake{}
	for i := range 3000 {
		j := refused(fmt.Sprint("service-", i), 0.1)
		j.Opinions[0].Name = fmt.Sprint("scorer-", i)
		f.add(1, j, review.Confirmed)
	}
	require.Len(t, compute(t, f).Scorers, maxScorers)
}

// TestTheBoardIsFreshWhileSomebodyLooks: figures are computed in the background, seldom where nobody looks.
func TestTheBoardIsFreshWhileSomebodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := NewBoard(f)
		require.Nil(t, b.Latest(Whole))
		<-b.watched
		var errs []error
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { b.Run(ctx, func(err error) { errs = append(errs, err) }); close(done) }()
		synctest.Wait()
		require.Equal(t, 1, f.computed)
		require.NotNil(t, b.Latest(Whole))
		time.Sleep(Fresh)
		synctest.Wait()
		require.Equal(t, 2, f.computed, "somebody looked")
		time.Sleep(idle - time.Second)
		synctest.Wait()
		require.Equal(t, 2, f.computed, "nobody looks")
		first := b.Latest(Whole)
		synctest.Wait()
		require.Equal(t, 3, f.computed, "somebody looks again")
		require.NotSame(t, first, b.Latest(Whole))

		f.failing.Store(true)
		before := b.Latest(Whole)
		synctest.Wait()
		time.Sleep(Fresh)
		synctest.Wait()
		require.Len(t, errs, 1)
		require.Same(t, before, b.Latest(Whole), "old figures stay where new ones fail")
		cancel()
		<-done
	})
}

// TestFiguresOfAScope: what somebody chooses is computed at once, and kept for as long as somebody looks.
func TestFiguresOfAScope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := NewBoard(f)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { b.Run(ctx, func(err error) { t.Error(err) }); close(done) }()
		synctest.Wait()
		of, err := ScopeOf(url.Values{"days": {"7"}, "queue": {"refunds"}}, b.Queues())
		require.NoError(t, err)
		require.Equal(t, "/overview?days=7&queue=refunds", of.address())
		require.Nil(t, b.Latest(of))
		time.Sleep(time.Second) // less than figures stay
		synctest.Wait()
		figures := b.Latest(of)
		require.Equal(t, "refunds", figures.Queue)
		require.Equal(t, []string{"", "refunds"}, f.queues)
		v := ViewOf(figures, of, b.Queues(), time.Now())
		require.Equal(t, "3 cases wait. In 7 days as many were judged as came in.", v.Lead)
		require.Equal(t, "/?queue=refunds", v.OpenAddress)
		require.Equal(t, Choice{Value: "refunds", Label: "refunds", Selected: true}, v.Queues[1])
		require.Equal(t, "/?queue=refunds&state=all&class=refusal", v.Classes[0].Address)

		// Many scopes do not make many figures.
		for n := range 100 {
			b.Latest(Scope{Days: 7, Queue: fmt.Sprint("q", n)})
			time.Sleep(time.Millisecond)
		}
		scopes := func() []*kept {
			b.mu.Lock()
			defer b.mu.Unlock()
			return slices.Clone(b.scopes)
		}
		require.Len(t, scopes(), maxScopes)
		require.Equal(t, Whole, scopes()[0].scope)
		time.Sleep(4 * idle)
		synctest.Wait()
		require.Len(t, scopes(), 1, "nobody looks")
		cancel()
		<-done
	})
	for want, query := range map[string]url.Values{
		`days must be one of [7 30 90], got "8"`:       {"days": {"8"}},
		`queue must be one of the queues, got "a<b>c"`: {"queue": {"a<b>c"}},
	} {
		_, err := ScopeOf(query, nil)
		require.ErrorContains(t, err, want)
		require.ErrorIs(t, err, review.ErrInvalid)
	}
}
