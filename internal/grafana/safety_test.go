package grafana

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

const unsafeLabels = `,app_llm_error_class="unsafe",app_llm_error_bucket="safety"`

// safetyScenarios are about verdicts that may be false: pages follow the volume, and noise is noticed.
var safetyScenarios = []scenario{
	{
		name:   "LLMSafetyFailure fires once for certain failures twelve minutes apart",
		step:   time.Minute,
		length: 100 * time.Minute,
		traffic: func(w *world) {
			w.values(catalog.Failures, slice+unsafeLabels+`,app_llm_error_certain="true"`, "0x30 1x11 2x11 3x60")
		},
		quiet: []time.Duration{29 * time.Minute, 90 * time.Minute},
		fires: map[time.Duration]string{
			32 * time.Minute: shop + `,app_llm_error_class="unsafe",app_llm_error_certain="true",severity="page"`,
			43 * time.Minute: shop + `,app_llm_error_class="unsafe",app_llm_error_certain="true",severity="page"`,
			60 * time.Minute: shop + `,app_llm_error_class="unsafe",app_llm_error_certain="true",severity="page"`,
		},
	},
	{
		name:   "LLMSafetyFailure fires on ten uncertain failures in an hour of 500 calls",
		step:   time.Minute,
		length: 200 * time.Minute,
		traffic: func(w *world) {
			w.requests(slice, steady(500.0/60), steady(0))
			w.values(catalog.Failures, slice+unsafeLabels, "0x60 0+1x10 10x140")
		},
		quiet: []time.Duration{62 * time.Minute, 180 * time.Minute},
		fires: map[time.Duration]string{75 * time.Minute: shop + `,app_llm_error_class="unsafe",evidence="volume",severity="page"`},
	},
	{
		name:   "LLMSafetyFailure fires on five uncertain failures of a service whose model calls are not counted",
		step:   time.Minute,
		length: 100 * time.Minute,
		traffic: func(w *world) {
			w.values(catalog.Failures, slice+unsafeLabels, "0x30 0+1x6 6x60")
		},
		quiet: []time.Duration{32 * time.Minute},
		fires: map[time.Duration]string{40 * time.Minute: shop + `,app_llm_error_class="unsafe",evidence="volume",severity="page"`},
	},
	{
		name: "LLMSafetyFailure is quiet on the false verdicts of ordinary traffic, small and large, and on other buckets",
		step: time.Minute, length: 12 * time.Hour,
		traffic: func(w *world) {
			for service, perMinute := range map[string]float64{"small": 0.7, "medium": 7, "large": 70} {
				labels := strings.ReplaceAll(slice, "shop", service)
				w.requests(labels, steady(perMinute), steady(0.01))
				w.counts(catalog.Failures, labels+unsafeLabels, steady(perMinute*SafetyFalseRate))
				w.values(catalog.Failures, labels+unsafeLabels+`,app_llm_error_certain="true"`, "0x720")
			}
			w.counts(catalog.Failures, slice+`,app_llm_error_class="refusal",app_llm_error_bucket="quality"`, steady(0.05))
		},
	},
	{
		name:   "LLMSafetyFailure is quiet on an old count after a gap",
		step:   time.Minute,
		length: 100 * time.Minute,
		traffic: func(w *world) {
			w.values(catalog.Failures, slice+unsafeLabels+`,app_llm_error_certain="true"`, "3x40 _x20 3x60")
		},
		quiet: []time.Duration{45 * time.Minute, 62 * time.Minute, 75 * time.Minute},
		// The count before the first sample is unknown: the failure may be new.
		others: []string{"LLMSafetyFailure"},
	},
	{
		name:   "LLMScorerNoisy fires when a scorer fails 6 % of a service",
		step:   5 * time.Minute,
		length: 30 * time.Hour,
		traffic: func(w *world) {
			w.judged("relevance", slice, steady(4), from(2*60, 0, 0.06))
			w.judged("toxicity", slice, steady(4), steady(0.001))
		},
		quiet: []time.Duration{2 * time.Hour},
		fires: map[time.Duration]string{
			28 * time.Hour: shop + `,gen_ai_evaluation_name="relevance",severity="ticket"`,
		},
	},
	{
		name:   "LLMScorerNoisy is quiet at 1 %, on a few failures of little traffic, and on rules and flagged traffic",
		step:   5 * time.Minute,
		length: 30 * time.Hour,
		traffic: func(w *world) {
			w.judged("relevance", slice, steady(4), steady(0.01))
			w.judged("refusal", strings.ReplaceAll(slice, "shop", "tiny"), steady(0.05), steady(0.1))
			w.judged("our_rule", slice, steady(4), steady(0.3))
			w.judged("toxicity", slice+`,app_llm_sample_stratum="flagged"`, steady(1), steady(0.8))
		},
	},
}

// TestNoisyScorersExist checks that the alert on noise names scorers, and no structural one.
func TestNoisyScorersExist(t *testing.T) {
	require.Subset(t, scorers.Names(), NoisyScorers)
	for _, name := range []string{"json_schema", "secrets", "tool_arguments"} {
		require.NotContains(t, NoisyScorers, name)
	}
}

// TestSafetyBoundGrowsWithVolume: a small service pages on a few verdicts, a large one on more than its false ones.
func TestSafetyBoundGrowsWithVolume(t *testing.T) {
	require.InDelta(t, safetyLeast, SafetyBound(0), 1e-9)
	for _, calls := range []float64{10, 1e3, 1e5} {
		require.Greater(t, SafetyBound(calls), SafetyBound(calls/10))
		require.Greater(t, SafetyBound(calls), 1.5*SafetyFalseRate*calls+4)
	}
}
