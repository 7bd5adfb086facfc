package wire

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// maxNesting bounds how deep messages may lie inside wrappers and parts inside parts. Real payloads need six.
const maxNesting = 24

// parser reads messages in whatever shape an emitter wrote them: OTel parts, OpenAI chat and Responses items, Anthropic
// blocks, Gemini parts, Bedrock Converse, LangChain serialised messages, AI SDK parts, plain strings, and the request
// and response envelopes of the providers around them. One reader for all, because emitters pass through what their
// provider or framework sent: the dialect of the span says little about the shape of the message.
type parser struct {
	dst    []genai.Message
	answer bool // reading what the model said, not what it was sent
	decode bool // the emitter writes parts as JSON inside of strings
	cut    bool // the text ended inside a value
	depth  int

	system        string
	refusal       string
	model, id     string
	tools, format string // JSON of an envelope's tool definitions and response format
}

// fields is one JSON object taken apart: the raw text of the members that messages, parts and envelopes have.
type fields struct {
	role, typ, text, content, parts, message string
	name, id, callID, args, result           string
	toolCalls, functionCall, function        string
	toolUse, toolResult                      string
	functionResponse                         string
	toolRequest, toolResponse                string
	refusal, reasoning, thought, finish      string
	kwargs, metadata, moreKwargs             string
	// Envelopes.
	messages, choices, candidates, generations string
	input, output, contents, prompt, system    string
	request, config, tools, format, model      string
}

// read takes the object at the cursor apart.
func (f *fields) read(c *cursor) {
	if !c.open('{') {
		c.skip()
		return
	}
	for key := ""; c.member(&key); {
		if slot := f.slot(key); slot != nil && *slot == "" {
			if raw := c.raw(); raw != "null" {
				*slot = raw
			}
			continue
		}
		c.skip()
	}
}

// slot is where a member goes, nil for one that says nothing here.
func (f *fields) slot(key string) *string {
	switch key {
	case "role", "author":
		return &f.role
	case "type":
		return &f.typ
	case "text":
		return &f.text
	case "content", "message_content", "completion", "body":
		return &f.content
	case "parts":
		return &f.parts
	case "message":
		return &f.message
	case "name", "toolName", "tool_name":
		return &f.name
	case "id":
		return &f.id
	case "tool_call_id", "tool_use_id", "toolCallId", "call_id", "toolUseId", "ref":
		return &f.callID
	case "arguments", "args":
		return &f.args
	case "result", "response", "tool.result":
		return &f.result
	case "tool_calls", "toolCalls":
		return &f.toolCalls
	case "functionCall", "function_call":
		return &f.functionCall
	case "function":
		return &f.function
	case "functionResponse", "function_response":
		return &f.functionResponse
	case "toolUse":
		return &f.toolUse
	case "toolResult":
		return &f.toolResult
	case "toolRequest":
		return &f.toolRequest
	case "toolResponse":
		return &f.toolResponse
	case "refusal":
		return &f.refusal
	case "reasoning", "reasoning_content", "thinking", "reasoningContent", "summary", "reasoningText":
		return &f.reasoning
	case "thought":
		return &f.thought
	case "finish_reason", "finishReason", "stop_reason", "stopReason":
		return &f.finish
	case "kwargs", "data":
		return &f.kwargs
	case "response_metadata", "generation_info", "generationInfo":
		return &f.metadata
	case "additional_kwargs":
		return &f.moreKwargs
	case "messages", "all_messages", "message_history":
		return &f.messages
	case "choices":
		return &f.choices
	case "candidates":
		return &f.candidates
	case "generations":
		return &f.generations
	case "input", "inputs":
		return &f.input
	case "output", "outputs":
		return &f.output
	case "contents":
		return &f.contents
	case "prompt":
		return &f.prompt
	case "system", "instructions", "systemInstruction", "system_instruction":
		return &f.system
	case "request":
		return &f.request
	case "config", "generationConfig", "generation_config":
		return &f.config
	case "tools", "function_tools", "functions":
		return &f.tools
	case "response_format", "text_format":
		return &f.format
	case "model", "modelVersion", "model_version":
		return &f.model
	}
	return nil
}

