package dialect

import (
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// maxNesting bounds how deep messages may nest inside wrappers, and parts inside parts. Real payloads need six levels.
const maxNesting = 24

// parser reads messages in any shape that emitters write: OTel parts, OpenAI chat and Responses items, Anthropic
// blocks, Gemini parts, Bedrock Converse, serialized LangChain messages, AI SDK parts, plain strings, and the request
// and response envelopes of the providers. One parser reads them all, because emitters pass on whatever their provider
// or framework sent: the dialect of a span says little about the shape of its messages.
type parser struct {
	dst    []genai.Message
	answer bool // reading the output of the model, not its input
	decode bool // the emitter writes parts as JSON inside strings
	cut    bool // the text ended inside a value
	depth  int

	system        string
	refusal       string
	model, id     string
	tools, format string // JSON of an envelope's tool definitions and response format
}

// add starts a message and reuses the memory of an earlier one.
func (p *parser) add(role string) *genai.Message {
	if n := len(p.dst); n < cap(p.dst) {
		p.dst = p.dst[:n+1]
		m := &p.dst[n]
		*m = genai.Message{
			Role: role, ToolCalls: m.ToolCalls[:0], ToolResults: m.ToolResults[:0], Unread: m.Unread[:0],
		}
		return m
	}
	p.dst = append(p.dst, genai.Message{Role: role})
	return &p.dst[len(p.dst)-1]
}

// value reads messages from JSON text or from plain text, which becomes one message.
func (p *parser) value(raw, role string) {
	if p.depth >= maxNesting {
		p.cut = true
		return
	}
	p.depth++
	defer func() { p.depth-- }()
	c := cursor{s: raw}
	found := len(p.dst)
	switch c.space() {
	case '"':
		// This may be JSON that was serialized twice.
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
	// Text that stops being JSON after some messages is damaged. Text that never was JSON is plain text.
	p.cut = p.cut || c.cut || c.bad && len(p.dst) > found
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
	open := -1 // index of the message that receives parts without their own role, or -1
	var parts partJoiner
	closeOpen := func() {
		if open >= 0 {
			parts.end(&p.dst[open])
			open = -1
		}
	}
	for c.element() {
		switch c.space() {
		case '"':
			closeOpen()
			p.plain(c.str(), role)
		case '[':
			closeOpen()
			p.value(c.raw(), role)
		case '{':
			var f fields
			f.read(c)
			if !f.isPart() {
				closeOpen()
				p.object(&f, role)
				continue
			}
			if r := f.itemRole(role); open < 0 || p.dst[open].Role != r {
				closeOpen()
				parts.begin(p.add(r))
				open = len(p.dst) - 1
			}
			parts.part(p, &f, &p.dst[open])
		default:
			c.skip()
		}
	}
	closeOpen()
}

// object reads a message or an envelope.
func (p *parser) object(f *fields, role string) {
	if f.tools != "" && p.tools == "" {
		p.tools = f.tools
	}
	if f.format != "" && p.format == "" {
		p.format = f.format
	}
	if inner := f.wrapped(p.answer); inner != nil && p.depth < maxNesting {
		p.depth++
		p.object(inner, role)
		p.depth--
		return
	}
	isMessage := f.role != "" || f.message != "" || f.kwargs != "" || f.content != "" || f.parts != "" ||
		f.toolCalls != "" || f.text != "" || f.refusal != "" || f.functionCall != ""
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
			n := len(p.dst)
			p.value(f.generations, role)
			if len(p.dst) > n {
				fill(&p.dst[len(p.dst)-1].FinishReason, unquoted(f.finish))
			}
			return
		case f.output != "" && f.name == "":
			p.envelope(f)
			n := len(p.dst)
			p.value(f.output, role)
			p.mergeItems(n)
			if reason := f.ending(); reason != "" {
				if len(p.dst) == n {
					p.add("assistant")
				}
				p.dst[len(p.dst)-1].FinishReason = reason
			}
			return
		case f.feedback != "":
			// Gemini blocked the prompt. There is no candidate, and only the feedback shows the reason.
			if reason := firstOf(memberText(f.feedback, "blockReason"), memberText(f.feedback, "block_reason")); reason != "" {
				p.envelope(f)
				p.add(role).FinishReason = reason
				return
			}
		case f.messages != "":
			n := len(p.dst)
			p.value(f.messages, role)
			p.keepOnly(n, lastTurn(p.dst[n:]))
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
		case f.arguments(p):
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

// arguments reads a request that was recorded as the arguments of the function that sent it: {"args": [request,
// options], "kwargs": {…}}. Objects in it that hold no messages are options, and no text. It reports false for other
// objects.
func (f *fields) arguments(p *parser) bool {
	if f.content != "" || f.role != "" || f.typ != "" || f.name != "" {
		return false
	}
	n := len(p.dst)
	if c := (cursor{s: f.args}); c.open('[') {
		for c.element() {
			switch raw := c.raw(); raw[0] {
			case '"':
				p.plain(unquoted(raw), "user")
			case '{':
				p.requestIn(raw)
			case '[':
				p.value(raw, "user")
			}
		}
		p.cut = p.cut || c.cut
	} else if strings.HasPrefix(f.args, "{") {
		p.requestIn(f.args)
	}
	if f.kwargs != "" && f.id == "" && strings.HasPrefix(f.kwargs, "{") {
		p.requestIn(f.kwargs)
	}
	return f.args != "" || len(p.dst) > n
}

// requestIn reads an object if it holds the messages of a request.
func (p *parser) requestIn(raw string) {
	var f fields
	f.read(&cursor{s: raw})
	if f.messages != "" || f.contents != "" || f.input != "" || f.prompt != "" || f.request != "" || f.args != "" {
		if p.depth < maxNesting {
			p.depth++
			p.object(&f, "user")
			p.depth--
		}
	}
}

// mergeItems merges the items of a Responses API answer into one message. Reasoning, text and calls form one choice.
func (p *parser) mergeItems(n int) {
	items := p.dst[n:]
	if len(items) < 2 {
		return
	}
	for i := range items {
		if items[i].Role != "assistant" || items[i].FinishReason != "" {
			return
		}
	}
	one := &items[0]
	var all partJoiner
	all.begin(one)
	for _, item := range items[1:] {
		all.text.add(item.Text)
		all.reasoning.add(item.Reasoning)
		one.ToolCalls = append(one.ToolCalls, item.ToolCalls...)
		one.ToolResults = append(one.ToolResults, item.ToolResults...)
	}
	all.end(one)
	p.keepOnly(n, items[:1])
}

// keepOnly replaces the messages from n on with some of them. It clears the dropped ones, because two messages must not
// share memory that add reuses.
func (p *parser) keepOnly(n int, kept []genai.Message) {
	all := p.dst
	p.dst = append(p.dst[:n], kept...)
	clear(all[len(p.dst):])
}

// lastTurn drops the history that frameworks repeat before the model's answer. A history that ends without an answer
// stays.
func lastTurn(all []genai.Message) []genai.Message {
	for i, m := range slices.Backward(all) {
		if i+1 < len(all) && (m.Role == "user" || m.Role == "system" || m.Role == "developer") {
			return all[i+1:]
		}
	}
	return all
}

// envelope notes the model and id of a provider's response.
func (p *parser) envelope(f *fields) {
	if p.model == "" {
		p.model = unquoted(f.model)
	}
	if p.id == "" && strings.HasPrefix(f.id, `"`) {
		p.id = unquoted(f.id)
	}
}

// configuration reads the request configuration of Gemini and ADK.
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

// into fills a message from an object that is a message or wraps one.
func (p *parser) into(f *fields, m *genai.Message) {
	if p.depth >= maxNesting {
		p.cut = true
		return
	}
	p.depth++
	defer func() { p.depth-- }()
	if f.role != "" {
		if role := unquoted(f.role); role != "" && role != "unknown" {
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
		if reason := inner.ending(); reason != "" {
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
	switch {
	case f.content != "" && f.parts != "":
		p.twice(f, m)
	case f.content != "" || f.parts != "":
		p.body(firstOf(f.content, f.parts), m)
	}
	if f.content == "" && f.message == "" && f.text != "" {
		p.body(f.text, m)
	}
	p.calls(f, m)
	if f.refusal != "" {
		p.refuse(unquoted(f.refusal))
	}
	if f.moreKwargs != "" {
		var inner fields
		inner.read(&cursor{s: f.moreKwargs})
		if len(m.ToolCalls) == 0 {
			p.calls(&inner, m)
		}
		if inner.refusal != "" {
			p.refuse(unquoted(inner.refusal))
		}
	}
	if m.Role == "tool" && len(m.ToolResults) == 0 && (m.Text != "" || f.callID != "" || f.result != "") {
		// The text of a tool message is the tool's result.
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

// twice reads a message that gives its content flat and in parts.
func (p *parser) twice(f *fields, m *genai.Message) {
	var flat genai.Message
	p.body(f.content, &flat)
	p.body(f.parts, m)
	m.Text, m.Reasoning = once(flat.Text, m.Text), once(flat.Reasoning, m.Reasoning)
	if len(m.ToolCalls) == 0 {
		m.ToolCalls = append(m.ToolCalls, flat.ToolCalls...)
	}
	if len(m.ToolResults) == 0 {
		m.ToolResults = append(m.ToolResults, flat.ToolResults...)
	}
	m.Media = m.Media || flat.Media
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
		// The message may be serialized into the string.
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
