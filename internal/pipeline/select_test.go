package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// mixed has two resources with two scopes each, and a span of each of two traces in every scope.
func mixed() ptrace.Traces {
	td := ptrace.NewTraces()
	id := byte(0)
	for _, service := range []string{"a", "b"} {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", service)
		rs.SetSchemaUrl("resource/" + service)
		for _, scope := range []string{"x", "y"} {
			ss := rs.ScopeSpans().AppendEmpty()
			ss.Scope().SetName(scope)
			ss.SetSchemaUrl("scope/" + scope)
			for trace := byte(1); trace <= 2; trace++ {
				id++
				span := ss.Spans().AppendEmpty()
				span.SetTraceID(pcommon.TraceID{trace})
				span.SetSpanID(pcommon.SpanID{id})
			}
		}
	}
	return td
}

func TestSelect(t *testing.T) {
	td := mixed()
	selected := Select(td, func(span ptrace.Span) bool { return span.SpanID() == pcommon.SpanID{7} })
	require.Equal(t, 1, selected.SpanCount())
	rs := selected.ResourceSpans().At(0)
	require.Equal(t, map[string]any{"service.name": "b"}, rs.Resource().Attributes().AsRaw())
	require.Equal(t, "resource/b", rs.SchemaUrl())
	require.Equal(t, "y", rs.ScopeSpans().At(0).Scope().Name())
	require.Equal(t, "scope/y", rs.ScopeSpans().At(0).SchemaUrl())
	require.Equal(t, 8, td.SpanCount())
	require.Equal(t, mixed(), Select(td, func(ptrace.Span) bool { return true }))
	require.Zero(t, Select(td, func(ptrace.Span) bool { return false }).ResourceSpans().Len())
}

func TestSelectByTrace(t *testing.T) {
	groups := SelectByTrace(mixed(), func(span ptrace.Span) (pcommon.TraceID, bool) {
		return span.TraceID(), span.SpanID()[0] > 2
	})
	require.Len(t, groups, 2)
	for i, g := range groups {
		require.Equal(t, pcommon.TraceID{byte(i + 1)}, g.ID)
		require.Equal(t, 3, g.Traces.SpanCount())
		require.Equal(t, 2, g.Traces.ResourceSpans().Len())
	}
}
