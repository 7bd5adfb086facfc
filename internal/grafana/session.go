package grafana

import (
	"slices"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// sessions watches conversations that use up what they may.
func sessions() ruleGroup {
	return ruleGroup{Name: "faultline.session", Interval: "30s", Rules: []rule{
		{
			Alert:         "LLMSessionLimitHit",
			Expr:          first(selector(catalog.LimitHits), append(slices.Clip(byService), catalog.SessionLimit)...),
			KeepFiringFor: "15m", Labels: page,
			Condition: "a session reached a limit of `llm_budget` within 10 minutes; what follows within 15 minutes is the same page",
			Guard:     "none: limits are set by the operator, and the first loop is the dear one",
			Annotations: annotations("LLMSessionLimitHit",
				"A session of {{ $labels.service_name }} reached its limit ({{ $labels.app_llm_session_limit }})",
				"At least one session of "+ofService+" reached its limit of {{ $labels.app_llm_session_limit }} within 10 minutes and may not go on. An agent that does not ask goes on nevertheless.",
				notNil(catalog.SessionLimit)),
		},
	}}
}
