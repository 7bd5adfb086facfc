package clients

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/otlpfile"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/session"
)

// process runs the stages of the Collector over a recording, in their order.
func process(t *testing.T, file string) ptrace.Traces {
	t.Helper()
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	scorer := pipeline.NewScorer(set, pipeline.ScorerOptions{Prices: price.Embedded()})
	tracker, err := session.New(session.DefaultSettings(), time.Now)
	require.NoError(t, err)
	sessions := pipeline.NewSessions(tracker)
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	all := ptrace.NewTraces()
	require.NoError(t, otlpfile.Read(file, f, otlpfile.Sink{
		Logs: func(ld plog.Logs) error { scorer.Logs(ld); return nil },
		Traces: func(td ptrace.Traces) error {
			b := pipeline.NewBatch()
			defer b.Release()
			scorer.Traces(td, b, nil)
			sessions.Traces(td, b, nil)
			td.ResourceSpans().MoveAndAppendTo(all.ResourceSpans())
			return nil
		},
		Bad: func(e *otlpfile.Error) { t.Error(e) },
	}))
	pipeline.NewCauses().Traces(all, func(pcommon.TraceID) bool { return false }, nil)
	return all
}
