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

	"github.com/faultline-otel/faultline/internal/webhook"
)

// backend is a tracing backend that fails on demand. It knows every span that it took, and every span that it refused
// for good, which the Collector drops.
type backend struct {
	ptraceotlp.UnimplementedGRPCServer

	address string
	rest    *httptest.Server // takes metrics, logs and webhooks

	mu      sync.Mutex
	server  *grpc.Server // nil while it is down
	answer  codes.Code
	delay   time.Duration
	taken   seen
	refused map[pcommon.SpanID]bool
	refusal int            // spans that were refused for good, each time
	told    map[string]int // webhooks that were taken, by their key
}

// hookPath is where it takes webhooks.
const hookPath = "/hook"

func startBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{
		address: freePorts(t, 1)[0], refused: map[pcommon.SpanID]bool{}, told: map[string]int{},
	}
	b.rest = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch {
		case b.server == nil || b.answer == codes.Unavailable:
			w.WriteHeader(http.StatusServiceUnavailable)
		case b.answer == codes.ResourceExhausted:
			w.WriteHeader(http.StatusTooManyRequests)
		case r.URL.Path == hookPath:
			b.told[r.Header.Get(webhook.HeaderKey)]++
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
					b.refusal++
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

// has reports whether a span was taken or refused for good.
func (b *backend) has(trace pcommon.TraceID, span pcommon.SpanID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refused[span] || b.taken.has(trace, span)
}

// webhooks returns how many webhooks were taken, and how often the one that was taken most often.
func (b *backend) webhooks() (keys, most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.told {
		most = max(most, n)
	}
	return len(b.told), most
}

// refusals is how many spans were refused for good so far.
func (b *backend) refusals() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refusal
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
