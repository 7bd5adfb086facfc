package dialect

import "github.com/faultline-otel/faultline/internal/genai"

// OpenLIT follows the conventions, with its own sentinels (-1, "") and tool attributes. Older versions put content into
// span events.
var (
	_               = intern(inOpenLIT, "gen_ai.endpoint")
	_               = intern(inOpenLIT, "gen_ai.application_name")
	keyLITArgs      = intern(inOTel, "gen_ai.tool.args")
	keyLITInput     = intern(inOTel, "gen_ai.tool.input")
	keyLITParams    = intern(inOTel, "gen_ai.tool.parameters")
	keyLITArguments = intern(inOTel, "gen_ai.tool.arguments")
	keyLITOutput    = intern(inOTel, "gen_ai.tool.output")
	keyLITResult    = intern(inOTel, "gen_ai.tool.result")
	keyLITDefs      = intern(inOTel, "gen_ai.request.tools")
	keyLITTotalCost = intern(inOTel, "gen_ai.usage.total_cost")
)

var openLIT = dialect{
	bit:        inOpenLIT | inOTel,
	toolArgs:   []key{keyLITArgs, keyLITInput, keyLITArguments, keyLITParams},
	toolResult: []key{keyLITOutput, keyLITResult},
	tools:      []key{keyLITDefs},
	scalars: func(r *Reader, c *genai.Call) {
		fillOpt(&c.CostUSD, r.float(keyLITTotalCost))
	},
	about: []emitter{
		{
			name: "OpenLIT", seen: "recorded spans of 2025; source of 2026",
			reads: "the conventions, tools, cost, session, user, content in events",
			lacks: "a price that it does not know is 0",
			needs: "`capture_message_content=True` is on",
		},
	},
}
