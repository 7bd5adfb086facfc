package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// receiver is an OTLP/gRPC server that keeps all requests in order.
type receiver struct {
	ptraceotlp.UnimplementedGRPCServer
	endpoint string

	mu       sync.Mutex
	refuse   int // number of first requests to answer with Unavailable
	reject   int64
	traces   []ptrace.Traces
	logs     []plog.Logs
	sequence []string // "traces" and "logs"
}

type logReceiver struct {
	plogotlp.UnimplementedGRPCServer
	*receiver
}

func (r *receiver) Export(_ context.Context, req ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	resp := ptraceotlp.NewExportResponse()
	if r.refuse > 0 {
		r.refuse--
		return resp, status.Error(codes.Unavailable, "try again")
	}
	if r.reject > 0 {
		resp.PartialSuccess().SetRejectedSpans(r.reject)
		resp.PartialSuccess().SetErrorMessage("too old")
	}
	r.traces = append(r.traces, req.Traces())
	r.sequence = append(r.sequence, "traces")
	return resp, nil
}

func (r *logReceiver) Export(_ context.Context, req plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logs = append(r.logs, req.Logs())
	r.sequence = append(r.sequence, "logs")
	return plogotlp.NewExportResponse(), nil
}

func receive(t *testing.T, withLogs bool) *receiver {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &receiver{endpoint: listener.Addr().String()}
	server := grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(server, r)
	if withLogs {
		plogotlp.RegisterGRPCServer(server, &logReceiver{receiver: r})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return r
}

func (r *receiver) spans() []ptrace.Span {
	var spans []ptrace.Span
	for _, td := range r.traces {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					spans = append(spans, span)
				}
			}
		}
	}
	return spans
}

const (
	tracesFile = `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a"}}]},"scopeSpans":[{"spans":[
{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"aaa19b7ec3c1b174","name":"first","startTimeUnixNano":"1763451824000000000","endTimeUnixNano":"1763451825000000000"},
{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"bbb19b7ec3c1b174","parentSpanId":"aaa19b7ec3c1b174","name":"second","startTimeUnixNano":"1763451825000000000","endTimeUnixNano":"1763451827000000000",
 "events":[{"timeUnixNano":"1763451826000000000","name":"e"}],"links":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"aaa19b7ec3c1b174"}]}]}]}]}`
	logsFile = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1763451825000000000","traceId":"5b8efff798038103d269b633813fc60c","spanId":"bbb19b7ec3c1b174","eventName":"gen_ai.choice"}]}]}]}`
)

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestReplaySendsTheContentOfFiles(t *testing.T) {
	r := receive(t, true)
	_, stderr := cli(
		t,
		exitOK,
		"replay",
		"--endpoint",
		r.endpoint,
		writeFile(t, "t.json", tracesFile),
		writeFile(t, "l.json", logsFile),
	)
	require.Contains(t, stderr, "2 spans")
	require.Contains(t, stderr, "1 log record")
	require.Equal(t, []string{"logs", "traces"}, r.sequence, "log records first, for the spans to find them")
	spans := r.spans()
	require.Len(t, spans, 2)
	require.Equal(t, "5b8efff798038103d269b633813fc60c", spans[0].TraceID().String())
	require.EqualValues(t, 1763451824000000000, spans[0].StartTimestamp())
}

