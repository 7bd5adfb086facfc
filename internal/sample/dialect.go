package sample

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/genai"
)

// dialect writes spans as one instrumentation does. Each method fills name, kind, attributes, events and status of a
// span whose ids and times are set.
type dialect interface {
	scope() scope
	agent(sp *span, s *story)
	chat(sp *span, s *story, st *step, started time.Time)
	tool(sp *span, s *story, st *step, started time.Time)
	search(sp *span, s *story, st *step)
}

// failed records an error on a span as OTel SDKs do.
func failed(sp *span, e *apiError, at time.Time) {
	if e == nil {
		return
	}
	sp.Status = status{Code: statusError, Message: e.message}
	sp.Events = append(sp.Events, exception(at, e.kind, e.message))
}

func (st *step) end(started time.Time) time.Time {
	return started.Add(time.Duration(st.seconds * float64(time.Second)))
}

// semconv is the current OTel GenAI convention: messages are JSON in attributes.
type semconv struct{}

func (semconv) scope() scope {
	return scope{Name: "opentelemetry.instrumentation.openai_v2", Version: "2.4b0"}
}

func (semconv) agent(sp *span, s *story) {
	sp.Name, sp.Kind = "invoke_agent "+s.agent, kindInternal
	sp.Attributes = []attribute{
		str("gen_ai.operation.name", "invoke_agent"), str("gen_ai.provider.name", s.provider),
		str("gen_ai.agent.name", s.agent),
		str("gen_ai.conversation.id", s.session), str("user.id", s.user),
	}
}

func (semconv) chat(sp *span, s *story, st *step, started time.Time) {
	c := st.chat
	sp.Name, sp.Kind = "chat "+s.app.model, kindClient
	sp.Attributes = []attribute{
		str("gen_ai.operation.name", "chat"), str("gen_ai.provider.name", s.provider),
		str("gen_ai.request.model", s.app.model),
		num("gen_ai.request.max_tokens", c.maxTokens), double("gen_ai.request.temperature", 0.2),
		boolean("gen_ai.request.stream", true),
		str("gen_ai.conversation.id", s.session), str("gen_ai.prompt.name", s.prompt),
		str("gen_ai.prompt.version", s.promptVersion),
		str("gen_ai.system_instructions", compact([]any{part{Type: "text", Content: s.system}})),
		str("gen_ai.input.messages", compact(parts(c.input, ""))),
		str("server.address", "api.openai.com"),
	}
	if len(s.tools) > 0 {
		sp.Attributes = append(sp.Attributes, str("gen_ai.tool.definitions", compact(functions(s.tools))))
	}
	if st.fail != nil {
		sp.Attributes = append(sp.Attributes, str("error.type", st.fail.kind))
		if st.fail.status > 0 {
			sp.Attributes = append(sp.Attributes, num("http.response.status_code", st.fail.status))
		}
		failed(sp, st.fail, st.end(started))
		return
	}
	sp.Attributes = append(sp.Attributes,
		str("gen_ai.output.messages", compact(parts([]genai.Message{c.output}, c.finish))),
		str("gen_ai.response.model", s.app.model+"-2025-04-14"), str("gen_ai.response.id", c.responseID),
		strs("gen_ai.response.finish_reasons", c.finish),
		num("gen_ai.usage.input_tokens", c.in), num("gen_ai.usage.output_tokens", c.out),
		num("gen_ai.usage.cache_read.input_tokens", c.cached),
		double("gen_ai.response.time_to_first_chunk", c.firstChunk))
}

func (semconv) tool(sp *span, _ *story, st *step, started time.Time) {
	sp.Name, sp.Kind = "execute_tool "+st.tool.name, kindInternal
	sp.Attributes = []attribute{
		str("gen_ai.operation.name", "execute_tool"), str("gen_ai.tool.name", st.tool.name),
		str("gen_ai.tool.type", "function"),
		str("gen_ai.tool.call.id", st.tool.id), str("gen_ai.tool.call.arguments", st.tool.arguments),
	}
	if st.fail != nil {
		sp.Attributes = append(sp.Attributes, str("error.type", st.fail.kind))
		failed(sp, st.fail, st.end(started))
		return
	}
	sp.Attributes = append(sp.Attributes, str("gen_ai.tool.call.result", st.tool.result))
}

func (semconv) search(sp *span, s *story, st *step) {
	sp.Name, sp.Kind = "retrieval "+s.service+"-kb", kindClient
	documents := make([]map[string]any, 0, len(st.search.documents))
	for _, d := range st.search.documents {
		documents = append(documents, map[string]any{"id": d.ID, "score": d.Score.Value, "content": d.Content})
	}
	sp.Attributes = []attribute{
		str("gen_ai.operation.name", "retrieval"), str("gen_ai.data_source.id", s.service+"-kb"),
		str("gen_ai.retrieval.query.text", st.search.query), str("gen_ai.retrieval.documents", compact(documents)),
	}
}

// part is a message part of OTel GenAI.
type part struct {
	Type      string          `json:"type"`
	Content   string          `json:"content,omitempty"`
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Response  json.RawMessage `json:"response,omitempty"`
}

