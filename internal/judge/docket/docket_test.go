package docket_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/chat"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
	"github.com/faultline-otel/faultline/internal/price"
)

// desk asks the server, at the price of gpt-4.1-mini.
func desk(t *testing.T, server *judgetest.Server, purse judge.Purse) *docket.Desk {
	t.Helper()
	s := judge.Settings{
		Model: "gpt-4.1-mini", MaxTokens: 500, MaxBytes: judge.DefaultBytes, Format: judge.FormatSchema,
		Temperature: genai.Some(0.0),
	}
	row := price.Embedded().Find("", time.Now(), s.Model)
	require.NotNil(t, row)
	client := &http.Client{Timeout: 5 * time.Second}
	return &docket.Desk{
		Judge:       judge.New(chat.New(client, server.Endpoint(), s), s, row, purse, nil),
		Concurrency: 4, Attempts: 3, Backoff: time.Millisecond,
	}
}

// answers are cases of answers, of which those that say "wrong" are to be failed.
func answers(texts ...string) (cases []docket.Case) {
	for i, text := range texts {
		cases = append(cases, docket.Case{
			TraceID: fmt.Sprintf("%032d", i), SpanID: fmt.Sprintf("%016d", i),
			Case: &judge.Case{Scope: judge.Answer, Question: "Where is my order?", Answer: text, Turns: 1},
		})
	}
	return cases
}

func opinion(r *judgetest.Request) judgetest.Answer {
	return judgetest.Answer{Text: r.Reply(!strings.Contains(r.User, "wrong"), "because of it")}
}

func rubrics(t *testing.T, names ...string) []*judge.Rubric {
	t.Helper()
	list, err := judge.Select("", names)
	require.NoError(t, err)
	return list
}

func TestTasksAreWhatApplies(t *testing.T) {
	cases := answers("In Lyon.")
	cases[0].Sources = nil
	var names []string
	for _, task := range docket.Tasks(cases, judge.Embedded()) {
		names = append(names, task.Rubric.Name)
	}
	require.Contains(t, names, "relevance")
	require.NotContains(t, names, "groundedness", "there are no sources")
	require.NotContains(t, names, "context_loss", "it is no session")
}

func TestResults(t *testing.T) {
	server := judgetest.New(t, opinion)
	d := desk(t, server, nil)
	tasks := docket.Tasks(answers("It is in Lyon.", "This is wrong."), rubrics(t, "relevance"))
	var results []docket.Result
	require.NoError(t, d.Run(t.Context(), tasks, func(r *docket.Result) error {
		results = append(results, *r)
		return nil
	}))
	slices.SortFunc(results, func(a, b docket.Result) int { return strings.Compare(a.TraceID, b.TraceID) })
	require.Len(t, results, 2)
	for _, r := range results {
		require.Equal(t, "relevance", r.Rubric)
		require.Equal(t, d.Judge.Version(tasks[0].Rubric), r.Version)
		require.Equal(t, "because of it", r.Explanation)
		require.Equal(t, int64(100), r.InputTokens)
		require.Equal(t, int64(20), r.OutputTokens)
		require.InDelta(t, 100*0.4e-6+20*1.6e-6, r.CostUSD.Value, 1e-9)
		require.True(t, r.Judged())
	}
	require.Equal(t, docket.Pass, results[0].Label)
	require.Empty(t, results[0].Class)
	require.True(t, results[1].Failed())
	require.Equal(t, "bad_answer", string(results[1].Class))
	require.NotEmpty(t, results[1].Reason)
	require.InDelta(t, 0.1, results[1].Score.Value, 0)
}

// TestWhatIsTriedAgain: what a later attempt may heal is tried again, anything else is a line with the reason.
func TestWhatIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		first judgetest.Answer
		want  judge.Obstacle // "" if the second attempt heals it
		asked int
	}{
		"rate limit":   {judgetest.Answer{Status: 429, Header: map[string]string{"Retry-After-Ms": "20"}}, "", 2},
		"server error": {judgetest.Answer{Status: 500}, "", 2},
		"cut":          {judgetest.Answer{Text: "x", Cut: 10}, "", 2},
		"no JSON":      {judgetest.Answer{Text: "fine!"}, judge.InvalidReply, 1},
		"refusal":      {judgetest.Answer{Refusal: "no"}, judge.Refused, 1},
		"wrong key":    {judgetest.Answer{Status: 401}, judge.Rejected, 1},
		"huge":         {judgetest.Answer{Text: strings.Repeat("x", judge.MaxReply)}, judge.ReplyTooLong, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var once sync.Once
			server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer {
				a := opinion(r)
				once.Do(func() { a = c.first })
				return a
			})
			d := desk(t, server, nil)
			var results []docket.Result
			require.NoError(t, d.Run(t.Context(), docket.Tasks(answers("In Lyon."), rubrics(t, "relevance")),
				func(r *docket.Result) error { results = append(results, *r); return nil }))
			require.Len(t, results, 1)
			require.Equal(t, c.want, results[0].NotJudged)
			require.Equal(t, c.want == "", results[0].Judged())
			require.Len(t, server.Requests(), c.asked)
		})
	}
}

