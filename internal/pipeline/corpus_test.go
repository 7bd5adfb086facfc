package pipeline

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/sample"
)

// dialectTraces returns the sample, and the dialect corpus if it is available.
func dialectTraces(t *testing.T) []ptrace.Traces {
	t.Helper()
	var all []ptrace.Traces
	for _, one := range sample.Generate(40, 7) {
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(one.OTLP)
		require.NoError(t, err)
		all = append(all, td)
	}
	for _, path := range corpus.Dialects(t, 1<<20) {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		if td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(b); err == nil {
			all = append(all, td)
		}
	}
	return all
}
