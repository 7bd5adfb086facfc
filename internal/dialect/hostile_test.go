package dialect

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/faultline-otel/faultline/internal/genai"
)

// loadAll reads every part of a call.
func loadAll(c *genai.Call) {
	c.Input()
	c.System()
	c.Output()
	c.Refusal()
	c.Tools()
	c.ToolArguments()
	c.OutputSchema()
	c.Retrieval()
}

// contentKeys are attributes with untrusted content, one for each way of reading.
var contentKeys = []string{
	"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions",
	"gen_ai.tool.call.arguments", "gen_ai.retrieval.documents", "gen_ai.prompt", "gen_ai.completion",
	"gen_ai.request.structured_output_schema", "input.value", "output.value", "llm.invocation_parameters",
	"llm.input_messages.0.message.content", "llm.tools.0.tool.json_schema", "gen_ai.completion.0.content",
	"langfuse.observation.input", "langfuse.observation.usage_details", "langfuse.observation.cost_details",
	"ai.response.toolCalls", "ai.response.providerMetadata", "gcp.vertex.agent.llm_request",
	"gcp.vertex.agent.llm_response", "genkit:output", "mlflow.spanInputs", "haystack.component.output", "request_data",
	"events", "model_request_parameters", "langsmith.usage_metadata", "gen_ai.usage.raw",
	"braintrust.output_json", "braintrust.metrics", "langwatch.input", "lmnr.span.output", "ag.data.inputs.messages",
	"honeyhive_inputs.chat_history", "confident.span.input", "gen_ai.request.messages", "gen_ai.response.tool_calls",
	"openclaw.content.input_messages", "retrieval.document", "db.vector.query.response.documents",
}

func TestHostileContentCostsBoundedTimeAndMemory(t *testing.T) {
	const huge = 100 << 20
	blob := strings.Repeat("x", huge)
	deep := 10_000
	inputs := map[string]string{
		"100 MB text":              blob,
		"100 MB message":           `[{"role":"user","parts":[{"type":"text","content":"` + blob + `"}]}]`,
		"100 MB of escapes":        `[{"role":"user","content":"` + strings.Repeat(`\n\"\u00e9`, huge/10) + `"}]`,
		"100 MB of small messages": "[" + strings.Repeat(`{"role":"user","content":"a"},`, huge/30) + "]",
		"100 MB of small parts":    `[{"role":"user","content":[` + strings.Repeat(`{"text":"a"},`, huge/13) + "]}]",
		"100 MB of bare parts":     "[" + strings.Repeat(`{"type":"text","text":"a"},`, huge/27) + "]",
		"100 MB of tool results": `[{"role":"tool","content":[{"type":"tool_result","content":[` +
			strings.Repeat(`{"type":"text","text":"a"},`, huge/27) + "]}]}]",
		"100 MB of response items": `{"output":[` +
			strings.Repeat(`{"type":"reasoning","summary":"a"},{"type":"message","role":"assistant","content":"b"},`, huge/90) +
			"]}",
		"10,000 deep arrays":         strings.Repeat("[", deep) + strings.Repeat("]", deep),
		"10,000 deep objects":        strings.Repeat(`{"content":`, deep) + `"x"` + strings.Repeat("}", deep),
		"10,000 deep parts":          strings.Repeat(`[{"type":"text","content":`, deep) + `"x"` + strings.Repeat("}]", deep),
		"10,000 deep messages":       strings.Repeat(`{"messages":[`, deep) + strings.Repeat("]}", deep),
		"10,000 deep configuration":  strings.Repeat(`{"config":`, deep) + "1" + strings.Repeat("}", deep),
		"10,000 deep usage":          strings.Repeat(`{"usage":`, deep) + "1" + strings.Repeat("}", deep),
		"10,000 deep, never closed":  strings.Repeat(`{"message":{"content":[`, deep),
		"deep strings within string": nested(12),
	}
	for name, text := range inputs {
		t.Run(name, func(t *testing.T) {
			resource, scope, span := emptySpan("")
			span.SetName("chat x")
			span.Attributes().PutStr("gen_ai.operation.name", "chat")
			for _, key := range contentKeys {
				span.Attributes().PutStr(key, text)
			}
			for _, name := range []string{eventPrompt, eventCompletion, eventUser, eventChoice} {
				event := span.Events().AppendEmpty()
				event.SetName(name)
				event.Attributes().PutStr("gen_ai.prompt", text)
				event.Attributes().PutStr("gen_ai.completion", text)
				event.Attributes().PutStr("content", text)
			}
			r := NewReader(nil)
			before := allocated()
			start := time.Now()
			call, ok := r.Read(resource, scope, span)
			require.True(t, ok)
			loadAll(call)
			took, bytes := time.Since(start), allocated()-before
			// The span has all contentKeys at once, and several parts read each of them up to maxField.
			require.Less(t, took, 10*time.Second)
			require.Less(t, bytes, uint64(256<<20))
			if len(text) > maxField {
				require.True(t, call.ContentTruncated)
			}
		})
	}
}

