package dialect

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

func TestCodingAgents(t *testing.T) {
	checkCases(t, map[string]spanCase{
		"codex, turn": {scope: "codex_exec", name: "session_task.turn", attributes: map[string]any{
			"thread.id": "th-1", "turn.id": "t-1", "model": "gpt-5.1-codex", "codex.turn.reasoning_effort": "medium",
			"codex.turn.token_usage.input_tokens": 1200, "codex.turn.token_usage.cached_input_tokens": 1000,
			"codex.turn.token_usage.non_cached_input_tokens": 200, "codex.turn.token_usage.output_tokens": 90,
			"codex.turn.token_usage.reasoning_output_tokens": 60, "codex.turn.token_usage.total_tokens": 1290,
		}, events: []spanEvent{
			{"codex.api_request", map[string]any{"http.response.status_code": 500, "error.message": "upstream"}},
			{"codex.api_request", map[string]any{"http.response.status_code": 200}},
		}, want: `{"operation":"interaction","is_llm_call":false,"request_model":"gpt-5.1-codex","session_id":"th-1","error":null,
			"tokens":{"uncached_input":200,"cache_read":1000,"output":30,"reasoning":60}}`},
		"codex, last request failed": {name: "session_task.turn", attributes: map[string]any{
			"model": "gpt-5.1-codex", "codex.turn.reasoning_effort": "low",
		}, events: []spanEvent{
			{"codex.api_request", map[string]any{"http.response.status_code": 200}},
			{"codex.api_request", map[string]any{"http.response.status_code": 429, "error.message": "slow down"}},
		}, want: `{"operation":"interaction","error":{"is_error":true,"http_status":429,"message":"slow down"}}`},
		"codex, response": {name: "handle_responses", attributes: map[string]any{
			"gen_ai.usage.input_tokens": 40, "gen_ai.usage.output_tokens": 9, "gen_ai.usage.cache_read.input_tokens": 30,
			"codex.usage.reasoning_output_tokens": 4, "codex.usage.total_tokens": 49, "codex.request.reasoning_effort": "low",
		}, want: `{"operation":"chat","tokens":{"uncached_input":10,"cache_read":30,"output":5,"reasoning":4}}`},
		"codex, failed tool": {name: "dispatch_tool_call", attributes: map[string]any{"thread.id": "1"}, events: []spanEvent{
			{"codex.tool_result", map[string]any{"tool_name": "shell", "call_id": "c1", "success": "false", "error.message": "exit 2"}},
		}, want: `{"operation":"execute_tool","tool":{"name":"shell","call_id":"c1","status":"error"},"error":{"is_error":true,"message":"exit 2"}}`},
		"gemini cli, model call": {scope: "gemini-cli", name: "llm_call", attributes: map[string]any{
			"gen_ai.operation.name": "llm_call", "gen_ai.request.model": "gemini-2.5-pro", "gen_ai.prompt.name": "s1########2",
			"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 2, "gen_ai.conversation.id": "s1",
			"gen_ai.output.messages": `{"role":"model","parts":[{"text":"ok"}]}`,
		}, want: `{"operation":"chat","provider":"gcp.gemini","session_id":"s1","prompt_name":null,"output_messages":[{"role":"assistant","text":"ok"}]}`},
		"gemini cli fork, failed tool": {scope: "some-fork", name: "tool_call", attributes: map[string]any{
			"gen_ai.operation.name": "tool_call", "gen_ai.tool.name": "read_file", "gen_ai.tool.call_id": "r-1",
			"gen_ai.input.messages":  `{"callId":"r-1","name":"read_file","args":{"path":"a"}}`,
			"gen_ai.output.messages": `{"status":"error","response":{"error":{"message":"no such file"}}}`,
		}, want: `{"operation":"execute_tool","input_messages":null,"output_messages":null,"error":{"is_error":true,"message":"no such file"},
			"tool":{"name":"read_file","call_id":"r-1","status":"error","arguments":{"path":"a"},"result":{"error":{"message":"no such file"}}}}`},
		"gemini cli, steps": {scope: "gemini-cli", name: "schedule_tool_calls", attributes: map[string]any{
			"gen_ai.operation.name": "schedule_tool_calls",
		}, want: `{"operation":"other"}`},
		"qwen-code, model call": {scope: "qwen-code", name: "qwen-code.llm_request", attributes: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.request.model": "qwen3-coder", "gen_ai.provider.name": "dashscope",
			"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50, "thoughts_token_count": 20, "ttft_ms": 250,
			"gen_ai.response.finish_reasons": []any{"STOP"}, "session.id": "q1",
		}, want: `{"operation":"chat","provider":"dashscope","ttft_ms":250,"session_id":"q1","tokens":{"uncached_input":100,"output":30,"reasoning":20}}`},
		"qwen-code, tool": {scope: "qwen-code", name: "qwen-code.tool", attributes: map[string]any{
			"tool.name": "grep", "tool.call_id": "g1", "success": true,
		}, want: `{"operation":"execute_tool","tool":{"name":"grep","call_id":"g1"}}`},
		"qwen-code, waiting for the user": {
			scope: "qwen-code", name: "qwen-code.tool.blocked_on_user",
			attributes: map[string]any{"tool.name": "grep"}, want: `{"operation":"other"}`,
		},
		"openclaw, call": {scope: "openclaw", name: "openclaw.model.call", attributes: map[string]any{
			"openclaw.provider": "anthropic", "openclaw.model": "claude-sonnet-4-5", "openclaw.model_call.observation_unit": "request",
			"openclaw.model_call.time_to_first_byte_ms": 640, "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 10,
			"gen_ai.usage.output_tokens": 4,
		}, want: `{"operation":"chat","provider":"anthropic","request_model":"claude-sonnet-4-5","ttft_ms":640,"is_llm_call":true}`},
		"openclaw, sum of a turn": {scope: "openclaw", name: "openclaw.model.usage", attributes: map[string]any{
			"openclaw.tokens.total": 14, "openclaw.agent": "main", "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 10,
			"gen_ai.usage.output_tokens": 4,
		}, want: `{"operation":"interaction","is_llm_call":false,"agent_name":"main"}`},
		"openclaw, turn of an agent behind it": {name: "openclaw.model.call", attributes: map[string]any{
			"openclaw.model_call.observation_unit": "turn", "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 10,
		}, want: `{"operation":"invoke_agent","is_llm_call":false}`},
		"openclaw, denied tool": {name: "openclaw.tool.execution", attributes: map[string]any{
			"gen_ai.tool.name": "exec", "openclaw.outcome": "blocked", "openclaw.errorCategory": "denied",
		}, want: `{"operation":"execute_tool","error":null}`},
		"openclaw, failed tool": {name: "openclaw.tool.execution", attributes: map[string]any{
			"openclaw.toolName": "exec", "openclaw.outcome": "error", "openclaw.errorCategory": "timeout",
			"openclaw.content.tool_input": `{"command":"ls"}`, "openclaw.content.tool_output": "timed out",
		}, want: `{"operation":"execute_tool","error":{"is_error":true,"type":"timeout"},"tool":{"name":"exec","arguments":{"command":"ls"},"result":"timed out"}}`},
	})
}

