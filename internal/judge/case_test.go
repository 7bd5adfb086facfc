package judge

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
)

func mustJSON(tb testing.TB, v any) string {
	tb.Helper()
	text, err := json.Marshal(v)
	require.NoError(tb, err)
	return string(text)
}

func callOf(content genai.Content) *genai.Call {
	c := &genai.Call{Operation: genai.OpChat, Provider: "openai", RequestModel: "gpt-x", PromptName: "p", PromptVersion: "2"}
	c.SetContent(content)
	return c
}

func user(text string) genai.Message { return genai.Message{Role: genai.RoleUser, Text: text} }

func assistant(text string) genai.Message {
	return genai.Message{Role: genai.RoleAssistant, Text: text}
}

func TestACaseHasWhatLedToTheAnswer(t *testing.T) {
	k := CaseOf(callOf(genai.Content{
		System: "Be brief.",
		Input: []genai.Message{
			user("Hello"), assistant("Hi"), user("Where is order 7?"),
			{Role: genai.RoleAssistant, ToolCalls: []genai.ToolCall{{Name: "find", Arguments: genai.Value{Text: `{"id":7}`}}}},
			{Role: genai.RoleTool, ToolResults: []genai.ToolResult{{Result: genai.Value{Text: "in Lyon"}}}},
		},
		Output: []genai.Message{assistant("It is in Lyon.")},
		Tools:  []genai.Tool{{Name: "find", Description: "Finds an order."}},
	}), []string{"Orders leave from Lyon.", "in Lyon"}, DefaultBytes)
	require.Equal(t, &Case{
		Scope: Answer, System: "Be brief.", Earlier: []Message{{Role: "user", Text: "Hello"}, {Role: "assistant", Text: "Hi"}},
		Question: "Where is order 7?",
		Steps:    []Message{{Role: RoleCall, Tool: "find", Text: `{"id":7}`}, {Role: "tool", Text: "in Lyon"}},
		Sources:  []string{"in Lyon", "Orders leave from Lyon."},
		Tools:    []Tool{{Name: "find", Description: "Finds an order."}},
		Answer:   "It is in Lyon.", Turns: 2,
		Provider: "openai", Operation: "chat", Model: "gpt-x", PromptName: "p", PromptVersion: "2",
	}, k)
}

func TestADocumentInThePromptIsASource(t *testing.T) {
	long := "Use this.\nContext: " + strings.Repeat("Refunds take 14 days. ", 30)
	k := CaseOf(callOf(genai.Content{Input: []genai.Message{user(long)}, Output: []genai.Message{assistant("14 days")}}), nil, DefaultBytes)
	require.Equal(t, []string{strings.TrimSpace(long)}, k.Sources)
	k = CaseOf(callOf(genai.Content{Input: []genai.Message{user(strings.Repeat("Why? ", 200))}}), nil, DefaultBytes)
	require.Empty(t, k.Sources, "a long question alone is none")
}

func TestCasesAreBoundedAndSayWhatIsLeftOut(t *testing.T) {
	content := genai.Content{
		System: "rules", Input: []genai.Message{user("what?")}, Output: []genai.Message{assistant(strings.Repeat("é", 100_000))},
	}
	for range 1000 {
		content.Input = append([]genai.Message{user("earlier"), assistant(strings.Repeat("x", 1000))}, content.Input...)
	}
	for range 500 {
		content.Tools = append(content.Tools, genai.Tool{Name: "t", Parameters: strings.Repeat("p", 1000)})
	}
	k := CaseOf(callOf(content), nil, 20_000)
	sum := 0
	for _, text := range k.texts() {
		sum += len(*text)
		require.True(t, utf8.ValidString(*text))
	}
	require.LessOrEqual(t, sum, 24_000, "marks come on top")
	require.LessOrEqual(t, len(k.Earlier), maxMessages)
	require.Contains(t, k.Earlier[maxMessages/4].Text, "messages left out")
	require.Contains(t, k.Answer, "bytes left out …]")
	require.Equal(t, "rules", k.System, "short texts stay whole")
	require.Equal(t, "what?", k.Question)
	require.Equal(t, 1001, k.Turns, "all are counted")
}

func TestConversations(t *testing.T) {
	turn := func(i int) (genai.Message, genai.Message) {
		return user(fmt.Sprintf("question %d", i)), assistant(fmt.Sprintf("answer %d", i))
	}
	for name, history := range map[string]bool{"every call has the whole conversation": true, "every call has what is new": false} {
		t.Run(name, func(t *testing.T) {
			var v Conversation
			var before []genai.Message
			for i := range 12 {
				q, a := turn(i)
				input := []genai.Message{q}
				if history {
					input = append(append([]genai.Message{}, before...), q)
				}
				v.Add(callOf(genai.Content{System: "s", Input: input, Output: []genai.Message{a}}))
				before = append(before, q, a)
			}
			k := v.Case(0, DefaultBytes)
			require.Equal(t, Session, k.Scope)
			require.Equal(t, 12, k.Turns)
			require.Len(t, k.Earlier, 24)
			require.Equal(t, "question 0", k.Earlier[0].Text)
			require.Equal(t, "answer 11", k.Earlier[23].Text)
			require.Equal(t, 30, v.Case(30, DefaultBytes).Turns, "the session counts turns that were not sent")
		})
	}
}

func TestAnEndlessConversationIsBounded(t *testing.T) {
	var v Conversation
	var all []genai.Message
	for i := range 2000 {
		all = append(all, user(fmt.Sprintf("q%d", i)), assistant(strings.Repeat("a", 50)))
		if i%100 == 0 {
			v.Add(callOf(genai.Content{Input: all}))
		}
	}
	v.Add(callOf(genai.Content{Input: all}))
	require.LessOrEqual(t, len(v.All), maxMessages)
	require.Equal(t, "q0", v.All[0].Text)
	require.Equal(t, strings.Repeat("a", 50), v.All[len(v.All)-1].Text)
}
