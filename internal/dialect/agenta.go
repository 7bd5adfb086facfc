package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Agenta flattens inputs and outputs into attributes, down to a depth, and writes the rest as marked JSON.
var (
	keyAgType      = intern(inAgenta, "ag.type.node")
	keyAgSpan      = intern(inAgenta, "ag.type.span")
	keyAgIn        = intern(inAgenta, "ag.data.inputs")
	keyAgOut       = intern(inAgenta, "ag.data.outputs")
	keyAgParams    = intern(inAgenta, "ag.data.parameters")
	keyAgModel     = intern(inAgenta, "ag.meta.request.model")
	keyAgResponse  = intern(0, "ag.meta.response.model")
	keyAgSystem    = intern(0, "ag.meta.system")
	keyAgPrompt    = intern(inAgenta, "ag.metrics.unit.tokens.prompt")
	keyAgComplete  = intern(inAgenta, "ag.metrics.unit.tokens.completion")
	keyAgTotal     = intern(inAgenta, "ag.metrics.unit.tokens.total")
	keyAgPrompt2   = intern(inAgenta, "ag.metrics.tokens.incremental.prompt")
	keyAgComplete2 = intern(inAgenta, "ag.metrics.tokens.incremental.completion")
	keyAgTotal2    = intern(inAgenta, "ag.metrics.tokens.incremental.total")
	keyAgCost      = intern(inAgenta, "ag.metrics.unit.costs.total")
	keyAgCost2     = intern(inAgenta, "ag.metrics.costs.incremental.total")
)

var agenta = dialect{
	bit:     inAgenta,
	carries: []key{keyAgIn, keyAgOut},
	scalars: func(r *Reader, c *genai.Call) {
		fill(&c.Operation, kindOperation(r.str(keyAgType, keyAgSpan)))
		r.setProvider(c, r.name(keyAgSystem))
		fill(&c.RequestModel, r.str(keyAgModel))
		fill(&c.ResponseModel, r.str(keyAgResponse))
		u := &c.Usage
		fillOpt(&u.Input, r.count(keyAgPrompt, keyAgPrompt2))
		fillOpt(&u.Output, r.count(keyAgComplete, keyAgComplete2))
		fillOpt(&u.Total, r.count(keyAgTotal, keyAgTotal2))
		fillOpt(&c.CostUSD, r.float(keyAgCost, keyAgCost2))
		if r.has(keyAgParams) {
			r.requested.read(unmarked(contentText(r, keyAgParams)))
			r.requested.apply(c)
			if isModelOperation(c.Operation) {
				fill(&c.RequestModel, r.requested.model)
			}
		}
		if c.Operation == genai.OpExecuteTool {
			fill(&c.ToolName, r.span.Name())
		}
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		if part == genai.PartTools || part == genai.PartSchema {
			return false
		}
		return r.loadPair(c, content, part, r.agentaValue(keyAgIn, "ag.data.inputs."),
			r.agentaValue(keyAgOut, "ag.data.outputs."))
	},
	about: []emitter{{
		name: "Agenta", seen: "source of 2026",
		reads: "kind, inputs and outputs, parameters, model, usage, cost, session, user",
		needs: "content is on; `@ag.instrument(ignore_inputs=…, ignore_outputs=…)` turns it off",
	}},
}

// agentaValue returns the JSON of a value, from one attribute or from the attributes of its members.
func (r *Reader) agentaValue(whole key, prefix string) string {
	if r.has(whole) && !blank(r.at[whole]) {
		return unmarked(contentText(r, whole))
	}
	if r.families&(flatTakes|flatGives) == 0 {
		return ""
	}
	text := r.nested(prefix)
	return firstOf(memberRaw(text, "__default__"), text) // a function's only result
}

func unmarked(text string) string { return strings.TrimPrefix(text, jsonMark) }
