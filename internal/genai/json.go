package genai

import (
	"bytes"
	"encoding/json"
)

// callJSON is a Call as JSON: the tags of its fields, and the few keys that hold several fields or another form.
type callJSON struct {
	*scalars
	*Content
	Tool            toolJSON `json:"tool,omitzero"`
	ToolDefinitions Value    `json:"tool_definitions,omitzero"`
	OutputSchema    Value    `json:"output_schema,omitzero"`
}

// scalars is a Call without its methods.
type scalars Call

// toolJSON is the tool that a span ran.
type toolJSON struct {
	Name      string `json:"name,omitempty"`
	CallID    string `json:"call_id,omitempty"`
	Arguments Value  `json:"arguments,omitzero"`
	Result    Value  `json:"result,omitzero"`
	Status    string `json:"status,omitempty"`
}

// MarshalJSON loads all content and writes the call. JSON values in the call are written as JSON, without insignificant
// space.
func (c *Call) MarshalJSON() ([]byte, error) {
	content := c.load() // before the scalars: loading may fill some
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // a value that passes through must keep its characters
	err := e.Encode(callJSON{
		(*scalars)(c), content,
		toolJSON{c.ToolName, c.ToolCallID, content.ToolArguments, content.ToolResult, c.ToolStatus},
		Value{Text: content.ToolDefinitions},
		Value{Text: content.OutputSchema},
	})
	return b.Bytes(), err
}

// UnmarshalJSON reads a call as MarshalJSON wrote it. Tool definitions are parsed again from their JSON.
func (c *Call) UnmarshalJSON(b []byte) error {
	var read Call
	var content Content
	j := callJSON{scalars: (*scalars)(&read), Content: &content}
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	read.ToolName, read.ToolCallID, read.ToolStatus = j.Tool.Name, j.Tool.CallID, j.Tool.Status
	content.ToolArguments, content.ToolResult = j.Tool.Arguments, j.Tool.Result
	content.ToolDefinitions, content.OutputSchema = j.ToolDefinitions.Text, j.OutputSchema.Text
	if tools, _ := ParseTools(content.ToolDefinitions); len(tools) > 0 {
		content.Tools = tools
	}
	read.SetContent(content)
	*c = read
	return nil
}

// MarshalJSON writes only the name of the tool: its definition is in Content.ToolDefinitions.
func (t Tool) MarshalJSON() ([]byte, error) { return json.Marshal(t.Name) }

// UnmarshalJSON reads the name of a tool.
func (t *Tool) UnmarshalJSON(b []byte) error {
	*t = Tool{}
	return json.Unmarshal(b, &t.Name)
}
