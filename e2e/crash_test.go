package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // exporters compress

	"github.com/faultline-otel/faultline/internal/otlpfile"
)

// kills is how often a test of crashes kills a Collector.
func kills(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("FAULTLINE_KILLS"), "3"))
	require.NoError(t, err)
	return n
}

// quickly makes the journal quick, and the queues behind it.
const quickly = "yaml:processors: {llm_journal: {resend_after: 4s}}"

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
		case <-time.After(40 * time.Millisecond):
		}
		s.mu.Lock()
		n := s.next
		s.next++
		s.mu.Unlock()
		td := agentTrace(n, n%3 == 0)
		for exportTo(s.url, td) != nil {
			time.Sleep(50 * time.Millisecond)
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

// seen counts the spans that arrived, by trace and span id.
type seen struct {
	mu    sync.Mutex
	spans map[string]map[string]int // guarded by mu
}

func (s *seen) add(td ptrace.Traces) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spans == nil {
		s.spans = map[string]map[string]int{}
	}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				trace := span.TraceID().String()
				if s.spans[trace] == nil {
					s.spans[trace] = map[string]int{}
				}
				s.spans[trace][span.SpanID().String()]++
			}
		}
	}
}

// check returns the failing traces that did not arrive, and how many spans arrived more than once.
func (s *seen) check(failing map[string]time.Time) (missing []string, duplicates int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for trace := range failing {
		if s.spans[trace] == nil {
			missing = append(missing, trace)
		}
	}
	for _, spans := range s.spans {
		for _, n := range spans {
			duplicates += n - 1
		}
	}
	return missing, duplicates
}

// tempo is a backend that receives OTLP/gRPC.
type tempo struct {
	ptraceotlp.UnimplementedGRPCServer
	seen
	address string
}

func (b *tempo) Export(_ context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	b.add(r.Traces())
	return ptraceotlp.NewExportResponse(), nil
}

func startTempo(t *testing.T) *tempo {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := &tempo{address: listener.Addr().String()}
	server := grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(server, b)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return b
}

// keptIn reads what the file exporter wrote.
func keptIn(t *testing.T, dir string) *seen {
	t.Helper()
	s := &seen{}
	paths, err := filepath.Glob(filepath.Join(dir, "data", "traces*.jsonl"))
	require.NoError(t, err)
	for _, path := range paths {
		file, err := os.Open(path)
		require.NoError(t, err)
		require.NoError(t, otlpfile.Read(path, file, otlpfile.Sink{
			Traces: func(td ptrace.Traces) error { s.add(td); return nil },
			Logs:   func(plog.Logs) error { return nil },
			Bad:    func(err *otlpfile.Error) { t.Log(err) }, // a crash can cut the last line
		}))
		require.NoError(t, file.Close())
	}
	return s
}

// kill kills the Collector as a crash would, and waits for its end.
func (c *collector) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Kill())
	require.Error(t, <-c.exited, "it was killed")
}

// journal returns a metric of llm_journal, summed over its attributes.
func (c *collector) journal(t *testing.T, metric string) (sum float64) {
	t.Helper()
	return sumOf(t, body(t, "http://"+c.self+"/metrics"), "otelcol_llm_journal_"+metric)
}

func sumOf(t *testing.T, text, metric string) (sum float64) {
	t.Helper()
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, " ")
		name, _, _ = strings.Cut(name, "{")
		if name != metric {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]), 64)
		require.NoError(t, err, line)
		sum += n
	}
	return sum
}

// reviewed checks that each failing trace is one item of the review queue, with each of its spans once.
func (c *collector) reviewed(t *testing.T, failing map[string]time.Time) {
	t.Helper()
	await(t, 30*time.Second, func() error {
		items := map[string]int{}
		for _, id := range c.queue(t) {
			items[id]++
		}
		for trace := range failing {
			if items[trace] != 1 {
				return fmt.Errorf("trace %s is %d items", trace, items[trace])
			}
		}
		return nil
	})
	checked := 0
	for trace := range failing {
		if checked++; checked > 50 {
			break
		}
		var item struct {
			PrimarySpanID string `json:"primary_span_id"`
			Spans         []struct {
				ID string
			} `json:"spans"`
		}
		require.NoError(t, json.Unmarshal([]byte(c.get(t, "/api/v1/items/"+trace)), &item))
		ids := map[string]bool{}
		for _, span := range item.Spans {
			ids[span.ID] = true
		}
		require.Contains(t, ids, item.PrimarySpanID)
		require.Len(t, item.Spans, len(ids), trace)
	}
}

