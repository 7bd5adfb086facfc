package e2e

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/otlpfile"
)

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

// has reports whether a span arrived.
func (s *seen) has(trace pcommon.TraceID, span pcommon.SpanID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spans[trace.String()][span.String()] > 0
}

// ids returns the ids of all spans.
func (s *seen) ids() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]bool{}
	for _, spans := range s.spans {
		for id := range spans {
			all[id] = true
		}
	}
	return all
}

// forget drops everything.
func (s *seen) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.spans)
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
