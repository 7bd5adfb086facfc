package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

func testHostileText(s *suite) {
	t := s.t
	for n, text := range []string{
		"nul \x00 nul", "bad utf-8 \xff\xc3(", "\u202e right to left", "<script>alert(1)</script>", "'); DROP TABLE items; --", "\\u0000", "\ud7ff\ufffd\U0010ffff",
		"\x01\x1f\x7f", "{\"a\":\xff}", "[\"\xff\"]",
	} {
		sp := failing(1, 0, 1, failure.Refusal)
		sp.Name, sp.Service, sp.Evidence, sp.Message, sp.Detail, sp.Fingerprint, sp.ParentID = text, text, text, text, text, text, text
		sp.CallHash, sp.Others = text, []failure.Finding{
			{Class: failure.Refusal, Detail: text, Evidence: text, What: text},
		}
		sp.Scores = map[string]float64{text: 1, "nan": math.NaN(), "inf": math.Inf(1)}
		sp.Call = chat(text, text)
		sp.Call.RequestModel, sp.Call.SessionID, sp.Call.PromptName = text, text, text
		sp.Call.Temperature, sp.Call.CostUSD = genai.Some(math.Inf(-1)), genai.Some(math.NaN())
		output := sp.Call.Output()
		output[0].ToolCalls = []genai.ToolCall{
			{
				ID:        text,
				Name:      text,
				Arguments: genai.Value{Text: text, Structured: true},
			},
			{Name: "x", Arguments: genai.Value{Text: text}},
		}
		s.put(t, review.Trace{ID: traceID(n + 1), Service: text, Environment: text, Spans: []review.Span{sp}})

		got := s.item(t, traceID(n+1))
		clean := strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
		require.Equal(t, clean, got.Service)
		require.Equal(t, clean, got.Evidence)
		require.Equal(t, clean, got.Model)
		require.Len(t, got.Spans, 1)
		call := got.Spans[0].Call
		require.NotNil(t, call)
		require.True(t, utf8.ValidString(call.Input()[0].Text))
		if utf8.ValidString(text) {
			require.Equal(t, text, call.Input()[0].Text, "messages come back as they were")
			require.Equal(t, text, call.Output()[0].ToolCalls[0].Arguments.Text)
		}
		require.False(t, call.Temperature.Set)
		require.False(t, got.CostUSD.Set)
		require.Len(t, got.Spans[0].Scores, 1)
		require.Equal(t, clean, got.Spans[0].CallHash)
		require.Equal(t, clean, got.Spans[0].Others[0].What)

		_, err := s.AddLabel(
			t.Context(),
			review.Label{TraceID: traceID(n + 1), Decision: review.Confirmed, Note: text, Reviewer: text},
		)
		require.NoError(t, err)
		require.Equal(t, clean, s.item(t, traceID(n+1)).Label.Note)
		require.Contains(t, s.ids(t, review.Filter{Service: got.Service}), traceID(n+1))
	}
	// Times that no clock shows.
	odd := failing(1, 0, 1, failure.Refusal)
	odd.Start, odd.Duration = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC), -time.Hour
	none := failing(2, 0, 1, failure.Refusal)
	none.Start, none.Duration = time.Time{}, math.MaxInt64
	s.put(t, trace(1000, odd, none))
	require.GreaterOrEqual(t, s.item(t, traceID(1000)).Duration, time.Duration(0))
}

