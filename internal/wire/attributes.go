package wire

// attrPrefix begins the name of every attribute of ours on a span.
const attrPrefix = "app.llm."

// ours reports whether a name is one of our attributes. It is asked of every attribute of every span, several times: comparing with a
// constant of eight bytes is one instruction, a call of strings.HasPrefix is not.
func ours(name string) bool {
	return len(name) >= len(attrPrefix) && name[:len(attrPrefix)] == attrPrefix
}

// Attributes that Faultline writes. No other file of the project spells them.
const (
	AttrErrorClass     = "app.llm.error_class"
	AttrErrorBucket    = "app.llm.error_bucket"
	AttrErrorDetail    = "app.llm.error_detail"
	AttrErrorClasses   = "app.llm.error_classes"
	AttrErrorEvidence  = "app.llm.error_evidence"
	AttrFingerprint    = "app.llm.fingerprint"
	AttrScorePrefix    = "app.llm.score."
	AttrCoverage       = "app.llm.coverage"
	AttrCostUSD        = "app.llm.cost.usd"
	AttrCostSource     = "app.llm.cost.source"
	AttrPricingVersion = "app.llm.cost.pricing_version"
	AttrToolOutcome    = "app.llm.tool.outcome"
	AttrCancelled      = "app.llm.cancelled"
	AttrProblems       = "app.llm.problems"

	// As of the span, by the spans of its session that were seen before it.
	AttrSessionID         = "app.llm.session.id"
	AttrSessionTurns      = "app.llm.session.turns"
	AttrSessionModelCalls = "app.llm.session.model_calls"
	AttrSessionToolCalls  = "app.llm.session.tool_calls"
	AttrSessionCostUSD    = "app.llm.session.cost_usd"
	// AttrSessionLoops lists the details of retry_loop that the session showed first on this span.
	AttrSessionLoops = "app.llm.session.loops"

	// AttrSessionLimit names the limit that the session reached with this span: it may not go on.
	AttrSessionLimit = "app.llm.session.limit"

	// AttrRetrievalOutcome is ok, empty or failed, on spans that retrieve. Nothing found is no failure.
	AttrRetrievalOutcome = "app.llm.retrieval.outcome"

	// AttrRedactions counts the values that were replaced on a span. What was scored is no longer there: see Redactor.
	AttrRedactions = "app.llm.redactions"
)

// Coverage says whether a span could be scored.
type Coverage string

// The coverages of a span, values of AttrCoverage.
const (
	Scored    Coverage = "scored"
	NoContent Coverage = "no_content" // the SDK did not record messages
	Truncated Coverage = "truncated"  // messages were cut before they reached us
	NotLLM    Coverage = "not_llm"
)

// EventEvaluation is the span event and log record that carries a score, by the GenAI conventions.
const (
	EventEvaluation       = "gen_ai.evaluation.result"
	AttrEvaluationName    = "gen_ai.evaluation.name"
	AttrEvaluationValue   = "gen_ai.evaluation.score.value"
	AttrEvaluationLabel   = "gen_ai.evaluation.score.label"
	AttrEvaluationExplain = "gen_ai.evaluation.explanation"
	AttrEvaluationVersion = "app.llm.scorer.version"
)

// AttrDatasetRow says on a span, or on its resource, which row of a dataset it is a run of. Whoever runs a candidate for
// the gate sets it.
const AttrDatasetRow = "app.llm.dataset.row"
