package dialect

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// dialects is the set of dialects whose attributes a span carries. A span often has several.
type dialects uint64

const (
	inOTel dialects = 1 << iota
	inOpenInference
	inOpenLLMetry
	inVercel
	inLangfuse
	inLangSmith
	inPydantic
	inLogfire
	inStrands
	inADK
	inGenkit
	inLiveKit
	inOpenLIT
	inClaudeCode
	inLiteLLM
	inMLflow
	inHaystack
	inMCP
	inCrewAI
	inAnthropicSDK
	inAgentFramework
	inCodex
	inCLI
	inOpenClaw
	inAgentEvents
	inSentry
	inBraintrust
	inLangWatch
	inLaminar
	inAgenta
	inHoneyHive
	inWeave
	inConfident
	inSpring
	inDify
	inServer
	inLlamaIndex
	inVectorStore
	inTokenDetails // spellings of token counts that few emitters use
	inMetadata     // metadata of a user as one JSON object

	inIdentity // a session; the bits above it stand for the other facts of identityKeys
)

// key is the index in Reader.at of an attribute that a dialect reads. 0 is not a key.
type key uint16

// maxKeys bounds how many attributes all dialects read in total.
const maxKeys = 800

type keyEntry struct {
	key   key
	marks dialects
}

// keyTable maps an attribute name to its key. It uses open addressing because every attribute of every span is looked
// up. Variable initializers of the dialects fill it before the first read, and it never changes afterwards.
var keyTable [1 << keyBits]struct {
	name string
	keyEntry
}

const keyBits = 11

// keys counts the entries of keyTable.
var keys key

// lookup finds the key of an attribute.
func lookup(name string) (keyEntry, bool) {
	e := &keyTable[slotOf(name)]
	return e.keyEntry, e.name == name && e.key != 0
}

// slotOf returns the slot of a name in keyTable, or the free slot where it belongs.
func slotOf(name string) int {
	i := hashName(name) >> (64 - keyBits)
	for keyTable[i].key != 0 && keyTable[i].name != name {
		i = (i + 1) & (1<<keyBits - 1)
	}
	return int(i)
}

// hashName hashes the length and both ends of a name, because names like gen_ai.usage.input_tokens differ there.
func hashName(name string) uint64 {
	n := len(name)
	h := uint64(n)
	if n >= 8 {
		h = (h ^ load64(name[n-8:])) * 0x9e3779b97f4a7c15
		return (h ^ h>>29 ^ load64(name[max(0, n-16):])) * 0xd6e8feb86659fd93
	}
	for i := range n {
		h = (h ^ uint64(name[i])) * 0x100000001b3
	}
	return h * 0xd6e8feb86659fd93
}

