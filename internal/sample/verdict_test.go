package sample

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// TestEveryTraceIsReadAsItWasMeant scores the bundled sample and another one. Each failing span must get the verdict of
// its scenario. A step around it may repeat the class. Nothing else may fail.
func TestEveryTraceIsReadAsItWasMeant(t *testing.T) {
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	annotator := pipeline.NewScorer(set, pipeline.ScorerOptions{})
	traces := append(Generate(BundledTraces, BundledSeed), Generate(240, 2)...)
	coverage := map[spanattr.Coverage]int{}
	for _, trace := range traces {
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(trace.OTLP)
		require.NoError(t, err)
		found := map[string]Expected{}
		names := map[string]string{}
		annotator.Traces(td, nil, func(a *pipeline.Scored) {
			coverage[a.Coverage()]++
			id := a.Span.SpanID().String()
			names[id] = a.Span.Name()
			if v := &a.Entry.Record.Verdict; v.Failed() {
				found[id] = Expected{v.Class, v.Detail}
				require.NotEmpty(t, v.Evidence, names[id])
				require.Len(t, v.Fingerprint, 16, names[id])
			}
		})
		var classes []failure.Class
		for id, want := range trace.Failing {
			classes = append(classes, want.Class)
			if found[id] != want {
				t.Errorf("trace %s: %s has verdict %v, expected %v", trace.ID, names[id], found[id], want)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(found)) {
			if _, meant := trace.Failing[id]; !meant && !slices.Contains(classes, found[id].Class) {
				t.Errorf("trace %s: %s has verdict %v, expected none", trace.ID, names[id], found[id])
			}
		}
	}
	t.Logf("%d traces, spans by coverage %v", len(traces), coverage)
	require.Zero(t, coverage[spanattr.Truncated])
	require.NotZero(t, coverage[spanattr.NotLLM])
}
