package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// fill puts items of two classes and two services: 1 shop refusal, 2 shop timeout, 3 bank refusal (reviewed), 4 bank
// refusal.
func fill(t *testing.T, s *suite) {
	t.Helper()
	for n, c := range []struct {
		service string
		class   failure.Class
	}{{"shop", failure.Refusal}, {"shop", failure.Timeout}, {"bank", failure.Refusal}, {"bank", failure.Refusal}} {
		span := failing(1, n, n+1, c.class)
		span.Service = c.service
		s.put(t, trace(n+1, span))
	}
	_, err := s.AddLabel(t.Context(), review.Label{TraceID: traceID(3), Decision: review.Rejected})
	require.NoError(t, err)
}

// testUnsafe: the alert on safety findings links to the queue narrowed to their class.
func testUnsafe(s *suite) {
	t := s.t
	s.put(t, trace(1, failing(1, 0, 1, failure.Unsafe), failing(2, 2, 3, failure.Truncation)))
	s.put(t, trace(2, failing(1, 0, 1, failure.Unsafe)))
	s.put(t, trace(3, failing(1, 0, 1, failure.Truncation)))
	s.put(t, trace(4, failing(1, 0, 1, failure.Truncation)))
	require.Equal(t, failure.Truncation, s.item(t, traceID(1)).Class)
	require.Equal(t, []string{traceID(2), traceID(1)}, s.ids(t, review.Filter{Class: failure.Unsafe}))
	require.Equal(
		t,
		[]string{traceID(1)},
		s.ids(t, review.Filter{Class: failure.Unsafe, Query: string(failure.Truncation)}),
	)
	facets, err := s.Facets(t.Context(), review.Filter{Class: failure.Unsafe})
	require.NoError(t, err)
	require.Equal(t, []review.Count{{Value: "truncation", N: 3}, {Value: "unsafe", N: 2}}, facets.Classes)
	require.Equal(t, 2, facets.Services[0].N)
}

func testFilter(s *suite) {
	t := s.t
	fill(t, s)
	for _, c := range []struct {
		filter review.Filter
		want   []int
	}{
		{review.Filter{}, []int{4, 3, 2, 1}},
		{review.Filter{Class: failure.Refusal}, []int{4, 3, 1}},
		{review.Filter{Service: "shop"}, []int{2, 1}},
		{review.Filter{State: review.Open}, []int{4, 2, 1}},
		{review.Filter{State: review.Reviewed}, []int{3}},
		{review.Filter{Class: failure.Refusal, Service: "bank", State: review.Open}, []int{4}},
		{review.Filter{Class: failure.Refusal, Query: "shop"}, []int{1}},
		{review.Filter{Class: failure.Unsafe}, nil},
		{review.Filter{Service: "shop' OR 1=1 --"}, nil},
		{review.Filter{Limit: 1}, []int{4, 3, 2, 1}},
		{review.Filter{Limit: -1}, []int{4, 3, 2, 1}},
		{review.Filter{Limit: 1 << 30}, []int{4, 3, 2, 1}},
	} {
		want := []string{}
		for _, n := range c.want {
			want = append(want, traceID(n))
		}
		require.Equal(t, want, s.ids(t, c.filter), "%+v", c.filter)
	}
	// Of one call, the trace that started last is listed first.
	s.put(
		t,
		trace(7, failing(1, 70, 71, failure.Refusal)),
		trace(8, failing(1, 80, 81, failure.Refusal)),
		trace(6, failing(1, 60, 61, failure.Refusal)),
	)
	require.Equal(t, []string{traceID(8), traceID(7), traceID(6)}, s.ids(t, review.Filter{})[:3])
}

func testFacets(s *suite) {
	t := s.t
	empty, err := s.Facets(t.Context(), review.Filter{})
	require.NoError(t, err)
	require.Empty(t, empty.Classes)
	require.Empty(t, empty.Services)
	fill(t, s)
	for _, c := range []struct {
		filter            review.Filter
		classes, services []review.Count
	}{
		{review.Filter{}, []review.Count{{Value: "refusal", N: 3}, {Value: "timeout", N: 1}}, []review.Count{{Value: "bank", N: 2}, {Value: "shop", N: 2}}},
		{review.Filter{Class: failure.Timeout}, []review.Count{{Value: "refusal", N: 3}, {Value: "timeout", N: 1}}, []review.Count{{Value: "shop", N: 1}}},
		{review.Filter{Service: "bank"}, []review.Count{{Value: "refusal", N: 2}}, []review.Count{{Value: "bank", N: 2}, {Value: "shop", N: 2}}},
		{review.Filter{State: review.Open, Query: "bank"}, []review.Count{{Value: "refusal", N: 1}}, []review.Count{{Value: "bank", N: 1}}},
	} {
		got, err := s.Facets(t.Context(), c.filter)
		require.NoError(t, err)
		require.Len(t, got.Sources, 1)
		got.Sources, got.Known = nil, review.Known{}
		require.Equal(t, review.Facets{Classes: c.classes, Services: c.services}, got, "%+v", c.filter)
	}
}

