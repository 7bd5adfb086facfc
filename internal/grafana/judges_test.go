package grafana

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/catalog"
)

const (
	sampled   = slice + `,app_llm_sample_stratum="random"`
	untrusted = `,app_llm_judge_trusted="false"`
	ofJudge   = `,gen_ai_evaluation_name="%",app_llm_scorer_version="1"`
	jailbreak = `,gen_ai_evaluation_name="jailbreak_success",app_llm_scorer_version="m@1"`
	unsafeBy  = jailbreak + `,app_llm_error_class="unsafe",app_llm_error_detail="jailbreak"`
)

func byRubric(name string) string { return strings.ReplaceAll(ofJudge, "%", name) }

// judgeScenarios are about samples of some answers an hour.
var judgeScenarios = []scenario{
	{
		name:   "LLMGroundednessLow fires for a judge of three answers an hour, and no page is sent",
		step:   15 * time.Minute,
		length: 40 * time.Hour,
		traffic: func(w *world) {
			w.scores("groundedness", sampled, steady(0.05), steady(0.7))
		},
		quiet: []time.Duration{5 * time.Hour},
		fires: map[time.Duration]string{
			30 * time.Hour: shop + byRubric("groundedness") + `,evidence="judge",severity="ticket"`,
		},
	},
	{
		name: "LLMGroundednessLow is quiet at 0.84 by a judge, by one that is not trusted, on flagged traffic, and on " +
			"twenty answers a day",
		step: 15 * time.Minute, length: 40 * time.Hour,
		traffic: func(w *world) {
			w.scores("groundedness", sampled, steady(0.05), steady(0.84))
			w.scores("groundedness", sampled+untrusted, steady(0.2), steady(0.5))
			w.scores("groundedness", slice+`,app_llm_sample_stratum="flagged"`, steady(0.2), steady(0.4))
			w.scores("groundedness", strings.ReplaceAll(sampled, "shop", "tiny"), steady(0.013), steady(0.5))
		},
	},
	{
		name: "LLMJudgedFailuresRose fires when a fifth fails in place of a twentieth",
		step: 30 * time.Minute, length: 9 * 24 * time.Hour,
		traffic: func(w *world) {
			w.judged("goal_drift", sampled, steady(10.0/60), from(8*24*60, 0.05, 0.2))
		},
		quiet: []time.Duration{8 * 24 * time.Hour},
		fires: map[time.Duration]string{
			8*24*time.Hour + 20*time.Hour: shop + byRubric("goal_drift") + `,severity="ticket"`,
		},
	},
	{
		name: "LLMJudgedFailuresRose is quiet on a steady tenth, on a new version, on a judge that is not trusted, on " +
			"flagged traffic, and on a few answers a day",
		step: 30 * time.Minute, length: 9 * 24 * time.Hour,
		traffic: func(w *world) {
			rises := from(8*24*60, 0.05, 0.3)
			w.judged("goal_drift", sampled, steady(10.0/60), steady(0.1))
			w.judged("helpfulness", sampled, from(8*24*60, 0, 10.0/60), steady(0.3))
			w.judged("tool_use", sampled+untrusted, steady(10.0/60), rises)
			w.judged("tool_use", slice+`,app_llm_sample_stratum="flagged"`, steady(10.0/60), rises)
			w.judged("tool_use", strings.ReplaceAll(sampled, "shop", "tiny"), steady(0.8/60), rises)
		},
	},
	{
		name: "LLMSafetyFailure fires on nine jailbreaks that a judge finds among twenty suspected answers",
		step: time.Minute, length: 150 * time.Minute,
		traffic: func(w *world) {
			suspect := slice + jailbreak + `,app_llm_sample_stratum="suspect"`
			w.values(catalog.ScoreCount, suspect, "0x30 0+1x20 20x100")
			w.values(catalog.JudgeFindings, slice+unsafeBy+`,app_llm_error_bucket="safety"`+
				`,app_llm_sample_stratum="suspect"`, "0x30 0+1x9 9x111")
		},
		quiet: []time.Duration{32 * time.Minute, 130 * time.Minute},
		fires: map[time.Duration]string{
			60 * time.Minute: shop + unsafeBy + `,evidence="judge",severity="page"`,
		},
	},
	{
		name: "LLMSafetyFailure is quiet on three jailbreaks among sixty answers, by a judge that is not trusted, on what a " +
			"scorer flagged before, and on findings that are not unsafe",
		step: time.Minute, length: 150 * time.Minute,
		traffic: func(w *world) {
			add := func(labels, found, class string) {
				w.values(catalog.ScoreCount, slice+jailbreak+labels, "0x30 0+1x60 60x60")
				w.values(catalog.JudgeFindings, slice+jailbreak+class+labels, "0x30 0+1x"+found+" "+found+"x100")
			}
			unsafe := `,app_llm_error_class="unsafe",app_llm_error_bucket="safety",app_llm_error_detail="jailbreak"`
			add(`,app_llm_sample_stratum="suspect"`, "3", unsafe)
			add(`,app_llm_sample_stratum="suspect"`+untrusted, "40", unsafe)
			add(`,app_llm_sample_stratum="flagged"`, "40", unsafe)
			add(`,app_llm_sample_stratum="random"`, "40", `,app_llm_error_class="bad_answer",app_llm_error_bucket="quality"`)
		},
	},
	{
		name: "LLMJudgeNotJudging fires when the budget of the day is used up",
		step: time.Minute, length: 3 * time.Hour,
		traffic: func(w *world) {
			w.raw(judgeNotJudged+`{`+gateway+`,connector="llm_judge",reason="spend_limit"}`, "0x60 0+1x120")
			w.raw(judgeNotJudged+`{`+gateway+`,connector="llm_judge",reason="timeout"}`, "0x60 0x90 1x30")
			w.raw(judgeJudgements+`{`+gateway+`,connector="llm_judge",rubric="relevance",result="pass"}`, "0+2x60 120x120")
		},
		quiet: []time.Duration{60 * time.Minute},
		fires: map[time.Duration]string{
			100 * time.Minute: gateway + `,connector="llm_judge",reason="spend_limit",severity="ticket"`,
		},
	},
	{
		name: "LLMJudgeNotJudging fires when the judge was never there",
		step: time.Minute, length: 2 * time.Hour,
		traffic: func(w *world) {
			w.raw(judgeNotJudged+`{`+gateway+`,connector="llm_judge",reason="unavailable"}`, "0+1x120")
			w.raw(judgeWaiting+`{`+gateway+`,connector="llm_judge"}`, "0+9x120")
		},
		fires: map[time.Duration]string{
			40 * time.Minute: gateway + `,connector="llm_judge",reason="unavailable",severity="ticket"`,
		},
	},
	{
		name: "LLMJudgeNotJudging fires when judgements wait and none is made",
		step: time.Minute, length: 3 * time.Hour,
		traffic: func(w *world) {
			w.raw(judgeNotJudged+`{`+gateway+`,connector="llm_judge",reason="unavailable"}`, "0x180")
			w.raw(judgeJudgements+`{`+gateway+`,connector="llm_judge",rubric="relevance",result="pass"}`, "0+2x60 120x120")
			w.raw(judgeWaiting+`{`+gateway+`,connector="llm_judge"}`, "3x60 3+2x120")
		},
		quiet: []time.Duration{80 * time.Minute},
		fires: map[time.Duration]string{
			110 * time.Minute: gateway + `,connector="llm_judge",reason="waiting",severity="ticket"`,
		},
	},
	{
		name: "LLMJudgeNotJudging is quiet on answers without claims, on a few refusals, over a restart, and with nothing " +
			"to judge",
		step: time.Minute, length: 4 * time.Hour,
		traffic: func(w *world) {
			of := gateway + `,connector="llm_judge"`
			w.raw(judgeNotJudged+`{`+of+`,reason="nothing_to_judge"}`, "0+1x240")
			w.raw(judgeNotJudged+`{`+of+`,reason="refused"}`, "0x60 1x60 3x60 8x60")
			w.raw(judgeNotJudged+`{`+of+`,reason="interrupted"}`, "0x60 _x2 4x178")
			w.raw(judgeJudgements+`{`+of+`,rubric="relevance",result="pass"}`, "0+2x60 _x2 0+2x178")
			w.raw(judgeWaiting+`{`+of+`}`, "3 0 2 0x57 _x2 5 0x177")
			w.raw(judgeWaiting+`{`+gateway+`,connector="llm_judge/idle"}`, "0x240")
		},
	},
}

// TestWordScorersAreNotJudgedByTheSamplesOfJudges: a judge that fails many answers is no noisy scorer.
func TestWordScorersAreNotJudgedByTheSamplesOfJudges(t *testing.T) {
	for _, r := range scorerNoise() {
		require.Contains(t, r.Expr, `app_llm_sample_stratum=""`)
	}
}
