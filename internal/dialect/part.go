package dialect

import (
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// calls reads tool calls that are separate from the content.
func (p *parser) calls(f *fields, m *genai.Message) {
	for _, raw := range [...]string{f.toolCalls, f.invalidCalls} {
		if raw == "" {
			continue
		}
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

// call adds one tool call, as {id, name, arguments}, {id, function: {…}}, {toolCallId, toolName, input} or the like.
func (p *parser) call(f *fields, m *genai.Message) {
	inner := f
	for _, raw := range [...]string{f.function, f.custom} {
		if raw != "" && raw[0] == '{' {
			inner = &fields{}
			inner.read(&cursor{s: raw})
			break
		}
	}
	typ := unquoted(f.typ)
	call := genai.ToolCall{
		ID: firstOf(unquoted(f.callID), unquotedOnly(f.id)), Name: unquoted(inner.name), Kind: callKind(typ),
	}
	if f.byProvider == "true" || idOfProvider(call.ID) {
		call.Kind = genai.ToolProvider
	}
	for _, args := range [...]string{inner.args, inner.input, f.args, f.input} {
		if args != "" {
			call.Arguments = valueOf(args)
			break
		}
	}
	if call.Kind == genai.ToolProvider {
		fill(&call.Name, strings.TrimSuffix(typ, "_call"))
		if raw := firstOf(f.serverTool, f.action); call.Arguments.IsZero() && raw != "" {
			call.Arguments = valueOf(raw)
		}
	}
	if call.Name == "" && call.Arguments.IsZero() {
		return
	}
	for i := range m.ToolCalls {
		if known := &m.ToolCalls[i]; call.ID != "" && known.ID == call.ID && known.Name == call.Name {
			return // frameworks give calls in the content and beside it
		}
	}
	m.ToolCalls = append(m.ToolCalls, call)
	if call.Kind == genai.ToolProvider && f.output != "" { // an item of the Responses API holds both
		m.ToolResults = append(m.ToolResults, genai.ToolResult{ID: call.ID, Result: p.resultOf(f.output)})
	}
}

// callKind returns the kind of a call by the type of its part.
func callKind(typ string) genai.ToolKind {
	switch typ {
	case "custom", "custom_tool_call":
		return genai.ToolCustom
	case "tool_call", "function_call", "invalid_tool_call":
		return genai.ToolFunction
	case "server_tool_use", "mcp_tool_use", "mcp_approval_request", "tool.execution":
		return genai.ToolProvider
	}
	if strings.HasSuffix(typ, "_call") { // server_tool_call, mcp_call, web_search_call and the other items of OpenAI
		return genai.ToolProvider
	}
	return genai.ToolFunction
}

// idOfProvider reports whether a call has an id that Anthropic gives to tools that it runs. Flattened messages keep the
// id and lose the type.
func idOfProvider(id string) bool {
	return strings.HasPrefix(id, "srvtoolu_") || strings.HasPrefix(id, "mcptoolu_")
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
		var all partJoiner
		all.begin(m)
		for c.element() {
			switch c.space() {
			case '"':
				all.text.add(c.str())
			case '{':
				var f fields
				f.read(&c)
				all.part(p, &f, m)
			default:
				c.skip()
			}
		}
		all.end(m)
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

// partJoiner collects the texts of a message's parts.
type partJoiner struct{ text, reasoning joiner }

func (j *partJoiner) begin(m *genai.Message) {
	*j = partJoiner{}
	j.text.add(m.Text)
	j.reasoning.add(m.Reasoning)
}

func (j *partJoiner) part(p *parser, f *fields, m *genai.Message) {
	m.Text, m.Reasoning = "", ""
	p.part(f, m)
	j.text.add(m.Text)
	j.reasoning.add(m.Reasoning)
}

func (j *partJoiner) end(m *genai.Message) { m.Text, m.Reasoning = j.text.text(), j.reasoning.text() }

// part reads one part of a message.
func (p *parser) part(f *fields, m *genai.Message) {
	typ := unquoted(f.typ)
	switch kind := partKind(typ); {
	case kind == partReasoning || p.answer && typ == "compaction" || f.reasoning != "" && f.text == "":
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
		attach(f, m)
		if f.transcript != "" { // of audio
			m.Text = joined(m.Text, p.textOf(f.transcript))
		}
	case f.toolUse != "" || f.functionCall != "" || f.toolRequest != "":
		var call fields
		call.read(&cursor{s: firstOf(f.toolUse, f.functionCall, f.toolRequest)})
		p.call(&call, m)
	case f.toolResult != "" || f.functionResponse != "" || f.toolResponse != "":
		var answer fields
		answer.read(&cursor{s: firstOf(f.toolResult, f.functionResponse, f.toolResponse)})
		p.answered(&answer, m)
	case f.executableCode != "":
		m.ToolCalls = append(m.ToolCalls, genai.ToolCall{
			Name: "code_execution", Kind: genai.ToolProvider, Arguments: valueOf(f.executableCode),
		})
	case f.codeResult != "":
		m.ToolResults = append(m.ToolResults, genai.ToolResult{Result: valueOf(f.codeResult)})
	case f.thought == "true":
		m.Reasoning = joined(m.Reasoning, p.textOf(f.text))
	case f.text != "":
		m.Text = joined(m.Text, p.textOf(f.text))
	case f.content != "" || f.message != "" || f.parts != "":
		p.body(firstOf(f.content, f.message, f.parts), m)
	case f.media != "":
		attach(f, m)
	case f.kwargs != "" && f.metadata == "": // {"data": …} of Genkit and others: an answer as JSON
		m.Text = joined(m.Text, valueOf(f.kwargs).Text)
	case f.output != "" || f.result != "":
		m.Text = joined(m.Text, valueOf(firstOf(f.output, f.result)).Text)
	default:
		p.unread(typ, m)
	}
}

// Bounds of the part types that a message names as unread.
const (
	maxUnread   = 8
	maxPartType = 64
)

// unread names a part whose type nobody knows, unless it is one that never has content.
func (p *parser) unread(typ string, m *genai.Message) {
	switch typ {
	case "", "text", "input_text", "output_text", "summary_text", // empty ones
		"step-start", "step_start", "step-finish", "start", "finish", "source", "source-url", "source-document", "citation",
		"citations", "cachePoint", "cache_point", "cache_control", "compaction", "item_reference", "annotations":
		return
	}
	if len(typ) <= maxPartType && len(m.Unread) < maxUnread && !slices.Contains(m.Unread, typ) {
		m.Unread = append(m.Unread, typ)
	}
}

// once returns a text that an emitter gives twice, flat and in parts: the parts, unless the flat one has more.
func once(flat, parts string) string {
	switch {
	case flat == "" || strings.Contains(parts, flat):
		return parts
	case parts == "" || strings.Contains(flat, parts):
		return flat
	}
	return joined(flat, parts)
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
	case "tool_calls", "tool-call", "tool_use", "toolUse", "function", "server_tool_use", "mcp_tool_use", "tool-use",
		"mcp_approval_request", "tool.execution":
		return partCall
	case "tool_call_response", "tool_result", "tool-result", "toolResult", "server_tool_call_response",
		"server_tool_result", "function_response", "tool_search_output":
		return partResult
	case "refusal":
		return partRefusal
	case "blob", "uri", "image", "image_url", "input_image", "audio", "input_audio", "video", "file", "input_file",
		"document", "media":
		return partMedia
	}
	switch { // items of the Responses API, and results of Anthropic's tools
	case strings.HasSuffix(typ, "_call"):
		return partCall
	case strings.HasSuffix(typ, "_call_output"), strings.HasSuffix(typ, "_tool_result"):
		return partResult
	}
	return partText
}

// isPartType reports whether a type names a part rather than a message.
func isPartType(typ string) bool {
	switch typ {
	case "text", "input_text", "output_text", "summary_text":
		return true
	}
	return partKind(typ) != partText
}

// roleOf maps a role name of LangChain, Gemini and others to a role, or to "".
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

// textOf returns the text of a string, of a list of texts or text parts, or of one text part. It returns any other
// value as JSON.
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
		empty := !m.Media && len(m.ToolCalls)+len(m.ToolResults)+len(m.Unread) == 0
		if c.raw() == "[]" || empty && holdsParts(raw) {
			return ""
		}
		return raw
	}
	return raw
}

// resultOf returns the result of a tool: the text of text parts, or the value unchanged.
func (p *parser) resultOf(raw string) genai.Value {
	c := cursor{s: raw}
	switch c.space() {
	case '{':
		// The AI SDK wraps results as {"type": "json", "value": …}.
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

// textParts joins a list that holds only text parts. A single {"json": …} part (Bedrock) becomes its JSON.
func textParts(raw string) (text string, ok bool) {
	c := cursor{s: raw}
	c.open('[')
	var all joiner
	for c.element() {
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
		all.add(one)
		ok = true
	}
	return all.text(), ok
}

// valueOf keeps a JSON value unchanged and returns a string as its text.
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