func testBacklog(s *suite) {
	t := s.t
	backlog := func() review.Backlog {
		b, err := s.Backlog(t.Context())
		require.NoError(t, err)
		return b
	}
	require.Equal(t, review.Backlog{}, backlog())
	fill(t, s) // of four, the third is reviewed
	require.Equal(t, review.Backlog{Open: 3, Oldest: s.item(t, traceID(1)).Received}, backlog())
	_, err := s.AddLabel(t.Context(), review.Label{TraceID: traceID(1), Decision: review.Rejected})
	require.NoError(t, err)
	require.Equal(
		t,
		review.Backlog{Open: 2, Oldest: s.item(t, traceID(2)).Received},
		backlog(),
		"the next in order of arrival",
	)
	_, err = s.Backlog(cancelled(t))
	require.ErrorIs(t, err, context.Canceled)
}

func testSearch(s *suite) {
	t := s.t
	one := failing(0xabc, 0, 1, failure.ToolCallMalformed)
	one.Name, one.Evidence = "chat gpt-4o", "issue_refund: amount is a string, number wanted"
	one.Call = chat("Grüße aus Zürich, wo ist mein Paket?", "Ihr Paket ist unterwegs: trk_12-34")
	one.Call.SessionID = "conv-0815"
	tool := span(2, 1, 2)
	call := &genai.Call{Operation: genai.OpExecuteTool, ToolName: "lookup_order"}
	call.SetContent(
		genai.Content{
			ToolArguments: genai.Value{Text: `{"order_id":"A-1001"}`, Structured: true},
			ToolResult:    genai.Value{Text: "shipped"},
		},
	)
	tool.Call = call
	two := failing(3, 2, 3, failure.Refusal)
	two.Call = chat("我想退款，请帮我", "申し訳ありません")
	found := failing(4, 2, 3, failure.Hallucination)
	found.Call = &genai.Call{Operation: genai.OpRetrieval}
	found.Call.SetContent(
		genai.Content{
			Retrieval: genai.Retrieval{
				Query:     "warranty",
				Documents: []genai.Document{{ID: "handbook", Content: "two years"}},
			},
		},
	)
	s.put(t, trace(1, one, tool), trace(2, two), trace(3, found))
	for query, want := range map[string][]int{
		"paket":                    {1},
		"PAKET unterwegs":          {1},
		"unterwegs paket shipped":  {1}, // words of several spans
		"zurich":                   {1}, // without the dots
		"pak":                      {1}, // the beginning of the last word
		"pak ":                     {},  // a whole word
		"pak unterwegs":            {},
		"trk_12-34":                {1},
		"12 trk":                   {1},
		"conv-0815":                {1},
		"issue_refund":             {1},
		"lookup_order A-1001":      {1},
		"gpt-4o":                   {1, 2},
		traceID(1):                 {1},
		spanID(0xabc):              {1},
		spanID(0xabc)[:15]:         {1},
		"tool_call_malformed":      {1},
		"退款":                       {2},
		"款退":                       {},
		"ありません":                    {2},
		"warranty handbook years":  {3},
		"shop":                     {},
		"paket退款":                  {},
		"  \t\n":                   {1, 2, 3},
		"":                         {1, 2, 3},
		"nothing of the kind here": {},
	} {
		ids := []string{}
		for _, n := range slices.Backward(want) {
			ids = append(ids, traceID(n))
		}
		got := s.ids(t, review.Filter{Query: query})
		slices.Sort(ids)
		slices.Sort(got)
		require.Equal(t, ids, got, "%q", query)
	}
}