func TestPlatforms(t *testing.T) {
	checkCases(t, map[string]spanCase{
		"braintrust, chat": {name: "Chat Completion", attributes: map[string]any{
			"braintrust.span_attributes": `{"type":"llm","name":"Chat Completion"}`, "braintrust.parent": "project_name:x",
			"braintrust.metadata": `{"provider":"openai","model":"gpt-4o","temperature":0.5,"tools":[{"type":"function","function":{"name":"f"}}]}`,
			"braintrust.metrics": `{"prompt_tokens":15,"completion_tokens":8,"tokens":23,"prompt_cached_tokens":5,` +
				`"completion_reasoning_tokens":2,"time_to_first_token":0.25}`,
			"braintrust.input_json":  `[{"role":"user","content":"hi"}]`,
			"braintrust.output_json": `[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"length"}]`,
		}, want: `{"operation":"chat","provider":"openai","model":"gpt-4o","temperature":0.5,"tools":["f"],"ttft_ms":250,"finish_reasons":["length"],
			"tokens":{"uncached_input":10,"cache_read":5,"output":6,"reasoning":2},
			"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"hello"}]}`},
		"braintrust, members and a tool": {name: "lookup", attributes: map[string]any{
			"braintrust.span_attributes.type": "tool", "braintrust.input": `{"id":1}`, "braintrust.output": `{"name":"x"}`,
		}, want: `{"operation":"execute_tool","tool":{"name":"lookup","arguments":{"id":1},"result":{"name":"x"}}}`},
		"langwatch, chat": {name: "answer", attributes: map[string]any{
			"langwatch.span.type": "llm", "langwatch.thread.id": "th", "langwatch.user.id": "u", "gen_ai.request.model": "gpt-4o",
			"langwatch.input":   `{"type":"chat_messages","value":[{"role":"user","content":"hi"}]}`,
			"langwatch.output":  `{"type":"chat_messages","value":[{"role":"assistant","content":"hello"}]}`,
			"langwatch.metrics": `{"type":"json","value":{"promptTokens":3,"completionTokens":4}}`,
		}, want: `{"operation":"chat","request_model":"gpt-4o","session_id":"th","user_id":"u","usage":{"input":3,"output":4},
			"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"hello"}]}`},
		"langwatch, retrieval": {name: "rag", attributes: map[string]any{
			"langwatch.span.type": "rag", "langwatch.input": `{"type":"text","value":"opening hours"}`,
			"langwatch.rag_contexts": `[{"document_id":"d1","chunk_id":"1","content":"We open at 9."}]`,
		}, want: `{"operation":"retrieval","retrieval":{"query":"opening hours","documents":[{"id":"d1","content":"We open at 9."}]}}`},
		"laminar, tool": {name: "lookup", attributes: map[string]any{
			"lmnr.span.type": "TOOL", "lmnr.span.path": []any{"a", "lookup"}, "lmnr.span.input": `{"id":1}`, "lmnr.span.output": `"none"`,
			"lmnr.association.properties.session_id": "s", "lmnr.association.properties.user_id": "u",
		}, want: `{"operation":"execute_tool","session_id":"s","user_id":"u","tool":{"name":"lookup","arguments":{"id":1},"result":"none"}}`},
		"laminar, chat": {name: "llm", attributes: map[string]any{
			"lmnr.span.type": "LLM", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 5,
			"lmnr.span.input": `[{"role":"user","content":"hi"}]`, "lmnr.span.output": `[{"role":"assistant","content":"hello"}]`,
		}, want: `{"operation":"chat","provider":"openai","input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"hello"}]}`},
		"laminar, replayed call": {name: "llm", attributes: map[string]any{
			"lmnr.span.type": "CACHED", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 5,
		}, want: `{"operation":"span","is_llm_call":false}`},
		"agenta, chat": {name: "answer", attributes: map[string]any{
			"ag.type.node": "chat", "ag.meta.request.model": "gpt-4o", "ag.session.id": "s", "ag.user.id": "u",
			"ag.metrics.unit.tokens.prompt": 6, "ag.metrics.unit.tokens.completion": 7, "ag.metrics.unit.costs.total": 0.01,
			"ag.data.inputs.messages":     `@ag.type=json:[{"role":"user","content":"hi"}]`,
			"ag.data.outputs.__default__": "hello",
		}, want: `{"operation":"chat","request_model":"gpt-4o","session_id":"s","user_id":"u","usage":{"input":6,"output":7},"cost_usd":0.01,
			"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"hello"}]}`},
		"agenta, tool": {name: "lookup", attributes: map[string]any{
			"ag.type.node": "tool", "ag.data.inputs.id": 1, "ag.data.inputs.tags.0": "a", "ag.data.inputs.tags.1": "b",
			"ag.data.outputs": `@ag.type=json:{"name":"x"}`,
		}, want: `{"operation":"execute_tool","tool":{"name":"lookup","arguments":{"id":1,"tags":["a","b"]},"result":{"name":"x"}}}`},
		"honeyhive, model": {name: "answer", attributes: map[string]any{
			"honeyhive_event_type": "model", "honeyhive.session_id": "s", "honeyhive_config.model": "gpt-4o", "honeyhive_config.provider": "OpenAI",
			"honeyhive_metadata.prompt_tokens": 3, "honeyhive_metadata.completion_tokens": 4,
			"honeyhive_inputs.chat_history.0.role": "user", "honeyhive_inputs.chat_history.0.content": "hi",
			"honeyhive_outputs.role": "assistant", "honeyhive_outputs.content": "hello", "honeyhive_outputs.finish_reason": "stop",
		}, want: `{"operation":"chat","provider":"openai","model":"gpt-4o","session_id":"s","usage":{"input":3,"output":4},"finish_reasons":["stop"],
			"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"hello"}]}`},
		"honeyhive, failed tool": {name: "lookup", attributes: map[string]any{
			"honeyhive_event_type": "tool", "honeyhive_inputs._params_.id": 1, "honeyhive_outputs.result": "none", "honeyhive_error": "not found",
		}, want: `{"operation":"execute_tool","tool":{"name":"lookup","arguments":{"id":1},"result":"none"},"error":{"is_error":true,"message":"not found"}}`},
		"weave, turn": {name: "turn", attributes: map[string]any{
			"weave.span.kind": "agent", "wandb.thread_id": "th", "wandb.is_turn": true,
		}, want: `{"operation":"invoke_agent","session_id":"th"}`},
		"confident, llm": {name: "llm_span", attributes: map[string]any{
			"confident.span.type": "llm", "confident.llm.model": "gpt-4o", "confident.llm.input_token_count": 10, "confident.llm.output_token_count": 5,
			"confident.llm.cost_per_input_token": 0.01, "confident.llm.cost_per_output_token": 0.02, "confident.trace.thread_id": "th",
			"confident.span.input": []any{`{"role":"user","content":"hi"}`}, "confident.span.output": `{"role":"assistant","content":"hello"}`,
		}, want: `{"operation":"chat","model":"gpt-4o","session_id":"th","usage":{"input":10,"output":5},"cost_usd":0.2,
			"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"hello"}]}`},
		"confident, retriever": {name: "search", attributes: map[string]any{
			"confident.span.type": "retriever", "confident.retriever.embedder": "e", "confident.span.input": "opening hours",
			"confident.span.retrieval_context": []any{"We open at 9."},
		}, want: `{"operation":"retrieval","retrieval":{"query":"opening hours","documents":[{"content":"We open at 9."}]}}`},
	})
}

