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
