package llmfailureprocessor

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// TestLogsAreRedactedAfterReading checks that a span is scored on the original text of a log record, and that neither
// the span nor the record is exported with it.
func TestLogsAreRedactedAfterReading(t *testing.T) {
	r := start(t, "redact: [pii]")
	require.True(t, r.logs.Capabilities().MutatesData)
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	record := records.AppendEmpty()
	record.SetTraceID(traceID)
	record.SetSpanID(spanID(0))
	record.SetEventName("gen_ai.client.inference.operation.details")
	record.Attributes().PutStr("gen_ai.output.messages", output("Ask maria@acme.pt."))
	other := records.AppendEmpty()
	other.SetEventName("app.order")
	other.Body().SetStr("maria@acme.pt ordered")
	require.NoError(t, r.logs.ConsumeLogs(t.Context(), ld))
	out := r.records.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	text, _ := out.At(0).Attributes().Get("gen_ai.output.messages")
	require.Equal(t, output("Ask [redacted:email]."), text.Str())
	require.Equal(t, "maria@acme.pt ordered", out.At(1).Body().Str(), "other log records pass unchanged")

	spans := r.annotate(t, readSpans(t, []byte("[{name: chat, attributes: {gen_ai.operation.name: chat}}]")))
	span := spans.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	class, _ := span.Attributes().Get("app.llm.error_detail")
	require.Equal(t, "pii_leak", class.Str())
	require.Contains(t, r.metrics(t), "otelcol_llm_failure_redactions{} = 1\n")
}
