package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// LangWatch SDKs wrap input and output: {"type": "chat_messages", "value": …}. Model and usage follow the conventions,
// or stand in a JSON of metrics.
var (
	keyLWType     = intern(inLangWatch, "langwatch.span.type")
	keyLWInput    = intern(inLangWatch, "langwatch.input")
	keyLWOutput   = intern(inLangWatch, "langwatch.output")
	keyLWContexts = intern(inLangWatch, "langwatch.rag_contexts")
	keyLWRag      = intern(inLangWatch, "langwatch.rag.contexts")
	keyLWContext  = intern(inLangWatch, "langwatch.contexts")
	keyLWMetrics  = intern(inLangWatch, "langwatch.metrics")
	keyLWParams   = intern(0, "langwatch.params")
	keyLWCost     = intern(0, "langwatch.span.cost")
	keyLWStream   = intern(0, "langwatch.gen_ai.streaming")
)

var langWatch = dialect{
	bit:       inLangWatch,
	documents: []key{keyLWContexts, keyLWRag, keyLWContext},
	carries:   []key{keyLWInput, keyLWOutput},
	scalars: func(r *Reader, c *genai.Call) {
		fill(&c.Operation, kindOperation(r.str(keyLWType)))
		fillOpt(&c.CostUSD, r.float(keyLWCost))
		fillOpt(&c.Streaming, r.flag(keyLWStream))
		if r.has(keyLWMetrics) {
			readUsage(wrappedValue(contentText(r, keyLWMetrics)), &c.Usage)
		}
		if r.has(keyLWParams) {
			r.requested.read(wrappedValue(contentText(r, keyLWParams)))
			r.requested.apply(c)
		}
		if c.Operation == genai.OpExecuteTool {
			fill(&c.ToolName, r.span.Name())
		}
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		return r.loadPair(c, content, part, r.wrapped(keyLWInput), r.wrapped(keyLWOutput))
	},
	about: []emitter{{
		name: "LangWatch", seen: "source of 2026",
		reads: "kind, messages, answer, usage, contexts of a retrieval, thread, user, prompt",
		needs: "content is on; `dataCapture` turns it off",
	}},
}

// wrapped returns the value in an attribute that wraps it, or "".
func (r *Reader) wrapped(k key) string {
	if !r.has(k) || blank(r.at[k]) {
		return ""
	}
	return wrappedValue(r.text(r.at[k]))
}

// wrappedValue unwraps {"type": …, "value": …}. Any other text is returned unchanged.
func wrappedValue(text string) string {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") || !strings.Contains(text, `"value"`) {
		return text
	}
	return firstOf(memberRaw(text, "value"), text)
}
