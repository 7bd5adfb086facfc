package dataset

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

func talk(texts ...string) *genai.Call {
	c := &genai.Call{Operation: genai.OpChat}
	content := genai.Content{System: "be kind"}
	for i, text := range texts {
		role := genai.RoleUser
		if i%2 == 1 {
			role = genai.RoleAssistant
		}
		content.Input = append(content.Input, genai.Message{Role: role, Text: text})
	}
	c.SetContent(content)
	return c
}

func TestConversationsStayTogether(t *testing.T) {
	rows := []Row{
		{ID: "opening", Call: talk("hello")},
		{ID: "later", Call: talk("hello", "hi!", "and my refund?")},
		{ID: "later still", Call: talk("hello", "hi!", "and my refund?", "tomorrow", "when tomorrow?")},
		{ID: "another answer", Call: talk("hello", "good morning", "where is my parcel?")},
		{ID: "alone", Call: talk("goodbye")},
		{ID: "session, first", Session: "s", Call: talk("one")},
		{ID: "session, second", Session: "s", Call: talk("two")},
		{ID: "trace, first", TraceID: "t", Call: talk("three")},
		{ID: "trace, second", TraceID: "t", Call: &genai.Call{Operation: genai.OpExecuteTool}},
	}
	var groups [][]string
	for _, group := range conversations(rows) {
		var ids []string
		for _, i := range group {
			ids = append(ids, rows[i].ID)
		}
		groups = append(groups, ids)
	}
	require.Equal(t, [][]string{
		{"opening", "later", "later still", "another answer"},
		{"alone"},
		{"session, first", "session, second"},
		{"trace, first", "trace, second"},
	}, groups)
}

// TestAnOpeningIsSharedByChance: two conversations that begin with the same message go on differently.
func TestAnOpeningIsSharedByChance(t *testing.T) {
	rows := []Row{{ID: "a", Call: talk("hello", "hi", "refund?")}, {ID: "b", Call: talk("hello", "good day", "parcel?")}}
	require.Len(t, conversations(rows), 2)
}

func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []Row
		for i := range rapid.IntRange(1, 60).Draw(t, "rows") {
			rows = append(rows, Row{
				ID: fmt.Sprint("r", i), Session: fmt.Sprint("s", rapid.IntRange(0, 30).Draw(t, "session")), Call: talk(fmt.Sprint(i)),
			})
		}
		parts := []Part{{"learn", 0.5}, {"test", 0.5}}
		Split(rows, parts, "seed")
		bySession, size := map[string]string{}, map[string]int{}
		for _, row := range rows {
			if part, seen := bySession[row.Session]; seen && part != row.Split {
				t.Fatalf("session %s is in %s and %s", row.Session, part, row.Split)
			}
			bySession[row.Session] = row.Split
			size[row.Split]++
		}
		if size["learn"]+size["test"] != len(rows) {
			t.Fatalf("%v of %d rows", size, len(rows))
		}
		kept := append([]Row(nil), rows...)
		rows = append(rows, Row{ID: "new", Session: rows[0].Session, Call: talk("new")})
		Split(rows, parts, "another seed")
		for i := range kept {
			if rows[i].Split != kept[i].Split {
				t.Fatalf("row %s moved from %s to %s", rows[i].ID, kept[i].Split, rows[i].Split)
			}
		}
		if rows[len(rows)-1].Split != rows[0].Split {
			t.Fatal("a new row of a conversation is in another part")
		}
	})
}

func TestPartsOfTheRightSize(t *testing.T) {
	var rows []Row
	for i := range 100 {
		rows = append(rows, Row{ID: fmt.Sprint("r", i), Call: talk(fmt.Sprint("question ", i))})
	}
	Split(rows, []Part{{"learn", 0.7}, {"test", 0.3}}, "")
	n := 0
	for _, row := range rows {
		if row.Split == "learn" {
			n++
		}
	}
	require.Equal(t, 70, n)
}

func TestParseParts(t *testing.T) {
	parts, err := ParseParts("learn=0.8, test=0.2")
	require.NoError(t, err)
	require.Equal(t, []Part{{"learn", 0.8}, {"test", 0.2}}, parts)
	for text, want := range map[string]string{
		"learn":               "parts must be NAME=SHARE",
		"learn=2":             "parts must be NAME=SHARE",
		"learn=0.5,test=0.4":  "shares must add up to 1, got 0.9",
		"learn=0.5,learn=0.5": `parts must have different names, got "learn" twice`,
	} {
		_, err := ParseParts(text)
		require.ErrorContains(t, err, want)
	}
}

func TestDiff(t *testing.T) {
	older := []Row{{ID: "same", Call: talk("a")}, {ID: "gone", Call: talk("b")}, {ID: "changed", Call: talk("c"), Note: "x"}}
	newer := []Row{{ID: "changed", Call: talk("d"), Assertions: []string{"follows schema"}}, {ID: "same", Call: talk("a")}, {ID: "new", Call: talk("e")}}
	changes := Diff(older, newer)
	require.Len(t, changes, 3)
	require.Equal(t, "gone", changes[0].ID)
	require.Nil(t, changes[0].New)
	require.Equal(t, []string{"assertions", "call.input_messages", "note"}, changes[1].Keys)
	require.Equal(t, "new", changes[2].ID)
	require.Nil(t, changes[2].Old)
	require.Empty(t, Diff(older, older))
	require.Equal(t, Hash(older), Hash([]Row{older[2], older[0], older[1]}), "the order of rows is no content")
	require.NotEqual(t, Hash(older), Hash(newer))
}

