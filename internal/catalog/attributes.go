package catalog

import "github.com/faultline-otel/faultline/internal/spanattr"

// The attributes of points. There are no others. An attribute is absent where the span lacks its value.
const (
	ServiceName   Attribute = "service.name"
	Environment   Attribute = "deployment.environment.name"
	Instance      Attribute = "collector.instance.id"
	Provider      Attribute = "gen_ai.provider.name"
	Operation     Attribute = "gen_ai.operation.name"
	Model         Attribute = "gen_ai.request.model"
	PromptName    Attribute = "gen_ai.prompt.name"
	PromptVersion Attribute = "gen_ai.prompt.version"
	SessionTurns  Attribute = spanattr.AttrSessionTurns
	TokenType     Attribute = "gen_ai.token.type" //nolint:gosec // no credential
	Evaluation    Attribute = spanattr.AttrEvaluationName
	ErrorClass    Attribute = spanattr.AttrErrorClass
	ErrorBucket   Attribute = spanattr.AttrErrorBucket
	ErrorDetail   Attribute = spanattr.AttrErrorDetail
	ErrorCertain  Attribute = spanattr.AttrErrorCertain
	SkipReason    Attribute = "app.llm.skip_reason"
	Outcome       Attribute = "app.llm.outcome"
	Coverage      Attribute = spanattr.AttrCoverage
	CostSource    Attribute = spanattr.AttrCostSource
	Overflow      Attribute = "otel.metric.overflow"

	// ScorerVersion and Stratum separate scores that must not be averaged: scores of another version of a scorer or
	// judge, and scores of traffic that was sampled because a rule had flagged it.
	ScorerVersion    Attribute = spanattr.AttrEvaluationVersion
	Stratum          Attribute = spanattr.AttrStratum
	Trusted          Attribute = spanattr.AttrTrusted
	DriftSpeed       Attribute = "app.llm.drift.speed"
	CostWindow       Attribute = "app.llm.cost.window"
	SessionLimit     Attribute = spanattr.AttrSessionLimit
	RetrievalOutcome Attribute = spanattr.AttrRetrievalOutcome
)

// Identity is on every point: whose traffic it counts, and which replica counted it. Replicas never share a series.
var Identity = []Attribute{ServiceName, Environment, Instance}

// Slice is the breakdown of traffic. Its values come from spans, so the number of series is bounded.
var Slice = []Attribute{Provider, Operation, Model, PromptName, PromptVersion, SessionTurns}

// Meaning describes each attribute, and lists its values where they are a closed set.
var Meaning = map[Attribute]string{
	ServiceName:   "service.name of the resource, `unknown_service` where there is none",
	Environment:   "deployment.environment.name of the resource",
	Instance:      "the Collector that counted; aggregate over it in queries",
	Provider:      "canonical name of the provider",
	Operation:     "chat, text_completion, embeddings, execute_tool, invoke_agent, …",
	Model:         "the requested model; if the span does not name it, the model that answered",
	PromptName:    "name of the prompt template",
	PromptVersion: "version of the prompt template",
	SessionTurns:  "turns of the conversation so far: 1-3, 4-10, over 10; absent without llm_session",
	TokenType: "input (neither read from nor written to a cache), cache_read, cache_write, output (without " +
		"reasoning), reasoning; the types are disjoint and add up",
	Evaluation:  "name of the scorer",
	ErrorClass:  "one of the 13 failure classes",
	ErrorBucket: "ops, structure, quality, safety",
	ErrorDetail: "what failed within the class, from the closed list of the taxonomy",
	ErrorCertain: "true on safety failures that rest on structure, like a checksum or the format of a key; absent on " +
		"all others",
	SkipReason: "no_content, no_definitions, no_sources, truncated: the call lacks what the scorer reads; too_large, " +
		"too_deep, too_complex, invalid_schema, runtime_error, panic: the scorer could not do its work",
	Outcome:       "ok, failed, cancelled",
	Coverage:      "scored, no_content, truncated, not_llm; unscored if no llm_failure processor ran upstream",
	CostSource:    "reported, computed, estimated",
	ScorerVersion: "version of the scorer or of the judge's prompt; scores of two versions are not comparable",
	Stratum: "flagged, suspect or random: how a scorer that scores a sample chose it; absent if it scores " +
		"everything",
	Trusted:    "false on scores of a judge that was not compared with people, which page nobody; absent on all others",
	DriftSpeed: "slow (finds a drop of 3 points) or fast (a drop of 10 points)",
	CostWindow: "24h (spend divided by the median day of the week before), 6h (excess of six hours over their " +
		"median, in median days)",
	SessionLimit:     "usd, usd_per_10m, tokens, model_calls, tool_calls, runaway",
	RetrievalOutcome: "ok, empty, failed",
	Overflow: "true on the series that count traffic beyond the series limits; they lack the attributes of the " +
		"breakdown",
}
