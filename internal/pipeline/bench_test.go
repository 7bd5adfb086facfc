package pipeline

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/price"
)

var words = strings.Fields(`order refund invoice customer policy shipping delay please check status account premium plan upgrade the
 of and to for with return request warehouse tracking number delivered late damaged replacement within days terms agent ticket
 summary document section warranty covers excluding accidental unless extended protection confirm address payment method card`)

func prose(r *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(words[r.IntN(len(words))])
		b.WriteByte(' ')
	}
	return b.String()[:n]
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

type object = map[string]any

func textPart(s string) object { return object{"type": "text", "content": s} }

// offeredTools is 1.5 KB of tool definitions, as an agent sends them with every call.
var offeredTools = asJSON([]object{
	offered("lookup_order", []string{"order_id"}, object{
		"order_id": object{
			"type": "string", "pattern": "^ord_[0-9a-f]{12}$",
			"description": "The order's id, as the customer was told it.",
		},
		"include_items": object{"type": "boolean", "description": "Also return the items of the order."},
		"limit":         object{"type": "integer", "minimum": 0, "maximum": 100, "description": "Most items to return."},
	}),
	offered("issue_refund", []string{"order_id", "amount", "currency"}, object{
		"order_id": object{"type": "string", "description": "The order's id."},
		"amount":   object{"type": "number", "exclusiveMinimum": 0, "description": "How much to refund."},
		"currency": object{"type": "string", "enum": []string{"EUR", "USD", "GBP"}},
	}),
	offered("search_kb", []string{"query"}, object{
		"query": object{"type": "string", "description": "What to search for."},
		"top_k": object{"type": "integer", "minimum": 1, "maximum": 20},
	}),
	offered("send_email", []string{"to", "body"}, object{
		"to": object{"type": "string", "format": "email"}, "body": object{"type": "string"},
	}),
})

func offered(name string, required []string, properties object) object {
	return object{
		"type": "function", "name": name, "description": "What " + name + " does, in a sentence that a model can read.",
		"parameters": object{"type": "object", "properties": properties, "required": required, "additionalProperties": false},
	}
}

// traffic returns traces of the shape that all benchmarks use: an agent, a retrieval, two model calls (2 KB in, 1 KB
// out, 1.5 KB of tool definitions) and a tool call, with 27 to 31 attributes each.
func traffic(traces int) ptrace.Traces {
	r := rand.New(rand.NewPCG(1, uint64(traces)))
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "support-bot")
	rs.Resource().Attributes().PutStr("deployment.environment.name", "prod")
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("opentelemetry.instrumentation.genai")
	for trace := range traces {
		add := func(n int, operation string) pcommon.Map {
			span := ss.Spans().AppendEmpty()
			span.SetName(operation)
			span.SetTraceID(pcommon.TraceID{1, byte(trace >> 8), byte(trace)})
			span.SetSpanID(pcommon.SpanID{byte(n + 1)})
			span.SetStartTimestamp(1_764_000_000_000_000_000)
			span.SetEndTimestamp(1_764_000_001_000_000_000)
			a := span.Attributes()
			a.PutStr("gen_ai.operation.name", operation)
			a.PutStr("gen_ai.provider.name", "openai")
			a.PutStr("gen_ai.conversation.id", "conv_0123456789ab")
			a.PutStr("gen_ai.agent.name", "support-agent")
			for i := range 15 {
				a.PutStr(fmt.Sprintf("app.attribute.%d", i), "some value of it")
			}
			return a
		}
		agent := add(0, "invoke_agent")
		agent.PutStr("gen_ai.request.model", "gpt-4.1")
		agent.PutStr("gen_ai.input.messages", asJSON([]object{{"role": "user", "parts": []object{textPart(prose(r, 350))}}}))
		agent.PutStr("gen_ai.output.messages", asJSON([]object{{
			"role":  "assistant",
			"parts": []object{textPart(prose(r, 700))}, "finish_reason": "stop",
		}}))
		agent.PutInt("gen_ai.usage.input_tokens", 2000)
		agent.PutInt("gen_ai.usage.output_tokens", 400)
		pad(agent, 27)

		retrieval := add(1, "retrieval")
		retrieval.PutStr("gen_ai.data_source.id", "kb-support")
		retrieval.PutStr("gen_ai.retrieval.query.text", prose(r, 120))
		var documents []object
		for i := range 4 {
			documents = append(documents, object{"id": fmt.Sprint("doc_", i), "score": 0.5, "content": prose(r, 300)})
		}
		retrieval.PutStr("gen_ai.retrieval.documents", asJSON(documents))
		pad(retrieval, 27)

		for n, finish := range []string{"tool_call", "stop"} {
			chat := add(2+n, "chat")
			chat.PutStr("gen_ai.request.model", "gpt-4.1")
			chat.PutStr("gen_ai.response.model", "gpt-4.1-2026-08-01")
			chat.PutStr("gen_ai.response.id", "chatcmpl-0123456789ab")
			chat.PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr(finish)
			chat.PutDouble("gen_ai.request.temperature", 0.2)
			chat.PutInt("gen_ai.request.max_tokens", 1024)
			chat.PutInt("gen_ai.usage.input_tokens", 1500)
			chat.PutInt("gen_ai.usage.output_tokens", 300)
			call := object{
				"type": "tool_call", "id": "call_1", "name": "lookup_order",
				"arguments": object{"order_id": "ord_0123456789ab", "limit": 3},
			}
			chat.PutStr("gen_ai.input.messages", asJSON([]object{
				{"role": "system", "parts": []object{textPart(prose(r, 450))}},
				{"role": "user", "parts": []object{textPart(prose(r, 300))}},
				{"role": "assistant", "parts": []object{call}},
				{"role": "tool", "parts": []object{{"type": "tool_call_response", "id": "call_1", "response": prose(r, 650)}}},
				{"role": "user", "parts": []object{textPart(prose(r, 200))}},
			}))
			parts := []object{textPart(prose(r, 800))}
			if finish == "tool_call" {
				parts = append(parts, call)
			}
			chat.PutStr("gen_ai.output.messages", asJSON([]object{{
				"role": "assistant", "parts": parts,
				"finish_reason": finish,
			}}))
			chat.PutStr("gen_ai.tool.definitions", offeredTools)
			pad(chat, 31)
		}

		tool := add(4, "execute_tool")
		tool.PutStr("gen_ai.tool.name", "lookup_order")
		tool.PutStr("gen_ai.tool.call.id", "call_1")
		tool.PutStr("gen_ai.tool.call.arguments", asJSON(object{"order_id": "ord_0123456789ab", "note": prose(r, 120)}))
		tool.PutStr("gen_ai.tool.call.result", asJSON(object{"status": "ok", "rows": []string{prose(r, 220), prose(r, 220)}}))
		pad(tool, 27)
	}
	return td
}

