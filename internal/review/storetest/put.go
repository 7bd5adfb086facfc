package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/genai/genaitest"
	"github.com/faultline-otel/faultline/internal/review"
)

// sameItem compares items, calls by their JSON.
func sameItem(t *testing.T, want, got review.Item) {
	t.Helper()
	calls := cmp.Comparer(func(a, b *genai.Call) bool {
		if a == nil || b == nil {
			return a == b
		}
		x, errX := a.MarshalJSON()
		y, errY := b.MarshalJSON()
		return errX == nil && errY == nil && string(x) == string(y)
	})
	require.Empty(t, cmp.Diff(want, got, calls, cmpopts.EquateEmpty()))
}

func testRoundTrip(s *suite) {
	t := s.t
	call := &genai.Call{
		Operation: genai.OpChat, Provider: "openai", RequestModel: "gpt-4o", ResponseModel: "gpt-4o-2024-08-06",
		FinishReasons: []string{"tool_calls"}, SessionID: "s-1", PromptName: "returns", PromptVersion: "7",
		Temperature: genai.Some(0.2), CostUSD: genai.Some(0.5), Usage: genai.Usage{Input: genai.Some[int64](10)},
	}
	const definitions = `[{"name":"issue_refund","parameters":{"type":"object"}}]`
	tools, err := genai.ParseTools(definitions)
	require.NoError(t, err)
	call.SetContent(genai.Content{
		System:          "Be kind.",
		Tools:           tools,
		ToolDefinitions: definitions,
		Input: []genai.Message{
			{Role: "user", Text: "Give me my money back"},
			{
				Role: "tool",
				ToolResults: []genai.ToolResult{
					{ID: "c0", Result: genai.Value{Text: `{"order":17}`, Structured: true}},
				},
			},
		},
		Output: []genai.Message{{Role: "assistant", Text: "At once.", ToolCalls: []genai.ToolCall{
			{ID: "c1", Name: "issue_refund", Arguments: genai.Value{Text: `{"amount":"19,99 €"}`, Structured: true}},
		}}},
		Retrieval: genai.Retrieval{
			Query:     "refund policy",
			Documents: []genai.Document{{ID: "d", Score: genai.Some(0.9), Content: "30 days"}},
		},
	})
	root := span(1, 0, 10)
	root.Name, root.Service = "invoke_agent", "front"
	inner := failing(2, 1, 4, failure.ToolCallMalformed)
	inner.ParentID, inner.Service, inner.Detail, inner.Fingerprint = root.ID, "agent", "type_mismatch", "0123456789abcdef"
	inner.Classes = append(inner.Classes, failure.RetryLoop)
	inner.Others = []failure.Finding{{Class: failure.RetryLoop, Detail: failure.Repeat, Scorer: "session"}}
	inner.CallHash = "1f"
	inner.Error, inner.Message = true, "bad arguments"
	inner.Scores = map[string]float64{"tool_arguments": 0, "refusal": 0.98}
	inner.Call = call
	before := time.Now()
	s.put(t, trace(1, inner, root))

	got := s.item(t, traceID(1))
	require.WithinRange(t, got.Received, before.Add(-time.Second), time.Now().Add(time.Second))
	want := review.Item{
		TraceID:       traceID(1),
		Service:       "agent",
		Environment:   "production",
		State:         review.Open,
		Verdict:       inner.Verdict,
		PrimarySpanID: inner.ID,
		Model:         "gpt-4o-2024-08-06",
		PromptName:    "returns",
		PromptVersion: "7",
		SessionID:     "s-1",
		CostUSD:       genai.Some(0.5),
		Start:         epoch,
		Duration:      10 * time.Second,
		Received:      got.Received,
		Reviewers:     1,
		Spans:         []review.Span{root, inner},
		Reasons:       []review.Reason{{Source: review.SourceVerdict, Probability: 1}},
	}
	sameItem(t, want, got)

	page, err := s.Items(t.Context(), review.Filter{})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	want.Spans = nil
	sameItem(t, want, page.Items[0])
}

// testWholeCalls: what the store loses of a call, no scorer finds in CI.
func testWholeCalls(s *suite) {
	t := s.t
	sp := failing(1, 0, 1, failure.Refusal)
	sp.Call = genaitest.Full(t)
	s.put(t, trace(1, sp))
	require.Equal(t, sp.Call, s.item(t, traceID(1)).Spans[0].Call)
}