func TestReplayNowKeepsTheSpacing(t *testing.T) {
	r := receive(t, true)
	before := time.Now()
	cli(
		t,
		exitOK,
		"replay",
		"--now",
		"--endpoint",
		r.endpoint,
		writeFile(t, "t.json", tracesFile),
		writeFile(t, "l.json", logsFile),
	)
	spans := r.spans()
	end := spans[1].EndTimestamp().AsTime()
	require.WithinRange(t, end, before, time.Now())
	require.Equal(t, 3*time.Second, end.Sub(spans[0].StartTimestamp().AsTime()))
	require.Equal(t, time.Second, end.Sub(spans[1].Events().At(0).Timestamp().AsTime()))
	record := r.logs[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
	require.Equal(t, 2*time.Second, end.Sub(record.Timestamp().AsTime()))
	require.Zero(t, record.ObservedTimestamp(), "an unset time stays unset")
}

func TestReplayNewIDsKeepTheTree(t *testing.T) {
	r := receive(t, true)
	files := []string{writeFile(t, "t.json", tracesFile), writeFile(t, "l.json", logsFile)}
	cli(t, exitOK, append([]string{"replay", "--new-ids", "--endpoint", r.endpoint}, files...)...)
	cli(t, exitOK, append([]string{"replay", "--new-ids", "--endpoint", r.endpoint}, files...)...)
	spans := r.spans()
	require.Len(t, spans, 4)
	root, child, again := spans[0], spans[1], spans[2]
	require.NotEqual(t, "5b8efff798038103d269b633813fc60c", root.TraceID().String())
	require.Equal(t, root.TraceID(), child.TraceID())
	require.Equal(t, root.SpanID(), child.ParentSpanID())
	require.True(t, root.ParentSpanID().IsEmpty())
	require.Equal(t, root.SpanID(), child.Links().At(0).SpanID())
	record := r.logs[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
	require.Equal(t, child.SpanID(), record.SpanID())
	require.NotEqual(t, root.TraceID(), again.TraceID(), "new IDs each time")
}

func TestReplayRetries(t *testing.T) {
	r := receive(t, true)
	r.refuse = 2
	_, stderr := cli(t, exitOK, "replay", "--endpoint", r.endpoint, writeFile(t, "t.json", tracesFile))
	require.Contains(t, stderr, "2 spans")
	require.Len(t, r.traces, 1)
}

func TestReplayWithoutAPipelineForLogs(t *testing.T) {
	r := receive(t, false)
	_, stderr := cli(
		t,
		exitOK,
		"replay",
		"--endpoint",
		r.endpoint,
		writeFile(t, "l.jsonl", logsFile+"\n"+logsFile),
		writeFile(t, "t.json", tracesFile),
	)
	require.Contains(t, stderr, "2 log records  the Collector has no pipeline for logs")
	require.Len(t, r.spans(), 2)
}

func TestReplayReportsRejectedSpans(t *testing.T) {
	r := receive(t, true)
	r.reject = 1
	_, stderr := cli(t, exitFailure, "replay", "--endpoint", r.endpoint, writeFile(t, "t.json", tracesFile))
	require.Contains(t, stderr, "by the Collector: too old")
}

func TestReplayLimitsTheRate(t *testing.T) {
	r := receive(t, true)
	started := time.Now()
	cli(
		t,
		exitOK,
		"replay",
		"--rate",
		"20",
		"--endpoint",
		r.endpoint,
		writeFile(t, "t.jsonl", strings.Repeat(strings.ReplaceAll(tracesFile, "\n", "")+"\n", 5)),
	)
	require.Len(t, r.spans(), 10)
	require.GreaterOrEqual(t, time.Since(started), 400*time.Millisecond, "the fifth request goes after eight spans")
}

func TestLargeRequestsAreSplit(t *testing.T) {
	td := ptrace.NewTraces()
	for _, name := range []string{"a", "b"} {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", name)
		spans := rs.ScopeSpans().AppendEmpty().Spans()
		for range 5 {
			span := spans.AppendEmpty()
			span.SetName(name)
			span.Attributes().PutStr("text", strings.Repeat("x", 1<<20))
		}
	}
	parts := split(td)
	total := 0
	for _, part := range parts {
		require.LessOrEqual(t, (&ptrace.ProtoMarshaler{}).TracesSize(part), 4<<20)
		for _, rs := range part.ResourceSpans().All() {
			service, _ := rs.Resource().Attributes().Get("service.name")
			for _, span := range rs.ScopeSpans().At(0).Spans().All() {
				require.Equal(t, service.Str(), span.Name(), "a span keeps its resource")
			}
		}
		total += part.SpanCount()
	}
	require.Equal(t, 10, total)
	require.Len(t, parts, 5)
}
