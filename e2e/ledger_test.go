package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// ledger takes what Collectors say of themselves. They say it several times a second and for the last time when they
// end or read their configuration again, so that only a kill loses anything.
type ledger struct {
	server *httptest.Server

	mu   sync.Mutex
	said map[int]map[string]metricsOfSelf // by process and instance: a reload begins a new instance, with new counters
}

func startLedger(t *testing.T) *ledger {
	t.Helper()
	l := &ledger{said: map[int]map[string]metricsOfSelf{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{process}/v1/metrics", l.note)
	l.server = httptest.NewServer(mux)
	t.Cleanup(l.server.Close)
	return l
}

// overlay makes a process send its metrics here.
func (l *ledger) overlay(t *testing.T, dir string, process int) (path string) {
	t.Helper()
	path = filepath.Join(dir, fmt.Sprintf("ledger-%d.yaml", process))
	write(t, path, fmt.Sprintf(`
service: {telemetry: {metrics: {readers: [
  {periodic: {interval: 200, exporter: {otlp: {protocol: http/protobuf, endpoint: "%s/%d/v1/metrics"}}}}]}}}
`, l.server.URL, process))
	return path
}

func (l *ledger) note(w http.ResponseWriter, r *http.Request) {
	process, err := strconv.Atoi(r.PathValue("process"))
	b, readErr := io.ReadAll(r.Body)
	request := pmetricotlp.NewExportRequest()
	if err = errors.Join(err, readErr, request.UnmarshalProto(b)); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.said[process] == nil {
		l.said[process] = map[string]metricsOfSelf{}
	}
	for _, rm := range request.Metrics().ResourceMetrics().All() {
		instance, _ := rm.Resource().Attributes().Get("service.instance.id")
		l.said[process][instance.AsString()] = sums(rm)
	}
}

// sums writes counters as a scrape shows them, with the attributes in the order that they are sent in.
func sums(rm pmetric.ResourceMetrics) metricsOfSelf {
	var text strings.Builder
	for _, sm := range rm.ScopeMetrics().All() {
		for _, m := range sm.Metrics().All() {
			if m.Type() != pmetric.MetricTypeSum {
				continue
			}
			for _, p := range m.Sum().DataPoints().All() {
				text.WriteString(m.Name() + "{")
				for key, value := range p.Attributes().All() {
					fmt.Fprintf(&text, "%s=%q,", key, value.AsString())
				}
				fmt.Fprintf(&text, "} %d\n", p.IntValue())
			}
		}
	}
	return metricsOfSelf(text.String())
}

// of returns the counters of all instances of a process, for sum.
func (l *ledger) of(process int) (all metricsOfSelf) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, said := range l.said[process] {
		all += said
	}
	return all
}

// counts returns what a process says of itself so far.
func (l *ledger) counts(process int) counted {
	own := l.of(process)
	sum := func(prefix string) int { return int(own.sum(prefix)) }
	const sampling = "otelcol_processor_tail_sampling_"
	return counted{
		accepted: sum("otelcol_receiver_accepted_spans"), replayed: sum("otelcol_llm_journal_replayed_spans"),
		kept:       own.with("otelcol_processor_incoming_items", `processor="llm_journal/end"`),
		alone:      sum("otelcol_llm_journal_rescued_spans"),
		notSampled: own.with(sampling+"global_count_traces_sampled", `sampled="false"`),
		evicted:    sum(sampling+"sampling_trace_dropped_too_early") + sum(sampling+"traces_dropped_too_large"),
		refused:    own.with("otelcol_exporter_send_failed_spans", `exporter="otlp_grpc/tempo"`),
		overflown:  own.with("otelcol_exporter_enqueue_failed_spans", `exporter="otlp_grpc/tempo"`),
	}
}

// with adds up the series of a counter that have a label.
func (m metricsOfSelf) with(counter, label string) (sum int) {
	for line := range strings.Lines(string(m)) {
		if strings.HasPrefix(line, counter+"{") && strings.Contains(line, label) {
			sum += int(metricsOfSelf(line).sum(counter))
		}
	}
	return sum
}

func TestALedgerAddsUpInstances(t *testing.T) {
	l := startLedger(t)
	say := func(instance string, n int64) {
		md := pmetric.NewMetrics()
		rm := md.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.instance.id", instance)
		m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		m.SetName("otelcol_receiver_accepted_spans")
		p := m.SetEmptySum().DataPoints().AppendEmpty()
		p.SetIntValue(n)
		p.Attributes().PutStr("receiver", "otlp")
		b, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
		require.NoError(t, err)
		resp, err := http.Post(l.server.URL+"/7/v1/metrics", "application/x-protobuf", strings.NewReader(string(b)))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}
	say("a", 1)
	say("a", 3)
	say("b", 4)
	require.Equal(t, counted{accepted: 7}, l.counts(7))
	require.Zero(t, l.counts(8))
}
