package genai

import (
	"cmp"
	"encoding/json"
	"strings"
)

// ToolKind says who defines the arguments of a tool, in a definition and in a call.
type ToolKind string

const (
	// ToolFunction is a tool of the application. Its arguments are a JSON object.
	ToolFunction ToolKind = ""
	// ToolCustom is a tool of the application whose input is free text.
	ToolCustom ToolKind = "custom"
	// ToolProvider is a tool that the provider defines, and mostly runs: web search, code execution, a call over MCP.
	ToolProvider ToolKind = "provider"
	// ToolSet is a definition that stands for tools which it does not list: an MCP server, a search for tools.
	ToolSet ToolKind = "toolset"
)

// toolKind returns the kind of a definition by its type, where providers name their own tools. A definition with
// parameters is a function, whatever word its framework uses.
func toolKind(typ string, parameters bool) ToolKind {
	switch typ {
	case "provider", "provider-defined", "provider_defined": // AI SDK
		return ToolProvider
	}
	if parameters {
		return ToolFunction
	}
	switch typ {
	case "", "function", "tool":
		return ToolFunction
	case "custom":
		return ToolCustom
	case "mcp", "mcp_server", "namespace", "tool_search":
		return ToolSet
	}
	if strings.HasPrefix(typ, "tool_search_tool_") || strings.Contains(typ, "toolset") {
		return ToolSet
	}
	return ToolProvider
}

// ParseTools reads tool definitions in any of the usual shapes: OTel and OpenAI Responses (name and parameters at the
// top), OpenAI chat (inside "function" or "custom"), Anthropic ("input_schema"), Vercel ("inputSchema"), Bedrock
// ("toolSpec", "inputSchema.json"), Gemini ("functionDeclarations"), MCP ("inputSchema"), namespaces of OpenAI (inside
// "tools"). An element may also be a string that holds the JSON. Parameters keep the bytes that were sent. The error
// reports a text that is not a JSON array or object.
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
		tools = appendTool(tools, raw, "", 0)
	}
	return tools, nil
}

// maxToolNesting bounds the wrappers around a definition ({"function": …}, strings of JSON). Real ones have at most
// two.
const maxToolNesting = 4

// definition is a tool definition in any of the shapes.
type definition struct {
	Name                 string          `json:"name"`
	Description          string          `json:"description"`
	Type                 string          `json:"type"`
	Function             json.RawMessage `json:"function"`
	Custom               json.RawMessage `json:"custom"`
	ToolSpec             json.RawMessage `json:"toolSpec"`
	SystemTool           json.RawMessage `json:"systemTool"`
	Declarations         json.RawMessage `json:"functionDeclarations"`
	DeclarationsSnake    json.RawMessage `json:"function_declarations"`
	Tools                json.RawMessage `json:"tools"`
	MCPServers           json.RawMessage `json:"mcpServers"`
	Parameters           json.RawMessage `json:"parameters"`
	ParametersJSONSchema json.RawMessage `json:"parametersJsonSchema"`
	ParametersSnake      json.RawMessage `json:"parameters_json_schema"`
	InputSchema          json.RawMessage `json:"input_schema"`
	InputSchemaCamel     json.RawMessage `json:"inputSchema"`
	geminiTools
}

// geminiTools are the tools of Gemini that are members of an object, with their settings: {"googleSearch": {}}.
type geminiTools struct {
	Search         json.RawMessage `json:"googleSearch"`
	SearchSnake    json.RawMessage `json:"google_search"`
	Retrieval      json.RawMessage `json:"googleSearchRetrieval"`
	Enterprise     json.RawMessage `json:"enterpriseWebSearch"`
	Maps           json.RawMessage `json:"googleMaps"`
	MapsSnake      json.RawMessage `json:"google_maps"`
	URLContext     json.RawMessage `json:"urlContext"`
	URLSnake       json.RawMessage `json:"url_context"`
	Execution      json.RawMessage `json:"codeExecution"`
	ExecutionSnake json.RawMessage `json:"code_execution"`
	Files          json.RawMessage `json:"fileSearch"`
	FilesSnake     json.RawMessage `json:"file_search"`
	Computer       json.RawMessage `json:"computerUse"`
	ComputerSnake  json.RawMessage `json:"computer_use"`
}