func testHostileQueries(s *suite) {
	t := s.t
	span := failing(1, 0, 1, failure.Refusal)
	span.Evidence = `a "quoted" word AND another* (paren) NEAR`
	s.put(t, trace(1, span))
	long := make([]byte, 1<<20)
	for i := range long {
		long[i] = "ab "[i%3]
	}
	for _, query := range []string{
		`"`, `""`, `"""`, `'`, `\`, `*`, `a*`, `^a`, `a OR`, `OR`, `AND`, `NOT`, `NOT a`, `NEAR(`, `NEAR(a b, 2)`, `(`, `)`, `(a`, `a)`,
		`body:`, `body : a`, `{a b}:c`, `-a`, `+`, `a + b`, `a"b`, `"a" "`, "a\x00b", "\x00", "\xff\xfe", "a\xffb", "\x1f", `%`, `_`, `; DROP TABLE items`,
		`$1`, `?`, `@x`, `:x`, "\u200b", "\u0301", "🙈", "a\u0301", string(long),
	} {
		_, err := s.Items(t.Context(), review.Filter{Query: query})
		require.NoError(t, err, "%.80q", query)
		_, err = s.Facets(t.Context(), review.Filter{Query: query})
		require.NoError(t, err, "%.80q", query)
	}
	for query, want := range map[string]int{
		`"quoted"`: 1, `another*`: 1, `(paren)`: 1, `AND`: 1, `NEAR`: 1, `NOT`: 0, `???`: 0, `"quoted" ???`: 1, "quo\x00ted": 0,
	} {
		require.Len(t, s.ids(t, review.Filter{Query: query}), want, "%q", query)
	}
}

func testPaging(s *suite) {
	t := s.t
	const there, later = 230, 40
	var traces []review.Trace
	for n := range there {
		traces = append(traces, trace(n+1, failing(1, n, n+1, failure.Refusal)))
		if len(traces) == 100 || n == there-1 {
			s.put(t, traces...)
			traces = nil
		}
	}
	seen := map[string]int{}
	last := ""
	arrived := there
	for f := (review.Filter{Limit: 30}); ; {
		page, err := s.Items(t.Context(), f)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Items), 30)
		require.Equal(t, arrived, page.Total)
		for _, item := range page.Items {
			seen[item.TraceID]++
			if last != "" {
				require.Less(t, item.TraceID, last, "newest first")
			}
			last = item.TraceID
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			break
		}
		// New ones arrive between two pages, and ones that were listed or will be are extended and judged.
		if arrived < there+later {
			arrived++
			s.put(t, trace(arrived, failing(1, 0, 1, failure.Refusal)))
		}
		s.put(t, trace(1, span(arrived, 0, 1)), trace(there, failing(arrived, 0, 1, failure.Unsafe)))
		judged := review.Label{TraceID: traceID(there / 2), Decision: review.Rejected}
		if before := s.item(t, judged.TraceID).Label; before != nil {
			judged.Replaces = before.ID
		}
		_, err = s.AddLabel(t.Context(), judged)
		require.NoError(t, err)
	}
	require.Len(t, seen, there)
	for id, n := range seen {
		require.Equal(t, 1, n, id)
	}
	// A page that is exactly full and the last says so.
	page, err := s.Items(t.Context(), review.Filter{Limit: arrived})
	require.NoError(t, err)
	require.Empty(t, page.Next)
	require.Len(t, page.Items, arrived)
}

func testInvalidCursor(s *suite) {
	t := s.t
	for _, cursor := range []string{"-1", "0", "'", "none of yours", "zzzzzzzzzzzzzzzzzzzzzzzz", "\x00", " "} {
		_, err := s.Items(t.Context(), review.Filter{Cursor: cursor})
		require.ErrorIs(t, err, review.ErrInvalid, "%q", cursor)
	}
}

// testQueuesBySource: a queue takes what is here for one of its reasons, also where that one comes later.
func testQueuesBySource(s *suite) {
	t := s.t
	s.UseQueues([]review.Queue{
		{
			Name: "users", Sources: []review.Source{review.SourceFeedback, review.SourceSent}, Reviewers: 1,
			Order: review.Newest,
		},
		{Name: "calibration", Sources: []review.Source{review.SourceRandom}, Reviewers: 2, Order: review.Newest},
	})
	here := func(n int, sources ...review.Source) review.Trace {
		t := trace(n, failing(1, n, n+1, ""))
		for _, source := range sources {
			t.Reasons = append(t.Reasons, review.Reason{Source: source, Probability: 1})
		}
		return t
	}
	s.put(t, here(1, review.SourceRandom), here(2, review.SourceSent), here(3, review.SourceSuspicion),
		here(4, review.SourceRandom, review.SourceFeedback), trace(5, failing(1, 5, 6, failure.Refusal)))
	require.Equal(t, []string{traceID(4), traceID(2)}, s.ids(t, review.Filter{Queue: "users"}))
	require.Equal(t, []string{traceID(1)}, s.ids(t, review.Filter{Queue: "calibration"}))
	require.Empty(t, s.item(t, traceID(5)).Queue)
	page, err := s.Items(t.Context(), review.Filter{Queue: "users", Limit: 1})
	require.NoError(t, err)
	require.Equal(t, 2, page.Total)
	page, err = s.Items(t.Context(), review.Filter{
		Queue: "users", Attributes: review.Attributes{Until: s.item(t, traceID(1)).Received.Add(time.Hour)},
	})
	require.NoError(t, err)
	require.Equal(t, 2, page.Total, "of the queue, beside another condition")
	s.put(t, here(5, review.SourceFeedback))
	require.Equal(t, "users", s.item(t, traceID(5)).Queue)
}
