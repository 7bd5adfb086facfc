package dialect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
)

// attributesPerSpan is how many attributes a span of these benchmarks has. It is the mean of the spans in bench/.
const attributesPerSpan = 29

func notGenAISpan() (pcommon.Resource, pcommon.InstrumentationScope, ptrace.Span) {
	rs, scope, span := emptySpan("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp")
	span.SetName("GET /v1/orders/{id}")
	for _, name := range []string{
		"http.request.method", "http.route", "http.response.status_code", "url.path", "url.scheme", "server.address",
		"server.port", "client.address", "network.protocol.version", "user_agent.original", "session.id", "user.id",
		"app.tenant", "app.feature", "app.release", "app.llm.score.x", "thread.id", "thread.name", "code.function.name",
		"code.file.path", "code.line.number", "db.system.name", "db.collection.name", "messaging.system", "rpc.system",
		"rpc.method", "operation.name", "tags", "log.level",
	} {
		span.Attributes().PutStr(name, "value of "+name)
	}
	return rs, scope, span
}

func chatSpan() (pcommon.Resource, pcommon.InstrumentationScope, ptrace.Span) {
	rs, scope, span := emptySpan("opentelemetry.instrumentation.openai_v2")
	rs.Attributes().PutStr("service.name", "support-bot")
	rs.Attributes().PutStr("deployment.environment.name", "prod")
	span.SetName("chat gpt-5")
	a := span.Attributes()
	for name, value := range map[string]string{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5",
		"gen_ai.response.model": "gpt-5-2026-08-01", "gen_ai.response.id": "chatcmpl-123", "gen_ai.conversation.id": "conv-1",
		"gen_ai.agent.name": "support-agent", "server.address": "api.openai.com", "session.id": "conv-1", "enduser.id": "u1",
		"app.tenant": "t", "app.feature": "chat", "thread.name": "worker-3",
	} {
		a.PutStr(name, value)
	}
	a.PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr("stop")
	a.PutDouble("gen_ai.request.temperature", 0.2)
	a.PutInt("gen_ai.request.max_tokens", 1024)
	a.PutInt("gen_ai.usage.input_tokens", 1234)
	a.PutInt("gen_ai.usage.output_tokens", 234)
	words := strings.Repeat("order refund invoice customer policy ", 60)
	a.PutStr("gen_ai.input.messages", fmt.Sprintf(`[{"role":"system","parts":[{"type":"text","content":%q}]},{"role":"user","parts":[{"type":"text","content":%q}]},`+
		`{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"lookup_order","arguments":{"order_id":"ord_1"}}]},`+
		`{"role":"tool","parts":[{"type":"tool_call_response","id":"call_1","response":%q}]}]`,
		words[:700], words[:500], words[:500]))
	a.PutStr("gen_ai.output.messages", fmt.Sprintf(`[{"role":"assistant","parts":[{"type":"text","content":%q},{"type":"tool_call","id":"call_2",`+
		`"name":"issue_refund","arguments":{"order_id":"ord_1","amount":12.5}}],"finish_reason":"stop"}]`, words[:800]))
	a.PutStr("gen_ai.tool.definitions", fmt.Sprintf(`[{"type":"function","name":"lookup_order","description":%q,"parameters":{"type":"object",`+
		`"properties":{"order_id":{"type":"string"}},"required":["order_id"]}}]`, words[:1300]))
	for i := a.Len(); i < attributesPerSpan; i++ {
		a.PutStr(fmt.Sprintf("app.attribute.%d", i), "value")
	}
	return rs, scope, span
}

func emptySpan(scopeName string) (pcommon.Resource, pcommon.InstrumentationScope, ptrace.Span) {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName(scopeName)
	return rs.Resource(), ss.Scope(), ss.Spans().AppendEmpty()
}

func TestSpanWithoutGenAIAllocatesNothing(t *testing.T) {
	resource, scope, span := notGenAISpan()
	require.Equal(t, attributesPerSpan, span.Attributes().Len())
	r := NewReader(nil)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, ok := r.Read(resource, scope, span); ok {
			t.Fatal("no GenAI here")
		}
	}))
}

func TestScalarsOfAChatSpanAllocateNothing(t *testing.T) {
	resource, scope, span := chatSpan()
	r := NewReader(nil)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, ok := r.Read(resource, scope, span); !ok {
			t.Fatal("a chat span")
		}
	}))
}

func BenchmarkReadNotGenAI(b *testing.B) {
	resource, scope, span := notGenAISpan()
	r := NewReader(nil)
	b.ReportAllocs()
	for b.Loop() {
		r.Read(resource, scope, span)
	}
}

func benchmarkRead(b *testing.B, load func(*genai.Call)) {
	b.Helper()
	resource, scope, span := chatSpan()
	r := NewReader(nil)
	b.ReportAllocs()
	for b.Loop() {
		call, _ := r.Read(resource, scope, span)
		load(call)
	}
}

func BenchmarkReadChat(b *testing.B) { benchmarkRead(b, func(*genai.Call) {}) }

func BenchmarkReadChatOutput(b *testing.B) { benchmarkRead(b, func(c *genai.Call) { c.Output() }) }

func BenchmarkReadChatTools(b *testing.B) { benchmarkRead(b, func(c *genai.Call) { c.Tools() }) }

func BenchmarkReadChatAll(b *testing.B) {
	benchmarkRead(b, func(c *genai.Call) { c.Input(); c.Output(); c.Tools(); c.OutputSchema() })
}
