package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// agentTrace is a run of an agent: a root, a model call that succeeds, and one that fails if failing is set.
func agentTrace(n uint64, failing bool) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	all := rs.ScopeSpans().AppendEmpty().Spans()
	start := time.Now().Add(-time.Second)
	for i := range uint64(3) {
		span := all.AppendEmpty()
		span.SetTraceID(traceID(n))
		span.SetSpanID(pcommon.SpanID(binary.BigEndian.AppendUint64(nil, n<<2+i+1)))
		span.SetName("chat")
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Second)))
		operation := "chat"
		if i == 0 {
			operation = "invoke_agent"
		} else {
			span.SetParentSpanID(pcommon.SpanID(binary.BigEndian.AppendUint64(nil, n<<2+1)))
			span.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
		}
		span.Attributes().PutStr("gen_ai.operation.name", operation)
		if i == 2 && failing {
			span.Status().SetCode(ptrace.StatusCodeError)
			span.Attributes().PutStr("error.type", "429")
		}
	}
	return td
}

// traceID returns an id that looks random, as sampling needs, and differs for each n.
func traceID(n uint64) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:], (n+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], (n+1)*0xd1b54a32d192ed03)
	return id
}

// sender sends traces as an SDK does: a request that is not acknowledged is sent again.
type sender struct {
	url  string
	stop chan struct{}
	done sync.WaitGroup

	mu      sync.Mutex
	failing map[string]time.Time // by trace id, when it was acknowledged; guarded by mu
	next    uint64               // guarded by mu
}

// startSender sends about 100 traces a second, of which each third fails, over four connections.
func startSender(url string) *sender {
	s := &sender{url: url, stop: make(chan struct{}), failing: map[string]time.Time{}}
	for range 4 {
		s.done.Go(s.send)
	}
	return s
}

func (s *sender) send() {
	for {
		select {
		case <-s.stop:
			return
		case <-time.After(40 * time.Millisecond): // the rate
		}
		s.mu.Lock()
		n := s.next
		s.next++
		s.mu.Unlock()
		td := agentTrace(n, n%3 == 0)
		for exportTo(s.url, td) != nil {
			time.Sleep(50 * time.Millisecond) // the pause of an SDK between attempts
		}
		if n%3 == 0 {
			s.mu.Lock()
			s.failing[traceID(n).String()] = time.Now()
			s.mu.Unlock()
		}
	}
}

// end stops the sender when all its requests are acknowledged, and returns the failing traces.
func (s *sender) end() map[string]time.Time {
	close(s.stop)
	s.done.Wait()
	return s.failing
}

func exportTo(url string, td ptrace.Traces) error {
	b, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		return err
	}
	resp, err := http.Post(url+"/v1/traces", "application/x-protobuf", bytes.NewReader(b))
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}
