package pipeline

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
)

// SessionsOf returns the session of each trace that names one, as its first GenAI span with a session has it.
func SessionsOf(td ptrace.Traces) map[string]string {
	reader := dialect.NewReader(nil)
	var sessions map[string]string
	found := map[pcommon.TraceID]bool{}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				id := span.TraceID()
				if found[id] || id.IsEmpty() || span.SpanID().IsEmpty() {
					continue
				}
				call, ok := reader.Read(rs.Resource(), ss.Scope(), span)
				if !ok || call.SessionID == "" {
					continue
				}
				if sessions == nil {
					sessions = map[string]string{}
				}
				found[id] = true
				sessions[id.String()] = strings.Clone(call.SessionID)
			}
		}
	}
	return sessions
}