// moment waits for a random moment of a running Collector.
func moment() { time.Sleep(300*time.Millisecond + rand.N(1500*time.Millisecond)) }

// drained waits until the failing traces have arrived and the journal is empty.
func drained(t *testing.T, c *collector, arrived func() *seen, failing map[string]time.Time) {
	t.Helper()
	await(t, 60*time.Second, func() error {
		missing, _ := arrived().check(failing)
		if len(missing) > 0 {
			return fmt.Errorf("%d of %d failing traces are lost: %v", len(missing), len(failing), missing)
		}
		if n := c.journal(t, "waiting_spans"); n != 0 {
			return fmt.Errorf("%v spans are in the journal", n)
		}
		return nil
	})
	_, duplicates := arrived().check(failing)
	t.Logf("%d failing traces, 0 lost, %d spans twice", len(failing), duplicates)
	// Delivery is at least once: a kill between a delivery and its note repeats what was in flight, a request or two.
	require.LessOrEqual(t, duplicates, inFlight*kills(t))
}

// inFlight bounds the spans that a kill may repeat.
const inFlight = 30

// TestNoFailingTraceIsLostInACrash kills the Collector under load. Every failing trace that was acknowledged arrives,
// once.
func TestNoFailingTraceIsLostInACrash(t *testing.T) {
	t.Run("default", func(t *testing.T) {
		dir, ports := t.TempDir(), freePorts(t, 6)
		c := startOn(t, ports, dir, "default.yaml", "--config", quickly)
		s := startSender("http://" + c.http)
		for range kills(t) {
			moment()
			c.kill(t)
			c = startOn(t, ports, dir, "default.yaml", "--config", quickly)
		}
		failing := s.end()
		drained(t, c, func() *seen { return keptIn(t, dir) }, failing)
		c.reviewed(t, failing)
		c.stop(t)
	})
	t.Run("grafana", func(t *testing.T) {
		backend := startTempo(t)
		t.Setenv("TEMPO_ENDPOINT", backend.address)
		dir, ports := t.TempDir(), freePorts(t, 6)
		c := startOn(t, ports, dir, "grafana.yaml", "--config", quickly)
		s := startSender("http://" + c.http)
		for range kills(t) {
			moment()
			c.kill(t)
			c = startOn(t, ports, dir, "grafana.yaml", "--config", quickly)
		}
		failing := s.end()
		drained(t, c, func() *seen { return &backend.seen }, failing)
		c.reviewed(t, failing)
	})
	t.Run("agent and gateway", func(t *testing.T) {
		backend := startTempo(t)
		ports := map[string][]string{"agent.yaml": freePorts(t, 6), "gateway.yaml": freePorts(t, 6)}
		t.Setenv("TEMPO_ENDPOINT", backend.address)
		t.Setenv("GATEWAY_ENDPOINT", ports["gateway.yaml"][0])
		dirs := map[string]string{"agent.yaml": t.TempDir(), "gateway.yaml": t.TempDir()}
		running := map[string]*collector{}
		run := func(config string) {
			var extra []string
			if config == "gateway.yaml" {
				extra = []string{"--config", quickly}
			}
			running[config] = startOn(t, ports[config], dirs[config], config, extra...)
		}
		run("gateway.yaml")
		run("agent.yaml")
		s := startSender("http://" + running["agent.yaml"].http)
		for range kills(t) {
			for config, c := range running {
				moment()
				c.kill(t)
				run(config)
			}
		}
		failing := s.end()
		drained(t, running["gateway.yaml"], func() *seen { return &backend.seen }, failing)
		running["gateway.yaml"].reviewed(t, failing)
	})
}
