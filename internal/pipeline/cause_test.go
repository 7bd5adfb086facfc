package pipeline

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// incident returns a trace in which a truncated answer leads to a timeout. Its spans have the given order.
func incident(order []int) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for _, i := range order {
		s := []struct {
			operation, class, detail string
			classes                  []string
			start, end               int
			loops                    string
		}{
			{"invoke_agent", "timeout", "client_deadline", []string{"timeout"}, 0, 100, ""},
			{"chat", "truncation", "output_limit", []string{"truncation", "tool_call_malformed"}, 1, 10, ""},
			{"execute_tool", "tool_error", "failed", []string{"tool_error"}, 11, 20, ""},
			{"chat", "", "", nil, 21, 30, ""},
			{"execute_tool", "tool_error", "failed", []string{"tool_error", "retry_loop"}, 31, 40, "repeat"},
		}[i]
		span := spans.AppendEmpty()
		span.SetTraceID([16]byte{7})
		span.SetSpanID(spanID(i))
		if i > 0 {
			span.SetParentSpanID(spanID(0))
		}
		span.SetStartTimestamp(pcommon.Timestamp(1e18 + s.start))
		span.SetEndTimestamp(pcommon.Timestamp(1e18 + s.end))
		attrs := span.Attributes()
		attrs.PutStr("gen_ai.operation.name", s.operation)
		if s.class != "" {
			attrs.PutStr(spanattr.AttrErrorClass, s.class)
			attrs.PutStr(spanattr.AttrErrorDetail, s.detail)
			list := attrs.PutEmptySlice(spanattr.AttrErrorClasses)
			for _, c := range s.classes {
				list.AppendEmpty().SetStr(c)
			}
		}
		if s.loops != "" {
			attrs.PutEmptySlice(spanattr.AttrSessionLoops).AppendEmpty().SetStr(s.loops)
		}
	}
	return td
}

func spanID(i int) (id pcommon.SpanID) {
	binary.BigEndian.PutUint64(id[:], uint64(i)+1)
	return id
}

func never(pcommon.TraceID) bool { return false }

func text(span ptrace.Span, key string) string {
	v, ok := span.Attributes().Get(key)
	if !ok {
		return ""
	}
	return v.AsString()
}

func TestOneIncidentInEveryOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	c := NewCauses()
	for range 60 {
		td := incident(r.Perm(5))
		for range 2 { // the second time changes nothing
			incidents := 0
			c.Traces(td, never, func(cause TraceCause) {
				incidents++
				require.Equal(t, failure.Truncation, cause.Finding.Class)
				require.Equal(t, spanID(1), cause.Primary.SpanID())
				require.Equal(t, 5, cause.Spans)
			})
			require.Equal(t, 1, incidents)
			primaries := 0
			for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
				switch span.SpanID() {
				case spanID(0), spanID(1):
					require.Equal(t, "truncation", text(span, spanattr.AttrTraceClass))
					if text(span, spanattr.AttrTracePrimary) == span.SpanID().String() {
						primaries++
					}
				case spanID(2), spanID(4):
					require.Equal(t, spanID(1).String(), text(span, spanattr.AttrCausedBy))
					require.Empty(t, text(span, spanattr.AttrTraceClass))
				default:
					require.Empty(t, text(span, spanattr.AttrCausedBy))
				}
			}
			require.Equal(t, 1, primaries)
		}
	}
}

func TestLateSpanIsNoSecondIncident(t *testing.T) {
	NewCauses().Traces(incident([]int{4}), func(pcommon.TraceID) bool { return true },
		func(TraceCause) { t.Error("an incident") })
}
