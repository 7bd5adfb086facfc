package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Haystack: pipeline components hold input and output as JSON. The metadata of the answer names the model.
var (
	keyHSType    = intern(inHaystack, "haystack.component.type")
	keyHSName    = intern(inHaystack, "haystack.component.name")
	keyHSInput   = intern(inHaystack, "haystack.component.input")
	keyHSOutput  = intern(inHaystack, "haystack.component.output")
	keyHSTool    = intern(inHaystack, "haystack.tool.name")
	keyHSCallID  = intern(inHaystack, "haystack.tool.call.id")
	keyHSArgs    = intern(inHaystack, "haystack.tool.input")
	keyHSResult  = intern(inHaystack, "haystack.tool.output")
	keyHSAgentIn = intern(inHaystack, "haystack.agent.input")
	keyHSAgent   = intern(inHaystack, "haystack.agent.output")
	_            = intern(inHaystack, "haystack.pipeline.metadata")
)

var haystack = dialect{
	bit:        inHaystack,
	takes:      []key{keyHSInput, keyHSAgentIn},
	gives:      []key{keyHSOutput, keyHSAgent},
	toolArgs:   []key{keyHSArgs},
	toolResult: []key{keyHSResult},
	scalars: func(r *Reader, c *genai.Call) {
		component := r.str(keyHSType)
		fill(&c.Operation, haystackOperation(r.span.Name(), component))
		fill(&c.ToolName, r.str(keyHSTool))
		fill(&c.ToolCallID, r.str(keyHSCallID))
		switch c.Operation {
		case genai.OpInvokeAgent:
			fill(&c.AgentName, r.str(keyHSName))
		case genai.OpChat:
			r.haystackReply(c)
		}
	},
	about: []emitter{
		{
			name: "Haystack", seen: "source of 2026",
			reads: "generators, retrievers, tools, agents, pipelines",
			lacks: "provider",
			needs: "`HAYSTACK_CONTENT_TRACING_ENABLED=true`",
		},
	},
}

func haystackOperation(span, component string) string {
	switch {
	case strings.HasPrefix(span, "haystack.agent.step.llm"):
		return genai.OpChat
	case strings.HasPrefix(span, "haystack.agent.step.tool"), span == "haystack.tool.run":
		return genai.OpExecuteTool
	case strings.HasPrefix(span, "haystack.agent.step"):
		return genai.OpAgentStep
	case strings.HasPrefix(span, "haystack.agent"), strings.HasSuffix(component, "Agent"):
		return genai.OpInvokeAgent
	case strings.HasPrefix(span, "haystack.pipeline"), strings.HasPrefix(span, "haystack.async_pipeline"):
		return genai.OpWorkflow
	case strings.HasSuffix(component, "Generator"):
		return genai.OpChat
	case strings.Contains(component, "Retriever"):
		return genai.OpRetrieval
	case strings.HasSuffix(component, "Embedder"):
		return genai.OpEmbeddings
	case component != "":
		return genai.OpTask
	}
	return ""
}

// haystackReply reads model, finish reason and usage from the metadata of the first reply.
func (r *Reader) haystackReply(c *genai.Call) {
	if !r.has(keyHSOutput) {
		return
	}
	text := contentText(r, keyHSOutput)
	at := strings.Index(text, `"meta"`)
	if at < 0 {
		return
	}
	cur := cursor{s: text, i: at + len(`"meta"`)}
	if cur.space() != ':' {
		return
	}
	cur.i++
	if cur.space() == '[' {
		cur.open('[')
	}
	if !cur.open('{') {
		return
	}
	for key := ""; cur.member(&key); {
		switch key {
		case "model":
			fill(&c.ResponseModel, cur.scalar())
		case "finish_reason", "stop_reason":
			if reason := cur.scalar(); reason != "" && len(c.FinishReasons) == 0 {
				c.FinishReasons = append(c.FinishReasons, reason)
			}
		case "usage":
			r.readUsage(cur.raw(), &c.Usage)
		default:
			cur.skip()
		}
	}
}
