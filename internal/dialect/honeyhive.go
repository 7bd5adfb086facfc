package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// HoneyHive flattens the arguments, result and configuration of traced functions into attributes. Its processor writes
// session and kind on every span of the process, so these alone are no evidence.
var (
	keyHHType     = intern(0, "honeyhive_event_type")
	keyHHIn       = intern(inHoneyHive, "honeyhive_inputs")
	keyHHOut      = intern(inHoneyHive, "honeyhive_outputs")
	keyHHResult   = intern(inHoneyHive, "honeyhive_outputs.result")
	keyHHConfig   = intern(inHoneyHive, "honeyhive_config")
	keyHHModel    = intern(inHoneyHive, "honeyhive_config.model")
	keyHHProvider = intern(inHoneyHive, "honeyhive_config.provider")
	keyHHTemp     = intern(inHoneyHive, "honeyhive_config.temperature")
	keyHHPrompt   = intern(0, "honeyhive_metadata.prompt_tokens")
	keyHHComplete = intern(0, "honeyhive_metadata.completion_tokens")
	keyHHTotal    = intern(0, "honeyhive_metadata.total_tokens")
	keyHHError    = intern(0, "honeyhive_error")
)

var honeyHive = dialect{
	bit:     inHoneyHive,
	carries: []key{keyHHIn, keyHHOut, keyHHResult},
	scalars: func(r *Reader, c *genai.Call) {
		fill(&c.Operation, kindOperation(r.str(keyHHType)))
		r.setProvider(c, r.name(keyHHProvider))
		if r.has(keyHHConfig) {
			text := contentText(r, keyHHConfig)
			r.requested.read(text)
			r.setProvider(c, memberText(text, "provider"))
			r.requested.apply(c)
		}
		if c.RequestModel == "" && c.ResponseModel == "" {
			fill(&c.Model, firstOf(r.name(keyHHModel), r.requested.model))
		}
		fillOpt(&c.Temperature, r.float(keyHHTemp))
		u := &c.Usage
		fillOpt(&u.Input, r.count(keyHHPrompt))
		fillOpt(&u.Output, r.count(keyHHComplete))
		fillOpt(&u.Total, r.count(keyHHTotal))
		if c.Operation == genai.OpExecuteTool {
			fill(&c.ToolName, r.span.Name())
		}
		if message := r.name(keyHHError); message != "" {
			c.Error.IsError = true
			fill(&c.Error.Message, message)
		}
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		if part == genai.PartTools || part == genai.PartSchema {
			return false
		}
		input := r.honeyHiveValue(keyHHIn, "honeyhive_inputs.")
		if params := memberRaw(input, "_params_"); params != "" { // a function's arguments
			input = params
		}
		if history := memberRaw(input, "chat_history"); history != "" {
			input = history
		}
		output := r.honeyHiveValue(keyHHOut, "honeyhive_outputs.")
		if result := memberRaw(output, "result"); result != "" && !strings.Contains(output, `"role"`) {
			output = result
		}
		return r.loadPair(c, content, part, input, output)
	},
	about: []emitter{{
		name: "HoneyHive", seen: "source of 0.2 and 1.0 (rc)",
		reads: "kind, inputs and outputs, model, usage, session, user, error",
		lacks: "spans of plain functions without arguments and result",
		needs: "content is on",
	}},
}

func (r *Reader) honeyHiveValue(whole key, prefix string) string {
	if r.has(whole) && !blank(r.at[whole]) {
		return contentText(r, whole)
	}
	if r.families&(flatTakes|flatGives) == 0 && !r.has(keyHHResult) {
		return ""
	}
	return r.nested(prefix)
}
