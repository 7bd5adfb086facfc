package dialect

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Whom and what a call belongs to: its session, user, agent and prompt. Emitters have attributes of their own for these
// (identityKeys), and users put them into the metadata of their framework (identityWords below identityPrefixes).

// identity is one of these facts.
type identity uint8

const (
	identSession identity = iota
	identUser
	identAgent
	identAgentVersion
	identPrompt
	identPromptVersion
	identities
)

// identityKeys are the attributes of emitters, preferred ones first. What a span says about itself in metadata comes
// after them.
var identityKeys = [identities][]key{
	identSession: {
		keyConversation, keySession,
		intern(inLangfuse, "langfuse.session.id"),
		intern(inADK, "gcp.vertex.agent.session_id"),
		intern(inOTel, "gen_ai.session.id"), // OpenLIT
		intern(inOTel, "gen_ai.thread.id"),  // Azure AI agents
		intern(inGenkit, "genkit:sessionId"),
		intern(inMLflow, "mlflow.trace.session"),
		intern(0, "langwatch.thread.id"),
		intern(0, "lmnr.association.properties.session_id"),
		intern(0, "ag.session.id"),
		intern(0, "honeyhive.session_id"), intern(0, "honeyhive_session_id"),
		intern(0, "confident.trace.thread_id"),
		intern(0, "wandb.thread_id"), // Weave
	},
	identUser: {
		keyUser, keyEndUser,
		intern(0, "enduser.pseudo.id"),
		intern(inOTel, "gen_ai.request.user"),
		intern(inLangfuse, "langfuse.user.id"),
		intern(inOTel, "gen_ai.user.id"), // OpenLIT
		intern(inMLflow, "mlflow.trace.user"),
		intern(inOpenLLMetry, "llm.user"),
		intern(0, "kagent.user_id"),
		// LiteLLM: whom the key serves, before who owns it
		intern(0, "metadata.user_api_key_end_user_id"), intern(0, "metadata.user_api_key_user_id"),
		intern(inLiveKit, "lk.pii.participant_identity"),
		intern(0, "langwatch.user.id"),
		intern(0, "lmnr.association.properties.user_id"),
		intern(0, "ag.user.id"),
		intern(0, "honeyhive_user_id"), intern(0, "honeyhive_user_properties.user_id"),
		intern(0, "confident.trace.user_id"),
	},
	identAgent: {
		keyAgentName,
		intern(inLiveKit, "lk.agent_name"),
		intern(inLiveKit, "lk.agent_label"),
		keyOIAgent, keyPYAgent, keyAIFunction,
	},
	identAgentVersion: {intern(inOTel, "gen_ai.agent.version")},
	identPrompt: {
		keyPromptName,
		intern(inLangfuse, "langfuse.observation.prompt.name"),
		intern(inLangfuse, "langfuse.prompt.name"),
		intern(inOpenLLMetry, "traceloop.prompt.key"),
		intern(inOpenInference, "prompt.id"),
		intern(0, "langwatch.prompt.handle"), intern(0, "langwatch.prompt.id"),
		intern(inConfident, "confident.span.prompt_alias"),
	},
	identPromptVersion: {
		keyPromptVersion,
		intern(inLangfuse, "langfuse.observation.prompt.version"),
		intern(inLangfuse, "langfuse.prompt.version"),
		intern(inOpenLLMetry, "traceloop.prompt.version"),
		intern(inOpenLLMetry, "traceloop.prompt.version_name"),
		intern(inOpenLLMetry, "traceloop.prompt.version_hash"),
		intern(inOpenInference, "llm.prompt_template.version"),
		intern(0, "langwatch.prompt.version.number"),
		intern(inConfident, "confident.span.prompt_version"),
	},
}