func TestAttemptsEnd(t *testing.T) {
	server := judgetest.New(t, func(*judgetest.Request) judgetest.Answer { return judgetest.Answer{Status: 503} })
	d := desk(t, server, nil)
	_, err := d.Rate(t.Context(), answers("In Lyon.")[0].Case, rubrics(t, "relevance")[0])
	require.Equal(t, judge.Unavailable, judge.ErrorOf(err).Obstacle)
	require.Len(t, server.Requests(), 3)
}

// TestSpendLimit: the purse is never exceeded, and is used up: calls wait for money that others may give back.
func TestSpendLimit(t *testing.T) {
	server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer {
		a := opinion(r)
		a.Delay = 5 * time.Millisecond
		return a
	})
	const limit = 0.003
	purse := docket.NewPurse(limit)
	d := desk(t, server, purse)
	tasks := docket.Tasks(answers(slices.Repeat([]string{"In Lyon."}, 60)...), rubrics(t, "relevance"))
	demand := d.Demand(tasks)
	require.Equal(t, 60, demand.Calls)
	require.Greater(t, demand.MaxUSD, limit)
	judged, refused := 0, 0
	require.NoError(t, d.Run(t.Context(), tasks, func(r *docket.Result) error {
		if r.Judged() {
			judged++
		} else {
			require.Equal(t, judge.SpendLimit, r.NotJudged)
			refused++
		}
		return nil
	}))
	require.LessOrEqual(t, purse.Spent(), limit)
	most := demand.MaxUSD / 60
	require.Greater(t, purse.Spent()+most, limit, "what is left is not enough for one more")
	require.Equal(t, 60, judged+refused)
	require.Positive(t, refused)
	require.Len(t, server.Requests(), judged)
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer {
		cancel()
		return opinion(r)
	})
	d := desk(t, server, nil)
	tasks := docket.Tasks(answers(slices.Repeat([]string{"In Lyon."}, 50)...), rubrics(t, "relevance"))
	err := d.Run(ctx, tasks, func(*docket.Result) error { return nil })
	require.ErrorIs(t, err, context.Canceled)
	require.LessOrEqual(t, len(server.Requests()), d.Concurrency)
}

func TestRunEndsWithAnErrorOfTheCaller(t *testing.T) {
	server := judgetest.New(t, opinion)
	full := errors.New("the disk is full")
	tasks := docket.Tasks(answers(slices.Repeat([]string{"In Lyon."}, 50)...), rubrics(t, "relevance"))
	err := desk(t, server, nil).Run(t.Context(), tasks, func(*docket.Result) error { return full })
	require.ErrorIs(t, err, full)
	require.Less(t, len(server.Requests()), 50)
}

func TestMistakesInFilesOfResults(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "r.jsonl holds no result",
		"no JSON":          "r.jsonl: result 1 must be as faultline judge run writes it: invalid character",
		`{"trace_id":"a"}`: "r.jsonl: result 1 must have a rubric and a trace_id or a row",
		`{"rubric":"r","version":"v","row":"a"}` + "\n" + `{"rubric":"r"}`: "r.jsonl: result 2 must have",
		`{"rubric":"r","row":"a","label":"good"}`:                          `label must be pass or fail, got "good"`,
	} {
		_, err := docket.Read("r.jsonl", strings.NewReader(text))
		require.ErrorContains(t, err, want)
	}
	results, err := docket.Read("r.jsonl", strings.NewReader(`{"rubric":"r","trace_id":"t","row":"a","label":"fail"}`))
	require.NoError(t, err)
	require.Equal(t, "a", results[0].ID())
	require.True(t, results[0].Failed())
}