// add starts a message, in memory that an earlier one left.
func (p *parser) add(role string) *genai.Message {
	if n := len(p.dst); n < cap(p.dst) {
		p.dst = p.dst[:n+1]
		m := &p.dst[n]
		*m = genai.Message{Role: role, ToolCalls: m.ToolCalls[:0], ToolResults: m.ToolResults[:0]}
		return m
	}
	p.dst = append(p.dst, genai.Message{Role: role})
	return &p.dst[len(p.dst)-1]
}

// value reads messages from JSON text, or from plain text, which becomes one message.
func (p *parser) value(raw, role string) {
	if p.depth >= maxNesting {
		p.cut = true
		return
	}
	p.depth++
	defer func() { p.depth-- }()
	c := cursor{s: raw}
	switch c.space() {
	case '"':
		// JSON that was serialised twice.
		text := c.str()
		if inner := strings.TrimSpace(text); p.depth <= 2 && looksLikeJSON(inner) {
			before := len(p.dst)
			if p.value(inner, role); len(p.dst) > before {
				break
			}
		}
		p.plain(text, role)
	case '[':
		p.list(&c, role)
	case '{':
		var f fields
		f.read(&c)
		p.object(&f, role)
	}
	p.cut = p.cut || c.cut
}

// plain adds a text as a message.
func (p *parser) plain(text, role string) {
	if strings.TrimSpace(text) != "" {
		p.add(role).Text = text
	}
}

// list reads an array of messages, of parts of one message, of Responses items, or of strings.
func (p *parser) list(c *cursor, role string) {
	c.open('[')
	open := -1 // the message that parts without a role of their own go to
	for c.element() {
		switch c.space() {
		case '"':
			p.plain(c.str(), role)
			open = -1
		case '[':
			p.value(c.raw(), role)
			open = -1
		case '{':
			var f fields
			f.read(c)
			if !f.isPart() {
				p.object(&f, role)
				open = -1
				continue
			}
			if r := f.itemRole(role); open < 0 || p.dst[open].Role != r {
				p.add(r)
				open = len(p.dst) - 1
			}
			p.part(&f, &p.dst[open])
		default:
			c.skip()
		}
	}
}

// isPart reports whether an object is a part of a message and not a message or an envelope.
func (f *fields) isPart() bool {
	if f.role != "" || f.message != "" || f.kwargs != "" || f.messages != "" || f.choices != "" || f.generations != "" ||
		f.parts != "" || f.metadata != "" || f.finish != "" {
		return false
	}
	return f.typ != "" && roleOf(unquoted(f.typ)) == "" || f.text != "" || f.toolUse != "" || f.toolResult != "" || f.functionCall != "" ||
		f.functionResponse != "" || f.toolRequest != "" || f.toolResponse != ""
}

// itemRole is the role of a part that stands for a message: items of the Responses API say it with their type.
func (f *fields) itemRole(role string) string {
	switch unquoted(f.typ) {
	case "function_call", "web_search_call", "file_search_call", "computer_call", "mcp_call", "code_interpreter_call", "local_shell_call":
		return "assistant"
	case "reasoning":
		return "assistant"
	case "function_call_output", "computer_call_output", "local_shell_call_output":
		return "tool"
	}
	return role
}

