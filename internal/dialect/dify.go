package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Dify records one span a workflow node. Like the instrumentations of Alibaba Cloud (LoongSuite, ARMS), it states the
// kind in gen_ai.span.kind, and no operation name.
var (
	keyDifyKind  = intern(inDify, "gen_ai.span.kind")
	_            = intern(inDify, "gen_ai.framework")
	keyDifyTTFT  = intern(inDify, "gen_ai.user.time_to_first_token") // nanoseconds
	keyDifyQuery = intern(0, "retrieval.query")
	keyDifyDocs  = intern(0, "retrieval.document")
)

var dify = dialect{
	bit:       inDify,
	query:     []key{keyDifyQuery},
	documents: []key{keyDifyDocs},
	scalars: func(r *Reader, c *genai.Call) {
		kind := r.str(keyDifyKind)
		if name := r.str(keyOperation); name == strings.ToUpper(name) { // none, or a second kind: WORKFLOW, TASK
			fill(&c.Operation, kindOperation(kind))
		}
		if kind == "LLM" && r.has(keyInputMessages) {
			r.forget(keyOIInput) // the variables of the node, not the prompt
			r.forget(keyOIOutput)
		}
		// The provider may be the id of a plugin: langgenius/openai/openai.
		if name := r.str(keyProvider); strings.Contains(name, "/") {
			r.setProvider(c, name[strings.LastIndexByte(name, '/')+1:])
		}
		if ns := r.float(keyDifyTTFT); ns.Set && ns.Value > 0 {
			fillOpt(&c.TTFT, genai.Some(ns.Value/1e6))
		}
		if reason := r.str(keyFinishReason); reason != "" && len(c.FinishReasons) == 0 {
			c.FinishReasons = append(c.FinishReasons, reason)
		}
	},
	about: []emitter{{
		name: "Dify, LoongSuite", seen: "source of Dify, 2026",
		reads: "model, provider, usage, messages, finish reason, tools, retrieved documents",
		lacks: "calls of agent nodes; a finish reason that Dify does not know is `stop` in its messages",
		needs: "`ENABLE_OTEL=true`",
	}},
}
