package eval

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/drift"
	"github.com/faultline-otel/faultline/internal/grafana"
)

// recorded is the arithmetic of the recording rules, bin by bin: Prometheus itself would take days for as many series.
// TestDriftRulesAreWhatIsMeasured compares the rules with it.
type recorded struct {
	n, sum, missing []float64 // running totals, from 0
	blocks          [2][]float64
	total           [2]float64
	count           [2]int
	variance        [2]float64
	drift           [2]float64
}

func (d *recorded) fork() detector {
	c := *d
	c.n, c.sum, c.missing = slices.Clone(d.n), slices.Clone(d.sum), slices.Clone(d.missing)
	c.blocks = [2][]float64{slices.Clone(d.blocks[0]), slices.Clone(d.blocks[1])}
	return &c
}

func (d *recorded) step(_ int64, n, sum float64) float64 {
	const guard = int(drift.Guard / drift.Bin)
	if d.n == nil {
		d.n, d.sum, d.missing = []float64{0}, []float64{0}, []float64{0}
	}
	i := len(d.n) - 1
	d.n, d.sum = append(d.n, d.n[i]+n), append(d.sum, d.sum[i]+sum)
	until := i + 1 - guard
	from := max(0, until-binsAWeek)
	if until < 1 || d.n[until]-d.n[from] <= drift.MinScores {
		d.missing = append(d.missing, d.missing[i])
		for k := range d.blocks {
			d.blocks[k] = append(d.blocks[k], math.NaN())
		}
		return 0
	}
	mean := (d.sum[until] - d.sum[from]) / (d.n[until] - d.n[from])
	missing := n*mean - sum
	d.missing = append(d.missing, d.missing[i]+missing)
	d.variance = [2]float64{}
	for k, speed := range []drift.Speed{drift.Slow, drift.Fast} {
		width := int(speed.Block / drift.Bin)
		begin := max(0, i+1-width)
		term := math.NaN()
		if scores := d.n[i+1] - d.n[begin]; scores > drift.MinBlockScores {
			missed := d.missing[i+1] - d.missing[begin]
			term = missed * missed / scores
		}
		d.blocks[k] = append(d.blocks[k], term)
		if v := d.blocks[k][until-1]; !math.IsNaN(v) {
			d.total[k] += v
			d.count[k]++
		}
		if until-1 >= binsAWeek && !math.IsNaN(d.blocks[k][until-1-binsAWeek]) {
			d.total[k] -= d.blocks[k][until-1-binsAWeek]
			d.count[k]--
		}
		if d.count[k] >= drift.MinBlocks*width {
			d.variance[k] = max(mean*(1-mean), drift.MinVariance, d.total[k]/float64(d.count[k]))
		}
	}
	if d.variance[0] == 0 {
		d.variance[1] = 0
		d.drift = [2]float64{}
		return 0
	}
	if d.variance[1] == 0 {
		d.variance[1] = d.variance[0]
	}
	for k, speed := range []drift.Speed{drift.Slow, drift.Fast} {
		step := min(drift.StepCap, speed.Drop/d.variance[k]*(missing-n*speed.Drop/2))
		d.drift[k] = min(max(0, d.drift[k]+step/speed.Threshold), speed.Ceiling()/speed.Threshold)
	}
	if i >= 72 && d.n[i+1]-d.n[i+1-72] <= drift.MinBlockScores {
		return 0
	}
	return max(d.drift[0], d.drift[1])
}

