// Package pipelinetest makes spans for tests of the stages and of the components that use them.
package pipelinetest

import (
	"math"
	"math/rand/v2"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Traces are a request of spans that an emitter, an earlier pass or an attacker may have written: ids come twice or are
// missing, and attributes of ours hold anything.
func Traces(r *rand.Rand) ptrace.Traces {
	td := ptrace.NewTraces()
	pick := func(v ...any) any { return v[r.IntN(len(v))] }
	for range 1 + r.IntN(2) {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", "s")
		if r.IntN(3) == 0 {
			rs.Resource().Attributes().PutStr("app.llm.scorers", "refusal=0 good=1")
		}
		spans := rs.ScopeSpans().AppendEmpty().Spans()
		for range 1 + r.IntN(12) {
			span := spans.AppendEmpty()
			span.SetTraceID(pcommon.TraceID{byte(r.IntN(3))})
			span.SetSpanID(pcommon.SpanID{byte(r.IntN(12))})
			span.SetParentSpanID(pcommon.SpanID{byte(r.IntN(12))})
			span.SetStartTimestamp(pcommon.Timestamp(r.IntN(20)))
			if r.IntN(2) == 0 {
				span.Status().SetCode(ptrace.StatusCodeError)
				span.Status().SetMessage(pick("", "timeout", "mail eve@example.com failed", "rate limit 429").(string))
			}
			m := map[string]any{}
			set := func(p int, key string, v ...any) {
				if r.IntN(100) < p {
					m[key] = pick(v...)
				}
			}
			set(90, "gen_ai.operation.name", "chat", "execute_tool", "execute_tool", "invoke_agent", "retrieval",
				"embeddings")
			set(70, "gen_ai.tool.name", "pay", "look")
			set(70, "gen_ai.request.model", "gpt-4.1", "m", "gpt-4o-mini")
			set(60, "gen_ai.provider.name", "openai", "anthropic", "langchain")
			set(50, "gen_ai.conversation.id", "c", "d", "eve@example.com", "AKIAIOSFODNN7EXAMPLQ", 7)
			set(60, "gen_ai.agent.name", "a", "b", "AKIAIOSFODNN7EXAMPLQ")
			set(60, "gen_ai.tool.call.arguments", `{"to":"x"}`, `{"to":"eve@example.com"}`, `{"to":"bob@example.com"}`,
				"{", "")
			set(50, "gen_ai.tool.call.result", `{"ok":true}`, `{"error":"no eve@example.com"}`, "", "[]")
			set(50, "gen_ai.input.messages", message("user", "I am eve@example.com, help"), "x", `[`)
			set(50, "gen_ai.output.messages", message("assistant", "I can not help with that, eve@example.com."),
				message("assistant", "AKIAIOSFODNN7EXAMPLQ is the key"))
			set(50, "gen_ai.usage.input_tokens", 10, "20", -1, 1.5)
			set(50, "gen_ai.usage.output_tokens", 10, "20", -1)
			set(20, "gen_ai.usage.cost", 0.5, -1.0, "0.25", math.MaxFloat64)
			set(15, "app.llm.coverage", "scored", "no_content", "x")
			set(10, "app.llm.redactions", 1, "1", -3)
			set(10, "app.llm.cost.usd", 1.0, "1", -1.0, 7, 1e300)
			set(10, "app.llm.cost.source", "computed", "estimated", "reported", "x", 7)
			set(10, "app.llm.cost.pricing_version", "v", "", 3)
			set(10, "app.llm.digest", "AAAA", 3, "?", strings.Repeat("A", 80))
			set(10, "app.llm.call_hash", "12", "zz", "ffffffffffffffffff", 5)
			set(10, "app.llm.session.id", "old", 3)
			set(10, "app.llm.session.loops", []any{"repeat", "runaway"}, []any{"repeat"}, "repeat", []any{3})
			set(10, "app.llm.session.limit", "usd", 4)
			set(10, "app.llm.session.cost_usd", 1.0, "x")
			set(10, "app.llm.score.refusal", 0.1, "1", true)
			set(10, "app.llm.score.good", 0.1, 2.0)
			set(8, "app.llm.scorers", "refusal=9", 3)
			set(10, "app.llm.error_class", "refusal", "retry_loop", "x", 7)
			set(10, "app.llm.error_classes", []any{"refusal", "retry_loop"}, []any{}, "x")
			set(10, "app.llm.error_detail", "repeat", "x")
			set(10, "app.llm.error_evidence", "mail to eve@example.com…", 3)
			set(10, "app.llm.fingerprint", "abc", 3)
			set(10, "app.llm.tool.outcome", "failed", "ok", "x")
			set(10, "app.llm.cancelled", true, "true")
			set(10, "app.llm.trace.primary_span_id", "0100000000000000")
			set(10, "app.llm.trace.error_class", "refusal")
			set(10, "app.llm.sample.stratum", "flagged", "random", "x")
			if err := span.Attributes().FromRaw(m); err != nil {
				panic(err) // the values above are of the types that it takes
			}
			if r.IntN(5) == 0 {
				e := span.Events().AppendEmpty()
				e.SetName("gen_ai.evaluation.result")
				e.Attributes().PutStr("gen_ai.evaluation.name", pick("refusal", "good").(string))
				e.Attributes().PutStr("app.llm.scorer.version", "1")
			}
		}
	}
	return td
}

func message(role, text string) string {
	return `[{"role":"` + role + `","parts":[{"type":"text","content":"` + text + `"}],"finish_reason":"stop"}]`
}
