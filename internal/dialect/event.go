package dialect

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Events that carry content. They are span events, or log records that name the span.
const (
	eventSystem     = "gen_ai.system.message"
	eventUser       = "gen_ai.user.message"
	eventAssistant  = "gen_ai.assistant.message"
	eventTool       = "gen_ai.tool.message"
	eventChoice     = "gen_ai.choice"
	eventPrompt     = "gen_ai.content.prompt"
	eventCompletion = "gen_ai.content.completion"
	eventDetails    = "gen_ai.client.inference.operation.details"
	eventDocument   = "db.query.result"
	eventMatch      = "db.search.result"         // Milvus
	eventPinecone   = "db.pinecone.query.result" // OpenLLMetry before 0.20
)

// eventEvaluation carries a score. Its name begins with gen_ai, but it does not show that the span is a GenAI
// operation.
const eventEvaluation = "gen_ai.evaluation.result"

func isContentEvent(name string) bool {
	switch name {
	case eventSystem, eventUser, eventAssistant, eventTool, eventChoice, eventPrompt, eventCompletion, eventDetails,
		eventDocument, eventMatch, eventPinecone:
		return true
	}
	return false
}

func eventRole(name string) string {
	switch name {
	case eventSystem:
		return "system"
	case eventUser:
		return "user"
	case eventAssistant:
		return "assistant"
	case eventTool:
		return "tool"
	}
	return ""
}

// loadEvents fills a part from span events and log records.
func (r *Reader) loadEvents(c *genai.Call, content *genai.Content, part genai.Part) {
	p := parser{answer: part == genai.PartOutput, decode: true}
	if p.dst = content.Input[:0]; p.answer {
		p.dst = content.Output[:0]
	}
	for i := range r.span.Events().Len() {
		event := r.span.Events().At(i)
		r.loadEvent(c, content, part, &p, event.Name(), event.Attributes(), pcommon.Value{})
	}
	for i := range r.logs {
		l := &r.logs[i]
		r.loadEvent(c, content, part, &p, l.name, l.record.Attributes(), l.record.Body())
	}
	c.ContentTruncated = c.ContentTruncated || p.cut
	if part == genai.PartInput || part == genai.PartOutput {
		if p.answer {
			p.keepOnly(0, chosen(p.dst))
		}
		r.keep(c, content, &p)
	}
}

// chosen drops the history that some exporters add to the output. Only a choice has a finish reason.
func chosen(all []genai.Message) []genai.Message {
	kept := make([]genai.Message, 0, len(all))
	for _, m := range all {
		if m.FinishReason != "" {
			kept = append(kept, m)
		}
	}
	if len(kept) == 0 {
		return all
	}
	return kept
}

func (r *Reader) loadEvent(
	c *genai.Call, content *genai.Content, part genai.Part, p *parser,
	name string, attributes pcommon.Map, body pcommon.Value,
) {
	isTool := c.Operation == genai.OpExecuteTool
	switch name {
	case eventDetails:
		r.loadDetails(content, part, p, attributes)
	case eventPrompt:
		if part == genai.PartInput {
			p.prompt(r.attribute(attributes, "gen_ai.prompt"))
		}
	case eventCompletion:
		if text := r.attribute(attributes, "gen_ai.completion"); part == genai.PartOutput && text != "" {
			if n := len(p.dst); looksLikeJSON(strings.TrimSpace(text)) {
				if p.value(text, "assistant"); len(p.dst) > n {
					return
				}
			}
			p.plain(text, "assistant")
		}
	case eventDocument, eventMatch, eventPinecone:
		if part == genai.PartRetrieval {
			r.scratch = appendRenamed(r.scratch[:0], attributes, name+".")
			doc := documentOf(string(r.scratch), 0)
			if doc != (genai.Document{}) && len(content.Retrieval.Documents) < maxDocuments {
				content.Retrieval.Documents = append(content.Retrieval.Documents, doc)
			}
		}
	case eventChoice:
		raw := r.eventJSON(attributes, body)
		switch {
		case part == genai.PartTool && isTool && content.ToolResult.IsZero():
			content.ToolResult = toolPayload(raw)
		case part == genai.PartOutput && !isTool:
			var f fields
			f.read(&cursor{s: raw})
			p.into(&f, p.add("assistant"))
		}
	case eventSystem, eventUser, eventAssistant, eventTool:
		raw := r.eventJSON(attributes, body)
		switch {
		case part == genai.PartTool && isTool && name == eventTool && content.ToolArguments.IsZero():
			content.ToolArguments = toolPayload(raw)
		case part == genai.PartInput && !isTool:
			if strings.HasPrefix(raw, "{") {
				var f fields
				f.read(&cursor{s: raw})
				p.into(&f, p.add(eventRole(name)))
			} else {
				p.plain(raw, eventRole(name))
			}
		}
	default:
		if body != (pcommon.Value{}) && body.Type() == pcommon.ValueTypeMap { // span events have no body
			r.loadBody(content, part, p, body, isTool)
		}
	}
}

// eventJSON returns the JSON of an event's payload: the body of a log record, the JSON that Azure and Semantic Kernel
// put into gen_ai.event.content, or the attributes.
func (r *Reader) eventJSON(attributes pcommon.Map, body pcommon.Value) string {
	if body != (pcommon.Value{}) && body.Type() != pcommon.ValueTypeEmpty {
		return r.text(body)
	}
	if text := r.attribute(attributes, "gen_ai.event.content"); text != "" {
		return text
	}
	r.scratch = appendMap(r.scratch[:0], attributes, 0)
	return string(r.scratch)
}

