package genai

import (
	"encoding/json"
	"strings"
)

// ParseTools reads tool definitions in any of the usual shapes: OTel and OpenAI Responses (name and parameters at the
// top), OpenAI chat (inside "function"), Anthropic ("input_schema"), Vercel ("inputSchema"), Bedrock ("toolSpec",
// "inputSchema.json"), Gemini ("functionDeclarations"), MCP ("inputSchema"). An element may also be a string that
// holds the JSON. Parameters keep the bytes that were sent. The error reports a text that is not a JSON array or
// object.
func ParseTools(definitions string) ([]Tool, error) {
	if strings.TrimSpace(definitions) == "" {
		return nil, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(definitions), &list); err != nil {
		var one map[string]json.RawMessage
		if json.Unmarshal([]byte(definitions), &one) != nil {
			return nil, err
		}
		list = []json.RawMessage{json.RawMessage(definitions)}
	}
	tools := make([]Tool, 0, len(list))
	for _, raw := range list {
		tools = appendTool(tools, raw, 0)
	}
	return tools, nil
}

// maxToolNesting bounds the wrappers around a definition ({"function": …}, strings of JSON). Real ones have at most
// two.
const maxToolNesting = 4

func appendTool(tools []Tool, raw json.RawMessage, depth int) []Tool {
	if depth > maxToolNesting {
		return tools
	}
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			return appendTool(tools, json.RawMessage(strings.TrimSpace(text)), depth+1)
		}
		return tools
	}
	var def struct {
		Name                 string            `json:"name"`
		Description          string            `json:"description"`
		Type                 string            `json:"type"`
		Function             json.RawMessage   `json:"function"`
		ToolSpec             json.RawMessage   `json:"toolSpec"`
		Declarations         []json.RawMessage `json:"functionDeclarations"`
		DeclarationsSnake    []json.RawMessage `json:"function_declarations"`
		Parameters           json.RawMessage   `json:"parameters"`
		ParametersJSONSchema json.RawMessage   `json:"parametersJsonSchema"`
		ParametersSnake      json.RawMessage   `json:"parameters_json_schema"`
		InputSchema          json.RawMessage   `json:"input_schema"`
		InputSchemaCamel     json.RawMessage   `json:"inputSchema"`
	}
	if json.Unmarshal(raw, &def) != nil {
		return tools
	}
	switch {
	case isObject(def.Function):
		return appendTool(tools, def.Function, depth+1)
	case isObject(def.ToolSpec):
		return appendTool(tools, def.ToolSpec, depth+1)
	case len(def.Declarations)+len(def.DeclarationsSnake) > 0:
		for _, d := range append(def.Declarations, def.DeclarationsSnake...) {
			tools = appendTool(tools, d, depth+1)
		}
		return tools
	case def.Name == "":
		return tools
	}
	tool := Tool{Name: def.Name, Description: def.Description}
	for _, p := range []json.RawMessage{
		def.Parameters, def.ParametersJSONSchema, def.ParametersSnake, def.InputSchema, def.InputSchemaCamel,
	} {
		if p = schemaOf(p); p != nil {
			tool.Parameters = string(p)
			break
		}
	}
	return append(tools, tool)
}

func isObject(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '{' }

// schemaOf unwraps Bedrock's {"json": schema} and Vercel's {"jsonSchema": schema}, and a schema sent as a string.
func schemaOf(raw json.RawMessage) json.RawMessage {
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if json.Unmarshal(raw, &text) != nil || !json.Valid([]byte(text)) {
			return nil
		}
		raw = json.RawMessage(strings.TrimSpace(text))
	}
	if !isObject(raw) {
		return nil
	}
	var wrapped map[string]json.RawMessage
	if json.Unmarshal(raw, &wrapped) == nil {
		for _, key := range []string{"json", "jsonSchema"} {
			if inner := wrapped[key]; isObject(inner) && wrapped["type"] == nil && wrapped["properties"] == nil {
				return inner
			}
		}
	}
	return raw
}
