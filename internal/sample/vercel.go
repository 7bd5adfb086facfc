package sample

import (
	"encoding/json"
	"time"

	"github.com/faultline-otel/faultline/internal/genai"
)

// vercel is the dialect of the AI SDK: the outer step is the agent, the inner steps are calls of the model.
type vercel struct{}

func (vercel) scope() scope { return scope{Name: "ai"} }

func (vercel) agent(sp *span, s *story) {
	sp.Name, sp.Kind = "ai.generateText", kindInternal
	sp.Attributes = append(vercelCommon(s, "ai.generateText"),
		str("ai.prompt", compact(map[string]any{"system": s.system, "prompt": s.messages[0].Text})))
}

func vercelCommon(s *story, operation string) []attribute {
	return []attribute{
		str("operation.name", operation+" "+s.agent), str("resource.name", s.agent), str("ai.operationId", operation),
		str("ai.telemetry.functionId", s.agent), str("ai.model.provider", s.provider), str("ai.model.id", s.app.model),
		num("ai.settings.maxRetries", 2), str("ai.telemetry.metadata.sessionId", s.session),
		str("ai.telemetry.metadata.userId", s.user),
	}
}

func (vercel) chat(sp *span, s *story, st *step, started time.Time) {
	c := st.chat
	sp.Name, sp.Kind = "ai.generateText.doGenerate", kindInternal
	sp.Attributes = append(vercelCommon(s, "ai.generateText.doGenerate"),
		str("ai.prompt.messages", compact(vercelMessages(s.system, c.input))),
		num("ai.settings.maxOutputTokens", c.maxTokens), str("gen_ai.system", s.provider),
		str("gen_ai.request.model", s.app.model))
	if len(s.tools) > 0 {
		definitions := make([]string, 0, len(s.tools))
		for _, t := range s.tools {
			definitions = append(definitions, compact(map[string]any{
				"type": "function", "name": t.Name, "description": t.Description, "inputSchema": json.RawMessage(t.Parameters),
			}))
		}
		sp.Attributes = append(sp.Attributes, strs("ai.prompt.tools", definitions...),
			str("ai.prompt.toolChoice", `{"type":"auto"}`))
	}
	if st.fail != nil {
		failed(sp, st.fail, st.end(started))
		return
	}
	finish := map[string]string{"tool_call": "tool-calls", "content_filter": "content-filter"}[c.finish]
	if finish == "" {
		finish = c.finish
	}
	sp.Attributes = append(sp.Attributes, str("ai.response.finishReason", finish),
		strs("gen_ai.response.finish_reasons", finish),
		str("ai.response.id", c.responseID), str("ai.response.model", s.app.model), str("gen_ai.response.model", s.app.model),
		num("ai.usage.inputTokens", c.in), num("ai.usage.outputTokens", c.out), num("ai.usage.totalTokens", c.in+c.out),
		num("ai.usage.cachedInputTokens", c.cached),
		num("gen_ai.usage.input_tokens", c.in), num("gen_ai.usage.output_tokens", c.out))
	if c.output.Text != "" {
		sp.Attributes = append(sp.Attributes, str("ai.response.text", c.output.Text))
	}
	if len(c.output.ToolCalls) > 0 {
		calls := make([]map[string]any, 0, len(c.output.ToolCalls))
		for _, call := range c.output.ToolCalls {
			calls = append(calls, map[string]any{"toolCallId": call.ID, "toolName": call.Name, "input": call.Arguments.Text})
		}
		sp.Attributes = append(sp.Attributes, str("ai.response.toolCalls", compact(calls)))
	}
}

func vercelMessages(system string, messages []genai.Message) []map[string]any {
	list := []map[string]any{{"role": "system", "content": system}}
	names := map[string]string{}
	for _, m := range messages {
		content := []map[string]any{}
		if m.Text != "" {
			content = append(content, map[string]any{"type": "text", "text": m.Text})
		}
		for _, c := range m.ToolCalls {
			names[c.ID] = c.Name
			content = append(content, map[string]any{
				"type": "tool-call", "toolCallId": c.ID, "toolName": c.Name,
				"input": raw(c.Arguments),
			})
		}
		for _, r := range m.ToolResults {
			content = append(content, map[string]any{
				"type": "tool-result", "toolCallId": r.ID, "toolName": names[r.ID],
				"output": map[string]any{"type": "json", "value": raw(r.Result)},
			})
		}
		list = append(list, map[string]any{"role": m.Role, "content": content})
	}
	return list
}

func (vercel) tool(sp *span, s *story, st *step, started time.Time) {
	sp.Name, sp.Kind = "ai.toolCall", kindInternal
	sp.Attributes = []attribute{
		str("operation.name", "ai.toolCall "+s.agent), str("resource.name", s.agent), str("ai.operationId", "ai.toolCall"),
		str("ai.telemetry.functionId", s.agent),
		str("ai.toolCall.name", st.tool.name), str("ai.toolCall.id", st.tool.id), str("ai.toolCall.args", st.tool.arguments),
	}
	if st.fail == nil {
		sp.Attributes = append(sp.Attributes, str("ai.toolCall.result", st.tool.result))
	}
	failed(sp, st.fail, st.end(started))
}

func (vercel) search(sp *span, _ *story, st *step) {
	sp.Name, sp.Kind = "pg.query:SELECT documents", kindClient
	sp.Attributes = []attribute{
		str("db.system", "postgresql"), str("db.operation.name", "SELECT"),
		num("db.response.returned_rows", len(st.search.documents)),
	}
}
