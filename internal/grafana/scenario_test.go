package grafana

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// scenario is random traffic with a fixed seed, counted by two replicas, and the expected state of one alert.
type scenario struct {
	name    string // begins with the alert; its length seeds the traffic
	step    time.Duration
	length  time.Duration
	traffic func(w *world)
	// fires holds the labels of the alert by the time at which it must fire. At the times in quiet it must not fire.
	fires map[time.Duration]string
	quiet []time.Duration
	// others are alerts that may fire in the same traffic. If fires and quiet are empty, no other alert may ever fire.
	others []string
}

const (
	shop  = `service_name="shop",deployment_environment_name="prod"`
	slice = shop + `,gen_ai_request_model="m1",gen_ai_prompt_name="answer",gen_ai_prompt_version="v7"`
)

var scenarios = slices.Concat(trafficScenarios, safetyScenarios, collectorScenarios, judgeScenarios)

var trafficScenarios = []scenario{
	{
		name: "LLMErrorRateHigh fires at 9 %", step: time.Minute, length: 100 * time.Minute,
		traffic: func(w *world) { w.requests(slice, steady(100), from(60, 0.003, 0.09)) },
		quiet:   []time.Duration{59 * time.Minute},
		fires:   map[time.Duration]string{68 * time.Minute: shop + `,severity="page"`},
	},
	{
		name: "LLMErrorRateSustained fires at 3 %, and no page is sent", step: time.Minute, length: 150 * time.Minute,
		traffic: func(w *world) { w.requests(slice, steady(200), from(60, 0.004, 0.03)) },
		quiet:   []time.Duration{62 * time.Minute},
		fires:   map[time.Duration]string{145 * time.Minute: shop + `,severity="ticket"`},
	},
	{
		name: "LLMErrorRateHigh, LLMErrorRateSustained are quiet at 1.2 %, in one bad minute, and at two failures of " +
			"four in the night",
		step: time.Minute, length: 180 * time.Minute,
		traffic: func(w *world) {
			w.requests(slice, steady(200), steady(0.012))
			w.requests(strings.ReplaceAll(slice, "shop", "blip"), steady(200), func(m float64) float64 {
				if m == 90 {
					return 0.35
				}
				return 0.003
			})
			w.requests(strings.ReplaceAll(slice, "shop", "tiny"), steady(0.05), steady(0.3))
			w.requests(strings.ReplaceAll(slice, "shop", "small"), steady(0.3), steady(0.5))
		},
	},
	{
		name: "LLMFailureClassSpike is quiet on twice the usual number, and on five failures of a class that was " +
			"never there", step: 5 * time.Minute, length: 28 * time.Hour,
		traffic: func(w *world) {
			w.requests(slice, steady(400), steady(0.012))
			w.counts(
				catalog.Failures,
				slice+`,app_llm_error_class="tool_error",app_llm_error_bucket="ops"`,
				from(26*60, 4, 8),
			)
			w.values(
				catalog.Failures,
				slice+`,app_llm_error_class="refusal",app_llm_error_bucket="quality"`,
				"0x312 5x40",
			)
		},
	},
	{
		name:   "LLMContentFailureSustained fires at 4 % of refusals while no request reports an error",
		step:   time.Minute,
		length: 150 * time.Minute,
		traffic: func(w *world) {
			w.requests(slice, steady(100), steady(0.002))
			w.counts(
				catalog.Failures,
				slice+`,app_llm_error_class="refusal",app_llm_error_bucket="quality"`,
				from(60, 0.3, 4),
			)
			w.counts(
				catalog.Failures,
				slice+`,app_llm_error_class="truncation",app_llm_error_bucket="structure"`,
				steady(0.8),
			)
		},
		quiet: []time.Duration{62 * time.Minute},
		fires: map[time.Duration]string{140 * time.Minute: shop + `,app_llm_error_bucket="quality",severity="ticket"`},
	},
	{
		name:   "LLMContentFailureSustained is quiet at 1.2 %, and on failures of other buckets",
		step:   time.Minute,
		length: 150 * time.Minute,
		traffic: func(w *world) {
			w.requests(slice, steady(100), steady(0.012))
			w.counts(
				catalog.Failures,
				slice+`,app_llm_error_class="refusal",app_llm_error_bucket="quality"`,
				steady(1.2),
			)
			w.counts(catalog.Failures, slice+`,app_llm_error_class="tool_error",app_llm_error_bucket="ops"`, steady(6))
			small := strings.ReplaceAll(slice, "shop", "small")
			w.requests(small, steady(0.5), steady(0))
			w.counts(
				catalog.Failures,
				small+`,app_llm_error_class="refusal",app_llm_error_bucket="quality"`,
				steady(0.2),
			)
		},
	},
	{
		name:   "LLMFailureSliceRegressed fires for a canary that fails at 15 % in a service of 0.4 %",
		step:   time.Minute,
		length: 100 * time.Minute,
		traffic: func(w *world) {
			w.requests(slice, steady(200), steady(0.004))
			w.requests(strings.ReplaceAll(slice, "v7", "v8"), from(30, 0, 6), steady(0.15))
		},
		quiet: []time.Duration{31 * time.Minute},
		fires: map[time.Duration]string{90 * time.Minute: strings.ReplaceAll(slice, "v7", "v8") + `,severity="ticket"`},
	},
	{
		name:   "LLMFailureSliceRegressed is quiet over ten versions at 1.2 %, and on two of three requests",
		step:   time.Minute,
		length: 150 * time.Minute,
		traffic: func(w *world) {
			for v := range 10 {
				w.requests(strings.ReplaceAll(slice, "v7", fmt.Sprintf("v%d", v)), steady(6), steady(0.012))
			}
			w.requests(strings.ReplaceAll(slice, "v7", "rare"), steady(0.02), steady(0.6))
			// Significantly worse than its service, but not bad.
			busy := strings.ReplaceAll(slice, "shop", "busy")
			w.requests(busy, steady(600), steady(0.001))
			w.requests(strings.ReplaceAll(busy, "v7", "v8"), steady(200), steady(0.012))
		},
	},
	{
		name:   "LLMFailureSliceRegressed is quiet where the whole service fails alike",
		step:   time.Minute,
		length: 120 * time.Minute,
		traffic: func(w *world) {
			for _, v := range []string{"v7", "v8"} {
				w.requests(strings.ReplaceAll(slice, "v7", v), steady(60), steady(0.04))
			}
		},
		quiet:  []time.Duration{60 * time.Minute, 80 * time.Minute, 119 * time.Minute},
		others: []string{"LLMErrorRateSustained"},
	},
	{
		name: "LLMTimeToFirstTokenP50High fires at a median of 0.7 s", step: time.Minute, length: 80 * time.Minute,
		traffic: func(w *world) { w.streams(slice, steady(10), from(20, 0.3, 0.7), steady(0)) },
		quiet:   []time.Duration{19 * time.Minute},
		fires:   map[time.Duration]string{70 * time.Minute: shop + `,gen_ai_request_model="m1",severity="ticket"`},
	},
	{
		name:    "LLMTimeToFirstTokenP99High fires when 4 % wait for 6 s and more, of a median that is fine",
		step:    time.Minute,
		length:  110 * time.Minute,
		traffic: func(w *world) { w.streams(slice, steady(10), steady(0.3), from(40, 0.001, 0.04)) },
		quiet:   []time.Duration{39 * time.Minute},
		fires:   map[time.Duration]string{105 * time.Minute: shop + `,gen_ai_request_model="m1",severity="page"`},
	},
	{
		name: "LLMTimeToFirstTokenP50High, LLMTimeToFirstTokenP99High are quiet at 0.38 s and 0.2 %, and on a slow " +
			"stream now and then",
		step: time.Minute, length: 120 * time.Minute,
		traffic: func(w *world) {
			w.streams(slice, steady(10), steady(0.38), steady(0.002))
			w.streams(strings.ReplaceAll(slice, "m1", "rare"), steady(0.1), steady(3), steady(0.2))
			w.streams(strings.ReplaceAll(slice, "m1", "small"), steady(0.25), steady(0.3), steady(0.35))
		},
	},
	{
		name: "LLMGroundednessLow fires for the prompt version at 0.74", step: time.Minute, length: 150 * time.Minute,
		traffic: func(w *world) {
			w.scores("groundedness", slice, steady(4), steady(0.9))
			w.scores("groundedness", strings.ReplaceAll(slice, "v7", "v8"), steady(2), from(60, 0.84, 0.74))
		},
		quiet: []time.Duration{61 * time.Minute},
		fires: map[time.Duration]string{
			145 * time.Minute: shop + `,gen_ai_prompt_name="answer",gen_ai_prompt_version="v8",` +
				`gen_ai_evaluation_name="groundedness",app_llm_scorer_version="1",severity="page"`,
		},
	},
	{
		name:   "LLMGroundednessLow fires for the service where no version alone has enough scores",
		step:   time.Minute,
		length: 150 * time.Minute,
		traffic: func(w *world) {
			for v := range 10 {
				w.scores(
					"groundedness",
					strings.ReplaceAll(slice, "v7", fmt.Sprintf("v%d", v)),
					steady(0.2),
					from(60, 0.84, 0.7),
				)
			}
		},
		quiet: []time.Duration{61 * time.Minute},
		fires: map[time.Duration]string{
			145 * time.Minute: shop +
				`,gen_ai_evaluation_name="groundedness",app_llm_scorer_version="1",severity="page"`,
		},
	},
	{
		name: "LLMGroundednessLow is quiet at 0.82, at 0.6 of a score now and then, on flagged and suspected " +
			"traffic, of judges that are not trusted, and on other scorers",
		step: time.Minute, length: 240 * time.Minute,
		traffic: func(w *world) {
			w.scores("groundedness", slice, steady(2), steady(0.82))
			w.scores("groundedness", strings.ReplaceAll(slice, "shop", "tiny"), steady(0.15), steady(0.6))
			w.scores("groundedness", slice+`,app_llm_sample_stratum="flagged"`, steady(2), steady(0.4))
			w.scores("groundedness", slice+`,app_llm_sample_stratum="suspect"`, steady(2), steady(0.4))
			w.scores("groundedness", slice+`,app_llm_judge_trusted="false"`, steady(2), steady(0.4))
			w.scores("relevance", slice, steady(2), steady(0.5))
		},
	},
	{
		name:   "LLMSessionLimitHit fires for the first session, in a series that is born at 1, and ends",
		step:   time.Minute,
		length: 70 * time.Minute,
		traffic: func(w *world) {
			w.values(catalog.LimitHits, shop+`,app_llm_session_limit="usd"`, "_x10 1x60")
		},
		quiet: []time.Duration{9 * time.Minute, 50 * time.Minute},
		fires: map[time.Duration]string{12 * time.Minute: shop + `,app_llm_session_limit="usd",severity="page"`},
	},
	{
		name:   "LLMSessionLimitHit is quiet while sessions spend and reach no limit",
		step:   time.Minute,
		length: 100 * time.Minute,
		traffic: func(w *world) {
			w.requests(slice, steady(50), steady(0.005))
			w.counts(catalog.Cost, slice+`,app_llm_outcome="ok"`, steady(3))
			w.values(catalog.LimitHits, shop+`,app_llm_session_limit="usd"`, "0x30 _x10 0x60")
		},
	},
	{
		name:   "LLMScorerSilent fires when one of two scorers stops",
		step:   5 * time.Minute,
		length: 29 * time.Hour,
		traffic: func(w *world) {
			w.counts(catalog.Spans, shop+`,app_llm_coverage="scored"`, steady(20))
			w.scores("refusal", slice, steady(20), steady(0.98))
			w.scores("json_schema", slice, func(m float64) float64 {
				if m < 26*60 {
					return 2
				}
				return 0
			}, steady(0.95))
		},
		quiet: []time.Duration{26 * time.Hour},
		fires: map[time.Duration]string{
			28 * time.Hour: shop + `,gen_ai_evaluation_name="json_schema",severity="ticket"`,
		},
	},
	{
		name:   "LLMScorerSilent is quiet on a scorer that seldom applies, and when all traffic stops",
		step:   5 * time.Minute,
		length: 30 * time.Hour,
		traffic: func(w *world) {
			w.counts(catalog.Spans, shop+`,app_llm_coverage="scored"`, steady(20))
			w.scores("refusal", slice, steady(20), steady(0.98))
			w.scores("json_schema", slice, steady(0.02), steady(0.95))
			stops := func(m float64) float64 {
				if m < 26*60 {
					return 20
				}
				return 0
			}
			w.counts(catalog.Spans, strings.ReplaceAll(shop, "shop", "day")+`,app_llm_coverage="scored"`, stops)
			w.scores("refusal", strings.ReplaceAll(slice, "shop", "day"), stops, steady(0.98))
		},
	},
	{
		name: "LLMReviewQueueAgeing fires when reviews stop", step: 5 * time.Minute, length: 6 * time.Hour,
		traffic: func(w *world) {
			w.raw(reviewOpen+`{job="faultline",instance="a"}`, "12+1x80")
			w.raw(reviewOldestAge+`{job="faultline",instance="a"}`, "255000+300x80") // three days are 259,200 s
		},
		quiet: []time.Duration{30 * time.Minute},
		fires: map[time.Duration]string{3 * time.Hour: `job="faultline",severity="ticket"`},
	},
	{
		name:   "LLMReviewQueueAgeing is quiet while people read, and on an empty queue",
		step:   5 * time.Minute,
		length: 8 * time.Hour,
		traffic: func(w *world) {
			w.raw(reviewOpen+`{job="faultline",instance="a"}`, "40-1x40 0x20 0+2x40")
			w.raw(reviewOldestAge+`{job="faultline",instance="a"}`, "245000+300x40 0x20 0+300x40")
		},
	},
}

