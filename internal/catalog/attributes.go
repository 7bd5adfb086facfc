package catalog

// The attributes of points. There are no others; each is absent where the span did not say it.
const (
	ServiceName   Attribute = "service.name"
	Environment   Attribute = "deployment.environment.name"
	Instance      Attribute = "collector.instance.id"
	Provider      Attribute = "gen_ai.provider.name"
	Operation     Attribute = "gen_ai.operation.name"
	Model         Attribute = "gen_ai.request.model"
	PromptName    Attribute = "gen_ai.prompt.name"
	PromptVersion Attribute = "gen_ai.prompt.version"
	SessionTurns  Attribute = "app.llm.session.turns"
	TokenType     Attribute = "gen_ai.token.type" //nolint:gosec // no credential
	Evaluation    Attribute = "gen_ai.evaluation.name"
	ErrorClass    Attribute = "app.llm.error_class"
	ErrorBucket   Attribute = "app.llm.error_bucket"
	Outcome       Attribute = "app.llm.outcome"
	Coverage      Attribute = "app.llm.coverage"
	CostSource    Attribute = "app.llm.cost.source"
	Overflow      Attribute = "otel.metric.overflow"

	// ScorerVersion and Stratum tell scores apart that must not be averaged: those of another scorer or judge, and those of traffic that
	// was picked because something had flagged it.
	ScorerVersion    Attribute = "app.llm.scorer.version"
	Stratum          Attribute = "app.llm.sample.stratum"
	DriftSpeed       Attribute = "app.llm.drift.speed"
	CostWindow       Attribute = "app.llm.cost.window"
	SessionLimit     Attribute = "app.llm.session.limit"
	RetrievalOutcome Attribute = "app.llm.retrieval.outcome"
)

// Identity is carried by every point: whose traffic it counts, and which replica counted it, so that replicas never
// share a series.
var Identity = []Attribute{ServiceName, Environment, Instance}

// Slice is what traffic is broken down by. Its values come from spans, so the series that they make are bounded.
var Slice = []Attribute{Provider, Operation, Model, PromptName, PromptVersion, SessionTurns}

// Meaning says of each attribute what it holds, and its values where they are a closed list.
var Meaning = map[Attribute]string{
	ServiceName:      "service.name of the resource, `unknown_service` where there is none",
	Environment:      "deployment.environment.name of the resource",
	Instance:         "the Collector that counted; sum it away in queries",
	Provider:         "canonical name of the provider",
	Operation:        "chat, text_completion, embeddings, execute_tool, invoke_agent, …",
	Model:            "the model asked for; where the span does not say, the model that answered",
	PromptName:       "name of the prompt template",
	PromptVersion:    "version of the prompt template",
	SessionTurns:     "how far the conversation had come: 1-3, 4-10, over 10 turns; absent without llm_session",
	TokenType:        "input (neither read from nor written to a cache), cache_read, cache_write, output (without reasoning), reasoning: disjoint, so that they add up",
	Evaluation:       "the scorer",
	ErrorClass:       "one of the 13 failure classes",
	ErrorBucket:      "ops, structure, quality, safety",
	Outcome:          "ok, failed, cancelled",
	Coverage:         "scored, no_content, truncated, not_llm; unscored where no llm_failure processor ran before",
	CostSource:       "reported, computed, estimated",
	ScorerVersion:    "version of the scorer, or of the judge's prompt; scores of two versions are not comparable",
	Stratum:          "flagged or random: how traffic was picked that is scored in part; absent where all of it is",
	DriftSpeed:       "slow (finds a drop of 3 points) or fast (one of 10)",
	CostWindow:       "24h (spend over the median day of the week before), 6h (excess of six hours over their median, in median days)",
	SessionLimit:     "usd, usd_per_10m, tokens, model_calls, tool_calls, runaway",
	RetrievalOutcome: "ok, empty, failed",
	Overflow:         "true on the series that take what is over the limits; the attributes of the breakdown are absent there",
}