func testLarge(s *suite) {
	t := s.t
	const mark = "bytes in all]"
	deep := strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999) // the deepest that encoding/json takes by itself
	for n, c := range []struct {
		what string
		call func() *genai.Call
	}{
		{"a message of 50 MB", func() *genai.Call { return chat(strings.Repeat("word ", 10<<20), "no") }},
		{"many long messages", func() *genai.Call {
			c := chat("", "")
			messages := make([]genai.Message, 100)
			for i := range messages {
				messages[i] = genai.Message{Role: "user", Text: strings.Repeat("ab ", 100<<10)}
			}
			c.SetContent(genai.Content{Input: messages})
			return c
		}},
		{"a message that JSON makes six times longer", func() *genai.Call { return chat(strings.Repeat("\x01", 1<<20), "no") }},
		{"500,000 messages", func() *genai.Call {
			c := chat("", "")
			c.SetContent(genai.Content{Input: make([]genai.Message, 500_000)})
			return c
		}},
		{"arguments nested too deep", func() *genai.Call {
			c := chat("", "")
			c.SetContent(genai.Content{ToolArguments: genai.Value{Text: deep, Structured: true}})
			return c
		}},
		{"a name of 1 MB", func() *genai.Call {
			c := chat("", "")
			c.RequestModel, c.SessionID = strings.Repeat("m", 5<<20), strings.Repeat("é", 5<<20)
			return c
		}},
	} {
		sp := failing(1, 0, 1, failure.Refusal)
		sp.Call = c.call()
		sp.Evidence = strings.Repeat("why ", 10_000)
		s.put(t, trace(n+1, sp))
		got := s.item(t, traceID(n+1))
		require.Len(t, got.Spans, 1, c.what)
		require.True(t, got.Spans[0].Cut, c.what)
		require.NotNil(t, got.Spans[0].Call, c.what)
		data, err := got.Spans[0].Call.MarshalJSON()
		require.NoError(t, err)
		require.Less(t, len(data), 5<<20, c.what)
		require.Less(t, len(got.Evidence)+len(got.Model)+len(got.SessionID), 10<<10, c.what)
		if n == 0 {
			require.Contains(t, got.Spans[0].Call.Input()[0].Text, mark)
			require.Equal(t, []string{traceID(1)}, s.ids(t, review.Filter{Query: "word"}))
			late := failing(77, 5, 6, failure.Timeout)
			late.Evidence = "gave up waiting"
			s.put(t, trace(1, late))
			require.Equal(
				t,
				[]string{traceID(1)},
				s.ids(t, review.Filter{Query: "gave up " + late.ID}),
				"names and evidence always find room",
			)
		}
	}
	fits := failing(1, 0, 1, failure.Refusal)
	fits.Call = chat(strings.Repeat("word ", 100_000), "no")
	s.put(t, trace(100, fits))
	got := s.item(t, traceID(100)).Spans[0]
	require.False(t, got.Cut)
	require.Len(t, got.Call.Input()[0].Text, 500_000)

	// A trace that never ends is kept up to a bound, its first failure included.
	for batch := range 3 {
		spans := make([]review.Span, 6_000)
		for i := range spans {
			spans[i] = span(batch*len(spans)+i+1, i, i+1)
		}
		spans[0].Class = failure.RetryLoop
		s.put(t, trace(200, spans...))
	}
	endless := s.item(t, traceID(200))
	require.Less(t, len(endless.Spans), 18_000)
	require.Equal(t, failure.RetryLoop, endless.Class)
}

func testConcurrency(s *suite) {
	t := s.t
	const writers, readers, each = 4, 4, 25
	var group sync.WaitGroup
	errs := make(chan error, (writers+readers)*each)
	for w := range writers {
		group.Go(func() {
			for n := range each {
				errs <- writeSome(t.Context(), s, 1+w*each+n)
			}
		})
	}
	for range readers {
		group.Go(func() {
			for range each {
				errs <- readSome(t.Context(), s)
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	require.Len(t, s.ids(t, review.Filter{}), writers*each+1)
	shared := s.item(t, traceID(sharedTrace))
	require.Len(t, shared.Spans, writers*each)
	require.Len(t, shared.Labels, writers*each)
}

// sharedTrace is the one that all writers extend.
const sharedTrace = 10_000

// writeSome brings an item of its own and a portion of the shared one, and judges that.
func writeSome(ctx context.Context, s review.Store, n int) error {
	err := s.Put(
		ctx,
		[]review.Trace{
			trace(n, failing(1, n, n+1, failure.Refusal)),
			trace(sharedTrace, failing(n, n, n+1, failure.Timeout)),
		},
	)
	if err != nil {
		return err
	}
	for { // until nobody judged in between
		item, err := s.Item(ctx, traceID(sharedTrace))
		if err != nil {
			return err
		}
		label := review.Label{TraceID: item.TraceID, Decision: review.Confirmed}
		if item.Label != nil {
			label.Replaces = item.Label.ID
		}
		if _, err := s.AddLabel(ctx, label); !errors.Is(err, review.ErrConflict) {
			return err
		}
	}
}

// readSome reads as the page does; what it sees must be of one moment.
func readSome(ctx context.Context, s review.Store) error {
	page, err := s.Items(ctx, review.Filter{Query: "evidence", Limit: 500})
	if err != nil {
		return err
	}
	if len(page.Items) != page.Total {
		return fmt.Errorf("%d items of %d on a page for 500", len(page.Items), page.Total)
	}
	if _, err = s.Facets(ctx, review.Filter{}); err != nil {
		return err
	}
	item, err := s.Item(ctx, traceID(sharedTrace))
	switch {
	case errors.Is(err, review.ErrNotFound):
		return nil // it did not come yet
	case err != nil:
		return err
	case len(item.Spans) == 0 || item.State == review.Reviewed != (len(item.Labels) > 0):
		return fmt.Errorf(
			"an item half written: %d spans, %d labels, %s",
			len(item.Spans),
			len(item.Labels),
			item.State,
		)
	}
	return nil
}

func testCancelled(s *suite) {
	t := s.t
	ctx := cancelled(t)
	require.ErrorIs(t, s.Put(ctx, []review.Trace{trace(1, failing(1, 0, 1, failure.Refusal))}), context.Canceled)
	_, err := s.Items(ctx, review.Filter{})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, s.ids(t, review.Filter{}), "nothing of it is there")
}