func testIdempotent(s *suite) {
	t := s.t
	first, second := failing(1, 0, 1, failure.Refusal), span(2, 1, 2)
	first.Call = chat("question", "no")
	s.put(t, trace(1, first, second))
	once := s.item(t, traceID(1))
	s.put(t, trace(1, first, second), trace(1, second))
	s.put(t, trace(1, first))
	s.put(t)
	sameItem(t, once, s.item(t, traceID(1)))
	require.Equal(t, []string{traceID(1)}, s.ids(t, review.Filter{}))
}

func testMerge(s *suite) {
	t := s.t
	build := func() []review.Span {
		spans := []review.Span{
			failing(
				1,
				5,
				6,
				failure.Timeout,
			),
			failing(2, 2, 3, failure.Truncation),
			span(3, 0, 9),
			failing(4, 7, 8, failure.BadAnswer),
		}
		spans[2].Service = "front"
		spans[2].Call = chat("where is my parcel", "on its way")
		spans[1].Call = chat("and my refund", "soon")
		spans[1].Call.SessionID = "s-9"
		return spans
	}
	// A trace is put whole, and again in portions, the failing ones in every order.
	s.put(t, trace(1, build()...))
	whole := s.item(t, traceID(1))
	require.Equal(t, failure.Truncation, whole.Class)
	require.Equal(t, genai.Some(0.5), whole.CostUSD, "each call is counted once")
	for n, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {0, 2, 3, 1}} {
		id := n + 2
		for _, i := range order {
			s.put(t, trace(id, build()[i]))
		}
		got := s.item(t, traceID(id))
		got.TraceID, got.Received = whole.TraceID, whole.Received
		sameItem(t, whole, got)
	}
	require.Len(t, s.ids(t, review.Filter{Query: "parcel"}), 5, "late spans are found too")
}

func testUnflagged(s *suite) {
	t := s.t
	s.put(t, trace(1, span(1, 0, 1)))
	_, err := s.Item(t.Context(), traceID(1))
	require.ErrorIs(t, err, review.ErrNotFound)
	s.put(t, trace(1, failing(2, 0, 1, failure.Refusal)))
	s.put(t, trace(1, span(1, 0, 1)))
	require.Len(t, s.item(t, traceID(1)).Spans, 2)
	// Within one call the order of portions does not matter.
	s.put(t, trace(2, span(1, 0, 1)), trace(2, failing(2, 0, 1, failure.Refusal)))
	require.Len(t, s.item(t, traceID(2)).Spans, 2)
	s.put(t, review.Trace{ID: traceID(3)})
	require.Len(t, s.ids(t, review.Filter{}), 2)
}

func testKnown(s *suite) {
	t := s.t
	s.put(t, trace(1, failing(1, 0, 1, failure.Refusal)), trace(2, span(1, 0, 1)))
	ids := make([]string, 0, 2000) // more than a statement may have parameters
	for i := range cap(ids) {
		ids = append(ids, traceID(i+1))
	}
	known, err := s.Known(t.Context(), ids)
	require.NoError(t, err)
	require.Equal(t, map[string]bool{traceID(1): true}, known)
	known, err = s.Known(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, known)
}

func testCopies(s *suite) {
	t := s.t
	early := failing(1, 0, 1, failure.Refusal)
	s.put(t, trace(1, early, span(2, 1, 2)))
	judged := failing(2, 1, 2, failure.BadAnswer)
	s.put(t, trace(1, judged))
	s.put(t, trace(1, span(2, 1, 2), failing(1, 0, 1, failure.Unsafe)))
	got := s.item(t, traceID(1))
	require.Equal(
		t,
		[]failure.Class{failure.Refusal, failure.BadAnswer},
		[]failure.Class{got.Spans[0].Class, got.Spans[1].Class},
	)
	s.put(t, trace(2, span(2, 1, 2), judged))
	require.Equal(t, failure.BadAnswer, s.item(t, traceID(2)).Class)
}

