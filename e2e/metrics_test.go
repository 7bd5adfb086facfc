package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// judged is the verdict of a judge on a span, as OTLP/JSON.
const judged = `{"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "support-bot"}}]}, "scopeLogs": [{"logRecords": [
  {"eventName": "gen_ai.evaluation.result", "traceId": "000000000000000000000000000000a1", "spanId": "00000000000000b1", "attributes": [
    {"key": "gen_ai.evaluation.name", "value": {"stringValue": "helpfulness"}},
    {"key": "gen_ai.evaluation.score.value", "value": {"doubleValue": 0.75}},
    {"key": "app.llm.judge.prompt_version", "value": {"stringValue": "h-1"}}]}]}]}]}`

// TestEvaluationsVersionsAndBacklog runs the signals that are not counts of spans: evaluations, new versions, and the
// review backlog under the metric names that alerts use.
func TestEvaluationsVersionsAndBacklog(t *testing.T) {
	dir := t.TempDir()
	sample, err := filepath.Abs(filepath.Join("..", "testdata", "sample.jsonl.gz"))
	require.NoError(t, err)
	for run := range 2 {
		c := startIn(t, dir, "default.yaml")
		_, msg, code := cli(t, ".", "replay", "--now", "--endpoint", c.grpc, sample)
		require.Zero(t, code, msg)
		resp, err := http.Post("http://"+c.http+"/v1/logs", "application/json", strings.NewReader(judged))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
		await(t, 20*time.Second, func() error {
			if got := c.sumBy(t, "llm_score_count_total", "app_llm_scorer_version"); got["h-1"] != 1 {
				return fmt.Errorf("evaluations by version: %v", got)
			}
			if got := c.sumBy(t, "llm_version_info", "gen_ai_request_model"); got["gpt-4o"] == 0 {
				return fmt.Errorf("versions by model: %v", got)
			}
			return nil
		})
		self := ""
		await(t, 30*time.Second, func() error {
			self = body(t, "http://"+c.self+"/metrics")
			for _, name := range []string{
				"otelcol_llm_review_open_items",
				"otelcol_llm_review_oldest_open_age_seconds",
			} {
				if !strings.Contains(self, "\n"+name+" ") && !strings.Contains(self, "\n"+name+"{") {
					return fmt.Errorf("%s is not among the Collector's own metrics", name)
				}
			}
			return nil
		})
		c.stop(t)
		events, err := os.ReadFile(filepath.Join(dir, "data", "events.jsonl"))
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(events), `"invoice-extractor uses model gpt-4o prompt `+
			`invoice-extractor version 12 for the first time"`), "run %d", run)
	}
}
