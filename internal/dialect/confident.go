package dialect

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Confident AI (DeepEval): input and output as JSON or text, model and counts under names of their own.
var (
	keyCAType     = intern(inConfident, "confident.span.type")
	keyCAInput    = intern(inConfident, "confident.span.input")
	keyCAOutput   = intern(inConfident, "confident.span.output")
	keyCAError    = intern(0, "confident.span.error")
	keyCAModel    = intern(inConfident, "confident.llm.model")
	keyCAIn       = intern(inConfident, "confident.llm.input_token_count")
	keyCAOut      = intern(inConfident, "confident.llm.output_token_count")
	keyCACostIn   = intern(inConfident, "confident.llm.cost_per_input_token")
	keyCACostOut  = intern(inConfident, "confident.llm.cost_per_output_token")
	keyCATool     = intern(inConfident, "confident.tool.name")
	keyCAAgent    = intern(inConfident, "confident.agent.name")
	keyCAContext  = intern(inConfident, "confident.span.retrieval_context")
	keyCAContext2 = intern(inConfident, "confident.span.context")
	keyCAName     = intern(inConfident, "confident.span.name")
	_             = intern(inConfident, "confident.retriever.embedder")
	_             = intern(inConfident, "confident.retriever.top_k")
)

var confident = dialect{
	bit:       inConfident,
	takes:     []key{keyCAInput},
	gives:     []key{keyCAOutput},
	query:     []key{keyCAInput},
	documents: []key{keyCAContext, keyCAContext2},
	scalars: func(r *Reader, c *genai.Call) {
		fill(&c.Operation, kindOperation(r.str(keyCAType)))
		if c.RequestModel == "" && c.ResponseModel == "" {
			fill(&c.Model, r.name(keyCAModel))
		}
		u := &c.Usage
		fillOpt(&u.Input, r.count(keyCAIn))
		fillOpt(&u.Output, r.count(keyCAOut))
		if in, out := r.float(keyCACostIn), r.float(keyCACostOut); in.Set && out.Set && u.Input.Set && u.Output.Set {
			fillOpt(&c.CostUSD, genai.Some(in.Value*float64(u.Input.Value)+out.Value*float64(u.Output.Value)))
		}
		switch c.Operation {
		case genai.OpExecuteTool:
			fill(&c.ToolName, firstOf(r.str(keyCATool), r.str(keyCAName), r.span.Name()))
		case genai.OpInvokeAgent:
			fill(&c.AgentName, firstOf(r.str(keyCAAgent), r.str(keyCAName)))
		}
		if message := strings.TrimSpace(r.name(keyCAError)); message != "" {
			c.Error.IsError = true
			fill(&c.Error.Message, message)
		}
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		return part == genai.PartInput && c.Operation == genai.OpChat && r.has(keyCAInput) &&
			r.at[keyCAInput].Type() == pcommon.ValueTypeSlice &&
			r.messagesFrom(c, content, r.listOfJSON(r.at[keyCAInput].Slice()), false)
	},
	about: []emitter{{
		name: "Confident AI (DeepEval)", seen: "source of deepeval, 2026",
		reads: "kind, input, output, model, usage, price a token, retrieval context, thread, user, prompt",
		lacks: "provider and finish reason, unless the span also follows the conventions",
	}},
}

// listOfJSON returns an array of strings that hold JSON as the JSON of a list.
func (r *Reader) listOfJSON(list pcommon.Slice) string {
	b := []byte{'['}
	for i := 0; i < list.Len() && len(b) < maxField; i++ {
		if i > 0 {
			b = append(b, ',')
		}
		if text := strings.TrimSpace(textOfValue(list.At(i))); looksLikeJSON(text) {
			b = append(b, text...)
		} else {
			b = appendJSON(b, list.At(i), 1)
		}
	}
	return string(append(b, ']'))
}