func TestFrameworksAndServers(t *testing.T) {
	checkCases(t, map[string]spanCase{
		"sentry, outer span": {scope: "ai", name: "generateText", attributes: map[string]any{
			"vercel.ai.operationId": "ai.generateText", "sentry.op": "gen_ai.invoke_agent", "gen_ai.system": "openai",
			"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 2,
		}, want: `{"operation":"invoke_agent","is_llm_call":false}`},
		"sentry, call": {name: "generate_text gpt-4o", attributes: map[string]any{
			"gen_ai.operation.name": "ai.streamText.doStream greet", "gen_ai.system": "anthropic", "vercel.ai.model.provider": "anthropic.messages",
			"gen_ai.request.messages": `[{"role":"user","content":"hi"}]`, "gen_ai.response.text": "hello", "gen_ai.function_id": "greet",
			"gen_ai.response.tool_calls": `[{"toolCallId":"1","toolName":"f","args":"{\"a\":1}"}]`, "gen_ai.response.streaming": true,
			"gen_ai.usage.input_tokens": 100, "gen_ai.usage.input_tokens.cached": 60,
			"gen_ai.request.available_tools": `[{"type":"function","name":"f"}]`, "vercel.ai.response.finishReason": "tool-calls",
		}, want: `{"operation":"chat","is_llm_call":true,"agent_name":"greet","streaming":true,"tools":["f"],"finish_reasons":["tool-calls"],
			"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"hello","tool_calls":[{"id":"1","name":"f","arguments":{"a":1}}]}]}`},
		"sentry, its own integration": {name: "chat gpt-4o", attributes: map[string]any{
			"sentry.op": "gen_ai.chat", "gen_ai.request.model": "gpt-4o", "gen_ai.request.messages": `[{"role":"user","content":"hi"}]`,
			"gen_ai.response.text": `["hello"]`,
		}, want: `{"operation":"chat","input_messages":[{"role":"user","text":"hi"}]}`},
		"spring ai, chat client": {name: "spring_ai chat_client", attributes: map[string]any{
			"gen_ai.operation.name": "framework", "gen_ai.system": "spring_ai", "spring.ai.kind": "chat_client",
			"spring.ai.chat.client.conversation.id": "c7",
		}, want: `{"operation":"chain","is_llm_call":false,"provider":null,"provider_raw":"spring_ai","session_id":"c7"}`},
		"spring ai, no conversation": {name: "spring_ai chat_client", attributes: map[string]any{
			"spring.ai.kind": "chat_client", "spring.ai.chat.client.conversation.id": "default",
		}, want: `{"session_id":null}`},
		"spring ai, tool": {name: "tool_call weather", attributes: map[string]any{
			"gen_ai.operation.name": "framework", "gen_ai.system": "spring_ai", "spring.ai.kind": "tool_call",
			"spring.ai.tool.definition.name": "weather", "spring.ai.tool.call.id": "t1",
			"spring.ai.tool.call.arguments": `{"city":"Rome"}`, "spring.ai.tool.call.result": "sunny",
		}, want: `{"operation":"execute_tool","tool":{"name":"weather","call_id":"t1","arguments":{"city":"Rome"},"result":"sunny"}}`},
		"spring ai, search": {name: "pg_vector query", attributes: map[string]any{
			"spring.ai.kind": "vector_store", "db.operation.name": "query", "db.system": "pg_vector", "db.vector.query.top_k": 4,
			"db.vector.query.content": "opening hours", "db.vector.query.response.documents": `["We open at 9."]`,
		}, want: `{"operation":"retrieval","retrieval":{"query":"opening hours","documents":[{"content":"We open at 9."}]}}`},
		"spring ai, write": {name: "redis add", attributes: map[string]any{
			"spring.ai.kind": "vector_store", "db.operation.name": "add", "db.system": "redis", "db.vector.dimension_count": 1536,
		}, want: `{"operation":"other"}`},
		"dify, model": {name: "LLM", attributes: map[string]any{
			"gen_ai.framework": "dify", "gen_ai.span.kind": "LLM", "node.type": "llm", "gen_ai.request.model": "gpt-4o",
			"gen_ai.provider.name": "langgenius/openai/openai", "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 2,
			"gen_ai.prompt": `[{"role":"user","text":"hi"}]`, "gen_ai.completion": "hello", "gen_ai.response.finish_reason": "length",
			"gen_ai.input.messages":  `[{"role":"user","parts":[{"type":"text","content":"hi"}]}]`,
			"gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"hello"}],"finish_reason":"stop"}]`,
			"input.value":            `{"query":"hi"}`, "gen_ai.user.time_to_first_token": 250000000,
		}, want: `{"operation":"chat","provider":"openai","finish_reasons":["length"],"ttft_ms":250,
			"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"hello"}]}`},
		"dify, retrieval": {name: "Knowledge", attributes: map[string]any{
			"gen_ai.framework": "dify", "gen_ai.span.kind": "RETRIEVER", "retrieval.query": "opening hours",
			"retrieval.document": `[{"document":{"content":"We open at 9.","score":0.7,"id":"d1","metadata":{}}}]`,
		}, want: `{"operation":"retrieval","retrieval":{"query":"opening hours","documents":[{"id":"d1","content":"We open at 9.","score":0.7}]}}`},
		"dify, workflow": {name: "workflow", attributes: map[string]any{
			"gen_ai.span.kind": "CHAIN", "gen_ai.operation.name": "WORKFLOW", "gen_ai.framework": "dify",
		}, want: `{"operation":"chain"}`},
		"vllm": {scope: "vllm.llm_engine", name: "llm_request", attributes: map[string]any{
			"gen_ai.request.id": "chatcmpl-1", "gen_ai.usage.prompt_tokens": 17, "gen_ai.usage.completion_tokens": 64,
			"gen_ai.latency.time_to_first_token": 0.045, "gen_ai.latency.e2e": 2.1, "gen_ai.request.max_tokens": 64,
		}, want: `{"operation":"chat","response_id":"chatcmpl-1","usage":{"input":17,"output":64},"ttft_ms":45,"max_tokens":64}`},
		"llamaindex, chat": {scope: "llamaindex.opentelemetry.tracer", name: "OpenAI.achat-5f0c", attributes: map[string]any{}, events: []spanEvent{
			{"LLMChatStartEvent", map[string]any{
				"class_name": "LLMChatStartEvent", "model_dict.model_name": "gpt-4o-mini",
				"messages": `[{"role":"user","additional_kwargs":{},"blocks":[{"block_type":"text","text":"hi"}]}]`,
			}},
			{"LLMChatEndEvent", map[string]any{
				"response": `{"message":{"role":"assistant","blocks":[{"block_type":"text","text":"hello"},{"block_type":"tool_call",` +
					`"tool_call_id":"1","tool_name":"f","tool_kwargs":{"a":1}}]},"raw":{"usage":{"prompt_tokens":4,"completion_tokens":5}}}`,
			}},
		}, want: `{"operation":"chat","request_model":"gpt-4o-mini","usage":{"input":4,"output":5},"content_missing":null,
			"input_messages":[{"role":"user","text":"hi"}],
			"output_messages":[{"role":"assistant","text":"hello","tool_calls":[{"id":"1","name":"f","arguments":{"a":1}}]}]}`},
		"llamaindex, retrieval": {scope: "llamaindex.opentelemetry.tracer", name: "VectorIndexRetriever.retrieve-1", attributes: map[string]any{}, events: []spanEvent{
			{"RetrievalStartEvent", map[string]any{"str_or_query_bundle": "opening hours"}},
			{"RetrievalEndEvent", map[string]any{"nodes": `[{"node":{"id_":"n1","text":"We open at 9."},"score":0.5}]`}},
		}, want: `{"operation":"retrieval","retrieval":{"query":"opening hours","documents":[{"id":"n1","content":"We open at 9.","score":0.5}]}}`},
		"llamaindex, old version without members": {
			scope: "llamaindex.opentelemetry.tracer", name: "OpenAI.chat-1", attributes: map[string]any{},
			events: []spanEvent{{"LLMChatStartEvent", map[string]any{"class_name": "LLMChatStartEvent"}}},
			want:   `{"operation":"chat","content_missing":true}`,
		},
		"pinecone query": {name: "pinecone.query", attributes: map[string]any{
			"db.system": "Pinecone", "db.vector.query.top_k": 3,
		}, events: []spanEvent{
			{"db.query.result", map[string]any{"db.query.result.id": "v1", "db.query.result.score": 0.9, "db.query.result.metadata": "{}"}},
		}, want: `{"operation":"retrieval","retrieval":{"documents":[{"id":"v1","score":0.9}]}}`},
		"milvus search": {name: "milvus.search", attributes: map[string]any{"db.system": "milvus", "db.operation": "search"}, events: []spanEvent{
			{"db.search.result", map[string]any{"db.search.result.id": "7", "db.search.result.distance": 0.2, "db.search.result.entity": "{'text': 'We open at 9.'}"}},
		}, want: `{"operation":"retrieval","retrieval":{"documents":[{"id":"7","score":0.2,"content":"{'text': 'We open at 9.'}"}]}}`},
		"openlit, query with a vector": {scope: "openlit.otel.tracing", name: "query docs", attributes: map[string]any{
			"gen_ai.operation.name": "vectordb", "db.system.name": "qdrant", "db.operation.name": "query", "db.query.text": "[0.1, 0.2]",
		}, want: `{"operation":"retrieval","retrieval":null}`},
		"chroma add": {name: "chroma.add", attributes: map[string]any{"db.system": "chromadb", "db.operation": "add"}, want: `{"operation":"other"}`},
	})
}

