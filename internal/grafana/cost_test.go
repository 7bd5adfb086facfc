package grafana

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/drift"
)

// TestCostRules runs the rules in promtool on cost that rises, and on cost that is only uneven.
func TestCostRules(t *testing.T) {
	tests, err := os.ReadFile(filepath.Join("testdata", "cost.test.yml"))
	require.NoError(t, err)
	runGroup(t, costRise(), string(tests))
}

// TestCostRulesMatchDriftCost runs the rules and drift.Cost over the same seeded spend of seventeen days: five hundred
// sessions a day, with a long-tailed cost, more by day than by night. Both must agree to a millionth, and neither may
// alert before spend rises tenfold.
func TestCostRulesMatchDriftCost(t *testing.T) {
	const bins, risen = 17 * 24 * 12, 15*24*12 - 72
	random := rand.New(rand.NewPCG(3, 4))
	var cost drift.Cost
	var values, checks strings.Builder
	spent, usd := 0.0, 0.0
	values.WriteString("0")
	compared := 0
	for bin := range bins {
		usd = 0
		day := 2 * math.Pi * float64(bin) / 288
		for range poisson(random, 500.0/288*(1+0.7*math.Sin(day)))() {
			usd += 0.2 * math.Exp(random.NormFloat64()-0.5)
		}
		if bin >= risen {
			usd *= 10
		}
		spent += usd
		fmt.Fprintf(&values, " %.9g", spent)
		require.True(t, cost.Add(int64(bin/12), usd))
		if (bin+1)%12 != 0 || bin/12%17 != 0 && bin < risen {
			continue
		}
		dayRatio, known := cost.Day()
		burst, alsoKnown := cost.Burst()
		require.Equal(t, known, alsoKnown)
		for window, want := range map[drift.Window]float64{drift.Day: dayRatio, drift.Burst: burst} {
			expr := fmt.Sprintf("service:llm_cost_usd:baseline_ratio{app_llm_cost_window=%q}", window.Name)
			if !known {
				fmt.Fprintf(&checks, "  - expr: %s\n    eval_time: %dm\n    exp_samples: []\n", expr, 5*(bin+1))
				continue
			}
			if bin < risen {
				require.Less(t, want, window.Limit)
			}
			compared++
			fmt.Fprintf(&checks, "  - expr: abs(%s - %.9g) <= bool %.9g\n    eval_time: %dm\n    exp_samples: "+
				"[{labels: '{service_name=\"shop\",deployment_environment_name=\"prod\",app_llm_cost_window=%q}', "+
				"value: 1}]\n",
				expr, want, 1e-6*(1+want), 5*(bin+1), window.Name)
		}
	}
	require.Greater(t, compared, 30)
	burst, _ := cost.Burst()
	require.Greater(t, burst, drift.Burst.Limit)
	for _, alert := range []string{"LLMCostSpikeDay", "LLMCostBurst"} {
		fmt.Fprintf(&checks, "  - expr: count_over_time(ALERTS{alertname=%q}[15d])\n    eval_time: %dm\n    "+
			"exp_samples: []\n", alert, 5*risen)
		fmt.Fprintf(&checks, "  - expr: count(ALERTS{alertname=%q,alertstate=\"firing\"})\n    eval_time: %dm\n    "+
			"exp_samples: [{labels: '{}', value: 1}]\n", alert, 5*bins)
	}
	runGroup(t, costRise(), "rule_files: [faultline.rules.yml]\nevaluation_interval: 5m\ntests:\n- interval: 5m\n  "+
		"input_series:\n"+
		"  - series: 'llm_cost_usd_total{service_name=\"shop\",deployment_environment_name=\"prod\"}'\n    "+
		"values: '"+values.String()+"'\n"+
		"  promql_expr_test:\n"+checks.String())
}
