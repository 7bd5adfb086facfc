package grafana

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/loki"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/tempo"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// TestDashboardsFitTheSchema reads the JSON back strictly: an unknown key or a missing option fails, as in Grafana.
func TestDashboardsFitTheSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	for name := range Dashboards {
		t.Run(name, func(t *testing.T) {
			b, err := Marshal(name)
			require.NoError(t, err)
			//nolint:staticcheck // the v2 schema needs Grafana 12; every version in use reads this one
			var d dashboard.Dashboard
			// The SDK returns a typed nil, an error without text, if nothing is wrong.
			for _, err := range []error{d.UnmarshalJSONStrict(b), d.Validate()} {
				if err != nil {
					require.Empty(t, err.Error())
				}
			}
		})
	}
}

// TestPanelsAreComplete checks that every panel has a unique title, a description, a unit, a query and a position.
func TestPanelsAreComplete(t *testing.T) {
	for name := range Dashboards {
		titles := map[string]bool{}
		for _, p := range panels(t, name) {
			title := *p.Title
			require.False(t, titles[title], "%s: two panels are titled %s", name, title)
			titles[title] = true
			require.NotEmpty(t, p.Description, "%s: %s", name, title)
			require.True(t, strings.HasSuffix(*p.Description, "."), "%s: %s: a description is a sentence", name, title)
			require.NotEmpty(t, p.Targets, "%s: %s has no query", name, title)
			require.NotNil(t, p.GridPos, "%s: %s", name, title)
			if p.Type == "timeseries" || p.Type == "stat" {
				require.NotNil(t, p.FieldConfig.Defaults.Unit, "%s: %s has no unit", name, title)
			}
		}
	}
}

// TestRowsAreFull adds up the widths of panels: a row of the grid has 24 columns.
func TestRowsAreFull(t *testing.T) {
	for name := range Dashboards {
		at := map[uint32]uint32{}
		for _, p := range panels(t, name) {
			at[p.GridPos.Y] += p.GridPos.W
		}
		for y, w := range at {
			require.EqualValues(t, 24, w, "%s: panels at line %d", name, y)
		}
	}
}

func TestDashboardsAreTheSameEveryTime(t *testing.T) {
	for name := range Dashboards {
		first, err := Marshal(name)
		require.NoError(t, err)
		for range 3 {
			again, err := Marshal(name)
			require.NoError(t, err)
			require.Equal(t, string(first), string(again))
		}
	}
}

// TestBucketsHaveTheColoursOfTheReviewPage compares the colours with the dark scheme of the review page's style sheet.
func TestBucketsHaveTheColoursOfTheReviewPage(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "web", "static", "app.css"))
	require.NoError(t, err)
	_, dark, found := strings.Cut(string(b), "prefers-color-scheme: dark")
	require.True(t, found)
	for bucket, hex := range bucketColours {
		require.Contains(t, dark, "--"+string(bucket)+": "+hex+";")
	}
	require.Len(t, bucketColours, 4)
}

// panels returns the panels of a dashboard, without rows.
func panels(t *testing.T, name string) []*dashboard.Panel {
	t.Helper()
	d, err := Dashboards[name]()
	require.NoError(t, err)
	var all []*dashboard.Panel
	for _, p := range d.Panels {
		if p.Panel != nil {
			all = append(all, p.Panel)
		}
	}
	require.Greater(t, len(all), 10)
	return all
}

// TestQueriesUsePublishedMetrics checks every selector of every panel and rule: its metric is in the catalog and has
// the labels that it matches.
func TestQueriesUsePublishedMetrics(t *testing.T) {
	labels := map[string][]string{}
	for _, m := range catalog.All() {
		for _, a := range m.AllAttributes() {
			labels[catalog.PrometheusName(m)] = append(labels[catalog.PrometheusName(m)], a.Label())
		}
	}
	var recorded []string
	for _, g := range ruleGroups() {
		for _, r := range g.Rules {
			recorded = append(recorded, r.Record)
		}
	}
	ofRules := regexp.MustCompile(`[a-z_]+:[a-z_]+:[a-z0-9_]+`)
	selectors := regexp.MustCompile(`\b((?:llm|gen_ai)_[a-z_]+)(?:\{([^}]*)\}|\[)`)
	matchers := regexp.MustCompile(`([a-z_]+)(?:=~|!~|!=|=)"`)
	rules, err := Rules()
	require.NoError(t, err)
	found := 0
	promql, _, _ := queries(t)
	for _, expr := range append(promql, string(rules)) {
		for _, name := range ofRules.FindAllString(expr, -1) {
			require.Contains(t, recorded, name, expr)
		}
		for _, s := range selectors.FindAllStringSubmatch(expr, -1) {
			found++
			require.Contains(t, labels, s[1], expr)
			for _, m := range matchers.FindAllStringSubmatch(s[2], -1) {
				require.Contains(t, labels[s[1]], m[1], "%s lacks this label: %s", s[1], expr)
			}
		}
	}
	require.Greater(t, found, 150)
}

