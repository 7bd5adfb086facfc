package otlpfile

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestMark(t *testing.T) {
	const spans = `{"resourceSpans":[{"resource":{"attributes":[{"key":"row","value":{"stringValue":"old"}}]},
"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"chat"}]}]}]}`
	const logs = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}`
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(spans))
	require.NoError(t, err)
	proto, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	require.NoError(t, err)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err = z.Write([]byte(spans + "\n" + spans))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for _, c := range []struct {
		name           string
		in             []byte
		spans, records int
		mistake        string
	}{
		{name: "JSON", in: []byte(spans), spans: 1},
		{name: "protobuf", in: proto, spans: 1},
		{name: "several requests, compressed", in: zipped.Bytes(), spans: 2},
		{name: "log records after the spans", in: []byte(spans + "\n" + logs), spans: 1, records: 1},
		{name: "only log records", in: []byte(logs), mistake: "the telemetry holds no span"},
		{name: "nothing", mistake: "the telemetry holds no span"},
		{name: "cut", in: []byte(spans[:80]), mistake: "answer:1: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := Mark(c.in, map[string]string{"row": "r1"})
			if c.mistake != "" {
				require.ErrorContains(t, err, c.mistake)
				return
			}
			require.NoError(t, err)
			lines := bytes.Split(bytes.TrimSuffix(out, []byte("\n")), []byte("\n"))
			require.Contains(t, string(lines[len(lines)-1]), `"resourceSpans"`, "the spans are last")
			require.Len(t, lines, 1+min(c.records, 1))
			gotSpans, gotRecords := 0, 0
			err = Read("out", bytes.NewReader(out), Sink{
				Traces: func(td ptrace.Traces) error {
					gotSpans += td.SpanCount()
					for _, rs := range td.ResourceSpans().All() {
						row, _ := rs.Resource().Attributes().Get("row")
						require.Equal(t, "r1", row.AsString())
						require.Equal(t, 1, rs.Resource().Attributes().Len())
					}
					return nil
				},
				Logs: func(ld plog.Logs) error { gotRecords += ld.LogRecordCount(); return nil },
				Bad:  func(e *Error) { require.NoError(t, e) },
			})
			require.NoError(t, err)
			require.Equal(t, c.spans, gotSpans)
			require.Equal(t, c.records, gotRecords)
		})
	}
}
