// Package spanattr defines every attribute that Faultline writes on spans, and one typed record that reads and writes
// them. No other package spells app.llm. The package knows pdata but no dialect.
package spanattr

// prefix starts the name of every Faultline attribute.
const prefix = "app.llm."

// ours reports whether a name is a Faultline attribute. It runs for every attribute of every span. Comparing with a
// constant of eight bytes takes one instruction, unlike a call of strings.HasPrefix.
func ours(name string) bool {
	return len(name) >= len(prefix) && name[:len(prefix)] == prefix
}

// Attributes that llm_failure writes.
const (
	AttrErrorClass       = "app.llm.error_class"
	AttrErrorBucket      = "app.llm.error_bucket"
	AttrErrorDetail      = "app.llm.error_detail"
	AttrErrorClasses     = "app.llm.error_classes"
	AttrErrorEvidence    = "app.llm.error_evidence"
	AttrErrorCertain     = "app.llm.error_certain" // true if a safety verdict rests on structure; otherwise absent
	AttrFingerprint      = "app.llm.fingerprint"
	AttrScorePrefix      = "app.llm.score."
	AttrSuspects         = "app.llm.suspects" // scorers with a weak suspicion, which is no failure
	AttrCoverage         = "app.llm.coverage"
	AttrCostUSD          = "app.llm.cost.usd"
	AttrCostSource       = "app.llm.cost.source"
	AttrPricingVersion   = "app.llm.cost.pricing_version"
	AttrToolOutcome      = "app.llm.tool.outcome"      // ok, empty or failed, on tool calls
	AttrRetrievalOutcome = "app.llm.retrieval.outcome" // the same values, on retrievals
	AttrCancelled        = "app.llm.cancelled"
	// AttrProblems lists what is wrong with the data of a call, as content:reason or cost:reason.
	AttrProblems = "app.llm.problems"
	// AttrDuplicateOf is the id of the span that records the same model call and is counted, on the span that is not.
	AttrDuplicateOf = "app.llm.duplicate_of"

	// AttrCallHash identifies what a tool call or a model call tried: 16 hex digits, the same for the same tool with
	// the same arguments, and for the same model with the same conversation.
	AttrCallHash = "app.llm.call_hash"
	// AttrDigest holds what sessions compare of a call (session.Digest), on spans whose content was redacted. It holds
	// only hashes.
	AttrDigest = "app.llm.digest"
	// AttrRedactions is the number of values that were replaced on a span.
	AttrRedactions = "app.llm.redactions"

	// AttrContentBytes is the size, in bytes, of the texts of a span before some were cut or removed because the span was
	// too large. It is absent if nothing was.
	AttrContentBytes = "app.llm.content.bytes"
	// AttrContentHash is the SHA-256, in hex, of the original texts that were cut or removed, one after the other in the
	// order of AttrContentCut.
	AttrContentHash = "app.llm.content.hash"
	// AttrContentCut lists the attributes of the span and its events that were cut or removed.
	AttrContentCut = "app.llm.content.cut"
)

// Attributes that llm_session writes. They describe the session as of this span: they count the span and the spans of
// the session that arrived before it.
const (
	AttrSessionID         = "app.llm.session.id"
	AttrSessionTurns      = "app.llm.session.turns"
	AttrSessionModelCalls = "app.llm.session.model_calls"
	AttrSessionToolCalls  = "app.llm.session.tool_calls"
	AttrSessionCostUSD    = "app.llm.session.cost_usd"
	// AttrSessionLoops lists the details of retry_loop that first showed on this span.
	AttrSessionLoops = "app.llm.session.loops"
	// AttrSessionLimit names the limit that the session reached with this span. The session may not continue.
	AttrSessionLimit = "app.llm.session.limit"
)

