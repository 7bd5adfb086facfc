package dataset

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Input is a digest of what the call was asked: system instructions and messages of a model call, tool and arguments
// of a tool call, the query of a retrieval. It is "" where the call holds nothing of it. The system instructions count the same
// whether they came apart or as the first message.
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

// Question is a digest of what is asked without how: the conversation from its first user message on, without system
// instructions, tool calls and their results, and whether tools have answered since the last question. Two prompt versions that are given the same
// conversation have it in common. It is "" where no user said anything.
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

// split takes the system instructions off the messages.
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

// canonical is the value without insignificant space, whether it was recorded as JSON or as text that holds it.
func canonical(v genai.Value) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(v.Text)) != nil {
		return strings.TrimSpace(v.Text)
	}
	return b.String()
}
