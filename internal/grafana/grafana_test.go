package grafana

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// TestDashboardFitsTheSchema reads the JSON back strictly: an unknown key or a missing option fails, as in Grafana.
func TestDashboardFitsTheSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	b, err := MarshalOverview()
	require.NoError(t, err)
	var d dashboard.Dashboard //nolint:staticcheck // the v2 schema needs Grafana 12; this one is read by all that are in use
	// The SDK returns a typed nil, an error without text, where nothing is wrong.
	for _, err := range []error{d.UnmarshalJSONStrict(b), d.Validate()} {
		if err != nil {
			require.Empty(t, err.Error())
		}
	}
	built, err := Overview()
	require.NoError(t, err)
	require.Len(t, built.Panels, 17, "rows and panels")
	for _, p := range built.Panels {
		if p.Panel != nil {
			require.NotEmpty(t, p.Panel.Targets, "%s has no query", *p.Panel.Title)
		}
	}
}

func TestDashboardIsTheSameEveryTime(t *testing.T) {
	first, err := MarshalOverview()
	require.NoError(t, err)
	for range 3 {
		again, err := MarshalOverview()
		require.NoError(t, err)
		require.Equal(t, string(first), string(again))
	}
}

// TestQueriesAreOnWhatIsPublished looks at every selector of every panel and rule: its metric is in the catalog, and carries the
// labels that it matches.
func TestQueriesAreOnWhatIsPublished(t *testing.T) {
	labels := map[string][]string{}
	for _, m := range catalog.All() {
		for _, a := range m.AllAttributes() {
			labels[catalog.PrometheusName(m)] = append(labels[catalog.PrometheusName(m)], a.Label())
		}
	}
	selectors := regexp.MustCompile(`((?:llm|gen_ai)_[a-z_]+)(?:\{([^}]*)\}|\[)`)
	matchers := regexp.MustCompile(`([a-z_]+)(?:=~|!~|!=|=)"`)
	rules, err := Rules()
	require.NoError(t, err)
	found := 0
	for _, expr := range append(expressions(t), string(rules)) {
		for _, s := range selectors.FindAllStringSubmatch(expr, -1) {
			found++
			require.Contains(t, labels, s[1], expr)
			for _, m := range matchers.FindAllStringSubmatch(s[2], -1) {
				require.Contains(t, labels[s[1]], m[1], "%s does not carry it: %s", s[1], expr)
			}
		}
	}
	require.Greater(t, found, 30)
}

// expressions are the queries of all panels.
func expressions(t *testing.T) []string {
	t.Helper()
	d, err := Overview()
	require.NoError(t, err)
	var all []string
	for _, p := range d.Panels {
		if p.Panel == nil {
			continue
		}
		for _, target := range p.Panel.Targets {
			q, ok := target.(prometheus.Dataquery)
			require.True(t, ok, "%T", target)
			all = append(all, q.Expr)
		}
	}
	require.Greater(t, len(all), 15)
	return all
}

// TestQueriesParse has promtool read every query of the dashboard.
func TestQueriesParse(t *testing.T) {
	tool := promtool(t)
	variables := strings.NewReplacer(rateInterval, "5m", "$__range", "3h")
	var rules strings.Builder
	rules.WriteString("groups:\n- name: panels\n  rules:\n")
	for i, expr := range expressions(t) {
		fmt.Fprintf(&rules, "  - record: panel:%d\n    expr: %q\n", i, variables.Replace(expr))
	}
	file := filepath.Join(t.TempDir(), "panels.yml")
	require.NoError(t, os.WriteFile(file, []byte(rules.String()), 0o600))
	out, err := exec.Command(tool, "check", "rules", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// promtool is the tool, or the test is skipped.
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

// TestRules has promtool check the alert rules, and run the tests of them that are written by hand.
func TestRules(t *testing.T) {
	rules, err := Rules()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "faultline.rules.yml")
	require.NoError(t, os.WriteFile(file, rules, 0o600))
	out, err := exec.Command(promtool(t), "check", "rules", "--lint=all", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, file := range testFiles(t) {
		tests, err := os.ReadFile(file)
		require.NoError(t, err)
		run(t, string(tests))
	}
}

// TestRulesAreQuietOnNoise runs the rules over two days of a healthy service: two replicas, requests that come at random,
// 1.25 % of them failing at random, in classes of very different rates.
func TestRulesAreQuietOnNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const minutes = 2 * 24 * 60
	series := map[string]func() int{
		`llm_requests_total{app_llm_outcome="ok"`:                                              poisson(random, 98.75),
		`llm_requests_total{app_llm_outcome="failed"`:                                          poisson(random, 1.25),
		`llm_failures_total{app_llm_error_class="refusal",app_llm_error_bucket="quality"`:      poisson(random, 0.6),
		`llm_failures_total{app_llm_error_class="truncation",app_llm_error_bucket="structure"`: poisson(random, 0.4),
		`llm_failures_total{app_llm_error_class="timeout",app_llm_error_bucket="ops"`:          poisson(random, 0.25),
		`llm_failures_total{app_llm_error_class="unsafe",app_llm_error_bucket="safety"`:        poisson(random, 0),
	}
	var b strings.Builder
	b.WriteString("rule_files: [faultline.rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n")
	for _, name := range slices.Sorted(maps.Keys(series)) {
		for _, replica := range []string{"a", "b"} {
			fmt.Fprintf(&b, "  - series: '%s,service_name=\"shop\",deployment_environment_name=\"prod\",collector_instance_id=\"%s\"}'\n    values: '0", name, replica)
			for sum, i := 0, 0; i < minutes; i++ {
				sum += series[name]()
				fmt.Fprintf(&b, " %d", sum)
			}
			b.WriteString("'\n")
		}
	}
	fmt.Fprintf(&b, "  promql_expr_test:\n  - expr: count_over_time(ALERTS{alertstate=\"firing\"}[2d])\n    eval_time: %dm\n    exp_samples: []\n", minutes)
	run(t, b.String())
}

// poisson draws numbers of independent events, by Knuth's method.
func poisson(random *rand.Rand, mean float64) func() int {
	limit := math.Exp(-mean)
	return func() int {
		n := 0
		for p := random.Float64(); p > limit; p *= random.Float64() {
			n++
		}
		return n
	}
}

// run has promtool run tests on the rules.
func run(t *testing.T, tests string) {
	t.Helper()
	tool := promtool(t)
	rules, err := Rules()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "faultline.rules.yml"), rules, 0o600))
	file := filepath.Join(dir, "faultline.test.yml")
	require.NoError(t, os.WriteFile(file, []byte(tests), 0o600))
	out, err := exec.Command(tool, "test", "rules", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
}
