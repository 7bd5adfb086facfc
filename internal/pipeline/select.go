package pipeline

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Select returns a copy of the spans that keep selects, with their resources and scopes.
func Select(td ptrace.Traces, keep func(ptrace.Span) bool) ptrace.Traces {
	all := SelectByTrace(td, func(span ptrace.Span) (pcommon.TraceID, bool) {
		return pcommon.TraceID{}, keep(span) // one group
	})
	if len(all) == 0 {
		return ptrace.NewTraces()
	}
	return all[0].Traces
}

// Group is some spans of one trace.
type Group struct {
	ID     pcommon.TraceID
	Traces ptrace.Traces
}

// SelectByTrace returns copies of the spans that of selects, with their resources and scopes, in one group for each id
// that it returns.
func SelectByTrace(td ptrace.Traces, of func(ptrace.Span) (pcommon.TraceID, bool)) []Group {
	type target struct { // where the spans of the present scope go
		resource ptrace.ResourceSpans
		spans    ptrace.SpanSlice
		rs, ss   int
	}
	var groups []Group
	var targets []target
	index := map[pcommon.TraceID]int{}
	for i, rs := range td.ResourceSpans().All() {
		for k, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				id, selected := of(span)
				if !selected {
					continue
				}
				at, ok := index[id]
				if !ok {
					at = len(groups)
					index[id] = at
					groups = append(groups, Group{id, ptrace.NewTraces()})
					targets = append(targets, target{rs: -1})
				}
				t := &targets[at]
				if t.rs != i {
					t.resource, t.rs, t.ss = groups[at].Traces.ResourceSpans().AppendEmpty(), i, -1
					rs.Resource().CopyTo(t.resource.Resource())
					t.resource.SetSchemaUrl(rs.SchemaUrl())
				}
				if t.ss != k {
					scope := t.resource.ScopeSpans().AppendEmpty()
					ss.Scope().CopyTo(scope.Scope())
					scope.SetSchemaUrl(ss.SchemaUrl())
					t.spans, t.ss = scope.Spans(), k
				}
				span.CopyTo(t.spans.AppendEmpty())
			}
		}
	}
	return groups
}
