package llmmetricsconnector

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/faultline-otel/faultline/connector/llmmetricsconnector/internal/metadatatest"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// TestUnscoredSpansAreToldOnce: without llm_failure before it, llm_metrics counts requests and no failures.
func TestUnscoredSpansAreToldOnce(t *testing.T) {
	for _, onlyIncidents := range []bool{false, true} {
		core, logs := observer.New(zap.WarnLevel)
		telemetry := componenttest.NewTelemetry()
		set := metadatatest.NewSettings(telemetry)
		set.Logger = zap.New(core)
		cfg := createDefaultConfig().(*Config)
		cfg.OnlyIncidents = onlyIncidents
		c := createWith(t, set, cfg, consumertest.NewNop())
		require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
		for _, coverage := range []spanattr.Coverage{spanattr.Scored, spanattr.NoContent, "", ""} {
			td := ptrace.NewTraces()
			spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
			spans.AppendEmpty().SetName("GET /")
			call := spans.AppendEmpty().Attributes()
			call.PutStr("gen_ai.operation.name", "chat")
			if coverage != "" {
				call.PutStr(spanattr.AttrCoverage, string(coverage))
			}
			require.NoError(t, c.ConsumeTraces(t.Context(), td))
			require.Equal(t, coverage != "" || onlyIncidents, logs.Len() == 0)
		}
		if !onlyIncidents {
			require.Equal(t, 1, logs.FilterMessageSnippet("put llm_failure before llm_metrics").Len())
		}
		require.NoError(t, c.Shutdown(t.Context()))
		require.NoError(t, telemetry.Shutdown(t.Context()))
	}
}
