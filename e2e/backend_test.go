package e2e

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // exporters compress
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// backend is a tracing backend that fails on demand. It knows every span that it took, and every span that it refused
// for good, which the Collector drops.
type backend struct {
	ptraceotlp.UnimplementedGRPCServer

	address string
	rest    *httptest.Server // takes metrics and logs

	mu      sync.Mutex
	server  *grpc.Server // nil while it is down
	answer  codes.Code
	delay   time.Duration
	taken   seen
	refused map[pcommon.SpanID]bool
}

func startBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{
		address: freePorts(t, 1)[0], refused: map[pcommon.SpanID]bool{},
	}
	b.rest = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch {
		case b.server == nil || b.answer == codes.Unavailable:
			w.WriteHeader(http.StatusServiceUnavailable)
		case b.answer == codes.ResourceExhausted:
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	t.Cleanup(b.rest.Close)
	b.up(t)
	t.Cleanup(b.down)
	return b
}

// up lets the backend listen again, at the same address.
func (b *backend) up(t *testing.T) {
	t.Helper()
	var l net.Listener
	await(t, 10*time.Second, func() (err error) {
		l, err = net.Listen("tcp", b.address)
		return err
	})
	server := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	ptraceotlp.RegisterGRPCServer(server, b)
	b.mu.Lock()
	b.server = server
	b.mu.Unlock()
	go func() { _ = server.Serve(l) }()
}

// down closes the port and all connections.
func (b *backend) down() {
	b.mu.Lock()
	server := b.server
	b.server = nil
	b.mu.Unlock()
	if server != nil {
		server.Stop()
	}
}

// behave sets how the backend answers from now on.
func (b *backend) behave(answer codes.Code, delay time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer, b.delay = answer, delay
}

// Export takes a request, or fails as the test wants.
func (b *backend) Export(ctx context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	b.mu.Lock()
	answer, delay := b.answer, b.delay
	b.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-time.After(delay):
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch answer {
	case codes.OK:
		b.taken.add(r.Traces())
	case codes.InvalidArgument: // no exporter retries it
		for _, rs := range r.Traces().ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					b.refused[span.SpanID()] = true
				}
			}
		}
	default:
	}
	s := status.New(answer, "as the test wants")
	if answer == codes.ResourceExhausted { // without this, exporters take it as final
		s, _ = s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(50 * time.Millisecond)})
	}
	return ptraceotlp.NewExportResponse(), s.Err()
}

// missing returns the spans that were neither taken nor refused for good, and the number of spans taken twice.
func (b *backend) missing(want []pcommon.SpanID) (missing []pcommon.SpanID, twice int) {
	_, twice = b.taken.check(nil)
	taken := b.taken.ids()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range want {
		if !taken[id.String()] && !b.refused[id] {
			missing = append(missing, id)
		}
	}
	return missing, twice
}

// overlay sends everything to the backend, and retries in compressed time: by default an exporter waits for 5 s after
// the first failure and at most 30 s between later ones. One second here is five minutes.
func (b *backend) overlay(t *testing.T, dir string) (path string) {
	t.Helper()
	const retry = `{initial_interval: 16ms, max_interval: 100ms}`
	path = dir + "/backend.yaml"
	write(t, path, `
exporters:
  otlp_grpc/tempo: {endpoint: "`+b.address+`", retry_on_failure: `+retry+`}
  otlp_http/metrics: {endpoint: "`+b.rest.URL+`", retry_on_failure: `+retry+`}
  otlp_http/loki: {endpoint: "`+b.rest.URL+`", retry_on_failure: `+retry+`}
`)
	return path
}