func parts(messages []genai.Message, finish string) []map[string]any {
	list := make([]map[string]any, 0, len(messages))
	for _, m := range messages {
		ps := []part{}
		if m.Text != "" {
			ps = append(ps, part{Type: "text", Content: m.Text})
		}
		for _, c := range m.ToolCalls {
			ps = append(ps, part{Type: "tool_call", ID: c.ID, Name: c.Name, Arguments: raw(c.Arguments)})
		}
		for _, r := range m.ToolResults {
			ps = append(ps, part{Type: "tool_call_response", ID: r.ID, Response: raw(r.Result)})
		}
		message := map[string]any{"role": m.Role, "parts": ps}
		if finish != "" {
			message["finish_reason"] = finish
		}
		list = append(list, message)
	}
	return list
}

func raw(v genai.Value) json.RawMessage {
	if v.Structured {
		return json.RawMessage(v.Text)
	}
	return json.RawMessage(compact(v.Text))
}

func functions(tools []genai.Tool) []map[string]any {
	list := make([]map[string]any, 0, len(tools))
	for _, t := range tools {
		list = append(list, map[string]any{
			"type": "function", "name": t.Name, "description": t.Description, "parameters": json.RawMessage(t.Parameters),
		})
	}
	return list
}

// openInference is the dialect of Arize: messages are flattened.
type openInference struct{}

func (openInference) scope() scope {
	return scope{Name: "openinference.instrumentation.anthropic", Version: "0.1.18"}
}

func (openInference) agent(sp *span, s *story) {
	sp.Name, sp.Kind = s.agent, kindInternal
	sp.Attributes = []attribute{
		str("openinference.span.kind", "AGENT"), str("agent.name", s.agent), str("session.id", s.session),
		str("user.id", s.user),
		str("input.value", s.messages[0].Text), str("input.mime_type", "text/plain"),
	}
}

func (openInference) chat(sp *span, s *story, st *step, started time.Time) {
	c := st.chat
	sp.Name, sp.Kind = "Messages", kindInternal
	sp.Attributes = []attribute{
		str("openinference.span.kind", "LLM"), str("llm.provider", s.provider), str("llm.system", s.provider),
		str("llm.model_name", s.app.model),
		str("llm.invocation_parameters", fmt.Sprintf(`{"model":%q,"max_tokens":%d,"temperature":0.3}`, s.app.model,
			c.maxTokens)),
		str("session.id", s.session), str("user.id", s.user), str("llm.prompt_template.version", s.promptVersion),
	}
	input := append([]genai.Message{{Role: "system", Text: s.system}}, c.input...)
	for i, m := range input {
		sp.Attributes = appendOpenInference(sp.Attributes, fmt.Sprintf("llm.input_messages.%d.message.", i), m)
	}
	for i, t := range s.tools {
		sp.Attributes = append(sp.Attributes, str(fmt.Sprintf("llm.tools.%d.tool.json_schema", i),
			compact(map[string]any{
				"name": t.Name, "description": t.Description,
				"input_schema": json.RawMessage(t.Parameters),
			})))
	}
	if st.fail != nil {
		failed(sp, st.fail, st.end(started))
		return
	}
	finish := map[string]string{"stop": "end_turn", "tool_call": "tool_use", "length": "max_tokens"}[c.finish]
	if finish == "" {
		finish = c.finish
	}
	sp.Attributes = appendOpenInference(sp.Attributes, "llm.output_messages.0.message.", c.output)
	sp.Attributes = append(sp.Attributes, str("llm.finish_reason", finish),
		num("llm.token_count.prompt", c.in), num("llm.token_count.completion", c.out),
		num("llm.token_count.total", c.in+c.out),
		num("llm.token_count.prompt_details.cache_read", c.cached))
}

func appendOpenInference(attrs []attribute, prefix string, m genai.Message) []attribute {
	attrs = append(attrs, str(prefix+"role", m.Role))
	if m.Text != "" {
		attrs = append(attrs, str(prefix+"content", m.Text))
	}
	for i, c := range m.ToolCalls {
		at := fmt.Sprintf("%stool_calls.%d.tool_call.", prefix, i)
		attrs = append(attrs, str(at+"id", c.ID), str(at+"function.name", c.Name),
			str(at+"function.arguments", c.Arguments.Text))
	}
	for _, r := range m.ToolResults {
		attrs = append(attrs, str(prefix+"content", r.Result.Text), str(prefix+"tool_call_id", r.ID))
	}
	return attrs
}

func (openInference) tool(sp *span, _ *story, st *step, started time.Time) {
	sp.Name, sp.Kind = st.tool.name, kindInternal
	sp.Attributes = []attribute{
		str("openinference.span.kind", "TOOL"), str("tool.name", st.tool.name), str("tool_call.id", st.tool.id),
		str("input.value", st.tool.arguments), str("input.mime_type", "application/json"),
	}
	if st.fail == nil {
		sp.Attributes = append(sp.Attributes, str("output.value", st.tool.result),
			str("output.mime_type", "application/json"))
	}
	failed(sp, st.fail, st.end(started))
}

