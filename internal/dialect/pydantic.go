package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Pydantic AI follows the conventions on model calls. It has its own attributes on agent runs and, in its first
// version, on tools.
var (
	keyPYMessages  = intern(inPydantic, "pydantic_ai.all_messages")
	keyPYEvents    = intern(inPydantic, "all_messages_events")
	keyPYParams    = intern(inPydantic, "model_request_parameters")
	keyPYToolArgs  = intern(0, "tool_arguments")
	keyPYToolReply = intern(0, "tool_response")
	keyPYFinal     = intern(0, "final_result")
	keyPYModel     = intern(0, "model_name")
	keyPYAgent     = intern(0, "agent_name")
	keyPYStage     = intern(inPydantic, "pydantic_ai.tool.failure_stage")
	keyPYAggIn     = intern(inOTel, "gen_ai.aggregated_usage.input_tokens")
	keyPYAggOut    = intern(inOTel, "gen_ai.aggregated_usage.output_tokens")
)

var pydantic = dialect{
	bit:        inPydantic | inOTel,
	toolArgs:   []key{keyPYToolArgs},
	toolResult: []key{keyPYToolReply},
	usage:      &usageKeys{inputTokens: {keyPYAggIn}, outputTokens: {keyPYAggOut}},
	carries:    []key{keyPYMessages, keyPYEvents, keyPYFinal},
	scalars: func(r *Reader, c *genai.Call) {
		isRun := r.has(keyPYMessages) || r.has(keyPYEvents) ||
			r.marks&inPydantic != 0 && r.has(keyPYAgent) && r.has(keyPYModel)
		switch {
		case c.Operation != "":
		case r.has(keyPYToolArgs) || r.has(keyPYToolReply):
			c.Operation = genai.OpExecuteTool
		case isRun:
			c.Operation = genai.OpInvokeAgent
		}
		if isRun {
			fill(&c.RequestModel, r.str(keyPYModel))
		}
		if r.has(keyPYStage) {
			c.Error.IsError = true
		}
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		switch part {
		case genai.PartTools:
			return r.toolsOfRequest(content, keyPYParams)
		case genai.PartSchema:
			if r.has(keyPYParams) {
				content.OutputSchema = pydanticSchema(contentText(r, keyPYParams))
			}
			return content.OutputSchema != ""
		case genai.PartInput, genai.PartOutput:
			return r.pydanticRun(c, content, part)
		}
		return false
	},
	about: []emitter{
		{
			name: "Pydantic AI", seen: "spans of 0.7 and 1.60",
			reads: "agent runs, model calls, tools, messages, usage, deferred tools",
			lacks: "a finish reason in old versions",
			needs: "`InstrumentationSettings(include_content=True)` is on",
		},
	},
}

// pydanticRun splits the messages of a whole run. The model's messages after the last user turn are the output.
func (r *Reader) pydanticRun(c *genai.Call, content *genai.Content, part genai.Part) bool {
	for _, k := range [...]key{keyPYMessages, keyPYEvents} {
		if !r.has(k) || blank(r.at[k]) {
			continue
		}
		p := parser{}
		p.value(contentText(r, k), "user")
		c.ContentTruncated = c.ContentTruncated || p.cut
		answer := len(p.dst)
		for answer > 0 && p.dst[answer-1].Role == "assistant" {
			answer--
		}
		if part == genai.PartInput {
			content.Input = append(content.Input[:0], p.dst[:answer]...)
			return len(content.Input) > 0
		}
		content.Output = append(content.Output[:0], p.dst[answer:]...)
		if len(content.Output) > 0 {
			return true
		}
	}
	if part == genai.PartOutput && r.has(keyPYFinal) && r.marks&inPydantic != 0 {
		content.Output = append(content.Output[:0], genai.Message{Role: "assistant", Text: contentText(r, keyPYFinal)})
		return true
	}
	return false
}

// pydanticSchema returns output_object.json_schema of the model request parameters.
func pydanticSchema(text string) string {
	c := cursor{s: text}
	if !c.open('{') {
		return ""
	}
	for key := ""; c.member(&key); {
		if key != "output_object" {
			c.skip()
			continue
		}
		raw := c.raw()
		inner := cursor{s: raw}
		if !inner.open('{') {
			return ""
		}
		for name := ""; inner.member(&name); {
			if value := inner.raw(); name == "json_schema" && strings.HasPrefix(value, "{") {
				return value
			}
		}
	}
	return ""
}