// Attributes that llm_rootcause writes: the verdict on a whole trace.
const (
	// AttrTraceClass is the class of the root cause. It is on the span with the root cause and on the root span.
	AttrTraceClass = "app.llm.trace.error_class"
	// AttrTracePrimary is the id of the span with the root cause, on the same two spans. An incident is counted on the
	// span whose own id it is.
	AttrTracePrimary = "app.llm.trace.primary_span_id"
	// AttrCausedBy is the id of the span whose failure explains the failure of this span.
	AttrCausedBy = "app.llm.caused_by"
	// AttrRecovered is true if the failed call of the span succeeded later.
	AttrRecovered = "app.llm.recovered"
)

// AttrStratum says how a span was picked for judging when only some spans are judged: because it failed, because of a
// suspicion, or at random.
const (
	AttrStratum = "app.llm.sample.stratum"
	// AttrProbability is the probability with which a span of its stratum was picked, above 0 and at most 1.
	AttrProbability = "app.llm.sample.probability"

	StratumFlagged = "flagged"
	StratumSuspect = "suspect"
	StratumRandom  = "random"
)

// AttrDatasetRow names the dataset row that a span is a run of. It is on the span or on its resource. The runner of a
// candidate sets it for the gate.
const AttrDatasetRow = "app.llm.dataset.row"

// What the runner writes beside AttrDatasetRow, on the resource of a run.
const (
	// AttrDatasetRun numbers the runs of one row, from 1.
	AttrDatasetRun = "app.llm.dataset.run"
	// AttrDatasetCase is the hash of what the system was given. Runs with another hash than the row's are stale.
	AttrDatasetCase = "app.llm.dataset.case"
	// AttrDatasetRunner is the hash of how the system was run: the command, the model, the prompt.
	AttrDatasetRunner = "app.llm.dataset.runner"
	// AttrDatasetError says why a run gave no answer. Such a run is inconclusive.
	AttrDatasetError = "app.llm.dataset.error"
)

// EventEvaluation is the span event and log record that carries a score, as the GenAI conventions define it.
const (
	EventEvaluation       = "gen_ai.evaluation.result"
	AttrEvaluationName    = "gen_ai.evaluation.name"
	AttrEvaluationValue   = "gen_ai.evaluation.score.value"
	AttrEvaluationLabel   = "gen_ai.evaluation.score.label"
	AttrEvaluationExplain = "gen_ai.evaluation.explanation"
	AttrEvaluationVersion = "app.llm.scorer.version"
	// AttrJudgePromptVersion is the version of a judge: its model, its rubric and its parameters.
	AttrJudgePromptVersion = "app.llm.judge.prompt_version"
	AttrJudgeModel         = "app.llm.judge.model"
	// AttrEvaluator says who evaluated, one of the evaluators. AttrReviewer is the name of a person who did.
	AttrEvaluator = "app.llm.evaluator"
	AttrReviewer  = "app.llm.reviewer"
	// AttrReviewScope is "session" where a person judged a conversation and not the span. AttrReviewSeverity is how bad
	// they find the failure. AttrReviewBulk is true where they judged many cases at once.
	AttrReviewScope    = "app.llm.review.scope"
	AttrReviewSeverity = "app.llm.review.severity"
	AttrReviewBulk     = "app.llm.review.bulk"
	// AttrSuspicion says what an evaluation makes of the suspicions of the scorers in AttrSuspicionOf: confirmed or
	// withdrawn.
	AttrSuspicion   = "app.llm.suspicion"
	AttrSuspicionOf = "app.llm.suspicion.scorers"
	// AttrTrusted is false on evaluations of a judge that was not compared with people. They page nobody.
	AttrTrusted = "app.llm.judge.trusted"
	// AttrJudgeCost is what the judgement cost, in US dollars.
	AttrJudgeCost = "app.llm.judge.cost.usd"

	SuspicionConfirmed = "confirmed"
	SuspicionWithdrawn = "withdrawn"
)

// EventNotJudged is the log record of a case that was selected and not judged. AttrNotJudged says why, one of
// judge.Obstacles.
const (
	EventNotJudged = "app.llm.judge.not_judged"
	AttrNotJudged  = "app.llm.judge.not_judged.reason"
)
