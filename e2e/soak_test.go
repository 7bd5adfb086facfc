package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// TestSoak sends steady traffic for SOAK=1h. Memory must stay flat: the mean of the last quarter is within 5 %
// of the mean of the second one. What remembers the latest traces is full from the beginning, because the check is for
// leaks: at this rate tail_sampling alone would need 74 minutes. SOAK_PROFILES=dir keeps heap profiles of each quarter,
// for `go tool pprof -base`.
func TestSoak(t *testing.T) {
	v := os.Getenv("SOAK")
	if v == "" {
		t.Skip("SOAK=1h runs it")
	}
	length, err := time.ParseDuration(v)
	require.NoError(t, err)
	if runtime.GOOS != "linux" {
		t.Skip("resident memory needs /proc")
	}
	dir := t.TempDir()
	b := startBackend(t)
	x := &chaos{
		t: t, dir: dir, backend: b, load: newGenerator(1), random: rand.New(rand.NewPCG(1, 1)),
		overlay: b.overlay(t, dir),
	}
	profiles, pprof := os.Getenv("SOAK_PROFILES"), freePorts(t, 1)[0]
	if profiles != "" {
		overlay, err := os.ReadFile(x.overlay)
		require.NoError(t, err)
		write(t, x.overlay, string(overlay)+`
extensions: {pprof: {endpoint: "`+pprof+`"}}
service: {extensions: [health_check, llm_storage, llm_review, pprof]}
`)
	}
	x.start()
	x.fill()
	x.forget()
	stop := x.drive(10, 50*time.Millisecond)
	const samples = 60
	var rss []float64
	sample := time.NewTicker(length / samples)
	defer sample.Stop()
	for i := range samples {
		<-sample.C
		x.alive()
		x.forget()
		mb, err := resident(x.c.cmd.Process.Pid)
		require.NoError(t, err)
		rss = append(rss, mb)
		t.Logf("soak: %v, %.0f MB resident", (length * time.Duration(i+1) / samples).Round(time.Second), mb)
		if profiles != "" && i%(samples/4) == samples/4-1 {
			heap := body(t, "http://"+pprof+"/debug/pprof/heap?gc=1")
			write(t, filepath.Join(profiles, fmt.Sprintf("heap-%d.pprof", i+1)), heap)
		}
	}
	stop()
	mean := func(of []float64) (m float64) {
		for _, v := range of {
			m += v / float64(len(of))
		}
		return m
	}
	warm, last := mean(rss[samples/4:samples/2]), mean(rss[samples*3/4:])
	t.Logf("soak: %.0f MB after the warm-up, %.0f MB at the end", warm, last)
	require.Less(t, last, 1.05*warm)
	x.c.stop(t)
}

// fill sends as many traces as the Collector remembers at most, of each kind that it remembers. Requests follow each
// other, so that it gets no more than it takes. Each kept trace is written to a queue on disk, which takes a while.
func (x *chaos) fill() {
	const batch = 250
	patience := x.load.client.Timeout
	x.load.client.Timeout = 5 * time.Minute
	defer func() { x.load.client.Timeout = patience }()
	for _, kind := range []struct {
		remembered string
		traces     int
		make       func(ptrace.Span)
	}{
		// A tenth of them is sampled.
		{"400,000 traces that are not sampled", 450_000, func(ptrace.Span) {}},
		// With these and the following ones.
		{"200,000 traces that are sampled", 60_000, func(s ptrace.Span) { s.Status().SetCode(ptrace.StatusCodeError) }},
		// The journal knows spans that left it, llm_rootcause incidents. Others know less of sessions, calls and items.
		{"100,000 failing spans", 110_000, func(s ptrace.Span) {
			s.Attributes().PutStr("gen_ai.operation.name", "execute_tool")
			s.Attributes().PutStr("error.type", "timeout")
			s.Status().SetCode(ptrace.StatusCodeError)
		}},
		// They are slow, so that they are kept.
		{"32 MiB of traces that are no items", 2000, func(s ptrace.Span) {
			s.Attributes().PutStr("gen_ai.operation.name", "chat")
			s.Attributes().PutStr("text", strings.Repeat("x", 20<<10))
			s.SetStartTimestamp(pcommon.NewTimestampFromTime(s.EndTimestamp().AsTime().Add(-time.Minute)))
		}},
	} {
		for sent := 0; sent < kind.traces; sent += batch {
			x.alive()
			td, _ := x.load.request(batch, 1)
			for _, s := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
				s.Attributes().Clear()
				s.Status().SetCode(ptrace.StatusCodeUnset)
				kind.make(s)
			}
			b, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
			require.NoError(x.t, err)
			await(x.t, time.Minute, func() error { // it may want to be left alone for a moment
				if !x.load.post(x.c.http, "application/x-protobuf", b) {
					return errors.New("it does not accept traces")
				}
				return nil
			})
		}
		x.t.Logf("soak: it knows %s", kind.remembered)
	}
}

// forget drops what the test knows of delivered spans, so that the test itself does not grow.
func (x *chaos) forget() {
	x.load.forget()
	x.backend.taken.forget()
}

// resident is the resident memory of a process in MB.
func resident(pid int) (float64, error) {
	f, err := os.Open(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("no VmRSS")
}
