package grafana

import (
	"slices"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// sessions watches sessions that reach a limit of their budget.
func sessions() ruleGroup {
	return ruleGroup{Name: "faultline.session", Interval: "30s", Rules: []rule{
		{
			Alert: "LLMSessionLimitHit",
			Expr: anyIncrease(
				selector(catalog.LimitHits),
				append(slices.Clip(byService), catalog.SessionLimit)...),
			KeepFiringFor: "15m",
			Labels:        page,
			Condition: "a session reached a limit of `llm_budget` within 10 minutes; further ones within 15 minutes " +
				"belong to the same page",
			Guard: "none: the operator sets the limits, and the first loop is already expensive",
			Annotations: annotations("LLMSessionLimitHit",
				"A session of {{ $labels.service_name }} reached its limit ({{ $labels.app_llm_session_limit }})",
				"At least one session of "+ofService+" reached its limit of {{ $labels.app_llm_session_limit }} "+
					"within 10 minutes. An agent that does not ask the budget continues.",
				notNil(catalog.SessionLimit)),
		},
	}}
}