// init marks the attributes that may tell a fact, also under their second names. A span has few of the many.
func init() { //nolint:gochecknoinits // after all other initializers, which fill the table
	for i := range keyTable {
		for what, keys := range identityKeys {
			if keyTable[i].key != 0 && slices.Contains(keys, keyTable[i].key) {
				keyTable[i].marks |= inIdentity << what
			}
		}
	}
}

// The last resort: ids that join fewer calls than a conversation has.
var (
	keyMCPSession = intern(inMCP, "mcp.session.id")
	keyLogGroup   = intern(0, "group_id") // Logfire, OpenAI Agents
)

// identityPrefixes are where frameworks keep the metadata of their users, preferred ones first. "" stands for baggage
// that a span processor copies under its own names. Names of projects look alike and have other prefixes
// (langsmith.trace.session_name).
var identityPrefixes = []string{
	"", "langsmith.metadata.", "traceloop.association.properties.", "ai.telemetry.metadata.",
	"vercel.ai.telemetry.metadata.", "ai.settings.context.",
	"ai.settings.runtimeContext.", "ai.telemetry.context.", "metadata.", "mastra.metadata.",
	"langfuse.trace.metadata.", "langfuse.observation.metadata.", "gen_ai.request.metadata.", "gen_ai.metadata.",
	"llm.request.metadata.", "llm.metadata.", "mlflow.trace.metadata.", "litellm.metadata.", "request.metadata.",
	"genkit:metadata:context:", "genkit:metadata:", "lmnr.association.properties.", "braintrust.metadata.",
	"langwatch.metadata.", "honeyhive_metadata.", "confident.trace.metadata.", "baggage.", "lk.", "attributes.", "app.",
}

// identityEmitters are the first words of attributes of emitters. A session below one of them is that of the call
// (agno.session.id, copilot_chat.session_id), where no prefix above has one. Sessions of browsers, databases and MCP
// are others.
var identityEmitters = []string{
	"gen_ai", "ai", "llm", "agent", "agno", "mastra", "crewai", "strands", "langfuse", "langgraph", "braintrust",
	"openclaw", "copilot_chat", "github", "autogen", "openai", "anthropic", "logfire", "livekit", "gcp", "chat", "context",
	"confident", "haystack", "dify", "smolagents", "llamaindex", "posthog",
}

// identityKeysJSON are attributes that hold the same metadata as one JSON object: the prefixes without their end, and
// the metadata of a request as LiteLLM records it.
var identityKeysJSON = func() (keys []key) {
	for _, prefix := range identityPrefixes {
		switch name := strings.TrimRight(prefix, ".:"); name {
		case "", "lk", "app", "attributes", "baggage":
		default:
			keys = append(keys, intern(inMetadata, name))
		}
	}
	return append(keys, keyLiteMetadata)
}()

var keyLiteMetadata = intern(inMetadata, "metadata.requester_metadata")

// identityWord returns the fact that a name in metadata stands for, and its rank: the lower one is preferred. ok is
// false for other names.
func identityWord(word string) (what identity, rank int, ok bool) {
	switch word {
	case "session_id", "sessionId", "session.id", "sessionID", "langfuse_session_id", "langfuseSessionId":
		return identSession, 0, true
	case "conversation_id", "conversationId", "conversation.id", "conversationID":
		return identSession, 1, true
	case "thread_id", "threadId", "thread.id", "threadID":
		return identSession, 2, true
	case "chat_id", "chatId", "chat.id", "chatID", "chat_session_id", "chatSessionId":
		return identSession, 3, true
	case "user_id", "userId", "user.id", "userID", "langfuse_user_id", "langfuseUserId":
		return identUser, 0, true
	case "end_user_id", "endUserId", "enduser.id", "enduser_id":
		return identUser, 1, true
	case "customer_id", "customerId", "resourceId", "resource_id":
		return identUser, 2, true
	case "agent_name", "agentName", "agent.name", "lc_agent_name":
		return identAgent, 0, true
	case "agent_version", "agentVersion", "agent.version":
		return identAgentVersion, 0, true
	case "prompt_name", "promptName", "prompt.name":
		return identPrompt, 0, true
	case "prompt_key", "promptKey", "prompt_id", "promptId", "prompt.id", "lc_hub_repo": // the last of LangSmith
		return identPrompt, 1, true
	case "prompt_version", "promptVersion", "prompt.version", "lc_hub_commit_hash":
		return identPromptVersion, 0, true
	}
	return 0, 0, false
}

