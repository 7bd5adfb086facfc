package spanattr

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
)

// Evaluator says who made an evaluation.
type Evaluator string

// The evaluators.
const (
	EvaluatorScorer Evaluator = "scorer" // a program, without a rubric
	EvaluatorJudge  Evaluator = "judge"  // a model that follows a rubric
	EvaluatorPerson Evaluator = "person" // a reviewer
	EvaluatorUser   Evaluator = "user"   // a user of the application: feedback
)

// Evaluation is the evaluation of a span by a judge, a person or another scorer. A log record carries it.
type Evaluation struct {
	Name string
	By   Evaluator // "" if the record does not say it
	// Version is the version of the judge's prompt or of the scorer, or "" for people.
	Version, Stratum string
	Probability      genai.Opt[float64] // of being picked in its stratum
	Label            string             // as the record spells it
	Value            genai.Opt[float64] // derived from the label if the record has no value
	Failed           bool
	// Class and Detail say what failed, or are "" if the record does not say it. Explanation says why.
	Class       failure.Class
	Detail      string
	Explanation string
	JudgeModel  string
	Reviewer    string
	// Scope is "session" if a person judged a conversation, Severity how bad they find the failure. Bulk is true if they
	// judged many cases at once.
	Scope, Severity string
	Bulk            bool
	// Suspicion says what it makes of the suspicion of scorers, "" if there was none. SuspicionOf names them.
	Suspicion   string
	SuspicionOf []string
	// Untrusted is true if the judge was not compared with people.
	Untrusted bool
	CostUSD   genai.Opt[float64] // of the evaluation itself
	Session   string             // the conversation that was evaluated, or that the span belongs to

	Provider, Operation, Model, PromptName, PromptVersion string
}

// EvaluationReview is the name of an evaluation that is a label of the review queue. LabelUndone says that an earlier
// one was taken back.
const (
	EvaluationReview = "review"
	LabelUndone      = "undone"
)

// IsReview reports whether an evaluation is a label of a review queue.
func (e *Evaluation) IsReview() bool { return e.Name == EvaluationReview && e.By == EvaluatorPerson }

// EvaluationOf reads a log record. ok is false if the record is not an evaluation. The texts share memory with the
// record.
func EvaluationOf(record plog.LogRecord) (e Evaluation, ok bool) {
	if !isEvaluation(record) {
		return Evaluation{}, false
	}
	return evaluationIn(record.Attributes()), true
}

// evaluationIn reads the attributes of an evaluation.
func evaluationIn(attributes pcommon.Map) (e Evaluation) {
	var judge, scorer string
	for key, v := range attributes.All() {
		switch key {
		case AttrEvaluationName:
			e.Name = v.AsString()
		case AttrEvaluationValue:
			e.Value = numberOf(v)
		case AttrEvaluationLabel:
			e.Label = v.AsString()
		case AttrEvaluationExplain:
			e.Explanation = v.AsString()
		case AttrJudgePromptVersion:
			judge = v.AsString()
		case AttrEvaluationVersion:
			scorer = v.AsString()
		case AttrEvaluator:
			e.By = evaluatorOf(v.Str())
		case AttrReviewer:
			e.Reviewer = v.AsString()
		case AttrReviewScope:
			e.Scope = v.Str()
		case AttrReviewSeverity:
			e.Severity = v.Str()
		case AttrReviewBulk:
			e.Bulk = v.Bool()
		case AttrJudgeModel:
			e.JudgeModel = v.AsString()
		case AttrSuspicion:
			if s := v.Str(); s == SuspicionConfirmed || s == SuspicionWithdrawn {
				e.Suspicion = s
			}
		case AttrSuspicionOf:
			e.SuspicionOf = scorersIn(v)
		case AttrTrusted:
			e.Untrusted = v.Type() == pcommon.ValueTypeBool && !v.Bool()
		case AttrJudgeCost:
			e.CostUSD = numberOf(v)
		case AttrConversation:
			e.Session = v.Str()
		case AttrErrorClass:
			if class := failure.Class(v.Str()); class.Bucket() != "" {
				e.Class = class
			}
		case AttrErrorDetail:
			e.Detail = v.Str()
		case AttrStratum:
			e.Stratum = stratumOf(v)
		case AttrProbability:
			if p := numberOf(v); p.Set && p.Value > 0 && p.Value <= 1 {
				e.Probability = p
			}
		case "gen_ai.provider.name":
			e.Provider, _ = provider.Name(v.AsString())
		case "gen_ai.operation.name":
			e.Operation = v.AsString()
		case "gen_ai.request.model":
			e.Model = v.AsString()
		case "gen_ai.response.model":
			if e.Model == "" {
				e.Model = v.AsString()
			}
		case "gen_ai.prompt.name":
			e.PromptName = v.AsString()
		case "gen_ai.prompt.version":
			e.PromptVersion = v.AsString()
		}
	}
	e.Version = cmp.Or(judge, scorer)
	if e.By == "" && (judge != "" || e.JudgeModel != "") {
		e.By = EvaluatorJudge
	}
	e.conclude()
	return e
}