// TestProcessNamesAreNoEvidence: SDK processors and ordinary clients write these names on spans that have no model.
func TestProcessNamesAreNoEvidence(t *testing.T) {
	for _, attributes := range []map[string]any{
		{"braintrust.parent": "project_name:x"},
		{"lmnr.span.path": []any{"a"}, "lmnr.association.properties.session_id": "s"},
		{"honeyhive.session_id": "s", "honeyhive_event_type": "tool"},
		{"langwatch.thread.id": "t", "langwatch.sdk.name": "x"},
		{"confident.trace.name": "x"},
		{"wandb.thread_id": "t"},
		{"ag.session.id": "s", "ag.node.id": "1"},
		{"openclaw.gateway.rpc.method": "chat.send"},
		{"db.system": "postgresql", "db.operation": "SELECT", "db.query.text": "select 1"},
		{"db.system.name": "redis", "db.operation.name": "GET"},
		{"db.system.name": "elasticsearch", "db.operation.name": "search"},
		{"db.system": 7},
		{"thread.id": 12, "code.function.name": "f", "codex.home": "/root"},
		{"sentry.op": "http.client"},
	} {
		resource, scope, span := emptySpan("opentelemetry.instrumentation.requests")
		require.NoError(t, span.Attributes().FromRaw(attributes))
		_, ok := NewReader(nil).Read(resource, scope, span)
		require.False(t, ok, "%v", attributes)
	}
}

