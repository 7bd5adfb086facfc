package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Google ADK: request and response are Gemini JSON. gen_ai.system names the framework, whatever the model is.
var (
	keyADKRequest   = intern(inADK, "gcp.vertex.agent.llm_request")
	keyADKResponse  = intern(inADK, "gcp.vertex.agent.llm_response")
	keyADKArgs      = intern(inADK, "gcp.vertex.agent.tool_call_args")
	keyADKReply     = intern(inADK, "gcp.vertex.agent.tool_response")
	keyADKReasoning = intern(inOTel|inTokenDetails, "gen_ai.usage.experimental.reasoning_tokens")
	_               = intern(inADK, "gcp.vertex.agent.invocation_id")
	_               = intern(inADK, "gcp.vertex.agent.event_id")
)

var adk = dialect{
	bit:        inADK,
	input:      []key{keyADKRequest},
	output:     []key{keyADKResponse},
	toolArgs:   []key{keyADKArgs},
	toolResult: []key{keyADKReply},
	scalars: func(r *Reader, c *genai.Call) {
		name := r.span.Name()
		first, rest, _ := strings.Cut(name, " ")
		switch {
		case r.has(keyOperation):
		case first == "call_llm":
			fill(&c.Operation, genai.OpChat)
		case first == "invocation":
			fill(&c.Operation, genai.OpInvocation)
		case first == "invoke_agent", first == "agent_run":
			fill(&c.Operation, genai.OpInvokeAgent)
			fill(&c.AgentName, firstOf(r.str(keyAgentName), strings.Trim(rest, "[]")))
		case first == "execute_tool":
			fill(&c.Operation, genai.OpExecuteTool)
			if !strings.HasPrefix(rest, "(") {
				fill(&c.ToolName, firstOf(r.str(keyToolName), rest))
			}
		}
		if r.scopeMarks&inADK != 0 && r.str(keyOperation) == "generate_content" && first == "generate_content" {
			// ADK itself wraps this span in call_llm, which carries the same request and usage.
			c.LLM = genai.Some(false)
		}
		if r.has(keyADKRequest) && !blank(r.at[keyADKRequest]) {
			r.requested.read(contentText(r, keyADKRequest))
			r.requested.apply(c)
			fill(&c.RequestModel, firstOf(r.str(keyRequestModel), r.requested.model))
		}
		if r.has(keyADKResponse) && !blank(r.at[keyADKResponse]) {
			r.adkResponse(c)
		}
		if r.has(keyADKReasoning) || !r.has(keyReasoning) {
			r.usage.form = formADK // version 2.3 brought the attribute of the conventions, and counts as they do
		}
	},
	load: func(r *Reader, _ *genai.Call, content *genai.Content, part genai.Part) bool {
		return part == genai.PartTools && !r.has(keyToolDefs) && r.toolsOfRequest(content, keyADKRequest)
	},
	about: []emitter{
		{
			name: "Google ADK", seen: "spans of 1.0 and 1.22; source of 2.x",
			reads: "model calls with request and response, tools, agents, usage, session",
			lacks: "the provider: it names itself",
			needs: "content is on; `ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS=false` turns it off",
		},
	},
}

// adkResponse reads what only the response JSON holds: cached and thought tokens, an error and the model version.
func (r *Reader) adkResponse(c *genai.Call) {
	text := contentText(r, keyADKResponse)
	cur := cursor{s: text}
	if !cur.open('{') {
		return
	}
	for key := ""; cur.member(&key); {
		switch key {
		case "usage_metadata", "usageMetadata":
			var u genai.Usage
			readUsage(cur.raw(), &u)
			if output := r.count(keyOutputTokens); output.Set && output == u.Output {
				r.usage.form = formADK // the span repeats the count of Gemini
			}
			fillOpt(&c.Usage.Input, r.count(keyInputTokens))
			fillOpt(&c.Usage.Input, u.Input)
			fillOpt(&c.Usage.Output, r.count(keyOutputTokens))
			fillOpt(&c.Usage.Output, u.Output)
			fillOpt(&c.Usage.Total, u.Total)
			fillOpt(&c.Usage.InputAudio, u.InputAudio)
			fillOpt(&c.Usage.CacheReadAudio, u.CacheReadAudio)
			fillOpt(&c.Usage.OutputAudio, u.OutputAudio)
			fillOpt(&c.Usage.InputImage, u.InputImage)
			fillOpt(&c.Usage.OutputImage, u.OutputImage)
			fillOpt(&c.Usage.CacheRead, u.CacheRead)
			fillOpt(&c.Usage.Reasoning, u.Reasoning)
		case "model_version", "modelVersion":
			fill(&c.ResponseModel, cur.scalar())
		case "error_code", "errorCode":
			if code := cur.scalar(); code != "" {
				c.Error.IsError = true
				fill(&c.Error.Type, code)
			}
		case "error_message", "errorMessage":
			fill(&c.Error.Message, cur.scalar())
		default:
			cur.skip()
		}
	}
}
