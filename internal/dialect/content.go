package dialect

import (
	"slices"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// maxField bounds how many bytes of one content attribute are read, unless ReadUpTo says otherwise for texts. The rest
// stays on the span, and the call is marked as truncated.
const maxField = 1 << 20

// contentText returns the text of a content attribute, bounded. A structured value becomes JSON.
func contentText(r *Reader, k key) string { return r.text(r.at[k]) }

func (r *Reader) text(v pcommon.Value) string {
	var s string
	limit := maxField
	switch v.Type() {
	case pcommon.ValueTypeStr:
		s, limit = v.Str(), r.longest
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
		r.scratch = appendJSON(r.scratch[:0], v, 0)
		s = string(r.scratch)
		if cap(r.scratch) > maxScratch {
			r.scratch = nil
		}
	case pcommon.ValueTypeEmpty, pcommon.ValueTypeBytes:
		return ""
	default:
		return textOfValue(v)
	}
	if len(s) > limit {
		r.call.ContentTruncated = true
		s = s[:limit]
	}
	return s
}

// isStructured reports whether a value was recorded as a map or slice, not as a string.
func isStructured(v pcommon.Value) bool {
	return v.Type() == pcommon.ValueTypeMap || v.Type() == pcommon.ValueTypeSlice
}

// redacted is what OpenInference writes in place of hidden content.
const redacted = "__REDACTED__"

// blank reports whether a content attribute is empty. Emitters that are configured to record no content write "{}".
func blank(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		s := v.Str()
		if len(s) > len(redacted) {
			return false
		}
		switch strings.TrimSpace(s) {
		case "", "{}", "[]", "null", `""`, "<nil>", "None", redacted:
			return true
		}
		return false
	case pcommon.ValueTypeMap:
		return v.Map().Len() == 0
	case pcommon.ValueTypeSlice:
		return v.Slice().Len() == 0
	case pcommon.ValueTypeEmpty:
		return true
	}
	return false
}

// findContent notes whether the span carries content at all, without reading it.
func (r *Reader) findContent(c *genai.Call) {
	r.hasContent = r.events ||
		r.families&(flatInput|flatOutput|flatPrompt|flatCompletion|flatDocuments|flatTakes|flatGives) != 0
	for _, d := range order {
		if r.hasContent || r.marks&d.bit == 0 {
			continue
		}
		for _, list := range [...][]key{
			d.input, d.output, d.takes, d.gives, d.toolArgs, d.toolResult, d.documents, d.carries,
		} {
			for _, k := range list {
				if r.has(k) && !blank(r.at[k]) {
					r.hasContent = true
				}
			}
		}
		r.hasContent = r.hasContent || d.holds != nil && d.holds(r, c)
		// A retrieval that found nothing records an empty list. That list is content.
		r.hasContent = r.hasContent || c.Operation == genai.OpRetrieval && r.foundNothing(d)
	}
	if r.hasContent || !bearsContent(c.Operation) {
		return
	}
	if r.span.DroppedAttributesCount() > 0 {
		c.ContentTruncated = true
		return
	}
	c.ContentMissing = true
}

// bearsContent reports whether an operation has content worth recording. The steps around calls have no content of
// their own.
func bearsContent(operation string) bool {
	switch operation {
	case genai.OpChat, genai.OpTextCompletion, "generate_content", genai.OpExecuteTool, genai.OpRetrieval:
		return true
	}
	return false
}

// loads counts the parts of content that were parsed.
var loads atomic.Uint64

// Loads returns how many parts of content this process has parsed. Tests use it to check that components which share a
// request parse each part of a span once.
func Loads() uint64 { return loads.Load() }

// Load fills a part of the call's content from the last span read.
func (r *Reader) Load(c *genai.Call, content *genai.Content, part genai.Part) {
	loads.Add(1)
	for _, d := range order {
		if r.marks&d.bit == 0 {
			continue
		}
		if d.load != nil && d.load(r, c, content, part) {
			break
		}
		if r.loadKeys(d, c, content, part) {
			break
		}
	}
	switch part {
	case genai.PartInput:
		if len(content.Input) == 0 && r.events {
			r.loadEvents(c, content, part)
		}
		r.promptVariables(content)
	case genai.PartOutput:
		if len(content.Output) == 0 && r.events {
			r.loadEvents(c, content, part)
		}
		if content.Refusal == "" {
			content.Refusal = r.refusalBeside()
		}
		r.reasonsFromOutput(c, content)
		c.ContentMissing = c.ContentMissing || content.Refusal == "" && c.Unrecorded(content.Output)
	case genai.PartTool:
		if r.events && (content.ToolArguments.IsZero() || content.ToolResult.IsZero()) {
			r.loadEvents(c, content, part)
		}
	case genai.PartRetrieval:
		content.Retrieval.TopK = r.count(retrievalTopK...)
		if r.events && len(content.Retrieval.Documents) == 0 {
			r.loadEvents(c, content, part)
		}
	case genai.PartSchema:
		fill(&content.OutputSchema, r.requested.schema)
		fill(&c.ResponseFormat, r.requested.format)
	}
}

