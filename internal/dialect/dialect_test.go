package dialect

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// spanCase is a span as an emitter writes it, and the call expected from it. Only the keys of want are compared.
type spanCase struct {
	scope, name string
	status      ptrace.StatusCode
	attributes  map[string]any
	events      []spanEvent
	want        string
}

type spanEvent struct {
	name       string
	attributes map[string]any
}

func (s spanCase) read(t *testing.T) map[string]any {
	t.Helper()
	resource, scope, span := emptySpan(s.scope)
	span.SetName(s.name)
	span.Status().SetCode(s.status)
	span.SetStartTimestamp(1_000_000_000)
	span.SetEndTimestamp(3_000_000_000)
	require.NoError(t, span.Attributes().FromRaw(s.attributes))
	for _, e := range s.events {
		event := span.Events().AppendEmpty()
		event.SetName(e.name)
		event.SetTimestamp(pcommon.Timestamp(1_250_000_000))
		require.NoError(t, event.Attributes().FromRaw(e.attributes))
	}
	call, ok := NewReader(nil).Read(resource, scope, span)
	require.True(t, ok, "no GenAI evidence found")
	text, err := json.Marshal(call)
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(text, &got))
	return got
}

func checkCases(t *testing.T, cases map[string]spanCase) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var want map[string]any
			require.NoError(t, json.Unmarshal([]byte(c.want), &want))
			got := c.read(t)
			for key, value := range want {
				require.Empty(t, differs(key, value, got[key]))
			}
		})
	}
}

