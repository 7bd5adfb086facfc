package dataset

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Input returns a digest of the input of a call: system instructions and messages of a model call, tool and arguments
// of a tool call, the query of a retrieval. It is "" where the call has no input. System instructions count the same
// as a field of their own and as the first message.
func Input(c *genai.Call) string {
	if c == nil {
		return ""
	}
	switch {
	case c.Operation == genai.OpExecuteTool:
		if c.ToolArguments().IsZero() {
			return ""
		}
		return digest("tool", c.ToolName, canonical(c.ToolArguments()))
	case c.Retrieval().Query != "":
		return digest("retrieval", c.Retrieval().Query)
	case len(c.Input()) == 0:
		return ""
	}
	system, messages := split(c)
	parts := []string{"model", system}
	for _, m := range messages {
		parts = append(parts, m.Role, strings.TrimSpace(m.Text))
		for _, call := range m.ToolCalls {
			parts = append(parts, call.Name, canonical(call.Arguments))
		}
		for _, result := range m.ToolResults {
			parts = append(parts, canonical(result.Result))
		}
	}
	return digest(parts...)
}

// Question returns a digest of the conversation without the prompt: the messages from the first one of a user on,
// without system instructions, tool calls and results, and whether tools have answered since the last question. It is
// the same for two prompt versions in the same conversation. It is "" without a message of a user.
func Question(c *genai.Call) string {
	if c == nil || c.Operation == genai.OpExecuteTool {
		return ""
	}
	_, messages := split(c)
	parts, tools, asked := []string{"question"}, "", false
	for _, m := range messages {
		if len(m.ToolResults) > 0 || m.Role == "tool" {
			tools = "tools"
			continue
		}
		if m.Role == "user" {
			parts, tools, asked = append(parts, strings.TrimSpace(m.Text)), "", true
		}
	}
	if !asked {
		return ""
	}
	return digest(append(parts, tools)...)
}

// split separates the system instructions from the messages.
func split(c *genai.Call) (system string, rest []genai.Message) {
	system, rest = c.System(), c.Input()
	for len(rest) > 0 && (rest[0].Role == "system" || rest[0].Role == "developer") {
		if system == "" {
			system = rest[0].Text
		}
		rest = rest[1:]
	}
	return strings.TrimSpace(system), rest
}

// canonical returns the value without insignificant space, whether it was recorded as JSON or as a text that holds
// JSON.
func canonical(v genai.Value) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(v.Text)) != nil {
		return strings.TrimSpace(v.Text)
	}
	return b.String()
}
