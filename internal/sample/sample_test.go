package sample

import (
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/otlpfile"
)

var update = flag.Bool("update", false, "write testdata/sample.jsonl.gz anew")

func spans(t *testing.T, trace Trace) map[string]ptrace.Span {
	t.Helper()
	found := map[string]ptrace.Span{}
	err := otlpfile.Read("sample", bytes.NewReader(trace.OTLP), otlpfile.Sink{
		Traces: func(td ptrace.Traces) error {
			for _, rs := range td.ResourceSpans().All() {
				for _, ss := range rs.ScopeSpans().All() {
					for _, span := range ss.Spans().All() {
						require.Equal(t, trace.ID, span.TraceID().String())
						require.NotContains(t, found, span.SpanID().String())
						found[span.SpanID().String()] = span
					}
				}
			}
			return nil
		},
		Bad: func(e *otlpfile.Error) { t.Error(e) },
	})
	require.NoError(t, err)
	return found
}

func TestTracesAreWholeTrees(t *testing.T) {
	for _, trace := range Generate(60, 7) {
		found := spans(t, trace)
		roots := 0
		for _, span := range found {
			require.Less(t, span.StartTimestamp(), span.EndTimestamp(), span.Name())
			if span.ParentSpanID().IsEmpty() {
				roots++
				continue
			}
			parent, ok := found[span.ParentSpanID().String()]
			require.True(t, ok, "the parent of %s is in the trace", span.Name())
			require.LessOrEqual(t, parent.StartTimestamp(), span.StartTimestamp(), span.Name())
			require.GreaterOrEqual(t, parent.EndTimestamp(), span.EndTimestamp(), span.Name())
		}
		require.Equal(t, 1, roots)
		for id := range trace.Failing {
			require.Contains(t, found, id)
		}
	}
}

func TestAQuarterFailsInEveryWay(t *testing.T) {
	traces := Generate(BundledTraces, BundledSeed)
	failing, ways := 0, map[Expected]bool{}
	for _, trace := range traces {
		if len(trace.Failing) > 0 {
			failing++
		}
		for _, want := range trace.Failing {
			ways[want] = true
		}
	}
	require.Equal(t, len(traces)/failingOneIn, failing)
	all := 0
	for _, a := range []*app{returnsBot, supportBot, invoiceExtractor, researchAgent} {
		all += len(a.failing)
	}
	require.GreaterOrEqual(t, failing, all, "the bundled sample shows every scenario")
	require.GreaterOrEqual(t, len(ways), 20)
}

func TestSameSeedSameTraffic(t *testing.T) {
	first := Generate(20, 3)
	again, other := Generate(20, 3), Generate(20, 4)
	require.Equal(t, first, again)
	require.NotEqual(t, first, other)
	require.Equal(t, first[:10], Generate(10, 3), "more traces are those and others")
}

// TestBundledSampleIsCurrent compares the content: another version of Go may compress it in another way.
func TestBundledSampleIsCurrent(t *testing.T) {
	path := filepath.Join("..", "..", "testdata", "sample.jsonl.gz")
	bundled, err := Bundled()
	require.NoError(t, err)
	require.Less(t, len(bundled), 300<<10, "it is committed, so it stays small")
	committed, err := os.ReadFile(path)
	if *update && (err != nil || !bytes.Equal(unzip(t, bundled), unzip(t, committed))) {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, bundled, 0o644))
		committed, err = bundled, nil
	}
	require.NoError(t, err)
	require.True(t, bytes.Equal(unzip(t, bundled), unzip(t, committed)), "testdata/sample.jsonl.gz is stale: run make "+
		"generate")
}

func unzip(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	require.NoError(t, err)
	all, err := io.ReadAll(z)
	require.NoError(t, err)
	return all
}
