package llmfailureprocessor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// TestScorersReload: a written scorer file runs without a restart, with the versions that CI gives it. One with
// mistakes changes nothing, and is counted.
func TestScorersReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "scorers.yaml")
	at := time.Now()
	write := func(text string) {
		at = at.Add(time.Second)
		require.NoError(t, os.WriteFile(file+".new", []byte(text), 0o600))
		require.NoError(t, os.Chtimes(file+".new", at, at))
		require.NoError(t, os.Rename(file+".new", file))
	}
	inCI := func() string {
		config, err := scorers.Load(file)
		require.NoError(t, err)
		set, err := scorers.New(config)
		require.NoError(t, err)
		return spanattr.SpellScorers(set)
	}
	write("version: 1\nrules: [{name: greets, fail: 'output contains \"Hello\"'}]")
	p := start(t, "{scorers_file: '"+file+"', reload_interval: 1s}")
	judge := func() (class, versions string) {
		td := ptrace.NewTraces()
		rs := td.ResourceSpans().AppendEmpty()
		span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		span.Attributes().PutStr("gen_ai.output.messages",
			`[{"role":"assistant","parts":[{"type":"text","content":"Hello there, friend"}],"finish_reason":"stop"}]`)
		td = p.annotate(t, td)
		rs = td.ResourceSpans().At(0)
		v, _ := rs.ScopeSpans().At(0).Spans().At(0).Attributes().Get("app.llm.error_class")
		of, _ := rs.Resource().Attributes().Get(spanattr.AttrScorers)
		return v.Str(), of.Str()
	}
	class, versions := judge()
	require.Equal(t, "bad_answer", class)
	require.Equal(t, inCI(), versions)

	write("version: 1\nrules: [{name: greets, fail: 'output contains \"Hi\"'}]")
	require.Eventually(t, func() bool { class, _ := judge(); return class == "" }, 20*time.Second, 100*time.Millisecond)
	_, versions = judge()
	require.Equal(t, inCI(), versions)

	reloads := func(outcome string) (n int64) {
		m, err := p.telemetry.GetMetric("otelcol_llm_failure_scorer_reloads")
		if err != nil {
			return 0
		}
		for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
			if of, _ := point.Attributes.Value("outcome"); of.AsString() == outcome {
				n = point.Value
			}
		}
		return n
	}
	write("version: 1\nrules: [{name: greets, fail: 'outptu contains \"Hello\"'}]")
	require.Eventually(t, func() bool { return reloads("failed") == 1 }, 20*time.Second, 100*time.Millisecond)
	require.Equal(t, int64(1), reloads("ok"))
	_, kept := judge()
	require.Equal(t, versions, kept)
}

// TestScorersFileMistakes: a file that is missing or wrong stops the start.
func TestScorersFileMistakes(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.ScorersFile = "none.yaml"
	require.ErrorContains(t, cfg.Validate(), "scorers_file: scorer file none.yaml: no such file")
	cfg.Scorers = map[string]any{"version": 1}
	require.ErrorContains(t, cfg.Validate(), "scorers and scorers_file must not both be given")
	cfg.ScorersFile, cfg.ReloadInterval = "", time.Millisecond
	err := cfg.Validate()
	require.ErrorContains(t, err, "reload_interval must be at least 1s, got 1ms")
	require.Len(t, strings.Split(err.Error(), "\n"), 1)
}