func TestDialects(t *testing.T) {
	checkCases(t, map[string]spanCase{
		"mlflow chat": {name: "ChatOpenAI", attributes: map[string]any{
			"mlflow.spanType": `"CHAT_MODEL"`, "mlflow.llm.provider": `"openai"`, "mlflow.llm.model": `"gpt-4o"`,
			"mlflow.spanInputs":      `{"messages":[{"role":"user","content":"hi"}],"temperature":0.5,"tools":[{"type":"function","function":{"name":"f"}}]}`,
			"mlflow.spanOutputs":     `{"choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"length"}],"id":"r1","model":"gpt-4o-2024"}`,
			"mlflow.chat.tokenUsage": `{"input_tokens":5,"output_tokens":7,"total_tokens":12}`,
			"mlflow.llm.cost":        `{"input_cost":0.1,"output_cost":0.2,"total_cost":0.3}`,
		}, want: `{"operation":"chat","provider":"openai","model":"gpt-4o","temperature":0.5,"finish_reasons":["length"],"tools":["f"],"cost_usd":0.3,
			"usage":{"input":5,"output":7,"total":12},"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"hello"}]}`},
		"mlflow tool": {name: "add", attributes: map[string]any{
			"mlflow.spanType": `"TOOL"`, "mlflow.spanFunctionName": `"add"`, "mlflow.spanInputs": `{"a":1}`,
			"mlflow.spanOutputs": `2`,
		}, want: `{"operation":"execute_tool","tool":{"name":"add","arguments":{"a":1},"result":2}}`},
		"haystack generator": {name: "haystack.component.run", attributes: map[string]any{
			"haystack.component.type": "OpenAIChatGenerator", "haystack.component.name": "llm",
			"haystack.component.input":  `{"messages":[{"role":"user","content":[{"text":"hi"}]}]}`,
			"haystack.component.output": `{"replies":[{"role":"assistant","meta":{"model":"gpt-4o","finish_reason":"stop","usage":{"prompt_tokens":3,"completion_tokens":4}},"content":[{"text":"hello"}]}]}`,
		}, want: `{"operation":"chat","response_model":"gpt-4o","finish_reasons":["stop"],"usage":{"input":3,"output":4},
			"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"hello"}]}`},
		"haystack pipeline": {
			name: "haystack.pipeline.run", attributes: map[string]any{"haystack.pipeline.metadata": "{}"},
			want: `{"operation":"workflow"}`,
		},
		"spring ai, legacy conventions": {name: "chat gpt-4o", scope: "org.springframework.boot", attributes: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o",
			"gen_ai.response.finish_reasons": `["STOP"]`,
			"gen_ai.usage.input_tokens":      "12", "gen_ai.usage.output_tokens": "3", "gen_ai.usage.total_tokens": "15",
			"gen_ai.request.temperature": "0.7",
		}, want: `{"operation":"chat","provider":"openai","finish_reasons":["STOP"],"finish_reasons_canonical":["stop"],"usage":{"input":12,"output":3,"total":15},"temperature":0.7}`},
		"agent framework": {name: "invoke_agent Bot", attributes: map[string]any{
			"gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "microsoft.agent_framework",
			"gen_ai.agent.name": "Bot", "gen_ai.conversation.id": "c1",
			"gen_ai.input.messages": []any{map[string]any{
				"role":  "user",
				"parts": []any{map[string]any{"type": "text", "content": "hi \"there\"\n"}},
			}},
		}, want: `{"operation":"invoke_agent","provider_raw":"microsoft.agent_framework","agent_name":"Bot","session_id":"c1","input_messages":[{"role":"user","text":"hi \"there\"\n"}]}`},
		"azure inference, events with JSON": {
			name: "chat gpt-4o", attributes: map[string]any{"gen_ai.system": "az.ai.inference", "gen_ai.operation.name": "chat"},
			events: []spanEvent{
				{"gen_ai.user.message", map[string]any{"gen_ai.event.content": `{"role":"user","content":"hi"}`}},
				{"gen_ai.choice", map[string]any{"gen_ai.event.content": `{"index":0,"finish_reason":"tool_calls","message":{"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]}}`}},
			}, want: `{"provider":"azure.ai.inference","input_messages":[{"role":"user","text":"hi"}],"finish_reasons":["tool_calls"],
			"output_messages":[{"role":"assistant","tool_calls":[{"id":"1","name":"f","arguments":{"a":1}}]}]}`,
		},
		"mcp tool error": {name: "tools/call weather", attributes: map[string]any{
			"mcp.method.name": "tools/call", "gen_ai.tool.name": "weather", "mcp.session.id": "s1",
			"gen_ai.tool.call.arguments": `{"city":"Rome"}`,
			"gen_ai.tool.call.result":    `{"content":[{"type":"text","text":"no such city"}],"isError":true}`,
		}, want: `{"operation":"execute_tool","tool":{"name":"weather","status":"error"},"error":{"is_error":true,"type":"tool_error"}}`},
		"mcp listing": {
			name: "tools/list", attributes: map[string]any{"mcp.method.name": "tools/list"},
			want: `{"operation":"other"}`,
		},
		"strands, events with parts in strings": {scope: "strands.telemetry.tracer", name: "chat", attributes: map[string]any{
			"gen_ai.system": "strands-agents", "gen_ai.operation.name": "chat", "gen_ai.server.time_to_first_token": 1200,
		}, events: []spanEvent{
			{"gen_ai.user.message", map[string]any{"content": `[{"text":"hi"}]`}},
			{"gen_ai.choice", map[string]any{
				"finish_reason": "tool_use",
				"message":       `[{"text":"let me see"},{"toolUse":{"toolUseId":"t1","name":"f","input":{"a":1}}}]`,
			}},
		}, want: `{"provider_raw":"strands-agents","ttft_ms":1200,"finish_reasons":["tool_use"],"input_messages":[{"role":"user","text":"hi"}],
			"output_messages":[{"role":"assistant","text":"let me see","tool_calls":[{"id":"t1","name":"f","arguments":{"a":1}}]}]}`},
		"strands tool with status": {
			scope: "strands.telemetry.tracer", name: "execute_tool f", status: ptrace.StatusCodeOk,
			attributes: map[string]any{
				"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "f", "gen_ai.tool.status": "error",
			}, events: []spanEvent{
				{"gen_ai.tool.message", map[string]any{"role": "tool", "content": `{"a":1}`, "id": "t1"}},
				{"gen_ai.choice", map[string]any{"message": `[{"text":"boom"}]`, "id": "t1"}},
			}, want: `{"tool":{"name":"f","arguments":{"a":1},"result":"boom","status":"error"},"error":{"is_error":true}}`,
		},
		"details event": {name: "chat m", attributes: map[string]any{"gen_ai.operation.name": "chat"}, events: []spanEvent{
			{"gen_ai.client.inference.operation.details", map[string]any{
				"gen_ai.input.messages":  `[{"role":"user","parts":[{"type":"text","content":"hi"}]}]`,
				"gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"yo"}],"finish_reason":"length"}]`,
			}},
		}, want: `{"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"yo"}],"finish_reasons":["length"],"finish_reasons_canonical":["length"]}`},
		"claude code tool that failed": {name: "claude_code.tool.execution", attributes: map[string]any{
			"success": "false", "error": "exit 1", "tool_name": "Bash", "tool_use_id": "t1", "session.id": "s",
		}, want: `{"operation":"execute_tool","tool":{"name":"Bash","call_id":"t1","status":"error"},"error":{"is_error":true,"message":"exit 1"},"session_id":"s"}`},
		"claude api": {scope: "com.anthropic.sdk.python", name: "anthropic.messages.create", attributes: map[string]any{
			"gen_ai.request.model": "claude-x", "gen_ai.response.id": "msg_1",
		}, want: `{"operation":"chat","provider":"anthropic","request_model":"claude-x","response_id":"msg_1"}`},
		"livekit request": {scope: "livekit-agents", name: "llm_request", attributes: map[string]any{
			"gen_ai.request.model": "gpt-4o", "lk.pii.chat_ctx": `{"items":[{"type":"message","role":"user","content":["hi"]}]}`, "lk.response.text": "hello", "lk.response.ttft": 0.35,
		}, want: `{"operation":"chat","ttft_ms":350,"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"hello"}]}`},
		"livekit tool that failed": {scope: "livekit-agents", name: "function_tool", attributes: map[string]any{
			"lk.function_tool.name": "f", "lk.function_tool.id": "1", "lk.pii.function_tool.arguments": `{"a":1}`,
			"lk.function_tool.is_error": true,
		}, want: `{"operation":"execute_tool","tool":{"name":"f","call_id":"1","arguments":{"a":1},"status":"error"},"error":{"is_error":true}}`},
		"litellm's raw copy": {
			scope: "litellm", name: "raw_gen_ai_request",
			attributes: map[string]any{"llm.openai.model": "gpt-4o", "gen_ai.system": "openai"},
			want:       `{"operation":"other","is_llm_call":false}`,
		},
		"traceloop agent": {name: "Bot.agent", attributes: map[string]any{
			"traceloop.span.kind": "agent", "traceloop.entity.name": "Bot", "traceloop.association.properties.session_id": "s",
			"traceloop.association.properties.user_id": "u",
			"traceloop.prompt.key":                     "p", "traceloop.prompt.version": 3,
		}, want: `{"operation":"invoke_agent","agent_name":"Bot","session_id":"s","user_id":"u","prompt_name":"p","prompt_version":"3"}`},
		"traceloop tool": {name: "f.tool", attributes: map[string]any{
			"traceloop.span.kind": "tool", "traceloop.entity.name": "f", "traceloop.entity.input": `{"a":1}`,
			"traceloop.entity.output": "done",
		}, want: `{"operation":"execute_tool","tool":{"name":"f","arguments":{"a":1},"result":"done"}}`},
		"flattened completion, out of order": {name: "openai.chat", attributes: map[string]any{
			"llm.request.type": "chat", "gen_ai.completion.0.tool_calls.1.name": "g",
			"gen_ai.completion.0.tool_calls.1.arguments": `{"b":2}`,
			"gen_ai.completion.0.tool_calls.0.name":      "f", "gen_ai.completion.0.tool_calls.0.id": "1",
			"gen_ai.completion.0.content": "both",
			"gen_ai.completion.0.role":    "assistant", "gen_ai.completion.0.finish_reason": "tool_calls",
			"gen_ai.prompt.1.content": "r", "gen_ai.prompt.1.role": "tool",
			"gen_ai.prompt.1.tool_call_id": "0", "gen_ai.prompt.0.role": "user",
			"gen_ai.prompt.0.content": `[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"x"}}]`,
			"llm.is_streaming":        "False",
		}, want: `{"operation":"chat","streaming":false,"finish_reasons":["tool_calls"],"input_messages":[{"role":"user","text":"hi"},{"role":"tool","tool_results":[{"id":"0","result":"r"}]}],
			"output_messages":[{"role":"assistant","text":"both","tool_calls":[{"id":"1","name":"f"},{"name":"g","arguments":{"b":2}}]}]}`},
		"openinference retriever": {name: "Retriever", attributes: map[string]any{
			"openinference.span.kind": "RETRIEVER", "input.value": "what?", "retrieval.documents.1.document.content": "B",
			"retrieval.documents.0.document.content": "A",
			"retrieval.documents.0.document.id":      "a", "retrieval.documents.0.document.score": 0.5,
		}, want: `{"operation":"retrieval","retrieval":{"query":"what?","documents":[{"id":"a","score":0.5,"content":"A"},{"content":"B"}]}}`},
		"openinference refusal": {name: "ChatCompletion", attributes: map[string]any{
			"openinference.span.kind": "LLM", "llm.output_messages.0.message.role": "assistant",
			"output.mime_type": "application/json",
			"output.value":     `{"id":"r1","choices":[{"message":{"role":"assistant","content":null,"refusal":"I cannot"},"finish_reason":"stop"}]}`,
		}, want: `{"operation":"chat","refusal":"I cannot","response_id":"r1","finish_reasons":["stop"]}`},
		"logfire, refusal beside the messages": {scope: "logfire.openai", name: "Chat Completion", attributes: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.output.messages": `[{"role":"assistant","parts":[]}]`,
			"response_data": `{"message": {"content": null, "refusal": "I will not"}}`,
		}, want: `{"refusal":"I will not"}`},
		"openinference embedding": {name: "Embeddings", attributes: map[string]any{
			"openinference.span.kind": "EMBEDDING", "embedding.model_name": "text-embedding-3-small",
			"llm.token_count.prompt": 9,
		}, want: `{"operation":"embeddings","request_model":"text-embedding-3-small","usage":{"input":9}}`},
		"openllmetry before the conventions": {name: "openai.chat", attributes: map[string]any{
			"llm.request.type": "chat", "llm.vendor": "OpenAI", "llm.request.model": "gpt-4", "llm.usage.prompt_tokens": 3,
			"llm.prompts.0.role":    "user",
			"llm.prompts.0.content": "hi", "llm.completions.0.role": "assistant", "llm.completions.0.content": "yo",
			"llm.completions.0.finish_reason": "stop",
		}, want: `{"operation":"chat","provider":"openai","request_model":"gpt-4","usage":{"input":3},"finish_reasons":["stop"],
			"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","text":"yo"}]}`},
		"redacted": {
			name: "x", attributes: map[string]any{
				"openinference.span.kind": "LLM", "input.value": "__REDACTED__",
				"output.value": "__REDACTED__",
			},
			want: `{"operation":"chat","input_messages":[],"output_messages":[]}`,
		},
		"otel retrieval, structured": {name: "retrieval kb", attributes: map[string]any{
			"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": "q",
			"gen_ai.retrieval.documents": []any{map[string]any{"id": "1", "score": 0.25, "content": "text"}},
		}, want: `{"retrieval":{"query":"q","documents":[{"id":"1","score":0.25,"content":"text"}]}}`},
		"vector database of traceloop": {
			name:       "chroma.query",
			attributes: map[string]any{"gen_ai.operation.name": "retrieval"}, events: []spanEvent{
				{"db.query.result", map[string]any{
					"db.query.result.id": "1", "db.query.result.score": 0.5,
					"db.query.result.document": "text",
				}},
			}, want: `{"operation":"retrieval","retrieval":{"documents":[{"id":"1","score":0.5,"content":"text"}]}}`,
		},
		"langsmith chain of langchain": {scope: "langsmith", name: "ChatOpenAI", attributes: map[string]any{
			"langsmith.span.kind": "llm", "gen_ai.operation.name": "chat", "langsmith.metadata.ls_model_type": "chat",
			"gen_ai.prompt": `{"messages":[[{"lc":1,"type":"constructor","id":["langchain_core","messages","SystemMessage"],"kwargs":{"content":"be nice"}},` +
				`{"lc":1,"type":"constructor","id":["langchain_core","messages","HumanMessage"],"kwargs":{"content":"hi"}}]]}`,
			"gen_ai.completion": `{"generations":[[{"text":"yo","generation_info":{"finish_reason":"stop"},"message":{"lc":1,"type":"constructor","id":["langchain","schema","messages","AIMessage"],` +
				`"kwargs":{"content":"yo","additional_kwargs":{"tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]}}}}]],"llm_output":{}}`,
		}, want: `{"operation":"chat","input_messages":[{"role":"system","text":"be nice"},{"role":"user","text":"hi"}],"finish_reasons":["stop"],
			"output_messages":[{"role":"assistant","text":"yo","tool_calls":[{"id":"1","name":"f","arguments":{}}]}]}`},
		"responses api, cut": {name: "x", attributes: map[string]any{
			"langfuse.observation.type": "generation",
			"langfuse.observation.output": `{"id":"resp_1","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},` +
				`"output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"half"}]}]}`,
		}, want: `{"finish_reasons":["max_output_tokens"],"finish_reasons_canonical":["length"],"output_messages":[{"role":"assistant","text":"half"}]}`},
		"langfuse, request in the metadata": {name: "OpenAI.responses", attributes: map[string]any{
			"langfuse.observation.type": "generation", "langfuse.observation.input": "hi",
			"langfuse.observation.metadata.instructions":       "be brief",
			"langfuse.observation.metadata.tools":              `[{"type":"function","name":"f","parameters":{"type":"object"}}]`,
			"langfuse.observation.metadata.text":               `{"format":{"type":"json_schema","name":"n","schema":{"type":"object"}}}`,
			"langfuse.observation.metadata.incomplete_details": `{"reason":"max_output_tokens"}`,
		}, want: `{"system_instructions":"be brief","tools":["f"],"response_format":"json_schema","output_schema":{"type":"object"},
			"finish_reasons":["max_output_tokens"],"finish_reasons_canonical":["length"]}`},
		"langfuse, nothing in the metadata": {name: "OpenAI.responses", attributes: map[string]any{
			"langfuse.observation.type": "generation", "langfuse.observation.metadata.incomplete_details": "null",
			"langfuse.observation.metadata.tools": "[]", "langfuse.observation.metadata.response_format": "null",
		}, want: `{"finish_reasons":null,"tools":null,"response_format":null}`},
		"tools that the provider runs": {name: "chat x", attributes: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.output.messages": `[{"role":"assistant","parts":[
				{"type":"server_tool_call","id":"1","name":"web_search","server_tool_call":{"type":"web_search","query":"q"}},
				{"type":"tool_call","id":"2","name":"web_search","arguments":{"q":1},"builtin":true},
				{"type":"tool_call","id":"srvtoolu_3","name":"bash_code_execution","arguments":{"c":1}},
				{"type":"custom_tool_call","call_id":"4","name":"patch","input":"*** Begin"},
				{"type":"tool_call","id":"5","name":"mine","arguments":{}},
				{"type":"mcp_call","id":"6","name":"ask","arguments":"{}","output":"so"},
				{"type":"text","content":"done"}]}]`,
		}, want: `{"output_messages":[{"role":"assistant","text":"done","tool_calls":[
			{"id":"1","name":"web_search","kind":"provider","arguments":{"type":"web_search","query":"q"}},
			{"id":"2","name":"web_search","kind":"provider","arguments":{"q":1}},
			{"id":"srvtoolu_3","name":"bash_code_execution","kind":"provider","arguments":{"c":1}},
			{"id":"4","name":"patch","kind":"custom","arguments":"*** Begin"},
			{"id":"5","name":"mine","arguments":{}},
			{"id":"6","name":"ask","kind":"provider","arguments":{}}],
			"tool_results":[{"id":"6","result":"so"}]}]}`},
		"responses api, items of every kind": {name: "x", attributes: map[string]any{
			"langfuse.observation.type": "generation",
			"langfuse.observation.output": `{"output":[{"type":"web_search_call","id":"ws_1","action":{"query":"q"}},
				{"type":"code_interpreter_call","id":"ci_1","code":"1+1"},{"type":"apply_patch_call","call_id":"a","operation":{"type":"delete_file"}},
				{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
				{"type":"message","role":"assistant","content":[{"type":"output_text","text":"two"}]}]}`,
		}, want: `{"output_messages":[{"role":"assistant","text":"two","tool_calls":[
			{"id":"ws_1","name":"web_search","kind":"provider","arguments":{"query":"q"}},
			{"id":"ci_1","name":"code_interpreter","kind":"provider","arguments":"1+1"},
			{"id":"a","name":"apply_patch","kind":"provider","arguments":{"type":"delete_file"}},
			{"id":"c","name":"f","arguments":{}}]}]}`},
		"chat completions, custom tool": {name: "chat x", attributes: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.output.messages": `[{"role":"assistant","tool_calls":[
				{"id":"1","type":"custom","custom":{"name":"sql","input":"select 1"}}]}]`,
		}, want: `{"output_messages":[{"role":"assistant","tool_calls":[{"id":"1","name":"sql","kind":"custom","arguments":"select 1"}]}]}`},
		"gemini, code execution": {name: "x", attributes: map[string]any{
			"openinference.span.kind": "LLM", "output.mime_type": "application/json",
			"output.value": `{"candidates":[{"content":{"role":"model","parts":[{"executableCode":{"language":"PYTHON","code":"1+1"}},
				{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"2"}},{"text":"two"}]}}]}`,
		}, want: `{"output_messages":[{"role":"assistant","text":"two",
			"tool_calls":[{"name":"code_execution","kind":"provider","arguments":{"language":"PYTHON","code":"1+1"}}],
			"tool_results":[{"result":{"outcome":"OUTCOME_OK","output":"2"}}]}]}`},
		"gemini, blocked prompt": {name: "x", attributes: map[string]any{
			"openinference.span.kind": "LLM", "output.value": `{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{}}`,
			"output.mime_type": "application/json",
		}, want: `{"finish_reasons":["SAFETY"],"finish_reasons_canonical":["content_filter"]}`},
		"langsmith completion model": {scope: "langsmith", name: "OpenAI", attributes: map[string]any{
			"langsmith.span.kind": "llm", "gen_ai.operation.name": "chat", "langsmith.metadata.ls_model_type": "llm",
			"langsmith.metadata.thread_id": "t1",
			"langsmith.trace.session_name": "project",
		}, want: `{"operation":"text_completion","session_id":"t1"}`},
		"vercel tool": {scope: "ai", name: "ai.toolCall", attributes: map[string]any{
			"ai.operationId": "ai.toolCall", "ai.toolCall.name": "f", "ai.toolCall.id": "1", "ai.toolCall.args": `{"a":1}`,
			"ai.toolCall.result": `{"b":2}`,
		}, want: `{"operation":"execute_tool","tool":{"name":"f","call_id":"1","arguments":{"a":1},"result":{"b":2}}}`},
		"vercel embedding": {scope: "ai", name: "ai.embed.doEmbed", attributes: map[string]any{
			"ai.operationId": "ai.embed.doEmbed", "ai.model.id": "text-embedding-3-small", "ai.usage.tokens": 10,
		}, want: `{"operation":"embeddings","is_llm_call":true,"usage":{"input":10}}`},
		"adk in the wrong scope": {scope: "opentelemetry.instrumentation.httpx", name: "call_llm", attributes: map[string]any{
			"gen_ai.system": "gcp.vertex.agent", "gcp.vertex.agent.llm_request": `{"model":"gemini-2.5","config":{"system_instruction":"be brief","temperature":0.1,"tools":[{"function_declarations":[{"name":"f"}]}]},` +
				`"contents":[{"parts":[{"text":"hi"}],"role":"user"}]}`,
			"gcp.vertex.agent.llm_response": `{"content":{"parts":[{"text":"think","thought":true},{"function_call":{"id":"1","name":"f","args":{"a":1}}}],"role":"model"},"usage_metadata":` +
				`{"prompt_token_count":10,"candidates_token_count":5,"thoughts_token_count":3,"cached_content_token_count":4,"total_token_count":18}}`,
		}, want: `{"operation":"chat","request_model":"gemini-2.5","temperature":0.1,"system_instructions":"be brief","tools":["f"],"provider_raw":"gcp.vertex.agent",
			"input_messages":[{"role":"user","text":"hi"}],"output_messages":[{"role":"assistant","reasoning":"think","tool_calls":[{"id":"1","name":"f","arguments":{"a":1}}]}],
			"usage":{"input":10,"output":5,"cache_read":4,"reasoning":3},"tokens":{"uncached_input":6,"cache_read":4,"output":5,"reasoning":3}}`},
		"genkit tool": {scope: "genkit-tracer", name: "f", attributes: map[string]any{
			"genkit:type": "action", "genkit:metadata:subtype": "tool", "genkit:name": "f", "genkit:input": `{"a":1}`,
			"genkit:output": `"ok"`,
		}, want: `{"operation":"execute_tool","tool":{"name":"f","arguments":{"a":1},"result":"ok"}}`},
		"numbers of JavaScript and sentinels": {name: "chat x", attributes: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": map[string]any{
				"low": 12, "high": 0,
				"unsigned": false,
			},
			"gen_ai.request.max_tokens": -1, "gen_ai.request.seed": "", "gen_ai.request.temperature": "0.25",
			"gen_ai.request.stream":          "true",
			"gen_ai.response.finish_reasons": "stop,length",
		}, want: `{"usage":{"input":12},"max_tokens":null,"seed":null,"temperature":0.25,"streaming":true,"finish_reasons":["stop","length"]}`},
		"status in the message": {
			name: "chat x", status: ptrace.StatusCodeError,
			attributes: map[string]any{"gen_ai.operation.name": "chat"}, events: []spanEvent{
				{"exception", map[string]any{
					"exception.type":    "openai.RateLimitError",
					"exception.message": "Error code: 429 - {'error': {}}",
				}},
			}, want: `{"error":{"is_error":true,"type":"openai.RateLimitError","http_status":429}}`,
		},
		"error after a good status": {
			attributes: map[string]any{
				"gen_ai.operation.name": "chat", "error.type": "client_error", "http.response.status_code": 200,
			}, want: `{"error":{"is_error":true,"type":"client_error","http_status":200}}`,
		},
		"error and who raised it, JavaScript": {
			attributes: map[string]any{"gen_ai.operation.name": "chat"}, status: ptrace.StatusCodeError, events: []spanEvent{
				{"exception", map[string]any{"exception.stacktrace": "SyntaxError: x\n    at JSON.parse (<anonymous>)\n" +
					"    at async /app/x.js:1:2\n    at async readToolCall (/app/x.js:3:4)\n    at main (/app/y.js:1:1)"}},
			}, want: `{"error":{"is_error":true,"raiser":"readToolCall"}}`,
		},
		"error and who raised it, Python": {
			attributes: map[string]any{"gen_ai.operation.name": "chat"}, status: ptrace.StatusCodeError, events: []spanEvent{
				{"exception", map[string]any{"exception.stacktrace": "Traceback (most recent call last):\n" +
					"  File \"/app/y.py\", line 1, in main\n    go()\n  File \"/app/x.py\", line 2, in parse_tool_call\n    json.loads(a)\n" +
					"  File \"/usr/lib/python3.12/json/__init__.py\", line 346, in loads\n    return d(s)\nJSONDecodeError: x"}},
			}, want: `{"error":{"is_error":true,"raiser":"parse_tool_call"}}`,
		},
		"error and a stack without functions": {
			attributes: map[string]any{"gen_ai.operation.name": "chat"}, status: ptrace.StatusCodeError, events: []spanEvent{
				{"exception", map[string]any{"exception.type": "E", "exception.stacktrace": "E\n    at JSON.parse (<anonymous>)\n    at"}},
			}, want: `{"error":{"is_error":true,"type":"E"}}`,
		},
		"a refusal in flattened parts is an answer": {name: "r", attributes: map[string]any{
			"openinference.span.kind": "LLM", "llm.token_count.completion": 24, "llm.finish_reason": "stop",
			"llm.output_messages.0.message.role":                            "assistant",
			"llm.output_messages.0.message.contents.0.message_content.type": "refusal",
			"llm.output_messages.0.message.contents.0.message_content.text": "No.",
		}, want: `{"refusal":"No.","content_missing":null}`},
		"langchain, an answer in parts that nobody flattened": {name: "ChatOpenAI", attributes: map[string]any{
			"openinference.span.kind": "LLM", "llm.output_messages.0.message.role": "assistant",
			"output.value": `{"generations":[[{"text":"","message":{"kwargs":{"content":[{"type":"text","text":"One moment."}],
				"tool_calls":[{"name":"pay","args":{"sum":1},"type":"tool_call","id":"1"}],
				"invalid_tool_calls":[{"name":"ship","args":"{\"to\": Ro","type":"invalid_tool_call","id":"2","error":"x"}],
				"additional_kwargs":{"refusal":"No."},"response_metadata":{"status":"completed"}}}}]]}`,
		}, want: `{"refusal":"No.","finish_reasons":["completed"],"output_messages":[{"role":"assistant","text":"One moment.",
			"finish_reason":"completed","tool_calls":[{"id":"1","name":"pay","arguments":{"sum":1}},{"id":"2","name":"ship","arguments":"{\"to\": Ro"}]}]}`},
		"langfuse, an empty stream": {name: "OpenAI.chat", attributes: map[string]any{
			"langfuse.observation.type": "generation", "langfuse.observation.output": "",
		}, want: `{"output_messages":[{"role":"assistant"}]}`},
		"langfuse, no output": {name: "OpenAI.chat", attributes: map[string]any{
			"langfuse.observation.type": "generation",
		}, want: `{"output_messages":null}`},
		"genkit, what only the response of the provider has": {name: "openai/gpt-4o", attributes: map[string]any{
			"genkit:type": "action", "genkit:metadata:subtype": "model", "genkit:name": "openai/gpt-4o",
			"genkit:output": `{"message":{"role":"model","content":[]},"usage":{"inputTokens":90,"outputTokens":40,"totalTokens":130},
				"raw":{"choices":[{"finish_reason":"stop","message":{"role":"assistant","refusal":"No."}}],"usage":{"prompt_tokens":90,"completion_tokens":40,
				"prompt_tokens_details":{"cached_tokens":64},"completion_tokens_details":{"reasoning_tokens":32}}}}`,
		}, want: `{"refusal":"No.","usage":{"input":90,"output":40,"total":130,"cache_read":64,"reasoning":32},
			"tokens":{"uncached_input":26,"cache_read":64,"output":8,"reasoning":32}}`},
		"genkit, without output": {name: "openai/gpt-4o", attributes: map[string]any{
			"genkit:type": "action", "genkit:metadata:subtype": "model", "genkit:name": "openai/gpt-4o",
		}, want: `{"output_messages":null}`},
		"no output tokens, by the total": {name: "c", attributes: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 42, "gen_ai.usage.total_tokens": 42,
		}, want: `{"usage":{"input":42,"total":42},"tokens":{"uncached_input":42,"output":0}}`},
		"output tokens that nobody counted": {name: "c", attributes: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 42,
		}, want: `{"tokens":{"uncached_input":42}}`},
		"requested schema, openai": {name: "chat x", attributes: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.openai.request.response_format": `{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}`,
		}, want: `{"response_format":"json_schema","output_schema":{"type":"object"}}`},
		"requested schema, traceloop": {name: "chat x", attributes: map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.request.structured_output_schema": `{"type":"object","properties":{"format":{"type":"string"}}}`,
		}, want: `{"response_format":"json_schema","output_schema":{"type":"object","properties":{"format":{"type":"string"}}}}`},
		"requested schema, responses api": {name: "r", attributes: map[string]any{
			"openinference.span.kind": "LLM", "llm.invocation_parameters": `{"model":"gpt-5","text":{"format":{"type":"json_schema","name":"n","schema":{"type":"array"}}},"max_output_tokens":9}`,
		}, want: `{"request_model":"gpt-5","max_tokens":9,"response_format":"json_schema","output_schema":{"type":"array"}}`},
		"requested schema, pydantic": {scope: "pydantic-ai", name: "chat x", attributes: map[string]any{
			"gen_ai.operation.name": "chat", "model_request_parameters": `{"function_tools":[{"name":"f","parameters_json_schema":{"type":"object"}}],"output_object":{"json_schema":{"type":"object","title":"T"}}}`,
		}, want: `{"tools":["f"],"output_schema":{"type":"object","title":"T"}}`},
	})
}

func TestTheAnswerIsReadOnce(t *testing.T) {
	checkCases(t, map[string]spanCase{
		"openinference, flat and in parts": {name: "chat", attributes: map[string]any{
			"openinference.span.kind":                                                  "LLM",
			"llm.output_messages.0.message.role":                                       "assistant",
			"llm.output_messages.0.message.content":                                    `{"total": 3}`,
			"llm.output_messages.0.message.contents.0.message_content.type":            "reasoning",
			"llm.output_messages.0.message.contents.0.message_content.text":            "Add them.",
			"llm.output_messages.0.message.contents.1.message_content.type":            "text",
			"llm.output_messages.0.message.contents.1.message_content.text":            `{"total": 3}`,
			"llm.output_messages.1.message.role":                                       "assistant",
			"llm.output_messages.1.message.content":                                    "First. Second.",
			"llm.output_messages.1.message.contents.0.message_content.text":            "First.",
			"llm.output_messages.2.message.contents.0.message_content.text":            "Only in parts.",
			"llm.output_messages.3.message.content":                                    "Before the picture.",
			"llm.output_messages.3.message.contents.0.message_content.type":            "image",
			"llm.output_messages.3.message.contents.0.message_content.image.image.url": "u",
		}, want: `{"output_messages":[{"role":"assistant","text":"{\"total\": 3}","reasoning":"Add them."},
			{"role":"assistant","text":"First. Second."},{"role":"assistant","text":"Only in parts."},
			{"role":"assistant","text":"Before the picture."}]}`},
		"history in the output list is not the answer": {name: "invoke_agent graph", attributes: map[string]any{
			"gen_ai.operation.name": "invoke_agent",
			"gen_ai.output.messages": `[{"role":"user","parts":[{"type":"text","content":"q"}]},
				{"role":"assistant","parts":[{"type":"text","content":"a"}]}]`,
		}, want: `{"output_messages":[{"role":"assistant","text":"a"}]}`},
		"the request as a wrapped argument": {name: "ChatOpenAI", attributes: map[string]any{
			"langsmith.span.kind": "llm",
			"gen_ai.prompt": `{"args":[{"model":"gpt-4o","temperature":0.5,"messages":[{"role":"user","content":"hi"}],
				"tools":[{"type":"function","function":{"name":"f"}}]},{"signal":{}}]}`,
		}, want: `{"input_messages":[{"role":"user","text":"hi"}],"tools":["f"],"temperature":0.5}`},
		"the parameters of a request are no prompt": {name: "chat", attributes: map[string]any{
			"langsmith.span.kind": "llm", "gen_ai.prompt": `{"args":[{"model":"m","stream":true}]}`,
		}, want: `{"input_messages":null}`},
	})
}
