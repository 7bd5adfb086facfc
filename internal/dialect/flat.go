package dialect

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// maxFlat bounds the index of flattened messages, parts and tools. Fields with a larger index are ignored.
const maxFlat = 2000

// flatField is one flattened attribute: llm.input_messages.<n>.message.contents.<m>.message_content.<name>.
type flatField struct {
	n, m  int // m is -1 for a field of the message itself
	group flatGroup
	name  string
	value pcommon.Value
}

type flatGroup uint8

const (
	groupMessage flatGroup = iota
	groupContent
	groupToolCall
)

// flatFields collects the attributes with one of the prefixes and sorts them by index, because exporters do not keep
// the order.
func (r *Reader) flatFields(prefixes ...string) []flatField {
	var all []flatField
	for name, value := range r.span.Attributes().All() {
		for _, prefix := range prefixes {
			rest, ok := strings.CutPrefix(name, prefix)
			if !ok {
				continue
			}
			digits, rest, _ := strings.Cut(rest, ".")
			n, err := strconv.Atoi(digits)
			if err != nil || n < 0 || n >= maxFlat {
				continue
			}
			f := flatField{n: n, m: -1, name: strings.TrimPrefix(rest, "message."), value: value}
			if inner, ok := strings.CutPrefix(f.name, "contents."); ok {
				f.index(inner, groupContent, "message_content.")
			} else if inner, ok := strings.CutPrefix(f.name, "tool_calls."); ok {
				f.index(inner, groupToolCall, "tool_call.")
			}
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b flatField) int {
		return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.group, b.group), cmp.Compare(a.m, b.m))
	})
	return all
}

func (f *flatField) index(inner string, group flatGroup, prefix string) {
	digits, name, _ := strings.Cut(inner, ".")
	if m, err := strconv.Atoi(digits); err == nil && m >= 0 && m < maxFlat {
		f.m, f.group, f.name = m, group, strings.TrimPrefix(name, prefix)
	}
}

// readFlat reads flattened messages into the input or the output.
func (r *Reader) readFlat(c *genai.Call, content *genai.Content, answer bool, prefixes ...string) bool {
	p := parser{answer: answer, decode: true}
	role := "user"
	if p.dst = content.Input[:0]; answer {
		p.dst, role = content.Output[:0], "assistant"
	}
	all := r.flatFields(prefixes...)
	for len(all) > 0 {
		end := 1
		for end < len(all) && all[end].n == all[0].n {
			end++
		}
		p.flatMessage(r, all[:end], role)
		all = all[end:]
	}
	c.ContentTruncated = c.ContentTruncated || p.cut
	return r.keep(c, content, &p)
}

// flatMessage reads the fields of one message.
func (p *parser) flatMessage(r *Reader, fields []flatField, role string) {
	m := p.add(role)
	var toolCallID, functionName, functionArgs string
	for _, f := range fields {
		if f.group != groupMessage {
			continue
		}
		switch f.name {
		case "role":
			if s := textOfValue(f.value); s != "" {
				m.Role = firstOf(roleOf(s), s)
			}
		case "content":
			p.flatContent(r.text(f.value), m)
		case "reasoning", "reasoning_content":
			m.Reasoning = joined(m.Reasoning, r.text(f.value))
		case "refusal":
			p.refuse(r.text(f.value))
		case "finish_reason", "stop_reason":
			m.FinishReason = textOfValue(f.value)
		case "tool_call_id":
			toolCallID = textOfValue(f.value)
		case "function_call.name", "function_call_name":
			functionName = textOfValue(f.value)
		case "function_call.arguments", "function_call_arguments_json":
			functionArgs = r.text(f.value)
		}
	}
	calls := p.flatCalls(r, fields, m, groupToolCall)
	flat := *m
	m.Text, m.Reasoning = "", ""
	p.flatParts(r, fields, m)
	m.Text, m.Reasoning = once(flat.Text, m.Text), once(flat.Reasoning, m.Reasoning)
	if !calls {
		calls = p.flatCalls(r, fields, m, groupContent)
	}
	if !calls && functionName != "" {
		m.ToolCalls = append(m.ToolCalls, genai.ToolCall{Name: functionName, Arguments: genai.Value{Text: functionArgs}})
	}
	if m.Role == "tool" && len(m.ToolResults) == 0 && (m.Text != "" || toolCallID != "") {
		m.ToolResults = append(m.ToolResults, genai.ToolResult{ID: toolCallID, Result: genai.Value{Text: m.Text}})
		m.Text = ""
	}
	if !p.answer && m.Text == "" && m.Reasoning == "" && len(m.ToolCalls) == 0 && len(m.ToolResults) == 0 &&
		len(fields) == 1 {
		p.dst = p.dst[:len(p.dst)-1] // the role remains, but its content was moved elsewhere
	}
}