// object reads a message or an envelope.
func (p *parser) object(f *fields, role string) {
	if f.tools != "" && p.tools == "" {
		p.tools = f.tools
	}
	if f.format != "" && p.format == "" {
		p.format = f.format
	}
	isMessage := f.role != "" || f.message != "" || f.kwargs != "" || f.content != "" || f.parts != "" || f.toolCalls != "" ||
		f.text != "" || f.refusal != "" || f.functionCall != ""
	if p.answer && f.role == "" && f.message == "" {
		switch {
		case f.choices != "":
			p.envelope(f)
			p.choices(f.choices)
			return
		case f.candidates != "":
			p.envelope(f)
			p.choices(f.candidates)
			return
		case f.generations != "":
			p.value(f.generations, role)
			return
		case f.output != "" && f.name == "":
			p.envelope(f)
			n := len(p.dst)
			p.value(f.output, role)
			if len(p.dst) > n && f.finish != "" {
				p.dst[len(p.dst)-1].FinishReason = unquoted(f.finish)
			}
			return
		case f.messages != "":
			n := len(p.dst)
			p.value(f.messages, role)
			p.dst = append(p.dst[:n], lastTurn(p.dst[n:])...)
			return
		}
	}
	if !p.answer && f.role == "" {
		if f.system != "" {
			p.system = p.textOf(f.system)
		}
		if f.config != "" {
			p.configuration(f.config)
		}
		switch {
		case f.messages != "":
			p.value(f.messages, role)
			return
		case f.contents != "":
			p.value(f.contents, role)
			return
		case f.input != "" && f.name == "" && f.typ == "":
			p.value(f.input, role)
			return
		case f.prompt != "":
			p.value(f.prompt, role)
			return
		case f.request != "":
			p.value(f.request, role)
			return
		}
	}
	switch {
	case isMessage:
		if p.answer {
			p.envelope(f)
		}
		p.into(f, p.add(role))
	case f.isPart():
		p.part(f, p.add(f.itemRole(role)))
	}
}

// lastTurn drops the history that frameworks repeat before what the model said.
func lastTurn(all []genai.Message) []genai.Message {
	for i := len(all) - 1; i >= 0; i-- {
		if r := all[i].Role; r == "user" || r == "system" {
			return all[i+1:]
		}
	}
	return all
}

// envelope notes what a provider's response says of itself.
func (p *parser) envelope(f *fields) {
	if p.model == "" {
		p.model = unquoted(f.model)
	}
	if p.id == "" && strings.HasPrefix(f.id, `"`) {
		p.id = unquoted(f.id)
	}
}

// configuration reads Gemini's and ADK's request configuration.
func (p *parser) configuration(raw string) {
	var f fields
	f.read(&cursor{s: raw})
	if f.system != "" {
		p.system = p.textOf(f.system)
	}
	if f.tools != "" && p.tools == "" {
		p.tools = f.tools
	}
}

// choices reads alternatives, one message each.
func (p *parser) choices(raw string) {
	c := cursor{s: raw}
	if c.space() != '[' {
		p.value(raw, "assistant")
		return
	}
	c.open('[')
	for c.element() {
		var f fields
		f.read(&c)
		p.into(&f, p.add("assistant"))
	}
	p.cut = p.cut || c.cut
}

// into fills a message from an object that is one, or that wraps one.
func (p *parser) into(f *fields, m *genai.Message) {
	if p.depth >= maxNesting {
		p.cut = true
		return
	}
	p.depth++
	defer func() { p.depth-- }()
	if f.role != "" {
		if role := unquoted(f.role); role != "" {
			if known := roleOf(role); known != "" {
				role = known
			}
			m.Role = role
		}
	} else if f.typ != "" {
		if role := roleOf(unquoted(f.typ)); role != "" {
			m.Role = role
		}
	}
	if f.finish != "" {
		if reason := unquoted(f.finish); reason != "" {
			m.FinishReason = reason
		}
	}
	if f.kwargs != "" {
		if role := roleOf(lastString(f.id)); role != "" {
			m.Role = role
		}
		p.wrapped(f.kwargs, m)
	}
	if f.message != "" {
		p.wrapped(f.message, m)
	}
	if f.metadata != "" {
		var inner fields
		inner.read(&cursor{s: f.metadata})
		if reason := unquoted(inner.finish); reason != "" {
			m.FinishReason = reason
		}
	}
	if isPartType(unquoted(f.typ)) {
		p.part(f, m)
		return
	}
	if f.reasoning != "" {
		m.Reasoning = joined(m.Reasoning, p.textOf(f.reasoning))
	}
	for _, body := range [...]string{f.content, f.parts} {
		if body != "" {
			p.body(body, m)
		}
	}
	if f.content == "" && f.message == "" && f.text != "" {
		p.body(f.text, m)
	}
	p.calls(f, m)
	if f.refusal != "" {
		p.refuse(unquoted(f.refusal))
	}
	if f.moreKwargs != "" && len(m.ToolCalls) == 0 {
		var inner fields
		inner.read(&cursor{s: f.moreKwargs})
		p.calls(&inner, m)
		if inner.refusal != "" {
			p.refuse(unquoted(inner.refusal))
		}
	}
	if m.Role == "tool" && len(m.ToolResults) == 0 && (m.Text != "" || f.callID != "" || f.result != "") {
		// What a tool said is its result, not a text.
		id := unquoted(f.callID)
		if id == "" && strings.HasPrefix(f.id, `"`) {
			id = unquoted(f.id)
		}
		result := genai.Value{Text: m.Text}
		switch {
		case m.Text == "" && f.content != "":
			result = p.resultOf(f.content)
		case m.Text == "" && f.result != "":
			result = p.resultOf(f.result)
		}
		m.Text = ""
		m.ToolResults = append(m.ToolResults, genai.ToolResult{ID: id, Result: result})
	}
}

