package otlpserver

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// received counts what a server takes.
type received struct {
	spans, records int
	fails          error
}

func start(t *testing.T) (*Server, *received) {
	t.Helper()
	got := &received{}
	s, err := Start(t.Context(), Sink{
		Traces: func(td ptrace.Traces) error { got.spans += td.SpanCount(); return got.fails },
		Logs:   func(ld plog.Logs) error { got.records += ld.LogRecordCount(); return got.fails },
	})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close(time.Second) })
	return s, got
}

func traces() ptraceotlp.ExportRequest {
	td := ptrace.NewTraces()
	td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty().SetName("chat")
	return ptraceotlp.NewExportRequestFromTraces(td)
}

func logs() plogotlp.ExportRequest {
	ld := plog.NewLogs()
	ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("x")
	return plogotlp.NewExportRequestFromLogs(ld)
}

func zip(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(b)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return out.Bytes()
}

func TestHTTP(t *testing.T) {
	s, got := start(t)
	proto, err := traces().MarshalProto()
	require.NoError(t, err)
	json, err := traces().MarshalJSON()
	require.NoError(t, err)
	record, err := logs().MarshalProto()
	require.NoError(t, err)
	const protobuf = "application/x-protobuf"
	for _, c := range []struct {
		name, path, kind, encoding string
		body                       []byte
		status                     int
		words                      string
	}{
		{name: "protobuf", path: "/v1/traces", kind: protobuf, body: proto, status: 200},
		{name: "JSON", path: "/v1/traces", kind: "application/json; charset=utf-8", body: json, status: 200, words: "{"},
		{name: "protobuf, gzip", path: "/v1/traces", kind: protobuf, encoding: "gzip", body: zip(t, proto), status: 200},
		{name: "JSON, gzip", path: "/v1/traces", kind: "application/json", encoding: "gzip", body: zip(t, json), status: 200},
		{name: "logs", path: "/v1/logs", kind: protobuf, body: record, status: 200},
		{name: "metrics", path: "/v1/metrics", kind: protobuf, status: 200},
		{name: "another type", path: "/v1/traces", kind: "text/plain", body: proto, status: 415, words: "send application/x-protobuf"},
		{name: "no protobuf", path: "/v1/traces", kind: protobuf, body: []byte("hello"), status: 400},
		{name: "no JSON", path: "/v1/traces", kind: "application/json", body: []byte("hello"), status: 400},
		{name: "no gzip", path: "/v1/traces", kind: protobuf, encoding: "gzip", body: proto, status: 400},
		{name: "another encoding", path: "/v1/traces", kind: protobuf, encoding: "br", body: proto, status: 400, words: `got "br"`},
		{
			name: "too large", path: "/v1/traces", kind: "application/json", encoding: "gzip",
			body: zip(t, make([]byte, MaxRequest+1)), status: 400, words: "must not be larger than 64 MiB",
		},
		{name: "another path", path: "/v1/profiles", kind: protobuf, status: 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+c.path, bytes.NewReader(c.body))
			require.NoError(t, err)
			r.Header.Set("Content-Type", c.kind)
			r.Header.Set("Content-Encoding", c.encoding)
			response, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			defer response.Body.Close()
			answer, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, c.status, response.StatusCode, string(answer))
			require.Contains(t, string(answer), c.words)
			if c.status == 200 {
				require.True(t, strings.HasPrefix(c.kind, response.Header.Get("Content-Type")))
			}
		})
	}
	require.Equal(t, received{spans: 4, records: 1}, *got)
	got.fails = errors.New("disk full")
	response, err := http.Post(s.URL()+"/v1/traces", protobuf, bytes.NewReader(proto))
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, 500, response.StatusCode, "an SDK must see that nothing was kept")
}

func TestGRPC(t *testing.T) {
	s, got := start(t)
	conn, err := grpc.NewClient(strings.TrimPrefix(s.URL(), "http://"),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, options := range [][]grpc.CallOption{nil, {grpc.UseCompressor("gzip")}} {
		_, err = ptraceotlp.NewGRPCClient(conn).Export(ctx, traces(), options...)
		require.NoError(t, err)
		_, err = plogotlp.NewGRPCClient(conn).Export(ctx, logs(), options...)
		require.NoError(t, err)
		_, err = pmetricotlp.NewGRPCClient(conn).Export(ctx, pmetricotlp.NewExportRequest(), options...)
		require.NoError(t, err)
	}
	require.Equal(t, received{spans: 2, records: 2}, *got)
	got.fails = errors.New("disk full")
	_, err = ptraceotlp.NewGRPCClient(conn).Export(ctx, traces())
	require.Equal(t, codes.Unknown, status.Code(err))
	s.Close(time.Second)
	_, err = ptraceotlp.NewGRPCClient(conn).Export(ctx, traces())
	require.Equal(t, codes.Unavailable, status.Code(err))
}
