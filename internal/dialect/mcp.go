package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Model Context Protocol: a failed tool call returns a normal result, with isError inside it.
var (
	keyMCPMethod = intern(inMCP, "mcp.method.name")
	keyMCPKey    = intern(0, "fastmcp.component.key")
)

var mcp = dialect{
	bit: inMCP,
	scalars: func(r *Reader, c *genai.Call) {
		method := r.str(keyMCPMethod)
		switch method {
		case "":
		case "tools/call":
			fill(&c.Operation, genai.OpExecuteTool)
			fill(&c.ToolName, r.str(keyMCPKey))
			if _, name, ok := strings.Cut(r.span.Name(), "tools/call "); ok {
				fill(&c.ToolName, name)
			}
			if r.has(keyToolResult) && saysIsError(contentText(r, keyToolResult)) {
				c.Error.IsError = true
				fill(&c.Error.Type, "tool_error")
				fill(&c.ToolStatus, "error")
			}
		default:
			fill(&c.Operation, genai.OpOther)
		}
	},
	about: []emitter{
		{
			name: "Model Context Protocol", seen: "semantic conventions of 2026; source of FastMCP",
			reads: "tool calls with arguments and result, `isError`, session",
			lacks: "other methods are steps",
			needs: "arguments and results are opt-in in most SDKs",
		},
	},
}

// saysIsError reports whether the JSON of a tool result has isError: true at the top level.
func saysIsError(text string) bool {
	if !strings.Contains(text, "sError") {
		return false
	}
	c := cursor{s: text}
	if !c.open('{') {
		return false
	}
	for key := ""; c.member(&key); {
		if key == "isError" || key == "IsError" {
			return c.scalar() == "true"
		}
		c.skip()
	}
	return false
}