// refusalBeside looks for a refusal in the provider's response when the messages came from elsewhere. The conventions
// have no place for a refusal, so emitters that write both lose it from the messages.
func (r *Reader) refusalBeside() string {
	for _, k := range [...]key{keyOIOutput, keyCompletionJSON, keyLogResponse, keyLFOutput} {
		if !r.has(k) || r.at[k].Type() != pcommon.ValueTypeStr {
			continue
		}
		if text := contentText(r, k); strings.Contains(text, `"refusal":"`) || strings.Contains(text, `"refusal": "`) {
			p := parser{answer: true}
			if p.value(text, "assistant"); p.refusal != "" {
				return p.refusal
			}
		}
	}
	return ""
}

// reasonsFromOutput takes finish reasons from the messages if no attribute holds them.
func (r *Reader) reasonsFromOutput(c *genai.Call, content *genai.Content) {
	if len(c.FinishReasons) > 0 {
		return
	}
	for i := range content.Output {
		if reason := content.Output[i].FinishReason; reason != "" {
			c.FinishReasons = append(c.FinishReasons, reason)
		}
	}
	r.canonicalReasons(c)
}

// loadKeys loads a part from the attributes that the dialect names for it.
func (r *Reader) loadKeys(d *dialect, c *genai.Call, content *genai.Content, part genai.Part) bool {
	isTool, isRetrieval := c.Operation == genai.OpExecuteTool, c.Operation == genai.OpRetrieval
	switch part {
	case genai.PartInput:
		found := r.readMessages(c, content, d.input, false)
		if !found && !isTool && !isRetrieval {
			found = r.readMessages(c, content, d.takes, false)
		}
		for _, k := range d.system {
			if content.System == "" && r.has(k) {
				content.System = r.instructions(r.at[k])
			}
		}
		return found
	case genai.PartOutput:
		return r.readMessages(c, content, d.output, true) ||
			!isTool && !isRetrieval && r.readMessages(c, content, d.gives, true)
	case genai.PartTools:
		for _, k := range d.tools {
			if r.has(k) && !blank(r.at[k]) && r.readTools(content, r.toolText(r.at[k])) {
				return true
			}
		}
	case genai.PartTool:
		r.toolValue(&content.ToolArguments, d.toolArgs)
		r.toolValue(&content.ToolResult, d.toolResult)
		if isTool {
			r.toolValue(&content.ToolArguments, d.takes)
			r.toolValue(&content.ToolResult, d.gives)
		}
		return !content.ToolArguments.IsZero() && !content.ToolResult.IsZero()
	case genai.PartSchema:
		for _, k := range d.schema {
			if !r.has(k) || blank(r.at[k]) || content.OutputSchema != "" {
				continue
			}
			q := requests{}
			text := contentText(r, k)
			if q.readFormat(text); q.schema == "" && strings.HasPrefix(strings.TrimSpace(text), "{") && q.format == "" {
				q.schema = text // the text is the schema itself
			}
			content.OutputSchema = q.schema
		}
		return content.OutputSchema != ""
	case genai.PartRetrieval:
		query, documents := d.query, d.documents
		if isRetrieval {
			query, documents = slices.Concat(query, d.takes), slices.Concat(documents, d.gives)
		}
		for _, k := range query {
			if content.Retrieval.Query == "" && r.has(k) {
				content.Retrieval.Query = queryText(contentText(r, k))
			}
		}
		for _, k := range documents {
			if len(content.Retrieval.Documents) == 0 && r.has(k) {
				content.Retrieval.Documents = appendDocuments(content.Retrieval.Documents, contentText(r, k))
			}
		}
		content.Retrieval.Empty = len(content.Retrieval.Documents) == 0 && isRetrieval && r.foundNothing(d)
		return len(content.Retrieval.Documents) > 0 || content.Retrieval.Empty
	}
	return false
}

