package genai

import "slices"

// The canonical roles of messages. Others are kept as they came.
const (
	RoleSystem    = "system"
	RoleUser      = "user"
	RoleAssistant = "assistant"
	RoleTool      = "tool"
)

// NewInput is the part of Input that this call adds to the conversation: what came after the last answer. The messages
// before it were sent, and judged, with earlier calls. An answer that was begun for the model (the last message is an
// assistant's) is passed over.
func (c *Call) NewInput() []Message {
	input := c.Input()
	last := len(input)
	if last > 0 && input[last-1].Role == RoleAssistant {
		last--
	}
	for i := last - 1; i >= 0; i-- {
		if input[i].Role == RoleAssistant {
			return input[i+1 : last]
		}
	}
	return input[:last]
}

// Question is the last text that the user wrote, "" where there is none.
func (c *Call) Question() string {
	input := c.Input()
	for _, m := range slices.Backward(input) {
		if m.Role == RoleUser && m.Text != "" {
			return m.Text
		}
	}
	return ""
}
