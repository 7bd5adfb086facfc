package e2e

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// generator sends traces and remembers them.
type generator struct {
	client http.Client

	mu     sync.Mutex
	random *rand.Rand
	traces []*sentTrace
}

// sentTrace is a trace that was sent once. A failing one fails by its first span.
type sentTrace struct {
	process int
	id      pcommon.TraceID
	spans   []pcommon.SpanID
	fails   bool
	acked   time.Time // zero without an answer that it was accepted
}

// mustArrive reports whether a trace is always kept, and was acknowledged.
func (t *sentTrace) mustArrive() bool { return t.fails && !t.acked.IsZero() }

// target is where traces go: an address, and which of the processes that listen one after the other.
type target struct {
	address string
	process int
}

// ack is a span of a failing trace that was acknowledged.
type ack struct {
	at    time.Time
	fails bool // it is the failing span of its trace
}

func newGenerator(seed uint64) *generator {
	return &generator{
		client: http.Client{Timeout: 10 * time.Second}, random: rand.New(rand.NewPCG(seed, seed)),
	}
}

// request makes traces: every second one fails. size is the number of spans of each.
func (l *generator) request(traces, size int) (td ptrace.Traces, made []*sentTrace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	td = ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "chaos")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	now := time.Now()
	for i := range traces {
		one := &sentTrace{id: l.traceID(), fails: i%2 == 0}
		made = append(made, one)
		for n := range size {
			s := spans.AppendEmpty()
			s.SetTraceID(one.id)
			s.SetSpanID(l.spanID())
			one.spans = append(one.spans, s.SpanID())
			s.SetName("chat gpt-x")
			s.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Second)))
			s.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
			s.Attributes().PutStr("gen_ai.operation.name", "chat")
			s.Attributes().PutStr("gen_ai.request.model", "gpt-x")
			s.Attributes().PutStr("gen_ai.provider.name", "openai")
			if one.fails && n == 0 {
				s.Attributes().PutStr("error.type", "timeout")
				s.Status().SetCode(ptrace.StatusCodeError)
			}
		}
	}
	return td, made
}

func (l *generator) traceID() (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:], l.random.Uint64())
	binary.BigEndian.PutUint64(id[8:], l.random.Uint64()|1)
	return id
}

func (l *generator) spanID() (id pcommon.SpanID) {
	binary.BigEndian.PutUint64(id[:], l.random.Uint64()|1)
	return id
}

// send sends traces to an address once.
func (l *generator) send(address string, traces, size int) bool {
	return l.sendTo(target{address: address}, traces, size)
}

// sendTo sends traces once. What is not acknowledged is not sent again: it may arrive or not.
func (l *generator) sendTo(to target, traces, size int) bool {
	td, made := l.request(traces, size)
	return l.deliver(to, td, made)
}

// services sends a failing trace of each of some services that were not seen before.
func (l *generator) services(to target, n int) bool {
	td, made := l.request(0, 0)
	for range n {
		one, trace := l.request(1, 1)
		l.mu.Lock()
		name := "service-" + strconv.FormatUint(l.random.Uint64(), 36)
		l.mu.Unlock()
		one.ResourceSpans().At(0).Resource().Attributes().PutStr("service.name", name)
		one.ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
		made = append(made, trace...)
	}
	return l.deliver(to, td, made)
}

// odd sends one healthy span with an attribute.
func (l *generator) odd(to target, key, value string) bool {
	td, made := l.request(1, 1)
	made[0].fails = false
	s := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	s.Attributes().Remove("error.type")
	s.Status().SetCode(ptrace.StatusCodeUnset)
	s.Attributes().PutStr(key, value)
	return l.deliver(to, td, made)
}

func (l *generator) deliver(to target, td ptrace.Traces, made []*sentTrace) bool {
	b, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		return false
	}
	ok := l.post(to.address, "application/x-protobuf", b)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, trace := range made {
		if trace.process = to.process; ok {
			trace.acked = time.Now()
		}
	}
	l.traces = append(l.traces, made...)
	return ok
}

func (l *generator) post(address, kind string, body []byte) bool {
	resp, err := l.client.Post("http://"+address+"/v1/traces", kind, bytes.NewReader(body))
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// want returns the acknowledged spans of failing traces, without those that forgive accepts as lost.
func (l *generator) want(forgive func(ack) bool) (ids []pcommon.SpanID, forgiven int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, trace := range l.traces {
		if !trace.fails || trace.acked.IsZero() {
			continue
		}
		for i, id := range trace.spans {
			if forgive(ack{trace.acked, i == 0}) {
				forgiven++
				continue
			}
			ids = append(ids, id)
		}
	}
	return ids, forgiven
}

// sent returns the traces that were sent since forget.
func (l *generator) sent() []*sentTrace {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.traces)
}

// forget drops what is known of the traces.
func (l *generator) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.traces = nil
}
