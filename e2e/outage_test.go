package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAnOutageOfHalfAnHourLosesNothing stops the backend for 30 minutes of compressed time, with a restart in the
// middle. Afterwards every kept span arrives once, and no exporter has dropped anything.
func TestAnOutageOfHalfAnHourLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	dir := t.TempDir()
	b := startBackend(t)
	overlay := b.overlay(t, dir)
	c := startIn(t, dir, "grafana.yaml", "--config", overlay)
	l := newGenerator(1)
	during := func(d time.Duration) { // steady load
		for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			require.True(t, l.send(c.http, 4, 3), "the Collector takes spans during the outage")
		}
	}
	during(time.Second)
	b.down()
	during(3 * time.Second)
	c.stop(t)
	c = startIn(t, dir, "grafana.yaml", "--config", overlay)
	during(3 * time.Second)
	missing, _ := b.missing(first(l.want(func(ack) bool { return false })))
	require.Greater(t, len(missing), 500, "the spans of the outage wait")
	b.up(t)
	ids, _ := l.want(func(ack) bool { return false })
	await(t, 60*time.Second, func() error {
		if missing, _ := b.missing(ids); len(missing) > 0 {
			return fmt.Errorf("%d of %d spans did not arrive", len(missing), len(ids))
		}
		return nil
	})
	_, twice := b.missing(ids)
	require.Zero(t, twice, "spans that arrived twice")
	own := c.own(t)
	require.Zero(t, own.sum("otelcol_exporter_send_failed_spans")+own.sum("otelcol_exporter_enqueue_failed_spans"))
	t.Logf("outage: %d spans of failing traces, all there, none twice", len(ids))
	c.stop(t)
}

// TestWhatAQueueDropsIsCounted gives an exporter a queue that is much too small for an outage. Every span that is
// missing afterwards is in a counter.
func TestWhatAQueueDropsIsCounted(t *testing.T) {
	dir := t.TempDir()
	b := startBackend(t)
	small := dir + "/small.yaml"
	write(t, small, `exporters: {otlp_grpc/tempo: {sending_queue: {queue_size: 20}}}`)
	c := startIn(t, dir, "grafana.yaml", "--config", b.overlay(t, dir), "--config", small)
	b.down()
	l := newGenerator(2)
	for range 50 {
		require.True(t, l.send(c.http, 4, 1))
	}
	ids, _ := l.want(func(ack) bool { return false })
	const dropped = "otelcol_exporter_enqueue_failed_spans"
	await(t, 20*time.Second, func() error {
		own := c.own(t)
		if own.sum(dropped) == 0 || own.sum("otelcol_processor_tail_sampling_sampling_traces_on_memory") > 0 {
			return fmt.Errorf("%v spans dropped, and some traces are not decided", own.sum(dropped))
		}
		return nil
	})
	b.up(t)
	// Some healthy traces are kept too, so more spans may be dropped than are missing.
	await(t, 20*time.Second, func() error {
		if own := c.own(t); own.sum(`otelcol_exporter_queue_size{data_type="traces"`) > 0 {
			return fmt.Errorf("the queue is not empty")
		}
		return nil
	})
	missing, _ := b.missing(ids)
	require.NotEmpty(t, missing)
	own := c.own(t)
	kept := own.sum(`otelcol_processor_outgoing_items{otel_signal="traces",processor="llm_rootcause"`)
	sent := own.sum(`otelcol_exporter_sent_spans{exporter="otlp_grpc/tempo"`)
	require.InDelta(t, kept, sent+own.sum(dropped), 0, "kept = exported + dropped because the queue is full")
	require.LessOrEqual(t, float64(len(missing)), own.sum(dropped))
	c.stop(t)
}

func first[A, B any](a A, _ B) A { return a }
