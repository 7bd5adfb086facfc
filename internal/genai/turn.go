package genai

import "slices"

// The canonical roles of messages. Others are kept unchanged.
const (
	RoleSystem    = "system"
	RoleUser      = "user"
	RoleAssistant = "assistant"
	RoleTool      = "tool"
)

// NewInput returns the part of Input that this call adds to the conversation: the messages after the last answer. The
// messages before it were sent, and scored, with earlier calls. A prefilled answer (a last message of the assistant) is
// skipped.
func (c *Call) NewInput() []Message {
	from, upto := c.newInput()
	return c.Input()[from:upto]
}

// NewInputFrom returns the index in Input of the first message of NewInput.
func (c *Call) NewInputFrom() int {
	from, _ := c.newInput()
	return from
}

func (c *Call) newInput() (from, upto int) {
	input := c.Input()
	last := len(input)
	if last > 0 && input[last-1].Role == RoleAssistant {
		last--
	}
	for i := last - 1; i >= 0; i-- {
		if input[i].Role == RoleAssistant {
			return i + 1, last
		}
	}
	return 0, last
}

// Question returns the last text of the user, "" without one.
func (c *Call) Question() string {
	input := c.Input()
	for _, m := range slices.Backward(input) {
		if m.Role == RoleUser && m.Text != "" {
			return m.Text
		}
	}
	return ""
}

// maxEmptyTokens is more than providers bill for the marks around an empty answer.
const maxEmptyTokens = 16

// Unrecorded reports whether an answer that ended normally looks empty only because it was not recorded: the provider
// billed tokens for it besides those of reasoning.
func (c *Call) Unrecorded(answer []Message) bool {
	if len(answer) == 0 || !c.Tokens.Output.Set || c.Tokens.Output.Value <= maxEmptyTokens ||
		len(c.FinishReasonsCanonical) == 0 {
		return false
	}
	for _, reason := range c.FinishReasonsCanonical {
		if reason != "stop" && reason != "tool_call" {
			return false
		}
	}
	for i := range answer {
		m := &answer[i]
		if !m.IsEmpty() || m.Reasoning != "" && !c.Tokens.Reasoning.Set {
			return false
		}
	}
	return true
}
