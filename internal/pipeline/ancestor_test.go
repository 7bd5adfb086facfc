package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score"
)

// family adds spans, each the child of the one before it, and returns them.
func family(td ptrace.Traces, scope string, each ...map[string]any) (spans []ptrace.Span) {
	ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
	ss.Scope().SetName(scope)
	for i, attributes := range each {
		span := ss.Spans().AppendEmpty()
		span.SetTraceID(pcommon.TraceID{7})
		span.SetSpanID(pcommon.SpanID{byte(i + 1)})
		if i > 0 {
			span.SetParentSpanID(pcommon.SpanID{byte(i)})
		}
		_ = span.Attributes().FromRaw(attributes)
		spans = append(spans, span)
	}
	return spans
}

func TestACallTakesItsSessionFromTheStepsAroundIt(t *testing.T) {
	call := map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
	other := map[string]any{"http.request.method": "POST", "session.id": "of a browser"}
	for name, c := range map[string]struct {
		spans []map[string]any
		want  string
	}{
		"parent": {[]map[string]any{
			{"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "c1"}, call,
		}, "c1"},
		"grandparent beyond a span of another kind": {[]map[string]any{
			{"openinference.span.kind": "CHAIN", "session.id": "c2"}, other, call,
		}, "c2"},
		"the nearest": {[]map[string]any{
			{"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "far"},
			{"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "near"},
			call,
		}, "near"},
		"its own": {[]map[string]any{
			{"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "outer"},
			{"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.conversation.id": "own"},
		}, "own"},
		"not that of a web request": {[]map[string]any{other, call}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			td := ptrace.NewTraces()
			spans := family(td, "sdk", c.spans...)
			NewScorer(score.NewSet(), ScorerOptions{}).Traces(td, nil, nil)
			got := ""
			if v, ok := spans[len(spans)-1].Attributes().Get("gen_ai.conversation.id"); ok {
				got = v.Str()
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestAModelOnAnAncestorPricesTheCall(t *testing.T) {
	response := map[string]any{
		"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100, "codex.usage.total_tokens": 1100,
	}
	sampling := map[string]any{"turn_id": "1", "model": "gpt-4o-mini", "cwd": "/"}
	td := ptrace.NewTraces()
	family(td, "codex_exec", map[string]any{
		"codex.turn.token_usage.input_tokens": 1000, "thread.id": "th", "model": "another",
	}, sampling, map[string]any{"from": "x"}, response)
	var counted int
	var usd float64
	NewScorer(score.NewSet(), ScorerOptions{Prices: price.Embedded()}).Traces(td, nil, func(s *Scored) {
		if s.Entry.IsInference {
			counted++
			require.Equal(t, "gpt-4o-mini", s.Entry.Model)
			require.Equal(t, "th", s.Call.SessionID)
		}
		usd += s.Entry.Record.Cost.USD.Value
	})
	require.Equal(t, 1, counted)
	require.InDelta(t, (1000*0.15+100*0.60)/1e6, usd, 1e-12)

	// A bare "model" on a span of another emitter says nothing of a language model.
	td = ptrace.NewTraces()
	family(td, "web", map[string]any{"model": "Customer"})
	spans := family(td, "codex_exec", response, response)
	spans[1].SetTraceID(pcommon.TraceID{7})
	NewScorer(score.NewSet(), ScorerOptions{Prices: price.Embedded()}).Traces(td, nil, func(s *Scored) {
		if s.Call != nil {
			require.Empty(t, s.Call.AnyModel())
		}
	})
}

func TestAncestorsAreBounded(t *testing.T) {
	td := ptrace.NewTraces()
	spans := family(td, "sdk", map[string]any{"gen_ai.operation.name": "chat"}, map[string]any{"gen_ai.operation.name": "chat"})
	spans[0].SetParentSpanID(pcommon.SpanID{2}) // a circle
	var a ancestors
	a.begin(td)
	call := &genai.Call{Operation: genai.OpChat}
	a.complete(call, pcommon.NewInstrumentationScope(), spans[1])
	require.Empty(t, call.SessionID)
}
