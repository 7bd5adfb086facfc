package grafana

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// TestDriftRules runs the rules in promtool on scores that drop, and on scores that only seem to.
func TestDriftRules(t *testing.T) {
	tests, err := os.ReadFile(filepath.Join("testdata", "drift.test.yml"))
	require.NoError(t, err)
	runGroup(t, scoreDrift(), string(tests))
}

// TestDriftRulesAreQuietOnNoise runs the rules over eight days of healthy scores, on little traffic and on much. The
// mean wanders at random and with the time of day.
func TestDriftRulesAreQuietOnNoise(t *testing.T) {
	const bins = 8 * 24 * 12
	var b strings.Builder
	b.WriteString("rule_files: [faultline.rules.yml]\nevaluation_interval: 5m\ntests:\n- interval: 5m\n  " +
		"input_series:\n")
	for i, rate := range []float64{2, 40} {
		random := rand.New(rand.NewPCG(uint64(i), 7))
		counts, sums := []string{"0"}, []string{"0"}
		n, sum, wandered := 0, 0, 0.0
		for bin := range bins {
			wandered = 0.96*wandered + 0.002*random.NormFloat64()
			mean := 0.9 + wandered
			if bin/144%2 == 1 {
				mean -= 0.015
			}
			for range poisson(random, rate)() {
				n++
				if random.Float64() < mean {
					sum++
				}
			}
			counts, sums = append(counts, fmt.Sprint(n)), append(sums, fmt.Sprint(sum))
		}
		for name, values := range map[string][]string{"llm_score_count_total": counts, "llm_score_sum_total": sums} {
			fmt.Fprintf(
				&b,
				"  - series: '%s{service_name=\"s%d\",deployment_environment_name=\"prod\","+
					"gen_ai_evaluation_name=\"relevance\",app_llm_scorer_version=\"1\"}'\n    values: '%s'\n",
				name,
				i,
				strings.Join(values, " "),
			)
		}
	}
	fmt.Fprintf(&b, "  promql_expr_test:\n  - expr: count_over_time(ALERTS[8d])\n    eval_time: 8d\n    "+
		"exp_samples: []\n")
	// The rules are quiet but alive: both series have a drift statistic.
	fmt.Fprintf(&b, "  - expr: count(evaluation:llm_score_drift:thresholds >= 0)\n    eval_time: 8d\n    "+
		"exp_samples: [{labels: '{}', value: 4}]\n")
	runGroup(t, scoreDrift(), b.String())
}

// runGroup runs promtool tests on one rule group alone. These tests cover days, and evaluating all groups would be
// slow.
func runGroup(t *testing.T, g ruleGroup, tests string) {
	t.Helper()
	tool := promtool(t)
	rules, err := yaml.Marshal(ruleFile{Groups: []ruleGroup{g}})
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "faultline.rules.yml"), rules, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "faultline.test.yml"), []byte(tests), 0o600))
	out, err := exec.Command(tool, "test", "rules", filepath.Join(dir, "faultline.test.yml")).CombinedOutput()
	require.NoError(t, err, "%s", out)
}
