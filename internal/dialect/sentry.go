package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Sentry's SDKs rename the attributes of the AI SDK before any exporter sees the span: ai.* becomes vercel.ai.*, and
// content moves to gen_ai names that its other integrations use as well. The names are second names of the AI SDK's.
var (
	keySentryOp     = intern(0, "sentry.op")
	keySentryStream = intern(inOTel, "gen_ai.response.streaming")
	_               = renamed(keyAIOperation, keyAIProvider, keyAIRespID, keyAIRespModel, keyAIFinish, keyAIPrompt,
		keyAIMetadata, keyAIFirstChunk, keyAIFirstOld, keyAITotal, keyAINoCache, keyAICacheRead, keyAICacheWrite,
		keyAIReasonTok, keyAIReasonOld, keyAITemperature, keyAIMaxOutput, keyAIMaxTokens, keyAITopP, keyAISeed,
		keyAIOutputKind, keyAIReasoning)
)

// alias makes name a second name of a key of the AI SDK.
func alias(k key, name string) {
	e := &keyTable[slotOf(name)]
	if e.key != 0 && e.key != k {
		panic("dialect: an attribute with two keys: " + name)
	}
	e.name, e.key = name, k
	e.marks |= inSentry | inVercel
}

// renamed gives attributes of the AI SDK the names that Sentry writes: ai.x becomes vercel.ai.x.
func renamed(keys ...key) bool {
	for i := range keyTable {
		name := keyTable[i].name
		for _, k := range keys {
			if keyTable[i].key == k && strings.HasPrefix(name, "ai.") {
				alias(k, "vercel."+name)
			}
		}
	}
	for name, k := range sentryNames {
		alias(k, name)
	}
	return true
}

// sentryNames are the names that Sentry's other integrations use as well.
var sentryNames = map[string]key{
	"gen_ai.request.messages":        keyAIMessages,
	"gen_ai.response.text":           keyAIText,
	"gen_ai.response.tool_calls":     keyAICalls,
	"gen_ai.response.object":         keyAIObject,
	"gen_ai.request.available_tools": keyAITools,
	"gen_ai.request.schema":          keyAISchema,
	"gen_ai.function_id":             keyAIFunction,
}

var sentry = dialect{
	bit: inSentry,
	scalars: func(r *Reader, c *genai.Call) {
		if operation := r.str(keyOperation); strings.HasPrefix(operation, "ai.") { // "ai.generateText.doGenerate greet"
			operation, _, _ = strings.Cut(operation, " ")
			r.vercelOperation(c, operation)
		}
		if name, ok := strings.CutPrefix(r.str(keySentryOp), "gen_ai."); ok && !r.has(keyOperation) {
			operation, _ := operationOf(name)
			fill(&c.Operation, operation)
		}
		fillOpt(&c.Streaming, r.flag(keySentryStream))
	},
	about: []emitter{{
		name: "Sentry (AI SDK and AI integrations)", seen: "source of sentry-javascript 9 and 10",
		reads: "what the AI SDK records, under Sentry's names",
		lacks: "operation names, until they follow the conventions",
		needs: "`recordInputs` and `recordOutputs`",
	}},
}