// nested returns JSON that was serialized into a string several times.
func nested(times int) string {
	text := `[{"role":"user","content":"x"}]`
	for range times {
		text = string(appendString(nil, text))
	}
	return text
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestHugePromptEventIsTruncated(t *testing.T) {
	resource, scope, span := emptySpan("")
	span.SetName("chat x")
	event := span.Events().AppendEmpty()
	event.SetName(eventPrompt)
	event.Attributes().PutStr("gen_ai.prompt", strings.Repeat("user: a\nb\n", 10<<20))
	r := NewReader(nil)
	before := allocated()
	call, ok := r.Read(resource, scope, span)
	require.True(t, ok)
	require.NotEmpty(t, call.Input())
	require.Less(t, allocated()-before, uint64(256<<20), "a message takes more memory than its line: the whole takes gigabytes")
	require.True(t, call.ContentTruncated)
}

func TestHugeMessageIsTruncated(t *testing.T) {
	resource, scope, span := emptySpan("")
	span.SetName("chat x")
	span.Attributes().PutStr("gen_ai.operation.name", "chat")
	span.Attributes().PutStr("gen_ai.output.messages",
		`[{"role":"assistant","parts":[{"type":"text","content":"`+strings.Repeat("a", 100<<20)+
			`"}],"finish_reason":"stop"}]`)
	r := NewReader(nil)
	before, start := allocated(), time.Now()
	call, _ := r.Read(resource, scope, span)
	require.Len(t, call.Output(), 1)
	require.InDelta(t, maxField, len(call.Output()[0].Text), 200)
	require.Less(t, time.Since(start), time.Second)
	require.Less(t, allocated()-before, uint64(8<<20))
	require.True(t, call.ContentTruncated)
}

func TestTruncatedContentIsStillRead(t *testing.T) {
	resource, scope, span := emptySpan("")
	span.SetName("chat x")
	span.Attributes().PutStr("gen_ai.operation.name", "chat")
	span.Attributes().PutStr("gen_ai.output.messages",
		`[{"role":"assistant","parts":[{"type":"text","content":"The answer is fort`)
	call, ok := NewReader(nil).Read(resource, scope, span)
	require.True(t, ok)
	require.Equal(t, "The answer is fort", call.Output()[0].Text)
	require.True(t, call.ContentTruncated)
}

func TestInvalidUTF8IsRead(t *testing.T) {
	resource, scope, span := emptySpan("")
	span.SetName("chat x")
	span.Attributes().PutStr("gen_ai.operation.name", "chat")
	span.Attributes().PutStr("gen_ai.output.messages",
		"[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"caf\xe9 \xff\\n ok\"}]}]")
	span.Attributes().PutStr("gen_ai.\xff\xfe", "x")
	call, ok := NewReader(nil).Read(resource, scope, span)
	require.True(t, ok)
	require.Equal(t, "caf\xe9 \xff\n ok", call.Output()[0].Text)
	_, err := call.MarshalJSON()
	require.NoError(t, err)
}

func TestManyFlattenedAttributesAreBounded(t *testing.T) {
	resource, scope, span := emptySpan("")
	span.Attributes().PutStr("openinference.span.kind", "LLM")
	for i := range 5000 {
		span.Attributes().PutStr(fmt.Sprintf("llm.input_messages.%d.message.content", i*1000), "x")
		span.Attributes().PutStr(fmt.Sprintf("llm.output_messages.0.message.tool_calls.%d.tool_call.function.name", i), "x")
	}
	call, ok := NewReader(nil).Read(resource, scope, span)
	require.True(t, ok)
	require.LessOrEqual(t, len(call.Input()), maxFlat)
	require.LessOrEqual(t, len(call.Output()[0].ToolCalls), maxFlat)
}

func TestLogContentIsBounded(t *testing.T) {
	cache := NewLogContentCache(0, 0)
	text := strings.Repeat("y", 1<<20)
	for i := range 200 {
		logs := plog.NewLogs()
		record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		record.SetSpanID(pcommon.SpanID{1, byte(i)})
		record.SetEventName("gen_ai.user.message")
		record.Body().SetEmptyMap().PutStr("content", text)
		cache.Add(logs)
	}
	require.LessOrEqual(t, cache.Bytes(), int64(maxLogBytes))
	require.Empty(t, cache.of(pcommon.TraceID{}, pcommon.SpanID{1, 0}), "the oldest record is dropped")
	require.Len(t, cache.of(pcommon.TraceID{}, pcommon.SpanID{1, 199}), 1)
}

func TestDeepStructuredValuesAreBounded(t *testing.T) {
	resource, scope, span := emptySpan("")
	span.SetName("chat x")
	v := span.Attributes().PutEmpty("gen_ai.input.messages")
	for range 10_000 {
		v = v.SetEmptySlice().AppendEmpty()
	}
	v.SetStr("bottom")
	call, ok := NewReader(nil).Read(resource, scope, span)
	require.True(t, ok)
	loadAll(call)
}
