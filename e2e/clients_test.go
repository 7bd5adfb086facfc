package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/e2e/clients"
	"github.com/faultline-otel/faultline/internal/otlpfile"
)

// TestClients runs every client through every scenario into the Collector, compares the result with the table, and
// records what the clients sent. CLIENTS names clients, or all.
func TestClients(t *testing.T) {
	chosen := os.Getenv("CLIENTS")
	if chosen == "" {
		t.Skip("it needs Node and takes minutes: make clients")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no Node here: ", err)
	}
	dir := t.TempDir()
	all := filepath.Join(dir, "all.yaml")
	write(t, all, "processors: {tail_sampling: {policies: [{name: all, type: always_sample}]}}")
	c := startIn(t, dir, "default.yaml", "--config", all)
	recorders := map[*clients.Client]*clients.Recorder{}
	for i := range clients.Clients {
		client := &clients.Clients[i]
		if chosen != "all" && !strings.Contains(","+chosen+",", ","+client.Name+",") {
			continue
		}
		recorder := clients.NewRecorder(c.http)
		recorders[client] = recorder
		require.NoError(t, clients.Run(t.Context(), "clients", client, recorder))
		record(t, client, recorder)
	}
	require.NotEmpty(t, recorders, "no client is called %s", chosen)
	c.stop(t)
	kept := keptTraces(t, filepath.Join(c.dir, "data", "traces.jsonl"))
	known, err := os.ReadFile(filepath.Join("clients", clients.KnownFaults))
	require.NoError(t, err)
	for client, recorder := range recorders {
		_, faults := client.Check(clients.Observe(kept, recorder.CellOf))
		assert.Empty(t, clients.Difference(client.Known(string(known)), faults), client.Name)
	}
}

// keptTraces reads the file of the Collector.
func keptTraces(t *testing.T, name string) ptrace.Traces {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	all := ptrace.NewTraces()
	require.NoError(t, otlpfile.Read(name, f, otlpfile.Sink{
		Traces: func(td ptrace.Traces) error { td.ResourceSpans().MoveAndAppendTo(all.ResourceSpans()); return nil },
		Bad:    func(e *otlpfile.Error) { t.Error(e) },
	}))
	return all
}

// record writes what a client sent to its file.
func record(t *testing.T, client *clients.Client, recorder *clients.Recorder) {
	t.Helper()
	requests, err := recorder.Requests("clients")
	require.NoError(t, err)
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	require.NoError(t, err)
	_, err = z.Write(requests)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	name := filepath.Join("clients", "testdata", client.Name+".jsonl.gz")
	require.NoError(t, os.WriteFile(name, out.Bytes(), 0o644))
	fmt.Fprintf(os.Stderr, "%s: %d KB\n", name, out.Len()>>10)
}
