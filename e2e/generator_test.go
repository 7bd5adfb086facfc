package e2e

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// generator sends traces and remembers the spans of failing ones that were acknowledged.
type generator struct {
	client http.Client

	mu     sync.Mutex
	random *rand.Rand
	acked  map[pcommon.SpanID]ack // of failing traces
	sent   int                    // failing spans in all, acknowledged or not
}

// ack is a span of a failing trace that was acknowledged.
type ack struct {
	at    time.Time
	fails bool // it is the failing span of its trace
}

func newGenerator(seed uint64) *generator {
	return &generator{
		client: http.Client{Timeout: 10 * time.Second}, random: rand.New(rand.NewPCG(seed, seed)),
		acked: map[pcommon.SpanID]ack{},
	}
}

// request makes traces: every second one fails, by its first span. size is the number of spans of each.
func (l *generator) request(traces, size int) (td ptrace.Traces, failing map[pcommon.SpanID]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	td, failing = ptrace.NewTraces(), map[pcommon.SpanID]bool{}
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "chaos")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	now := time.Now()
	for i := range traces {
		var trace pcommon.TraceID
		binary.BigEndian.PutUint64(trace[:], l.random.Uint64())
		binary.BigEndian.PutUint64(trace[8:], l.random.Uint64()|1)
		for n := range size {
			var id pcommon.SpanID
			binary.BigEndian.PutUint64(id[:], l.random.Uint64()|1)
			s := spans.AppendEmpty()
			s.SetTraceID(trace)
			s.SetSpanID(id)
			s.SetName("chat gpt-x")
			s.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Second)))
			s.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
			s.Attributes().PutStr("gen_ai.operation.name", "chat")
			s.Attributes().PutStr("gen_ai.request.model", "gpt-x")
			s.Attributes().PutStr("gen_ai.provider.name", "openai")
			if i%2 == 0 {
				if n == 0 {
					s.Attributes().PutStr("error.type", "timeout")
					s.Status().SetCode(ptrace.StatusCodeError)
				}
				failing[id] = n == 0
			}
		}
	}
	return td, failing
}

// send sends traces once. What is not acknowledged is not sent again: it may arrive or not.
func (l *generator) send(address string, traces, size int) bool {
	td, failing := l.request(traces, size)
	b, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		return false
	}
	ok := l.post(address, "application/x-protobuf", b)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent += len(failing)
	if ok {
		for id, fails := range failing {
			l.acked[id] = ack{time.Now(), fails}
		}
	}
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

// services sends a trace of each of some services that were not seen before. The traces are not followed.
func (l *generator) services(address string, n int) {
	td := ptrace.NewTraces()
	for range n {
		one, _ := l.request(1, 1)
		l.mu.Lock()
		name := "service-" + strconv.FormatUint(l.random.Uint64(), 36)
		l.mu.Unlock()
		one.ResourceSpans().At(0).Resource().Attributes().PutStr("service.name", name)
		one.ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	}
	if b, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto(); err == nil {
		l.post(address, "application/x-protobuf", b)
	}
}

// want returns the acknowledged spans, without those that forgive accepts as lost.
func (l *generator) want(forgive func(ack) bool) (ids []pcommon.SpanID, forgiven int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, a := range l.acked {
		if forgive(a) {
			forgiven++
			continue
		}
		ids = append(ids, id)
	}
	return ids, forgiven
}

// failing counts the failing spans among some.
func (l *generator) failing(ids []pcommon.SpanID) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		if l.acked[id].fails {
			n++
		}
	}
	return n
}
