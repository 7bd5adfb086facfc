package pipeline

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// aCall is one span of a model call with 1000 input and 100 output tokens that was cut at the limit.
func aCall(td ptrace.Traces, scope string, id, parent byte, answer string) ptrace.Span {
	ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
	ss.Scope().SetName(scope)
	span := ss.Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID{1})
	span.SetSpanID(pcommon.SpanID{id})
	if parent != 0 {
		span.SetParentSpanID(pcommon.SpanID{parent})
	}
	span.SetStartTimestamp(1_764_000_000_000_000_000)
	span.SetEndTimestamp(1_764_000_001_000_000_000)
	a := span.Attributes()
	a.PutStr("gen_ai.operation.name", "chat")
	a.PutStr("gen_ai.request.model", "gpt-4o-mini")
	a.PutInt("gen_ai.usage.input_tokens", 1000)
	a.PutInt("gen_ai.usage.output_tokens", 100)
	a.PutStr("gen_ai.response.finish_reasons", "length")
	if answer != "" {
		a.PutStr("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"`+answer+`"}]}]`)
	}
	return span
}

func calls(t *testing.T, s *Scorer, requests ...ptrace.Traces) (counted []byte, usd float64) {
	t.Helper()
	for _, td := range requests {
		s.Traces(td, nil, func(o *Scored) {
			id := o.Span.SpanID()
			if o.Entry.IsInference {
				counted = append(counted, id[0])
			}
			usd += o.Entry.Record.Cost.USD.Value
		})
	}
	return counted, usd
}

func TestACallIsCountedOnce(t *testing.T) {
	const cost = (1000*0.15 + 100*0.60) / 1e6
	outerThenInner := func() []ptrace.Traces {
		td := ptrace.NewTraces()
		aCall(td, "framework", 1, 0, "A full answer.")
		aCall(td, "sdk", 2, 1, "A full answer.")
		return []ptrace.Traces{td}
	}
	apart := func() []ptrace.Traces {
		outer, inner := ptrace.NewTraces(), ptrace.NewTraces()
		aCall(outer, "framework", 1, 0, "A full answer.")
		aCall(inner, "sdk", 2, 1, "A full answer.")
		return []ptrace.Traces{inner, outer}
	}
	for name, requests := range map[string]func() []ptrace.Traces{"one request": outerThenInner, "two requests": apart} {
		t.Run(name, func(t *testing.T) {
			s := NewScorer(defaultSet(t), ScorerOptions{Prices: price.Embedded()})
			data := requests()
			counted, usd := calls(t, s, data...)
			require.Equal(t, []byte{2}, counted, "the inner span is the call")
			require.InDelta(t, cost, usd, 1e-9)

			outer := data[len(data)-1].ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
			require.Equal(t, "0200000000000000", attribute(t, outer, spanattr.AttrDuplicateOf))
			_, priced := outer.Attributes().Get(spanattr.AttrCostUSD)
			require.False(t, priced)

			// A gateway sees only the outer span, and keeps what the agent decided.
			gateway := NewScorer(defaultSet(t), ScorerOptions{Prices: price.Embedded()})
			again := ptrace.NewTraces()
			outer.CopyTo(again.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty())
			counted, usd = calls(t, gateway, again)
			require.Empty(t, counted)
			require.Zero(t, usd)

			// So does a stage without the batch.
			spans := NewSpans()
			spans.Begin(nil)
			rs := again.ResourceSpans().At(0)
			e := spans.Entry(rs.Resource(), rs.ScopeSpans().At(0).Scope(), rs.ScopeSpans().At(0).Spans().At(0))
			require.False(t, e.IsInference)
			require.Equal(t, session.Other, e.Session.Kind)
		})
	}
}

// TestTheAnswerOfADuplicateIsJudgedIfTheCallHasNone checks an SDK without content inside a framework with content that
// arrives later. The failure that both show is counted on the call.
func TestTheAnswerOfADuplicateIsJudgedIfTheCallHasNone(t *testing.T) {
	inner, outer := ptrace.NewTraces(), ptrace.NewTraces()
	call := aCall(inner, "sdk", 2, 1, "")
	step := aCall(outer, "framework", 1, 0, "Use AKIA"+"QYLPMN5HHHFPZAM2 to sign in.")
	s := NewScorer(defaultSet(t), ScorerOptions{})
	counted, _ := calls(t, s, inner, outer)
	require.Equal(t, []byte{2}, counted)
	require.Equal(t, "truncation", attribute(t, call, spanattr.AttrErrorClass))
	require.JSONEq(t, `["unsafe"]`, attribute(t, step, spanattr.AttrErrorClasses))
}

// TestLookAheadReadsNothingItNeedNot checks that spans without a model call as their parent are not read twice.
func TestLookAheadReadsNothingItNeedNot(t *testing.T) {
	td := ptrace.NewTraces()
	agent := aCall(td, "framework", 1, 0, "")
	agent.Attributes().PutStr("gen_ai.operation.name", "invoke_agent")
	aCall(td, "sdk", 2, 1, "")
	aCall(td, "sdk", 3, 1, "")
	var l lookahead
	for _, rs := range td.ResourceSpans().All() {
		span := rs.ScopeSpans().At(0).Spans().At(0)
		l.spans = append(l.spans, ahead{resource: rs.Resource(), scope: rs.ScopeSpans().At(0).Scope(), span: span})
	}
	l.pairs()
	require.Empty(t, l.calls)
	read := slices.IndexFunc(l.spans, func(a ahead) bool { return a.read && a.span.SpanID() != agent.SpanID() })
	require.Negative(t, read)
}
