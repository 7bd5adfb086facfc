// Package runner gives the rows of a dataset to a system, a candidate or a baseline, and records what it answers as
// traces. It knows no OTLP library: it writes the few spans it makes as OTLP/JSON, and passes on what systems record
// themselves.
package runner

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/genai"
)

// Case is what a system gets of a dataset row. Its keys are a contract: they are what a command reads on its standard
// input, and what the templates of requests and prompts can use.
type Case struct {
	Row           string `json:"row"`
	Run           int    `json:"run"`            // from 1
	Hash          string `json:"hash,omitempty"` // of everything below
	Operation     string `json:"operation,omitempty"`
	Service       string `json:"service,omitempty"`
	PromptName    string `json:"prompt_name,omitempty"`
	PromptVersion string `json:"prompt_version,omitempty"`
	Model         string `json:"model,omitempty"`
	// Input is the last text of the user, the query of a retrieval, or the arguments of a tool.
	Input string `json:"input"`
	// System is the system instructions that failed. An application that has its own ignores them.
	System    string          `json:"system,omitempty"`
	Messages  []Message       `json:"messages,omitempty"` // without the system instructions
	Tools     []Tool          `json:"tools,omitempty"`
	Schema    json.RawMessage `json:"schema,omitempty"` // that the answer must follow
	Documents []Document      `json:"documents,omitempty"`
	Tool      *Function       `json:"tool,omitempty"` // that a tool row ran

	call *genai.Call
}

// Message is a message as the chat API of OpenAI has it.
type Message struct {
	Role       string     `json:"role"`
	Content    string     `json:"content"`
	ToolCalls  []ToolCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
}

// ToolCall is a call of a tool in a Message.
type ToolCall struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Function Function `json:"function"`
}

// Function is the name of a tool with its arguments, as JSON in a text.
type Function struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// Tool is a tool definition as the chat API of OpenAI has it.
type Tool struct {
	Type     string     `json:"type"`
	Function Definition `json:"function"`
}

// Definition is the part of a Tool that describes it.
type Definition struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
}

// Document is a document that the failing call was given.
type Document struct {
	ID      string `json:"id,omitempty"`
	Content string `json:"content"`
}

// NewCase returns the first run of a row.
func NewCase(row *dataset.Row) Case {
	call := row.Call
	c := Case{
		Operation: call.Operation, Service: row.Service, PromptName: row.PromptName, PromptVersion: row.PromptVersion,
		Model: call.RequestModel, Input: call.Question(), call: call,
	}
	if c.Operation == "" {
		c.Operation = genai.OpChat
	}
	c.readMessages(call)
	for _, tool := range call.Tools() {
		d := Definition{Name: tool.Name, Description: tool.Description}
		if json.Valid([]byte(tool.Parameters)) {
			d.Parameters = json.RawMessage(tool.Parameters)
		}
		c.Tools = append(c.Tools, Tool{Type: "function", Function: d})
	}
	if schema := call.OutputSchema(); json.Valid([]byte(schema)) {
		c.Schema = json.RawMessage(schema)
	}
	retrieval := call.Retrieval()
	for _, d := range retrieval.Documents {
		c.Documents = append(c.Documents, Document{ID: d.ID, Content: d.Content})
	}
	switch call.Operation {
	case genai.OpExecuteTool:
		c.Tool = &Function{Name: call.ToolName, Arguments: compact(call.ToolArguments())}
		c.Input = c.Tool.Arguments
	case genai.OpRetrieval:
		c.Input, c.Documents = retrieval.Query, nil // they are the answer
	}
	c.Hash = c.hash()
	c.Row, c.Run = row.ID, 1
	return c
}

// hash identifies the content of a case, whatever row it belongs to.
func (c Case) hash() string {
	c.Row, c.Run, c.Hash = "", 0, ""
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings, and JSON that was checked
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

func (c *Case) readMessages(call *genai.Call) {
	c.System = call.System()
	input := call.Input()
	for len(input) > 0 && (input[0].Role == genai.RoleSystem || input[0].Role == "developer") {
		if c.System == "" {
			c.System = input[0].Text
		}
		input = input[1:]
	}
	for i := range input {
		c.Messages = append(c.Messages, messages(&input[i])...)
	}
}

// compact returns a value without insignificant space, so that a dataset that is written anew holds the same cases.
func compact(v genai.Value) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(v.Text)) != nil {
		return v.Text
	}
	return b.String()
}

// messages returns a message as those of the chat API, where each result of a tool is a message of its own.
func messages(m *genai.Message) []Message {
	out := Message{Role: m.Role, Content: m.Text}
	for _, call := range m.ToolCalls {
		out.ToolCalls = append(out.ToolCalls, ToolCall{
			ID: call.ID, Type: "function", Function: Function{Name: call.Name, Arguments: compact(call.Arguments)},
		})
	}
	var list []Message
	for _, result := range m.ToolResults {
		list = append(list, Message{Role: genai.RoleTool, Content: compact(result.Result), ToolCallID: result.ID})
	}
	if len(list) == 0 || out.Content != "" || len(out.ToolCalls) > 0 {
		if len(list) > 0 && out.Role == genai.RoleTool {
			return list // the text repeats the result
		}
		list = append(list, out)
	}
	return list
}
