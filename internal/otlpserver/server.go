// Package otlpserver receives OTLP on a free port of this machine: gRPC and HTTP on the same one, protobuf and JSON,
// compressed or not. So whatever protocol an SDK prefers, one address is right.
package otlpserver

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // SDKs may compress
)

// MaxRequest bounds one request, in bytes after decompression.
const MaxRequest = 64 << 20

// Sink takes what is received, from one goroutine at a time. Metrics are taken and dropped, since SDKs complain
// otherwise.
type Sink struct {
	Traces func(ptrace.Traces) error
	Logs   func(plog.Logs) error
}

// Server is a receiver that runs.
type Server struct {
	address string
	http    *http.Server
	grpc    *grpc.Server
	mu      sync.Mutex // of the sink
	sink    Sink
}

// Start starts a receiver on a free port of the loopback interface.
func Start(ctx context.Context, sink Sink) (*Server, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for OTLP: %w", err)
	}
	s := &Server{address: listener.Addr().String(), sink: sink, grpc: grpc.NewServer(grpc.MaxRecvMsgSize(MaxRequest))}
	ptraceotlp.RegisterGRPCServer(s.grpc, &traceService{s: s})
	plogotlp.RegisterGRPCServer(s.grpc, &logService{s: s})
	pmetricotlp.RegisterGRPCServer(s.grpc, &metricService{})
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, Protocols: new(http.Protocols)}
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetUnencryptedHTTP2(true) // of gRPC
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

// URL is the address for OTEL_EXPORTER_OTLP_ENDPOINT.
func (s *Server) URL() string { return "http://" + s.address }

// Close ends the receiver when the requests in flight are done, or the time is over.
func (s *Server) Close(wait time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
	s.grpc.Stop()
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		request := ptraceotlp.NewExportRequest()
		s.receive(w, r, request, ptraceotlp.NewExportResponse(), func() error { return s.traces(request.Traces()) })
	})
	mux.HandleFunc("POST /v1/logs", func(w http.ResponseWriter, r *http.Request) {
		request := plogotlp.NewExportRequest()
		s.receive(w, r, request, plogotlp.NewExportResponse(), func() error { return s.logs(request.Logs()) })
	})
	mux.HandleFunc("POST /v1/metrics", func(w http.ResponseWriter, r *http.Request) {
		s.receive(w, r, pmetricotlp.NewExportRequest(), pmetricotlp.NewExportResponse(), func() error { return nil })
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			s.grpc.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// message is a request or a response in the two encodings of OTLP/HTTP.
type message interface {
	UnmarshalProto(b []byte) error
	UnmarshalJSON(b []byte) error
	MarshalProto() ([]byte, error)
	MarshalJSON() ([]byte, error)
}

func (s *Server) receive(w http.ResponseWriter, r *http.Request, request, response message, take func() error) {
	fail := func(status int, err error) { http.Error(w, err.Error(), status) }
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	read, write := request.UnmarshalProto, response.MarshalProto
	switch kind {
	case "application/json":
		read, write = request.UnmarshalJSON, response.MarshalJSON
	case "application/x-protobuf":
	default:
		fail(http.StatusUnsupportedMediaType, errors.New("send application/x-protobuf or application/json"))
		return
	}
	body, err := content(r)
	if err != nil {
		fail(http.StatusBadRequest, err)
		return
	}
	if err := decode(read, body); err != nil {
		fail(http.StatusBadRequest, err)
		return
	}
	if err := take(); err != nil {
		fail(http.StatusInternalServerError, err)
		return
	}
	answer, err := write()
	if err != nil {
		fail(http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(answer)
}

// content returns the body of a request, decompressed.
func content(r *http.Request) ([]byte, error) {
	var body io.Reader = r.Body
	switch r.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = z
	default:
		return nil, fmt.Errorf("the content encoding must be gzip or none, got %q", r.Header.Get("Content-Encoding"))
	}
	b, err := io.ReadAll(io.LimitReader(body, MaxRequest+1))
	if err == nil && len(b) > MaxRequest {
		err = fmt.Errorf("a request must not be larger than %d MiB", MaxRequest>>20)
	}
	return b, err
}

// decode runs a decoder that may panic on hostile input.
func decode(read func([]byte) error, body []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoder failed: %v", p)
		}
	}()
	return read(body)
}

func (s *Server) traces(td ptrace.Traces) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sink.Traces(td)
}

func (s *Server) logs(ld plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sink.Logs(ld)
}

type traceService struct {
	ptraceotlp.UnimplementedGRPCServer
	s *Server
}

func (t *traceService) Export(_ context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	return ptraceotlp.NewExportResponse(), t.s.traces(r.Traces())
}

type logService struct {
	plogotlp.UnimplementedGRPCServer
	s *Server
}

func (l *logService) Export(_ context.Context, r plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	return plogotlp.NewExportResponse(), l.s.logs(r.Logs())
}

type metricService struct {
	pmetricotlp.UnimplementedGRPCServer
}

func (*metricService) Export(context.Context, pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	return pmetricotlp.NewExportResponse(), nil
}