func (p *parser) flatContent(text string, m *genai.Message) {
	if holdsParts(text) {
		p.body(strings.TrimSpace(text), m)
		return
	}
	m.Text = joined(m.Text, text)
}

// flatParts reads the content parts of a message.
func (p *parser) flatParts(r *Reader, fields []flatField, m *genai.Message) {
	var all partJoiner
	all.begin(m)
	for i := 0; i < len(fields); {
		if fields[i].group != groupContent {
			i++
			continue
		}
		part := fields[i].m
		typ, text := "", ""
		for ; i < len(fields) && fields[i].group == groupContent && fields[i].m == part; i++ {
			switch fields[i].name {
			case "type":
				typ = textOfValue(fields[i].value)
			case "text":
				text = r.text(fields[i].value)
			default:
				m.Media = m.Media || isFlatMedia(fields[i].name)
			}
		}
		switch partKind(typ) {
		case partReasoning:
			all.reasoning.add(text)
		case partRefusal:
			p.refuse(text)
		case partMedia:
			m.Media = true
		default:
			all.text.add(text)
		}
	}
	all.end(m)
}

// isFlatMedia reports whether a field of a part holds a picture, sound or a file: image.image.url, audio.audio.url.
func isFlatMedia(name string) bool {
	kind, _, _ := strings.Cut(name, ".")
	return partKind(kind) == partMedia
}

// flatCalls reads the tool calls of one group of fields and reports whether it found any.
func (p *parser) flatCalls(r *Reader, fields []flatField, m *genai.Message, group flatGroup) bool {
	found := false
	for i := 0; i < len(fields); {
		if fields[i].group != group {
			i++
			continue
		}
		at := fields[i].m
		var call genai.ToolCall
		for ; i < len(fields) && fields[i].group == group && fields[i].m == at; i++ {
			switch strings.TrimPrefix(fields[i].name, "tool_call.") {
			case "id":
				call.ID = textOfValue(fields[i].value)
			case "name", "function.name":
				call.Name = textOfValue(fields[i].value)
			case "arguments", "function.arguments":
				call.Arguments = genai.Value{Text: r.text(fields[i].value), Structured: isStructured(fields[i].value)}
			}
		}
		if idOfProvider(call.ID) {
			call.Kind = genai.ToolProvider
		}
		if call.Name != "" || group == groupToolCall && !call.Arguments.IsZero() {
			m.ToolCalls = append(m.ToolCalls, call)
			found = true
		}
	}
	return found
}

// readFlatTools assembles llm.tools.N.tool.json_schema and llm.request.functions.N.{name,description,parameters}.
func (r *Reader) readFlatTools(content *genai.Content) bool {
	all := r.flatFields("llm.tools.", "llm.request.functions.")
	if len(all) == 0 {
		return false
	}
	b := r.scratch[:0]
	r.scratch = nil // b owns the memory until the end, and text may need scratch memory too
	b = append(b, '[')
	for len(all) > 0 && len(b) < maxField {
		end := 1
		for end < len(all) && all[end].n == all[0].n {
			end++
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = r.appendFlatTool(b, all[:end])
		all = all[end:]
	}
	b = append(b, ']')
	r.scratch = b
	return r.readTools(content, string(b))
}

// appendFlatTool writes one tool definition: its JSON, or an object of its name, description and parameters.
func (r *Reader) appendFlatTool(b []byte, fields []flatField) []byte {
	for _, f := range fields {
		text := strings.TrimSpace(r.text(f.value))
		if strings.HasSuffix(f.name, "json_schema") && strings.HasPrefix(text, "{") {
			return append(b, text...)
		}
	}
	b = append(b, '{')
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, f.name)
		b = append(b, ':')
		if text := r.text(f.value); f.name == "parameters" && strings.HasPrefix(text, "{") {
			b = append(b, text...)
		} else {
			b = appendString(b, text)
		}
	}
	return append(b, '}')
}

// readFlatDocuments reads retrieval.documents.N.document.* and the output of a reranker.
func (r *Reader) readFlatDocuments(content *genai.Content) bool {
	docs := content.Retrieval.Documents[:0]
	last := -1
	for _, f := range r.flatFields("retrieval.documents.", "reranker.output_documents.") {
		if f.n != last {
			docs = append(docs, genai.Document{})
			last = f.n
		}
		doc := &docs[len(docs)-1]
		switch strings.TrimPrefix(f.name, "document.") {
		case "id":
			doc.ID = textOfValue(f.value)
		case "content":
			doc.Content = r.text(f.value)
		case "score":
			if score, ok := floatOf(f.value); ok {
				doc.Score = genai.Some(score)
			}
		}
	}
	content.Retrieval.Documents = docs
	return len(docs) > 0
}
