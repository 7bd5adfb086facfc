package llmmetricsconnector

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/pipeline/pipelinetest"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/sample"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// counted are the points of requests that went through llm_failure and llm_session: in one process with the connector,
// or over the wire to it.
func counted(t *testing.T, requests []ptrace.Traces, redact []string, twoProcesses bool) []string {
	t.Helper()
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	scorer := pipeline.NewScorer(set, pipeline.ScorerOptions{Prices: price.Embedded()})
	redactor, err := pipeline.NewRedactor(redact)
	require.NoError(t, err)
	tracker, err := session.New(session.DefaultSettings(), time.Now)
	require.NoError(t, err)
	sessions := pipeline.NewSessions(tracker)
	sink := &consumertest.MetricsSink{}
	cfg := createDefaultConfig().(*Config)
	cfg.InstanceID = "one"
	c := create(t, cfg, sink)
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	for _, td := range requests {
		own := ptrace.NewTraces()
		td.CopyTo(own)
		b := pipeline.NewBatch()
		ctx := b.Context(t.Context())
		scorer.Traces(own, b, func(s *pipeline.Scored) {
			if s.Call != nil {
				redactor.Span(s.Span, s.Entry)
			}
		})
		sessions.Traces(own, pipeline.BatchOf(ctx), nil)
		if twoProcesses {
			ctx = t.Context()
			wire, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(own)
			require.NoError(t, err)
			own, err = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(wire)
			require.NoError(t, err)
		}
		own.MarkReadOnly()
		require.NoError(t, c.ConsumeTraces(ctx, own))
		b.Release()
	}
	require.NoError(t, c.counter.flush(t.Context(), time.Now(), false))
	sink.Reset()
	require.NoError(t, c.counter.flush(t.Context(), time.Now(), false))
	lines := nonzero(write(sink.AllMetrics()))
	slices.Sort(lines)
	require.NoError(t, c.Shutdown(t.Context()))
	return lines
}

// TestOneProcessCountsWhatTwoCount: the points are the same whether the connector finds a batch or reads the spans.
func TestOneProcessCountsWhatTwoCount(t *testing.T) {
	requests := map[string][]ptrace.Traces{}
	for _, one := range sample.Generate(200, sample.BundledSeed) {
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(one.OTLP)
		require.NoError(t, err)
		requests["sample"] = append(requests["sample"], td)
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	require.NoError(t, err)
	more, err := filepath.Glob(filepath.Join("..", "..", "processor", "llmfailureprocessor", "testdata", "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, more)
	for _, file := range append(files, more...) {
		archive, err := txtar.ParseFile(file)
		require.NoError(t, err)
		for _, f := range archive.Files {
			if td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(f.Data); err == nil && td.SpanCount() > 0 {
				requests[filepath.Base(file)] = append(requests[filepath.Base(file)], td)
			}
		}
	}
	for _, path := range corpus.Dialects(t, 1<<20) {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		if td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(b); err == nil {
			requests["dialects"] = append(requests["dialects"], td)
		}
	}
	for seed := range uint64(100) { // of anything
		name := fmt.Sprint("seed ", seed)
		requests[name] = []ptrace.Traces{pipelinetest.Traces(rand.New(rand.NewPCG(seed+100, 1)))}
	}
	require.Greater(t, len(requests), 5)
	for name, list := range requests {
		for _, redact := range [][]string{nil, {"pii", "secrets"}} {
			one := counted(t, list, redact, false)
			require.NotEmpty(t, one)
			require.Equal(t, counted(t, list, redact, true), one, "%s, redacted %v", name, redact)
		}
	}
}

// TestKeptScoresHaveTheirOwnVersions: where one span of a resource keeps the scores of an agent with other scorers, and
// another is scored here, each counts under the versions that gave its scores, in one process as in two.
func TestKeptScoresHaveTheirOwnVersions(t *testing.T) {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "s")
	rs.Resource().Attributes().PutStr(spanattr.AttrScorers, "quality=agent-1")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := range 2 {
		span := spans.AppendEmpty()
		span.SetTraceID([16]byte{1})
		span.SetSpanID([8]byte{byte(i + 1)})
		a := span.Attributes()
		a.PutStr("gen_ai.operation.name", "chat")
		a.PutStr("gen_ai.request.model", "m")
		if i == 0 { // scored where the content was
			a.PutStr(spanattr.AttrCoverage, string(spanattr.Scored))
			a.PutDouble(spanattr.AttrScorePrefix+"quality", 0.5)
		} else {
			a.PutStr("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"Where is my parcel?"}]}]`)
			a.PutStr("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"It is on its way."}]}]`)
		}
	}
	requests := []ptrace.Traces{td}
	one := counted(t, requests, nil, false)
	require.Equal(t, counted(t, requests, nil, true), one)
	require.Contains(t, strings.Join(one, "\n"), "quality agent-1")

	// Scored anew, a span loses the versions of an earlier pass.
	spans.At(1).Attributes().PutStr(spanattr.AttrScorers, "degenerate=earlier")
	one = counted(t, requests, nil, false)
	require.Equal(t, counted(t, requests, nil, true), one)
	require.NotContains(t, strings.Join(one, "\n"), "earlier")
}
