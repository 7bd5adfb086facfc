// Package storetest is what every review.Store must do, as a test suite that each implementation runs.
package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// Run runs the suite. open makes an empty store that is closed when the test ends. reading is how long each of 200
// reviewers looks at a case: it sets how many claims and labels a second the store has to take.
func Run(t *testing.T, reading time.Duration, open func(t *testing.T) review.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(s *suite)
	}{
		{"an item holds what was put", testRoundTrip},
		{"a call comes back whole", testWholeCalls},
		{"putting again changes nothing", testIdempotent},
		{"portions merge in any order", testMerge},
		{"a trace without a failure is no item", testUnflagged},
		{"items are known by their trace", testKnown},
		{"of two copies of a span the failing one is kept", testCopies},
		{"the primary span is the root cause", testPrimary},
		{"all traces of a call are kept or none", testAtomic},
		{"what is no id and no class is refused", testInvalidTraces},
		{"filters narrow", testFilter},
		{"safety findings beside the root cause are found", testUnsafe},
		{"facets ignore their own restriction", testFacets},
		{"words are found wherever they stand", testSearch},
		{"no query is a syntax error", testHostileQueries},
		{"pages are whole while items arrive", testPaging},
		{"a cursor that is none is refused", testInvalidCursor},
		{"the backlog is what nobody has judged", testBacklog},
		{"labels are kept and the newest counts", testLabels},
		{"labels that say nothing are refused", testInvalidLabels},
		{"a case is given to one person at a time", testClaims},
		{"a second judgement at once is told", testConflict},
		{"many people take each case once", testManyReviewers},
		{"a label says more than class and note", testRemarks},
		{"a label takes another one back", testTakingBack},
		{"queues divide what is to be judged", testQueues},
		{"queues take sources", testQueuesBySource},
		{"several people judge one case", testSeveralReviewers},
		{"many people judge each case twice", testPairs},
		{"a queue has an order", testOrder},
		{"judges resolve suspicions", testResolution},
		{"suspicions are told apart", testSuspicionsApart},
		{"judges find failures", testJudged},
		{"a case is assigned to one person", testAssign},
		{"looking something up lets no case go", testReadingKeepsTheClaim},
		{"signals are renamed and merged", testMerges},
		{"equal failures are one signal", testSignals},
		{"many are judged at once, and undone", testBatches},
		{"what is blind is not judged among many", testBlindBatches},
		{"a resolved signal that comes again has regressed", testRegression},
		{"a merged change has time to be deployed", testDeploying},
		{"a signal knows what was made of its failures", testGuards},
		{"signals without a test are listed", testUnguarded},
		{"a signal knows how far it reaches", testExtent},
		{"signals are searched and assigned", testSignalFilter},
		{"signals of equal meaning are one", testKin},
		{"what people placed stays there", testKinOfPeople},
		{"what people said stands beside what scorers said", testJudgements},
		{"judgements come in pages", testJudgementPages},
		{"activity counts what came and what was judged", testActivity},
		{"what exceeds its limits goes, oldest first", testRetention},
		{"items say why they are here", testSources},
		{"what did not fail has a span to look at first", testForemost},
		{"bad feedback makes an item, in any order", testFeedback},
		{"a reason needs no span", testReasonsNeedNoSpan},
		{"volumes are summed over a week", testVolumes},
		{"changes of labels wait for each reader", testOutbox},
		{"the turns of a session are kept with its failures", testSession},
		{"a session has items that did not fail", testSessionOfOtherItems},
		{"the turns of a session are bounded", testSessionBounds},
		{"attributes narrow", testAttributes},
		{"all of a user, a session or a trace goes", testErasure},
		{"an erasure in parts has one record", testErasureInParts},
		{"an erased trace goes as a turn too", testErasureOfTurns},
		{"the audit log is kept and forgotten", testAudit},
		{"what changes many is in the audit log", testAuditOfActions},
		{"an unknown item is not found", testNotFound},
		{"hostile text comes back as text", testHostileText},
		{"what is too large is cut and marked", testLarge},
		{"many write and read at once", testConcurrency},
		{"a cancelled call is given up", testCancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run(&suite{t: t, Store: open(t), reading: reading})
		})
	}
}

type suite struct {
	t *testing.T
	review.Store
	reading time.Duration
}

func (s *suite) put(t *testing.T, traces ...review.Trace) {
	t.Helper()
	require.NoError(t, s.Put(t.Context(), traces))
}

func (s *suite) item(t *testing.T, traceID string) review.Item {
	t.Helper()
	item, err := s.Item(t.Context(), traceID)
	require.NoError(t, err)
	return item
}

// ids lists the traces that a filter selects, all pages of it, and checks the total.
func (s *suite) ids(t *testing.T, f review.Filter) []string {
	t.Helper()
	ids := []string{}
	for {
		page, err := s.Items(t.Context(), f)
		require.NoError(t, err)
		for _, item := range page.Items {
			ids = append(ids, item.TraceID)
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			require.Len(t, ids, page.Total)
			return ids
		}
	}
}

// epoch is when traces of the suite start.
var epoch = time.Date(2026, 11, 23, 9, 0, 0, 123456789, time.UTC)

func traceID(n int) string { return fmt.Sprintf("%032x", n) }

func spanID(n int) string { return fmt.Sprintf("%016x", n) }

// span is an unflagged span that starts and ends so many seconds after the epoch.
func span(n, start, end int) review.Span {
	return review.Span{
		ID: spanID(
			n,
		),
		Name:     "chat",
		Start:    epoch.Add(time.Duration(start) * time.Second),
		Duration: time.Duration(end-start) * time.Second,
	}
}

// failing is a span with a verdict.
func failing(n, start, end int, class failure.Class) review.Span {
	s := span(n, start, end)
	s.Class, s.Bucket, s.Classes = class, class.Bucket(), []failure.Class{class}
	s.Evidence = "evidence of span " + s.ID
	return s
}

// trace is a trace of one service.
func trace(n int, spans ...review.Span) review.Trace {
	return review.Trace{ID: traceID(n), Service: "shop", Environment: "production", Spans: spans}
}

// chat is a call with one question and one answer.
func chat(question, answer string) *genai.Call {
	c := &genai.Call{Operation: genai.OpChat, Provider: "openai", RequestModel: "gpt-4o", CostUSD: genai.Some(0.25)}
	c.SetContent(genai.Content{
		Input:  []genai.Message{{Role: "user", Text: question}},
		Output: []genai.Message{{Role: "assistant", Text: answer}},
	})
	return c
}

func cancelled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
