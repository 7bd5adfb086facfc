package genai

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewInput(t *testing.T) {
	system, user, answer, tool := Message{Role: RoleSystem}, Message{Role: RoleUser, Text: "?"}, Message{Role: RoleAssistant}, Message{Role: RoleTool}
	for name, c := range map[string]struct{ input, want []Message }{
		"nothing":         {},
		"the first turn":  {[]Message{system, user}, []Message{system, user}},
		"a later turn":    {[]Message{system, user, answer, user}, []Message{user}},
		"a tool answered": {[]Message{user, answer, tool, tool}, []Message{tool, tool}},
		"a prefill":       {[]Message{user, answer, user, answer}, []Message{user}},
		"only a prefill":  {[]Message{answer}, []Message{}},
	} {
		var call Call
		call.SetContent(Content{Input: c.input})
		require.Equal(t, c.want, call.NewInput(), name)
	}
}

func TestQuestion(t *testing.T) {
	var call Call
	call.SetContent(Content{Input: []Message{{Role: RoleUser, Text: "first"}, {Role: RoleUser, Text: "last"}, {Role: RoleTool, Text: "r"}, {Role: RoleUser}}})
	require.Equal(t, "last", call.Question())
}

func TestUnrecorded(t *testing.T) {
	blank, thought := Message{Text: " "}, Message{Reasoning: "hm"}
	for name, c := range map[string]struct {
		reason string
		tokens Tokens
		answer []Message
		want   bool
	}{
		"billed":                    {"stop", Tokens{Output: Some(int64(24))}, []Message{blank}, true},
		"a call that was billed":    {"tool_call", Tokens{Output: Some(int64(24))}, []Message{blank}, true},
		"billed for its end":        {"stop", Tokens{Output: Some(int64(1))}, []Message{blank}, false},
		"not counted":               {"stop", Tokens{}, []Message{blank}, false},
		"cut while it thought":      {"length", Tokens{Output: Some(int64(64))}, []Message{blank}, false},
		"no reason":                 {"", Tokens{Output: Some(int64(64))}, []Message{blank}, false},
		"no message":                {"stop", Tokens{Output: Some(int64(64))}, nil, false},
		"a text":                    {"stop", Tokens{Output: Some(int64(64))}, []Message{blank, {Text: "19.99 EUR"}}, false},
		"billed for its thoughts":   {"stop", Tokens{Output: Some(int64(64))}, []Message{thought}, false},
		"billed beside its thought": {"stop", Tokens{Output: Some(int64(64)), Reasoning: Some(int64(9))}, []Message{thought}, true},
		"a part of unknown type":    {"stop", Tokens{Output: Some(int64(64))}, []Message{{Unread: []string{"hologram"}}}, false},
		"a picture":                 {"stop", Tokens{Output: Some(int64(64))}, []Message{{Media: true}}, false},
	} {
		call := Call{Tokens: c.tokens}
		if c.reason != "" {
			call.FinishReasonsCanonical = []string{c.reason}
		}
		require.Equal(t, c.want, call.Unrecorded(c.answer), name)
	}
}