// loadDetails reads the event that repeats the attributes of the span.
func (r *Reader) loadDetails(content *genai.Content, part genai.Part, p *parser, attributes pcommon.Map) {
	switch part {
	case genai.PartInput:
		if v, ok := attributes.Get("gen_ai.input.messages"); ok {
			p.value(r.text(v), "user")
		}
		if v, ok := attributes.Get("gen_ai.system_instructions"); ok {
			fill(&content.System, r.instructions(v))
		}
	case genai.PartOutput:
		if v, ok := attributes.Get("gen_ai.output.messages"); ok {
			p.value(r.text(v), "assistant")
		}
	case genai.PartTools:
		if v, ok := attributes.Get("gen_ai.tool.definitions"); ok {
			r.readTools(content, r.text(v))
		}
	case genai.PartTool:
		if v, ok := attributes.Get("gen_ai.tool.call.arguments"); ok {
			content.ToolArguments = genai.Value{Text: r.text(v), Structured: isStructured(v)}
		}
		if v, ok := attributes.Get("gen_ai.tool.call.result"); ok {
			content.ToolResult = genai.Value{Text: r.text(v), Structured: isStructured(v)}
		}
	}
}

// loadBody reads {"input": {"messages": …}, "output": {"messages": …}}. The AWS distribution moves content into log
// records in this form.
func (r *Reader) loadBody(content *genai.Content, part genai.Part, p *parser, body pcommon.Value, isTool bool) {
	input, hasInput := body.Map().Get("input")
	output, hasOutput := body.Map().Get("output")
	switch {
	case part == genai.PartInput && hasInput && !isTool:
		n := len(p.dst)
		p.value(r.text(input), "user")
		p.unfoldState(n, "user")
	case part == genai.PartOutput && hasOutput && !isTool:
		n := len(p.dst)
		answer := p.answer
		p.answer = false // keep every message: chosen picks the answer by its finish reason
		p.value(r.text(output), "assistant")
		p.answer = answer
		p.keepOnly(n, chosen(p.dst[n:]))
		p.unfoldState(n, "assistant")
	case part == genai.PartTool && isTool:
		for _, side := range [...]struct {
			value pcommon.Value
			has   bool
			dst   *genai.Value
		}{{input, hasInput, &content.ToolArguments}, {output, hasOutput, &content.ToolResult}} {
			if !side.has || !side.dst.IsZero() {
				continue
			}
			inner := parser{decode: true}
			inner.value(r.text(side.value), "tool")
			for i := range inner.dst {
				if m := &inner.dst[i]; len(m.ToolResults) > 0 {
					*side.dst = m.ToolResults[0].Result
				} else if m.Text != "" {
					*side.dst = genai.Value{Text: m.Text}
				}
			}
		}
	}
}

// unfoldState reads the messages of a run's state that was recorded as the text of one message: {"inputs": {"messages":
// …}}.
func (p *parser) unfoldState(n int, role string) {
	if len(p.dst) != n+1 || !strings.HasPrefix(p.dst[n].Text, `{"inputs"`) &&
		!strings.HasPrefix(p.dst[n].Text, `{"outputs"`) {
		return
	}
	state := p.dst[n]
	p.keepOnly(n, nil)
	if p.value(state.Text, role); len(p.dst) == n {
		p.dst = append(p.dst, state)
	}
}

// toolPayload returns the content or message of a tool event.
func toolPayload(raw string) genai.Value {
	if !strings.HasPrefix(raw, "{") {
		return genai.Value{Text: raw}
	}
	var f fields
	f.read(&cursor{s: raw})
	payload := firstOf(f.content, f.message, f.result, f.text)
	if payload == "" {
		return genai.Value{}
	}
	if payload[0] == '{' { // it may wrap {"content": "…"}
		var inner fields
		inner.read(&cursor{s: payload})
		payload = firstOf(inner.content, payload)
	}
	v := valueOf(payload)
	if !v.Structured && holdsParts(v.Text) {
		p := parser{}
		return p.resultOf(strings.TrimSpace(v.Text))
	}
	if v.Structured {
		p := parser{}
		return p.resultOf(v.Text)
	}
	return v
}

// prompt reads a prompt event: JSON, or lines of "role: text" as OpenLIT writes them.
func (p *parser) prompt(text string) {
	trimmed := strings.TrimSpace(text)
	if looksLikeJSON(trimmed) {
		n := len(p.dst)
		if p.value(trimmed, "user"); len(p.dst) > n {
			return
		}
	}
	role, start, at := "", 0, 0
	for line := range strings.Lines(text) {
		name, _, ok := strings.Cut(line, ": ")
		if r := roleOf(name); ok && r != "" {
			p.plain(strings.TrimSuffix(text[start:at], "\n"), firstOf(role, "user"))
			role, start = r, at+len(name)+len(": ")
		}
		at += len(line)
	}
	p.plain(strings.TrimSuffix(text[start:], "\n"), firstOf(role, "user"))
}

// attribute returns the text of an event attribute, at most maxField bytes of it.
func (r *Reader) attribute(attributes pcommon.Map, name string) string {
	if v, ok := attributes.Get(name); ok {
		return r.text(v)
	}
	return ""
}

// appendRenamed writes attributes as JSON and cuts the prefix off their names.
func appendRenamed(dst []byte, attributes pcommon.Map, prefix string) []byte {
	dst = append(dst, '{')
	for name, value := range attributes.All() {
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, strings.TrimPrefix(name, prefix))
		dst = append(dst, ':')
		dst = appendJSON(dst, value, 1)
	}
	return append(dst, '}')
}