// identityRanks is how many ranks identityWord has.
const identityRanks = 4

// found is the best attribute for a fact so far.
type found struct {
	value pcommon.Value
	order int // of its prefix and its word, 0 if there is none
}

// identify keeps the attribute if its name tells whom or what the call belongs to.
func (r *Reader) identify(name string, value pcommon.Value) {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		dot = strings.LastIndexByte(name, ':')
	}
	what, rank, ok := identityWord(name[dot+1:])
	if !ok {
		if name[dot+1:] != "id" && name[dot+1:] != "name" && name[dot+1:] != "version" {
			return
		}
		// Two segments, as in "metadata.session.id".
		dot = strings.LastIndexByte(name[:max(dot, 0)], '.')
		if what, rank, ok = identityWord(name[dot+1:]); !ok {
			return
		}
	}
	prefix := slices.Index(identityPrefixes, name[:dot+1])
	if emitter, _, _ := strings.Cut(name, "."); prefix < 0 && what <= identUser &&
		slices.Contains(identityEmitters, strings.TrimPrefix(emitter, "$")) {
		prefix = len(identityPrefixes)
	}
	if prefix < 0 || prefix == 0 && (what == identAgent || what == identAgentVersion || name == "thread.id") {
		return // names of other things, like a thread of the operating system
	}
	if f := &r.identity[what]; f.order == 0 || prefix*identityRanks+rank+1 < f.order {
		*f = found{value, prefix*identityRanks + rank + 1}
	}
}

// identities fills whom and what the call belongs to.
func (r *Reader) identities(c *genai.Call) {
	fields := [identities]*string{
		&c.SessionID, &c.UserID, &c.AgentName, &c.AgentVersion, &c.PromptName, &c.PromptVersion,
	}
	for what, field := range fields {
		if *field == "" && r.marks&(inIdentity<<what) != 0 {
			*field = r.name(identityKeys[what]...)
		}
		if f := &r.identity[what]; *field == "" && f.order != 0 {
			*field = named(f.value.AsString())
		}
	}
	for _, k := range identityKeysJSON {
		if r.marks&inMetadata == 0 || c.SessionID != "" && c.UserID != "" {
			break
		}
		if r.has(k) {
			text := contentText(r, k)
			if k == keyLiteMetadata && strings.HasPrefix(text, "{'") { // a dictionary as Python prints it
				text = strings.ReplaceAll(text, "'", `"`)
			}
			metadata(text, &fields)
		}
	}
	if r.requested.metadata != "" {
		metadata(r.requested.metadata, &fields)
	}
	fill(&c.UserID, named(r.requested.user))
	fill(&c.SessionID, r.name(keyMCPSession, keyLogGroup))
}

// maxMetadata bounds the members of a metadata object that are looked at.
const maxMetadata = 64

// metadata fills facts from a JSON object of a user's metadata.
func metadata(text string, fields *[identities]*string) {
	cur := cursor{s: text}
	if !cur.open('{') {
		return
	}
	var best [identities]int
	var values [identities]string
	for key, n := "", 0; cur.member(&key) && n < maxMetadata; n++ {
		what, rank, ok := identityWord(key)
		if !ok {
			cur.skip()
			continue
		}
		if value := named(cur.scalar()); value != "" && (best[what] == 0 || rank+1 < best[what]) {
			best[what], values[what] = rank+1, value
		}
	}
	for what, value := range values {
		fill(fields[what], value)
	}
}