func TestLint(t *testing.T) {
	tools := `[{"name":"issue_refund"}]`
	answered := func(text string, input ...string) *genai.Call {
		c := talk(input...)
		c.SetContent(genai.Content{
			Input: c.Input(), Output: []genai.Message{{Text: text}}, ToolDefinitions: tools, Tools: []genai.Tool{{Name: "issue_refund"}},
		})
		return c
	}
	broken := talk("schema")
	broken.SetContent(genai.Content{Input: broken.Input(), OutputSchema: `{"type": 5}`, ToolDefinitions: `"x"`})
	rows := []Row{
		{ID: "good", Decision: review.Confirmed, Class: failure.BadAnswer, Call: answered("bad", "good"), Assertions: []string{`contains "sorry"`}},
		{ID: "empty", Call: &genai.Call{}, CorrectedOutput: "x"},
		{ID: "unchecked", Decision: review.Confirmed, Class: failure.Refusal, Call: answered("no", "unchecked")},
		{ID: "limit", Decision: review.Confirmed, Class: failure.RateLimit, Detail: "throttled", Call: talk("limit"), CorrectedOutput: "x"},
		{ID: "vacuous", Decision: review.Confirmed, Class: failure.BadAnswer, Call: answered("I am sorry", "vacuous"), Assertions: []string{`contains "sorry"`}},
		{ID: "contradicted", Call: answered("", "contradicted"), CorrectedOutput: "Done.", Assertions: []string{`contains "sorry"`}},
		{ID: "unchanged", Decision: review.Confirmed, Class: failure.BadAnswer, Call: answered("Done.", "unchanged"), CorrectedOutput: "Done."},
		{ID: "broken", Call: broken, CorrectedOutput: "x"},
		{ID: "unknown", Call: answered("", "unknown"), Assertions: []string{`calls refund`}},
		{ID: "sound", Decision: review.Rejected, Call: answered("bad", "good"), CorrectedOutput: "x"},
		{ID: "parted one", Session: "s", Split: "learn", Call: talk("p1"), CorrectedOutput: "x"},
		{ID: "parted two", Session: "s", Split: "test", Call: talk("p2"), CorrectedOutput: "x"},
		{ID: "media", Call: talk("media"), CorrectedOutput: "x", Media: []Medium{{URI: "missing.png"}, {URI: "https://example.com/a.png"}}},
	}
	var got []string
	for _, f := range Lint(rows, t.TempDir()) {
		got = append(got, f.Row+" "+f.Rule)
		require.Contains(t, f.String(), f.Text)
	}
	require.Equal(t, []string{
		"empty no-input", "unchecked unchecked", "limit operational", "vacuous vacuous", "contradicted contradicted",
		"unchanged unchanged", "broken schema", "broken tools", "unknown unknown-tool", "sound same-input", "media missing-media",
		"parted two parted",
	}, got)
}

func TestSelect(t *testing.T) {
	row := func(id, signal string, change func(*Row)) Row {
		r := Row{ID: id, Fingerprint: signal, Decision: review.Confirmed, Class: failure.Refusal, Service: "shop", PromptName: "p", PromptVersion: "2", Call: talk(id)}
		change(&r)
		return r
	}
	same := func(*Row) {}
	rows := []Row{
		row("a", "s1", same),
		row("b", "s1", func(r *Row) { r.Assertions = []string{"follows schema"} }),
		row("c", "s2", func(r *Row) { r.Class, r.Detail = failure.RateLimit, "throttled" }),
		row("budget", "s3", func(r *Row) { r.Class, r.Detail = failure.RateLimit, "budget" }),
		row("key", "s4", func(r *Row) { r.Class, r.Detail = failure.ProviderError, "auth" }),
		row("sound", "s1", func(r *Row) { r.Decision, r.Class = review.Rejected, "" }),
		row("classless", "", func(r *Row) { r.Class, r.Detail = "", "" }),
		row("blank", "s5", func(r *Row) { r.Call = &genai.Call{} }),
	}
	ids := func(s Selection) (list []string, left LeftOut) {
		kept, left := Select(rows, s)
		for _, r := range kept {
			list = append(list, r.ID)
		}
		return list, left
	}
	got, left := ids(Selection{})
	require.Equal(t, []string{"b", "budget", "sound"}, got)
	require.Equal(t, LeftOut{LeftOperational: 2, LeftSameSignal: 1, LeftNoInput: 1, LeftNoClass: 1}, left)
	require.Len(t, left.Strings(), 4)
	got, _ = ids(Selection{AllRows: true, Providers: true})
	require.Equal(t, []string{"a", "b", "c", "budget", "key", "sound"}, got)
	got, _ = ids(Selection{Signals: []string{"s3"}})
	require.Equal(t, []string{"budget"}, got)
	got, _ = ids(Selection{Prompts: []string{"p@2"}, Classes: []failure.Class{failure.Refusal}, Services: []string{"shop"}})
	require.Equal(t, []string{"b"}, got)
	got, left = ids(Selection{Prompts: []string{"p@1"}})
	require.Empty(t, got)
	require.Equal(t, LeftOut{LeftUnselected: 8}, left)
}