// agentSpan reads a span whose log records an agent wrote.
func agentSpan(t *testing.T, name string, attributes map[string]any, records ...plog.LogRecord) map[string]any {
	t.Helper()
	resource, scope, span := emptySpan("")
	span.SetName(name)
	span.SetTraceID(pcommon.TraceID{1})
	span.SetSpanID(pcommon.SpanID{2})
	require.NoError(t, span.Attributes().FromRaw(attributes))
	logs := plog.NewLogs()
	for _, record := range records {
		kept := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		record.CopyTo(kept)
		kept.SetTraceID(span.TraceID())
		kept.SetSpanID(span.SpanID())
	}
	cache := NewLogContentCache(0, 0)
	cache.Add(logs)
	call, ok := NewReader(cache).Read(resource, scope, span)
	require.True(t, ok)
	text, err := json.Marshal(call)
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(text, &got))
	return got
}

func agentRecord(t *testing.T, name string, attributes map[string]any) plog.LogRecord {
	t.Helper()
	record := plog.NewLogRecord()
	require.NoError(t, record.Attributes().FromRaw(attributes))
	record.Attributes().PutStr("event.name", name)
	return record
}

func TestAgentLogEvents(t *testing.T) {
	for name, c := range map[string]struct {
		span       string
		attributes map[string]any
		records    []plog.LogRecord
		want       string
	}{
		"claude code, tokens, cost and bodies": {
			"claude_code.llm_request", nil, []plog.LogRecord{
				agentRecord(t, "claude_code.api_request", map[string]any{
					"model": "claude-sonnet-4-5", "input_tokens": "12", "output_tokens": "30", "cache_read_tokens": "1000",
					"cache_creation_tokens": "50", "cost_usd": "0.02", "request_id": "req_1",
				}),
				agentRecord(t, "claude_code.api_request_body", map[string]any{"body": `{"model":"m","messages":[{"role":"user","content":"hi"}]}`}),
				agentRecord(t, "claude_code.api_response_body", map[string]any{
					"body": `{"id":"msg_1","role":"assistant","content":[{"type":"text","text":"hello"}],"stop_reason":"max_tokens"}`,
				}),
			}, `{"operation":"chat","provider":"anthropic","request_model":"claude-sonnet-4-5","cost_usd":0.02,"finish_reasons":["max_tokens"],
			"tokens":{"uncached_input":12,"cache_read":1000,"cache_write":50,"output":30},
			"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"hello"}],"content_missing":null}`,
		},
		"claude code, error after a retry": {
			"claude_code.llm_request", nil, []plog.LogRecord{
				agentRecord(t, "claude_code.api_error", map[string]any{"model": "m", "error": "Overloaded", "status_code": "529"}),
			}, `{"error":{"is_error":true,"message":"Overloaded","http_status":529},"content_missing":true}`,
		},
		"claude code, tool": {
			"claude_code.tool", map[string]any{"tool_name": "Bash"}, []plog.LogRecord{
				agentRecord(t, "claude_code.tool_result", map[string]any{
					"tool_name": "Bash", "success": "false", "error": "exit 1", "tool_input": `{"command":"ls"}`, "tool_use_id": "t1",
				}),
			}, `{"operation":"execute_tool","tool":{"name":"Bash","call_id":"t1","status":"error","arguments":{"command":"ls"}},"error":{"is_error":true,"message":"exit 1"}}`,
		},
		"claude code, prompt": {
			"claude_code.interaction", nil, []plog.LogRecord{
				agentRecord(t, "claude_code.user_prompt", map[string]any{"prompt": "fix the build", "prompt_length": "13"}),
			}, `{"operation":"interaction","input_messages":[{"role":"user","text":"fix the build"}]}`,
		},
		"claude code, prompt that may not be logged": {
			"claude_code.interaction", nil, []plog.LogRecord{
				agentRecord(t, "claude_code.user_prompt", map[string]any{"prompt": "<REDACTED>"}),
			}, `{"input_messages":null}`,
		},
		"codex, stream that ended": {
			"handle_responses", map[string]any{"codex.usage.total_tokens": 10}, []plog.LogRecord{
				agentRecord(t, "codex.sse_event", map[string]any{
					"event.kind": "response.completed", "input_token_count": "40", "output_token_count": "5", "cached_token_count": 30,
					"model": "gpt-5.1-codex",
				}),
				agentRecord(t, "codex.sse_event", map[string]any{"event.kind": "response.output_text.delta"}),
			}, `{"request_model":"gpt-5.1-codex","tokens":{"uncached_input":10,"cache_read":30,"output":5}}`,
		},
		"gemini cli, answer": {
			"llm_call", map[string]any{"gen_ai.operation.name": "llm_call", "gen_ai.request.model": "gemini-2.5-pro"}, []plog.LogRecord{
				agentRecord(t, "gemini_cli.api_response", map[string]any{
					"input_token_count": 100, "output_token_count": 10, "thoughts_token_count": 20, "cached_content_token_count": 60, "total_token_count": 130,
					"response_text": `{"candidates":[{"content":{"role":"model","parts":[{"text":"ok"}]},"finishReason":"STOP"}]}`,
				}),
			}, `{"tokens":{"uncached_input":40,"cache_read":60,"output":10,"reasoning":20},"output_messages":[{"role":"assistant","text":"ok"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := agentSpan(t, c.span, c.attributes, c.records...)
			var want map[string]any
			require.NoError(t, json.Unmarshal([]byte(c.want), &want))
			for key, value := range want {
				require.Empty(t, differs(key, value, got[key]))
			}
		})
	}
}

// TestClaudeCodeEventNames: the attribute holds a bare name, and the body the full one.
func TestClaudeCodeEventNames(t *testing.T) {
	record := agentRecord(t, "user_prompt", map[string]any{"prompt": "fix the build"})
	record.Body().SetStr("claude_code.user_prompt")
	require.True(t, HoldsContent(record))
	got := agentSpan(t, "claude_code.interaction", nil, record)
	require.Empty(t, differs("", []any{map[string]any{"text": "fix the build"}}, got["input_messages"]))

	record.Body().SetStr("user_prompt of something else")
	require.False(t, HoldsContent(record))
}

func TestEveryDialectIsDocumented(t *testing.T) {
	page := Markdown()
	names := map[string]bool{}
	for i, d := range order {
		if d == &tokenDetails { // spellings of several emitters
			continue
		}
		require.NotEmpty(t, d.about, "dialect %d of order", i)
		for _, e := range d.about {
			require.NotEmpty(t, e.name)
			require.NotEmpty(t, e.seen, e.name)
			require.NotEmpty(t, e.reads, e.name)
			require.False(t, names[e.name], "%s is documented twice", e.name)
			names[e.name] = true
			require.Contains(t, page, "| "+e.name+" |")
			for _, text := range []string{e.name, e.seen, e.reads, e.lacks, e.needs} {
				require.False(t, strings.ContainsAny(text, "|\n"), "%q breaks the table", text)
			}
		}
	}
}

func TestNestedValuesAreBounded(t *testing.T) {
	_, _, span := emptySpan("")
	for _, name := range []string{
		"honeyhive_inputs.", "honeyhive_inputs." + strings.Repeat("a.", 5000), "honeyhive_inputs." + strings.Repeat("0.", 5000) + "1",
		"honeyhive_inputs.a", "honeyhive_inputs.a.b", "honeyhive_inputs..", "honeyhive_inputs.99999999999999999999",
	} {
		span.Attributes().PutStr(name, "\xff\"")
	}
	r := NewReader(nil)
	call, ok := r.Read(pcommon.NewResource(), pcommon.NewInstrumentationScope(), span)
	require.True(t, ok)
	loadAll(call)
	require.True(t, json.Valid([]byte(r.nested("honeyhive_inputs."))))
	require.Empty(t, r.nested("none."))
}
