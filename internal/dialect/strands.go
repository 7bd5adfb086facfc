package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// Strands Agents follows the conventions, with content in span events. The AWS distribution moves that content into log
// records. A failed tool has status OK and an error in gen_ai.tool.status.
var (
	keyStrandsTools = intern(inStrands, "gen_ai.agent.tools")
	_               = intern(inStrands, "gen_ai.event.start_time")
)

var strands = dialect{
	bit: inStrands,
	scalars: func(r *Reader, c *genai.Call) {
		if r.span.Name() == "execute_event_loop_cycle" {
			fill(&c.Operation, genai.OpAgentStep)
		}
		switch r.str(keyToolStatus) {
		case "error", "failed", "failure":
			c.Error.IsError = true
		}
	},
	load: func(r *Reader, _ *genai.Call, content *genai.Content, part genai.Part) bool {
		if part != genai.PartTools || !r.has(keyStrandsTools) || r.has(keyToolDefs) {
			return false
		}
		// The attribute holds only names.
		content.Tools = content.Tools[:0]
		for _, name := range appendStrings(nil, r.at[keyStrandsTools]) {
			content.Tools = append(content.Tools, genai.Tool{Name: name})
		}
		return len(content.Tools) > 0
	},
	about: []emitter{
		{
			name: "Strands Agents", seen: "spans and source of 2025",
			reads: "model calls, event loop, tools and their status, messages from events or log records",
			lacks: "the provider: it names itself",
			needs: "`OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental` for messages in attributes",
		},
	},
}