// wrapped reads a message inside a message: an object, or content as a string or a list.
func (p *parser) wrapped(raw string, m *genai.Message) {
	if raw[0] == '{' {
		var f fields
		f.read(&cursor{s: raw})
		p.into(&f, m)
		return
	}
	if raw[0] == '"' {
		// A message that was serialised into a string.
		if text := strings.TrimSpace(unquoted(raw)); strings.HasPrefix(text, "{") {
			var f fields
			f.read(&cursor{s: text})
			if f.role != "" || f.content != "" || f.toolCalls != "" {
				p.into(&f, m)
				return
			}
		}
	}
	p.body(raw, m)
}

func (p *parser) refuse(text string) {
	if p.refusal == "" {
		p.refusal = text
	}
}

// calls reads the tool calls that stand beside the content.
func (p *parser) calls(f *fields, m *genai.Message) {
	if f.toolCalls != "" {
		raw := f.toolCalls
		if raw[0] == '"' {
			raw = unquoted(raw)
		}
		c := cursor{s: raw}
		if c.open('[') {
			for c.element() {
				if c.space() != '{' {
					c.skip()
					continue
				}
				var call fields
				call.read(&c)
				p.call(&call, m)
			}
		}
		p.cut = p.cut || c.cut
	}
	if f.functionCall != "" {
		var call fields
		call.read(&cursor{s: f.functionCall})
		p.call(&call, m)
	}
}

// call adds one tool call: {id, name, arguments}, {id, function: {…}}, {toolCallId, toolName, input}, …
func (p *parser) call(f *fields, m *genai.Message) {
	inner := f
	if f.function != "" && f.function[0] == '{' {
		inner = &fields{}
		inner.read(&cursor{s: f.function})
	}
	call := genai.ToolCall{ID: firstOf(unquoted(f.callID), unquotedOnly(f.id)), Name: unquoted(inner.name)}
	for _, args := range [...]string{inner.args, inner.input, f.args, f.input} {
		if args != "" {
			call.Arguments = valueOf(args)
			break
		}
	}
	if call.Name == "" && call.Arguments.IsZero() {
		return
	}
	m.ToolCalls = append(m.ToolCalls, call)
}

// answered adds one tool result.
func (p *parser) answered(f *fields, m *genai.Message) {
	result := genai.ToolResult{ID: firstOf(unquoted(f.callID), unquotedOnly(f.id))}
	for _, raw := range [...]string{f.result, f.output, f.content, f.parts} {
		if raw != "" {
			result.Result = p.resultOf(raw)
			break
		}
	}
	m.ToolResults = append(m.ToolResults, result)
}

