package otlpfile

import (
	"bytes"
	"errors"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// ErrNoSpans is returned for telemetry without a span.
var ErrNoSpans = errors.New("the telemetry holds no span")

// Mark reads telemetry in any form that Read knows, puts the attributes on every resource, and returns it as OTLP/JSON:
// a line with all log records, if there are any, and then a line with all spans.
func Mark(otlp []byte, attributes map[string]string) ([]byte, error) {
	var (
		bad    error
		traces = ptrace.NewTraces()
		logs   = plog.NewLogs()
	)
	err := Read("answer", bytes.NewReader(otlp), Sink{
		Traces: func(td ptrace.Traces) error { td.ResourceSpans().MoveAndAppendTo(traces.ResourceSpans()); return nil },
		Logs:   func(ld plog.Logs) error { ld.ResourceLogs().MoveAndAppendTo(logs.ResourceLogs()); return nil },
		Bad: func(e *Error) {
			if bad == nil {
				bad = e
			}
		},
	})
	if err = errors.Join(err, bad); err != nil {
		return nil, err
	}
	if traces.SpanCount() == 0 {
		return nil, ErrNoSpans
	}
	var b bytes.Buffer
	if err := errors.Join(WriteLogs(&b, logs, attributes), WriteTraces(&b, traces, attributes)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// WriteTraces puts the attributes on every resource and appends the traces as a line, unless there are none.
func WriteTraces(b *bytes.Buffer, td ptrace.Traces, attributes map[string]string) error {
	for _, rs := range td.ResourceSpans().All() {
		mark(rs.Resource(), attributes)
	}
	if td.SpanCount() == 0 {
		return nil
	}
	line, err := (&ptrace.JSONMarshaler{}).MarshalTraces(td)
	b.Write(append(line, '\n'))
	return err
}

// WriteLogs is WriteTraces for log records.
func WriteLogs(b *bytes.Buffer, ld plog.Logs, attributes map[string]string) error {
	for _, rl := range ld.ResourceLogs().All() {
		mark(rl.Resource(), attributes)
	}
	if ld.LogRecordCount() == 0 {
		return nil
	}
	line, err := (&plog.JSONMarshaler{}).MarshalLogs(ld)
	b.Write(append(line, '\n'))
	return err
}

func mark(resource pcommon.Resource, attributes map[string]string) {
	for key, value := range attributes {
		resource.Attributes().PutStr(key, value)
	}
}