// Write makes a log record an evaluation. It is the inverse of EvaluationOf, except for a label that EvaluationOf reads
// as neither passed nor failed. The caller sets the times and the ids of what was evaluated.
func (e *Evaluation) Write(record plog.LogRecord) {
	record.SetEventName(EventEvaluation)
	to := record.Attributes()
	put := func(key, value string) {
		if value != "" {
			to.PutStr(key, value)
		}
	}
	put(AttrEvaluationName, e.Name)
	put(AttrEvaluator, string(e.By))
	if e.Value.Set {
		to.PutDouble(AttrEvaluationValue, e.Value.Value)
	}
	put(AttrEvaluationLabel, e.Label)
	put(AttrEvaluationExplain, e.Explanation)
	version := AttrEvaluationVersion
	if e.By == EvaluatorJudge {
		version = AttrJudgePromptVersion
	}
	put(version, e.Version)
	put(AttrJudgeModel, e.JudgeModel)
	put(AttrReviewer, e.Reviewer)
	put(AttrReviewScope, e.Scope)
	put(AttrReviewSeverity, e.Severity)
	if e.Bulk {
		to.PutBool(AttrReviewBulk, true)
	}
	put(AttrSuspicion, e.Suspicion)
	if len(e.SuspicionOf) > 0 {
		list := to.PutEmptySlice(AttrSuspicionOf)
		for _, scorer := range e.SuspicionOf {
			list.AppendEmpty().SetStr(scorer)
		}
	}
	if e.Untrusted {
		to.PutBool(AttrTrusted, false)
	}
	if e.CostUSD.Set {
		to.PutDouble(AttrJudgeCost, e.CostUSD.Value)
	}
	put(AttrConversation, e.Session)
	put(AttrErrorClass, string(e.Class))
	put(AttrErrorDetail, e.Detail)
	put(AttrStratum, e.Stratum)
	if e.Probability.Set {
		to.PutDouble(AttrProbability, e.Probability.Value)
	}
	put("gen_ai.provider.name", e.Provider)
	put("gen_ai.operation.name", e.Operation)
	put("gen_ai.request.model", e.Model)
	put("gen_ai.prompt.name", e.PromptName)
	put("gen_ai.prompt.version", e.PromptVersion)
}

func scorersIn(v pcommon.Value) (names []string) {
	if v.Type() != pcommon.ValueTypeSlice {
		return nil
	}
	for _, name := range v.Slice().All() {
		if len(names) < maxScorers && name.Type() == pcommon.ValueTypeStr && name.Str() != "" {
			names = append(names, name.Str())
		}
	}
	return names
}

func evaluatorOf(name string) Evaluator {
	switch e := Evaluator(name); e {
	case EvaluatorScorer, EvaluatorJudge, EvaluatorPerson, EvaluatorUser:
		return e
	}
	return ""
}

// conclude derives from the label what the value and the class do not say.
func (e *Evaluation) conclude() {
	passed, known := passes(e.Label)
	e.Failed = known && !passed || !known && e.Class != ""
	if !e.Failed || !failure.ValidDetail(e.Class, e.Detail) {
		e.Detail = ""
	}
	if !e.Failed {
		e.Class = ""
	}
	switch {
	case e.Value.Set:
	case e.Failed:
		e.Value = genai.Some(0.0)
	case known:
		e.Value = genai.Some(1.0)
	}
}

// isEvaluation checks the name of the event, which older SDKs put into an attribute.
func isEvaluation(record plog.LogRecord) bool {
	name := record.EventName()
	if name == "" {
		if v, ok := record.Attributes().Get("event.name"); ok {
			name = v.Str()
		}
	}
	return name == EventEvaluation
}

// numberOf reads a finite number, including one in a string.
func numberOf(v pcommon.Value) genai.Opt[float64] {
	var f float64
	switch v.Type() {
	case pcommon.ValueTypeDouble:
		f = v.Double()
	case pcommon.ValueTypeInt:
		f = float64(v.Int())
	case pcommon.ValueTypeStr:
		var err error
		if f, err = strconv.ParseFloat(v.Str(), 64); err != nil {
			return genai.Opt[float64]{}
		}
	default:
		return genai.Opt[float64]{}
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return genai.Opt[float64]{}
	}
	return genai.Some(f)
}

// passes reports whether a label means passed or failed. Other labels, like the answer to a question, are not known.
func passes(label string) (passed, known bool) {
	switch strings.ToLower(label) {
	case "pass", "passed", "true", "yes", "good", "correct", "relevant", "grounded", "faithful", "helpful", "safe",
		"positive", "thumbs_up", "rejected":
		return true, true // "rejected" means that a person found no failure on a flagged span
	case labelFailed, "failed", "false", "no", "bad", "incorrect", "not_relevant", "irrelevant", "ungrounded",
		"not_grounded", "unfaithful", "hallucinated", "not_helpful", "unhelpful", "unsafe", "negative", "thumbs_down",
		"confirmed":
		return false, true
	}
	return false, false
}