// TestDriftRulesAreWhatIsMeasured feeds the same seeded series to the recording rules (promtool runs them), to the
// arithmetic that TestEvalDrift measures in their place, and to the detector in the process. Rules and arithmetic must
// agree to a millionth. The detector has another usual mean and a longer memory. Where scores have no season its sums
// must agree to a fifth, and its alarms must come within three bins.
func TestDriftRulesAreWhatIsMeasured(t *testing.T) {
	tool := promtool(t)
	rules, err := grafana.Rules()
	require.NoError(t, err)
	const days = 9
	const fall = days * binsADay
	const after = 5 * binsAnHour
	const measured = `{deployment_environment_name="prod",service_name="%[1]s",` +
		`gen_ai_evaluation_name="groundedness",app_llm_scorer_version="1"`
	var input, checks strings.Builder
	check := func(service, name, speed string, bin int, want float64) {
		series := name + fmt.Sprintf(measured, service) + speed + "}"
		fmt.Fprintf(&checks, "  - expr: abs(%s - %.9g) <= bool %.9g\n    eval_time: %dm\n"+
			"    exp_samples: [{labels: '%s', value: 1}]\n",
			series, want, 1e-6*max(math.Abs(want), 0.01), 5*(bin+1), fmt.Sprintf(measured, service)+speed+"}")
	}
	for _, c := range []struct {
		service string
		noise   noise
		rate    float64
		drop    float64
	}{
		{"even", noises[0], 100, 0.03},
		{"busy", noises[1], 10, 0.10},
		{"calm", noises[0], 20, 0},
	} {
		s, process, arithmetic := newScores(c.noise, c.rate, 0.90, 11), &inProcess{}, &recorded{}
		counts, sums := []float64{0}, []float64{0}
		alarms := [2]int{-1, -1}
		for i := range fall + after {
			if i == fall {
				s.drop = c.drop
			}
			n, sum := s.next()
			counts, sums = append(counts, counts[i]+n), append(sums, sums[i]+sum)
			ours := process.step(int64(i), n, sum)
			theirs := arithmetic.step(int64(i), n, sum)
			for k, level := range []float64{ours, theirs} {
				if level >= 1 && alarms[k] < 0 {
					alarms[k] = i
				}
			}
			if (i+1)%(36*binsAnHour) == 0 || i >= fall && i%6 == 0 {
				for k, speed := range []drift.Speed{drift.Slow, drift.Fast} {
					label := fmt.Sprintf(",app_llm_drift_speed=%q", speed.Name)
					if arithmetic.variance[k] > 0 {
						check(c.service, "evaluation:llm_score_variance:usual7d", label, i, arithmetic.variance[k])
						check(c.service, "evaluation:llm_score_drift:thresholds", label, i, arithmetic.drift[k])
					}
				}
				if c.drop > 0 && c.noise.name == "iid" && i >= fall {
					slow, fast := process.series.Drift()
					require.InDelta(t, arithmetic.drift[0], slow, 0.05+0.2*arithmetic.drift[0],
						"%s, bin %d", c.service, i-fall)
					require.InDelta(t, arithmetic.drift[1], fast, 0.05+0.2*arithmetic.drift[1],
						"%s, bin %d", c.service, i-fall)
				}
			}
		}
		if c.drop == 0 {
			require.Equal(t, [2]int{-1, -1}, alarms)
		} else {
			t.Logf("%s: alarm of the detector in bin %d after the fall, of the rules in %d",
				c.service, alarms[0]-fall, alarms[1]-fall)
			require.GreaterOrEqual(t, alarms[0], fall)
			require.InDelta(t, alarms[0], alarms[1], 3)
		}
		for name, values := range map[string][]float64{"llm_score_count_total": counts, "llm_score_sum_total": sums} {
			// Two replicas, one of which counts a third.
			for replica, share := range map[string]float64{"a": 1.0 / 3, "b": 2.0 / 3} {
				fmt.Fprintf(&input, "  - series: '%s%s,collector_instance_id=%q}'\n    values: '",
					name, fmt.Sprintf(measured, c.service), replica)
				for _, v := range values {
					fmt.Fprintf(&input, "%.12g ", v*share)
				}
				input.WriteString("'\n")
			}
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "rules.yml"), rules, 0o600))
	tests := "rule_files: [rules.yml]\nevaluation_interval: 5m\ntests:\n- interval: 5m\n  input_series:\n" +
		input.String() + "  promql_expr_test:\n" + checks.String()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "test.yml"), []byte(tests), 0o600))
	require.Greater(t, strings.Count(tests, "expr:"), 80)
	out, err := exec.Command(tool, "test", "rules", filepath.Join(dir, "test.yml")).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// promtool returns the path of promtool. It skips the test where there is none.
func promtool(t *testing.T) string {
	t.Helper()
	tool, err := filepath.Abs(filepath.Join("..", "..", "bin", "promtool"))
	require.NoError(t, err)
	if _, err := os.Stat(tool); err != nil {
		if tool, err = exec.LookPath("promtool"); err != nil {
			t.Skip("no promtool in bin/ or PATH: make test installs it")
		}
	}
	return tool
}