// foundNothing reports whether a retrieval recorded an empty list of documents.
func (r *Reader) foundNothing(d *dialect) bool {
	for _, list := range [...][]key{d.documents, d.gives} {
		for _, k := range list {
			if !r.has(k) {
				continue
			}
			switch v := r.at[k]; v.Type() {
			case pcommon.ValueTypeSlice:
				return v.Slice().Len() == 0
			case pcommon.ValueTypeMap, pcommon.ValueTypeStr:
				if text := r.text(v); emptyDocuments(text) {
					return true
				}
			}
		}
	}
	return false
}

// readMessages reads the first attribute that holds messages.
func (r *Reader) readMessages(c *genai.Call, content *genai.Content, keys []key, answer bool) bool {
	for _, k := range keys {
		if r.has(k) && !blank(r.at[k]) && r.messagesFrom(c, content, contentText(r, k), answer) {
			return true
		}
	}
	return false
}

// messagesFrom reads messages from JSON or plain text into the input or the output. Text that holds no recognizable
// message becomes one message.
func (r *Reader) messagesFrom(c *genai.Call, content *genai.Content, text string, answer bool) bool {
	p := parser{answer: answer}
	role := "user"
	if p.dst = content.Input[:0]; answer {
		p.dst, role = content.Output[:0], "assistant"
	}
	if p.value(text, role); answer {
		p.keepOnly(0, lastTurn(p.dst))
	}
	if len(p.dst) == 0 && p.refusal == "" && p.model == "" && p.system == "" {
		trimmed := strings.TrimSpace(text)
		if !blankText(trimmed) && (!p.cut || !strings.HasPrefix(trimmed, "[")) &&
			(!c.IsLLMCall() || !isRequest(trimmed)) {
			p.plain(plainText(trimmed), role)
		}
	}
	c.ContentTruncated = c.ContentTruncated || p.cut
	return r.keep(c, content, &p)
}

// isRequest reports whether a text is the JSON of a request's parameters. They are never content.
func isRequest(text string) bool {
	c := cursor{s: text}
	if !c.open('{') {
		return false
	}
	for key := ""; c.member(&key); c.skip() {
		switch key {
		case "model", "model_id", "modelId", "args", "kwargs", "max_tokens", "maxTokens", "temperature", "stream", "options":
			return true
		}
	}
	return false
}

// keep moves parsed messages into the content and fills scalars that only the content carries.
func (r *Reader) keep(c *genai.Call, content *genai.Content, p *parser) bool {
	fill(&content.Refusal, p.refusal)
	if p.answer {
		content.Output = p.dst
		fill(&c.ResponseModel, p.model)
		fill(&c.ResponseID, p.id)
	} else {
		content.Input = p.dst
		fill(&content.System, p.system)
	}
	return len(p.dst) > 0 || p.answer && p.refusal != ""
}

// plainText removes the quotes of a JSON string.
func plainText(text string) string {
	if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		return unquoted(text)
	}
	return text
}

func blankText(text string) bool {
	switch text {
	case "", "{}", "[]", "null", `""`:
		return true
	}
	return false
}

// instructions reads system instructions: a list of parts, or a text.
func (r *Reader) instructions(v pcommon.Value) string {
	text := r.text(v)
	trimmed := strings.TrimSpace(text)
	if blankText(trimmed) {
		return ""
	}
	if trimmed[0] != '[' && trimmed[0] != '{' && trimmed[0] != '"' {
		return text
	}
	p := parser{}
	return p.textOf(trimmed)
}

// toolValue fills a tool's arguments or result from the first attribute that holds any.
func (r *Reader) toolValue(dst *genai.Value, keys []key) {
	for _, k := range keys {
		if dst.IsZero() && r.has(k) {
			if v := r.at[k]; v.Type() != pcommon.ValueTypeEmpty {
				// Most emitters write JSON here, so quoted text is a JSON string.
				*dst = genai.Value{Text: plainText(r.text(v)), Structured: isStructured(v)}
			}
		}
	}
}

// Records reports whether the last span read has the answer of the model, and the definitions of the tools that it was
// offered. It looks only at which attributes are there.
func (r *Reader) Records() (answer, tools bool) {
	answer = r.events || r.families&(flatOutput|flatCompletion|flatGives) != 0
	tools = r.families&(flatTools|flatFunctions) != 0 ||
		r.has(keyOIParams) && strings.Contains(r.str(keyOIParams), `"tools"`)
	for _, d := range order {
		if r.marks&d.bit == 0 {
			continue
		}
		answer = answer || r.hasAny(d.output) || r.hasAny(d.gives) || r.hasAny(d.carries)
		tools = tools || r.hasAny(d.tools)
	}
	return answer, tools
}

func (r *Reader) hasAny(keys []key) bool {
	for _, k := range keys {
		if r.has(k) && !blank(r.at[k]) {
			return true
		}
	}
	return false
}
