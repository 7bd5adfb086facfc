package genai

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// once loads each part from memory that the test overwrites later.
type once struct{ messages []Message }

func (o *once) Load(_ *Call, content *Content, part Part) {
	switch part {
	case PartInput:
		content.System, content.Input = "be kind", o.messages
	case PartOutput:
		content.Refusal = "no"
	case PartTools:
		content.Tools, content.ToolDefinitions = []Tool{{Name: "lookup"}}, `[{"name":"lookup"}]`
	case PartTool:
		content.ToolArguments, content.ToolResult = Value{Text: "{}"}, Value{Text: "ok"}
	case PartSchema:
		content.OutputSchema = "{}"
	case PartRetrieval:
		content.Retrieval = Retrieval{Query: "q", Documents: []Document{{ID: "d"}}}
	}
}

func TestCloneOutlivesItsReader(t *testing.T) {
	loader := &once{messages: []Message{{Role: "user", Text: "hello", ToolCalls: []ToolCall{{Name: "lookup"}}, ToolResults: []ToolResult{{ID: "r"}}}}}
	var c Call
	c.Reset(loader)
	c.RequestModel, c.FinishReasons = "gpt-4o", append(c.FinishReasons, "stop")
	d := c.Clone()
	want, err := d.MarshalJSON()
	require.NoError(t, err)
	for _, part := range []string{"be kind", "hello", "lookup", `"r"`, `"no"`, `"q"`, "gpt-4o", "stop", "output_schema", "ok"} {
		require.Contains(t, string(want), part)
	}

	loader.messages[0].Text, loader.messages[0].ToolCalls[0].Name, loader.messages[0].ToolResults[0].ID = "x", "x", "x"
	c.Retrieval().Documents[0].ID, c.Tools()[0].Name, c.FinishReasons[0] = "x", "x", "x"
	c.Reset(nil)
	got, err := d.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}
