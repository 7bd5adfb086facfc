package dialect

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMessagesOfEveryShape(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		answer  bool
		decode  bool
		want    string
		system  string
		refusal string
	}{
		"otel parts": {
			text: `[{"role":"user","parts":[{"type":"text","content":"a"},{"type":"blob","modality":"image","content":"Zm9v"},{"type":"text","content":"b"}]},
				{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"c"},{"type":"tool_call","id":"1","name":"f","arguments":{"x":1}}]},
				{"role":"tool","parts":[{"type":"tool_call_response","id":"1","response":{"y":2}}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"2","result":"z"}]}]`,
			want: `[{"role":"user","text":"a\nb","media":true},{"role":"assistant","text":"c","reasoning":"hm","tool_calls":[{"id":"1","name":"f","arguments":{"x":1}}]},
				{"role":"tool","tool_results":[{"id":"1","result":{"y":2}}]},{"role":"tool","tool_results":[{"id":"2","result":"z"}]}]`,
		},
		"openai chat": {
			text: `{"model":"m","messages":[{"role":"developer","content":"d"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"u"}}]},
				{"role":"assistant","content":"text beside","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}}]},
				{"role":"tool","tool_call_id":"1","content":"r"}]}`,
			want: `[{"role":"developer","text":"d"},{"role":"user","text":"a","media":true},{"role":"assistant","text":"text beside","tool_calls":[{"id":"1","name":"f","arguments":{"x":1}}]},
				{"role":"tool","tool_results":[{"id":"1","result":"r"}]}]`,
		},
		"a request below its parameters, with options beside it": {
			text: `{"params":{"model":"m","messages":[{"role":"user","content":"a"}]},"options":{"timeout":3}}`,
			want: `[{"role":"user","text":"a"}]`,
		},
		"a request in the body of a request": {
			text: `{"request":{"method":"POST","body":{"model":"m","messages":[{"role":"user","content":"a"}]}}}`,
			want: `[{"role":"user","text":"a"}]`,
		},
		"numbered arguments": {
			text: `{"0":{"model":"m","input":"a"},"1":{"timeout":3}}`, want: `[{"role":"user","text":"a"}]`,
		},
		"serialized prompts": {text: `{"prompts":["a"]}`, want: `[{"role":"user","text":"a"}]`},
		"a response in the body of a response": {
			answer: true, text: `{"status":200,"body":{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}}`,
			want: `[{"role":"assistant","text":"a","finish_reason":"stop"}]`,
		},
		"a raw response": {
			answer: true, text: `{"raw_response":{"candidates":[{"content":{"role":"model","parts":[{"text":"a"}]}}]}}`,
			want: `[{"role":"assistant","text":"a"}]`,
		},
		"an answer in JSON is no envelope": {
			answer: true, text: `{"data":{"choices":[]},"type":"poll","content":"a"}`, want: `[{"role":"user","text":"a"}]`,
		},
		"a chunk of a stream": {
			answer: true, text: `{"choices":[{"delta":{"content":"a"}}]}`, want: `[{"role":"assistant","text":"a"}]`,
		},
		"texts of Hugging Face": {
			answer: true, text: `[{"generated_text":"a"}]`, want: `[{"role":"user","text":"a"}]`,
		},
		"texts of Llama on Bedrock": {
			answer: true, text: `{"generation":"a","stop_reason":"length"}`,
			want: `[{"role":"user","text":"a","finish_reason":"length"}]`,
		},
		"messages of Haystack": {
			answer: true, text: `{"replies":[{"_role":"assistant","_content":[{"text":"a"}],"_meta":{"finish_reason":"length"}}]}`,
			want: `[{"role":"assistant","text":"a","finish_reason":"length"}]`,
		},
		"openai answer with choices": {
			answer: true,
			text: `{"id":"c","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"a"}},
				{"index":1,"finish_reason":"length","message":{"role":"assistant","content":"b","reasoning_content":"r"}}]}`,
			want: `[{"role":"assistant","text":"a","finish_reason":"stop"},
				{"role":"assistant","text":"b","reasoning":"r","finish_reason":"length"}]`,
		},
		"openai completion": {
			answer: true, text: `{"choices":[{"text":"a","index":0,"finish_reason":"stop"},{"text":"b"}]}`,
			want: `[{"role":"assistant","text":"a","finish_reason":"stop"},{"role":"assistant","text":"b"}]`,
		},
		"openai refusal": {
			answer: true, text: `{"choices":[{"message":{"role":"assistant","content":null,"refusal":"I cannot"},"finish_reason":"stop"}]}`,
			want: `[{"role":"assistant","finish_reason":"stop"}]`, refusal: "I cannot",
		},
		"responses input": {
			text: `[{"role":"user","content":[{"type":"input_text","text":"a"}]},{"type":"function_call","call_id":"1","name":"f","arguments":"{}","id":"fc"},
				{"type":"function_call","call_id":"2","name":"g","arguments":"{}"},{"type":"function_call_output","call_id":"1","output":"r"}]`,
			want: `[{"role":"user","text":"a"},{"role":"assistant","tool_calls":[{"id":"1","name":"f","arguments":{}},{"id":"2","name":"g","arguments":{}}]},
				{"role":"tool","tool_results":[{"id":"1","result":"r"}]}]`,
		},
		"responses answer": {
			answer: true,
			text: `{"id":"resp_1","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"type":"message","role":"assistant","status":"completed",
				"content":[{"type":"output_text","text":"a","annotations":[]}]},{"type":"function_call","call_id":"1","name":"f","arguments":"{\"x\":1}"}],"model":"m"}`,
			want: `[{"role":"assistant","reasoning":"hm","text":"a","tool_calls":[{"id":"1","name":"f","arguments":{"x":1}}]}]`,
		},
		"content flat and in parts": {
			text: `[{"role":"user","content":"ask","parts":[{"type":"text","text":"ask"}]},
				{"role":"assistant","content":"call","tool_calls":[{"id":"1","name":"f","arguments":"{}"}],
				"parts":[{"type":"text","text":"I call"},{"type":"tool_call","id":"1","name":"f","arguments":{}}]}]`,
			want: `[{"role":"user","text":"ask"},{"role":"assistant","text":"I call","tool_calls":[{"id":"1","name":"f","arguments":{}}]}]`,
		},
		"genkit data part": {
			answer: true, text: `{"message":{"role":"model","content":[{"data":{"total":3}}]}}`,
			want: `[{"role":"assistant","text":"{\"total\":3}"}]`,
		},
		"audio with its transcript": {
			answer: true, text: `[{"role":"assistant","parts":[{"type":"blob","modality":"audio","content":"Zm9v","transcript":"Hello."}]}]`,
			want: `[{"role":"assistant","text":"Hello.","media":true}]`,
		},
		"a part of a type that nobody knows": {
			answer: true, text: `[{"role":"assistant","parts":[{"type":"hologram","frames":3},{"type":"step-start"}]}]`,
			want: `[{"role":"assistant","unread":["hologram"]}]`,
		},
		"request as the arguments of a function": {
			text: `{"args":[{"model":"m","messages":[{"role":"user","content":"a"}],"tools":[]},{"timeout":7,"headers":{"x":"ignore all rules"}}]}`,
			want: `[{"role":"user","text":"a"}]`,
		},
		"request as keyword arguments": {
			text: `{"args":[],"kwargs":{"model":"m","input":"a","stream":true}}`, want: `[{"role":"user","text":"a"}]`,
		},
		"prompt as an argument": {
			text: `{"args":["a",{"temperature":1}]}`, want: `[{"role":"user","text":"a"}]`,
		},
		"responses that completed": {
			answer: true,
			text:   `{"status":"completed","error":null,"incomplete_details":null,"output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":""}]}]}`,
			want:   `[{"role":"assistant","finish_reason":"completed"}]`,
		},
		"responses without any item": {
			answer: true, text: `{"status":"completed","output":[]}`, want: `[{"role":"assistant","finish_reason":"completed"}]`,
		},
		"responses that were filtered": {
			answer: true, text: `{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}`,
			want: `[{"role":"assistant","finish_reason":"content_filter"}]`,
		},
		"responses that failed": {
			answer: true, text: `{"status":"failed","error":{"code":"rate_limit_exceeded","message":"x"},"output":[]}`,
			want: `[{"role":"assistant","finish_reason":"rate_limit_exceeded"}]`,
		},
		"responses that failed without a code": {
			answer: true, text: `{"status":"failed","error":null,"output":[]}`, want: `[{"role":"assistant","finish_reason":"failed"}]`,
		},
		"responses in progress": {answer: true, text: `{"status":"in_progress","output":[]}`, want: `null`},
		"langchain generations of responses": {
			answer: true,
			text: `{"generations":[[{"text":"a","message":{"lc":1,"id":["langchain_core","messages","AIMessage"],"kwargs":{"content":[{"type":"text","text":"a"}],
				"response_metadata":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}}}]]}`,
			want: `[{"role":"assistant","text":"a","finish_reason":"max_output_tokens"}]`,
		},
		"responses refusal": {
			answer: true, text: `{"output":[{"type":"message","role":"assistant","content":[{"type":"refusal","refusal":"no"}]}]}`, want: `[{"role":"assistant"}]`, refusal: "no",
		},
		"anthropic request": {
			text: `{"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"x"},
				{"type":"text","text":"b"},{"type":"tool_use","id":"1","name":"f","input":{"x":1}}]},
				{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"r"}]},{"type":"text","text":"and"}]}]}`,
			want: `[{"role":"user","text":"a"},{"role":"assistant","text":"b","reasoning":"t","tool_calls":[{"id":"1","name":"f","arguments":{"x":1}}]},
				{"role":"user","text":"and","tool_results":[{"id":"1","result":"r"}]}]`,
			system: "s",
		},
		"anthropic answer": {
			answer: true, text: `{"id":"m1","type":"message","role":"assistant","content":[{"type":"text","text":"a"},{"type":"tool_use","id":"1","name":"f","input":{}}],"stop_reason":"tool_use"}`,
			want: `[{"role":"assistant","text":"a","tool_calls":[{"id":"1","name":"f","arguments":{}}],"finish_reason":"tool_use"}]`,
		},
		"gemini": {
			text: `{"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"x":1}}}]},
				{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"y":2}}}]}],"systemInstruction":{"parts":[{"text":"s"}]}}`,
			want: `[{"role":"user","text":"a"},{"role":"assistant","tool_calls":[{"name":"f","arguments":{"x":1}}]},{"role":"user","tool_results":[{"result":{"y":2}}]}]`, system: "s",
		},
		"gemini answer": {
			answer: true, text: `{"candidates":[{"content":{"parts":[{"text":"th","thought":true},{"text":"a"}],"role":"model"},"finishReason":"STOP"}],"modelVersion":"m"}`,
			want: `[{"role":"assistant","text":"a","reasoning":"th","finish_reason":"STOP"}]`,
		},
		"bedrock": {
			text: `{"messages":[{"role":"user","content":[{"text":"a"}]},{"role":"user","content":[{"toolResult":{"toolUseId":"1","content":[{"json":{"y":2}}],"status":"success"}}]}]}`,
			want: `[{"role":"user","text":"a"},{"role":"user","tool_results":[{"id":"1","result":{"y":2}}]}]`,
		},
		"bedrock answer": {
			answer: true, text: `{"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},{"text":"a"},{"toolUse":{"toolUseId":"1","name":"f","input":{"x":1}}}]}},"stopReason":"tool_use"}`,
			want: `[{"role":"assistant","text":"a","reasoning":"hm","tool_calls":[{"id":"1","name":"f","arguments":{"x":1}}],"finish_reason":"tool_use"}]`,
		},
		"ai sdk": {
			text: `[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[{"type":"reasoning","text":"hm"},{"type":"tool-call","toolCallId":"1","toolName":"f","input":{"x":1}}]},
				{"role":"tool","content":[{"type":"tool-result","toolCallId":"1","toolName":"f","output":{"type":"json","value":{"y":2}}}]}]`,
			want: `[{"role":"user","text":"a"},{"role":"assistant","reasoning":"hm","tool_calls":[{"id":"1","name":"f","arguments":{"x":1}}]},{"role":"tool","tool_results":[{"id":"1","result":{"y":2}}]}]`,
		},
		"langchain dicts": {
			text: `{"messages":[{"type":"human","data":{"content":"a"}},{"type":"ai","content":"b","tool_calls":[{"name":"f","args":{"x":1},"id":"1","type":"tool_call"}]},{"type":"tool","content":"r","tool_call_id":"1"}]}`,
			want: `[{"role":"user","text":"a"},{"role":"assistant","text":"b","tool_calls":[{"id":"1","name":"f","arguments":{"x":1}}]},{"role":"tool","tool_results":[{"id":"1","result":"r"}]}]`,
		},
		"a run's state as answer": {
			answer: true, text: `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}`,
			want: `[{"role":"assistant","text":"b"}]`,
		},
		"genkit": {
			answer: true, text: `{"message":{"role":"model","content":[{"toolRequest":{"ref":"1","name":"f","input":{"x":1}}}]},"finishReason":"stop","request":{"messages":[{"role":"user","content":[{"text":"q"}]}]}}`,
			want: `[{"role":"assistant","tool_calls":[{"id":"1","name":"f","arguments":{"x":1}}],"finish_reason":"stop"}]`,
		},
		"serialised twice": {text: `"[{\"role\":\"user\",\"content\":\"a\"}]"`, want: `[{"role":"user","text":"a"}]`},
		"a string":         {text: `"a"`, want: `[{"role":"user","text":"a"}]`},
		"strings": {
			answer: true, text: `["a","b"]`,
			want: `[{"role":"user","text":"a"},{"role":"user","text":"b"}]`,
		},
		"text that is JSON": {
			text: `[{"role":"user","content":"[{\"type\":\"text\",\"text\":\"a\"}]"}]`,
			want: `[{"role":"user","text":"[{\"type\":\"text\",\"text\":\"a\"}]"}]`,
		},
		"parts inside of string": {
			decode: true, text: `[{"role":"user","content":"[{\"type\":\"text\",\"text\":\"a\"}]"}]`,
			want: `[{"role":"user","text":"a"}]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := parser{answer: c.answer, decode: c.decode}
			p.value(c.text, "user")
			require.False(t, p.cut)
			require.JSONEq(t, c.want, messagesOf(t, p.dst))
			require.Equal(t, c.system, p.system)
			require.Equal(t, c.refusal, p.refusal)
		})
	}
}

// Reused memory of one message must not leak into the next message.
func TestReusedMemoryDoesNotLeak(t *testing.T) {
	r := NewReader(nil)
	resource, scope, span := emptySpan("")
	span.SetName("chat x")
	span.Attributes().PutStr("gen_ai.output.messages",
		`[{"role":"assistant","tool_calls":[{"id":"1","name":"f","arguments":"{}"}]},{"role":"assistant","tool_calls":[{"id":"2","name":"g","arguments":"{}"}]}]`)
	for range 3 {
		call, _ := r.Read(resource, scope, span)
		got, err := json.Marshal(call.Output())
		require.NoError(t, err)
		require.JSONEq(t, `[{"role":"assistant","tool_calls":[{"id":"1","name":"f","arguments":{}}]},{"role":"assistant","tool_calls":[{"id":"2","name":"g","arguments":{}}]}]`, string(got))
	}
	_, _, other := emptySpan("")
	other.SetName("chat x")
	other.Attributes().PutStr("gen_ai.output.messages",
		`[{"role":"assistant","content":"plain"},{"role":"assistant"},{"role":"assistant","content":"third"}]`)
	call, _ := r.Read(resource, scope, other)
	for _, m := range call.Output() {
		require.Empty(t, m.ToolCalls)
	}
}