// ruleTests is a file of promtool tests.
type ruleTests struct {
	RuleFiles []string   `yaml:"rule_files"`
	Every     string     `yaml:"evaluation_interval"`
	Tests     []ruleTest `yaml:"tests"`
}

type ruleTest struct {
	Name     string          `yaml:"name"`
	Interval string          `yaml:"interval"`
	Input    []inputSeries   `yaml:"input_series"`
	External map[string]any  `yaml:"external_labels,omitempty"`
	Exprs    []expectedExpr  `yaml:"promql_expr_test,omitempty"`
	Alerts   []expectedAlert `yaml:"alert_rule_test,omitempty"`
}

type expectedExpr struct {
	Expr    string           `yaml:"expr"`
	At      string           `yaml:"eval_time"`
	Samples []expectedSample `yaml:"exp_samples"`
}

type expectedSample struct {
	Labels string  `yaml:"labels"`
	Value  float64 `yaml:"value"`
}

type expectedAlert struct {
	Alert string `yaml:"alertname"`
	At    string `yaml:"eval_time"`
	Found []any  `yaml:"exp_alerts"`
}

// test converts the scenario to a promtool test.
func (s *scenario) test() ruleTests {
	w := &world{
		random: rand.New(rand.NewPCG(20261123, uint64(len(s.name)))),
		steps:  int(s.length/s.step) + 1,
		step:   s.step.Minutes(),
	}
	s.traffic(w)
	t := ruleTest{Name: s.name, Interval: s.step.String(), Input: w.series}
	alert, _, _ := strings.Cut(strings.ReplaceAll(s.name, ",", " "), " ")
	firing := fmt.Sprintf(`ALERTS{alertname=%q,alertstate="firing"}`, alert)
	for at, labels := range s.fires {
		t.Exprs = append(t.Exprs, expectedExpr{firing, at.String(), []expectedSample{
			{fmt.Sprintf(`ALERTS{alertname=%q,alertstate="firing",%s}`, alert, labels), 1},
		}})
	}
	for _, at := range s.quiet {
		t.Exprs = append(t.Exprs, expectedExpr{firing, at.String(), nil})
	}
	if len(s.fires)+len(s.quiet) == 0 {
		t.Exprs = append(
			t.Exprs,
			expectedExpr{
				fmt.Sprintf(
					`count_over_time(ALERTS{alertstate="firing",alertname!~%q}[%s])`,
					strings.Join(s.others, "|"),
					s.length,
				),
				s.length.String(),
				nil,
			},
		)
	}
	return ruleTests{RuleFiles: []string{"faultline.rules.yml"}, Every: s.step.String(), Tests: []ruleTest{t}}
}

