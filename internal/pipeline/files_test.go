package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

// TestRunInSeveralPortions: where the span that names the row comes behind one that names a conversation, in a request of
// its own, the run is still a session of its own.
func TestRunInSeveralPortions(t *testing.T) {
	var portions []ptrace.Traces
	for run := range 3 {
		for part := range 2 {
			td := ptrace.NewTraces()
			span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
			span.SetTraceID(pcommon.TraceID{byte(run + 1)})
			span.SetSpanID(pcommon.SpanID{byte(part + 1)})
			a := span.Attributes()
			a.PutStr("gen_ai.operation.name", "execute_tool")
			a.PutStr("gen_ai.tool.name", "pay")
			a.PutStr("gen_ai.conversation.id", "same")
			a.PutStr("gen_ai.tool.call.arguments", `{"to":"x"}`)
			a.PutStr("gen_ai.tool.call.result", `{"done":true}`)
			if part == 1 {
				a.PutStr("gen_ai.operation.name", "invoke_agent")
				a.PutStr(spanattr.AttrDatasetRow, "row")
			}
			portions = append(portions, td)
		}
	}
	f, err := NewFiles(defaultSet(t), nil, true)
	require.NoError(t, err)
	for _, td := range portions {
		f.IndexTraces(td)
	}
	for _, td := range portions {
		f.Traces(td, func(s *Scored) {
			require.Empty(t, s.Entry.Record.Session.Loops)
			require.Equal(t, s.Span.TraceID().String(), s.Entry.Record.Session.ID)
		})
	}
}