// queries returns the queries of all panels and annotations, by language.
func queries(t *testing.T) (promql, traceql, logql []string) {
	t.Helper()
	add := func(target any) {
		switch q := target.(type) {
		case prometheus.Dataquery:
			promql = append(promql, q.Expr)
		case tempo.Dataquery:
			traceql = append(traceql, *q.Query)
		case loki.Dataquery:
			logql = append(logql, q.Expr)
		default:
			require.Fail(t, "unknown query", "%T", target)
		}
	}
	for name := range Dashboards {
		for _, p := range panels(t, name) {
			for _, target := range p.Targets {
				add(target)
			}
		}
		d, err := Dashboards[name]()
		require.NoError(t, err)
		for _, a := range d.Annotations.List {
			add(a.Target)
		}
	}
	require.Greater(t, len(promql), 60)
	return promql, traceql, logql
}

// TestSearchesAreComplete checks that searches use attributes that a processor writes, and that no query is cut.
func TestSearchesAreComplete(t *testing.T) {
	_, traceql, logql := queries(t)
	require.NotEmpty(t, traceql)
	require.NotEmpty(t, logql)
	attribute := regexp.MustCompile(`span\.(app\.llm\.[a-z_.]+)`)
	for _, q := range traceql {
		require.Regexp(t, `^\{ resource\.service\.name =~ "\$service" && .+ \}( \| select\(.+\))?$`, q)
		for _, found := range attribute.FindAllStringSubmatch(q, -1) {
			require.True(t, written(found[1]), "no processor writes %s: %s", found[1], q)
		}
	}
	for _, q := range logql {
		require.Regexp(t, `^\{service_name=~"\$service", service_name!=""\} \| event_name="[a-z_.]+"$`, q)
	}
}

// TestLinksAreFilledIn checks that the placeholders in links are not escaped: Grafana would not find them.
func TestLinksAreFilledIn(t *testing.T) {
	found := 0
	links := regexp.MustCompile(`"url": "(/explore[^"]*)"`)
	for name := range Dashboards {
		b, err := Marshal(name)
		require.NoError(t, err)
		for _, address := range links.FindAllStringSubmatch(strings.ReplaceAll(string(b), `\u0026`, "&"), -1) {
			found++
			require.NotContains(t, address[1], "%24", "a variable is escaped")
			require.Contains(t, address[1], "${service:pipe}")
			u, err := url.Parse(address[1])
			require.NoError(t, err)
			var panes map[string]struct{ Datasource string }
			require.NoError(t, json.Unmarshal([]byte(u.Query().Get("panes")), &panes), address[1])
			require.Equal(t, "${tempo}", panes["a"].Datasource)
		}
	}
	require.Positive(t, found)
}

// written reports whether the processors write an attribute on spans.
func written(attribute string) bool {
	return strings.HasPrefix(attribute, spanattr.AttrScorePrefix) || slices.Contains([]string{
		spanattr.AttrErrorClass,
		spanattr.AttrErrorDetail,
		spanattr.AttrErrorEvidence,
		spanattr.AttrErrorBucket,
		spanattr.AttrCostUSD,
		spanattr.AttrCoverage,
		spanattr.AttrSessionID,
		spanattr.AttrSessionCostUSD,
		spanattr.AttrSessionLimit,
	}, attribute)
}

// TestQueriesParse checks every query of the dashboards with promtool.
func TestQueriesParse(t *testing.T) {
	tool := promtool(t)
	variables := strings.NewReplacer(rateInterval, "5m", wholeRange, "3h")
	promql, _, _ := queries(t)
	var rules strings.Builder
	rules.WriteString("groups:\n- name: panels\n  rules:\n")
	for i, expr := range promql {
		fmt.Fprintf(&rules, "  - record: panel:%d\n    expr: %q\n", i, variables.Replace(expr))
	}
	file := filepath.Join(t.TempDir(), "panels.yml")
	require.NoError(t, os.WriteFile(file, []byte(rules.String()), 0o600))
	out, err := exec.Command(tool, "check", "rules", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// promtool returns the path of promtool, or skips the test.
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

// TestRules checks the alert rules with promtool, and runs the hand-written tests.
func TestRules(t *testing.T) {
	rules, err := Rules()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "faultline.rules.yml")
	require.NoError(t, os.WriteFile(file, rules, 0o600))
	out, err := exec.Command(promtool(t), "check", "rules", "--lint=all", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	// The other files cover weeks. The tests of their rule groups run them, each with its group alone.
	for _, name := range []string{"faultline.test.yml", "spike.test.yml"} {
		tests, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		run(t, string(tests))
	}
}

// TestRulesAreQuietOnNoise runs the rules over two days of a healthy service: two replicas and random requests, of
// which 1.25 % fail at random, in classes with very different rates.
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
	b.WriteString("rule_files: [faultline.rules.yml]\nevaluation_interval: 2m\ntests:\n- interval: 1m\n  " +
		"input_series:\n")
	for _, name := range slices.Sorted(maps.Keys(series)) {
		for _, replica := range []string{"a", "b"} {
			fmt.Fprintf(
				&b,
				"  - series: '%s,service_name=\"shop\",deployment_environment_name=\"prod\","+
					"collector_instance_id=\"%s\"}'\n    values: '0",
				name,
				replica,
			)
			for sum, i := 0, 0; i < minutes; i++ {
				sum += series[name]()
				fmt.Fprintf(&b, " %d", sum)
			}
			b.WriteString("'\n")
		}
	}
	fmt.Fprintf(&b, "  promql_expr_test:\n  - expr: count_over_time(ALERTS{alertstate=\"firing\"}[2d])\n    "+
		"eval_time: %dm\n    exp_samples: []\n", minutes)
	run(t, b.String())
}

// poisson draws Poisson-distributed numbers with Knuth's method.
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

// run runs promtool tests on the rules.
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
