package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/otlpfile"
	"github.com/faultline-otel/faultline/internal/runner"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// TestAnsweredRowsAreWritten: a row is written as soon as its outermost span has come, with all that came before, and
// what comes later follows. The cache gets all of it.
func TestAnsweredRowsAreWritten(t *testing.T) {
	cache, err := runner.OpenCache(filepath.Join(t.TempDir(), "cache"))
	require.NoError(t, err)
	p := &programRuns{program: runner.Program{Args: []string{"suite"}, Output: io.Discard}, cache: cache}
	got := newRecording([]runner.Case{{Row: "r1", Run: 1, Hash: "h"}})
	var out bytes.Buffer
	write := func(lines []byte) error { _, err := out.Write(lines); return err }
	spans := func(name string, child bool) ptrace.Traces {
		td := ptrace.NewTraces()
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr(spanattr.AttrDatasetRow, "r1")
		span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		span.SetName(name)
		span.SetTraceID([16]byte{1})
		span.SetSpanID([8]byte{byte(len(name))})
		if child {
			span.SetParentSpanID([8]byte{9})
		}
		return td
	}
	logs := plog.NewLogs()
	record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetTraceID([16]byte{1})
	record.Body().SetStr("said")
	began := 0
	take := func(list []*recorded) {
		for _, r := range list {
			require.NoError(t, p.save(r, write))
		}
	}
	take(got.traces(spans("step", true), func() { began++ }))
	require.Empty(t, out.String(), "its outermost span has not come")
	take(got.traces(spans("outermost", false), func() { began++ }))
	require.Equal(t, 1, began)
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	require.Contains(t, out.String(), `"step"`)
	require.Contains(t, out.String(), `"outermost"`)
	take(got.logs(logs))
	take(got.traces(spans("late step", true), func() { began++ }))
	require.Equal(t, 3, strings.Count(out.String(), "\n"))
	require.Equal(t, 1, strings.Count(out.String(), `"outermost"`), "nothing is written twice")

	var summary runner.Summary
	require.NoError(t, p.keep(got, 1, false, write, &summary))
	require.Equal(t, 1, summary.Runs)
	require.Equal(t, 3, strings.Count(out.String(), "\n"))
	require.Equal(t, out.String(), string(cache.Get(&got.cases[0], p.key())))
	names := ""
	require.NoError(t, otlpfile.Read("out", &out, otlpfile.Sink{Traces: func(td ptrace.Traces) error {
		names += td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Name() + " "
		return nil
	}}))
	require.Equal(t, "step late step ", names)
}
