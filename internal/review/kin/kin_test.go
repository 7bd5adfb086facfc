package kin_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/chat"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/kin"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
)

// words are the meanings of the stand-in for a model.
var words = map[string]string{
	"the": "", "a": "", "that": "", "no": "", "was": "", "is": "", "in": "", "of": "", "hallucination": "", "ungrounded": "",
	"tool": "", "error": "", "failed": "",
	"parcel": "delivery", "package": "delivery", "shipment": "delivery",
	"promised": "pledge", "pledged": "pledge", "assured": "pledge",
	"tomorrow": "day", "monday": "day", "weekend": "day",
	"price": "cost", "fee": "cost", "invented": "madeup", "fabricated": "madeup", "imagined": "madeup",
}

// told are failures by their fingerprints: those with the same first digit mean the same.
var told = map[string]string{
	"1a": "a parcel was promised tomorrow", "1b": "the shipment is assured monday", "1c": "pledged the package the weekend",
	"2a": "invented price", "2b": "a fabricated fee", "2c": "imagined the fee",
	"3a": "the answer names a lawyer",
}

func fingerprint(short string) string { return short + "00000000000000" }

func traceOf(n int, class failure.Class, short, evidence, answer string) review.Trace {
	call := &genai.Call{Operation: genai.OpChat}
	call.SetContent(genai.Content{Output: []genai.Message{{Role: "assistant", Text: answer}}})
	return review.Trace{ID: fmt.Sprintf("%032x", n+1), Spans: []review.Span{{
		ID: fmt.Sprintf("%016x", n+1), Start: time.Now(), Call: call, Verdict: failure.Verdict{
			Class: class, Classes: []failure.Class{class}, Detail: "", Evidence: evidence, Fingerprint: fingerprint(short),
		},
	}}}
}

func open(t *testing.T) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Memory)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func joiner(store review.Kin, e *judgetest.Embeddings, batch int) *kin.Joiner {
	model := chat.NewEmbedder(&http.Client{Timeout: time.Minute}, e.Endpoint(), "stand-in", 0)
	return kin.New(store, model, kin.Settings{
		Name: "stand-in", Classes: kin.Classes(), Near: 0.8, Batch: batch, Answers: true,
	})
}

// all runs rounds until nothing is left.
func all(t *testing.T, j *kin.Joiner) (joined int) {
	t.Helper()
	for {
		r, err := j.Round(t.Context())
		require.NoError(t, err)
		if joined += r.Joined; !r.More {
			return joined
		}
	}
}

// TestTheOrderOfArrivalDoesNotMatter: the same failures are the same signals with the same ids, in whatever order they
// came and in batches of any size.
func TestTheOrderOfArrivalDoesNotMatter(t *testing.T) {
	e := judgetest.NewEmbeddings(t, words)
	prints := []string{"1a", "1b", "1c", "2a", "2b", "2c", "3a"}
	for n := range 12 {
		r := rand.New(rand.NewPCG(1, uint64(n)))
		store := open(t)
		for _, at := range r.Perm(3 * len(prints)) {
			short := prints[at%len(prints)]
			require.NoError(t, store.Put(t.Context(), []review.Trace{
				traceOf(at, failure.Hallucination, short, told[short], ""),
			}))
		}
		// Equal words in another class are another failure.
		require.NoError(t, store.Put(t.Context(), []review.Trace{
			traceOf(100, failure.ToolError, "4a", told["1a"], ""), traceOf(101, failure.RetryLoop, "5a", told["1a"], ""),
		}))
		require.Equal(t, 4, all(t, joiner(store, e, 1+n)))
		page, err := store.Signals(t.Context(), review.SignalFilter{})
		require.NoError(t, err)
		totals := map[string]int{}
		for _, g := range page.Signals {
			totals[g.ID[:2]] = g.Total
		}
		require.Equal(t, map[string]int{"1a": 9, "2a": 9, "3a": 3, "4a": 1, "5a": 1}, totals)
	}
	for _, texts := range e.Asked() {
		require.NotContains(t, texts, "retry loop\n"+told["1a"], "of this class the fingerprint says all")
	}
}

// TestLaterFailuresJoin: what comes after a round joins what is there, and a split by a person stays.
func TestLaterFailuresJoin(t *testing.T) {
	e, store := judgetest.NewEmbeddings(t, words), open(t)
	put := func(n int, short string) {
		require.NoError(t, store.Put(t.Context(), []review.Trace{traceOf(n, failure.Hallucination, short, told[short], "")}))
	}
	j := joiner(store, e, 10)
	put(1, "1b")
	require.Zero(t, all(t, j))
	put(2, "1a")
	require.Equal(t, 1, all(t, j))
	g, err := store.Signal(t.Context(), fingerprint("1a"))
	require.NoError(t, err)
	require.Equal(t, fingerprint("1b"), g.ID, "a signal keeps its id")
	require.NoError(t, store.SplitSignal(t.Context(), fingerprint("1a"), "ada"))
	put(3, "1c")
	require.Equal(t, 1, all(t, j))
	g, err = store.Signal(t.Context(), fingerprint("1a"))
	require.NoError(t, err)
	require.Equal(t, fingerprint("1a"), g.ID)
	asked := len(e.Asked())
	require.Zero(t, all(t, j))
	require.Len(t, e.Asked(), asked, "nobody is asked where nothing is new")
}

