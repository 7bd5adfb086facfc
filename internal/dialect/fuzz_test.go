package dialect

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/genai"
)

// maxFuzzTime bounds the time for one fuzzing input. It allows for the instrumentation of the fuzzer.
const maxFuzzTime = 5 * time.Second

// FuzzRead checks that reading any request does not panic and takes bounded time.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"ai"},"spans":[{"name":"chat","attributes":[{"key":"gen_ai.output.messages",` +
		`"value":{"stringValue":"[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"x\"}]}]"}}]}]}]}]}`))
	f.Add([]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"x","attributes":[{"key":"llm.input_messages.0.message.role","value":{"stringValue":"user"}},` +
		`{"key":"gen_ai.usage.input_tokens","value":{"kvlistValue":{"values":[{"key":"low","value":{"intValue":"3"}}]}}}],"events":[{"name":"gen_ai.choice"}]}]}]}]}`))
	for _, file := range corpus.Dialects(f, 64<<10) {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(raw)
	}
	r := NewReader(nil)
	f.Fuzz(func(t *testing.T, raw []byte) {
		traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(raw)
		if err != nil {
			return
		}
		start := time.Now()
		for _, rs := range traces.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					call, ok := r.Read(rs.Resource(), ss.Scope(), span)
					if !ok {
						continue
					}
					loadAll(call)
					if _, err := call.MarshalJSON(); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if took := time.Since(start); took > maxFuzzTime {
			t.Fatalf("took %s", took)
		}
	})
}

// FuzzRecord checks that any log record gives no call, or one that can be read like that of a span.
func FuzzRecord(f *testing.F) {
	for _, record := range []string{
		`"eventName":"codex.sse_event","attributes":[{"key":"event.kind","value":{"stringValue":"response.completed"}},` +
			`{"key":"model","value":{"stringValue":"gpt-5"}},{"key":"input_token_count","value":{"stringValue":"7"}}]`,
		`"body":{"stringValue":"claude_code.api_request"},"attributes":[{"key":"event.name","value":{"stringValue":"api_request"}},` +
			`{"key":"request_id","value":{"stringValue":"r"}},{"key":"duration_ms","value":{"stringValue":"9223372036854775807"}}]`,
		`"timeUnixNano":"1","attributes":[{"key":"event.name","value":{"stringValue":"gemini_cli.api_error"}},` +
			`{"key":"status_code","value":{"intValue":"429"}},{"key":"duration_ms","value":{"doubleValue":1e300}}]`,
		`"eventName":"gen_ai.client.inference.operation.details","attributes":[{"key":"gen_ai.output.messages",` +
			`"value":{"arrayValue":{"values":[{"stringValue":"x"}]}}},{"key":"app.llm.cost.usd","value":{"doubleValue":-1}}]`,
		`"spanId":"0102030405060708","eventName":"codex.api_request"`,
	} {
		f.Add([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{` + record + `}]}]}]}`))
	}
	r := NewReader(nil)
	f.Fuzz(func(t *testing.T, raw []byte) {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(raw)
		if err != nil {
			return
		}
		start := time.Now()
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, record := range sl.LogRecords().All() {
					span := ptrace.NewSpan()
					if !SpanOfRecord(sl.Scope(), record, span) {
						continue
					}
					if !record.SpanID().IsEmpty() || span.StartTimestamp() > span.EndTimestamp() {
						t.Fatalf("%v from %d to %d", record.SpanID(), span.StartTimestamp(), span.EndTimestamp())
					}
					call, ok := r.Read(rl.Resource(), sl.Scope(), span)
					if !ok {
						continue
					}
					loadAll(call)
					if _, err := call.MarshalJSON(); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if took := time.Since(start); took > maxFuzzTime {
			t.Fatalf("took %s", took)
		}
	})
}

// FuzzMessages reads messages from any text.
func FuzzMessages(f *testing.F) {
	for _, seed := range messageSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		for _, answer := range []bool{false, true} {
			for _, decode := range []bool{false, true} {
				p := parser{answer: answer, decode: decode}
				p.value(text, "user")
				for i := range p.dst {
					if p.dst[i].Role == "" {
						t.Fatalf("a message without a role: %+v", p.dst[i])
					}
				}
			}
		}
		var u genai.Usage
		readUsage(text, &u)
		var q requests
		q.read(text)
		q.readFormat(text)
		appendDocuments(nil, text)
		toolsIn(text, 0)
		leadingStatus(text)
		if took := time.Since(start); took > maxFuzzTime {
			t.Fatalf("took %s for %d bytes", took, len(text))
		}
	})
}

var messageSeeds = []string{
	`[{"role":"user","parts":[{"type":"text","content":"hi"},{"type":"tool_call","id":"1","name":"f","arguments":{"a":1}}]}]`,
	`{"choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":"no","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}]}`,
	`{"content":[{"type":"thinking","thinking":"hm"},{"type":"tool_use","id":"1","name":"f","input":{}}],"role":"assistant","stop_reason":"tool_use"}`,
	`{"candidates":[{"content":{"parts":[{"text":"a"},{"functionCall":{"name":"f","args":{}}}],"role":"model"},"finishReason":"STOP"}]}`,
	`{"output":{"message":{"role":"assistant","content":[{"text":"a"},{"toolUse":{"toolUseId":"1","name":"f","input":{}}}]}},"stopReason":"end_turn"}`,
	`{"generations":[[{"text":"a","message":{"lc":1,"type":"constructor","id":["langchain","schema","messages","AIMessage"],"kwargs":{"content":"a"}}}]]}`,
	`[{"type":"function_call","call_id":"1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"1","output":"x"}]`,
	`"plain"`, `["a","b"]`, `{`, `[{"role":`, `{"a":"\ud83d`, "\xff",
}