// body reads the content of a message: a text, a list of parts, or one part.
func (p *parser) body(raw string, m *genai.Message) {
	if p.depth >= maxNesting {
		p.cut = true
		return
	}
	p.depth++
	defer func() { p.depth-- }()
	c := cursor{s: raw}
	switch c.space() {
	case '"':
		text := c.str()
		if p.decode && holdsParts(text) {
			p.body(strings.TrimSpace(text), m)
			break
		}
		m.Text = joined(m.Text, text)
	case '[':
		c.open('[')
		for c.element() {
			switch c.space() {
			case '"':
				m.Text = joined(m.Text, c.str())
			case '{':
				var f fields
				f.read(&c)
				p.part(&f, m)
			default:
				c.skip()
			}
		}
	case '{':
		var f fields
		f.read(&c)
		if f.role != "" || f.parts != "" || f.message != "" || f.content != "" && f.typ == "" {
			p.into(&f, m)
			break
		}
		p.part(&f, m)
	}
	p.cut = p.cut || c.cut
}

// part reads one part of a message.
func (p *parser) part(f *fields, m *genai.Message) {
	switch kind := partKind(unquoted(f.typ)); {
	case kind == partReasoning || f.reasoning != "" && f.text == "":
		for _, raw := range [...]string{f.reasoning, f.content, f.text} {
			if raw != "" {
				if text := p.textOf(raw); text != "" {
					m.Reasoning = joined(m.Reasoning, text)
					break
				}
			}
		}
	case kind == partCall:
		p.call(f, m)
	case kind == partResult:
		p.answered(f, m)
	case kind == partRefusal:
		p.refuse(firstOf(unquoted(f.refusal), unquoted(f.content), unquoted(f.text)))
	case kind == partMedia:
	case f.toolUse != "" || f.functionCall != "" || f.toolRequest != "":
		var call fields
		call.read(&cursor{s: firstOf(f.toolUse, f.functionCall, f.toolRequest)})
		p.call(&call, m)
	case f.toolResult != "" || f.functionResponse != "" || f.toolResponse != "":
		var answer fields
		answer.read(&cursor{s: firstOf(f.toolResult, f.functionResponse, f.toolResponse)})
		p.answered(&answer, m)
	case f.thought == "true":
		m.Reasoning = joined(m.Reasoning, p.textOf(f.text))
	case f.text != "":
		m.Text = joined(m.Text, p.textOf(f.text))
	case f.content != "" || f.message != "" || f.parts != "":
		p.body(firstOf(f.content, f.message, f.parts), m)
	}
}

type kind uint8

const (
	partText kind = iota
	partReasoning
	partCall
	partResult
	partRefusal
	partMedia
)

func partKind(typ string) kind {
	switch typ {
	case "reasoning", "thinking", "redacted_thinking", "reasoning_content":
		return partReasoning
	case "tool_call", "tool_calls", "tool-call", "tool_use", "toolUse", "function_call", "function", "server_tool_call",
		"server_tool_use", "mcp_tool_use", "mcp_call", "custom_tool_call", "tool-use":
		return partCall
	case "tool_call_response", "tool_result", "tool-result", "toolResult", "function_call_output", "server_tool_call_response",
		"web_search_tool_result", "mcp_tool_result", "code_execution_tool_result", "function_response", "custom_tool_call_output":
		return partResult
	case "refusal":
		return partRefusal
	case "blob", "uri", "image", "image_url", "input_image", "audio", "input_audio", "video", "file", "input_file", "document", "media":
		return partMedia
	}
	return partText
}

// isPartType reports whether a type marks a part and no message.
func isPartType(typ string) bool {
	switch typ {
	case "text", "input_text", "output_text", "summary_text":
		return true
	}
	return partKind(typ) != partText
}

// roleOf is the role that a name stands for in one of the spellings of LangChain, Gemini and others, "" for no role.
func roleOf(name string) string {
	switch name {
	case "user", "human", "Human", "HumanMessage", "HumanMessageChunk", "USER":
		return "user"
	case "assistant", "ai", "AI", "AIMessage", "AIMessageChunk", "model", "bot", "ASSISTANT", "MODEL", "CHATBOT":
		return "assistant"
	case "system", "SystemMessage", "SYSTEM":
		return "system"
	case "tool", "ToolMessage", "FunctionMessage", "TOOL":
		return "tool"
	case "developer":
		return "developer"
	}
	return ""
}

