package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Spring AI: model observations follow the conventions. The chat client, its advisors, tools and vector stores are
// observations of the framework. They have spring_ai as the system and "framework" as the operation.
var (
	keySpringKind  = intern(inSpring, "spring.ai.kind")
	keySpringIn    = intern(inSpring, "spring.ai.tool.call.arguments")
	keySpringOut   = intern(inSpring, "spring.ai.tool.call.result")
	keySpringID    = intern(inSpring, "spring.ai.tool.call.id")
	keySpringTool  = intern(inSpring, "spring.ai.tool.definition.name")
	keySpringAsk   = intern(inSpring, "spring.ai.chat.client.input")
	keySpringReply = intern(inSpring, "spring.ai.chat.client.output")
	keySpringUser  = intern(inSpring, "spring.ai.chat.client.user.text")
	keySpringTalk  = intern(inSpring, "spring.ai.chat.client.conversation.id")
)

var spring = dialect{
	bit:        inSpring,
	input:      []key{keySpringAsk, keySpringUser},
	output:     []key{keySpringReply},
	toolArgs:   []key{keySpringIn},
	toolResult: []key{keySpringOut},
	scalars: func(r *Reader, c *genai.Call) {
		switch strings.ToLower(r.str(keySpringKind)) {
		case "tool_call":
			fill(&c.Operation, genai.OpExecuteTool)
		case "chat_client", "advisor":
			fill(&c.Operation, genai.OpChain)
			c.LLM = genai.Some(false)
		case "vector_store": // the vector store's own attributes tell a search from a write
			if r.marks&inVectorStore == 0 && (!r.has(keyDBOperation) || searches(r.str(keyDBOperation))) {
				fill(&c.Operation, genai.OpRetrieval)
			}
		}
		fill(&c.ToolName, r.str(keySpringTool))
		fill(&c.ToolCallID, r.str(keySpringID))
		if talk := r.name(keySpringTalk); talk != "default" { // the value of a client without a conversation
			fill(&c.SessionID, talk)
		}
	},
	about: []emitter{{
		name: "Spring AI", seen: "source of 1.0; documentation of 2.0",
		reads: "model calls, tools, chat client and advisors as steps, vector stores as retrievals, conversation id",
		lacks: "prompts and completions are log lines without attributes, so model calls have no content",
		needs: "`spring.ai.tools.observations.include-content=true` for tools; a filter that sets `gen_ai.prompt` and " +
			"`gen_ai.completion` for messages",
	}},
}
