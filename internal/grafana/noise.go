package grafana

import (
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// NoisyScorers are the scorers whose verdicts rest on words, and so can be wrong about all traffic of a service. A rule
// of the user and a schema are wrong only where the user wrote them wrong.
var NoisyScorers = []string{
	"degenerate", "groundedness", "jailbreak", "pii", "prompt_injection", "refusal", "relevance", "toxicity",
}

// scorerFailedShare is the name of the recorded share of a scorer's scores that failed.
const scorerFailedShare = "scorer:llm_score_failures:share1d"

// scorerNoise watches scorers that fail so much of a service's traffic that the scorer is the likelier cause. Judges of
// the same names see a sample; LLMJudgedFailuresRose watches them.
func scorerNoise() []rule {
	scorer := append(slices.Clip(byService), catalog.Evaluation)
	of := func(m *catalog.Metric) string {
		return sumBy(over("increase", selector(m, match{catalog.Evaluation, "=~", alternatives(NoisyScorers)},
			eq(catalog.Stratum, ""), trusted), "1d"), scorer...)
	}
	return []rule{
		{Record: scorerFailedShare, Expr: fmt.Sprintf("%s\n  / (%s > 0)", of(catalog.ScoreFailures), of(catalog.ScoreCount))},
		{
			Alert: "LLMScorerNoisy",
			Expr:  fmt.Sprintf("%s > %g\nand %s >= %d", scorerFailedShare, noisyShare, of(catalog.ScoreFailures), noisyFailures),
			For:   "1h", KeepFiringFor: "1h", Labels: ticket,
			Condition: fmt.Sprintf("a scorer that judges words fails more than %s of a service's scores over a day: it is "+
				"more likely wrong about this traffic than right", percent(noisyShare)),
			Guard: fmt.Sprintf("%d failed scores in a day; the condition holds for an hour", noisyFailures),
			Annotations: annotations("LLMScorerNoisy",
				"Scorer {{ $labels.gen_ai_evaluation_name }} fails {{ $value | humanizePercentage }} of "+
					"{{ $labels.service_name }}",
				"Scorer {{ $labels.gen_ai_evaluation_name }} failed {{ $value | humanizePercentage }} of the scores of "+
					ofService+" over the last day. So large a share is more often a scorer that does not fit this traffic "+
					"than a failing service."),
		},
	}
}