func pad(a pcommon.Map, n int) {
	for i := 0; a.Len() < n; i++ {
		a.PutInt(fmt.Sprintf("app.number.%d", i), int64(i))
	}
}

// BenchmarkAnnotate measures the cost of annotating a received span with every default scorer.
func BenchmarkAnnotate(b *testing.B) { benchmarkAnnotate(b, func(string) bool { return true }) }

// The same for one operation.
func BenchmarkAnnotateChat(b *testing.B)      { benchmarkAnnotate(b, only("chat")) }
func BenchmarkAnnotateTool(b *testing.B)      { benchmarkAnnotate(b, only("execute_tool")) }
func BenchmarkAnnotateRetrieval(b *testing.B) { benchmarkAnnotate(b, only("retrieval")) }
func BenchmarkAnnotateAgent(b *testing.B)     { benchmarkAnnotate(b, only("invoke_agent")) }

func only(operation string) func(string) bool { return func(s string) bool { return s == operation } }

func benchmarkAnnotate(b *testing.B, keep func(operation string) bool) {
	b.Helper()
	td := traffic(16)
	for _, ss := range td.ResourceSpans().At(0).ScopeSpans().All() {
		ss.Spans().RemoveIf(func(span ptrace.Span) bool { return !keep(span.Name()) })
	}
	wireBytes, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	require.NoError(b, err)
	a := NewScorer(defaultSet(b), ScorerOptions{Prices: price.Embedded()})
	// The spans are unmarshalled anew each time, because annotated spans take another path.
	const rounds = 16
	var fresh [rounds]ptrace.Traces
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n%rounds == 0 {
			b.StopTimer()
			for i := range fresh {
				fresh[i], err = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(wireBytes)
				require.NoError(b, err)
			}
			b.StartTimer()
		}
		a.Traces(fresh[n%rounds], nil, nil)
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n)/float64(td.SpanCount()), "ns/span")
}

// BenchmarkAnnotateOther measures a span with 20 attributes that is not a GenAI operation.
func BenchmarkAnnotateOther(b *testing.B) {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range 100 {
		span := spans.AppendEmpty()
		span.SetName("GET /orders/{id}")
		for i, key := range []string{
			"http.request.method", "http.response.status_code", "http.route", "url.path", "url.scheme", "server.address",
			"server.port", "client.address", "user_agent.original", "network.protocol.version", "network.peer.address",
			"network.peer.port", "thread.id", "thread.name", "code.function.name", "code.file.path", "app.tenant", "app.feature",
			"app.release", "enduser.id",
		} {
			span.Attributes().PutStr(key, fmt.Sprint("value ", i))
		}
	}
	a := NewScorer(defaultSet(b), ScorerOptions{})
	b.ReportAllocs()
	for b.Loop() {
		a.Traces(td, nil, nil)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/span")
}