// textOf is the text of a string, of a list of texts or text parts, or of one text part; the JSON of anything else.
func (p *parser) textOf(raw string) string {
	c := cursor{s: raw}
	switch c.space() {
	case '"':
		return c.str()
	case '[', '{':
		var m genai.Message
		reasoning := p.depth
		p.body(raw, &m)
		p.depth = reasoning
		if text := joined(m.Text, m.Reasoning); text != "" {
			return text
		}
		if c.raw() == "[]" {
			return ""
		}
		return raw
	}
	return raw
}

// resultOf is what a tool returned: the text of text parts, or the value as it stands.
func (p *parser) resultOf(raw string) genai.Value {
	c := cursor{s: raw}
	switch c.space() {
	case '{':
		// AI SDK: {"type": "json", "value": …}.
		var typ, value string
		c.open('{')
		members := 0
		for key := ""; c.member(&key); members++ {
			switch key {
			case "type":
				typ = c.str()
			case "value":
				value = c.raw()
			default:
				c.skip()
			}
		}
		if value != "" && typ != "" && members == 2 {
			return p.resultOf(value)
		}
	case '[':
		if text, ok := textParts(raw); ok {
			return genai.Value{Text: text}
		}
	}
	return valueOf(raw)
}

// textParts joins a list that holds nothing but text parts. A single {"json": …} part (Bedrock) is its JSON.
func textParts(raw string) (text string, ok bool) {
	c := cursor{s: raw}
	c.open('[')
	for n := 0; c.element(); n++ {
		if c.space() != '{' {
			return "", false
		}
		c.open('{')
		one, isText := "", false
		for key := ""; c.member(&key); {
			switch key {
			case "text":
				one, isText = c.scalar(), true
			case "type":
				if typ := c.str(); !isPartType(typ) || partKind(typ) != partText {
					return "", false
				}
			case "json":
				one, isText = c.raw(), true
			case "annotations", "meta", "citations", "cache_control", "id", "index", "providerOptions":
				c.skip()
			default:
				return "", false
			}
		}
		if !isText {
			return "", false
		}
		if n > 0 {
			text += "\n"
		}
		text += one
		ok = true
	}
	return text, ok
}

// valueOf keeps a JSON value as it stands, and a string as its text.
func valueOf(raw string) genai.Value {
	c := cursor{s: raw}
	if c.space() == '"' {
		return genai.Value{Text: c.str()}
	}
	return genai.Value{Text: strings.TrimSpace(raw), Structured: true}
}

// holdsParts reports whether a text is the JSON of a list of message parts.
func holdsParts(text string) bool {
	text = strings.TrimSpace(text)
	if len(text) < 2 || text[0] != '[' {
		return false
	}
	c := cursor{s: text}
	c.open('[')
	if !c.element() || c.space() != '{' {
		return false
	}
	var f fields
	f.read(&c)
	if f.typ != "" {
		return isPartType(unquoted(f.typ))
	}
	return f.isPart()
}

func looksLikeJSON(text string) bool {
	return len(text) > 1 && (text[0] == '{' && text[len(text)-1] == '}' || text[0] == '[' && text[len(text)-1] == ']')
}

// unquoted is the text of a JSON string or of another scalar.
func unquoted(raw string) string {
	if raw == "" {
		return ""
	}
	c := cursor{s: raw}
	return c.scalar()
}

// unquotedOnly is the text of a JSON string, "" for anything else.
func unquotedOnly(raw string) string {
	if raw == "" || raw[0] != '"' {
		return ""
	}
	return unquoted(raw)
}

// lastString is the last string of a JSON array: the class name of a LangChain id.
func lastString(raw string) (last string) {
	c := cursor{s: raw}
	if c.open('[') {
		for c.element() {
			last = c.scalar()
		}
	}
	return last
}

func joined(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "\n" + b
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