// appendTo appends the tools that are there.
func (g *geminiTools) appendTo(tools []Tool) []Tool {
	for _, member := range [...]struct {
		name string
		raws [2]json.RawMessage
	}{
		{"google_search", [2]json.RawMessage{g.Search, g.SearchSnake}},
		{"google_search", [2]json.RawMessage{g.Retrieval, g.Enterprise}},
		{"google_maps", [2]json.RawMessage{g.Maps, g.MapsSnake}},
		{"url_context", [2]json.RawMessage{g.URLContext, g.URLSnake}},
		{"code_execution", [2]json.RawMessage{g.Execution, g.ExecutionSnake}},
		{"file_search", [2]json.RawMessage{g.Files, g.FilesSnake}},
		{"computer_use", [2]json.RawMessage{g.Computer, g.ComputerSnake}},
	} {
		if isObject(member.raws[0]) || isObject(member.raws[1]) {
			tools = append(tools, Tool{Name: member.name, Kind: ToolProvider})
		}
	}
	return tools
}

// parameters returns the schema of the parameters, or "".
func (d *definition) parameters() string {
	for _, raw := range []json.RawMessage{
		d.Parameters, d.ParametersJSONSchema, d.ParametersSnake, d.InputSchema, d.InputSchemaCamel,
	} {
		if raw = schemaOf(raw); raw != nil {
			return string(raw)
		}
	}
	return ""
}

// appendTool appends the tools of one element. typ is the type that its wrapper states.
func appendTool(tools []Tool, raw json.RawMessage, typ string, depth int) []Tool {
	if depth > maxToolNesting {
		return tools
	}
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			return appendTool(tools, json.RawMessage(strings.TrimSpace(text)), typ, depth+1)
		}
		return tools
	}
	var def definition
	if json.Unmarshal(raw, &def) != nil {
		return tools
	}
	if def.Type == "" || def.Type == "object" { // a few emitters put the type of the schema here
		def.Type = typ
	}
	switch {
	case isObject(def.Function):
		return appendTool(tools, def.Function, "", depth+1)
	case isObject(def.Custom):
		return appendTool(tools, def.Custom, "custom", depth+1)
	case isObject(def.ToolSpec):
		return appendTool(tools, def.ToolSpec, "", depth+1)
	case isObject(def.SystemTool):
		return appendTool(tools, def.SystemTool, "system_tool", depth+1)
	}
	before := len(tools)
	tools = def.appendTo(tools)
	for _, list := range []json.RawMessage{def.Declarations, def.DeclarationsSnake, def.Tools} {
		tools = appendNested(tools, list, depth)
	}
	if def.Type == "namespace" {
		for i := before; i < len(tools); i++ {
			tools[i].Namespace = def.Name
		}
	}
	if len(tools) > before {
		return tools
	}
	tool := Tool{Name: def.Name, Description: def.Description, Parameters: def.parameters()}
	tool.Kind = toolKind(def.Type, tool.Parameters != "")
	if len(def.MCPServers) > 0 {
		tool.Kind = ToolSet
	}
	if tool.Name == "" && tool.Kind != ToolFunction {
		tool.Name = cmp.Or(def.Type, "mcp") // OpenAI's own tools have no other name
	}
	if tool.Name == "" {
		return tools
	}
	return append(tools, tool)
}

// appendNested appends the tools of a list inside a definition.
func appendNested(tools []Tool, raw json.RawMessage, depth int) []Tool {
	var list []json.RawMessage
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &list) != nil {
		return tools
	}
	for _, inner := range list {
		tools = appendTool(tools, inner, "", depth+1)
	}
	return tools
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