// TestScenarios runs the rules on each scenario in promtool.
func TestScenarios(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			b, err := yaml.Marshal(s.test())
			require.NoError(t, err)
			run(t, string(b))
		})
	}
}

// TestAlertsFireWithoutEnvironment checks that an absent label joins like any other.
func TestAlertsFireWithoutEnvironment(t *testing.T) {
	environment := regexp.MustCompile(`,` + catalog.Environment.Label() + `="[^"]*"`)
	for _, s := range scenarios {
		if len(s.fires) == 0 {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			b, err := yaml.Marshal(s.test())
			require.NoError(t, err)
			without := environment.ReplaceAllString(string(b), "")
			require.NotContains(t, without, catalog.Environment.Label())
			run(t, without)
		})
	}
}

// TestEveryAlertHasACaseThatFiresAndOneThatDoesNot checks the promtool tests of each alert, here and in testdata.
func TestEveryAlertHasACaseThatFiresAndOneThatDoesNot(t *testing.T) {
	var all []ruleTest
	for _, s := range scenarios {
		all = append(all, s.test().Tests...)
	}
	for _, file := range testFiles(t) {
		var f ruleTests
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, yaml.Unmarshal(b, &f), file)
		all = append(all, f.Tests...)
	}
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, test := range all {
		subjects, nothing := alertNames.FindAllString(test.Name, -1), false
		for _, e := range test.Exprs {
			if !strings.Contains(e.Expr, "ALERTS") {
				continue
			}
			nothing = nothing || len(e.Samples) == 0
			for _, sample := range e.Samples {
				for _, alert := range alertNames.FindAllString(e.Expr+sample.Labels, -1) {
					fires[alert] = true
					if !alertNames.MatchString(test.Name) { // the test covers every alert in its expressions
						subjects = append(subjects, alert)
					}
				}
			}
		}
		if nothing && strings.Contains(test.Name, "quiet") {
			for _, alert := range subjects {
				quiet[alert] = true
			}
		}
	}
	for _, r := range alerts() {
		require.True(t, fires[r.Alert], "%s has no test in which it fires", r.Alert)
		require.True(t, quiet[r.Alert], "%s has no test in which it stays quiet", r.Alert)
	}
}

var alertNames = regexp.MustCompile(`\bLLM[A-Za-z0-9]+`)

// testFiles are the hand-written tests of rules.
func testFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.test.yml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}
