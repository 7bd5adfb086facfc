package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Logfire's own instrumentations (OpenAI, Anthropic, OpenAI Agents, Claude Agent SDK): request and response are JSON,
// and one attribute holds the messages as a list of events.
var (
	keyLogRequest  = intern(0, "request_data")
	keyLogResponse = intern(0, "response_data")
	keyLogEvents   = intern(0, "events")
	keyLogRawInput = intern(0, "raw_input")
	keyLogRespID   = intern(0, "response_id")
	keyLogTemplate = intern(0, "logfire.msg_template")
	keyLogName     = intern(0, "name")
	keyLogInput    = intern(0, "input")
	keyLogOutput   = intern(0, "output")
	keyLogError    = intern(0, "error")
	keyLogLevel    = intern(0, "logfire.level_num")
	keyLogUsage    = intern(0, "usage")
	keyLogUsageRaw = intern(inOTel, "gen_ai.usage.raw")
	keyLogCost     = intern(0, "operation.cost")
	keyLogPartIn   = intern(inOTel, "gen_ai.usage.partial.input_tokens")
	keyLogPartOut  = intern(inOTel, "gen_ai.usage.partial.output_tokens")
	keyLogPartRead = intern(inOTel, "gen_ai.usage.partial.cache_read.input_tokens")
	keyLogPartMade = intern(inOTel, "gen_ai.usage.partial.cache_creation.input_tokens")
)

// levelError is the lowest severity that Logfire shows as a failed span.
const levelError = 17

var logfire = dialect{
	bit: inLogfire | inOTel, // Logfire also adds its attributes to spans of other instrumentations
	usage: &usageKeys{
		inputTokens:  {keyLogPartIn},
		outputTokens: {keyLogPartOut},
		cacheRead:    {keyLogPartRead},
		cacheWrite:   {keyLogPartMade},
	},
	carries: []key{keyLogRequest, keyLogResponse, keyLogEvents, keyLogRawInput},
	scalars: func(r *Reader, c *genai.Call) {
		if r.marks&inLogfire != 0 {
			r.logfireAgents(c)
		}
		if r.has(keyLogRequest) {
			r.requested.read(contentText(r, keyLogRequest))
			r.requested.apply(c)
			fill(&c.RequestModel, r.requested.model)
		}
		fillOpt(&c.CostUSD, r.float(keyLogCost))
		if u := &c.Usage; r.has(keyLogUsageRaw) && u.Input.Set {
			input := u.Input.Value
			u.Input = genai.Opt[int64]{}
			raw := readUsage(contentText(r, keyLogUsageRaw), u)
			if u.Input.Set && u.Input.Value == input {
				r.usage.form = raw // the span repeats the provider's count
			}
			u.Input = genai.Some(input)
		}
		if r.count(keyLogLevel).Value >= levelError && !r.has(keyErrorType) {
			c.Error.IsError = true
		}
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		switch part {
		case genai.PartInput:
			if r.marks&inLogfire != 0 && c.Operation == genai.OpExecuteTool {
				return false
			}
			return r.readEventList(c, content, keyLogEvents, false) ||
				r.readMessages(c, content, []key{keyLogRawInput, keyLogRequest}, false)
		case genai.PartOutput:
			return r.readEventList(c, content, keyLogEvents, true) || r.readMessages(c, content, []key{keyLogResponse}, true)
		case genai.PartTools:
			return r.toolsOfRequest(content, keyLogRequest)
		case genai.PartTool:
			if r.marks&inLogfire != 0 && c.Operation == genai.OpExecuteTool {
				r.toolValue(&content.ToolArguments, []key{keyLogInput})
				r.toolValue(&content.ToolResult, []key{keyLogOutput})
			}
		}
		return false
	},
	about: []emitter{
		{
			name: "Logfire (OpenAI, Anthropic, OpenAI Agents, Claude Agent SDK)", seen: "recorded spans of 2025",
			reads: "request and response, events, usage, cost, agents, tools",
			lacks: "finish reasons of OpenAI Agents",
			needs: "content is on",
		},
	},
}

// logfireAgents reads the trace of the OpenAI Agents SDK as Logfire translates it. A template names the kind of span.
func (r *Reader) logfireAgents(c *genai.Call) {
	template := r.str(keyLogTemplate)
	name := r.str(keyLogName)
	switch {
	case strings.HasPrefix(template, "Function:"):
		fill(&c.Operation, genai.OpExecuteTool)
		fill(&c.ToolName, name)
	case strings.HasPrefix(template, "Agent run"):
		fill(&c.Operation, genai.OpInvokeAgent)
		fill(&c.AgentName, name)
	case strings.HasPrefix(template, "Guardrail"):
		fill(&c.Operation, genai.OpGuardrail)
	case strings.HasPrefix(template, "Turn "):
		fill(&c.Operation, genai.OpAgentStep)
	case strings.HasPrefix(template, "Task:"):
		fill(&c.Operation, genai.OpTask)
	case strings.HasPrefix(template, "OpenAI Agents trace"):
		fill(&c.Operation, genai.OpWorkflow)
		fill(&c.WorkflowName, name)
	case strings.HasPrefix(template, "Responses API"):
		fill(&c.ResponseID, r.str(keyLogRespID))
	}
	if r.has(keyLogUsage) && c.Operation != genai.OpTask && c.Operation != genai.OpAgentStep {
		r.readUsage(contentText(r, keyLogUsage), &c.Usage)
	}
}

// readEventList reads messages from one JSON list of legacy events. The model's messages at its end are the output.
func (r *Reader) readEventList(c *genai.Call, content *genai.Content, k key, answer bool) bool {
	if !r.has(k) || blank(r.at[k]) {
		return false
	}
	text := contentText(r, k)
	list := cursor{s: text}
	if !list.open('[') {
		return false
	}
	p := parser{answer: answer}
	for list.element() {
		if list.space() != '{' {
			list.skip()
			continue
		}
		raw := list.raw()
		var f fields
		f.read(&cursor{s: raw})
		role := "user"
		if f.message != "" {
			role = "assistant"
		}
		p.into(&f, p.add(role))
	}
	c.ContentTruncated = c.ContentTruncated || p.cut || list.cut
	split := len(p.dst)
	for split > 0 && p.dst[split-1].Role == "assistant" {
		split--
	}
	if answer {
		p.dst = append(content.Output[:0], p.dst[split:]...)
	} else {
		p.dst = append(content.Input[:0], p.dst[:split]...)
	}
	return r.keep(c, content, &p)
}
