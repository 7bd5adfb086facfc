package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Genkit: actions hold input and output as JSON, which also contains everything about a model call.
var (
	keyGenkitType    = intern(inGenkit, "genkit:type")
	keyGenkitName    = intern(inGenkit, "genkit:name")
	keyGenkitSubtype = intern(inGenkit, "genkit:metadata:subtype")
	keyGenkitInput   = intern(inGenkit, "genkit:input")
	keyGenkitOutput  = intern(inGenkit, "genkit:output")
	keyGenkitState   = intern(inGenkit, "genkit:state")
)

var genkit = dialect{
	bit:   inGenkit,
	takes: []key{keyGenkitInput},
	gives: []key{keyGenkitOutput},
	scalars: func(r *Reader, c *genai.Call) {
		kind := firstOf(r.str(keyGenkitSubtype), r.str(keyGenkitType))
		name := r.str(keyGenkitName)
		fill(&c.Operation, genkitOperation(kind))
		if r.str(keyGenkitState) == "error" {
			c.Error.IsError = true
		}
		switch c.Operation {
		case genai.OpExecuteTool:
			fill(&c.ToolName, name)
		case genai.OpChat, genai.OpEmbeddings:
			if vendor, model, ok := strings.Cut(name, "/"); ok {
				r.setProvider(c, vendor)
				fill(&c.RequestModel, model)
			} else {
				fill(&c.RequestModel, name)
			}
			r.genkitModel(c)
		}
	},
	load: func(r *Reader, _ *genai.Call, content *genai.Content, part genai.Part) bool {
		switch part {
		case genai.PartTools:
			return r.toolsOfRequest(content, keyGenkitInput)
		case genai.PartOutput: // the message has no place for a refusal, so it is only in the provider's response
			if !r.has(keyGenkitOutput) {
				return false
			}
			if text := contentText(r, keyGenkitOutput); strings.Contains(text, `"refusal":"`) {
				p := parser{answer: true}
				p.value(genkitRaw(text), "assistant")
				fill(&content.Refusal, p.refusal)
			}
		}
		return false
	},
	about: []emitter{
		{
			name: "Genkit", seen: "a recorded span of 2025; source",
			reads: "model actions with request, response and usage, tools, flows, session",
			lacks: "HTTP status",
			needs: "content is on",
		},
	},
}

func genkitOperation(kind string) string {
	switch kind {
	case "model", "background-model":
		return genai.OpChat
	case "embedder":
		return genai.OpEmbeddings
	case "tool", "tool.v2":
		return genai.OpExecuteTool
	case "retriever":
		return genai.OpRetrieval
	case "flow":
		return genai.OpWorkflow
	case "executable-prompt", "prompt", "util", "flowStep", "indexer", "evaluator", "reranker", "action":
		return genai.OpOther
	}
	return ""
}

// genkitModel reads the parameters, usage and finish reason of a model action from its input and output.
func (r *Reader) genkitModel(c *genai.Call) {
	if r.has(keyGenkitInput) {
		r.requested.read(contentText(r, keyGenkitInput))
		r.requested.apply(c)
	}
	if !r.has(keyGenkitOutput) {
		return
	}
	text := contentText(r, keyGenkitOutput)
	cur := cursor{s: text}
	if !cur.open('{') {
		return
	}
	for key := ""; cur.member(&key); {
		switch key {
		case "finishReason":
			if reason := cur.scalar(); reason != "" && len(c.FinishReasons) == 0 {
				c.FinishReasons = append(c.FinishReasons, reason)
			}
		case "usage":
			r.readUsage(cur.raw(), &c.Usage)
		default:
			cur.skip()
		}
	}
	// The plugins for OpenAI keep its counts of cached and reasoning tokens in the response alone.
	if c.Usage.CacheRead.Set || c.Usage.Reasoning.Set {
		return
	}
	if usage := memberRaw(genkitRaw(text), "usage"); usage != "" {
		r.readUsage(usage, &c.Usage)
	}
}

// genkitRaw returns the provider's own response in the output of a model action, or "".
func genkitRaw(output string) string { return memberRaw(output, "raw") }
