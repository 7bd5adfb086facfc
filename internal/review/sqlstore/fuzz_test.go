package sqlstore_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
)

// FuzzQuery types anything into the search field: it is never an error.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{`"`, `a OR`, `NEAR(a b)`, `x*`, "a\x00", "\xff", `body:a`, "退款 refund", "(", `\`} {
		f.Add(query)
	}
	s, err := sqlstore.Open(f.Context(), sqlstore.Memory)
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, s.Close()) })
	require.NoError(f, s.Put(f.Context(), []review.Trace{conversation(1)}))
	f.Fuzz(func(t *testing.T, query string) {
		_, err := s.Items(t.Context(), review.Filter{Query: query})
		require.NoError(t, err)
	})
}

// FuzzContent keeps any text as message, JSON value and name. It comes back, valid; and what is a word of it is found.
func FuzzContent(f *testing.F) {
	for _, text := range []string{"plain", `{"a":[1,{"b":"c"}]}`, "\xff\xfe", "nul\x00", strings.Repeat("[", 11_000), "退款", `"`, "\u2028", `{"a":"\ud800"}`} {
		f.Add(text)
	}
	s, err := sqlstore.Open(f.Context(), sqlstore.Memory)
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, s.Close()) })
	n := 0
	f.Fuzz(func(t *testing.T, text string) {
		n++
		tr := failingTrace(n)
		tr.Service = text
		sp := &tr.Spans[0]
		sp.Name, sp.Evidence, sp.Class = text, text, failure.BadAnswer
		sp.Call = &genai.Call{Operation: genai.OpChat, RequestModel: text}
		sp.Call.SetContent(genai.Content{
			Input:         []genai.Message{{Role: "user", Text: text, ToolCalls: []genai.ToolCall{{Name: text, Arguments: genai.Value{Text: text}}}}},
			ToolArguments: genai.Value{Text: text, Structured: true}, OutputSchema: text, ToolDefinitions: text,
		})
		require.NoError(t, s.Put(t.Context(), []review.Trace{tr}))
		item, err := s.Item(t.Context(), tr.ID)
		require.NoError(t, err)
		require.True(t, utf8.ValidString(item.Evidence))
		call := item.Spans[0].Call
		require.NotNil(t, call)
		if got := call.Input()[0].Text; utf8.ValidString(text) && len(text) <= 4<<10 {
			require.Equal(t, text, got)
		} else {
			require.True(t, utf8.ValidString(got))
		}
		page, err := s.Items(t.Context(), review.Filter{Query: tr.ID, Limit: 1})
		require.NoError(t, err)
		require.Equal(t, 1, page.Total)
	})
}
