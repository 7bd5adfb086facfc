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
		return part == genai.PartTools && r.toolsOfRequest(content, keyGenkitInput)
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
	cur := cursor{s: contentText(r, keyGenkitOutput)}
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
}