func TestTheTextIsNoPersonalData(t *testing.T) {
	e := judgetest.NewEmbeddings(t, nil)
	f := review.Fresh{
		Class: failure.BadAnswer, Detail: "off_topic", Evidence: "The answer for ada@example.com   is about order 4471",
		Answer: "Dear Ada,\nwrite to ada@example.com; the key is sk-proj-" + "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZg",
	}
	text := joiner(nil, e, 1).Text(&f)
	require.Contains(t, text, "bad answer off topic\nthe answer for [redacted:email] is about order")
	require.Contains(t, text, "answer: dear ada, write to [redacted:email]; the key is")
	require.NotContains(t, text, "example.com")
	require.NotContains(t, text, "zm9v")
	require.NotContains(t, text, "4471")
	require.Empty(t, joiner(nil, e, 1).Text(&review.Fresh{Class: failure.Refusal}), "nothing is said of it")
}

// TestObstacles: nothing is placed while the endpoint does not answer as it should, and all of it is afterwards.
func TestObstacles(t *testing.T) {
	status := func(code int, header map[string]string) func([]string) judgetest.Answer {
		return func([]string) judgetest.Answer {
			return judgetest.Answer{Status: code, Header: header, Body: `{"error":{}}`}
		}
	}
	body := func(text string) func([]string) judgetest.Answer {
		return func([]string) judgetest.Answer { return judgetest.Answer{Body: text} }
	}
	for name, c := range map[string]struct {
		answer   func([]string) judgetest.Answer
		obstacle judge.Obstacle
		pause    time.Duration
	}{
		"slow":              {func([]string) judgetest.Answer { return judgetest.Answer{Delay: time.Hour} }, judge.Timeout, time.Second},
		"an error":          {status(http.StatusInternalServerError, nil), judge.Unavailable, time.Second},
		"too many requests": {status(http.StatusTooManyRequests, map[string]string{"Retry-After": "90"}), judge.RateLimited, 90 * time.Second},
		"no such model":     {status(http.StatusNotFound, nil), judge.Rejected, 5 * time.Minute},
		"no JSON":           {body("<html>"), judge.InvalidReply, 5 * time.Minute},
		"too few":           {body(`{"data":[{"index":0,"embedding":[1]}]}`), judge.InvalidReply, 5 * time.Minute},
		"one index twice":   {body(`{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}`), judge.InvalidReply, 5 * time.Minute},
		"an index of none":  {body(`{"data":[{"index":0,"embedding":[1]},{"index":9,"embedding":[1]}]}`), judge.InvalidReply, 5 * time.Minute},
		"two dimensions":    {body(`{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}`), judge.InvalidReply, 5 * time.Minute},
		"no direction":      {body(`{"data":[{"index":0,"embedding":[0,0]},{"index":1,"embedding":[1,2]}]}`), judge.InvalidReply, 5 * time.Minute},
		"too large": {
			func([]string) judgetest.Answer { return judgetest.Answer{Body: strings.Repeat(" ", 8<<20)} },
			judge.ReplyTooLong, 5 * time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, store := judgetest.NewEmbeddings(t, words), open(t)
			require.NoError(t, store.Put(t.Context(), []review.Trace{
				traceOf(1, failure.Hallucination, "1a", told["1a"], ""), traceOf(2, failure.Hallucination, "1b", told["1b"], ""),
			}))
			e.Set(64, c.answer)
			ctx := t.Context()
			if c.obstacle == judge.Timeout {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
			}
			j := joiner(store, e, 10)
			_, err := j.Round(ctx)
			refused := judge.ErrorOf(err)
			require.Equal(t, c.obstacle, refused.Obstacle, err)
			require.Equal(t, c.pause, kin.Pause(1, err))
			e.Set(64, func([]string) judgetest.Answer { return judgetest.Answer{} })
			require.Equal(t, 1, all(t, j))
		})
	}
	require.Equal(t, 8*time.Second, kin.Pause(4, &judge.Error{Again: true}))
	require.Equal(t, 5*time.Minute, kin.Pause(100, &judge.Error{Again: true}))
}

// TestAModelThatChanges: vectors of another dimension are not compared with those of before.
func TestAModelThatChanges(t *testing.T) {
	e, store := judgetest.NewEmbeddings(t, words), open(t)
	j := joiner(store, e, 10)
	require.NoError(t, store.Put(t.Context(), []review.Trace{traceOf(1, failure.Hallucination, "1a", told["1a"], "")}))
	require.Zero(t, all(t, j))
	e.Set(32, func([]string) judgetest.Answer { return judgetest.Answer{} })
	require.NoError(t, store.Put(t.Context(), []review.Trace{traceOf(2, failure.Hallucination, "1b", told["1b"], "")}))
	_, err := j.Round(t.Context())
	require.ErrorContains(t, err, "which is 256, got 32")
	require.Equal(t, judge.InvalidReply, judge.ErrorOf(err).Obstacle)
}

// TestARefusedTextHoldsUpNoOther: it is placed alone.
func TestARefusedTextHoldsUpNoOther(t *testing.T) {
	e, store := judgetest.NewEmbeddings(t, words), open(t)
	const bad = "hallucination\nfilter me"
	e.Set(64, func(texts []string) judgetest.Answer {
		if slices.Contains(texts, bad) {
			return judgetest.Answer{Status: http.StatusBadRequest, Body: `{"error":{}}`}
		}
		return judgetest.Answer{}
	})
	require.NoError(t, store.Put(t.Context(), []review.Trace{
		traceOf(1, failure.Hallucination, "1a", told["1a"], ""), traceOf(2, failure.Hallucination, "1b", told["1b"], ""),
		traceOf(3, failure.Hallucination, "0a", "filter me", ""),
	}))
	j := joiner(store, e, 10)
	require.Equal(t, 1, all(t, j))
	asked := len(e.Asked())
	require.Zero(t, all(t, j))
	require.Len(t, e.Asked(), asked, "it is not asked for again")
}