func (openInference) search(sp *span, _ *story, st *step) {
	sp.Name, sp.Kind = "HybridRetriever", kindInternal
	sp.Attributes = []attribute{str("openinference.span.kind", "RETRIEVER"), str("input.value", st.search.query)}
	for i, d := range st.search.documents {
		at := fmt.Sprintf("retrieval.documents.%d.document.", i)
		sp.Attributes = append(sp.Attributes, str(at+"id", d.ID), str(at+"content", d.Content),
			double(at+"score", d.Score.Value))
	}
}

// openLLMetry is the Python dialect of Traceloop: prompts and completions are flattened.
type openLLMetry struct{}

func (openLLMetry) scope() scope {
	return scope{Name: "opentelemetry.instrumentation.openai.v1", Version: "0.47.3"}
}

func (openLLMetry) agent(sp *span, s *story) {
	sp.Name, sp.Kind = s.agent+".workflow", kindInternal
	sp.Attributes = []attribute{
		str("traceloop.span.kind", "workflow"), str("traceloop.entity.name", s.agent),
		str("traceloop.workflow.name", s.agent),
	}
}

func (openLLMetry) chat(sp *span, s *story, st *step, started time.Time) {
	c := st.chat
	sp.Name, sp.Kind = "openai.chat", kindClient
	sp.Attributes = []attribute{
		str("llm.request.type", "chat"), str("gen_ai.system", "OpenAI"), str("gen_ai.request.model", s.app.model),
		num("gen_ai.request.max_tokens", c.maxTokens), double("gen_ai.request.temperature", 0),
		boolean("llm.is_streaming", false),
		str("gen_ai.openai.api_base", "https://api.openai.com/v1/"), str("traceloop.workflow.name", s.agent),
		str("traceloop.prompt.key", s.prompt), str("traceloop.prompt.version", s.promptVersion),
		str("traceloop.association.properties.session_id", s.session),
	}
	if c.structuredSchema != "" {
		sp.Attributes = append(sp.Attributes, str("gen_ai.request.structured_output_schema", c.structuredSchema))
	}
	input := append([]genai.Message{{Role: "system", Text: s.system}}, c.input...)
	for i, m := range input {
		sp.Attributes = appendOpenLLMetry(sp.Attributes, fmt.Sprintf("gen_ai.prompt.%d.", i), m)
	}
	for i, t := range s.tools {
		at := fmt.Sprintf("llm.request.functions.%d.", i)
		sp.Attributes = append(sp.Attributes, str(at+"name", t.Name), str(at+"description", t.Description),
			str(at+"parameters", t.Parameters))
	}
	if st.fail != nil {
		sp.Attributes = append(sp.Attributes, str("error.type", st.fail.kind[strings.LastIndex(st.fail.kind, ".")+1:]))
		failed(sp, st.fail, st.end(started))
		return
	}
	finish := c.finish
	if finish == "tool_call" {
		finish = "tool_calls"
	}
	sp.Attributes = appendOpenLLMetry(sp.Attributes, "gen_ai.completion.0.", c.output)
	sp.Attributes = append(sp.Attributes, str("gen_ai.completion.0.finish_reason", finish),
		str("gen_ai.response.model", s.app.model+"-2024-08-06"), str("gen_ai.response.id", c.responseID),
		num("gen_ai.usage.prompt_tokens", c.in), num("gen_ai.usage.completion_tokens", c.out),
		num("llm.usage.total_tokens", c.in+c.out))
}

func appendOpenLLMetry(attrs []attribute, prefix string, m genai.Message) []attribute {
	attrs = append(attrs, str(prefix+"role", m.Role))
	if m.Text != "" {
		attrs = append(attrs, str(prefix+"content", m.Text))
	}
	for i, c := range m.ToolCalls {
		at := fmt.Sprintf("%stool_calls.%d.", prefix, i)
		attrs = append(attrs, str(at+"id", c.ID), str(at+"name", c.Name), str(at+"arguments", c.Arguments.Text))
	}
	for _, r := range m.ToolResults {
		attrs = append(attrs, str(prefix+"content", r.Result.Text), str(prefix+"tool_call_id", r.ID))
	}
	return attrs
}

func (openLLMetry) tool(sp *span, _ *story, st *step, started time.Time) {
	sp.Name, sp.Kind = st.tool.name+".tool", kindInternal
	sp.Attributes = []attribute{
		str("traceloop.span.kind", "tool"), str("traceloop.entity.name", st.tool.name),
		str("traceloop.entity.input", st.tool.arguments),
	}
	if st.fail == nil {
		sp.Attributes = append(sp.Attributes, str("traceloop.entity.output", st.tool.result))
	}
	failed(sp, st.fail, st.end(started))
}

func (openLLMetry) search(sp *span, _ *story, st *step) {
	sp.Name, sp.Kind = "qdrant.query", kindClient
	sp.Attributes = []attribute{str("db.system", "qdrant"), num("db.vector.query.top_k", len(st.search.documents))}
}
