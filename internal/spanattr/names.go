// Package spanattr is every attribute that Faultline writes on spans, and the one typed record that reads and writes
// them. No other package spells app.llm. It knows pdata and no dialect.
package spanattr

// prefix begins the name of every attribute of ours.
const prefix = "app.llm."

// ours reports whether a name is one of our attributes. Every attribute of every span is asked: comparing with a
// constant of eight bytes is one instruction, a call of strings.HasPrefix is not.
func ours(name string) bool {
	return len(name) >= len(prefix) && name[:len(prefix)] == prefix
}

// What llm_failure writes.
const (
	AttrErrorClass       = "app.llm.error_class"
	AttrErrorBucket      = "app.llm.error_bucket"
	AttrErrorDetail      = "app.llm.error_detail"
	AttrErrorClasses     = "app.llm.error_classes"
	AttrErrorEvidence    = "app.llm.error_evidence"
	AttrFingerprint      = "app.llm.fingerprint"
	AttrScorePrefix      = "app.llm.score."
	AttrCoverage         = "app.llm.coverage"
	AttrCostUSD          = "app.llm.cost.usd"
	AttrCostSource       = "app.llm.cost.source"
	AttrPricingVersion   = "app.llm.cost.pricing_version"
	AttrToolOutcome      = "app.llm.tool.outcome"      // ok, empty or failed, on tool calls
	AttrRetrievalOutcome = "app.llm.retrieval.outcome" // the same, on retrievals
	AttrCancelled        = "app.llm.cancelled"
	AttrProblems         = "app.llm.problems"

	// AttrCallHash identifies what a tool call or a model call tried: 16 hex digits, the same for the same tool with
	// the same arguments, and for the same model with the same conversation.
	AttrCallHash = "app.llm.call_hash"
	// AttrDigest holds what sessions compare of a call (session.Digest), on spans whose content was redacted. It holds
	// hashes and no content.
	AttrDigest = "app.llm.digest"
	// AttrRedactions counts the values that were replaced on a span.
	AttrRedactions = "app.llm.redactions"
)

// What llm_session writes: as of the span, counting the spans of its session that were seen before it.
const (
	AttrSessionID         = "app.llm.session.id"
	AttrSessionTurns      = "app.llm.session.turns"
	AttrSessionModelCalls = "app.llm.session.model_calls"
	AttrSessionToolCalls  = "app.llm.session.tool_calls"
	AttrSessionCostUSD    = "app.llm.session.cost_usd"
	// AttrSessionLoops lists the details of retry_loop that the session showed first on this span.
	AttrSessionLoops = "app.llm.session.loops"
	// AttrSessionLimit names the limit that the session reached with this span: it may not go on.
	AttrSessionLimit = "app.llm.session.limit"
)

// What llm_rootcause writes: the verdict on a whole trace.
const (
	// AttrTraceClass is the class of the root cause, on the span that has it and on the root span.
	AttrTraceClass = "app.llm.trace.error_class"
	// AttrTracePrimary is the id of the span that has the root cause, on those two spans. An incident is counted on the
	// span whose own id this is.
	AttrTracePrimary = "app.llm.trace.primary_span_id"
	// AttrCausedBy is the id of the span whose failure explains what failed here.
	AttrCausedBy = "app.llm.caused_by"
	// AttrRecovered is true where what failed on the span succeeded later.
	AttrRecovered = "app.llm.recovered"
)

// AttrStratum says how a span was picked that is judged in part: flagged, or at random.
const (
	AttrStratum = "app.llm.sample.stratum"

	StratumFlagged = "flagged"
	StratumRandom  = "random"
)

// AttrDatasetRow names, on a span or on its resource, the row of a dataset that it is a run of. The runner of a
// candidate sets it for the gate.
const AttrDatasetRow = "app.llm.dataset.row"

// EventEvaluation is the span event and log record that carries a score, by the GenAI conventions.
const (
	EventEvaluation       = "gen_ai.evaluation.result"
	AttrEvaluationName    = "gen_ai.evaluation.name"
	AttrEvaluationValue   = "gen_ai.evaluation.score.value"
	AttrEvaluationLabel   = "gen_ai.evaluation.score.label"
	AttrEvaluationExplain = "gen_ai.evaluation.explanation"
	AttrEvaluationVersion = "app.llm.scorer.version"
	// AttrJudgePromptVersion is the version of a judge's prompt.
	AttrJudgePromptVersion = "app.llm.judge.prompt_version"
)