// FuzzAttributes reads one attribute with any name and value, on a span with any name and scope.
func FuzzAttributes(f *testing.F) {
	for _, key := range contentKeys {
		for _, seed := range messageSeeds[:4] {
			f.Add("ai", "chat x", key, seed)
		}
	}
	f.Add("langfuse-sdk", "x", "langfuse.observation.usage_details", `{"input":1,"input_cached_tokens":2}`)
	f.Add("strands.telemetry.tracer", "execute_tool f", "gen_ai.tool.status", "error")
	for _, seed := range messageSeeds[:4] { // events of LlamaIndex and of coding agents
		f.Add("llamaindex.opentelemetry.tracer", "LLMChatEndEvent", "response", seed)
		f.Add("llamaindex.opentelemetry.tracer", "RetrievalEndEvent", "nodes", seed)
		f.Add("", "claude_code.api_response_body", "body", seed)
		f.Add("", "codex.tool_result", "arguments", seed)
		f.Add("gemini-cli", "gemini_cli.api_response", "response_text", seed)
		f.Add("", "x", "ag.data.inputs.a.0.b", jsonMark+seed)
	}
	r := NewReader(nil)
	f.Fuzz(func(t *testing.T, scopeName, name, key, value string) {
		resource, scope, span := emptySpan(scopeName)
		span.SetName(name)
		span.Attributes().PutStr(key, value)
		event := span.Events().AppendEmpty()
		event.SetName("gen_ai.choice")
		event.Attributes().PutStr("message", value)
		named := span.Events().AppendEmpty()
		named.SetName(name)
		named.Attributes().PutStr(key, value)
		span.SetSpanID(pcommon.SpanID{1})
		logs := plog.NewLogs()
		record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		record.SetSpanID(span.SpanID())
		record.SetEventName(name)
		record.Attributes().PutStr(key, value)
		start := time.Now()
		r.cache = NewLogContentCache(0, 0)
		r.cache.Add(logs)
		if call, ok := r.Read(resource, scope, span); ok {
			loadAll(call)
			if _, err := call.MarshalJSON(); err != nil {
				t.Fatal(err)
			}
			for _, tokens := range [...]genai.Opt[int64]{call.Tokens.UncachedInput, call.Tokens.Output, call.Tokens.CacheRead} {
				if tokens.Value < 0 {
					t.Fatalf("negative count of tokens: %+v", call.Tokens)
				}
			}
		}
		if took := time.Since(start); took > maxFuzzTime {
			t.Fatalf("took %s", took)
		}
	})
}

// FuzzUsage checks that no usage object, in no dialect, leaves a kind of tokens negative or a part above its sum.
func FuzzUsage(f *testing.F) {
	for _, raw := range []string{
		`{"input":5,"input_cached_tokens":2,"output_reasoning":9,"output":3,"input_audio":7,"output_image":1}`,
		`{"prompt_tokens":5,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":9,"audio_tokens":99}}`,
		`{"promptTokenCount":5,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":9}],"thoughtsTokenCount":8}`,
		`{"input":9223372036854775807,"input_tools":9223372036854775807,"input_audio":9223372036854775807}`,
		`{"input_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":9223372036854775807,"ephemeral_1h_input_tokens":9}}`,
	} {
		f.Add(raw, int64(5), int64(3), int64(9))
	}
	f.Fuzz(func(t *testing.T, raw string, input, cached, audio int64) {
		for _, attributes := range []map[string]any{
			{"langfuse.observation.type": "generation", "langfuse.observation.usage_details": raw},
			{"mlflow.spanType": "LLM", "mlflow.chat.tokenUsage": raw},
			{"gen_ai.usage.input_token_details": raw, "langsmith.span.kind": "llm"},
			{
				"gen_ai.usage.input_tokens": input, "gen_ai.usage.output_tokens": cached,
				"gen_ai.usage.cache_read.input_tokens": cached, "gen_ai.usage.cache_write.input_tokens": audio,
				"gen_ai.usage.reasoning.output_tokens": audio, "gen_ai.usage.audio.input_tokens": audio,
				"gen_ai.usage.audio.cache_read.input_tokens": input, "gen_ai.usage.image.input_tokens": cached,
				"gen_ai.usage.audio.output_tokens": input, "gen_ai.usage.image.output_tokens": audio,
				"gen_ai.usage.total_tokens": input,
			},
		} {
			resource, scope, span := emptySpan("")
			require.NoError(t, span.Attributes().FromRaw(attributes))
			call, ok := NewReader(nil).Read(resource, scope, span)
			require.True(t, ok)
			u := &call.Tokens
			for _, n := range []genai.Opt[int64]{
				u.UncachedInput, u.CacheRead, u.CacheWrite, u.Output, u.Reasoning, u.InputAudio, u.CacheReadAudio,
				u.OutputAudio, u.InputImage, u.OutputImage,
			} {
				require.GreaterOrEqual(t, n.Value, int64(0))
			}
			require.LessOrEqual(t, u.InputAudio.Value, u.UncachedInput.Value-u.InputImage.Value)
			require.LessOrEqual(t, u.CacheReadAudio.Value, u.CacheRead.Value)
			require.LessOrEqual(t, u.OutputAudio.Value, u.Output.Value-u.OutputImage.Value)
		}
	})
}