func load64(s string) uint64 {
	s = s[:8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// intern returns the key of an attribute. The attribute is evidence of the given dialects. 0 marks an attribute that is
// read but proves nothing, like session.id.
func intern(marks dialects, name string) key {
	e := &keyTable[slotOf(name)]
	if e.key == 0 {
		keys++
		if keys >= maxKeys {
			panic("dialect: more attributes than maxKeys: " + name)
		}
		e.name, e.key = name, keys
	}
	e.marks |= marks
	return e.key
}

// family is a set of flattened attributes (llm.input_messages.0.message.role, …). A span can have any number of them.
type family uint16

const (
	flatInput      family = 1 << iota // llm.input_messages.N.
	flatOutput                        // llm.output_messages.N.
	flatTools                         // llm.tools.N.
	flatDocuments                     // retrieval.documents.N.
	flatPrompt                        // gen_ai.prompt.N.
	flatCompletion                    // gen_ai.completion.N.
	flatFunctions                     // llm.request.functions.N.
	flatTakes                         // members of an input that was flattened into attributes
	flatGives                         // members of such an output
	flatVariables                     // values that a prompt template was filled with
	flatUsage                         // parts of a count of tokens, in a spelling that no key has
)

// flatNamed are the families whose prefix is followed by a name, not by a number.
const flatNamed = flatTakes | flatGives | flatVariables | flatUsage

type familyEntry struct {
	prefix string
	family family
	marks  dialects
}

var families = []familyEntry{
	{"llm.input_messages.", flatInput, inOpenInference},
	{"llm.output_messages.", flatOutput, inOpenInference},
	{"llm.tools.", flatTools, inOpenInference},
	{"retrieval.documents.", flatDocuments, inOpenInference},
	{"gen_ai.prompt.", flatPrompt, inOpenLLMetry},
	{"gen_ai.completion.", flatCompletion, inOpenLLMetry},
	{"llm.request.functions.", flatFunctions, inOpenLLMetry},
	{"llm.prompts.", flatPrompt, inOpenLLMetry},
	{"llm.completions.", flatCompletion, inOpenLLMetry},
	{"reranker.output_documents.", flatDocuments, inOpenInference},
	{"ag.data.inputs.", flatTakes, inAgenta},
	{"ag.data.outputs.", flatGives, inAgenta},
	{"honeyhive_inputs.", flatTakes, inHoneyHive},
	{"honeyhive_outputs.", flatGives, inHoneyHive},
	{prefixVariable, flatVariables, inOTel},
	{prefixTLVariable, flatVariables, inOpenLLMetry},
	{"gen_ai.usage.", flatUsage, inTokenDetails},
	{"llm.usage.", flatUsage, inTokenDetails},
	{"llm.token_count.", flatUsage, inTokenDetails},
	{"ai.usage.", flatUsage, inTokenDetails},
}

// familiesByInitial are the families by the first byte of their prefix, because every unknown attribute is looked up.
var familiesByInitial = func() (by [256][]familyEntry) {
	for _, f := range families {
		by[f.prefix[0]] = append(by[f.prefix[0]], f)
	}
	return by
}()

// familyInitials are the first letters of families, in pairs. Most attributes have others.
var familyInitials = func() (pairs [1 << 10]bool) {
	for _, f := range families {
		pairs[initialsOf(f.prefix)] = true
	}
	return pairs
}()

// familyOf returns the family of a flattened attribute. The name has two letters or more.
func familyOf(name string) (family, dialects) {
	if !familyInitials[initialsOf(name)] {
		return 0, 0
	}
	some := familiesByInitial[name[0]]
	for i := range some {
		f := &some[i]
		if strings.HasPrefix(name, f.prefix) && len(name) > len(f.prefix) &&
			(f.family&flatNamed != 0 || name[len(f.prefix)] >= '0' && name[len(f.prefix)] <= '9') {
			return f.family, f.marks
		}
	}
	return 0, 0
}

// initials are the first letters, in pairs, of the names that evident knows and of those that tell more with their
// value. The index is made of five bits of each letter.
var initials = func() (pairs [1 << 10]bool) {
	for pair := range strings.FieldsSeq("ge gc ll lk la lm op ai al ag br db tr ml mc mo ha ho py cr co sp re qw ve we") {
		pairs[initialsOf(pair)] = true
	}
	return pairs
}()

func initialsOf(name string) int { return int(name[0]&31)<<5 | int(name[1]&31) }

// mayTell reports whether the name of an attribute can show a GenAI span. It leaves out most of the others.
func mayTell(name string) bool { return len(name) >= 4 && initials[initialsOf(name)] }

// evident reports whether an attribute name alone shows a GenAI span. It runs for many attributes of every span before
// anything else, so it looks at few bytes.
func evident(name string) bool {
	if len(name) < 4 {
		return false
	}
	switch name[0] {
	case 'g':
		return name[1] == 'e' && (strings.HasPrefix(name, "gen_ai.") || strings.HasPrefix(name, "genkit:")) ||
			name[1] == 'c' && strings.HasPrefix(name, "gcp.vertex.agent.")
	case 'l':
		switch name[1] {
		case 'l':
			return strings.HasPrefix(name, "llm.")
		case 'k':
			return name[2] == '.'
		case 'a':
			return strings.HasPrefix(name, "langfuse.") || strings.HasPrefix(name, "langsmith.") ||
				strings.HasPrefix(name, "langwatch.") && hasAnyPrefix(name[10:], langWatchNames)
		case 'm':
			return strings.HasPrefix(name, "lmnr.span.") && hasAnyPrefix(name[10:], laminarNames)
		}
	case 'o':
		return name[1] == 'p' && (strings.HasPrefix(name, "openinference.") ||
			strings.HasPrefix(name, "openclaw.") && hasAnyPrefix(name[9:], openClawNames))
	case 'a':
		return name[1] == 'i' && name[2] == '.' && ofVercel(name[3:]) || name[1] == 'l' && name == "all_messages_events" ||
			name[1] == 'g' && (name[2] == '.' && hasAnyPrefix(name[3:], agentaNames) ||
				strings.HasPrefix(name, "agent_framework."))
	case 'b':
		return name[1] == 'r' && strings.HasPrefix(name, "braintrust.") && hasAnyPrefix(name[11:], braintrustNames)
	case 'd':
		return name[1] == 'b' && strings.HasPrefix(name, "db.vector.")
	case 't':
		return name[1] == 'r' && strings.HasPrefix(name, "traceloop.")
	case 'm':
		return name[1] == 'l' && strings.HasPrefix(name, "mlflow.") || name[1] == 'c' && strings.HasPrefix(name, "mcp.") ||
			name[1] == 'o' && name == "model_request_parameters"
	case 'h':
		return name[1] == 'a' && strings.HasPrefix(name, "haystack.") ||
			name[1] == 'o' && strings.HasPrefix(name, "honeyhive_") && hasAnyPrefix(name[10:], honeyHiveNames)
	case 'p':
		return name[1] == 'y' && strings.HasPrefix(name, "pydantic_ai.")
	case 'c':
		return name[1] == 'r' && (name == "crewai_version" || name == "crew_key") ||
			name[1] == 'o' && (strings.HasPrefix(name, "codex.") && hasAnyPrefix(name[6:], codexNames) ||
				strings.HasPrefix(name, "confident.") && hasAnyPrefix(name[10:], confidentNames))
	case 's':
		return name[1] == 'p' && strings.HasPrefix(name, "spring.ai.")
	case 'r':
		return name[1] == 'e' && strings.HasPrefix(name, "retrieval.documents.")
	case 'q':
		return strings.HasPrefix(name, "qwen-code.")
	case 'v':
		return strings.HasPrefix(name, "vercel.ai.")
	case 'w':
		return name == "weave.span.kind"
	}
	return false
}

// Names after the prefix of an emitter that show a GenAI span. The processors of these SDKs write other names, like
// braintrust.parent, on every span of the process.
var (
	agentaNames     = []string{"data.", "type.", "metrics.", "meta.request."}
	braintrustNames = []string{"span_attributes", "input", "output", "metrics"}
	codexNames      = []string{"turn.", "usage."}
	confidentNames  = []string{"span.", "llm.", "tool.", "agent.", "retriever."}
	honeyHiveNames  = []string{"inputs", "outputs", "config"}
	laminarNames    = []string{"type", "input", "output"}
	langWatchNames  = []string{"span.type", "input", "output", "rag", "contexts", "metrics"}
	openClawNames   = []string{
		"model", "provider", "tokens.", "toolName", "content.", "harness.", "agent", "outcome", "tool.",
	}
)

func hasAnyPrefix(name string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// ofVercel reports whether an attribute belongs to the AI SDK. It gets the name without "ai.". Application Insights
// uses the same prefix (ai.cloud.role, ai.operation.id).
func ofVercel(rest string) bool {
	head, _, _ := strings.Cut(rest, ".")
	switch head {
	case "operationId", "model", "prompt", "response", "usage", "toolCall", "settings", "telemetry", "schema", "result",
		"documents", "ranking", "values", "value", "embedding", "embeddings", "stream", "request":
		return true
	}
	return false
}

// scopeMarks returns the dialects that a scope name is evidence of. Scope names are not reliable, so attributes take
// precedence.
func scopeMarks(scope string) dialects {
	if len(scope) < 4 {
		if scope == "ai" {
			return inVercel
		}
		return 0
	}
	switch scope[0] {
	case 'l':
		switch {
		case scope == "langfuse-sdk" || strings.HasPrefix(scope, "langfuse"):
			return inLangfuse
		case scope == "langsmith":
			return inLangSmith
		case scope == "livekit-agents":
			return inLiveKit
		case scope == "litellm":
			return inLiteLLM
		case scope == "llamaindex.opentelemetry.tracer":
			return inLlamaIndex
		case strings.HasPrefix(scope, "logfire.openai") || strings.HasPrefix(scope, "logfire.anthropic") ||
			scope == "logfire.claude_agent_sdk" || scope == "logfire.google_genai" || scope == "logfire.litellm" ||
			scope == "logfire.dspy":
			return inLogfire
		}
	case 'o':
		switch {
		case strings.HasPrefix(scope, "openinference"):
			return inOpenInference
		case strings.HasPrefix(scope, "openlit"):
			return inOpenLIT
		case scope == "openrouter":
			return inOTel
		}
	case '@':
		switch {
		case strings.HasPrefix(scope, "@arizeai/openinference"):
			return inOpenInference
		case strings.HasPrefix(scope, "@traceloop/instrumentation-"):
			return inOpenLLMetry
		}
	case 'g':
		switch scope {
		case "gcp.vertex.agent":
			return inADK
		case "genkit-tracer":
			return inGenkit
		case "gen_ai":
			return inOTel
		case "gemini-cli":
			return inCLI
		}
	case 'q':
		if scope == "qwen-code" {
			return inCLI
		}
	case 'v':
		if strings.HasPrefix(scope, "vllm.") {
			return inServer
		}
	case 's':
		if scope == "strands.telemetry.tracer" {
			return inStrands
		}
	case 'p':
		if scope == "pydantic-ai" || scope == "pydantic_ai" {
			return inPydantic
		}
	case 'c':
		switch {
		case scope == "crewai.telemetry":
			return inCrewAI
		case strings.HasPrefix(scope, "com.anthropic.claude_code"), scope == "claude-code":
			return inClaudeCode
		case strings.HasPrefix(scope, "com.anthropic.sdk."), scope == "com.anthropic.claude-platform":
			return inAnthropicSDK
		}
	case 'h':
		if scope == "haystack" || strings.HasPrefix(scope, "haystack.") {
			return inHaystack
		}
	}
	return 0
}

// weakScopes are the dialects whose scope also covers spans without a model. Those spans need attributes as evidence.
const weakScopes = inVercel | inPydantic | inLogfire | inLiteLLM | inHaystack | inServer | inCLI

// weakEvidence looks for attributes that show a GenAI span only together with their scope.
func weakEvidence(attributes pcommon.Map, scope dialects) bool {
	for name := range attributes.All() {
		switch name {
		case "operation.name":
			if scope&inVercel != 0 {
				return true
			}
		case "tool_arguments", "tool_response", "agent_name", "final_result", "all_messages":
			if scope&inPydantic != 0 {
				return true
			}
		case "request_data", "response_data", "sdk_span_type", "raw_input", "triggered":
			if scope&inLogfire != 0 {
				return true
			}
		}
	}
	return false
}

// NamesModel reports whether a span may be a model call: one of its attributes is called like one that names a model.
// It is quick and errs on the side of true.
func NamesModel(span ptrace.Span) bool {
	for name := range span.Attributes().All() {
		if len(name) < 5 {
			continue
		}
		switch name[len(name)-1] {
		case 'l':
			if name[len(name)-5:] == "model" {
				return true
			}
		case 'e':
			if strings.HasSuffix(name, "model_name") || strings.HasSuffix(name, "model.name") {
				return true
			}
		case 'd':
			if strings.HasSuffix(name, "model.id") {
				return true
			}
		}
	}
	return false
}