// testPrimary: failure.FindCause decides, in whatever portions a trace arrives.
func testPrimary(s *suite) {
	t := s.t
	within := func(parent int, sp review.Span) review.Span {
		sp.ParentID = spanID(parent)
		return sp
	}
	tried := func(hash string, sp review.Span) review.Span {
		sp.CallHash = hash
		return within(9, sp)
	}
	agent := span(9, 0, 99)
	agent.Call = &genai.Call{Operation: genai.OpInvokeAgent}
	erring := span(9, 0, 99)
	erring.Error = true
	const tool = failure.ToolError
	failedTool, cutAnswer := tried("f", failing(1, 1, 2, tool)), within(9, failing(3, 5, 6, failure.Truncation))
	loop := within(9, failing(4, 7, 8, tool))
	loop.Classes = append(loop.Classes, failure.RetryLoop)
	loop.Others = []failure.Finding{{Class: failure.RetryLoop, Detail: failure.Repeat}}
	for n, c := range []struct {
		why     string
		spans   []review.Span
		primary int
	}{
		{"the earlier of two", []review.Span{failing(1, 5, 6, failure.Timeout), failing(2, 1, 2, failure.Refusal)}, 2},
		{"an outer step fails after what failed inside it", []review.Span{failing(1, 0, 9, failure.BadAnswer), failing(2, 1, 2, failure.Truncation)}, 2},
		{"the innermost of those that end together", []review.Span{failing(1, 0, 9, failure.Timeout), failing(2, 1, 9, failure.Timeout)}, 2},
		{"of equals the smaller id", []review.Span{failing(2, 0, 1, failure.Timeout), failing(1, 0, 1, failure.Refusal)}, 1},
		{"what did not fail does not count", []review.Span{span(1, 0, 1), failing(2, 3, 4, failure.Refusal)}, 2},
		{"a tool failed and recovered, then the answer was cut", []review.Span{
			agent, failedTool, tried("f", span(2, 3, 4)), cutAnswer,
		}, 3},
		{"another tool succeeded", []review.Span{
			agent, failedTool, tried("g", span(2, 3, 4)), cutAnswer,
		}, 1},
		{"every failure recovered", []review.Span{agent, failedTool, tried("f", span(2, 3, 4))}, 1},
		{"a failure recovered, and yet the trace ended badly", []review.Span{
			erring, failedTool, tried("f", span(2, 3, 4)), cutAnswer,
		}, 1},
		{"in an agent's run a refusal explains a loop elsewhere in it", []review.Span{
			agent, within(9, span(5, 1, 3)), within(5, failing(3, 1, 2, failure.Refusal)), loop,
			within(9, failing(6, 6, 9, failure.Timeout)),
		}, 3},
		{"safety findings stand beside the cause", []review.Span{
			agent, within(9, failing(1, 1, 2, failure.Unsafe)), within(9, failing(2, 3, 4, failure.Truncation)),
		}, 2},
	} {
		whole, pieces, backwards := 10*n+1, 10*n+2, 10*n+3
		s.put(t, trace(whole, c.spans...))
		// The first failing span makes an item of what is put alone, and the others may follow in any order.
		failed := slices.IndexFunc(c.spans, func(sp review.Span) bool { return sp.Failed() })
		s.put(t, trace(pieces, c.spans[failed]))
		s.put(t, trace(backwards, c.spans[failed]))
		for i := range c.spans {
			s.put(t, trace(pieces, c.spans[i]))
			s.put(t, trace(backwards, c.spans[len(c.spans)-1-i]))
		}
		cause := review.FindCause(c.spans)
		require.Equal(t, spanID(c.primary), c.spans[cause.Primary].ID, c.why)
		for _, id := range []int{whole, pieces, backwards} {
			item := s.item(t, traceID(id))
			require.Equal(t, spanID(c.primary), item.PrimarySpanID, c.why)
			require.Equal(t, c.spans[cause.Primary].Verdict, item.Verdict, c.why)
		}
	}
}

func testAtomic(s *suite) {
	t := s.t
	bad := failing(1, 0, 1, failure.Refusal)
	bad.ID = "no id"
	err := s.Put(t.Context(), []review.Trace{trace(1, failing(1, 0, 1, failure.Refusal)), trace(2, bad)})
	require.ErrorIs(t, err, review.ErrInvalid)
	require.Empty(t, s.ids(t, review.Filter{}))
}

func testInvalidTraces(s *suite) {
	t := s.t
	good := failing(1, 0, 1, failure.Refusal)
	invalid := []review.Trace{
		{ID: "", Spans: []review.Span{good}},
		{ID: "00000000000000000000000000000000", Spans: []review.Span{good}},
		{ID: "ABCDEF00000000000000000000000000", Spans: []review.Span{good}},
		{ID: traceID(1)[1:], Spans: []review.Span{good}},
	}
	for _, change := range []func(*review.Span){
		func(s *review.Span) { s.ID = "" },
		func(s *review.Span) { s.ID = "0000000000000000" },
		func(s *review.Span) { s.ID = "000000000000000g" },
		func(s *review.Span) { s.Class = "boredom" },
	} {
		span := good
		change(&span)
		invalid = append(invalid, trace(1, span))
	}
	for _, tr := range invalid {
		require.ErrorIs(t, s.Put(t.Context(), []review.Trace{tr}), review.ErrInvalid, "%+v", tr)
	}
	require.Empty(t, s.ids(t, review.Filter{}))
}
